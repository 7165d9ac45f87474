/* fuzz_cache.c -- any bytes as peers.cache, and any entries under a right sum. */
#include <stdlib.h>
#include <string.h>

#include "crypto/crypto.h"
#include "crypto/hash.h"
#include "node/cache.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	must(crypto_init());
	return 0;
}

/* What is read, written again, is the same file. */
static void try_file(struct bytes file)
{
	static uint8_t again[1 << 16];
	struct writer w = writer_over(again, sizeof(again));
	struct reader r;
	struct cache_entry e;

	if (!cache_open(&r, file))
		return;
	cache_begin(&w);
	while (cache_next(&e, &r)) {
		must(e.places_len <= CACHE_PLACES);
		cache_put(&w, &e);
	}
	must(!r.bad);
	cache_end(&w);
	must(w.bad || w.len <= file.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t file[1 << 16];
	struct writer w = writer_over(file, sizeof(file));

	try_file(bytes_of(data, size));
	cache_begin(&w);
	put_bytes(&w, bytes_of(data, size));
	cache_end(&w);
	if (!w.bad)
		try_file(writer_bytes(&w));
	return 0;
}
