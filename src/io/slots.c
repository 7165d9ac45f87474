/* slots.c -- the buffers of one burst, made once. */
#include "io/slots.h"

#include <sys/mman.h>

enum { SLOTS_LEN = BURST_MAX * PACKET_SLOT };

uint8_t *slots_new(void)
{
	void *p = mmap(NULL, SLOTS_LEN, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	madvise(p, SLOTS_LEN, MADV_DONTDUMP);
	return p;
}

void slots_free(uint8_t *slots)
{
	if (slots)
		munmap(slots, SLOTS_LEN);
}

void slots_release(uint8_t *slots)
{
	madvise(slots, SLOTS_LEN, MADV_DONTNEED);
}
