/* stream_set.c -- many streams, watched by one epoll descriptor. */
#include "io/stream_set.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "io/slots.h"
#include "io/stream.h"

enum { EVENTS_PER_TURN = 16 };

static const char *const counter_names[STREAM_COUNTERS] = {
	[STREAM_QUEUE_FULL] = "stream_queue_full",
	[STREAM_WAIT_FULL] = "stream_wait_full",
	[STREAM_CUT_OFF] = "stream_cut_off",
	[STREAM_TOO_LONG] = "stream_too_long",
	[STREAM_NO_STREAM] = "stream_no_stream",
	[STREAM_TOO_SOON] = "stream_too_soon",
	[STREAM_TOO_MANY] = "stream_too_many",
	[STREAM_FAILED] = "stream_failed",
	[STREAM_BAD_FRAMES] = "stream_bad_frames",
	[STREAM_REFUSED_CALLS] = "stream_refused_calls",
	[STREAM_SILENT_CALLS] = "stream_silent_calls",
	[STREAM_EVICTED] = "stream_evicted",
	[STREAM_NO_MEMORY] = "stream_no_memory",
};

const char *stream_counter_name(enum stream_counter counter)
{
	return counter_names[counter];
}

/* -- beginning and end ----------------------------------------------------- */

static bool make_room(struct stream_set *set, size_t max)
{
	struct heap_node **nodes = calloc(max, sizeof(struct heap_node *));

	heap_init(&set->deadlines, nodes, max);
	set->in = malloc(STREAM_READ_LEN);
	set->frame = malloc(STREAM_FRAME_ROOM);
	set->slots = slots_new();
	return nodes && set->in && set->frame && set->slots;
}

int stream_set_init(struct stream_set *set, const struct stream_hooks *hooks, size_t max,
		    msec idle)
{
	int err = 0;

	*set = (struct stream_set){.hooks = *hooks, .idle = idle, .max = max};
	list_init(&set->proven);
	list_init(&set->unproven);
	list_init(&set->over);
	set->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (set->epoll < 0)
		err = -errno;
	if (!make_room(set, max) && !err)
		err = -ENOMEM;
	if (err)
		stream_set_deinit(set);
	return err;
}

static void drop_all(struct list *streams)
{
	list_for_each(struct stream, s, streams, link)
		stream_drop(s);
}

void stream_set_deinit(struct stream_set *set)
{
	drop_all(&set->proven);
	drop_all(&set->unproven);
	if (set->epoll >= 0)
		close(set->epoll);
	slots_free(set->slots);
	free(set->frame);
	free(set->in);
	free(set->deadlines.nodes);
}

/* -- watching -------------------------------------------------------------- */

int stream_set_watch(struct stream_set *set, struct stream_watch *watch, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = watch};

	if (watch->events == events)
		return 0;
	if (epoll_ctl(set->epoll, watch->events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, watch->fd, &event))
		return -errno;
	watch->events = events;
	return 0;
}

void stream_set_unwatch(struct stream_set *set, struct stream_watch *watch)
{
	if (watch->events)
		epoll_ctl(set->epoll, EPOLL_CTL_DEL, watch->fd, NULL);
	watch->events = 0;
}

int stream_set_fd(const struct stream_set *set)
{
	return set->epoll;
}

/* -- going on -------------------------------------------------------------- */

void stream_set_reap(struct stream_set *set)
{
	if (set->busy)
		return;
	list_for_each(struct stream, s, &set->over, link) {
		list_remove(&s->link);
		free(s);
	}
}

bool stream_set_evict(struct stream_set *set, msec now)
{
	struct stream *s = list_first(&set->unproven, struct stream, link);

	if (!s)
		return false;
	set->counters[STREAM_EVICTED]++;
	if (set->hooks.ended)
		set->hooks.ended(set->hooks.context, s, STREAM_ENDED, now);
	stream_drop(s);
	return true;
}

/* One whose time has come was over before, or is now. */
static void end(struct stream_set *set, struct stream *s, msec now)
{
	enum node_stream_end why = s->why;

	if (s->phase != PHASE_OVER) {
		why = s->phase == PHASE_OPEN ? STREAM_ENDED : STREAM_TIMED_OUT;
		if (s->called && !s->proven)
			set->counters[STREAM_SILENT_CALLS]++;
	}
	if (!s->called && !s->proven)
		set->counters[STREAM_FAILED]++;
	if (set->hooks.ended)
		set->hooks.ended(set->hooks.context, s, why, now);
	stream_drop(s);
}

static void end_due(struct stream_set *set, msec now)
{
	while (heap_due(&set->deadlines) <= now) {
		struct stream *s = container_of(heap_first(&set->deadlines), struct stream,
						deadline);

		if (stream_due(s) <= now)
			end(set, s, now);
		else		/* it was used meanwhile */
			heap_set(&set->deadlines, &s->deadline, stream_due(s));
	}
}

/* One at a time: what is done about one may end others that epoll would have told of, too. */
static void serve(struct stream_set *set, msec now)
{
	for (int i = 0; i < EVENTS_PER_TURN; i++) {
		struct epoll_event event;

		if (epoll_wait(set->epoll, &event, 1, 0) <= 0)
			return;
		((struct stream_watch *)event.data.ptr)->ready(event.data.ptr, now);
	}
}

void stream_set_ready(struct stream_set *set, msec now)
{
	set->busy = true;
	serve(set, now);
	end_due(set, now);
	set->busy = false;
	stream_set_reap(set);
}

void stream_set_tick(struct stream_set *set, msec now)
{
	set->busy = true;
	end_due(set, now);
	set->busy = false;
	stream_set_reap(set);
}

void stream_set_rest(struct stream_set *set)
{
	slots_release(set->slots);
}

msec stream_set_due(const struct stream_set *set)
{
	return heap_due(&set->deadlines);
}
