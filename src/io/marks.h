/* marks.h -- what must outlive the process: /var/lib/p2pnet/NET.
 *
 *   handshakes, signals    a number of ACTION_SAVE_MARK, in decimal, and a newline
 *
 * After a crash there is the old number or the new one and never half of either.
 * The directory is for others as well: peersfile.h.
 */
#ifndef IO_MARKS_H
#define IO_MARKS_H

#include <stdbool.h>
#include <stdint.h>

struct marks {
	int dir;		/* descriptor of the directory */
	bool failing;		/* and it was said */
};

/* Makes the directory (0700) if need be. 0, or -errno with a sentence in error. */
int marks_open(struct marks *marks, const char *state_dir, char error[static 512]);
void marks_close(struct marks *marks);

/* 0: none was saved, or (with a warning) what is there is no number. */
uint64_t marks_load(struct marks *marks, const char *name);

/* Failing is logged once, until it works again: a full disk must not stop a network. */
void marks_save(struct marks *marks, const char *name, uint64_t mark);

#endif
