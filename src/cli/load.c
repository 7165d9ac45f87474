/* load.c -- read a config file and tell the person what is wrong with it. */
#include "cli/load.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "cli/message.h"
#include "ctl/request.h"

int load_permitted(const char *path)
{
	if (faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) == 0 || errno != EACCES)
		return EXIT_OK;
	return fail(EXIT_PERMISSION, "%s: you may not read it; try sudo", path);
}

int load_config(struct config **out, const char *path, bool quiet)
{
	struct config_report report;
	int code = load_permitted(path);

	if (code)
		return code;
	*out = config_load(path, &report);
	if (!*out || !quiet)
		config_report_print(stderr, &report);
	config_report_free(&report);
	return *out ? EXIT_OK : EXIT_CONFIG;
}
