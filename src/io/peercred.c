/* peercred.c -- who is at the other end of a UNIX socket.
 *
 * The kernel noted it when they connected: no message of theirs is involved.
 */
#include "io/peercred.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { GROUP_TEXT = 65536 };	/* a group and the names of its members */

bool peercred_find_group(gid_t *out, const char *name)
{
	char *buffer = malloc(GROUP_TEXT);
	struct group group, *found = NULL;

	if (buffer && getgrnam_r(name, &group, buffer, GROUP_TEXT, &found) == 0 && found)
		*out = found->gr_gid;
	free(buffer);
	return found != NULL;
}

static bool contains(const gid_t *groups, size_t n, gid_t group)
{
	for (size_t i = 0; i < n; i++) {
		if (groups[i] == group)
			return true;
	}
	return false;
}

/* Supplementary groups. Asked without room, the kernel says how much it needs. */
static bool is_member(int fd, gid_t group)
{
	socklen_t len = 0;
	gid_t *groups;
	bool yes;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &len) == 0 || errno != ERANGE)
		return false;
	groups = malloc(len);
	yes = groups && getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) == 0 &&
	      contains(groups, len / sizeof(*groups), group);
	free(groups);
	return yes;
}

bool peercred_may_change(int fd, const gid_t *group)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return false;
	if (peer.uid == 0 || peer.uid == geteuid())
		return true;
	return group && (peer.gid == *group || is_member(fd, *group));
}
