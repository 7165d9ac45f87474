/* speed.c -- how fast this machine encrypts, by each engine of each suite. */
#include "cli/command.h"

#include <stdio.h>

#include "cli/format.h"
#include "cli/json.h"
#include "cli/message.h"
#include "crypto/aead.h"
#include "ctl/report.h"
#include "ctl/request.h"
#include "io/clock.h"

enum {
	COLUMNS = 7,
	MEASURE_NS = 100000000,		/* an engine */
};

/* Gbit/s are bits per nanosecond. */
static double gbit_s(unsigned ns)
{
	return 8.0 * AEAD_MEASURED_LEN / ns;
}

/* -- JSON ------------------------------------------------------------------ */

static json_t *engine_json(const struct aead_engine_report *r)
{
	if (!r->passed)
		return json_pack("{s:s, s:s, s:b, s:b, s:n, s:n, s:n, s:n}", "suite",
				 aead_suite_name(r->suite), "engine", r->name, "works", 0, "chosen",
				 0, "seal_ns", "open_ns", "seal_gbit_s", "open_gbit_s");
	return json_pack("{s:s, s:s, s:b, s:b, s:i, s:i, s:f, s:f}", "suite",
			 aead_suite_name(r->suite), "engine", r->name, "works", 1, "chosen",
			 r->chosen, "seal_ns", (int)r->seal_ns, "open_ns", (int)r->open_ns,
			 "seal_gbit_s", gbit_s(r->seal_ns), "open_gbit_s", gbit_s(r->open_ns));
}

static json_t *speed_json(const struct aead_engine_report *reports, size_t n)
{
	json_t *engines = json_array();

	for (size_t i = 0; i < n; i++) {
		if (json_array_append_new(engines, engine_json(&reports[i]))) {
			json_decref(engines);
			return NULL;
		}
	}
	return json_pack("{s:i, s:i, s:o}", "schema", REPORT_SCHEMA, "packet_bytes",
			 AEAD_MEASURED_LEN, "engines", engines);
}

/* -- the table ------------------------------------------------------------- */

static void add_time(struct table *t, unsigned ns)
{
	char cell[FORMAT_TEXT] = "-";

	if (ns)
		snprintf(cell, sizeof(cell), "%u ns", ns);
	table_add(t, cell);
}

static void add_rate(struct table *t, unsigned ns)
{
	char cell[FORMAT_TEXT] = "-";

	if (ns)
		snprintf(cell, sizeof(cell), "%.1f Gbit/s", gbit_s(ns));
	table_add(t, cell);
}

static void add_engine(struct table *t, const struct aead_engine_report *r)
{
	table_add(t, aead_suite_name(r->suite));
	table_add(t, r->name);
	add_time(t, r->seal_ns);
	add_rate(t, r->seal_ns);
	add_time(t, r->open_ns);
	add_rate(t, r->open_ns);
	table_add(t, r->chosen ? "chosen" : r->passed ? "-" : "does not work here");
}

static void print(const struct aead_engine_report *reports, size_t n)
{
	static const char *const titles[COLUMNS] = {"CIPHER", "ENGINE", "SEAL", "", "OPEN", "", "NOTE"};
	struct table t;

	table_init(&t, COLUMNS);
	for (size_t i = 0; i < COLUMNS; i++)
		table_add(&t, titles[i]);
	for (size_t i = 0; i < n; i++)
		add_engine(&t, &reports[i]);
	table_print(stdout, &t, NULL);
	table_deinit(&t);
	printf("for a packet of %d bytes, on one core\n", AEAD_MEASURED_LEN);
}

int run_speed(const struct invocation *in)
{
	const struct aead_clock clock = {clock_cpu_ns, MEASURE_NS};
	struct aead_engine_report reports[AEAD_ENGINES_MAX];
	size_t n;

	if (!in->options->count[OPT_CRYPTO])
		return fail(EXIT_USAGE, "the way to a peer cannot be measured yet, only the "
					"ciphers of this machine; write: p2pnet speed --crypto");
	n = aead_choose_engines(&clock, reports);
	if (in->options->count[OPT_JSON])
		return json_out(speed_json(reports, n));
	print(reports, n);
	return EXIT_OK;
}
