/* help.h -- help, written from the table of commands. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

void help_overview(FILE *out);

/* For the command that the words begin with, for a group ("peer"), or the
 * overview without words. Returns an EXIT_* code. */
int help_on(const char *const *words, size_t len);

/* The first word of commands of two words? */
bool help_is_group(const char *word);

#endif
