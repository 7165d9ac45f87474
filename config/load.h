/* load.h -- a config while it is being read; only for the files of this folder.
 *
 *   lines.c               hands over line after line
 *   config.c              sees the [sections], and inih the keys
 *   schema.c              knows which keys there are
 *   values.c, endpoint.c, offload.c, proxy.c, rendezvous.c, turn.c
 *                         read what stands behind the =
 *   check.c               compares what only the whole shows: what is given twice
 */
#ifndef CONFIG_LOAD_H
#define CONFIG_LOAD_H

#include "config/config.h"
#include "config/lines.h"
#include "config/report.h"

enum { SCHEMA_MAX = 64 };	/* keys in the table */

enum section_kind {
	SECTION_NONE,
	SECTION_INTERFACE,
	SECTION_NAT,
	SECTION_RENDEZVOUS,
	SECTION_PEER,
	SECTION_UNKNOWN,
};

struct section {
	enum section_kind kind;
	struct config_where where;	/* of its [line] */
	size_t place;			/* SECTION_PEER, SECTION_RENDEZVOUS: which */
	unsigned seen[SCHEMA_MAX];	/* the line of each key, by place in the table; 0: none */
};

/* That a prefix is somebody's; in the end each prefix is one's only. */
struct claim {
	struct cidr prefix;
	size_t owner;			/* a peer, or OWNER_SELF */
	enum claim_rank { CLAIM_ULA, CLAIM_IP, CLAIM_ALLOWED } rank;
	struct config_where where;
};

#define OWNER_SELF SIZE_MAX

struct load {
	struct config *config;
	struct config_report *report;
	struct lines lines;
	struct section sections[LINES_DEPTH];	/* the one that each open file is in */
	struct config_where interface;		/* of the first [interface]; file NULL: none yet */
	struct config_where nat;		/* of the first [nat] */
	bool has_private_key;			/* and it is good */
	bool handed_over;			/* inih has a line and gave no key back yet */
	bool cut;				/* of which it got the beginning only */
	bool told_mode[LINES_DEPTH];		/* that all may read this file, once */
	struct claim *claims;
	size_t claims_len;
};

struct section *load_section(struct load *l);
struct config_where load_where(struct load *l);		/* the current line */
struct config_peer *load_peer(struct load *l);		/* the current section's */
struct config_rendezvous *load_rendezvous(struct load *l);

#define load_error(l, ...) report_add((l)->report, CONFIG_ERROR, load_where(l), __VA_ARGS__)
#define load_warning(l, ...) report_add((l)->report, CONFIG_WARNING, load_where(l), __VA_ARGS__)

void load_claim(struct load *l, struct claim claim);

/* Everything, even of a file with errors; config_load() throws that away. NULL: no memory. */
struct config *config_read(const char *path, const struct lines_swap *swap,
			   struct config_report *report);

/* check.c: once all files are read. Also gives each peer its allowed_ips. */
void check_peers(struct load *l);
void check_rendezvous(struct load *l);
void check_prefixes(struct load *l);

/* turn.c: at the end of [nat]. */
void check_turn(struct load *l, const struct section *s);

/* Keys; each complains of a bad one. */
bool load_key(struct load *l, uint8_t key[static KEY_LEN], const char *what, const char *text,
	      const char *remedy);
void load_public_key(struct load *l, uint8_t out[static KEY_LEN], const char *value,
		     const char *remedy, const char *remedy_low);
bool load_keyfile(struct load *l, uint8_t key[static KEY_LEN], const char *value);
bool load_psk(struct load *l, uint8_t psk[static KEY_LEN], const char *value, const char *remedy);
/* Complains, once for a file, if everybody may read it; `instead`: ", or ...". */
void load_inline_secret(struct load *l, const char *what, const char *instead);

/* Decimal, or hexadecimal after 0x if `hex`; the whole text, and at most max. */
bool number_parse(unsigned *out, const char *text, unsigned max, bool hex);
/* Calls `take` for each of "a, b, c". */
void for_each_item(struct load *l, const char *list, void (*take)(struct load *, const char *));
/* "nas", "[peer nas]": letters, digits, - _ . and at most 63 of them. */
bool name_is_valid(const char *name);
bool device_name_is_valid(const char *name);

#endif
