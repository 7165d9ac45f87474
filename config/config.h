/* config.h -- /etc/p2pnet/<net>.conf, read whole and checked whole.
 *
 *   [interface]               one
 *   [nat]                     one, or none
 *   [rendezvous NAME]         as many as there are, at most 8; the name is optional
 *   [peer NAME]               as many as there are; the name is optional
 *   include = FILES           anywhere; a glob; relative to the file that says it
 *
 * Keys are lower_snake and case does not matter; WireGuard's spellings are
 * taken as well, so an unchanged wg-quick file loads (what is only wg-quick's
 * own -- DNS, the hooks, SaveConfig -- is named in a warning and ignored).
 * All problems of a file are reported at once, each with file:line and what to
 * do about it.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <net/if.h>
#include <stdio.h>

#include "base/addr.h"
#include "base/log.h"
#include "crypto/key.h"

enum {
	CONFIG_NAME_MAX = 64,		/* of a peer or node, with NUL: letters, digits, - _ . */
	CONFIG_HOST_MAX = 256,
	CONFIG_ENDPOINT_TEXT = CONFIG_HOST_MAX + 16,
	CONFIG_LOGIN_MAX = 256,		/* user:password, with its NUL */
	CONFIG_STUN_MAX = 8,		/* servers */
	CONFIG_RENDEZVOUS_MAX = 8,
	CONFIG_PUNCH_RATE = 200,	/* unless it says another, which may be */
	CONFIG_PUNCH_RATE_MAX = 2000,
	CONFIG_RELAY_RATE = 100,	/* Mbit/s, unless it says another */
	CONFIG_RELAY_RATE_MAX = 100000,
	CONFIG_STUN_PORT = 3478,	/* RFC 8489 section 18.6, unless they say another */
	CONFIG_TLS_PORT = 443,		/* of a rendezvous over TLS: what looks like HTTPS gets out */
	CONFIG_URL_TEXT = CONFIG_ENDPOINT_TEXT + 8,
	CONFIG_OFFLOAD_TEXT = 40,
	CONFIG_QUEUES_MAX = 4,		/* threads that encrypt */
	CONFIG_TURN_MAX = 4,		/* servers */
	CONFIG_TURNS_PORT = 5349,	/* likewise, for TURN over TLS */
	CONFIG_TURN_TEXT = CONFIG_ENDPOINT_TEXT + 32,
	CONFIG_SECRET_MAX = 509,	/* of a TURN user or password, with NUL (RFC 8489 section 14.3) */
	CONFIG_MTU_DEFAULT = 1400,
	CONFIG_MTU_MIN = 576,		/* 1280 if the net has IPv6 addresses, which it has */
	CONFIG_MTU_MAX = 65456,
	CONFIG_KEEPALIVE_DEFAULT = 25,	/* seconds, for "keepalive = yes" */
};

enum config_table { TABLE_AUTO, TABLE_OFF, TABLE_NUMBER };

struct config_where {
	const char *file;
	unsigned line;
};

struct config_server {
	char host[CONFIG_HOST_MAX];	/* a name, or an address without brackets */
	uint16_t port;
};

struct config_proxy {
	char host[CONFIG_HOST_MAX];	/* "": none */
	uint16_t port;
	char login[CONFIG_LOGIN_MAX];	/* user:password; "": none */
};

/* turn:HOST, turns:HOST; by what it may be asked. */
struct config_turn {
	char host[CONFIG_HOST_MAX];
	uint16_t port;
	bool udp, tcp;
	bool tls;			/* and nothing else */
};

enum config_cipher {
	CONFIG_CIPHER_UNSET,		/* of a peer: as [interface] has it; nowhere once it is loaded */
	CONFIG_CIPHER_AUTO,
	CONFIG_CIPHER_CHACHA20,
	CONFIG_CIPHER_AES256GCM,
};

enum config_path { CONFIG_PATH_AUTO, CONFIG_PATH_DIRECT_ONLY, CONFIG_PATH_RELAY_ONLY };

struct config_peer {
	char name[CONFIG_NAME_MAX];	/* the label, or the first 8 characters of the key */
	bool has_label;
	uint8_t public_key[KEY_LEN];
	uint8_t psk[KEY_LEN];
	bool has_psk;
	struct ip ula;			/* derived from the key */
	struct ip *ips;			/* ip = */
	size_t ips_len;
	struct cidr *allowed_ips;	/* everything that is this peer's: ULA/128, ips, allowed_ips; masked, no duplicates */
	size_t allowed_ips_len;
	char endpoint_host[CONFIG_HOST_MAX];	/* "": none. A name, or an address without brackets */
	uint16_t endpoint_port;
	unsigned keepalive;		/* seconds; 0: off */
	enum config_path path;
	enum config_cipher cipher;
	struct config_where where;	/* of its [peer] line */
};

struct config_rendezvous {
	char name[CONFIG_NAME_MAX];	/* the label, or the beginning of the host */
	bool has_label;
	char host[CONFIG_HOST_MAX];
	uint16_t port;
	bool tls;			/* tls://, else udp:// */
	char *ca_file;			/* the CAs that are trusted with its certificate; NULL: the system's */
	uint8_t public_key[KEY_LEN];
	uint8_t psk[KEY_LEN];
	bool has_psk;
	struct config_where where;	/* of its [rendezvous] line */
};

struct config {
	char *path;
	char net[IFNAMSIZ];		/* file name without .conf */
	uint8_t private_key[KEY_LEN];
	uint8_t public_key[KEY_LEN];
	char name[CONFIG_NAME_MAX];	/* default: the host's name */
	char device[IFNAMSIZ];		/* default: the net's name */
	struct ip ula;
	struct cidr *addresses;		/* address =, host bits kept; then the ULA/128 */
	size_t addresses_len;
	uint16_t listen_port;		/* as given, or derived from the key */
	unsigned mtu;
	enum config_table table;
	uint32_t table_number;
	uint32_t fwmark;		/* 0: p2pnet chooses */
	enum log_level log_level;
	enum config_cipher cipher;	/* of peers that have none of their own */
	bool lan;			/* look for peers by multicast on the own networks */
	unsigned offload;		/* enum offload: those that are tried */
	unsigned queues;		/* threads that encrypt, 1..CONFIG_QUEUES_MAX */
	struct config_server stun[CONFIG_STUN_MAX];	/* [nat] */
	size_t stun_len;
	unsigned punch_rate;		/* datagrams per second; 0: no ports are guessed */
	struct config_turn turn[CONFIG_TURN_MAX];
	size_t turn_len;
	char turn_user[CONFIG_SECRET_MAX];
	char turn_password[CONFIG_SECRET_MAX];	/* or the secret that passwords are made of */
	bool turn_is_secret;
	char *turn_ca;			/* a file; NULL: those of the system */
	bool pcp, natpmp, upnp;		/* may the router be asked for a port, and how */
	bool relay;			/* pass datagrams on between our peers */
	unsigned relay_rate;		/* Mbit/s; 0: no limit */
	bool tcp;			/* may peers be spoken to by TCP where UDP fails */
	struct config_proxy proxy;
	struct config_rendezvous *rendezvous;
	size_t rendezvous_len;
	struct config_peer *peers;
	size_t peers_len;
	char **files;			/* the file and those it includes; each `where` points to one */
	size_t files_len;
};

enum config_severity { CONFIG_WARNING, CONFIG_ERROR };

struct config_problem {
	enum config_severity severity;
	char *file;
	unsigned line;			/* 0: the file as a whole */
	char *text;			/* what is wrong and what to do about it */
};

struct config_report {
	struct config_problem *problems;	/* sorted as they were met */
	size_t len;
	size_t errors;
};

/* NULL if there were errors (or no such file: a problem as well). The report is
 * always filled; free it with config_report_free(). Frees wipe secrets. */
struct config *config_load(const char *path, struct config_report *report);
/* The same, but what could be read in spite of errors; for who wants to know a part of it, and
 * starts nothing from it. NULL: no memory. */
struct config *config_load_anyway(const char *path, struct config_report *report);
void config_free(struct config *config);
void config_report_free(struct config_report *report);
void config_report_print(FILE *out, const struct config_report *report);	/* home.conf:12: error: ... */

/* The whole, as it is in force, in the syntax of the file; secrets are masked. */
void config_print_effective(FILE *out, const struct config *config);

/* host:port, 192.0.2.1:port or [2001:db8::1]:port; the host loses its brackets. NULL, or what is
 * wrong with it: "has no port". */
const char *config_read_endpoint(char host[static CONFIG_HOST_MAX], uint16_t *port,
				 const char *value);
/* The same, but :port may be left out. */
const char *config_read_server(char host[static CONFIG_HOST_MAX], uint16_t *port,
			       const char *value, uint16_t port_default);
const char *config_read_stun(struct config_server *out, const char *value);
/* turn:HOST[:PORT][?transport=udp|tcp] or turns:HOST[:PORT]. */
const char *config_read_turn(struct config_turn *out, const char *url);
char *config_write_turn(char out[static CONFIG_TURN_TEXT], const struct config_turn *turn);
/* auto, off, or "tun-gso udp-gro" */
char *config_write_offload(char out[static CONFIG_OFFLOAD_TEXT], unsigned offloads);
const char *config_path_name(enum config_path path);	/* "relay-only" */
const char *config_cipher_name(enum config_cipher cipher);	/* "aes256gcm" */
/* And back: with brackets where it needs them. "" for no host. */
char *config_write_endpoint(char out[static CONFIG_ENDPOINT_TEXT], const char *host, uint16_t port);
/* udp://HOST:PORT or tls://HOST:PORT */
char *config_write_url(char out[static CONFIG_URL_TEXT], const struct config_rendezvous *rendezvous);

/* Find by name, by public key, or by one of its addresses; NULL. */
const struct config_peer *config_find_peer(const struct config *config, const char *what);

#endif
