/* rpfilter.c -- does the host drop answers that come past the tunnel?
 *
 * An interface is as its own setting or that of "all" says, whichever is the
 * higher: 0 off, 1 strict, 2 loose (Linux, Documentation/networking/ip-sysctl.rst).
 * src_valid_mark does not help: the check then uses the mark of the packet that
 * came in, and it has none. We change nothing, the setting is the host's.
 */
#include "tun/rpfilter.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"

#define CONF_DIR "/proc/sys/net/ipv4/conf"

static int rp_filter_of(const char *interface)
{
	char path[sizeof(CONF_DIR) + 256 + sizeof("/rp_filter")];
	int value = 0;
	FILE *file;

	snprintf(path, sizeof(path), CONF_DIR "/%s/rp_filter", interface);
	file = fopen(path, "re");
	if (!file)
		return 0;
	if (fscanf(file, "%d", &value) != 1)
		value = 0;
	fclose(file);
	return value;
}

static bool is_outside(const char *name, const char *device)
{
	static const char *const others[] = {".", "..", "all", "default", "lo"};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strcmp(name, others[i]) == 0)
			return false;
	return strcmp(name, device) != 0;
}

static bool is_strict(const char *name)
{
	int all = rp_filter_of("all");
	int own = rp_filter_of(name);

	return (all > own ? all : own) == 1;
}

void rpfilter_check(const char *device)
{
	DIR *dir = opendir(CONF_DIR);
	struct dirent *entry;

	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		const char *name = entry->d_name;

		if (!is_outside(name, device) || !is_strict(name))
			continue;
		log_warn("%s drops what distant peers send while the default route is in %s "
			 "(rp_filter is strict); allow it with: sysctl net.ipv4.conf.%s.rp_filter=2",
			 name, device, name);
		break;
	}
	closedir(dir);
}
