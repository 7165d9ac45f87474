/* streams.c -- the numbers of connections to servers. */
#include "node/streams.h"

const char *node_stream_end_name(enum node_stream_end why)
{
	static const char *const names[NODE_STREAM_ENDS] = {
		[STREAM_ENDED] = "ended",
		[STREAM_NO_ADDRESS] = "no_address",
		[STREAM_UNREACHABLE] = "unreachable",
		[STREAM_REFUSED] = "refused",
		[STREAM_TIMED_OUT] = "timed_out",
		[STREAM_PROXY_REFUSED] = "proxy_refused",
		[STREAM_BAD_CERTIFICATE] = "bad_certificate",
		[STREAM_BAD_TLS] = "bad_tls",
		[STREAM_BAD_FRAME] = "bad_frame",
	};

	return names[why];
}

const char *node_stream_end_text(enum node_stream_end why)
{
	static const char *const texts[NODE_STREAM_ENDS] = {
		[STREAM_ENDED] = "the other side, or the network, has ended it",
		[STREAM_NO_ADDRESS] = "its name is not known",
		[STREAM_UNREACHABLE] = "there is no way there",
		[STREAM_REFUSED] = "nobody listens there",
		[STREAM_TIMED_OUT] = "nobody answers",
		[STREAM_PROXY_REFUSED] = "the proxy refuses to connect there",
		[STREAM_BAD_CERTIFICATE] = "its certificate has run out, is for another name, or is by "
					   "nobody whom this host trusts: renew it there, or name its "
					   "CA here (ca_file, turn_ca)",
		[STREAM_BAD_TLS] = "no TLS is spoken there, or something on the way is against it",
		[STREAM_BAD_FRAME] = "something else than what was called answers there",
	};

	return texts[why];
}

static bool owes(enum stream_state state)
{
	return state == STREAM_WANTED || state == STREAM_LEAVING;
}

static enum stream_state state_at(const struct streams *s, unsigned number)
{
	return (enum stream_state)s->by_number[number].state;
}

static void enter(struct streams *s, unsigned number, enum stream_state state)
{
	s->owed -= owes(state_at(s, number));
	s->owed += owes(state);
	s->by_number[number].state = (uint8_t)state;
}

uint16_t streams_take(struct streams *s, const struct node_stream_target *target)
{
	for (unsigned i = 0; i < NODE_STREAMS_MAX; i++) {
		if (state_at(s, i) != STREAM_FREE)
			continue;
		s->by_number[i].target = *target;
		enter(s, i, STREAM_WANTED);
		return (uint16_t)(VIA_STREAM + i);
	}
	return 0;
}

void streams_release(struct streams *s, uint16_t via)
{
	unsigned i = via - (unsigned)VIA_STREAM;

	switch (state_at(s, i)) {
	case STREAM_WANTED:
	case STREAM_CLOSED:
		enter(s, i, STREAM_FREE);
		break;
	case STREAM_OPENING:
	case STREAM_OPEN:
		enter(s, i, STREAM_LEAVING);
		break;
	case STREAM_FREE:
	case STREAM_LEAVING:
		break;
	}
}

enum stream_state streams_state(const struct streams *s, uint16_t via)
{
	return state_at(s, via - (unsigned)VIA_STREAM);
}

enum node_stream_end streams_why(const struct streams *s, uint16_t via)
{
	return (enum node_stream_end)s->by_number[via - VIA_STREAM].why;
}

struct path streams_path(const struct streams *s, uint16_t via)
{
	return s->by_number[via - VIA_STREAM].path;
}

void streams_opened(struct streams *s, const struct path *path)
{
	unsigned i = path->via - (unsigned)VIA_STREAM;

	if (state_at(s, i) != STREAM_OPENING)
		return;
	s->by_number[i].path = *path;
	enter(s, i, STREAM_OPEN);
}

void streams_closed(struct streams *s, uint16_t via, enum node_stream_end why)
{
	unsigned i = via - (unsigned)VIA_STREAM;

	if (state_at(s, i) != STREAM_OPENING && state_at(s, i) != STREAM_OPEN)
		return;
	s->by_number[i].why = (uint8_t)why;
	enter(s, i, STREAM_CLOSED);
}

enum action_kind streams_poll(struct streams *s, struct action *action)
{
	for (unsigned i = 0; s->owed && i < NODE_STREAMS_MAX; i++) {
		action->via = (uint16_t)(VIA_STREAM + i);
		switch (state_at(s, i)) {
		case STREAM_WANTED:
			enter(s, i, STREAM_OPENING);
			action->target = s->by_number[i].target;
			return ACTION_OPEN_STREAM;
		case STREAM_LEAVING:
			enter(s, i, STREAM_FREE);
			return ACTION_CLOSE_STREAM;
		case STREAM_FREE:
		case STREAM_OPENING:
		case STREAM_OPEN:
		case STREAM_CLOSED:
			break;
		}
	}
	return ACTION_NONE;
}
