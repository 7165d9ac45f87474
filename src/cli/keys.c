/* keys.c -- genkey, pubkey, genpsk: as wg(8) does, base64 on stdin and stdout. */
#include "cli/command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/message.h"
#include "crypto/x25519.h"
#include "ctl/request.h"
#include "io/random.h"

static void warn_if_readable(void)
{
	struct stat st;

	if (fstat(STDOUT_FILENO, &st) || !S_ISREG(st.st_mode) || !(st.st_mode & S_IRWXO))
		return;
	note("p2pnet: this file can be read by everybody; run 'umask 077' before, and make the key "
	     "anew");
}

static void print_key(const uint8_t key[static KEY_LEN])
{
	char text[KEY_TEXT];

	puts(key_to_base64(text, key));
	fflush(stdout);
	wipe(text, sizeof(text));
}

int run_genkey(const struct invocation *in)
{
	uint8_t key[KEY_LEN];
	struct rng rng;

	(void)in;
	random_init(&rng);
	warn_if_readable();
	key_generate(key, &rng);
	print_key(key);
	wipe(key, sizeof(key));
	return EXIT_OK;
}

int run_genpsk(const struct invocation *in)
{
	uint8_t key[KEY_LEN];
	struct rng rng;

	(void)in;
	random_init(&rng);
	warn_if_readable();
	rng.fill(&rng, key, sizeof(key));
	print_key(key);
	wipe(key, sizeof(key));
	return EXIT_OK;
}

/* All of stdin, if it is no longer than a key may be with white space around it.
 * False: longer, or it cannot be read. */
static bool read_input(char *text, size_t cap)
{
	size_t len = 0;

	for (;;) {
		ssize_t n = read(STDIN_FILENO, text + len, cap - 1 - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		len += (size_t)n;
		text[len] = '\0';
		if (n == 0)
			return len < cap - 1;
	}
}

/* The one word of the text; false if there are several. */
static bool trim(char *text, char **word)
{
	static const char white[] = " \t\r\n";
	size_t len;

	*word = text + strspn(text, white);
	len = strcspn(*word, white);
	if ((*word)[len + strspn(*word + len, white)])
		return false;
	(*word)[len] = '\0';
	return true;
}

int run_pubkey(const struct invocation *in)
{
	char text[128];
	uint8_t private_key[KEY_LEN] = {0}, public_key[KEY_LEN];
	char *word;
	bool ok;

	(void)in;
	ok = read_input(text, sizeof(text)) && trim(text, &word) &&
	     key_from_base64(private_key, word);
	if (ok) {
		x25519_public(public_key, private_key);
		print_key(public_key);
	}
	wipe(private_key, sizeof(private_key));
	wipe(text, sizeof(text));
	if (!ok)
		return fail(EXIT_FAILED,
			    "stdin is not a key; give the 44 characters of base64 that "
			    "'p2pnet genkey' prints");
	return EXIT_OK;
}
