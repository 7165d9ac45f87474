/* lan.c -- signalling on the own link, without any server or Internet. */
#include "signal/lan.h"

bool lan_may_send(struct lan_pace *pace, msec now)
{
	if (now < pace->next)
		return false;
	pace->next = now + LAN_GAP;
	return true;
}

bool lan_may_open(struct lan_gate *gate, msec now)
{
	static const struct bucket_limit limit = {LAN_OPENS_PER_SECOND, LAN_OPENS_BURST};

	return bucket_take(&gate->opens, &limit, now);
}
