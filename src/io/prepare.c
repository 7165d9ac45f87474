/* prepare.c -- what a process that will have keys does first. */
#include "io/prepare.h"

#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>

#include "base/log.h"
#include "crypto/aead.h"
#include "crypto/crypto.h"
#include "ctl/request.h"
#include "io/clock.h"
#include "io/memory.h"

enum {
	ERROR_TEXT = 512,
	MEASURE_NS = 2000000,		/* an engine; six of them are not to be noticed */
};

/* Keys must not get into core files. A sanitizer's leak check needs ptrace. */
static void forbid_dumps(void)
{
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ASAN 1
#endif
#endif
#if !defined(__SANITIZE_ADDRESS__) && !defined(HAS_ASAN)
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

static void choose_engines(void)
{
	const struct aead_clock clock = {clock_cpu_ns, MEASURE_NS};
	struct aead_engine_report engines[AEAD_ENGINES_MAX];
	size_t n = aead_choose_engines(&clock, engines);

	for (size_t i = 0; i < n; i++)
		log_debug("%s by %s: %s, a packet takes %u and %u ns%s",
			  aead_suite_name(engines[i].suite), engines[i].name,
			  engines[i].passed ? "right" : "does not work here", engines[i].seal_ns,
			  engines[i].open_ns, engines[i].chosen ? ": chosen" : "");
}

int prepare_process(char error[static ERROR_TEXT])
{
	if (!crypto_init()) {
		snprintf(error, ERROR_TEXT,
			 "this machine's OpenSSL lacks BLAKE2s or ChaCha20 (a FIPS build?)");
		return EXIT_FAILED;
	}
	signal(SIGPIPE, SIG_IGN);
	forbid_dumps();
	choose_engines();
	memory_give_back();	/* the engines that lost */
	return 0;
}
