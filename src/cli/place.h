/* place.h -- where a net lives: its name, file, socket and state directory.
 *
 *	net      argument or -n, else the name of the file of -c, else P2PNET_NET,
 *	         else the name of the file P2PNET_CONFIG, else p2p0
 *	config   -c, P2PNET_CONFIG, /etc/p2pnet/NET.conf
 *	socket   -s, P2PNET_SOCKET, RUNTIME_DIRECTORY/NET.sock, /run/p2pnet/NET.sock
 *	state    STATE_DIRECTORY/NET, /var/lib/p2pnet/NET
 *
 * systemd sets the two directories (RuntimeDirectory=, StateDirectory=).
 */
#ifndef CLI_PLACE_H
#define CLI_PLACE_H

#include <net/if.h>

#include "cli/options.h"

enum { PLACE_PATH = 4096 };

struct place {
	char net[IFNAMSIZ];
	char config[PLACE_PATH];
	char socket[PLACE_PATH];
	char state[PLACE_PATH];
};

/* `net` is the command's argument, or NULL. 0, or EXIT_USAGE and the sentence is printed. */
int place_find(struct place *out, const struct options *options, const char *net);

/* For who will be elsewhere: paths from here become paths from the root. Links stay links, as the
 * net has the name of the file that was given. Returns as place_find(). */
int place_make_absolute(struct place *place);

/* The name of a net is that of a file and of an interface. */
bool net_name_ok(const char *name, size_t len);

/* Where all the sockets are. */
void place_runtime_dir(char out[static PLACE_PATH]);

#endif
