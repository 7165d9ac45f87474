/* peers.h -- the peers of a status report, as the commands that print it want them. */
#ifndef CLI_PEERS_H
#define CLI_PEERS_H

#include <stdbool.h>

#include <jansson.h>

/* Is it this peer's name, public key or one of its addresses? */
bool peer_is_called(const json_t *peer, const char *what);

/* The first IPv4 address of its "ips", else the first of all; "-" if it has none. */
enum { PEER_IP_TEXT = 64 };
char *peer_main_ip(char out[static PEER_IP_TEXT], const json_t *peer);

/* "a, b" of an array of strings; malloc'ed, NULL: no memory. */
char *peers_join(const json_t *array, const char *between);

/* When the last handshake was, seconds since 1970; 0: never. */
int64_t peer_last_handshake(const json_t *peer);

#endif
