/* station.h -- one UDP port, a timer and names, in a loop of their own.
 *
 *   sockets --> received() --.
 *   names ----> resolved() --+--> drain(): what follows from it --> station_wake()
 *   timer -------------------'
 *
 * For commands that talk to the outside without a daemon: no TUN, no node, no rights.
 */
#ifndef IO_STATION_H
#define IO_STATION_H

#include "base/bytes.h"
#include "base/msec.h"
#include "io/resolve.h"
#include "io/udp.h"

enum { STATION_BURST = 4 };

struct station_hooks {
	void *context;
	void (*received)(void *context, const struct path *path, struct bytes datagram, msec now);
	/* The nth server of station_look_up(); n = 0: nobody knows its name. */
	void (*resolved)(void *context, size_t nth, const struct endpoint *endpoints, size_t n);
	void (*drain)(void *context, msec now);		/* after each of these, and of the timer */
};

struct station_server {
	const char *host;		/* a name or an address */
	uint16_t port;
};

struct station {
	struct station_hooks hooks;
	uv_loop_t loop;
	struct resolver resolver;
	const struct station_server *servers;
	size_t servers_len;
	struct udp *udp;
	int timer_fd;
	uv_poll_t udp4_poll, udp6_poll, timer_poll;
	bool source_gone;		/* what was sent last did not leave from where it should */
	bool stopped;
	int code;
};

/* On a port that is free. 0 or -errno with a sentence in error; then there is nothing to close. */
int station_open(struct station *s, const struct station_hooks *hooks, char error[static 512]);
void station_close(struct station *s);

/* Asks for the addresses of all; resolved() comes once for each. Borrowed until the end. */
void station_look_up(struct station *s, const struct station_server *servers, size_t n);

/* From that address of ours; family IP_NONE: the kernel's choice. False: there is no way from
 * there to there. */
bool station_send(struct station *s, const struct ip *local, const struct endpoint *to,
		  struct bytes bytes);

void station_wake(struct station *s, msec due);		/* the timer; NEVER: not at all */

/* Watch another descriptor; poll->data is the station's owner's to set. 0 or -errno. */
int station_watch(struct station *s, uv_poll_t *poll, int fd, uv_poll_cb callback);
void station_drain(struct station *s);			/* after an input of one's own */

/* Until station_stop(). Returns the code that it said. */
int station_run(struct station *s);
void station_stop(struct station *s, int code);

#endif
