/* show.c -- the same in the words of `wg show`: one net, or all that are running. */
#include "cli/show.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/client.h"
#include "cli/command.h"
#include "cli/json.h"
#include "cli/message.h"
#include "ctl/report.h"

struct show {
	const struct options *options;
	const char *net;	/* NULL: all that are running */
	bool dump;
	json_t *collected;	/* the reports, for --json of all nets */
	size_t shown;
};

/* [NET] [dump]; NET may be "all", as for wg. */
static int parse(struct show *s, const struct invocation *in)
{
	size_t len = in->args_len;

	s->options = in->options;
	s->dump = len && strcmp(in->args[len - 1], "dump") == 0;
	len -= s->dump;
	if (len > 1)
		return fail(EXIT_USAGE, "show has no use for '%s'; write: p2pnet show [NET] [dump]",
			    in->args[1]);
	if (len && strcmp(in->args[0], "all") != 0)
		s->net = in->args[0];
	return EXIT_OK;
}

static bool one_is_meant(const struct show *s)
{
	static const char *const variables[] = {"P2PNET_NET", "P2PNET_CONFIG", "P2PNET_SOCKET"};
	const struct options *o = s->options;

	if (s->net || o->count[OPT_NET] || o->count[OPT_CONFIG] || o->count[OPT_SOCKET])
		return true;
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
		if (getenv(variables[i]) && *getenv(variables[i]))
			return true;
	}
	return false;
}

static int ask(json_t **report, const struct show *s, const char *net,
	       char error[static CLIENT_ERROR])
{
	const struct ctl_request request = {.verb = CTL_STATUS};
	struct place place;
	int code = place_find(&place, s->options, net);

	error[0] = '\0';
	if (!code)
		code = client_ask(report, &place, &request, CLIENT_TIMEOUT, error);
	if (code)
		return code;
	json_object_del(*report, "ok");
	show_sort_peers(*report);
	return EXIT_OK;
}

static int show_one(const struct show *s)
{
	char error[CLIENT_ERROR];
	json_t *report = NULL;
	int code = ask(&report, s, s->net, error);

	if (code)
		return error[0] ? fail(code, "%s", error) : code;
	if (s->options->count[OPT_JSON])
		return json_out(report);
	if (s->dump)
		show_dump(stdout, report, NULL);
	else
		show_print(stdout, report);
	json_decref(report);
	return EXIT_OK;
}

/* -- all nets -------------------------------------------------------------- */

/* A socket that nobody listens on was left behind: no net. */
static int show_next(struct show *s, const char *net)
{
	char error[CLIENT_ERROR];
	json_t *report = NULL;
	int code = ask(&report, s, net, error);

	if (code == EXIT_NOT_RUNNING)
		return EXIT_OK;
	if (code)
		return error[0] ? fail(code, "%s", error) : code;
	if (s->shown && !s->dump && !s->options->count[OPT_JSON])
		putchar('\n');
	if (s->options->count[OPT_JSON])
		json_array_append(s->collected, report);
	else if (s->dump)
		show_dump(stdout, report, net);
	else
		show_print(stdout, report);
	s->shown++;
	json_decref(report);
	return EXIT_OK;
}

/* home.sock; the name of the net is cut out in place. */
static int is_socket(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return len > 5 && strcmp(entry->d_name + len - 5, ".sock") == 0 &&
	       net_name_ok(entry->d_name, len - 5);
}

static int show_each(struct show *s)
{
	char dir[PLACE_PATH];
	struct dirent **entries = NULL;
	int code = EXIT_OK, n;

	place_runtime_dir(dir);
	n = scandir(dir, &entries, is_socket, alphasort);
	for (int i = 0; i < n; i++) {
		int one;

		entries[i]->d_name[strlen(entries[i]->d_name) - 5] = '\0';
		one = show_next(s, entries[i]->d_name);
		code = code ? code : one;
		free(entries[i]);
	}
	free(entries);
	if (n < 0 && errno == EACCES)
		code = fail(EXIT_PERMISSION, "%s: you may not read it; try sudo", dir);
	return code;
}

static int show_all(struct show *s)
{
	bool json = s->options->count[OPT_JSON] > 0;
	int code;

	s->collected = json_array();
	code = show_each(s);
	if (!code && !s->shown && !json)
		code = fail(EXIT_NOT_RUNNING, "no net is running; start one with: p2pnet up NET");
	if (!code && json)
		return json_out(
			json_pack("{s:i, s:o}", "schema", REPORT_SCHEMA, "nets", s->collected));
	json_decref(s->collected);
	return code;
}

int run_show(const struct invocation *in)
{
	struct show s = {0};
	int code = parse(&s, in);

	if (code)
		return code;
	return one_is_meant(&s) ? show_one(&s) : show_all(&s);
}
