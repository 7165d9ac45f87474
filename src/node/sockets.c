/* sockets.c -- the numbers of UDP sockets besides that of the listen port. */
#include "node/sockets.h"

static void enter(struct sockets *s, uint16_t via, enum socket_state state)
{
	static const bool owes[] = {[SOCKET_WANTED] = true, [SOCKET_LEAVING] = true};

	s->owed -= owes[s->by_via[via].state];
	s->owed += owes[state];
	s->used -= s->by_via[via].state != SOCKET_FREE;
	s->used += state != SOCKET_FREE;
	s->by_via[via].state = (uint8_t)state;
	if (state != SOCKET_OPEN)
		s->by_via[via].port = 0;
	if (state == SOCKET_FREE && s->by_via[via].is_kept) {
		s->by_via[via].is_kept = false;
		s->kept--;
	}
}

uint16_t sockets_take(struct sockets *s, enum ip_family family)
{
	for (uint16_t via = 1; via <= NODE_SOCKETS_MAX; via++) {
		if (s->by_via[via].state == SOCKET_FREE) {
			s->by_via[via].family = (uint8_t)family;
			enter(s, via, SOCKET_WANTED);
			return via;
		}
	}
	return 0;
}

uint16_t sockets_keep(struct sockets *s, enum ip_family family)
{
	uint16_t via = sockets_take(s, family);

	if (via) {
		s->by_via[via].is_kept = true;
		s->kept++;
	}
	return via;
}

void sockets_release(struct sockets *s, uint16_t via)
{
	if (s->by_via[via].state == SOCKET_WANTED)
		enter(s, via, SOCKET_FREE);
	else if (s->by_via[via].state == SOCKET_OPEN)
		enter(s, via, SOCKET_LEAVING);
}

bool sockets_is_open(const struct sockets *s, uint16_t via)
{
	return s->by_via[via].state == SOCKET_OPEN && s->by_via[via].port;
}

/* The answer to ACTION_OPEN_SOCKET is there before anybody looks again. */
bool sockets_is_vain(const struct sockets *s, uint16_t via)
{
	return s->by_via[via].state == SOCKET_OPEN && !s->by_via[via].port;
}

bool sockets_has_port(const struct sockets *s, uint16_t port)
{
	unsigned left = s->used;

	for (uint16_t via = 1; left && via <= NODE_SOCKETS_MAX; via++) {
		if (s->by_via[via].port == port && port)
			return true;
		left -= s->by_via[via].state != SOCKET_FREE;
	}
	return false;
}

/* One that could not be opened stays in use until it is released, and is not open. */
void sockets_opened(struct sockets *s, uint16_t via, uint16_t port)
{
	if (s->by_via[via].state == SOCKET_OPEN)
		s->by_via[via].port = port;
}

enum action_kind sockets_poll(struct sockets *s, struct action *action)
{
	for (uint16_t via = 1; s->owed && via <= NODE_SOCKETS_MAX; via++) {
		switch ((enum socket_state)s->by_via[via].state) {
		case SOCKET_WANTED:
			enter(s, via, SOCKET_OPEN);
			action->via = via;
			action->family = (enum ip_family)s->by_via[via].family;
			return ACTION_OPEN_SOCKET;
		case SOCKET_LEAVING:
			enter(s, via, SOCKET_FREE);
			action->via = via;
			return ACTION_CLOSE_SOCKET;
		case SOCKET_FREE:
		case SOCKET_OPEN:
			break;
		}
	}
	return ACTION_NONE;
}
