/* upnp_helper.c -- the other side of upnp.h: ask the router by SSDP, HTTP and SOAP. */
#include "io/upnp_helper.h"

#include <arpa/inet.h>
#include <miniupnpc/miniupnpc.h>
#include <miniupnpc/upnpcommands.h>
#include <miniupnpc/upnperrors.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/clock.h"
#include "io/sandbox.h"
#include "io/ssdp.h"
#include "io/upnp.h"

enum {
	SEARCHES = 3,			/* section 1.3.2: UDP loses some */
	SEARCH_WAIT = 700,		/* msec */
	DATAGRAM_MAX = 1500,
	LIFE = UPNP_LIMIT / 1000 + 3,	/* seconds, should nobody be left to kill us */
	NUMBER_TEXT = 12,
	NO_LEASES = 725,		/* OnlyPermanentLeasesSupported */
	CONFLICT = 718,			/* ConflictInMappingEntry */
};

/* -- discovery ------------------------------------------------------------- */

static struct sockaddr_in address_of(const struct ip *ip, uint16_t port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};

	memcpy(&a.sin_addr, ip->bytes, sizeof(a.sin_addr));
	return a;
}

static bool is_from(const struct sockaddr_in *from, const struct ip *gateway)
{
	return memcmp(&from->sin_addr, gateway->bytes, sizeof(from->sin_addr)) == 0;
}

/* By the interface of the gateway, whatever the routes say of multicast. */
static int open_search(const struct mapper_upnp_job *job)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in self = address_of(&job->self.ip, 0);
	struct ip_mreqn by = {.imr_address = self.sin_addr, .imr_ifindex = (int)job->ifindex};
	int ttl = 2;			/* UDA 1.1 section 1.3.2 */

	if (fd < 0)
		return -1;
	if (bind(fd, (struct sockaddr *)&self, sizeof(self)) < 0 ||
	    setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &by, sizeof(by)) < 0 ||
	    setsockopt(fd, IPPROTO_IP, IP_MULTICAST_TTL, &ttl, sizeof(ttl)) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static void send_search(int fd, const struct ip *gateway)
{
	struct bytes search = ssdp_search();
	struct sockaddr_in router = address_of(gateway, SSDP_PORT);
	struct sockaddr_in group = {.sin_family = AF_INET, .sin_port = htons(SSDP_PORT)};

	inet_pton(AF_INET, SSDP_GROUP4, &group.sin_addr);
	sendto(fd, search.data, search.len, 0, (struct sockaddr *)&router, sizeof(router));
	sendto(fd, search.data, search.len, 0, (struct sockaddr *)&group, sizeof(group));
}

static bool hear_location(int fd, const struct ip *gateway, msec until,
			  char location[static SSDP_URL_MAX])
{
	for (msec now = clock_now(); now < until; now = clock_now()) {
		struct pollfd wait = {.fd = fd, .events = POLLIN};
		uint8_t datagram[DATAGRAM_MAX];
		struct sockaddr_in from;
		socklen_t from_len = sizeof(from);
		ssize_t n;

		if (poll(&wait, 1, (int)(until - now)) <= 0)
			continue;
		n = recvfrom(fd, datagram, sizeof(datagram), MSG_DONTWAIT,
			     (struct sockaddr *)&from, &from_len);
		if (n > 0 && is_from(&from, gateway) &&
		    ssdp_location(location, bytes_of(datagram, (size_t)n), gateway))
			return true;
	}
	return false;
}

static bool search(const struct mapper_upnp_job *job, char location[static SSDP_URL_MAX])
{
	int fd = open_search(job);
	bool found = false;

	for (int i = 0; i < SEARCHES && fd >= 0 && !found; i++) {
		send_search(fd, &job->gateway);
		found = hear_location(fd, &job->gateway, clock_now() + SEARCH_WAIT, location);
	}
	if (fd >= 0)
		close(fd);
	return found;
}

/* -- the device ------------------------------------------------------------ */

struct device {
	struct UPNPUrls urls;
	struct IGDdatas data;
};

static bool maps_ports(const struct IGDdatas_service *service)
{
	return strstr(service->servicetype, ":WANIPConnection:") ||
	       strstr(service->servicetype, ":WANPPPConnection:");
}

/* A router may have both services and use one. */
static void take_the_connected(struct device *d, const char *location)
{
	if (!maps_ports(&d->data.second) || UPNPIGD_IsConnected(&d->urls, &d->data))
		return;
	d->data.first = d->data.second;
	FreeUPNPUrls(&d->urls);
	GetUPNPUrls(&d->urls, &d->data, location, 0);
}

/* The description may name any host as the one to control: it must be the gateway too. */
static bool open_device(struct device *d, const struct mapper_upnp_job *job)
{
	char location[SSDP_URL_MAX], self[IP_TEXT];

	memset(d, 0, sizeof(*d));
	if (!search(job, location) ||
	    !UPNP_GetIGDFromUrl(location, &d->urls, &d->data, self, sizeof(self)))
		return false;
	if (!maps_ports(&d->data.first) || !ssdp_is_at(d->urls.controlURL, &job->gateway))
		return false;
	take_the_connected(d, location);
	return ssdp_is_at(d->urls.controlURL, &job->gateway);
}

/* -- mappings -------------------------------------------------------------- */

/* UPnP's own codes are 401 and above; below 0 are miniupnpc's: nobody answered. */
static uint16_t error_of(int code)
{
	return (uint16_t)(code > 0 && code <= UINT16_MAX ? code : 0);
}

static const char *proto_of(const struct mapper_upnp_job *job)
{
	return job->proto == PORTMAP_UDP ? "UDP" : "TCP";
}

static int add(const struct device *d, const struct mapper_upnp_job *job, uint16_t port,
	       uint32_t lease)
{
	char external[NUMBER_TEXT], internal[NUMBER_TEXT], seconds[NUMBER_TEXT], self[IP_TEXT];

	snprintf(external, sizeof(external), "%u", port);
	snprintf(internal, sizeof(internal), "%u", job->self.port);
	snprintf(seconds, sizeof(seconds), "%u", lease);
	return UPNP_AddPortMapping(d->urls.controlURL, d->data.first.servicetype, external,
				   internal, ip_format(self, &job->self.ip), "p2pnet",
				   proto_of(job), NULL, seconds);
}

static int add_leased_or_not(const struct device *d, const struct mapper_upnp_job *job,
			     uint16_t port, struct mapper_upnp_result *result)
{
	int code = add(d, job, port, job->lease);

	result->lease = job->lease;
	if (code == NO_LEASES) {
		code = add(d, job, port, 0);
		result->lease = 0;
	}
	result->external.port = port;
	return code;
}

/* IGD 2: the router chooses. */
static int add_any(const struct device *d, const struct mapper_upnp_job *job,
		   struct mapper_upnp_result *result)
{
	char wanted[NUMBER_TEXT], internal[NUMBER_TEXT], seconds[NUMBER_TEXT], self[IP_TEXT];
	char got[NUMBER_TEXT] = "";
	int code;

	snprintf(wanted, sizeof(wanted), "%u", job->ports[0]);
	snprintf(internal, sizeof(internal), "%u", job->self.port);
	snprintf(seconds, sizeof(seconds), "%u", job->lease);
	code = UPNP_AddAnyPortMapping(d->urls.controlURL, d->data.first.servicetype, wanted,
				      internal, ip_format(self, &job->self.ip), "p2pnet",
				      proto_of(job), NULL, seconds, got);
	result->external.port = (uint16_t)strtoul(got, NULL, 10);
	result->lease = job->lease;
	return code;
}

static int add_some(const struct device *d, const struct mapper_upnp_job *job,
		    struct mapper_upnp_result *result)
{
	int code = CONFLICT;

	for (int i = 0; i < MAPPER_UPNP_PORTS && code == CONFLICT; i++)
		code = add_leased_or_not(d, job, job->ports[i], result);
	if (code == CONFLICT && strstr(d->data.first.servicetype, ":WANIPConnection:2"))
		code = add_any(d, job, result);
	return code;
}

static void do_add(const struct device *d, const struct mapper_upnp_job *job,
		   struct mapper_upnp_result *result)
{
	char external[64] = "";		/* miniupnpc writes 16 */
	int code = UPNP_GetExternalIPAddress(d->urls.controlURL, d->data.first.servicetype, external);

	if (!code)
		code = add_some(d, job, result);
	result->error = error_of(code);
	result->ok = !code && ip_parse(&result->external.ip, external) &&
		     result->external.ip.family == IP_V4;
}

static void do_delete(const struct device *d, const struct mapper_upnp_job *job,
		      struct mapper_upnp_result *result)
{
	char external[NUMBER_TEXT];
	int code;

	snprintf(external, sizeof(external), "%u", job->ports[0]);
	code = UPNP_DeletePortMapping(d->urls.controlURL, d->data.first.servicetype, external,
				      proto_of(job), NULL);
	result->error = error_of(code);
	result->ok = !code;
}

int upnp_helper_run(int words_len, char *const *words)
{
	static struct device device;
	struct mapper_upnp_result result = {.ok = false};
	struct mapper_upnp_job job;
	uint8_t answer[UPNP_ANSWER_LEN];

	if (!upnp_read_job(&job, words_len, words) || sandbox_enter(LIFE))
		return EXIT_FAILURE;
	if (open_device(&device, &job)) {
		if (job.deletes)
			do_delete(&device, &job, &result);
		else
			do_add(&device, &job, &result);
	}
	upnp_write_answer(answer, &result);
	return write(STDOUT_FILENO, answer, sizeof(answer)) == sizeof(answer) ? EXIT_SUCCESS
									    : EXIT_FAILURE;
}
