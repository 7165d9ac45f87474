/* ice_input.c -- what the other side has signalled, line by line, for an ICE agent. */
#include "cli/ice_input.h"

#include <stdio.h>
#include <string.h>

#include "crypto/key.h"

void ice_input_init(struct ice_input *in, struct ice_agent *agent, ice_input_refused *refused,
		    void *context)
{
	*in = (struct ice_input){.agent = agent, .refused = refused, .context = context};
}

void ice_input_deinit(struct ice_input *in)
{
	wipe(in, sizeof(*in));
}

static struct bytes text_of(const char *text)
{
	return bytes_of(text, strlen(text));
}

/* -- candidates ---------------------------------------------------------- */

static void refuse_address(struct ice_input *in, const char *line, const struct candidate *c)
{
	enum candidate_fault fault = candidate_check(&c->at, NULL, 0);

	in->refused(in->context, line,
		    fault == CANDIDATE_FINE ? "it is not of component 1"
					    : candidate_fault_text(fault));
}

/* Of the credentials that are in force. */
static void add_candidate(struct ice_input *in, const char *line, msec now)
{
	struct bytes ufrag;
	struct candidate c;

	if (!candidate_parse(&c, &ufrag, line)) {
		in->refused(in->context, line, "it is not a candidate with an address");
		return;
	}
	if (c.proto != CANDIDATE_UDP) {
		in->refused(in->context, line, "it is not for UDP");
		return;
	}
	if (!ufrag.len)
		ufrag = text_of(in->agent->remote_ufrag);
	switch (ice_agent_add_remote(in->agent, ufrag, &c, now)) {
	case ICE_REMOTE_TAKEN:
	case ICE_REMOTE_KNOWN:
		break;
	case ICE_REMOTE_STALE:
		in->refused(in->context, line, "its ufrag is not the one that is in force");
		break;
	case ICE_REMOTE_REFUSED:
		refuse_address(in, line, &c);
		break;
	case ICE_REMOTE_NO_ROOM:
		in->refused(in->context, line, "there are too many");
		break;
	}
}

static bool has_credentials(const struct ice_input *in)
{
	return in->agent->remote_ufrag[0] && !in->ufrag[0] && !in->pwd[0];
}

static void take_candidate(struct ice_input *in, const char *line, msec now)
{
	if (has_credentials(in))
		add_candidate(in, line, now);
	else if (in->early_len < ICE_INPUT_EARLY)
		snprintf(in->early[in->early_len++], ICE_INPUT_LINE, "%s", line);
	else
		in->refused(in->context, line, "there are too many before the credentials");
}

static void take_end(struct ice_input *in)
{
	if (has_credentials(in))
		ice_agent_end_of_candidates(in->agent, text_of(in->agent->remote_ufrag));
	else
		in->ended = true;
}

/* -- credentials --------------------------------------------------------- */

/* What came before the credentials belongs to them. */
static void take_early(struct ice_input *in, msec now)
{
	for (size_t i = 0; i < in->early_len; i++)
		add_candidate(in, in->early[i], now);
	in->early_len = 0;
	if (in->ended)
		take_end(in);
	in->ended = false;
}

static void try_credentials(struct ice_input *in, msec now)
{
	bool good;

	if (!in->ufrag[0] || !in->pwd[0])
		return;
	good = ice_agent_set_remote(in->agent, text_of(in->ufrag), text_of(in->pwd), now);
	wipe(in->ufrag, sizeof(in->ufrag));
	wipe(in->pwd, sizeof(in->pwd));
	if (good)
		take_early(in, now);
	else
		in->refused(in->context, "ice-ufrag and ice-pwd",
			    "4 and 22 characters or more are wanted: letters, digits, + and /");
}

static void take_credential(struct ice_input *in, char kept[static ICE_CREDENTIAL_MAX + 1],
			    const char *name, const char *value, msec now)
{
	if (!*value || strlen(value) > ICE_CREDENTIAL_MAX) {
		in->refused(in->context, name, "it is empty, or longer than 256 characters");
		return;
	}
	snprintf(kept, ICE_CREDENTIAL_MAX + 1, "%s", value);
	try_credentials(in, now);
}

/* -- lines --------------------------------------------------------------- */

static const char *value_of(const char *line, const char *name)
{
	size_t len = strlen(name);

	return strncmp(line, name, len) == 0 && line[len] == ':' ? line + len + 1 : NULL;
}

static void take_line(struct ice_input *in, const char *line, msec now)
{
	const char *value;

	if (strncmp(line, "a=", 2) == 0)
		line += 2;
	if ((value = value_of(line, "ice-ufrag")))
		take_credential(in, in->ufrag, "ice-ufrag", value, now);
	else if ((value = value_of(line, "ice-pwd")))
		take_credential(in, in->pwd, "ice-pwd", value, now);
	else if (value_of(line, "candidate"))
		take_candidate(in, line, now);
	else if (strcmp(line, "end-of-candidates") == 0)
		take_end(in);
}

static void end_line(struct ice_input *in, msec now)
{
	while (in->len && (in->line[in->len - 1] == '\r' || in->line[in->len - 1] == ' '))
		in->len--;
	in->line[in->len] = '\0';
	if (!in->too_long)
		take_line(in, in->line, now);
	in->len = 0;
	in->too_long = false;
}

/* What is no printable ASCII would be neither a credential nor a candidate, and might do
 * things to the terminal that a complaint is printed on. */
static char printable(uint8_t c)
{
	return c == '\r' || (c >= ' ' && c <= '~') ? (char)c : '?';
}

void ice_input_feed(struct ice_input *in, struct bytes text, msec now)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] == '\n')
			end_line(in, now);
		else if (in->len < ICE_INPUT_LINE - 1)
			in->line[in->len++] = printable(text.data[i]);
		else
			in->too_long = true;
	}
}
