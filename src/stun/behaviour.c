/* behaviour.c -- what kind of NAT is in front of this socket?
 *
 *                    server A:p           other address B:q      ourselves
 *   survey           ask, and all others
 *   CHANGE_BOTH      ask  ------------->  answers from B:q
 *   CHANGE_PORT      ask, answers from A:q
 *   HAIRPIN                                                      ask our mapped address
 *   OTHER_ADDRESS                         ask B:p
 *   OTHER_BOTH                            ask B:q
 *
 * The first three probes run at once, then the last two one after the other. Where no
 * server has another address, one with another port q will do for CHANGE_PORT, and then
 * to be asked there (OTHER_PORT).
 */
#include "stun/behaviour.h"

#include <stdlib.h>
#include <string.h>

enum {
	STEP_MAX = 16,			/* ports apart, and still a sequence */
	PORTS_MAX = BINDING_SERVERS_MAX + 3,
};

/* Silence is an answer here, so it must come sooner than after 39.5 s: sends at
 * 0, 500 and 1500 ms, and the end at 3000. */
static const struct transaction_timing timing = {.rto = 500, .sends = 3, .last_wait = 3};

static const uint32_t change_flags[PROBES] = {
	[PROBE_CHANGE_BOTH] = STUN_CHANGE_IP | STUN_CHANGE_PORT,
	[PROBE_CHANGE_PORT] = STUN_CHANGE_PORT,
};

/* -- the choice of a server ---------------------------------------------- */

static bool was_asked(const struct behaviour *b, const struct ip *ip)
{
	for (size_t i = 0; i < b->survey.count; i++)
		if (ip_equal(&b->survey.queries[i].transaction.to.ip, ip))
			return true;
	return false;
}

/* Servers are not authenticated, and make us send to addresses that they name:
 * none of our own machine or link, which a stranger has no business with. */
static bool is_decent(const struct endpoint *named, const struct endpoint *server)
{
	return !ip_is_link_local(&named->ip) &&
	       (!ip_is_loopback(&named->ip) || ip_is_loopback(&server->ip));
}

/* The second address must really be another one, and none that we have sent to:
 * that would have let it in. */
static bool has_fresh_other(const struct behaviour *b, const struct binding_query *q)
{
	const struct endpoint *server = &q->transaction.to, *other = &q->other;

	return q->result == BINDING_DONE && other->ip.family == server->ip.family &&
	       other->port != server->port && !was_asked(b, &other->ip) && is_decent(other, server);
}

static bool has_fresh_port(const struct behaviour *b, const struct binding_query *q)
{
	struct endpoint other = q->transaction.to;

	if (q->result != BINDING_DONE || !ip_equal(&q->other.ip, &other.ip))
		return false;
	other.port = q->other.port;
	for (size_t i = 0; i < b->survey.count; i++)
		if (endpoint_equal(&b->survey.queries[i].transaction.to, &other))
			return false;
	return true;
}

static void choose_server(struct behaviour *b)
{
	for (size_t i = b->survey.count; i-- > 0;)
		if (has_fresh_port(b, &b->survey.queries[i]))
			b->chosen = i;
	for (size_t i = b->survey.count; i-- > 0;)
		if (has_fresh_other(b, &b->survey.queries[i])) {
			b->chosen = i;
			b->has_other_ip = true;
		}
}

static bool has_server(const struct behaviour *b)
{
	return b->chosen < b->survey.count;
}

/* -- conclusions --------------------------------------------------------- */

static void count_answers(struct behaviour *b)
{
	struct behaviour_report *r = &b->report;

	for (size_t i = 0; i < b->survey.count; i++) {
		const struct binding_query *q = &b->survey.queries[i];

		/* A server that refuses us was reached all the same. */
		r->answered += q->result != BINDING_TIMEOUT;
		if (q->result == BINDING_DONE && !r->mapped.port) {
			r->mapped = q->mapped;
			b->may_hairpin = is_decent(&q->mapped, &q->transaction.to);
		}
	}
}

/* What two servers that saw us say together. Two ports of one server that see
 * the same prove nothing, as the mapping may still depend on its address. */
static enum nat_mapping compare(const struct binding_query *a, const struct binding_query *b)
{
	bool same_server = ip_equal(&a->transaction.to.ip, &b->transaction.to.ip);

	if (endpoint_equal(&a->mapped, &b->mapped))
		return same_server ? MAPPING_UNKNOWN : MAPPING_INDEPENDENT;
	return same_server ? MAPPING_BY_PORT : MAPPING_DEPENDENT;
}

/* The enum is in an order that lets the greater of two findings win, but for
 * the last: "depends on something" yields to knowing on what. */
static enum nat_mapping stronger(enum nat_mapping a, enum nat_mapping b)
{
	if (a == MAPPING_BY_PORT || b == MAPPING_BY_PORT)
		return MAPPING_BY_PORT;
	return a > b ? a : b;
}

static void conclude_survey(struct behaviour *b)
{
	struct behaviour_report *r = &b->report;
	const struct binding *s = &b->survey;

	count_answers(b);
	for (size_t i = 0; i < s->count; i++)
		for (size_t j = i + 1; j < s->count; j++)
			if (s->queries[i].result == BINDING_DONE &&
			    s->queries[j].result == BINDING_DONE)
				r->mapping = stronger(r->mapping,
						      compare(&s->queries[i], &s->queries[j]));
	if (r->mapping <= MAPPING_INDEPENDENT && r->mapped.port &&
	    endpoint_equal(&r->mapped, &b->local))
		r->mapping = MAPPING_DIRECT;
}

static void conclude_filtering(struct behaviour *b)
{
	enum binding_result both = b->probes[PROBE_CHANGE_BOTH].result;
	enum binding_result port = b->probes[PROBE_CHANGE_PORT].result;
	enum binding_result hairpin = b->probes[PROBE_HAIRPIN].result;

	if (both == BINDING_DONE)
		b->report.filtering = FILTERING_INDEPENDENT;
	else if (both == BINDING_TIMEOUT && port == BINDING_DONE)
		b->report.filtering = FILTERING_BY_ADDRESS;
	else if ((both == BINDING_TIMEOUT || !b->has_other_ip) && port == BINDING_TIMEOUT)
		b->report.filtering = FILTERING_BY_PORT;
	if (hairpin != BINDING_PENDING)
		b->report.hairpin = hairpin == BINDING_DONE ? HAIRPIN_YES : HAIRPIN_NO;
}

static bool saw_the_same(const struct binding_query *a, const struct binding_query *b)
{
	return endpoint_equal(&a->mapped, &b->mapped);
}

static void conclude_mapping(struct behaviour *b)
{
	const struct binding_query *first = &b->survey.queries[b->chosen];
	const struct binding_query *second = &b->probes[PROBE_OTHER_ADDRESS];
	const struct binding_query *third = &b->probes[PROBE_OTHER_BOTH];
	const struct binding_query *port = &b->probes[PROBE_OTHER_PORT];

	if (port->result == BINDING_DONE)
		b->report.mapping = stronger(b->report.mapping, compare(first, port));
	if (second->result != BINDING_DONE)
		return;
	if (saw_the_same(first, second))
		b->report.mapping = stronger(b->report.mapping, MAPPING_INDEPENDENT);
	else if (third->result != BINDING_DONE)
		b->report.mapping = MAPPING_DEPENDENT;
	else if (saw_the_same(second, third))
		b->report.mapping = MAPPING_BY_ADDRESS;
	else
		b->report.mapping = MAPPING_BY_PORT;
}

/* The ports that we were given, in the order in which we asked for them. */
static size_t collect_ports(const struct behaviour *b, uint16_t ports[static PORTS_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < b->survey.count; i++)
		if (b->survey.queries[i].result == BINDING_DONE)
			ports[n++] = b->survey.queries[i].mapped.port;
	for (size_t i = PROBE_OTHER_ADDRESS; i < PROBES; i++)
		if (b->probes[i].result == BINDING_DONE)
			ports[n++] = b->probes[i].mapped.port;
	return n;
}

/* The smallest step in one direction, as others behind the same NAT take ports
 * in between; 0: the ports jump about. */
static int port_step(const uint16_t *ports, size_t n)
{
	int step = 0;

	for (size_t i = 1; i < n; i++) {
		int d = ports[i] - ports[i - 1];

		if (abs(d) > STEP_MAX || (d > 0 && step < 0) || (d < 0 && step > 0))
			return 0;
		if (d && (!step || abs(d) < abs(step)))
			step = d;
	}
	return step;
}

static void conclude_ports(struct behaviour *b)
{
	struct behaviour_report *r = &b->report;
	uint16_t ports[PORTS_MAX];
	size_t n = collect_ports(b, ports), ours = 0, same = 0;

	for (size_t i = 0; i < n; i++) {
		ours += ports[i] == b->local.port;
		same += ports[i] == ports[0];
	}
	if (n == 0)
		return;
	r->port_step = port_step(ports, n);
	if (ours == n)
		r->ports = PORTS_PRESERVED;
	else if (same == n)
		r->ports = PORTS_CHANGED;
	else
		r->ports = r->port_step ? PORTS_SEQUENTIAL : PORTS_RANDOM;
}

/* -- the course of it ---------------------------------------------------- */

static void start_probe(struct behaviour *b, enum behaviour_probe which, const struct endpoint *to,
			msec now)
{
	transaction_start(&b->probes[which].transaction, STUN_BINDING, to, &timing, b->rng, now);
	binding_query_tick(&b->probes[which], now);
}

static void start_filtering(struct behaviour *b, msec now)
{
	const struct binding_query *q = &b->survey.queries[b->chosen];

	if (has_server(b)) {
		const struct endpoint *server = &q->transaction.to;

		if (b->has_other_ip) {
			start_probe(b, PROBE_CHANGE_BOTH, server, now);
			b->probes[PROBE_CHANGE_BOTH].transaction.from = q->other;
		}
		start_probe(b, PROBE_CHANGE_PORT, server, now);
		b->probes[PROBE_CHANGE_PORT].transaction.from.port = q->other.port;
	}
	if (b->may_hairpin && b->report.mapping != MAPPING_DIRECT)
		start_probe(b, PROBE_HAIRPIN, &b->report.mapped, now);
}

static void start_mapping(struct behaviour *b, msec now)
{
	enum nat_mapping known = b->report.mapping;
	struct endpoint to;

	if (!has_server(b) || (known != MAPPING_UNKNOWN && known != MAPPING_DEPENDENT))
		return;
	to = b->survey.queries[b->chosen].other;
	if (b->has_other_ip)
		to.port = b->survey.queries[b->chosen].transaction.to.port;
	start_probe(b, b->has_other_ip ? PROBE_OTHER_ADDRESS : PROBE_OTHER_PORT, &to, now);
}

/* The third question is asked only if the second got another answer than the
 * first. True: it is on its way. */
static bool start_third(struct behaviour *b, msec now)
{
	const struct binding_query *second = &b->probes[PROBE_OTHER_ADDRESS];

	if (second->result != BINDING_DONE || saw_the_same(&b->survey.queries[b->chosen], second) ||
	    b->probes[PROBE_OTHER_BOTH].transaction.state != TRANSACTION_IDLE)
		return false;
	start_probe(b, PROBE_OTHER_BOTH, &b->survey.queries[b->chosen].other, now);
	return true;
}

static void enter(struct behaviour *b, enum behaviour_state next, msec now)
{
	b->state = next;
	switch (next) {
	case BEHAVIOUR_IDLE:
	case BEHAVIOUR_SURVEY:
		break;
	case BEHAVIOUR_FILTERING:
		conclude_survey(b);
		choose_server(b);
		start_filtering(b, now);
		break;
	case BEHAVIOUR_MAPPING:
		conclude_filtering(b);
		start_mapping(b, now);
		break;
	case BEHAVIOUR_DONE:
		conclude_mapping(b);
		conclude_ports(b);
		break;
	}
}

static bool is_running(const struct behaviour *b)
{
	return b->state != BEHAVIOUR_IDLE && b->state != BEHAVIOUR_DONE;
}

/* Go on when nothing is waited for any more; a step may have nothing to wait for. */
static void advance(struct behaviour *b, msec now)
{
	while (is_running(b) && behaviour_due(b) == NEVER)
		if (b->state != BEHAVIOUR_MAPPING || !start_third(b, now))
			enter(b, b->state + 1, now);
}

void behaviour_start(struct behaviour *b, const struct endpoint *local,
		     const struct endpoint *servers, size_t n, struct rng *rng, msec now)
{
	memset(b, 0, sizeof(*b));
	b->local = *local;
	b->rng = rng;
	b->chosen = BINDING_SERVERS_MAX;
	binding_start(&b->survey, servers, n, &timing, rng, now);
	b->report.asked = (unsigned)b->survey.count;
	enter(b, BEHAVIOUR_SURVEY, now);
	advance(b, now);
}

void behaviour_tick(struct behaviour *b, msec now)
{
	binding_tick(&b->survey, now);
	for (size_t i = 0; i < PROBES; i++)
		binding_query_tick(&b->probes[i], now);
	advance(b, now);
}

msec behaviour_due(const struct behaviour *b)
{
	msec due = binding_due(&b->survey);

	for (size_t i = 0; i < PROBES; i++)
		due = msec_min(due, transaction_due(&b->probes[i].transaction));
	return due;
}

/* -- datagrams ----------------------------------------------------------- */

/* Our own request came back through the NAT, from wherever it says. */
static bool feed_hairpin(struct behaviour *b, msec now, const struct stun_msg *msg)
{
	struct binding_query *q = &b->probes[PROBE_HAIRPIN];

	if (q->transaction.state != TRANSACTION_WAITING || msg->class != STUN_REQUEST ||
	    memcmp(msg->id, q->transaction.id, STUN_ID_LEN) != 0)
		return false;
	q->rtt = transaction_answer(&q->transaction, now);
	q->result = BINDING_DONE;
	return true;
}

/* A server that answers from where it was asked does not do what was asked. */
static bool is_unmoved(const struct binding_query *q, const struct endpoint *from,
		       const struct stun_msg *msg)
{
	struct transaction plain = q->transaction;

	plain.from = plain.to;
	return transaction_matches(&plain, from, msg);
}

static bool feed_probe(struct binding_query *q, msec now, const struct endpoint *from,
		       const struct stun_msg *msg)
{
	if (transaction_matches(&q->transaction, from, msg)) {
		binding_query_answer(q, now, msg);
		return true;
	}
	if (!is_unmoved(q, from, msg))
		return false;
	q->rtt = transaction_answer(&q->transaction, now);
	q->result = BINDING_USELESS;
	return true;
}

static bool feed_probes(struct behaviour *b, msec now, const struct endpoint *from,
			struct bytes datagram)
{
	struct stun_msg msg;

	if (!stun_parse(&msg, datagram))
		return false;
	if (feed_hairpin(b, now, &msg))
		return true;
	for (size_t i = 0; i < PROBES; i++)
		if (i != PROBE_HAIRPIN && feed_probe(&b->probes[i], now, from, &msg))
			return true;
	return false;
}

bool behaviour_feed(struct behaviour *b, msec now, const struct endpoint *from,
		    struct bytes datagram)
{
	bool ours = binding_feed(&b->survey, now, from, datagram) ||
		    feed_probes(b, now, from, datagram);

	if (ours)
		advance(b, now);
	return ours;
}

bool behaviour_poll(struct behaviour *b, struct writer *w, struct endpoint *to)
{
	if (binding_poll(&b->survey, w, to))
		return true;
	for (size_t i = 0; i < PROBES; i++) {
		struct transaction *t = &b->probes[i].transaction;

		if (!transaction_poll(t))
			continue;
		stun_begin(w, STUN_BINDING, STUN_REQUEST, t->id);
		if (change_flags[i])
			stun_put_u32(w, ATTR_CHANGE_REQUEST, change_flags[i]);
		stun_pad(w, BINDING_REQUEST_LEN);
		*to = t->to;
		return true;
	}
	return false;
}

/* -- words --------------------------------------------------------------- */

const char *behaviour_word(const struct behaviour_report *r)
{
	switch (r->mapping) {
	case MAPPING_DIRECT:
		return "none";
	case MAPPING_INDEPENDENT:
		return "easy";
	case MAPPING_BY_ADDRESS:
	case MAPPING_BY_PORT:
	case MAPPING_DEPENDENT:
		return "hard";
	case MAPPING_UNKNOWN:
		break;
	}
	return r->asked && !r->answered ? "blocked" : "unknown";
}

const char *nat_mapping_word(enum nat_mapping mapping)
{
	static const char *const words[] = {
		[MAPPING_UNKNOWN] = "unknown",
		[MAPPING_DIRECT] = "direct",
		[MAPPING_INDEPENDENT] = "independent",
		[MAPPING_BY_ADDRESS] = "address",
		[MAPPING_BY_PORT] = "port",
		[MAPPING_DEPENDENT] = "dependent",
	};

	return words[mapping];
}

const char *nat_filtering_word(enum nat_filtering filtering)
{
	static const char *const words[] = {
		[FILTERING_UNKNOWN] = "unknown",
		[FILTERING_INDEPENDENT] = "independent",
		[FILTERING_BY_ADDRESS] = "address",
		[FILTERING_BY_PORT] = "port",
	};

	return words[filtering];
}

const char *nat_ports_word(enum nat_ports ports)
{
	static const char *const words[] = {
		[PORTS_UNKNOWN] = "unknown",
		[PORTS_PRESERVED] = "preserved",
		[PORTS_CHANGED] = "changed",
		[PORTS_SEQUENTIAL] = "sequential",
		[PORTS_RANDOM] = "random",
	};

	return words[ports];
}

const char *nat_hairpin_word(enum nat_hairpin hairpin)
{
	static const char *const words[] = {
		[HAIRPIN_UNKNOWN] = "unknown",
		[HAIRPIN_YES] = "yes",
		[HAIRPIN_NO] = "no",
	};

	return words[hairpin];
}
