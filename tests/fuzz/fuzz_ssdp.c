/* fuzz_ssdp.c -- any answer to a search: what is taken from it is a URL of that very host. */
#include <stdlib.h>
#include <string.h>

#include "io/ssdp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct ip router = {IP_V4, {192, 168, 1, 1}};
	char url[SSDP_URL_MAX];

	if (!ssdp_location(url, bytes_of(data, size), &router))
		return 0;
	if (strnlen(url, sizeof(url)) == sizeof(url) || strncasecmp(url, "http://192.168.1.1", 18) != 0 ||
	    (url[18] != '/' && url[18] != ':') || !ssdp_is_at(url, &router))
		abort();
	return 0;
}
