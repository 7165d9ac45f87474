/* offload.c -- offload = auto, off, or words: which work on many packets at once is tried.
 *
 * For whoever measures what each is worth, and for a network card that gets one wrong.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/offload.h"
#include "config/schema.h"

/* 0: there is none of that name. */
static unsigned offload_of(const char *word, size_t len)
{
	for (unsigned bit = 1; bit & OFFLOAD_ALL; bit <<= 1) {
		const char *name = offload_word((enum offload)bit);

		if (strlen(name) == len && strncasecmp(name, word, len) == 0)
			return bit;
	}
	return 0;
}

/* Between words stand blanks, commas, or both. */
static unsigned read_words(const char *value)
{
	unsigned offloads = 0;

	for (value += strspn(value, " \t,"); *value; value += strspn(value, " \t,")) {
		size_t len = strcspn(value, " \t,");
		unsigned offload = offload_of(value, len);

		if (!offload)
			return 0;
		offloads |= offload;
		value += len;
	}
	return offloads;
}

void set_offload(struct load *l, const char *value)
{
	unsigned offloads = read_words(value);

	if (strcasecmp(value, "auto") == 0)
		l->config->offload = OFFLOAD_ALL;
	else if (strcasecmp(value, "off") == 0)
		l->config->offload = 0;
	else if (offloads)
		l->config->offload = offloads;
	else
		load_error(l,
			   "offload \"%.64s\" is not auto, off, or some of tun-gso, tun-gro, udp-gso "
			   "and udp-gro",
			   value);
}

char *config_write_offload(char out[static CONFIG_OFFLOAD_TEXT], unsigned offloads)
{
	size_t len = 0;

	if (offloads == OFFLOAD_ALL || !offloads) {
		snprintf(out, CONFIG_OFFLOAD_TEXT, "%s", offloads ? "auto" : "off");
		return out;
	}
	for (unsigned bit = 1; bit & OFFLOAD_ALL; bit <<= 1) {
		if (offloads & bit)
			len += (size_t)snprintf(out + len, CONFIG_OFFLOAD_TEXT - len, "%s%s",
						len ? " " : "", offload_word((enum offload)bit));
	}
	return out;
}
