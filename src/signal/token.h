/* token.h -- a DESC as one line of text, to be pasted into any chat or mail.
 *
 *   p2pnet1-mfrggzdfmztwq2lk...     base32 (RFC 4648, no padding) of
 *
 *   | length, be16 | envelope | first 4 bytes of BLAKE2s("p2pnet token" | envelope) |
 *                       |
 *                       '-- sealed: | SEAL_TOKEN | expires, u64 ms | id, 8 random bytes | DESC |
 *
 * Base32, because chats turn _ and * into italics, and upper case is as good as
 * lower: a QR code of capitals is smaller. White space anywhere is ignored: mail
 * wraps lines. The checksum finds slips of the hand; forgery fails at the seal.
 *
 * Reading goes in steps, so that the caller may say what is wrong:
 *
 *   token_read()     text to envelope
 *   token_sender()   whose is it? then look the peer up: TOKEN_UNKNOWN_SENDER is the caller's
 *   token_open()     authentic, fresh, not used before
 */
#ifndef SIGNAL_TOKEN_H
#define SIGNAL_TOKEN_H

#include "signal/desc.h"

enum {
	TOKEN_ID_LEN = 8,
	TOKEN_LIFE = 3600 * 1000,	/* msec, unless the user wants another */
	TOKEN_BYTES_MAX = 2 + ENVELOPE_MAX + 4,
	TOKEN_TEXT = 8 + (TOKEN_BYTES_MAX * 8 + 4) / 5 + 1,	/* with the final NUL */
	TOKEN_MEMORY = 32,
};

enum token_verdict {
	TOKEN_OK,
	TOKEN_NOT_ONE,		/* does not begin with p2pnet1- */
	TOKEN_OTHER_VERSION,	/* begins with p2pnet and another number */
	TOKEN_BAD_CHARACTER,	/* none of base32 */
	TOKEN_TRUNCATED,	/* its end is missing */
	TOKEN_TRAILING,		/* something follows it */
	TOKEN_BAD_CHECKSUM,	/* a character is wrong */
	TOKEN_NOT_FOR_ME,	/* sealed to another key */
	TOKEN_UNKNOWN_SENDER,	/* from nobody in the list of peers */
	TOKEN_NOT_AUTHENTIC,	/* the pair's psk differs, or somebody else made it */
	TOKEN_EXPIRED,
	TOKEN_USED,		/* it was accepted here before */
};

/* `desc` as exchange_describe() writes it. The length of the text, or 0: too long. */
size_t token_write(char out[static TOKEN_TEXT], const struct noise_x_self *self,
		   const struct noise_x_peer *to, struct bytes desc, uint64_t expires_ms,
		   uint32_t day, struct rng *rng);

struct token {
	size_t len;
	uint8_t envelope[ENVELOPE_MAX];
};

/* OK, or one of NOT_ONE to BAD_CHECKSUM. */
enum token_verdict token_read(struct token *out, const char *text, size_t len);

/* OK, or NOT_FOR_ME. Until token_open() says OK this is only what it claims. */
enum token_verdict token_sender(uint8_t sender[static KEY_LEN], const struct token *token,
				const struct noise_x_self *self);

/* The ids of tokens that were used and have not expired. Zeroes: none. When it is full, the
 * one that expires first makes room; its DESC is still refused for its time. */
struct token_memory {
	struct {
		uint64_t expires_ms;	/* 0: free */
		uint8_t id[TOKEN_ID_LEN];
	} used[TOKEN_MEMORY];
};

/* OK, NOT_AUTHENTIC, EXPIRED (then *expires_ms says when, by the sender's clock) or USED.
 * OK makes it used. */
enum token_verdict token_open(struct desc *out, uint64_t *expires_ms, struct token_memory *memory,
			      const struct token *token, const struct noise_x_self *self,
			      const struct noise_x_peer *from, uint64_t wall_ms);

#endif
