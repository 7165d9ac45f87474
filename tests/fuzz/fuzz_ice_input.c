/* fuzz_ice_input.c -- any bytes as what the other side of `p2pnet ice` has signalled.
 *
 * Whole and byte by byte must come to the same: the same credentials and candidates.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/ice_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct side {
	struct rng rng;
	struct ice_pacer pacer;
	struct ice_agent agent;
	struct ice_input input;
	size_t refusals;
};

static void on_refused(void *context, const char *line, const char *why)
{
	struct side *side = context;

	for (const char *p = line; *p; p++)
		if (*p < ' ' && *p != '\r')
			abort();
	side->refusals += *why != '\0';
}

static void begin(struct side *side)
{
	struct ice_settings settings = {.rng = &side->rng, .pacer = &side->pacer};

	memset(side, 0, sizeof(*side));
	rng_seed(&side->rng, 1);
	ice_pacer_init(&side->pacer);
	ice_agent_init(&side->agent, &settings);
	ice_input_init(&side->input, &side->agent, on_refused, side);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct side whole, split;

	begin(&whole);
	ice_input_feed(&whole.input, bytes_of(data, size), 0);
	begin(&split);
	for (size_t i = 0; i < size; i++)
		ice_input_feed(&split.input, bytes_of(data + i, 1), 0);
	if (whole.refusals != split.refusals ||
	    strcmp(whole.agent.remote_ufrag, split.agent.remote_ufrag) != 0 ||
	    memcmp(whole.agent.list.remotes, split.agent.list.remotes,
		   sizeof(whole.agent.list.remotes)) != 0)
		abort();
	return 0;
}
