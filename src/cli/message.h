/* message.h -- sentences for the person at the terminal: on stderr, one line each. */
#ifndef CLI_MESSAGE_H
#define CLI_MESSAGE_H

#include <stdbool.h>

/* "p2pnet: " and what is wrong, where, what to do. Returns code, so that a
 * command can say: return fail(EXIT_USAGE, ...). */
int fail(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What went well; not said with -q. */
void message_quiet(bool quiet);
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
