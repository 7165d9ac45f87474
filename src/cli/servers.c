/* servers.c -- the STUN servers that a command is to ask. */
#include "cli/servers.h"

#include <string.h>
#include <strings.h>

#include "cli/message.h"
#include "ctl/request.h"

static bool is_known(const struct servers *s, const struct config_server *server)
{
	for (size_t i = 0; i < s->len; i++) {
		if (s->names[i].port == server->port &&
		    strcasecmp(s->names[i].host, server->host) == 0)
			return true;
	}
	return false;
}

void servers_add(struct servers *s, const struct config_server *server)
{
	if (s->len == CONFIG_STUN_MAX || is_known(s, server))
		return;
	s->names[s->len] = *server;
	s->list[s->len].host = s->names[s->len].host;
	s->list[s->len].port = server->port;
	s->len++;
}

int servers_read(struct servers *out, const struct options *options, size_t max)
{
	struct config_server server;
	const char *text, *why;

	for (size_t i = 0; (text = options_value(options, OPT_STUN, i)); i++) {
		why = config_read_stun(&server, text);
		if (why)
			return fail(EXIT_USAGE, "--stun '%s' %s; write --stun=HOST[:PORT]", text, why);
		if (i == max)
			return fail(EXIT_USAGE, "%zu STUN servers are enough; leave out --stun %s",
				    max, text);
		servers_add(out, &server);
	}
	return EXIT_OK;
}
