/* list_test.c -- members in the order they came, and out at any time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/list.h"

struct member {
	int number;
	struct list link;
};

/* The members' numbers as decimal digits. */
static int digits(struct list *head)
{
	int n = 0;

	list_for_each(struct member, m, head, link)
		n = n * 10 + m->number;
	return n;
}

static void fill(struct list *head, struct member *members, int n)
{
	list_init(head);
	for (int i = 0; i < n; i++) {
		members[i].number = i + 1;
		list_append(head, &members[i].link);
	}
}

static void an_empty_list_has_no_first(void **state)
{
	struct list head;

	(void)state;
	list_init(&head);
	assert_true(list_empty(&head));
	assert_null(list_first(&head, struct member, link));
	assert_int_equal(digits(&head), 0);
}

static void members_come_in_the_order_they_were_appended(void **state)
{
	struct member m[4];
	struct list head;

	(void)state;
	fill(&head, m, 4);
	assert_false(list_empty(&head));
	assert_int_equal(digits(&head), 1234);
	assert_ptr_equal(list_first(&head, struct member, link), &m[0]);
	assert_ptr_equal(container_of(m[2].link.prev, struct member, link), &m[1]);
}

static void any_member_can_leave_and_come_back(void **state)
{
	struct member m[4];
	struct list head;

	(void)state;
	fill(&head, m, 4);
	list_remove(&m[1].link);
	assert_int_equal(digits(&head), 134);
	list_remove(&m[0].link);
	list_remove(&m[3].link);
	assert_int_equal(digits(&head), 3);
	list_append(&head, &m[0].link);
	assert_int_equal(digits(&head), 31);
}

static void removing_twice_does_no_harm(void **state)
{
	struct member m[3];
	struct list head;

	(void)state;
	fill(&head, m, 3);
	list_remove(&m[1].link);
	list_remove(&m[1].link);
	assert_int_equal(digits(&head), 13);
}

static void the_loop_may_take_its_member_out(void **state)
{
	struct member m[5];
	struct list head;

	(void)state;
	fill(&head, m, 5);
	list_for_each(struct member, it, &head, link) {
		if (it->number % 2)
			list_remove(&it->link);
	}
	assert_int_equal(digits(&head), 24);
	list_for_each(struct member, it, &head, link)
		list_remove(&it->link);
	assert_true(list_empty(&head));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_list_has_no_first),
		cmocka_unit_test(members_come_in_the_order_they_were_appended),
		cmocka_unit_test(any_member_can_leave_and_come_back),
		cmocka_unit_test(removing_twice_does_no_harm),
		cmocka_unit_test(the_loop_may_take_its_member_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
