/* candidate_line.c -- candidates as text, RFC 8839 section 5.1 and RFC 6544 section 4.5. */
#include "ice/candidate_line.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* -- writing ------------------------------------------------------------- */

static const char *const tcp_types[] = {
	[CANDIDATE_UDP] = NULL,
	[CANDIDATE_TCP_ACTIVE] = "active",
	[CANDIDATE_TCP_PASSIVE] = "passive",
	[CANDIDATE_TCP_SO] = "so",
};

/* Without brackets and scope, which mean nothing to another host. */
static int write_related(char *out, size_t cap, const struct candidate *c)
{
	char ip[IP_TEXT];

	if (c->type == CANDIDATE_HOST || c->related.ip.family == IP_NONE)
		return 0;
	return snprintf(out, cap, " raddr %s rport %u", ip_format(ip, &c->related.ip),
			c->related.port);
}

char *candidate_write(char out[static CANDIDATE_LINE_MAX], const struct candidate *c)
{
	char ip[IP_TEXT];
	int n = snprintf(out, CANDIDATE_LINE_MAX, "candidate:%s %u %s %u %s %u typ %s", c->foundation,
			 c->component, c->proto == CANDIDATE_UDP ? "UDP" : "TCP", c->priority,
			 ip_format(ip, &c->at.ip), c->at.port, candidate_type_name(c->type));

	n += write_related(out + n, (size_t)(CANDIDATE_LINE_MAX - n), c);
	if (tcp_types[c->proto])
		snprintf(out + n, (size_t)(CANDIDATE_LINE_MAX - n), " tcptype %s",
			 tcp_types[c->proto]);
	return out;
}

/* -- reading ------------------------------------------------------------- */

/* A line, word by word. Like struct reader it goes bad once and stays bad. */
struct words {
	const char *rest;
	bool bad;
};

/* The next word; empty, and bad, where there is none. */
static struct bytes next_word(struct words *w)
{
	size_t len = w->bad ? 0 : strcspn(w->rest, " ");
	struct bytes word = bytes_of(w->rest, len);

	if (len == 0) {
		w->bad = true;
		return bytes_of(w->rest, 0);
	}
	w->rest += len;
	if (*w->rest == ' ') {
		w->rest++;
		w->bad = *w->rest == '\0';	/* a space at the end */
	}
	return word;
}

static bool word_is(struct bytes word, const char *text)
{
	return word.len == strlen(text) && memcmp(word.data, text, word.len) == 0;
}

/* SDP's tokens are compared without regard to case. */
static bool word_is_like(struct bytes word, const char *text)
{
	return word.len == strlen(text) &&
	       strncasecmp((const char *)word.data, text, word.len) == 0;
}

static uint32_t next_number(struct words *w, uint32_t min, uint32_t max)
{
	struct bytes word = next_word(w);
	uint64_t v = 0;

	if (word.len > 10)
		w->bad = true;
	for (size_t i = 0; !w->bad && i < word.len; i++) {
		if (word.data[i] < '0' || word.data[i] > '9')
			w->bad = true;
		v = 10 * v + (uint64_t)(word.data[i] - '0');
	}
	if (w->bad || v < min || v > max) {
		w->bad = true;
		return 0;
	}
	return (uint32_t)v;
}

static struct ip next_ip(struct words *w)
{
	struct bytes word = next_word(w);
	char text[IP_TEXT];
	struct ip ip = {0};

	if (w->bad || word.len >= sizeof(text)) {
		w->bad = true;
		return ip;
	}
	memcpy(text, word.data, word.len);
	text[word.len] = '\0';
	if (!ip_parse(&ip, text))
		w->bad = true;
	return ip;
}

static bool is_ice_char(uint8_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '+' || c == '/';
}

static void next_foundation(struct words *w, char out[static FOUNDATION_MAX + 1])
{
	struct bytes word = next_word(w);

	if (w->bad || word.len > FOUNDATION_MAX) {
		w->bad = true;
		return;
	}
	for (size_t i = 0; i < word.len; i++) {
		if (!is_ice_char(word.data[i]))
			w->bad = true;
		out[i] = (char)word.data[i];
	}
	out[word.len] = '\0';
}

static uint8_t next_type(struct words *w)
{
	struct bytes word = next_word(w);

	for (uint8_t type = CANDIDATE_HOST; type <= CANDIDATE_RELAY; type++)
		if (word_is_like(word, candidate_type_name(type)))
			return type;
	w->bad = true;
	return CANDIDATE_NONE;
}

static uint8_t next_tcp_type(struct words *w)
{
	struct bytes word = next_word(w);

	for (uint8_t proto = CANDIDATE_TCP_ACTIVE; proto <= CANDIDATE_TCP_SO; proto++)
		if (word_is_like(word, tcp_types[proto]))
			return proto;
	w->bad = true;
	return CANDIDATE_UDP;
}

static void next_keyword(struct words *w, const char *keyword)
{
	if (!word_is_like(next_word(w), keyword))
		w->bad = true;
}

/* Related address, tcptype, ufrag, and what we do not know: names with a value each. */
static void read_extensions(struct words *w, struct candidate *c, struct bytes *ufrag)
{
	while (!w->bad && *w->rest) {
		struct bytes name = next_word(w);

		if (*w->rest == '\0') {
			w->bad = true;		/* a name without a value */
		} else if (word_is(name, "raddr")) {
			c->related.ip = next_ip(w);
			next_keyword(w, "rport");
			c->related.port = (uint16_t)next_number(w, 0, UINT16_MAX);
		} else if (word_is(name, "tcptype")) {
			c->proto = next_tcp_type(w);
		} else if (word_is(name, "ufrag")) {
			*ufrag = next_word(w);
		} else {
			next_word(w);
		}
	}
}

bool candidate_parse(struct candidate *out, struct bytes *ufrag, const char *line)
{
	static const char prefix[] = "candidate:";
	struct words w = {line, strncmp(line, prefix, sizeof(prefix) - 1) != 0};
	struct candidate c = {0};
	struct bytes transport, theirs = {0};
	bool is_tcp;

	if (w.bad)
		return false;
	w.rest += sizeof(prefix) - 1;
	next_foundation(&w, c.foundation);
	c.component = (uint16_t)next_number(&w, 1, 256);
	transport = next_word(&w);
	is_tcp = word_is_like(transport, "TCP");
	c.priority = next_number(&w, 1, INT32_MAX);
	c.at.ip = next_ip(&w);
	c.at.port = (uint16_t)next_number(&w, 0, UINT16_MAX);
	next_keyword(&w, "typ");
	c.type = next_type(&w);
	read_extensions(&w, &c, &theirs);
	if (w.bad || (!is_tcp && !word_is_like(transport, "UDP")))
		return false;
	if (is_tcp != (c.proto != CANDIDATE_UDP))
		return false;
	*out = c;
	*ufrag = theirs;
	return true;
}
