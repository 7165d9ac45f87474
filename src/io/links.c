/* links.c -- what this host is connected to, and news of it. */
#include "io/links.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tun/link.h"
#include "tun/link_watch.h"

/* -- addresses ----------------------------------------------------------- */

struct listing {
	struct local_address *out;
	size_t len, max;
	uint32_t own;
	struct link *interfaces;	/* asked while another link walks the addresses */
	struct link_interface interface;	/* the one that was asked for last */
};

/* Addresses come interface by interface. One that is gone by now is not running. */
static const struct link_interface *interface_of(struct listing *listing, uint32_t ifindex)
{
	if (listing->interface.ifindex != ifindex &&
	    link_interface(listing->interfaces, ifindex, &listing->interface))
		listing->interface = (struct link_interface){.ifindex = ifindex};
	return &listing->interface;
}

static bool take_address(void *context, const struct link_address *address)
{
	struct listing *listing = context;
	const struct link_interface *interface;
	struct local_address *out;

	if (address->ifindex == listing->own || address->is_tentative || address->is_deprecated)
		return true;
	interface = interface_of(listing, address->ifindex);
	if (!interface->is_running || interface->is_loopback)
		return true;
	if (listing->len == listing->max)
		return false;
	out = &listing->out[listing->len++];
	*out = (struct local_address){
		.ip = address->ip,
		.on_link = address->on_link,
		.ifindex = address->ifindex,
		.is_temporary = address->is_temporary,
		.is_lan = interface->has_multicast && !interface->is_point_to_point,
	};
	memcpy(out->name, interface->name, sizeof(out->name));
	return true;
}

int links_list(struct local_address *out, size_t max, uint32_t own)
{
	struct listing listing = {.out = out, .max = max, .own = own};
	struct link *addresses;
	int err = link_open(&addresses);

	if (err)
		return err;
	err = link_open(&listing.interfaces);
	if (err)
		goto free_addresses;
	err = link_walk_addresses(addresses, take_address, &listing);
	link_free(listing.interfaces);
free_addresses:
	link_free(addresses);
	return err ? err : (int)listing.len;
}

/* -- gateways ------------------------------------------------------------ */

struct gateway_listing {
	struct gateway *out;
	size_t len, max;
	uint32_t own;
};

/* The kernel keeps routes to the same network in the order of their metrics. */
static bool take_gateway(void *context, const struct link_gateway *found)
{
	struct gateway_listing *listing = context;
	bool is_scoped = found->ip.family == IP_V6 && ip_is_link_local(&found->ip);

	if (found->ifindex == listing->own)
		return true;
	if (listing->len == listing->max)
		return false;
	listing->out[listing->len++] = (struct gateway){
		.at = {.ip = found->ip, .scope = is_scoped ? found->ifindex : 0},
		.ifindex = found->ifindex,
		.metric = found->metric,
	};
	return true;
}

int links_gateways(struct gateway *out, size_t max, uint32_t own)
{
	struct gateway_listing listing = {.out = out, .max = max, .own = own};
	struct link *link;
	int err = link_open(&link);

	if (err)
		return err;
	err = link_walk_gateways(link, IP_V4, take_gateway, &listing);
	if (!err)
		err = link_walk_gateways(link, IP_V6, take_gateway, &listing);
	link_free(link);
	return err ? err : (int)listing.len;
}

/* -- news ---------------------------------------------------------------- */

struct links_watch {
	struct link_watch *news;
	uv_poll_t poll;
	uv_timer_t timer;
	unsigned handles;	/* that the loop still has */
	bool has_news;
	uint64_t first;		/* when the news began to come, in the loop's time */
	links_changed_fn *changed;
	void *context;
};

static void on_quiet(uv_timer_t *timer)
{
	struct links_watch *watch = timer->data;

	watch->has_news = false;
	watch->changed(watch->context);
}

static void wait_for_quiet(struct links_watch *watch)
{
	uint64_t now = uv_now(watch->timer.loop);
	uint64_t waited;

	if (!watch->has_news) {
		watch->has_news = true;
		watch->first = now;
	}
	waited = now - watch->first;
	if (waited + LINKS_QUIET < LINKS_PATIENCE)
		uv_timer_start(&watch->timer, on_quiet, LINKS_QUIET, 0);
	else
		uv_timer_start(&watch->timer, on_quiet,
			       waited < LINKS_PATIENCE ? LINKS_PATIENCE - waited : 0, 0);
}

/* An error is lost news (ENOBUFS), and libuv stops listening then. Reading takes it away. */
static void on_news(uv_poll_t *poll, int status, int events)
{
	struct links_watch *watch = poll->data;
	bool news = link_watch_read(watch->news);

	(void)events;
	if (status < 0)
		uv_poll_start(poll, UV_READABLE, on_news);
	if (news)
		wait_for_quiet(watch);
}

static void on_closed(uv_handle_t *handle)
{
	struct links_watch *watch = handle->data;

	if (--watch->handles == 0)
		free(watch);
}

void links_watch_close(struct links_watch *watch)
{
	if (!watch)
		return;
	uv_close((uv_handle_t *)&watch->poll, on_closed);
	uv_close((uv_handle_t *)&watch->timer, on_closed);
	link_watch_free(watch->news);
}

/* With both handles in the loop there is no way back but through it. */
static int start(struct links_watch *watch, uv_loop_t *loop)
{
	int err = uv_poll_init(loop, &watch->poll, link_watch_fd(watch->news));

	if (err) {
		link_watch_free(watch->news);
		free(watch);
		return err;
	}
	uv_timer_init(loop, &watch->timer);
	watch->poll.data = watch->timer.data = watch;
	watch->handles = 2;
	err = uv_poll_start(&watch->poll, UV_READABLE, on_news);
	if (err)
		links_watch_close(watch);
	return err;
}

int links_watch_open(struct links_watch **out, uv_loop_t *loop, uint32_t own,
		     links_changed_fn *changed, void *context)
{
	struct links_watch *watch = calloc(1, sizeof(*watch));
	int err;

	if (!watch)
		return -ENOMEM;
	watch->changed = changed;
	watch->context = context;
	err = link_watch_open(&watch->news, own);
	if (err) {
		free(watch);
		return err;
	}
	err = start(watch, loop);
	if (!err)
		*out = watch;
	return err;
}

/* -- sleep --------------------------------------------------------------- */

bool links_resumed(struct links_sleep *sleep, msec now_boot, msec now_mono)
{
	msec slept = now_boot - now_mono;
	bool resumed = sleep->is_set && slept - sleep->slept > LINKS_SLEPT;

	if (!sleep->is_set || resumed)
		*sleep = (struct links_sleep){.is_set = true, .slept = slept};
	return resumed;
}
