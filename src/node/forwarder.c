/* forwarder.c -- whose turn it is to have a datagram passed on, when not all can be at once. */
#include "node/forwarder.h"

#include <stdlib.h>
#include <string.h>

enum {
	BYTES_PER_MSEC = 125,		/* of one Mbit/s */
	QUANTUM = FORWARDER_FRAME,	/* so that each sends one at least when its turn comes */
};

const char *forward_counter_name(enum forward_counter counter)
{
	static const char *const names[FORWARD_COUNTERS] = {
		[FORWARD_FRAMES] = "frames",
		[FORWARD_BYTES] = "bytes",
		[FORWARD_FULL] = "full",
		[FORWARD_TOO_LONG] = "too_long",
		[FORWARD_NOBODY] = "nobody",
		[FORWARD_TO_SOURCE] = "to_source",
		[FORWARD_UNREACHED] = "unreached",
	};

	return names[counter];
}

/* -- the rate ---------------------------------------------------------------- */

static struct pace pace_of(int64_t per_msec)
{
	int64_t burst = per_msec * FORWARDER_BURST;

	return (struct pace){per_msec, burst > FORWARDER_BURST_MIN ? burst : FORWARDER_BURST_MIN};
}

static struct allowance full_allowance(const struct pace *pace, msec now)
{
	return (struct allowance){pace->burst, now};
}

static void refill(struct allowance *a, const struct pace *pace, msec now)
{
	int64_t passed = now - a->counted;

	if (!pace->per_msec || passed <= 0)
		return;
	a->counted = now;
	if (passed > (pace->burst - a->left) / pace->per_msec)
		a->left = pace->burst;
	else
		a->left += passed * pace->per_msec;
}

static bool may_go(const struct allowance *a, const struct pace *pace)
{
	return !pace->per_msec || a->left > 0;
}

static msec may_go_at(const struct allowance *a, const struct pace *pace)
{
	return may_go(a, pace) ? 0 : a->counted - a->left / pace->per_msec + 1;
}

static void charge(struct forwarder *f, struct forwarder_source *s, size_t len)
{
	f->allowance.left -= f->pace.per_msec ? (int64_t)len : 0;
	s->allowance.left -= f->pace.per_msec ? (int64_t)len : 0;
}

/* -- life -------------------------------------------------------------------- */

static void reset(struct forwarder *f, struct forwarder_source *s, msec now)
{
	*s = (struct forwarder_source){.allowance = full_allowance(&f->pace_each, now)};
	list_init(&s->turn);
	list_init(&s->frames);
}

bool forwarder_init(struct forwarder *f, uint32_t sources, uint32_t rate, msec now)
{
	*f = (struct forwarder){
		.sources = calloc(sources, sizeof(*f->sources)),
		.sources_len = sources,
		.frames = calloc(FORWARDER_FRAMES, sizeof(*f->frames)),
	};
	list_init(&f->free);
	list_init(&f->turns);
	if (!f->sources || !f->frames) {
		forwarder_deinit(f);
		return false;
	}
	if (rate) {
		f->pace = pace_of((int64_t)rate * BYTES_PER_MSEC);
		f->pace_each = pace_of(f->pace.per_msec / FORWARDER_SHARE);
	}
	f->allowance = full_allowance(&f->pace, now);
	for (uint32_t i = 0; i < sources; i++)
		reset(f, &f->sources[i], now);
	return true;
}

void forwarder_deinit(struct forwarder *f)
{
	free(f->sources);
	free(f->frames);
	f->sources = NULL;
	f->frames = NULL;
}

/* -- those that wait ----------------------------------------------------------- */

static struct forwarder_frame *first_of(const struct forwarder_source *s)
{
	return list_first(&s->frames, struct forwarder_frame, link);
}

static void sit_down(struct forwarder *f, struct forwarder_source *s)
{
	s->deficit = 0;
	list_append(&f->turns, &s->turn);
	f->turns_len++;
}

static void stand_up(struct forwarder *f, struct forwarder_source *s)
{
	list_remove(&s->turn);
	f->turns_len--;
}

static void take_out(struct forwarder *f, struct forwarder_source *s, struct forwarder_frame *frame)
{
	s->frames_len--;
	s->bytes -= (uint32_t)frame->len;
	list_remove(&frame->link);
	list_append(&f->free, &frame->link);
	if (!s->frames_len)
		stand_up(f, s);
}

void forwarder_dropped(struct forwarder *f, uint32_t source, enum forward_counter why)
{
	f->counters[why]++;
	f->sources[source].dropped++;
}

static void drop_oldest(struct forwarder *f, struct forwarder_source *s)
{
	take_out(f, s, first_of(s));
	forwarder_dropped(f, (uint32_t)(s - f->sources), FORWARD_FULL);
}

/* There is one: all frames wait. */
static struct forwarder_source *longest(const struct forwarder *f)
{
	struct forwarder_source *most = list_first(&f->turns, struct forwarder_source, turn);

	list_for_each(struct forwarder_source, s, &f->turns, turn) {
		if (s->frames_len > most->frames_len)
			most = s;
	}
	return most;
}

static struct forwarder_frame *free_frame(struct forwarder *f)
{
	struct forwarder_frame *frame;

	if (f->never_used < FORWARDER_FRAMES)
		return &f->frames[f->never_used++];
	if (list_empty(&f->free))
		drop_oldest(f, longest(f));
	frame = list_first(&f->free, struct forwarder_frame, link);
	list_remove(&frame->link);
	return frame;
}

static enum forward_verdict let_wait(struct forwarder *f, struct forwarder_source *s,
				     const struct packet *p, uint8_t ecn)
{
	struct forwarder_frame *frame;

	if (p->len > FORWARDER_FRAME) {
		forwarder_dropped(f, (uint32_t)(s - f->sources), FORWARD_TOO_LONG);
		return FORWARD_DROPPED;
	}
	while (s->frames_len == FORWARDER_FRAMES_EACH || s->bytes + p->len > FORWARDER_BYTES_EACH)
		drop_oldest(f, s);
	frame = free_frame(f);
	frame->len = p->len;
	frame->ecn = ecn;
	memcpy(frame->room + HEADROOM, p->data, p->len);
	list_append(&s->frames, &frame->link);
	s->bytes += (uint32_t)p->len;
	if (s->frames_len++ == 0)
		sit_down(f, s);
	return FORWARD_LATER;
}

enum forward_verdict forwarder_offer(struct forwarder *f, uint32_t source,
				     const struct packet *frame, uint8_t ecn, msec now)
{
	struct forwarder_source *s = &f->sources[source];

	refill(&f->allowance, &f->pace, now);
	refill(&s->allowance, &f->pace_each, now);
	if (!list_empty(&f->turns) || !may_go(&f->allowance, &f->pace) ||
	    !may_go(&s->allowance, &f->pace_each))
		return let_wait(f, s, frame, ecn);
	charge(f, s, frame->len);
	return FORWARD_NOW;
}

/* -- taking turns --------------------------------------------------------------- */

/* Its turn ends when it has sent what it may. NULL: each has sent too much of late. */
static struct forwarder_source *whose_turn(struct forwarder *f, msec now)
{
	for (uint32_t i = 0; i < 2 * f->turns_len; i++) {
		struct forwarder_source *s = list_first(&f->turns, struct forwarder_source, turn);

		refill(&s->allowance, &f->pace_each, now);
		if (may_go(&s->allowance, &f->pace_each)) {
			if (s->deficit >= first_of(s)->len)
				return s;
			s->deficit += QUANTUM;
		}
		list_remove(&s->turn);
		list_append(&f->turns, &s->turn);
	}
	return NULL;
}

bool forwarder_poll(struct forwarder *f, uint32_t *source, struct datagram *out, msec now)
{
	struct forwarder_source *s;
	struct forwarder_frame *frame;

	refill(&f->allowance, &f->pace, now);
	if (list_empty(&f->turns) || !may_go(&f->allowance, &f->pace))
		return false;
	s = whose_turn(f, now);
	if (!s)
		return false;
	frame = first_of(s);
	s->deficit -= (uint32_t)frame->len;
	charge(f, s, frame->len);
	take_out(f, s, frame);
	*source = (uint32_t)(s - f->sources);
	*out = (struct datagram){
		.packet = packet_in(frame->room, sizeof(frame->room), HEADROOM, frame->len),
		.ecn = frame->ecn,
	};
	return true;
}

msec forwarder_due(const struct forwarder *f)
{
	msec in_all = may_go_at(&f->allowance, &f->pace), first = NEVER;

	list_for_each(struct forwarder_source, s, &f->turns, turn)
		first = msec_min(first, may_go_at(&s->allowance, &f->pace_each));
	return first > in_all ? first : in_all;
}

/* -- whom they are for ------------------------------------------------------------- */

bool forwarder_route(struct forwarder *f, const struct rendezvous_server *server, uint32_t source,
		     const uint8_t tag[static RELAY_TAG], uint32_t *to, msec now)
{
	bool found = rendezvous_server_find(server, tag, to, now);

	if (found && *to != source)
		return true;
	forwarder_dropped(f, source, found ? FORWARD_TO_SOURCE : FORWARD_NOBODY);
	return false;
}

/* -- what became of them ---------------------------------------------------------- */

void forwarder_forget(struct forwarder *f, uint32_t source, msec now)
{
	struct forwarder_source *s = &f->sources[source];

	while (s->frames_len)
		take_out(f, s, first_of(s));
	reset(f, s, now);
}

static void count_passed(struct forwarder *f, const struct forward *forward, msec now)
{
	struct forwarder_source *s = &f->sources[forward->source];

	f->counters[FORWARD_FRAMES]++;
	f->counters[FORWARD_BYTES] += forward->frame.len;
	s->passed++;
	s->passed_bytes += forward->frame.len;
	s->passed_at = now;
	s->passed_to = forward->to;
}

/* -- those that pass at once ------------------------------------------------------ */

void forwards_add(struct forwards *all, const struct datagram *frame, uint32_t source, uint32_t to)
{
	all->list[all->len++] = (struct forward){frame->packet, frame->ecn, source, to};
}

size_t forwards_take(struct forwards *all, struct forward out[static BURST_MAX])
{
	uint32_t to = all->list[0].to;
	size_t n = 0, kept = 0;

	for (size_t i = 0; i < all->len; i++) {
		if (all->list[i].to == to)
			out[n++] = all->list[i];
		else
			all->list[kept++] = all->list[i];
	}
	all->len = kept;
	return n;
}

size_t forwarder_seal(struct forwarder *f, const struct forward *forwards, size_t n,
		      struct session *session, const struct path *path, struct datagram *out,
		      msec now)
{
	struct packet packets[BURST_MAX];
	size_t sealed;

	for (size_t i = 0; i < n; i++)
		packets[i] = forwards[i].frame;
	sealed = session_seal(session, packets, n, SESSION_UNPADDED, now);
	for (size_t i = 0; i < sealed; i++) {
		out[i] = (struct datagram){
			.packet = packets[i], .path = *path, .ecn = forwards[i].ecn};
		count_passed(f, &forwards[i], now);
	}
	for (size_t i = sealed; i < n; i++)
		forwarder_dropped(f, forwards[i].source, FORWARD_UNREACHED);
	return sealed;
}
