/* fuzz_config.c -- any bytes as a config file: loaded, printed, edited and loaded again. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/edit.h"
#include "crypto/crypto.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static char folder[] = "/dev/shm/p2pnet-fuzz-XXXXXX"; /* where fsync() costs nothing */
static char path[sizeof(folder) + sizeof("/f.conf")];

static void clean_up(void)
{
	unlink(path);
	rmdir(folder);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	if (!crypto_init() || !mkdtemp(folder))
		abort();
	snprintf(path, sizeof(path), "%s/f.conf", folder);
	return atexit(clean_up);
}

static void write_file(const uint8_t *data, size_t len)
{
	FILE *f;

	unlink(path);
	f = fopen(path, "w");
	if (!f || fwrite(data, 1, len, f) != len || fclose(f) != 0 || chmod(path, 0600) < 0)
		abort();
}

/* Whose files an absolute include or key file may find is no concern of ours. */
static int names_other_files(const uint8_t *data, size_t len)
{
	for (size_t i = 0; i + 1 < len; i++) {
		if ((data[i] == '/' && data[i + 1] == '/') ||
		    (data[i] == '.' && data[i + 1] == '.'))
			return 1;
		if ((data[i] == '=' || data[i] == ':' || data[i] == ' ') && data[i + 1] == '/')
			return 1;
	}
	return 0;
}

/* Whether it loads. */
static bool load_and_print(void)
{
	struct config_report report;
	struct config *c = config_load(path, &report);
	FILE *out = fopen("/dev/null", "w");
	bool loads = c != NULL;

	if (loads != (report.errors == 0) || !out)
		abort();
	config_report_print(out, &report);
	if (c) {
		config_print_effective(out, c);
		config_find_peer(c, "10.77.0.1");
	}
	fclose(out);
	config_free(c);
	config_report_free(&report);
	return loads;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct edit_peer peer = {
		.name = "fuzz", .public_key = "xScVkH3fUGUv4RrJFfmcqm8rs3SEHr41km6+yffAHw4="};
	char error[512];

	bool loads;

	if (names_other_files(data, len))
		return 0;
	write_file(data, len);
	loads = load_and_print();
	edit_add_peer(path, &peer, error);
	if (load_and_print() < loads)
		abort();
	edit_del_peer(path, "fuzz", error);
	edit_del_peer(path, "a", error);
	if (load_and_print() < loads)
		abort();
	return 0;
}
