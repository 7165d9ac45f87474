/* http_refusal.c -- what is told who speaks HTTP where datagrams are expected. */
#include "io/http_refusal.h"

#include "io/stream.h"

_Static_assert(('A' << 8) > STREAM_STRANGER_FRAME, "no frame of a stranger begins as a method does");

static bool is_capital(uint8_t c)
{
	return c >= 'A' && c <= 'Z';
}

bool http_is_request(const uint8_t first[static 2])
{
	return is_capital(first[0]) && is_capital(first[1]);
}

struct bytes http_refusal(void)
{
	static const char text[] = "HTTP/1.1 404 Not Found\r\n"
				   "Content-Type: text/plain\r\n"
				   "Content-Length: 10\r\n"
				   "Connection: close\r\n"
				   "\r\n"
				   "Not Found\n";

	return bytes_of(text, sizeof(text) - 1);
}
