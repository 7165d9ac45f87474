/* memory_test.c -- what nobody wrote to goes and comes back, and what was written stays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "io/memory.h"

/* In pages: all, and what is mapped from files. */
static void resident(long *all, long *files)
{
	FILE *file = fopen("/proc/self/statm", "re");

	assert_non_null(file);
	assert_int_equal(fscanf(file, "%*d %ld %ld", all, files), 2);
	fclose(file);
}

static void sha256_of_nothing(unsigned char out[static 32])
{
	assert_int_equal(EVP_Digest("", 0, out, NULL, EVP_sha256(), NULL), 1);
}

static bool is_resident(const void *at)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	unsigned long long entry = 0;
	FILE *file = fopen("/proc/self/pagemap", "re");

	assert_non_null(file);
	assert_int_equal(fseek(file, (long)((uintptr_t)at / page * sizeof(entry)), SEEK_SET), 0);
	assert_int_equal(fread(&entry, sizeof(entry), 1, file), 1);
	fclose(file);
	return entry >> 63;
}

static void much_of_the_libraries_is_let_go(void **state)
{
	unsigned char digest[32];
	long all, files, all_after, files_after;

	(void)state;
	sha256_of_nothing(digest);
	resident(&all, &files);
	memory_give_back();
	resident(&all_after, &files_after);
	assert_true(files_after < files * 3 / 4);
	assert_true(all - all_after >= (files - files_after) / 2);
}

static void code_that_was_let_go_is_as_it_was(void **state)
{
	unsigned char before[32], after[32];

	(void)state;
	sha256_of_nothing(before);
	assert_true(is_resident((const void *)(uintptr_t)EVP_sha256));
	memory_give_back();
	assert_false(is_resident((const void *)(uintptr_t)EVP_sha256));
	sha256_of_nothing(after);
	assert_memory_equal(before, after, sizeof(before));
}

static int written = 1;
/* Relocated by the loader: read-only since, but not as in the file. */
static const char *const relocated[] = {"one", "two"};

static void what_was_written_stays(void **state)
{
	int *heap = test_malloc(sizeof(*heap));
	const char *volatile const *names = relocated;

	(void)state;
	written = 2;
	*heap = 3;
	memory_give_back();
	assert_int_equal(written, 2);
	assert_int_equal(*heap, 3);
	assert_string_equal(names[1], "two");
	test_free(heap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(much_of_the_libraries_is_let_go),
		cmocka_unit_test(code_that_was_let_go_is_as_it_was),
		cmocka_unit_test(what_was_written_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
