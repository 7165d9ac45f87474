/* desc_test.c -- one form for each content, and nothing else is taken. */
#include "pair.h"
#include "signal/desc.h"
#include "vectors.h"

static struct endpoint at(const char *text)
{
	struct endpoint e;

	assert_true(endpoint_parse(&e, text));
	return e;
}

static struct desc_candidate candidate(uint32_t priority, const char *endpoint)
{
	return (struct desc_candidate){
		.priority = priority,
		.type = DESC_HOST,
		.transport = DESC_UDP,
		.foundation = 1,
		.endpoint = at(endpoint),
	};
}

static struct desc small(void)
{
	return (struct desc){
		.time_ms = 0x0102030405060708,
		.version = {0x1111111111111111, 2, 3},
		.ufrag = "abcd",
		.pwd = "0123456789012345678901",
	};
}

static struct desc full(void)
{
	struct desc d = small();

	d.ack = (struct desc_version){0x2222222222222222, 4, 0};
	d.options = DESC_ICE2 | DESC_TRICKLE;
	d.suites = DESC_CHACHA20 | DESC_AES256GCM;
	d.flags = DESC_WANT_CONNECT | DESC_UNACKED;
	d.candidates[0] = candidate(2130706431, "[2001:db8::1]:41999");
	d.candidates[1] = candidate(1694498815, "203.0.113.9:52011");
	d.candidates[1].type = DESC_SRFLX;
	d.candidates[1].related = at("10.0.0.2:41999");
	d.candidates[2] = candidate(100, "192.0.2.1:9");
	d.candidates[2].transport = DESC_TCP_ACTIVE;
	d.candidates_len = 3;
	return d;
}

static void assert_candidate_equal(const struct desc_candidate *a, const struct desc_candidate *b)
{
	assert_int_equal(a->priority, b->priority);
	assert_int_equal(a->type, b->type);
	assert_int_equal(a->transport, b->transport);
	assert_int_equal(a->foundation, b->foundation);
	assert_true(endpoint_equal(&a->endpoint, &b->endpoint));
	assert_true(endpoint_equal(&a->related, &b->related));
}

static void assert_desc_equal(const struct desc *a, const struct desc *b)
{
	assert_true(a->time_ms == b->time_ms);
	assert_true(desc_version_equal(&a->version, &b->version));
	assert_true(desc_version_equal(&a->ack, &b->ack));
	assert_string_equal(a->ufrag, b->ufrag);
	assert_string_equal(a->pwd, b->pwd);
	assert_int_equal(a->options, b->options);
	assert_int_equal(a->suites, b->suites);
	assert_int_equal(a->flags, b->flags);
	assert_int_equal(a->candidates_len, b->candidates_len);
	for (size_t i = 0; i < a->candidates_len; i++)
		assert_candidate_equal(&a->candidates[i], &b->candidates[i]);
}

static const char small_hex[] = "0108 0102030405060708"
				"0210 1111111111111111 00000002 00000003"
				"0404 61626364"
				"0516 30313233343536373839303132333435363738393031";

/* What decodes here stands for itself: each field, byte by byte. */
static void the_form_is_this_one(void **state)
{
	static const char *full_hex = "0108 0102030405060708"
				      "0210 1111111111111111 00000002 00000003"
				      "0310 2222222222222222 00000004 00000000"
				      "0404 61626364"
				      "0516 30313233343536373839303132333435363738393031"
				      "0602 0003"
				      "0702 0003"
				      "0802 0014"
				      "091a 7effffff 01 01 01"
				      "     06 20010db8000000000000000000000001 a40f"
				      "0915 64ffffff 02 01 01  04 cb007109 cb2b  04 0a000002 a40f"
				      "090e 00000064 01 02 01  04 c0000201 0009";
	uint8_t expected[DESC_MAX], out[DESC_MAX];
	size_t len = from_hex(expected, sizeof(expected), full_hex);
	struct desc d = full(), back;

	(void)state;
	assert_int_equal(desc_encode(out, sizeof(out), &d), len);
	assert_memory_equal(out, expected, len);
	assert_true(desc_decode(&back, bytes_of(expected, len)));
	assert_desc_equal(&back, &d);

	d = small();
	len = from_hex(expected, sizeof(expected), small_hex);
	assert_int_equal(desc_encode(out, sizeof(out), &d), len);
	assert_memory_equal(out, expected, len);
}

static void a_bye_has_neither_credentials_nor_candidates(void **state)
{
	struct desc d = full(), back;
	uint8_t out[DESC_MAX];
	size_t len;

	(void)state;
	d.flags |= DESC_BYE;
	len = desc_encode(out, sizeof(out), &d);
	assert_true(desc_decode(&back, bytes_of(out, len)));
	assert_string_equal(back.ufrag, "");
	assert_string_equal(back.pwd, "");
	assert_int_equal(back.candidates_len, 0);
	assert_true(back.flags & DESC_BYE);
}

static void candidates_in_any_order_give_the_same_bytes(void **state)
{
	struct desc d = full(), other = full();
	uint8_t a[DESC_MAX], b[DESC_MAX];
	size_t len = desc_encode(a, sizeof(a), &d);

	(void)state;
	other.candidates[0] = d.candidates[2];
	other.candidates[2] = d.candidates[0];
	assert_int_equal(desc_encode(b, sizeof(b), &other), len);
	assert_memory_equal(a, b, len);
	other.candidates[3] = d.candidates[1];		/* and once more */
	other.candidates_len = 4;
	assert_int_equal(desc_encode(b, sizeof(b), &other), len);
	assert_memory_equal(a, b, len);
}

static void what_no_decoder_takes_is_left_out(void **state)
{
	struct desc d = small(), back;
	uint8_t out[DESC_MAX];

	(void)state;
	for (int i = 0; i < 6; i++)
		d.candidates[i] = candidate(10 + (uint32_t)i, "192.0.2.1:1000");
	d.candidates_len = 6;
	d.candidates[0].priority = 0;
	d.candidates[1].endpoint.port = 0;
	d.candidates[2].endpoint.ip = (struct ip){0};
	d.candidates[3].type = 0;
	d.candidates[4].transport = DESC_TCP_SO + 1;
	assert_true(desc_decode(&back, bytes_of(out, desc_encode(out, sizeof(out), &d))));
	assert_int_equal(back.candidates_len, 1);
	assert_int_equal(back.candidates[0].priority, 15);
}

/* 32 of the longest are 1472 bytes. */
static void too_many_candidates_lose_the_lowest(void **state)
{
	struct desc d = small(), back;
	uint8_t out[DESC_MAX];
	size_t len;

	(void)state;
	for (size_t i = 0; i < DESC_CANDIDATES_MAX; i++) {
		d.candidates[i] = candidate(1000 + (uint32_t)(i * 7 % 32), "[2001:db8::1]:41999");
		d.candidates[i].related = at("[2001:db8::2]:41999");
	}
	d.candidates_len = DESC_CANDIDATES_MAX;
	len = desc_encode(out, sizeof(out), &d);
	assert_true(len <= DESC_MAX && len > DESC_MAX - 47);
	assert_true(desc_decode(&back, bytes_of(out, len)));
	assert_int_equal(back.candidates_len, 21);
	for (size_t i = 0; i < back.candidates_len; i++)
		assert_int_equal(back.candidates[i].priority, 1031 - i);
}

static void thirty_two_short_ones_all_fit(void **state)
{
	struct desc d = full(), back;
	uint8_t out[DESC_MAX];

	(void)state;
	for (size_t i = 0; i < DESC_CANDIDATES_MAX; i++) {
		d.candidates[i] = candidate(1 + (uint32_t)i, "192.0.2.1:41999");
		d.candidates[i].related = at("10.0.0.1:41999");
	}
	d.candidates_len = DESC_CANDIDATES_MAX;
	assert_true(desc_decode(&back, bytes_of(out, desc_encode(out, sizeof(out), &d))));
	assert_int_equal(back.candidates_len, DESC_CANDIDATES_MAX);
}

static void what_cannot_be_said_is_not(void **state)
{
	uint8_t out[DESC_MAX];
	struct desc d;

	(void)state;
#define REFUSES(change) \
	do { \
		d = small(); \
		change; \
		assert_int_equal(desc_encode(out, sizeof(out), &d), 0); \
	} while (0)
	REFUSES(d.time_ms = 0);
	REFUSES(d.version.boot_id = 0);
	REFUSES(d.version.gen = 0);
	REFUSES(strcpy(d.ufrag, "abc"));
	REFUSES(strcpy(d.ufrag, "ab:d"));
	REFUSES(memset(d.ufrag, 'a', sizeof(d.ufrag)));
	REFUSES(strcpy(d.pwd, "012345678901234567890"));
	REFUSES(d.pwd[3] = ' ');
	REFUSES(memset(d.pwd, 'a', sizeof(d.pwd)));
#undef REFUSES
	d = small();
	for (size_t cap = 0; cap < 59; cap++)
		assert_int_equal(desc_encode(out, cap, &d), cap < 58 ? 0 : 58);
}

static void every_truncation_is_refused_or_lacks_candidates(void **state)
{
	struct desc d = full(), back;
	uint8_t out[DESC_MAX];
	size_t len = desc_encode(out, sizeof(out), &d), taken = 0;

	(void)state;
	for (size_t n = 0; n < len; n++) {
		struct desc untouched = {.time_ms = 5};

		back = untouched;
		if (desc_decode(&back, bytes_of(out, n)))
			taken++;
		else
			assert_memory_equal(&back, &untouched, sizeof(back));
	}
	/* after pwd, options, suites, flags, and the first two candidates */
	assert_int_equal(taken, 6);
}

static bool takes(const char *hex)
{
	uint8_t bytes[DESC_MAX];
	struct desc d;
	size_t len = from_hex(bytes, sizeof(bytes), hex);

	return desc_decode(&d, bytes_of(bytes, len));
}

#define TIME	"0108 0102030405060708"
#define SELF	"0210 1111111111111111 00000002 00000003"
#define ACK	"0310 2222222222222222 00000004 00000000"
#define UFRAG	"0404 61626364"
#define PWD	"0516 30313233343536373839303132333435363738393031"
#define HEAD	TIME SELF UFRAG PWD
#define CAND	"090e 00000064 01 01 01 04 c0000201 0009"

static void nothing_that_must_be_there_may_lack(void **state)
{
	(void)state;
	assert_true(takes(HEAD));
	assert_false(takes(""));
	assert_false(takes(SELF UFRAG PWD));
	assert_false(takes(TIME UFRAG PWD));
	assert_false(takes(TIME SELF PWD));
	assert_false(takes(TIME SELF UFRAG));
	assert_true(takes(TIME SELF "0802 0001"));			/* a bye */
	assert_false(takes(TIME SELF UFRAG "0802 0001"));
	assert_false(takes(TIME SELF PWD "0802 0001"));
	assert_false(takes(TIME SELF "0802 0001" CAND));
}

static void fields_that_fall_or_come_twice_are_refused(void **state)
{
	(void)state;
	assert_false(takes(SELF TIME UFRAG PWD));
	assert_false(takes(TIME SELF PWD UFRAG));
	assert_false(takes(HEAD ACK));
	assert_false(takes(TIME TIME SELF UFRAG PWD));
	assert_false(takes(TIME SELF SELF UFRAG PWD));
	assert_false(takes(HEAD "0802 0002 0802 0002"));
	assert_false(takes(HEAD CAND "0802 0002"));
	assert_false(takes("0000" HEAD));
}

static void lengths_are_exact(void **state)
{
	(void)state;
	assert_false(takes("0107 01020304050607" SELF UFRAG PWD));
	assert_false(takes("0109 010203040506070809" SELF UFRAG PWD));
	assert_false(takes(TIME "020f 1111111111111111 00000002 000000" UFRAG PWD));
	assert_false(takes(TIME "0211 1111111111111111 00000002 00000003 00" UFRAG PWD));
	assert_false(takes(HEAD "0801 02"));
	assert_false(takes(HEAD "0803 000200"));
	assert_false(takes(HEAD "090d 00000064 01 01 01 04 c0000201 00"));
	assert_false(takes(HEAD "090f 00000064 01 01 01 04 c0000201 0009 00"));
	assert_false(takes(HEAD "0a05 0000"));		/* says more than there is */
	assert_false(takes(HEAD "0a"));
}

static void zeroes_are_left_out_and_not_said(void **state)
{
	(void)state;
	assert_false(takes("0108 0000000000000000" SELF UFRAG PWD));
	assert_false(takes(TIME "0210 0000000000000000 00000002 00000003" UFRAG PWD));
	assert_false(takes(TIME "0210 1111111111111111 00000000 00000003" UFRAG PWD));
	assert_false(takes(TIME SELF "0310 0000000000000000 00000002 00000003" UFRAG PWD));
	assert_false(takes(TIME SELF "0310 1111111111111111 00000000 00000003" UFRAG PWD));
	assert_false(takes(HEAD "0602 0000"));
	assert_false(takes(HEAD "0702 0000"));
	assert_false(takes(HEAD "0802 0000"));
}

static void credentials_are_of_ice_characters_and_long_enough(void **state)
{
	(void)state;
	assert_false(takes(TIME SELF "0403 616263" PWD));
	assert_false(takes(TIME SELF "0404 61626300" PWD));
	assert_false(takes(TIME SELF "0404 6162633a" PWD));
	assert_false(takes(TIME SELF UFRAG "0515 303132333435363738393031323334353637383930"));
	assert_true(takes(TIME SELF "0420 6161616161616161616161616161616161616161616161616161616161616161"
			  PWD));
	assert_false(takes(TIME SELF "0421 616161616161616161616161616161616161616161616161616161616161616161"
			   PWD));
}

static void candidates_are_valid_or_the_whole_is_refused(void **state)
{
	(void)state;
	assert_true(takes(HEAD CAND));
	assert_false(takes(HEAD "090e 00000000 01 01 01 04 c0000201 0009"));	/* priority */
	assert_false(takes(HEAD "090e 80000000 01 01 01 04 c0000201 0009"));
	assert_true(takes(HEAD "090e 7fffffff 05 04 ff 04 c0000201 ffff"));
	assert_false(takes(HEAD "090e 00000064 00 01 01 04 c0000201 0009"));	/* type */
	assert_false(takes(HEAD "090e 00000064 06 01 01 04 c0000201 0009"));
	assert_false(takes(HEAD "090e 00000064 01 00 01 04 c0000201 0009"));	/* transport */
	assert_false(takes(HEAD "090e 00000064 01 05 01 04 c0000201 0009"));
	assert_false(takes(HEAD "090e 00000064 01 01 01 05 c0000201 0009"));	/* family */
	assert_false(takes(HEAD "090e 00000064 01 01 01 04 c0000201 0000"));	/* port */
	assert_false(takes(HEAD "0900"));
	/* an IPv4 address in IPv6's clothes */
	assert_false(takes(HEAD "091a 00000064 01 01 01 06 00000000000000000000ffffc0000201 0009"));
	assert_false(takes(HEAD "0921 00000064 01 01 01 04 c0000201 0009"
				"06 00000000000000000000ffffc0000201 0009"));
}

static void candidates_fall_strictly(void **state)
{
	(void)state;
	assert_true(takes(HEAD "090e 00000065 01 01 01 04 c0000201 0009" CAND));
	assert_false(takes(HEAD CAND "090e 00000065 01 01 01 04 c0000201 0009"));
	assert_false(takes(HEAD CAND CAND));
	/* one that goes on after the same beginning is the greater */
	assert_true(takes(HEAD "0915 00000064 01 01 01 04 c0000201 0009 04 0a000002 0001" CAND));
	assert_false(takes(HEAD CAND "0915 00000064 01 01 01 04 c0000201 0009 04 0a000002 0001"));
}

static void thirty_three_candidates_are_refused(void **state)
{
	uint8_t bytes[DESC_MAX];
	struct desc d;

	(void)state;
	for (uint8_t n = 32; n <= 33; n++) {
		size_t len = from_hex(bytes, sizeof(bytes), HEAD);

		for (uint8_t i = 0; i < n; i++) {
			len += from_hex(bytes + len, sizeof(bytes) - len, CAND);
			bytes[len - 11] = (uint8_t)(100 - i);
		}
		assert_int_equal(desc_decode(&d, bytes_of(bytes, len)), n == 32);
	}
}

static void types_of_the_future_are_skipped(void **state)
{
	(void)state;
	assert_true(takes(HEAD "0a02 ffff"));
	assert_true(takes(HEAD CAND "0a00 0a01 00 ff02 0102"));
	assert_false(takes(HEAD "0b00 0a00"));
	assert_false(takes(HEAD "0a00" CAND));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_form_is_this_one),
		cmocka_unit_test(a_bye_has_neither_credentials_nor_candidates),
		cmocka_unit_test(candidates_in_any_order_give_the_same_bytes),
		cmocka_unit_test(what_no_decoder_takes_is_left_out),
		cmocka_unit_test(too_many_candidates_lose_the_lowest),
		cmocka_unit_test(thirty_two_short_ones_all_fit),
		cmocka_unit_test(what_cannot_be_said_is_not),
		cmocka_unit_test(every_truncation_is_refused_or_lacks_candidates),
		cmocka_unit_test(nothing_that_must_be_there_may_lack),
		cmocka_unit_test(fields_that_fall_or_come_twice_are_refused),
		cmocka_unit_test(lengths_are_exact),
		cmocka_unit_test(zeroes_are_left_out_and_not_said),
		cmocka_unit_test(credentials_are_of_ice_characters_and_long_enough),
		cmocka_unit_test(candidates_are_valid_or_the_whole_is_refused),
		cmocka_unit_test(candidates_fall_strictly),
		cmocka_unit_test(thirty_three_candidates_are_refused),
		cmocka_unit_test(types_of_the_future_are_skipped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
