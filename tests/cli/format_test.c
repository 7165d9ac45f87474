/* format_test.c -- numbers and tables as people read them, at the edges of their units. */
#include "cli/claims.h"

#include <stdlib.h>
#include <string.h>

#include "cli/format.h"

static void durations(void **state)
{
	static const struct {
		int64_t seconds;
		const char *text;
	} table[] = {
		{-5, "0 s"},
		{0, "0 s"},
		{41, "41 s"},
		{59, "59 s"},
		{60, "1m00"},
		{67, "1m07"},
		{3599, "59m59"},
		{3600, "1h00"},
		{11109, "3h05"},
		{86399, "23h59"},
		{86400, "1d00h"},
		{3 * 86400 + 4 * 3600, "3d04h"},
		{INT64_MAX, "106751991167300d15h"},
	};
	char out[FORMAT_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		assert_string_equal(format_duration(out, table[i].seconds), table[i].text);
}

static void bytes(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} table[] = {
		{0, "0"},
		{999, "999"},
		{1000, "1.0K"},
		{1024, "1.0K"},
		{1229, "1.2K"},
		{10188, "9.9K"},
		{10189, "10K"},
		{348160, "340K"},
		{1023487, "999K"},
		{1023488, "1.0M"},
		{12 << 20, "12M"},
		{UINT64_C(88) << 30, "88G"},
		{UINT64_C(2) << 40, "2.0T"},
		{UINT64_MAX, "16E"},
	};
	char out[FORMAT_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		assert_string_equal(format_bytes(out, table[i].bytes), table[i].text);
}

static void ago_as_wg_says_it(void **state)
{
	static const struct {
		int64_t seconds;
		const char *text;
	} table[] = {
		{-1, "now"},
		{0, "now"},
		{1, "1 second ago"},
		{59, "59 seconds ago"},
		{60, "1 minute ago"},
		{72, "1 minute, 12 seconds ago"},
		{3600 + 2, "1 hour, 2 seconds ago"},
		{2 * 86400 + 3 * 3600 + 60 + 1, "2 days, 3 hours, 1 minute, 1 second ago"},
		{365 * 86400, "1 year ago"},
	};
	char out[FORMAT_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		assert_string_equal(format_ago(out, table[i].seconds), table[i].text);
	/* The longest there is ends within the text. */
	assert_non_null(strstr(format_ago(out, INT64_MAX), " ago"));
}

static void sizes_as_wg_says_them(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} table[] = {
		{0, "0 B"},
		{1023, "1023 B"},
		{1024, "1.00 KiB"},
		{1239, "1.21 KiB"},
		{3082, "3.01 KiB"},
		{1 << 20, "1.00 MiB"},
		{1 << 30, "1.00 GiB"},
		{UINT64_C(1) << 40, "1.00 TiB"},
		{UINT64_C(1) << 50, "1024.00 TiB"},
	};
	char out[FORMAT_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		assert_string_equal(format_size(out, table[i].bytes), table[i].text);
}

static const char *paint_second(size_t column, const char *text)
{
	return column == 1 && strcmp(text, "red") == 0 ? "<" : NULL;
}

static char *printed(const struct table *t, table_paint *paint)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	table_print(out, t, paint);
	fclose(out);
	return text;
}

static void columns_are_as_wide_as_what_is_in_them(void **state)
{
	static const char *const cells[] = {"A", "B", "C", "longer", "x", "end", "s", "red", ""};
	struct table t;
	char *text;

	(void)state;
	table_init(&t, 3);
	for (size_t i = 0; i < 9; i++)
		table_add(&t, cells[i]);
	text = printed(&t, NULL);
	assert_string_equal(text, "A       B    C\n"
				  "longer  x    end\n"
				  "s       red  \n");
	free(text);
	/* Colours take no room. */
	text = printed(&t, paint_second);
	assert_string_equal(text, "A       B    C\n"
				  "longer  x    end\n"
				  "s       <red\033[0m  \n");
	free(text);
	table_deinit(&t);
}

static void a_table_grows(void **state)
{
	struct table t;
	char *text;

	(void)state;
	table_init(&t, 1);
	for (int i = 0; i < 1000; i++)
		table_add(&t, "row");
	assert_false(t.failed);
	text = printed(&t, NULL);
	assert_int_equal(strlen(text), 4000);
	free(text);
	table_deinit(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations),
		cmocka_unit_test(bytes),
		cmocka_unit_test(ago_as_wg_says_it),
		cmocka_unit_test(sizes_as_wg_says_them),
		cmocka_unit_test(columns_are_as_wide_as_what_is_in_them),
		cmocka_unit_test(a_table_grows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
