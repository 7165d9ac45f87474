/* failure.c -- why there is no allocation, and when it is worth asking again. */
#include "turn/failure.h"

#include <stddef.h>

#include "stun/message.h"

static const msec wait = SECONDS(60);		/* RFC 8656 section 7.4: 486, 508 */

static const struct {
	unsigned error;
	bool for_good;
	const char *text;
} errors[] = {
	{STUN_TRY_ALTERNATE, false,
	 "it sends us to another server, unsigned or once too often (300)"},
	{STUN_BAD_REQUEST, true, "it does not understand the request (400)"},
	{STUN_UNAUTHENTICATED, true, "it does not take the user name or the password (401)"},
	{STUN_FORBIDDEN, true, "it is forbidden to use it (403)"},
	{STUN_UNKNOWN_ATTRIBUTE, true, "it lacks what is asked for (420)"},
	{STUN_ALLOCATION_MISMATCH, false, "it holds old allocations of our ports (437)"},
	{STUN_FAMILY_NOT_SUPPORTED, true, "it has no address of that family (440)"},
	{STUN_WRONG_CREDENTIALS, true, "it does not take the user name or the password (441)"},
	{STUN_TRANSPORT_NOT_SUPPORTED, true, "it does not relay UDP (442)"},
	{STUN_ALLOCATION_QUOTA, false, "this user has as many allocations as it may have (486)"},
	{STUN_SERVER_ERROR, false, "it has an error of its own (500)"},
	{STUN_NO_CAPACITY, false, "it has no capacity left (508)"},
};

static const char *const kinds[] = {
	[TURN_NO_FAILURE] = "nothing is wrong",
	[TURN_SILENT] = "no answer",
	[TURN_UNSIGNED] = "its answers are not signed with the password",
	[TURN_DENIED] = "it does not take the user name or the password",
	[TURN_REFUSED] = "it refuses",
	[TURN_ODD] = "its answer is against the rules",
	[TURN_LOST] = "it has forgotten the allocation",
	[TURN_NO_PORT] = "there is no other port to ask from",
};

static size_t find(unsigned error)
{
	size_t i = 0;

	while (i < sizeof(errors) / sizeof(*errors) && errors[i].error != error)
		i++;
	return i;
}

static bool is_known(size_t i)
{
	return i < sizeof(errors) / sizeof(*errors);
}

struct turn_failure turn_failure_of(unsigned error, msec now)
{
	size_t i = find(error);

	return (struct turn_failure){
		.kind = error == STUN_WRONG_CREDENTIALS ? TURN_DENIED : TURN_REFUSED,
		.error = error,
		.retry_at = is_known(i) && errors[i].for_good ? NEVER : now + wait,
	};
}

struct turn_failure turn_failure_make(enum turn_failure_kind kind, msec now)
{
	struct turn_failure f = {.kind = kind, .retry_at = now + wait};

	if (kind == TURN_DENIED)
		f.retry_at = NEVER;
	if (kind == TURN_LOST)
		f.retry_at = now + SECONDS(5);
	return f;
}

const char *turn_failure_text(const struct turn_failure *f)
{
	size_t i = find(f->error);

	return is_known(i) ? errors[i].text : kinds[f->kind];
}
