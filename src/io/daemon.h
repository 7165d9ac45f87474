/* daemon.h -- one net, running: the loop that gives the node its bytes and time.
 *
 *   TUN fd ---- tunio ---.                .--- udp, tcp, dialer ---- sockets (IPv4, IPv6)
 *   control socket ------+-- drain(node) -+--- resolve -- thread pool
 *   signals, one timer --'                '--- marks --- /var/lib/p2pnet/NET
 *
 * drain() runs after every input: it polls the node until nothing is owed, does
 * what it says, and sets the one timer to node_due().
 *
 * daemon_new() opens everything in order and undoes it in reverse when a step
 * fails: a failed start leaves no device, route, process, socket or file.
 */
#ifndef IO_DAEMON_H
#define IO_DAEMON_H

#include <stdint.h>

#include <jansson.h>

#include "io/proxy.h"
#include "node/node.h"
#include "portmap/mapper.h"

struct daemon;

/* Everything that a running net is made from. Borrowed for the call, except the hooks. */
struct daemon_settings {
	const char *net;
	const char *name;		/* of this node, for the report */
	const char *device;
	const char *config_path;	/* for the report */
	const char *socket_path;	/* the control socket; its directory is made if need be */
	const char *state_dir;		/* 0700, made if need be; holds `clock` */
	const char *version;
	uint32_t fwmark;		/* of our own datagrams; 0: drawn from the port */
	uint32_t table;			/* see netplan.h */
	unsigned mtu;
	const struct cidr *addresses;
	size_t addresses_len;
	bool portmap[MAPPER_METHODS];	/* may the router be asked for a port, and how */
	bool tcp;			/* may peers be spoken to by TCP, too */
	unsigned offloads;		/* enum offload: those that are tried */
	unsigned queues;		/* threads that seal and open, up to AEAD_LANES_MAX; 0 is 1 */
	const struct proxy *proxy;	/* for TLS; NULL: none */
	const char *program;		/* this one, to run as a helper; NULL: no UPnP */
	struct node_settings node;	/* its routes are the peers' allowed IPs */
};

/* What the daemon cannot do by itself, because it does not know the config file. */
struct daemon_hooks {
	void *context;
	/* Read the file again and call daemon_reconfigure(). NULL: fine; else the reply to give
	 * (ctl_error). Warnings are appended to the array. */
	json_t *(*reload)(struct daemon *daemon, void *context, json_t *warnings);
};

/* 0, or an EXIT_* code with one sentence in error: what is wrong and what to do. Signals
 * SIGTERM and SIGINT stop it, SIGHUP reloads. The net's lock is held until daemon_free();
 * a net that is up already is EXIT_FAILED with a sentence that says so (and its pid). */
int daemon_new(struct daemon **out, const struct daemon_settings *settings,
	       const struct daemon_hooks *hooks, char error[static 512]);

/* New peers, addresses and routes. 0, or an EXIT_* code and error; then the old ones stay. */
int daemon_reconfigure(struct daemon *daemon, const struct daemon_settings *settings,
		       char error[static 512]);

int daemon_run(struct daemon *daemon);	/* until a signal or `down`; 0, or EXIT_FAILED if the device was taken away */
void daemon_free(struct daemon *daemon);

#endif
