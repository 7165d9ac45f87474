/* schema.h -- which keys there are; only for the files of this folder. */
#ifndef CONFIG_SCHEMA_H
#define CONFIG_SCHEMA_H

#include "config/load.h"

struct key {
	const char *section;	/* "interface", "nat", "rendezvous", "peer"; NULL: anywhere */
	const char *name;	/* WireGuard's spelling differs in case and underscores only, */
	const char *alias;	/* or stands here */
	bool repeats;		/* a list: several lines add up */
	void (*set)(struct load *l, const char *value);
	const char *wg_quick;	/* set is NULL: what wg-quick would do, and we do not */
};

/* Which of the table: their places there index section.seen. */
enum {
	KEY_PRIVATE_KEY,
	KEY_PRIVATE_KEY_FILE,
	KEY_PUBLIC_KEY,
	KEY_PRESHARED_KEY,
	KEY_PRESHARED_KEY_FILE,
	KEY_RENDEZVOUS_URL,
	KEY_RENDEZVOUS_PUBLIC_KEY,
	KEY_RENDEZVOUS_PSK,
	KEY_RENDEZVOUS_PSK_FILE,
	KEY_TURN,
	KEY_TURN_USER,
	KEY_TURN_PASSWORD_FILE,
	KEY_TURN_SECRET_FILE,
	KEY_ENDPOINT,
	KEY_PATH,
};

/* NULL: there is none of that name. */
const struct key *schema_find(const char *section, const char *name);
size_t schema_place(const struct key *key);
/* The one that was likely meant, or NULL. */
const struct key *schema_nearest(const char *section, const char *name);
/* The other section that has such a key, or NULL. */
const char *schema_elsewhere(const char *section, const char *name);
/* "address, device, ..." */
char *schema_list(char *out, size_t cap, const char *section);

/* values.c, endpoint.c, offload.c, proxy.c, rendezvous.c, turn.c */
void set_include(struct load *l, const char *value);
void set_private_key(struct load *l, const char *value);
void set_private_key_file(struct load *l, const char *value);
void set_address(struct load *l, const char *value);
void set_name(struct load *l, const char *value);
void set_device(struct load *l, const char *value);
void set_listen_port(struct load *l, const char *value);
void set_mtu(struct load *l, const char *value);
void set_table(struct load *l, const char *value);
void set_fwmark(struct load *l, const char *value);
void set_log_level(struct load *l, const char *value);
void set_lan(struct load *l, const char *value);
void set_offload(struct load *l, const char *value);
void set_queues(struct load *l, const char *value);
void set_stun(struct load *l, const char *value);
void set_turn(struct load *l, const char *value);
void set_turn_user(struct load *l, const char *value);
void set_turn_password_file(struct load *l, const char *value);
void set_turn_secret_file(struct load *l, const char *value);
void set_turn_ca(struct load *l, const char *value);
void set_punch_rate(struct load *l, const char *value);
void set_relay(struct load *l, const char *value);
void set_relay_rate(struct load *l, const char *value);
void set_tcp(struct load *l, const char *value);
void set_proxy(struct load *l, const char *value);
void set_upnp(struct load *l, const char *value);
void set_pcp(struct load *l, const char *value);
void set_natpmp(struct load *l, const char *value);
void set_rendezvous_engine(struct load *l, const char *value);
void set_rendezvous_url(struct load *l, const char *value);
void set_rendezvous_ca_file(struct load *l, const char *value);
void set_rendezvous_public_key(struct load *l, const char *value);
void set_rendezvous_psk(struct load *l, const char *value);
void set_rendezvous_psk_file(struct load *l, const char *value);
void set_public_key(struct load *l, const char *value);
void set_preshared_key(struct load *l, const char *value);
void set_preshared_key_file(struct load *l, const char *value);
void set_ip(struct load *l, const char *value);
void set_allowed_ips(struct load *l, const char *value);
void set_endpoint(struct load *l, const char *value);
void set_keepalive(struct load *l, const char *value);
void set_path(struct load *l, const char *value);
void set_cipher(struct load *l, const char *value);
void set_peer_cipher(struct load *l, const char *value);

#endif
