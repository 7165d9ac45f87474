/* nearest_test.c -- which word did you mean? */
#include "cli/claims.h"

#include <string.h>

#include "cli/command.h"
#include "cli/nearest.h"

static const char *nearest_command(const char *word)
{
	struct nearest near = nearest_to(word, strlen(word));
	size_t len;
	const struct command *table = command_table(&len);

	for (size_t i = 0; i < len; i++)
		nearest_offer(&near, table[i].name);
	return near.best;
}

static void a_slip_of_the_finger_is_understood(void **state)
{
	static const struct {
		const char *typed, *meant;
	} table[] = {
		{"stauts", "status"},    {"statu", "status"},        {"sttaus", "status"},
		{"dwon", "down"},        {"relaod", "reload"},       {"genkye", "genkey"},
		{"vresion", "version"},  {"chekc", "check"},         {"hlep", "help"},
		{"peer ad", "peer add"}, {"peer lsit", "peer list"}, {"shwo", "show"},
		{"puBkey", "pubkey"},    {"conifg", "config"},       {"pu", "up"},
		{"rendevous", "rendezvous"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		assert_non_null(nearest_command(table[i].typed));
		assert_string_equal(nearest_command(table[i].typed), table[i].meant);
	}
}

static void a_word_that_is_near_to_nothing_is_not_guessed(void **state)
{
	static const char *const words[] = {
		"",         "x",       "frobnicate",
		"zerotier", "turnserver", "a word that is longer than the longest that is looked at"};

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		assert_null(nearest_command(words[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_slip_of_the_finger_is_understood),
		cmocka_unit_test(a_word_that_is_near_to_nothing_is_not_guessed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
