/* ice_input.h -- what the other side has signalled, line by line, for an ICE agent.
 *
 *   a=ice-ufrag:8hhY                    both together are credentials, in either order;
 *   a=ice-pwd:asd88fgpdd777uzjYhagZg    new ones: the other side has restarted
 *   a=candidate:1 1 UDP 2130706431 ...  kept until there are credentials
 *   a=end-of-candidates
 *
 * RFC 8839 section 5 and RFC 8838. Lines end in \n or \r\n; "a=" may be missing, as in
 * trickled fragments; all other lines of an SDP are passed over in silence.
 */
#ifndef CLI_ICE_INPUT_H
#define CLI_ICE_INPUT_H

#include "ice/agent.h"
#include "ice/candidate_line.h"

enum { ICE_INPUT_LINE = 1024, ICE_INPUT_EARLY = 32 };

/* A line that should have meant something, and why it does not. */
typedef void ice_input_refused(void *context, const char *line, const char *why);

struct ice_input {
	struct ice_agent *agent;
	ice_input_refused *refused;
	void *context;
	char line[ICE_INPUT_LINE];
	size_t len;
	bool too_long;
	char ufrag[ICE_CREDENTIAL_MAX + 1];	/* new ones, until both are here */
	char pwd[ICE_CREDENTIAL_MAX + 1];
	bool ended;				/* before there were credentials */
	char early[ICE_INPUT_EARLY][ICE_INPUT_LINE];
	size_t early_len;
};

void ice_input_init(struct ice_input *in, struct ice_agent *agent, ice_input_refused *refused,
		    void *context);
void ice_input_deinit(struct ice_input *in);		/* wipes */

/* Bytes as they come; what is no whole line yet is kept for the next time. */
void ice_input_feed(struct ice_input *in, struct bytes text, msec now);

#endif
