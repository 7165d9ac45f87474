/* upnp.h -- one UPnP job, done by a process of its own.
 *
 *   this process                       p2pnet upnp-helper ...
 *   upnp_start  ----- fork, exec ----> no file, no privilege, few system calls (sandbox.h)
 *                                      ssdp --> miniupnpc: description, AddPortMapping ...
 *   done()  <---- 13 bytes by a pipe, or the end of it
 *   upnp_cancel  ---- SIGKILL ------->
 *
 * Why a process and not a thread: what comes from the LAN goes through an XML parser in C
 * (CVE-2015-6031 was its stack), and should that fail, there is nothing to be had here: no
 * key, as exec gave it a memory of its own, no socket of ours, no right. And a process can be
 * ended at once; a thread that waits for a router cannot.
 */
#ifndef IO_UPNP_H
#define IO_UPNP_H

#include <uv.h>

#include "portmap/mapper.h"

enum {
	UPNP_ANSWER_LEN = 13,
	UPNP_LIMIT = 12000,		/* msec; then it is killed, and nobody has answered */
};

/* The first word of the helper's command line; upnp_helper_run() takes the rest. */
#define UPNP_HELPER "upnp-helper"

struct upnp_process;

typedef void upnp_done_fn(void *context, const struct mapper_upnp_result *result);

/* `program`: this one. 0 or -errno; done() comes once, from the loop. */
int upnp_start(struct upnp_process **out, uv_loop_t *loop, const char *program,
	       const struct mapper_upnp_job *job, upnp_done_fn *done, void *context);
/* Before done(), which does not come then. The memory goes when the loop has run. NULL is fine. */
void upnp_cancel(struct upnp_process *p);

/* -- what the two say to each other ---------------------------------------- */

/* | ok | error, be16 | IPv4 address | port, be16 | lease, be32 | */
void upnp_write_answer(uint8_t out[static UPNP_ANSWER_LEN], const struct mapper_upnp_result *result);
/* False: it is none. */
bool upnp_read_answer(struct mapper_upnp_result *out, struct bytes answer);

enum { UPNP_WORDS = 7 + MAPPER_UPNP_PORTS, UPNP_WORD_TEXT = ENDPOINT_TEXT };

/* add|delete udp|tcp GATEWAY IFINDEX SELF LEASE PORT... ; the last of `words` is NULL. */
void upnp_write_job(char text[static UPNP_WORDS][UPNP_WORD_TEXT], char *words[static UPNP_WORDS],
		    const struct mapper_upnp_job *job);
bool upnp_read_job(struct mapper_upnp_job *out, int words_len, char *const *words);

#endif
