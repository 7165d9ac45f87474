/* script.h -- what a kernel that plays a part does in its next calls, one step each.
 *
 * A step is an errno, or as the test's own wrapped call says; 0: what it always does.
 */
#ifndef TESTS_IO_SCRIPT_H
#define TESTS_IO_SCRIPT_H

#include <stddef.h>
#include <string.h>

static int script[16];
static size_t script_len, script_at;

static int next_in_script(void)
{
	return script_at < script_len ? script[script_at++] : 0;
}

#define play(...)                                                                                  \
	do {                                                                                       \
		const int steps[] = {__VA_ARGS__};                                                 \
		memcpy(script, steps, sizeof(steps));                                              \
		script_len = sizeof(steps) / sizeof(*steps);                                       \
		script_at = 0;                                                                     \
	} while (0)

#endif
