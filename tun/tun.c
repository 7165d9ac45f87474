/* tun.c -- the one face of all makers of a virtual interface. */
#include "tun/tun.h"

#include "tun/tun_impl.h"

void tun_free(struct tun *tun)
{
	if (tun)
		tun->ops->free(tun);
}

const char *tun_name(const struct tun *tun)
{
	return tun->name;
}

int tun_fd(const struct tun *tun)
{
	return tun->fd;
}

unsigned tun_offloads(const struct tun *tun)
{
	return tun->offloads;
}

const char *tun_lacks(const struct tun *tun)
{
	return tun->lacks[0] ? tun->lacks : NULL;
}

uint64_t tun_malformed(const struct tun *tun)
{
	return tun->malformed;
}

uint64_t tun_queue_counter(const struct tun *tun, enum fair_counter counter)
{
	return tun->fair ? fair_counter(tun->fair, counter) : 0;
}

int tun_read(struct tun *tun, uint8_t *room, struct packet *packets, size_t n)
{
	return tun->ops->read(tun, room, packets, n);
}

bool tun_holds(const struct tun *tun)
{
	return tun->ops->holds && tun->ops->holds(tun);
}

size_t tun_write(struct tun *tun, const struct packet *packets, size_t n)
{
	return tun->ops->write(tun, packets, n);
}
