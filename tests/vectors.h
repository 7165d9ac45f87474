/* vectors.h -- known answers are written as hex; turn them into bytes. */
#ifndef TESTS_VECTORS_H
#define TESTS_VECTORS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Spaces are skipped. Returns the number of bytes; stops the test program when
 * the text is not hex or does not fit. */
static inline size_t from_hex(uint8_t *out, size_t cap, const char *hex)
{
	size_t n = 0;

	while (*hex) {
		unsigned byte;

		if (*hex == ' ') {
			hex++;
			continue;
		}
		if (n == cap || sscanf(hex, "%2x", &byte) != 1 || !hex[1]) {
			fprintf(stderr, "bad test vector: %s\n", hex);
			abort();
		}
		out[n++] = (uint8_t)byte;
		hex += 2;
	}
	return n;
}

#endif
