/* scratch.h -- a folder that is gone after the test, and keys to fill files with. */
#ifndef TESTS_CONFIG_SCRATCH_H
#define TESTS_CONFIG_SCRATCH_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"
#include "crypto/crypto.h"

/* SELF_PUBLIC belongs to SELF_PRIVATE; as `wg pubkey` has it. */
#define SELF_PRIVATE "AA9w/rEuI3PdUYdlv+6QSNkjyC6CRTBNnFO4nj2CQFU="
#define SELF_PUBLIC "tjx1eJSPDR++hVV7QYpEWliVoKTB8XCY4pCovjgUyUc="
#define KEY_A "r/+9xlHbJT834I4qx8emPINIAhPH3wxeIW2PhEWn/Bk="
#define KEY_B "HYmKz8YFCcwUjiuF/LzEPsiX6Eo9N0aKhAm8j1CCewk="
#define KEY_C "Tg5ZQnZWOVhMJTasTORN/jiQLnMgJsLfgoNk65J/kic="
#define PSK "OW4nziLvLERsbODkFCuWuQnd61iXFGvcOSmMIHG+fsU="
#define SELF "[interface]\nprivate_key = " SELF_PRIVATE "\n"
#define PEER_A "[peer a]\npublic_key = " KEY_A "\n"
#define PEER_B "[peer b]\npublic_key = " KEY_B "\n"

static inline int scratch_unlink(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

/* For cmocka: enters a new folder, and *state is its name. */
static inline int scratch_enter(void **state)
{
	char *folder = strdup("/tmp/p2pnet-config-XXXXXX");

	if (!crypto_init() || !folder || !mkdtemp(folder) || chdir(folder) < 0)
		return -1;
	umask(022);
	*state = folder;
	return 0;
}

static inline int scratch_leave(void **state)
{
	int err = chdir("/") < 0 || nftw(*state, scratch_unlink, 16, FTW_DEPTH | FTW_PHYS) < 0;

	free(*state);
	return err ? -1 : 0;
}

static inline void scratch_write_bytes(const char *path, const void *data, size_t len, mode_t mode)
{
	FILE *f = fopen(path, "w");

	if (!f || fwrite(data, 1, len, f) != len || fclose(f) != 0 || chmod(path, mode) < 0) {
		perror(path);
		abort();
	}
}

static inline void scratch_write(const char *path, const char *text)
{
	scratch_write_bytes(path, text, strlen(text), 0600);
}

/* The caller frees it. */
static inline char *scratch_read(const char *path)
{
	char *text = NULL;
	size_t cap = 0;
	FILE *f = fopen(path, "r");

	if (!f)
		return NULL;
	if (getdelim(&text, &cap, EOF, f) < 0) {
		free(text);
		text = strdup("");
	}
	fclose(f);
	return text;
}

/* What config_report_print() says about the file; the caller frees it. */
static inline char *scratch_report(const char *path, struct config **config)
{
	struct config_report report;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	*config = config_load(path, &report);
	config_report_print(out, &report);
	fclose(out);
	config_report_free(&report);
	return text;
}

#endif
