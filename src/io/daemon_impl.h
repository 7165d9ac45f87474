/* daemon_impl.h -- the inside of struct daemon, for the files that make one.
 *
 *   daemon.c    opens everything, changes it, closes it
 *   loop.c      what happens when something comes in, and what follows from that
 *   verbs.c     what the control socket and signals ask for
 *   ping.c      one of these verbs, which takes its time
 *   tokens.c    two more, offer and accept
 *   events.c    another, which does not end by itself
 */
#ifndef IO_DAEMON_IMPL_H
#define IO_DAEMON_IMPL_H

#include <uv.h>

#include "io/busy_poll.h"
#include "io/control.h"
#include "io/crew.h"
#include "io/daemon.h"
#include "io/front.h"
#include "io/lan.h"
#include "io/links.h"
#include "io/lock.h"
#include "io/marks.h"
#include "io/peersfile.h"
#include "io/portmap.h"
#include "io/profile.h"
#include "io/pump.h"
#include "io/resolve.h"
#include "node/ping.h"
#include "tun/netplan.h"

enum {
	DAEMON_SIGNALS = 3,
	DAEMON_CONNECT_AGAIN = 5000,	/* msec; while somebody waits */
	DAEMON_STOP_PATIENCE = 2000,	/* msec for a slow router to take a port back */
};

/* When the question of a ping left: the node counts in milliseconds, here it is finer. */
struct ping_clock {
	uint64_t id;			/* 0: free */
	uint64_t sent, answered;	/* ns of uv_hrtime(); 0: not yet */
};

struct daemon {
	struct profile *profile;
	struct daemon_hooks hooks;
	struct front front;
	uv_loop_t loop;		/* turned by front */
	uv_signal_t signals[DAEMON_SIGNALS];
	struct lock lock;
	struct marks marks;
	struct peersfile peersfile;
	struct rng rng;
	struct tun *tun;
	struct crew *crew;		/* NULL: one thread does all */
	struct node *node;
	struct udp *udp;
	struct tcp *tcp;		/* NULL: not wanted, or not to be had */
	struct dialer *dialer;
	struct pump pump;
	struct busy_poll net_answers;	/* to what came from the device */
	enum ip_family heard_by;	/* the last of them */
	struct busy_poll tun_answers;	/* the host's: there at once, or not waited for */
	struct resolver resolver;
	struct netplan_state *netplan;
	struct control *control;
	struct lan *lan;		/* NULL: not wanted, or not to be had */
	struct portmap *portmap;
	struct links_watch *links;
	struct links_sleep sleep;
	uint32_t own_ifindex;		/* of our device */
	uv_poll_t more_poll, tcp_poll, dialer_poll, timer_poll;
	uv_timer_t patience;
	int timer_fd;
	msec armed;		/* what the timer is set to; INT64_MIN: not started yet */
	msec connect_again;	/* while somebody waits */
	struct ping_clock pings[PINGS_MAX];
	msec started;
	uint64_t wall_started_ns;
	bool is_stopped;
	int exit;		/* of daemon_run() */
};

/* Start to listen; the handles are the loop's to close, and front is the daemon's. 0 or -errno. */
int daemon_watch(struct daemon *d);
void daemon_turn(struct daemon *d);
void daemon_catch_signals(struct daemon *d);

/* Do what the node owes, then set the timer to when it is due. After every input. */
void daemon_drain(struct daemon *d);
void daemon_drain_soon(struct daemon *d);
void daemon_stop(struct daemon *d, int code);

void daemon_resolved(void *context, const char *host, uint16_t port,
		     const struct endpoint *endpoints, size_t n);
void daemon_source_gone(void *context, const struct path *path);
void daemon_look_up(void *context, const char *host, uint16_t port);
void daemon_stream_received(void *context, struct datagram *datagrams, size_t n, msec now);
void daemon_stream_opened(void *context, const struct path *path, msec now);
void daemon_stream_closed(void *context, uint16_t via, enum node_stream_end why, msec now);
void daemon_lan_received(void *context, struct bytes datagram, const struct endpoint *from,
			 uint32_t ifindex);
void daemon_links_changed(void *context);
void daemon_mapped(void *context, enum portmap_proto proto, enum ip_family family,
		   const struct mapping *mapping);
void daemon_portmap_touched(void *context);

extern const char *const daemon_mark_names[NODE_MARKS];

/* A datagram is about to be sent; it may be the question of a ping. */
void daemon_ping_leaves(struct daemon *d);
/* The hooks of the control socket that are about pings. */
bool daemon_ping_begins(void *context, const struct ctl_request *request, uint64_t *id,
			json_t **reply);
bool daemon_ping_is_answered(void *context, uint64_t id);
json_t *daemon_ping_reply(void *context, uint64_t id);
void daemon_ping_ends(void *context, uint64_t id);

/* And the one that is about events. */
bool daemon_events(void *context, const struct ctl_request *request, uint64_t *next,
		   json_t **reply, bool *last);

/* The replies to offer and accept. */
json_t *daemon_offer(struct daemon *d, const struct ctl_request *request);
json_t *daemon_accept(struct daemon *d, const struct ctl_request *request);

/* The hooks of the control socket. */
struct control_hooks daemon_control_hooks(struct daemon *d);

#endif
