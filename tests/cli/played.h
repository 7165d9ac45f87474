/* played.h -- the program against a daemon that is played.
 *
 *   cli_run() in a child ---> socket in a temporary directory <--- a child that
 *                                                                  plays the daemon
 */
#ifndef TESTS_CLI_PLAYED_H
#define TESTS_CLI_PLAYED_H

#include <stdbool.h>

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

#define NEVER_COMES ""		/* as a reply */

extern char played_printed[4096];	/* on stdout */
extern char played_said[1024];		/* on stderr */

int played_set_up(void **state);
int played_tear_down(void **state);

/* The exit code of the command, run with the socket and net of the played daemon. That one
 * answers a request (all must have the two texts in them) with each reply, and hangs up. */
int played_run(const char *const *command, const char *const *texts, const char *const *replies);

/* The last reply is NEVER_COMES, and ^C is pressed instead. */
int played_interrupt(const char *const *command, const char *const *texts,
		     const char *const *replies);

#endif
