/* place.c -- where a net lives: its name, file, socket and state directory. */
#include "cli/place.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/message.h"
#include "ctl/request.h"

static const char default_net[] = "p2p0";

/* A variable that is set and not empty, or NULL. */
static const char *env(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

bool net_name_ok(const char *name, size_t len)
{
	if (len == 0 || len >= IFNAMSIZ || name[0] == '-' || name[0] == '.')
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.",
			    name[i]))
			return false;
	}
	return true;
}

/* home for /etc/p2pnet/home.conf */
static const char *stem(const char *file, size_t *len)
{
	const char *slash = strrchr(file, '/');
	const char *base = slash ? slash + 1 : file;
	size_t n = strlen(base);

	if (n > 5 && strcmp(base + n - 5, ".conf") == 0)
		n -= 5;
	*len = n;
	return base;
}

static const char *choose_net(const struct options *o, const char *argument, size_t *len)
{
	const char *net = argument ? argument : o->value[OPT_NET];

	if (!net && o->value[OPT_CONFIG])
		return stem(o->value[OPT_CONFIG], len);
	if (!net)
		net = env("P2PNET_NET");
	if (!net && env("P2PNET_CONFIG"))
		return stem(env("P2PNET_CONFIG"), len);
	if (!net)
		net = default_net;
	*len = strlen(net);
	return net;
}

/* The directory that systemd gave (the first, if several), or the usual one. */
static void directory(char out[static PLACE_PATH], const char *variable, const char *usual)
{
	const char *given = env(variable);

	if (!given)
		given = usual;
	snprintf(out, PLACE_PATH, "%.*s", (int)strcspn(given, ":"), given);
}

void place_runtime_dir(char out[static PLACE_PATH])
{
	directory(out, "RUNTIME_DIRECTORY", "/run/p2pnet");
}

/* `given` as it is, or `dir`/NET`suffix`. False: longer than any path may be. */
static bool path(char out[static PLACE_PATH], const char *given, const char *dir, const char *net,
		 const char *suffix)
{
	int len = given ? snprintf(out, PLACE_PATH, "%s", given)
			: snprintf(out, PLACE_PATH, "%s/%s%s", dir, net, suffix);

	return len >= 0 && len < PLACE_PATH;
}

static const char *flag_or_env(const struct options *o, enum option_id id, const char *variable)
{
	return o->value[id] ? o->value[id] : env(variable);
}

int place_find(struct place *out, const struct options *o, const char *argument)
{
	char run[PLACE_PATH], state[PLACE_PATH];
	const char *flag = o->value[OPT_NET];
	const char *net;
	size_t len;

	if (argument && flag && strcmp(argument, flag) != 0)
		return fail(EXIT_USAGE, "two nets are named, '%s' and -n '%s'; leave one out",
			    argument, flag);
	net = choose_net(o, argument, &len);
	if (!net_name_ok(net, len))
		return fail(
			EXIT_USAGE,
			"'%.*s' cannot be the name of a net: letters, digits, - _ . and at most %d "
			"of them; name it with -n",
			(int)(len > 64 ? 64 : len), net, IFNAMSIZ - 1);
	memcpy(out->net, net, len);
	out->net[len] = '\0';
	place_runtime_dir(run);
	directory(state, "STATE_DIRECTORY", "/var/lib/p2pnet");
	if (!path(out->config, flag_or_env(o, OPT_CONFIG, "P2PNET_CONFIG"), "/etc/p2pnet", out->net,
		  ".conf") ||
	    !path(out->socket, flag_or_env(o, OPT_SOCKET, "P2PNET_SOCKET"), run, out->net,
		  ".sock") ||
	    !path(out->state, NULL, state, out->net, ""))
		return fail(EXIT_USAGE, "a path is longer than %d characters; give a shorter one",
			    PLACE_PATH - 1);
	return EXIT_OK;
}

static int make_absolute(char name[static PLACE_PATH])
{
	char cwd[PLACE_PATH], whole[2 * PLACE_PATH];
	int len;

	if (name[0] == '/')
		return EXIT_OK;
	if (!getcwd(cwd, sizeof(cwd)))
		return fail(EXIT_FAILED,
			    "the current directory is gone: %s; change to one that is there",
			    strerror(errno));
	len = snprintf(whole, sizeof(whole), "%s/%s", cwd, name);
	if (len >= PLACE_PATH)
		return fail(EXIT_USAGE, "%.64s...: too long for a path; give a shorter one", name);
	memcpy(name, whole, (size_t)len + 1);
	return EXIT_OK;
}

int place_make_absolute(struct place *place)
{
	int code = make_absolute(place->config);

	if (!code)
		code = make_absolute(place->socket);
	if (!code)
		code = make_absolute(place->state);
	return code;
}
