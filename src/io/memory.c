/* memory.c -- what was needed once goes back to the kernel. */
#include "io/memory.h"

#include <link.h>
#include <malloc.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>

static void *address(const struct dl_phdr_info *object, ElfW(Addr) at)
{
	return (void *)(object->dlpi_addr + at);
}

/* Does the loader write to what nobody else does? Rare, and then there is no other copy. */
static bool is_text_relocated(const struct dl_phdr_info *object, const ElfW(Phdr) *dynamic)
{
	for (const ElfW(Dyn) *d = address(object, dynamic->p_vaddr); d->d_tag != DT_NULL; d++) {
		if (d->d_tag == DT_TEXTREL || (d->d_tag == DT_FLAGS && d->d_un.d_val & DF_TEXTREL))
			return true;
	}
	return false;
}

static bool is_as_in_its_file(const struct dl_phdr_info *object)
{
	for (int i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &object->dlpi_phdr[i];

		if (p->p_type == PT_DYNAMIC && is_text_relocated(object, p))
			return false;
	}
	return true;
}

/* Whole pages. What cannot be let go (it is locked, say) stays, and no harm is done. */
static void let_go(const struct dl_phdr_info *object, const ElfW(Phdr) *segment)
{
	ElfW(Addr) page = (ElfW(Addr))sysconf(_SC_PAGESIZE);
	ElfW(Addr) from = segment->p_vaddr & ~(page - 1);

	madvise(address(object, from), segment->p_vaddr + segment->p_memsz - from, MADV_DONTNEED);
}

/* From the last to the first, which holds the table that is walked here. What is relocated
 * lies in a segment that may be written to, though it is read-only by now (PT_GNU_RELRO). */
static int let_go_of(struct dl_phdr_info *object, size_t size, void *context)
{
	(void)size;
	(void)context;
	if (!is_as_in_its_file(object))
		return 0;
	for (int i = object->dlpi_phnum; i-- > 0;) {
		const ElfW(Phdr) *p = &object->dlpi_phdr[i];

		if (p->p_type == PT_LOAD && !(p->p_flags & PF_W))
			let_go(object, p);
	}
	return 0;
}

void memory_give_back(void)
{
	malloc_trim(0);
	dl_iterate_phdr(let_go_of, NULL);
}
