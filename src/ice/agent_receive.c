/* agent_receive.c -- datagrams in.
 *
 *   request      ours? fingerprint? integrity?  --no--> dropped, no answer
 *                   |
 *                role conflict  --> 487, or we change roles      RFC 8445 section 7.3.1.1
 *                   |
 *                answered, asked back                            sections 7.3.1.2 to 7.3.1.5
 *
 *   response     to a check of ours? fingerprint? integrity?     section 7.2.5
 *                by the way that the check went?  --no--> the pair fails
 *                   |
 *                success: the pair works; 487: the other role; else it fails
 *
 *   indication   a keepalive: good that it came
 */
#include <string.h>

#include "ice/agent_facts.h"
#include "stun/integrity.h"

static const uint16_t understood[] = {
	ATTR_MAPPED_ADDRESS,  ATTR_USERNAME,	      ATTR_MESSAGE_INTEGRITY,
	ATTR_ERROR_CODE,      ATTR_UNKNOWN_ATTRIBUTES, ATTR_MESSAGE_INTEGRITY_SHA256,
	ATTR_XOR_MAPPED_ADDRESS, ATTR_PRIORITY,	      ATTR_USE_CANDIDATE,
};

static size_t find_unknown(const struct stun_msg *msg, uint16_t out[static STUN_UNKNOWN_MAX])
{
	return stun_unknown(msg, understood, sizeof(understood) / sizeof(*understood), out);
}

/* "ours:theirs" (RFC 8445 section 7.2.2). */
static bool split_username(const struct stun_msg *msg, struct bytes *ours, struct bytes *theirs)
{
	struct bytes name;
	const uint8_t *colon;

	if (!stun_get_bytes(msg, ATTR_USERNAME, &name))
		return false;
	colon = memchr(name.data, ':', name.len);
	if (!colon)
		return false;
	*ours = bytes_of(name.data, (size_t)(colon - name.data));
	*theirs = bytes_of(colon + 1, name.len - ours->len - 1);
	return true;
}

static bool is_binding_request(const struct stun_msg *msg)
{
	return msg->class == STUN_REQUEST && msg->method == STUN_BINDING;
}

struct bytes ice_local_ufrag_of(struct bytes datagram)
{
	struct stun_msg msg;
	struct bytes ours, theirs;

	if (!stun_parse(&msg, datagram) || !is_binding_request(&msg) ||
	    !split_username(&msg, &ours, &theirs))
		return bytes_of(NULL, 0);
	return ours;
}

static bool text_is(const char *text, struct bytes b)
{
	return strlen(text) == b.len && memcmp(text, b.data, b.len) == 0;
}

/* -- requests ------------------------------------------------------------ */

/* Present and of the right size; *ok is cleared if it is there in a wrong one. */
static bool get_role(const struct stun_msg *msg, uint16_t type, uint64_t *tie_breaker, bool *ok)
{
	if (!stun_find(msg, type))
		return false;
	if (!stun_get_u64(msg, type, tie_breaker))
		*ok = false;
	return true;
}

/* RFC 8445 section 7.3.1.1: the greater tie-breaker is controlling. *error: 0 or 487.
 * False: the attributes are not as they must be. */
static bool settle_roles(struct ice_agent *a, const struct stun_msg *msg, uint16_t *error)
{
	uint64_t theirs = 0;
	bool ok = true;
	bool controlling = get_role(msg, ATTR_ICE_CONTROLLING, &theirs, &ok);
	bool controlled = get_role(msg, ATTR_ICE_CONTROLLED, &theirs, &ok);
	bool we_win = a->tie_breaker >= theirs;

	*error = 0;
	if (!ok || (controlling && controlled))
		return false;
	if (a->list.controlling ? !controlling : !controlled)
		return true;			/* no conflict */
	if (we_win == a->list.controlling)
		*error = STUN_ROLE_CONFLICT;
	else
		agent_set_role(a, we_win);
	return true;
}

static void owe_reply(struct ice_agent *a, const struct ice_reply *reply)
{
	a->replies[a->replies_len++] = *reply;
}

/* The same source asks again until it is answered: once is enough here. */
static bool keep_early(struct ice_agent *a, const struct ice_early *request)
{
	for (uint8_t i = 0; i < a->early_len; i++) {
		struct ice_early *e = &a->early[i];

		if (e->local == request->local && endpoint_equal(&e->from, &request->from)) {
			e->priority = request->priority;
			e->use_candidate |= request->use_candidate;
			return true;
		}
	}
	if (a->early_len == ICE_EARLY_MAX)
		return false;
	a->early[a->early_len++] = *request;
	return true;
}

static enum ice_verdict answer(struct ice_agent *a, const struct stun_msg *msg, uint8_t local,
			       const struct endpoint *remote, bool may_ask_back, msec now)
{
	struct ice_reply reply = {.local = local, .to = *remote};
	struct ice_early request = {.local = local, .from = *remote};
	bool kept;

	if (a->replies_len == ICE_REPLIES_MAX)
		return ICE_NO_ROOM;
	memcpy(reply.id, msg->id, sizeof(reply.id));
	reply.unknown_len = (uint8_t)find_unknown(msg, reply.unknown);
	if (reply.unknown_len) {
		reply.error = STUN_UNKNOWN_ATTRIBUTE;
		owe_reply(a, &reply);
		return ICE_UNKNOWN_ATTRIBUTE;
	}
	if (!stun_get_u32(msg, ATTR_PRIORITY, &request.priority) ||
	    !settle_roles(a, msg, &reply.error))
		return ICE_BAD_ATTRIBUTES;
	owe_reply(a, &reply);
	if (reply.error)
		return ICE_HANDLED;
	request.use_candidate = stun_find(msg, ATTR_USE_CANDIDATE) != NULL;
	kept = may_ask_back ? agent_heard_request(a, &request, now) : keep_early(a, &request);
	return kept ? ICE_HANDLED : ICE_NO_ROOM;
}

static enum ice_verdict feed_request(struct ice_agent *a, const struct ice_base *base,
				     const struct endpoint *remote, const struct stun_msg *msg,
				     msec now)
{
	struct bytes ours, theirs;
	uint8_t local;

	if (msg->method != STUN_BINDING || !split_username(msg, &ours, &theirs) ||
	    !text_is(a->ufrag, ours))
		return ICE_NOT_OURS;
	if (!stun_check_fingerprint(msg))
		return ICE_NO_FINGERPRINT;
	if (!stun_check_integrity(msg, agent_text(a->pwd)))
		return ICE_BAD_INTEGRITY;
	local = checklist_find_base(&a->list, base);
	if (local == NO_INDEX)
		return ICE_NO_SUCH_BASE;
	if (agent_refuses(a, a->list.locals[local].c.proto, remote))
		return ICE_REFUSED_SOURCE;
	/* Of another generation than we know: its credentials are still on their way. */
	return answer(a, msg, local, remote, agent_knows_remote(a) && text_is(a->remote_ufrag, theirs),
		      now);
}

/* -- responses ----------------------------------------------------------- */

/* RFC 8445 section 7.2.5.2.1. */
static bool came_back(const struct ice_agent *a, const struct check *c, const struct ice_base *base,
		      const struct endpoint *remote)
{
	const struct pair *p = &a->list.pairs[c->pair];

	return base_equal(&a->list.locals[p->local].base, base) &&
	       endpoint_equal(&a->list.remotes[p->remote].at, remote);
}

static enum ice_verdict feed_error(struct ice_agent *a, struct check *c, const struct stun_msg *msg)
{
	unsigned code;

	if (!stun_get_error(msg, &code))
		return ICE_BAD_ATTRIBUTES;
	if (code == STUN_ROLE_CONFLICT)
		agent_lost_conflict(a, c);
	else if (c->state == CHECK_LIVE)
		agent_check_failed(a, c);
	c->state = CHECK_NONE;
	return ICE_HANDLED;
}

static enum ice_verdict feed_success(struct ice_agent *a, struct check *c,
				     const struct stun_msg *msg, msec now)
{
	struct endpoint mapped;

	if (!stun_get_xor_address(msg, ATTR_XOR_MAPPED_ADDRESS, &mapped))
		return ICE_BAD_ATTRIBUTES;
	agent_check_succeeded(a, c, &mapped, now);
	return ICE_HANDLED;
}

static enum ice_verdict feed_response(struct ice_agent *a, const struct ice_base *base,
				      const struct endpoint *remote, const struct stun_msg *msg,
				      msec now)
{
	struct check *c = checks_find(&a->checks, msg->id, now);
	uint16_t unknown[STUN_UNKNOWN_MAX];

	if (!c || msg->method != STUN_BINDING)
		return ICE_NOT_OURS;
	if (!stun_check_fingerprint(msg))
		return ICE_NO_FINGERPRINT;
	if (!stun_check_integrity(msg, agent_text(a->remote_pwd)))
		return ICE_BAD_INTEGRITY;
	if (!came_back(a, c, base, remote)) {
		if (c->state == CHECK_LIVE && c->kind == CHECK_CONNECT)
			agent_check_failed(a, c);
		return ICE_WRONG_PATH;
	}
	if (find_unknown(msg, unknown)) {
		if (c->state == CHECK_LIVE)
			agent_check_failed(a, c);
		return ICE_UNKNOWN_ATTRIBUTE;
	}
	return msg->class == STUN_ERROR ? feed_error(a, c, msg) : feed_success(a, c, msg, now);
}

/* -- indications --------------------------------------------------------- */

/* Nobody vouches for it, so nothing follows from it. */
static enum ice_verdict feed_indication(const struct ice_agent *a, const struct ice_base *base,
					const struct endpoint *remote, const struct stun_msg *msg)
{
	uint8_t local = checklist_find_base(&a->list, base);

	if (msg->method != STUN_BINDING || local == NO_INDEX ||
	    checklist_find_remote(&a->list, local, remote) == NO_INDEX)
		return ICE_NOT_OURS;
	return ICE_HANDLED;
}

static enum ice_verdict feed_message(struct ice_agent *a, const struct ice_base *base,
				     const struct endpoint *remote, const struct stun_msg *msg,
				     msec now)
{
	switch (msg->class) {
	case STUN_REQUEST:
		return feed_request(a, base, remote, msg, now);
	case STUN_INDICATION:
		return feed_indication(a, base, remote, msg);
	case STUN_SUCCESS:
	case STUN_ERROR:
		return feed_response(a, base, remote, msg, now);
	}
	return ICE_NOT_OURS;
}

enum ice_verdict ice_agent_feed(struct ice_agent *a, const struct ice_base *base,
				const struct endpoint *remote, struct bytes datagram, msec now)
{
	enum ice_verdict verdict = ICE_NOT_OURS;
	struct stun_msg msg;

	if (stun_parse(&msg, datagram))
		verdict = feed_message(a, base, remote, &msg, now);
	a->verdicts[verdict]++;
	if (verdict != ICE_NOT_OURS)
		agent_consider(a, now);
	return verdict;
}
