/* message.h -- a STUN message: read from a datagram, written into a buffer.
 *
 *    0                   1                   2                   3
 *    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *   +---+---------------------------+-------------------------------+
 *   |0 0|     class and method      |  bytes after these 20         |
 *   +---+---------------------------+-------------------------------+
 *   |                  magic cookie 0x2112a442                      |
 *   +---------------------------------------------------------------+
 *   |                  transaction id, 12 bytes                     |
 *   +-------------------------------+-------------------------------+
 *   |     attribute type            |  bytes of value               |
 *   +-------------------------------+-------------------------------+
 *   |     value, then 0 to 3 bytes that make it a multiple of 4     |
 *   +---------------------------------------------------------------+
 *
 * RFC 8489 sections 5 and 14. Reading: stun_parse(), then look attributes up;
 * everything found is a view into the datagram. Where something authenticates
 * the message, ask integrity.h before any attribute is believed. Writing:
 * stun_begin(), stun_put...(), then what integrity.h adds, then stun_finish().
 */
#ifndef STUN_MESSAGE_H
#define STUN_MESSAGE_H

#include "base/addr.h"
#include "base/bytes.h"

#define STUN_COOKIE UINT32_C(0x2112A442)

enum {
	STUN_HEADER_LEN = 20,
	STUN_ID_LEN = 12,
	STUN_ATTRS_MAX = 48,		/* in one message; more and it is refused */
	STUN_UNKNOWN_MAX = 8,		/* of them reported in one 420 */
};

enum stun_class { STUN_REQUEST, STUN_INDICATION, STUN_SUCCESS, STUN_ERROR };

enum stun_method {			/* RFC 8489, then RFC 8656 */
	STUN_BINDING = 0x001,
	STUN_ALLOCATE = 0x003,
	STUN_REFRESH = 0x004,
	STUN_SEND = 0x006,
	STUN_DATA = 0x007,
	STUN_CREATE_PERMISSION = 0x008,
	STUN_CHANNEL_BIND = 0x009,
};

/* Below 0x8000 the receiver must understand it or refuse the message. */
enum stun_attr_type {
	/* RFC 8489 */
	ATTR_MAPPED_ADDRESS = 0x0001,
	ATTR_USERNAME = 0x0006,
	ATTR_MESSAGE_INTEGRITY = 0x0008,
	ATTR_ERROR_CODE = 0x0009,
	ATTR_UNKNOWN_ATTRIBUTES = 0x000a,
	ATTR_REALM = 0x0014,
	ATTR_NONCE = 0x0015,
	ATTR_MESSAGE_INTEGRITY_SHA256 = 0x001c,
	ATTR_PASSWORD_ALGORITHM = 0x001d,
	ATTR_USERHASH = 0x001e,
	ATTR_XOR_MAPPED_ADDRESS = 0x0020,
	ATTR_PASSWORD_ALGORITHMS = 0x8002,
	ATTR_ALTERNATE_DOMAIN = 0x8003,
	ATTR_SOFTWARE = 0x8022,
	ATTR_ALTERNATE_SERVER = 0x8023,
	ATTR_FINGERPRINT = 0x8028,
	/* RFC 3489, which this replaces; old servers still send them */
	ATTR_SOURCE_ADDRESS = 0x0004,
	ATTR_CHANGED_ADDRESS = 0x0005,
	/* RFC 8445, ICE */
	ATTR_PRIORITY = 0x0024,
	ATTR_USE_CANDIDATE = 0x0025,
	ATTR_ICE_CONTROLLED = 0x8029,
	ATTR_ICE_CONTROLLING = 0x802a,
	/* RFC 5780, NAT behaviour discovery */
	ATTR_CHANGE_REQUEST = 0x0003,
	ATTR_PADDING = 0x0026,
	ATTR_RESPONSE_PORT = 0x0027,
	ATTR_CACHE_TIMEOUT = 0x8027,
	ATTR_RESPONSE_ORIGIN = 0x802b,
	ATTR_OTHER_ADDRESS = 0x802c,
	/* RFC 8656, TURN */
	ATTR_CHANNEL_NUMBER = 0x000c,
	ATTR_LIFETIME = 0x000d,
	ATTR_XOR_PEER_ADDRESS = 0x0012,
	ATTR_DATA = 0x0013,
	ATTR_XOR_RELAYED_ADDRESS = 0x0016,
	ATTR_REQUESTED_ADDRESS_FAMILY = 0x0017,
	ATTR_EVEN_PORT = 0x0018,
	ATTR_REQUESTED_TRANSPORT = 0x0019,
	ATTR_DONT_FRAGMENT = 0x001a,
	ATTR_RESERVATION_TOKEN = 0x0022,
	ATTR_ADDITIONAL_ADDRESS_FAMILY = 0x8000,
	ATTR_ADDRESS_ERROR_CODE = 0x8001,
	ATTR_ICMP = 0x8004,
};

/* What CHANGE-REQUEST asks for: RFC 5780 section 7.2. */
enum { STUN_CHANGE_IP = 0x4, STUN_CHANGE_PORT = 0x2 };

/* What ERROR-CODE says: RFC 8489 section 14.8, RFC 8445 section 16.2, RFC 8656
 * section 19. */
enum stun_error_code {
	STUN_TRY_ALTERNATE = 300,
	STUN_BAD_REQUEST = 400,
	STUN_UNAUTHENTICATED = 401,
	STUN_FORBIDDEN = 403,
	STUN_UNKNOWN_ATTRIBUTE = 420,
	STUN_ALLOCATION_MISMATCH = 437,
	STUN_STALE_NONCE = 438,
	STUN_FAMILY_NOT_SUPPORTED = 440,
	STUN_WRONG_CREDENTIALS = 441,
	STUN_TRANSPORT_NOT_SUPPORTED = 442,
	STUN_PEER_FAMILY_MISMATCH = 443,
	STUN_ALLOCATION_QUOTA = 486,
	STUN_ROLE_CONFLICT = 487,
	STUN_SERVER_ERROR = 500,
	STUN_NO_CAPACITY = 508,
};

/* -- reading ------------------------------------------------------------- */

struct stun_attr {
	uint16_t type;
	uint32_t at;			/* where its header begins in the datagram */
	struct bytes value;		/* without the padding */
};

struct stun_msg {
	struct bytes datagram;		/* all of it; borrowed, like every value */
	enum stun_class class;
	uint16_t method;		/* enum stun_method, or one that we do not know */
	uint8_t id[STUN_ID_LEN];
	unsigned count;
	struct stun_attr attrs[STUN_ATTRS_MAX];	/* in the order of the message */
};

/* False: not a STUN message with the cookie, or malformed: drop it in silence.
 * What stands behind an integrity attribute, and may not, is left out (RFC 8489
 * sections 14.5 and 14.6); what stands behind FINGERPRINT makes it malformed. */
bool stun_parse(struct stun_msg *msg, struct bytes datagram);

/* The first of this type counts (RFC 8489 section 14); NULL: there is none. */
const struct stun_attr *stun_find(const struct stun_msg *msg, uint16_t type);

/* False: it is missing or has the wrong size; `out` is then as it was. */
bool stun_get_u32(const struct stun_msg *msg, uint16_t type, uint32_t *out);
bool stun_get_u64(const struct stun_msg *msg, uint16_t type, uint64_t *out);
bool stun_get_bytes(const struct stun_msg *msg, uint16_t type, struct bytes *out);
bool stun_get_address(const struct stun_msg *msg, uint16_t type, struct endpoint *out);
bool stun_get_xor_address(const struct stun_msg *msg, uint16_t type, struct endpoint *out);
bool stun_read_xor_address(const struct stun_msg *msg, const struct stun_attr *attr,
			   struct endpoint *out);
/* 300..699; the phrase that comes with it is left alone. */
bool stun_get_error(const struct stun_msg *msg, unsigned *code);

/* The types below 0x8000 that are not in `understood`, each once, at most
 * STUN_UNKNOWN_MAX of them; returns how many. Any at all: answer a request with
 * 420, fail a transaction, drop an indication (RFC 8489 section 6.3). */
size_t stun_unknown(const struct stun_msg *msg, const uint16_t *understood, size_t n,
		    uint16_t out[static STUN_UNKNOWN_MAX]);

/* A success or error response to that request? The caller also compares the
 * source of the datagram with where the request went (RFC 8489 section 6.3.3). */
bool stun_is_response_to(const struct stun_msg *msg, uint16_t method,
			 const uint8_t id[static STUN_ID_LEN]);

/* -- writing ------------------------------------------------------------- */

/* The message starts where the writer does, which must be empty. The length in
 * the header is right after each of these, unless the writer turns bad. */
void stun_begin(struct writer *w, uint16_t method, enum stun_class class,
		const uint8_t id[static STUN_ID_LEN]);
void stun_put(struct writer *w, uint16_t type, struct bytes value);	/* and its padding */
void stun_put_u32(struct writer *w, uint16_t type, uint32_t v);
void stun_put_u64(struct writer *w, uint16_t type, uint64_t v);
void stun_put_address(struct writer *w, uint16_t type, const struct endpoint *e);
void stun_put_xor_address(struct writer *w, uint16_t type, const struct endpoint *e);
void stun_put_error(struct writer *w, unsigned code);	/* without a phrase, which costs bytes */
void stun_put_unknown(struct writer *w, const uint16_t *types, size_t n);
/* At least `len` bytes (a multiple of 4, at most 512) in the end: a SOFTWARE
 * attribute, which every receiver may ignore, fills the message up. */
void stun_pad(struct writer *w, size_t len);
/* The message, or nothing (len 0) if it did not fit into the buffer. */
struct bytes stun_finish(const struct writer *w);

#endif
