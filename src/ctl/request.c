/* request.c -- one line of JSON from the command line to the daemon and back.
 *
 *   line --> JSON object --> verb --> its arguments --> struct ctl_request
 *                 |            |             |
 *                 '------------'-------------'--> a sentence: what is wrong
 *
 * A key that the verb does not know is an error: who misspells an argument
 * should hear of it. The file knows of no socket.
 */
#include "ctl/request.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

enum {
	ERROR_TEXT = 256,
	WAIT_MAX = 24 * 60 * 60,	/* seconds; who waits longer asks again */
	QUOTE_MAX = 32,			/* characters of a stranger's word that we repeat */
};

static const char *const names[CTL_VERBS] = {
	[CTL_STATUS] = "status", [CTL_RELOAD] = "reload", [CTL_DOWN] = "down",
	[CTL_LOG] = "log",	 [CTL_WAIT] = "wait",	  [CTL_PING] = "ping",
	[CTL_EXPLAIN] = "explain", [CTL_EVENTS] = "events",
	[CTL_OFFER] = "offer",	 [CTL_ACCEPT] = "accept",
};

/* The arguments of a verb beside the verb itself. */
enum argument {
	ARG_LEVEL = 1 << 0,
	ARG_SECONDS = 1 << 1,
	ARG_PEER = 1 << 2,
	ARG_SINCE = 1 << 3,
	ARG_FOLLOW = 1 << 4,
	ARG_TOKEN = 1 << 5,
};

static const struct {
	enum argument bit;
	const char *key;
} arguments[] = {
	{ARG_LEVEL, "level"}, {ARG_SECONDS, "seconds"}, {ARG_PEER, "peer"},
	{ARG_SINCE, "since_ms"}, {ARG_FOLLOW, "follow"},
	{ARG_TOKEN, "token"},
};

enum { ARGUMENTS = sizeof(arguments) / sizeof(arguments[0]) };

static const unsigned takes[CTL_VERBS] = {
	[CTL_LOG] = ARG_LEVEL,
	[CTL_WAIT] = ARG_SECONDS,
	[CTL_PING] = ARG_PEER | ARG_SECONDS,
	[CTL_EXPLAIN] = ARG_PEER,
	[CTL_EVENTS] = ARG_PEER | ARG_SINCE | ARG_FOLLOW,
	[CTL_OFFER] = ARG_PEER | ARG_SECONDS,
	[CTL_ACCEPT] = ARG_TOKEN,
};

/* And those of them that may be left out. */
static const unsigned may_lack[CTL_VERBS] = {
	[CTL_LOG] = ARG_LEVEL,
	[CTL_EVENTS] = ARG_PEER | ARG_SINCE | ARG_FOLLOW,
};

const char *ctl_verb_name(enum ctl_verb verb)
{
	return names[verb];
}

bool ctl_changes(const struct ctl_request *request)
{
	switch (request->verb) {
	case CTL_RELOAD:
	case CTL_DOWN:
	case CTL_OFFER:
	case CTL_ACCEPT:
		return true;
	case CTL_LOG:
		return request->level[0] != '\0';
	case CTL_STATUS:
	case CTL_WAIT:
	case CTL_PING:
	case CTL_EXPLAIN:
	case CTL_EVENTS:
	case CTL_VERBS:
		break;
	}
	return false;
}

/* -- encode -------------------------------------------------------------- */

static char *encode_line(const json_t *object)
{
	char *text = json_dumps(object, JSON_COMPACT);
	size_t len = text ? strlen(text) : 0;
	char *line = text ? realloc(text, len + 2) : NULL;

	if (!line) {
		free(text);
		return NULL;
	}
	memcpy(line + len, "\n", 2);
	return line;
}

char *ctl_request_encode(const struct ctl_request *request)
{
	json_t *object = json_pack("{s:s}", "verb", ctl_verb_name(request->verb));
	char *line = NULL;
	int failed = 0;

	if (takes[request->verb] & ARG_LEVEL && request->level[0])
		failed |= json_object_set_new(object, "level", json_string(request->level));
	if (takes[request->verb] & ARG_SECONDS)
		failed |= json_object_set_new(object, "seconds", json_integer(request->seconds));
	if (takes[request->verb] & ARG_PEER && request->peer[0])
		failed |= json_object_set_new(object, "peer", json_string(request->peer));
	if (takes[request->verb] & ARG_SINCE && request->since_ms)
		failed |= json_object_set_new(object, "since_ms",
					      json_integer((json_int_t)request->since_ms));
	if (takes[request->verb] & ARG_TOKEN)
		failed |= json_object_set_new(object, "token", json_string(request->token));
	if (request->follow)
		failed |= json_object_set_new(object, "follow", json_true());
	if (object && !failed)
		line = encode_line(object);
	json_decref(object);
	return line;
}

char *ctl_reply_encode(const json_t *reply)
{
	return encode_line(reply);
}

/* -- decode -------------------------------------------------------------- */

static bool decode_verb(enum ctl_verb *out, const json_t *value, char error[static ERROR_TEXT])
{
	const char *name = json_string_value(value);

	if (!name) {
		snprintf(error, ERROR_TEXT, "a request needs a \"verb\", a string");
		return false;
	}
	for (int i = 0; i < CTL_VERBS; i++) {
		if (strcmp(name, names[i]) == 0) {
			*out = (enum ctl_verb)i;
			return true;
		}
	}
	snprintf(error, ERROR_TEXT, "\"%.*s\" is no verb of this daemon", QUOTE_MAX, name);
	return false;
}

static bool is_known(const char *key, enum ctl_verb verb)
{
	for (size_t i = 0; i < ARGUMENTS; i++) {
		if (takes[verb] & arguments[i].bit && strcmp(key, arguments[i].key) == 0)
			return true;
	}
	return strcmp(key, "verb") == 0;
}

static bool keys_are_known(const json_t *object, enum ctl_verb verb, char error[static ERROR_TEXT])
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)object, key, value) {
		if (is_known(key, verb))
			continue;
		snprintf(error, ERROR_TEXT, "%s: \"%.*s\" is no argument of it", names[verb],
			 QUOTE_MAX, key);
		return false;
	}
	return true;
}

static bool decode_level(struct ctl_request *out, const json_t *value,
			 char error[static ERROR_TEXT])
{
	const char *name = json_string_value(value);
	enum log_level level;

	if (!name || !log_level_parse(&level, name)) {
		snprintf(error, ERROR_TEXT, "log: level is error, warn, info, debug or trace");
		return false;
	}
	snprintf(out->level, sizeof(out->level), "%s", name);
	return true;
}

static bool decode_seconds(struct ctl_request *out, const json_t *value,
			   char error[static ERROR_TEXT])
{
	json_int_t seconds = json_integer_value(value);

	if (!json_is_integer(value) || seconds < 0 || seconds > WAIT_MAX) {
		snprintf(error, ERROR_TEXT, "%s: seconds is a whole number from 0 to %d",
			 names[out->verb], WAIT_MAX);
		return false;
	}
	out->seconds = (unsigned)seconds;
	return true;
}

static bool decode_peer(struct ctl_request *out, const json_t *value,
			char error[static ERROR_TEXT])
{
	const char *peer = json_string_value(value);

	if (!peer || !*peer || strlen(peer) >= CTL_PEER_MAX) {
		snprintf(error, ERROR_TEXT, "%s: peer is its name, public key or address",
			 names[out->verb]);
		return false;
	}
	snprintf(out->peer, sizeof(out->peer), "%s", peer);
	return true;
}

static bool decode_since(struct ctl_request *out, const json_t *value,
			 char error[static ERROR_TEXT])
{
	if (!json_is_integer(value) || json_integer_value(value) < 0) {
		snprintf(error, ERROR_TEXT, "%s: since_ms is a number of milliseconds since 1970",
			 names[out->verb]);
		return false;
	}
	out->since_ms = (uint64_t)json_integer_value(value);
	return true;
}

static bool decode_follow(struct ctl_request *out, const json_t *value,
			  char error[static ERROR_TEXT])
{
	out->follow = json_is_true(value);
	if (json_is_boolean(value))
		return true;
	snprintf(error, ERROR_TEXT, "%s: follow is true or false", names[out->verb]);
	return false;
}

static bool decode_token(struct ctl_request *out, const json_t *value,
			 char error[static ERROR_TEXT])
{
	const char *token = json_string_value(value);

	if (!token || !*token || strlen(token) >= CTL_TOKEN_MAX) {
		snprintf(error, ERROR_TEXT, "%s: token is a line of less than %d characters",
			 names[out->verb], CTL_TOKEN_MAX);
		return false;
	}
	snprintf(out->token, sizeof(out->token), "%s", token);
	return true;
}

static bool decode_argument(struct ctl_request *out, enum argument bit, const json_t *value,
			    char error[static ERROR_TEXT])
{
	if (!value && may_lack[out->verb] & bit)
		return true;
	switch (bit) {
	case ARG_LEVEL:
		return decode_level(out, value, error);
	case ARG_SECONDS:
		return decode_seconds(out, value, error);
	case ARG_PEER:
		return decode_peer(out, value, error);
	case ARG_SINCE:
		return decode_since(out, value, error);
	case ARG_FOLLOW:
		return decode_follow(out, value, error);
	case ARG_TOKEN:
		return decode_token(out, value, error);
	}
	return false;
}

static bool decode_object(struct ctl_request *out, const json_t *object,
			  char error[static ERROR_TEXT])
{
	if (!json_is_object(object)) {
		snprintf(error, ERROR_TEXT, "a request is a JSON object");
		return false;
	}
	if (!decode_verb(&out->verb, json_object_get(object, "verb"), error) ||
	    !keys_are_known(object, out->verb, error))
		return false;
	for (size_t i = 0; i < ARGUMENTS; i++) {
		const json_t *value = json_object_get(object, arguments[i].key);

		if (takes[out->verb] & arguments[i].bit &&
		    !decode_argument(out, arguments[i].bit, value, error))
			return false;
	}
	return true;
}

bool ctl_request_decode(struct ctl_request *out, const char *line, size_t len,
			char error[static ERROR_TEXT])
{
	struct ctl_request request = {0};
	json_error_t wrong;
	json_t *object;
	bool ok;

	if (len > CTL_LINE_MAX) {
		snprintf(error, ERROR_TEXT, "a request has at most %d bytes", CTL_LINE_MAX);
		return false;
	}
	object = json_loadb(line, len, JSON_REJECT_DUPLICATES, &wrong);
	if (!object) {
		snprintf(error, ERROR_TEXT, "no JSON: column %d: %s", wrong.column, wrong.text);
		return false;
	}
	ok = decode_object(&request, object, error);
	json_decref(object);
	if (ok)
		*out = request;
	return ok;
}

/* -- replies ------------------------------------------------------------- */

json_t *ctl_ok(void)
{
	return json_pack("{s:b}", "ok", 1);
}

/* A file name need not be UTF-8, and a text may have been cut within a character. */
static json_t *string_of(char *text)
{
	json_t *string = json_string(text);

	if (string)
		return string;
	for (char *p = text; *p; p++) {
		if ((unsigned char)*p > '~')
			*p = '?';
	}
	return json_string(text);
}

json_t *ctl_error(int code, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return json_pack("{s:b, s:i, s:o}", "ok", 0, "code", code, "error", string_of(text));
}
