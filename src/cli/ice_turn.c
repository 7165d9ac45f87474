/* ice_turn.c -- the TURN server that `p2pnet ice` is told to relay through.
 *
 *	--turn HOST[:PORT] --turn-user USER --turn-password-file FILE
 *	                                    --turn-secret-file FILE     a password for a day
 */
#include "cli/ice_turn.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/message.h"
#include "config/keyfile.h"
#include "crypto/key.h"
#include "ctl/request.h"

enum {
	ERROR_TEXT = 512,
	SECRET_DAY = 24 * 3600,		/* seconds that a password made from a secret is good for */
};

static struct bytes text_of(const char *text)
{
	return bytes_of(text, strlen(text));
}

/* Each of them makes sense with the others only. */
static int check_set(const struct options *o)
{
	bool password = o->count[OPT_TURN_PASSWORD_FILE], secret = o->count[OPT_TURN_SECRET_FILE];

	if (!o->count[OPT_TURN]) {
		if (!password && !secret && !o->count[OPT_TURN_USER])
			return EXIT_OK;
		return fail(EXIT_USAGE, "which TURN server? write --turn=HOST[:PORT]");
	}
	if (!o->count[OPT_TURN_USER])
		return fail(EXIT_USAGE, "--turn wants a user; write --turn-user=USER");
	if (password == secret)
		return fail(EXIT_USAGE, "--turn wants a password; write --turn-password-file=FILE "
					"or --turn-secret-file=FILE");
	return EXIT_OK;
}

static int read_server(struct ice_turn *t, const char *text)
{
	const char *why = config_read_stun(&t->server, text);

	if (why)
		return fail(EXIT_USAGE, "--turn '%s' %s; write --turn=HOST[:PORT]", text, why);
	return EXIT_OK;
}

static int read_user(struct ice_turn *t, const char *user)
{
	if (strlen(user) > TURN_USER_MAX)
		return fail(EXIT_USAGE, "--turn-user is longer than %d bytes", TURN_USER_MAX);
	t->user = text_of(user);
	return EXIT_OK;
}

static int make_password(struct ice_turn *t, const char *user)
{
	uint64_t expiry = (uint64_t)time(NULL) + SECRET_DAY;

	if (!turn_credential_make(&t->made, text_of(t->password), user, expiry))
		return fail(EXIT_USAGE, "--turn-user is too long; leave some of it out");
	t->user = text_of(t->made.user);
	snprintf(t->password, sizeof(t->password), "%s", t->made.password);
	return EXIT_OK;
}

static int read_password(struct ice_turn *t, const struct options *o)
{
	enum option_id id =
		o->count[OPT_TURN_SECRET_FILE] ? OPT_TURN_SECRET_FILE : OPT_TURN_PASSWORD_FILE;
	char error[ERROR_TEXT];

	if (keyfile_read_line(t->password, sizeof(t->password), o->value[id], error))
		return fail(EXIT_FAILED, "%s", error);
	return id == OPT_TURN_SECRET_FILE ? make_password(t, o->value[OPT_TURN_USER]) : EXIT_OK;
}

int ice_turn_read(struct ice_turn *t, const struct options *o)
{
	int code = check_set(o);

	if (code || !o->count[OPT_TURN])
		return code;
	code = read_server(t, o->value[OPT_TURN]);
	if (!code)
		code = read_user(t, o->value[OPT_TURN_USER]);
	return code ? code : read_password(t, o);
}

struct ice_driver_turn ice_turn_settings(const struct ice_turn *t)
{
	if (!t->server.host[0])
		return (struct ice_driver_turn){0};
	return (struct ice_driver_turn){
		.server = {.host = t->server.host, .port = t->server.port},
		.user = t->user,
		.password = text_of(t->password),
	};
}

void ice_turn_wipe(struct ice_turn *t)
{
	wipe(t, sizeof(*t));
}
