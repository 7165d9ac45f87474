/* turn.c -- TURN servers in [nat]: who relays when there is no straight way.
 *
 *   turn = turn:HOST[:3478]                      by UDP, and by TCP where UDP is silent
 *          turn:HOST[:3478]?transport=udp        or =tcp: by that alone
 *          turns:HOST[:5349]                     by TLS; ?transport=tcp says the same
 *   turn_user, and turn_password_file            the same for all of them
 *              or  turn_secret_file              a secret that passwords for a day are made of
 *   turn_ca                                      whom to trust in TLS, if not those of the system
 *
 * RFC 7065. DTLS, which is turns: with ?transport=udp, is not spoken here; and turns: never
 * falls back to what is not TLS: who wants that as well gives a turn: too.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "config/keyfile.h"
#include "config/schema.h"

enum { URL_MAX = CONFIG_ENDPOINT_TEXT + 32 };

static const char REMEDY[] = "write turn:relay.example.net, turn:relay.example.net:3478?transport=udp "
			     "or turns:relay.example.net:443";

/* ---- urls ---- */

static const char *take_scheme(struct config_turn *t, const char *url)
{
	static const char plain[] = "turn:", tls[] = "turns:";

	t->tls = strncasecmp(url, tls, strlen(tls)) == 0;
	if (!t->tls && strncasecmp(url, plain, strlen(plain)) != 0)
		return NULL;
	return url + (t->tls ? strlen(tls) : strlen(plain));
}

static const char *take_transport(struct config_turn *t, const char *query)
{
	bool udp = strcasecmp(query, "transport=udp") == 0;
	bool tcp = strcasecmp(query, "transport=tcp") == 0;

	if (*query && !udp && !tcp)
		return "has something else than transport=udp or transport=tcp behind the ?";
	if (t->tls && udp)
		return "wants TLS over UDP, which is not spoken here";
	t->udp = !t->tls && !tcp;
	t->tcp = !t->tls && !udp;
	return NULL;
}

const char *config_read_turn(struct config_turn *out, const char *url)
{
	char text[URL_MAX], *query;
	const char *rest = take_scheme(out, url), *why;

	if (!rest)
		return "does not begin with turn: or turns:";
	if (strncmp(rest, "//", 2) == 0)
		return "has // in front of the host, where there is none";
	if (strlen(rest) >= sizeof(text))
		return "is longer than a host name can be";
	strcpy(text, rest);
	query = text + strcspn(text, "?");
	if (*query)
		*query++ = '\0';
	why = take_transport(out, query);
	if (!why)
		why = config_read_server(out->host, &out->port, text,
					 out->tls ? CONFIG_TURNS_PORT : CONFIG_STUN_PORT);
	return why;
}

char *config_write_turn(char out[static CONFIG_TURN_TEXT], const struct config_turn *t)
{
	char at[CONFIG_ENDPOINT_TEXT];
	const char *query = "";

	if (t->udp != t->tcp)
		query = t->udp ? "?transport=udp" : "?transport=tcp";
	snprintf(out, CONFIG_TURN_TEXT, "%s:%s%s", t->tls ? "turns" : "turn",
		 config_write_endpoint(at, t->host, t->port), query);
	return out;
}

static bool is_known(const struct config *c, const struct config_turn *t)
{
	for (size_t i = 0; i < c->turn_len; i++) {
		const struct config_turn *o = &c->turn[i];

		if (o->port == t->port && o->tls == t->tls && strcasecmp(o->host, t->host) == 0)
			return true;
	}
	return false;
}

static void take_turn(struct load *l, const char *url)
{
	struct config *c = l->config;
	struct config_turn t = {0};
	const char *why = config_read_turn(&t, url);

	if (why)
		load_error(l, "turn \"%.64s\" %s; %s", url, why, REMEDY);
	else if (is_known(c, &t))
		load_error(l, "turn %.64s is given twice; delete one", url);
	else if (c->turn_len == CONFIG_TURN_MAX)
		load_error(l, "turn %.64s is one too many; %d servers are enough", url, CONFIG_TURN_MAX);
	else
		c->turn[c->turn_len++] = t;
}

void set_turn(struct load *l, const char *value)
{
	for_each_item(l, value, take_turn);
}

/* ---- who we are to them ---- */

void set_turn_user(struct load *l, const char *value)
{
	struct config *c = l->config;

	if (strlen(value) < sizeof(c->turn_user))
		strcpy(c->turn_user, value);
	else
		load_error(l, "turn_user is longer than %zu bytes", sizeof(c->turn_user) - 1);
}

static void read_secret(struct load *l, const char *value, bool is_secret)
{
	struct config *c = l->config;
	char *path = path_beside(lines_file(&l->lines)->name, value);
	char error[512] = "no memory";
	int err = path ? keyfile_read_line(c->turn_password, sizeof(c->turn_password), path, error)
		       : -ENOMEM;

	free(path);
	if (err)
		load_error(l, "%s", error);
	c->turn_is_secret = is_secret;
}

void set_turn_password_file(struct load *l, const char *value)
{
	read_secret(l, value, false);
}

void set_turn_secret_file(struct load *l, const char *value)
{
	read_secret(l, value, true);
}

void set_turn_ca(struct load *l, const char *value)
{
	char *path = path_beside(lines_file(&l->lines)->name, value);

	if (!path || access(path, R_OK) < 0)
		load_error(l, "turn_ca %.200s cannot be read: %s", value, strerror(errno));
	free(l->config->turn_ca);
	l->config->turn_ca = path;
}

/* ---- what only the whole section shows ---- */

void check_turn(struct load *l, const struct section *s)
{
	bool has_password = s->seen[KEY_TURN_PASSWORD_FILE], has_secret = s->seen[KEY_TURN_SECRET_FILE];
	struct config_where where = s->where;

	if (has_password && has_secret) {
		where.line = s->seen[KEY_TURN_SECRET_FILE];
		report_add(l->report, CONFIG_ERROR, where,
			   "there are both turn_password_file (line %u) and turn_secret_file; delete "
			   "one of them", s->seen[KEY_TURN_PASSWORD_FILE]);
	}
	where.line = s->seen[KEY_TURN];
	if (!where.line)
		return;
	if (!s->seen[KEY_TURN_USER])
		report_add(l->report, CONFIG_ERROR, where,
			   "turn wants a user; add turn_user = NAME, as the server knows you");
	if (!has_password && !has_secret)
		report_add(l->report, CONFIG_ERROR, where,
			   "turn wants a password; add turn_password_file = FILE with the password on "
			   "its first line, or turn_secret_file with the secret that the server makes "
			   "passwords of");
}
