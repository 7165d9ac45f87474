/* candidate_tcp.c -- candidates of TCP: which we have, what they are worth, who calls whom. */
#include "ice/candidate_tcp.h"

/* Section 4.2: through a NAT both had better call. */
static uint32_t direction_preference(enum candidate_type type, enum candidate_proto proto)
{
	bool by_nat = type == CANDIDATE_SRFLX || type == CANDIDATE_PRFLX;

	switch (proto) {
	case CANDIDATE_UDP:
	case CANDIDATE_HOP:
		return 0;
	case CANDIDATE_TCP_ACTIVE:
		return by_nat ? 4 : 6;
	case CANDIDATE_TCP_PASSIVE:
		return by_nat ? 2 : 4;
	case CANDIDATE_TCP_SO:
		return by_nat ? 6 : 2;
	}
	return 0;
}

uint32_t candidate_tcp_priority(enum candidate_type type, enum candidate_proto proto,
				uint16_t preference)
{
	uint32_t half_type = candidate_priority(type, 0, COMPONENT) >> 25;

	return half_type << 24 | direction_preference(type, proto) << 21 |
	       (uint32_t)(preference & TCP_PREFERENCE_MAX) << 8 | (256 - COMPONENT);
}

uint32_t candidate_worth(const struct candidate *c, uint16_t preference)
{
	return candidate_is_tcp(c) ? candidate_tcp_priority(c->type, c->proto, preference)
				   : candidate_priority(c->type, preference, COMPONENT);
}

uint32_t candidate_worth_as_prflx(const struct candidate *c)
{
	struct candidate as = {.type = CANDIDATE_PRFLX, .proto = c->proto};

	return candidate_worth(&as, candidate_local_preference(c->priority));
}

bool candidate_may_call(const struct candidate *ours, const struct candidate *theirs)
{
	if (!candidate_same_transport(ours, theirs))
		return false;
	switch (ours->proto) {
	case CANDIDATE_UDP:
	case CANDIDATE_HOP:
		return true;
	case CANDIDATE_TCP_ACTIVE:
	case CANDIDATE_TCP_PASSIVE:
		return theirs->proto == CANDIDATE_TCP_PASSIVE;
	case CANDIDATE_TCP_SO:
		return theirs->proto == CANDIDATE_TCP_SO;
	}
	return false;
}

enum candidate_proto candidate_proto_of_caller(enum candidate_proto ours)
{
	switch (ours) {
	case CANDIDATE_UDP:
	case CANDIDATE_HOP:
	case CANDIDATE_TCP_SO:
		return ours;
	case CANDIDATE_TCP_PASSIVE:
		return CANDIDATE_TCP_ACTIVE;
	case CANDIDATE_TCP_ACTIVE:
		return CANDIDATE_TCP_PASSIVE;
	}
	return ours;
}
