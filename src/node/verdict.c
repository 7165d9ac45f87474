/* verdict.c -- what a session says of a message, as the counter that it belongs to. */
#include "node/verdict.h"

enum node_counter verdict_on_data(enum session_verdict verdict)
{
	static const enum node_counter counters[] = {
		[SESSION_BAD] = COUNT_BAD_DATA,
		[SESSION_REPLAYED] = COUNT_REPLAYED_DATA,
		[SESSION_UNEXPECTED] = COUNT_UNKNOWN_INDEX,
		[SESSION_EXPIRED] = COUNT_EXPIRED_DATA,
	};

	return counters[verdict];
}

enum node_counter verdict_on_handshake(enum session_verdict verdict)
{
	static const enum node_counter counters[] = {
		[SESSION_BAD] = COUNT_BAD_HANDSHAKE,
		[SESSION_REPLAYED] = COUNT_REPLAYED_INITIATION,
		[SESSION_TOO_SOON] = COUNT_INITIATION_TOO_SOON,
		[SESSION_UNEXPECTED] = COUNT_UNEXPECTED_HANDSHAKE,
		[SESSION_EXPIRED] = COUNT_UNEXPECTED_HANDSHAKE,
		[SESSION_NO_ROOM] = COUNT_NO_MEMORY,
		[SESSION_WRONG_SUITE] = COUNT_WRONG_SUITE,
	};

	return counters[verdict];
}
