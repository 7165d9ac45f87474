/* fuzz_proxy.c -- any answer of a proxy: in pieces it says what it says as a whole. */
#include <stdlib.h>

#include "io/proxy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static enum proxy_result feed(struct proxy_answer *a, struct bytes all, size_t step, size_t *left)
{
	enum proxy_result result = PROXY_WAITS;

	*left = all.len;
	while (*left && result == PROXY_WAITS) {
		size_t n = *left < step ? *left : step;
		struct bytes in = bytes_of(all.data + all.len - *left, n);

		result = proxy_answer_feed(a, &in);
		must(in.len <= n && (result != PROXY_WAITS || !in.len));
		*left -= n - in.len;
	}
	return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct proxy_answer a = {0}, b = {0};
	size_t left_a, left_b;
	enum proxy_result result = feed(&a, bytes_of(data, size), size + 1, &left_a);

	must(result == feed(&b, bytes_of(data, size), 1, &left_b));
	must(left_a == left_b && a.status == b.status && a.status <= 999);
	must(a.len <= PROXY_ANSWER_MAX);
	must(result != PROXY_CONNECTED || (a.status >= 200 && a.status <= 299));
	must(result != PROXY_REFUSED || a.status >= 100);
	return 0;
}
