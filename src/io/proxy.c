/* proxy.c -- asking an HTTP proxy for a connection, RFC 9110 section 9.3.6. */
#include "io/proxy.h"

#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "crypto/key.h"

enum { LOGIN_BASE64_MAX = (PROXY_LOGIN_MAX + 2) / 3 * 4 + 1 };

/* -- the question ---------------------------------------------------------- */

/* RFC 7617. */
static size_t write_login(char *out, size_t cap, const struct proxy *proxy)
{
	char base64[LOGIN_BASE64_MAX];
	int len;

	if (!*proxy->login)
		return 0;
	base64_write(base64, (const uint8_t *)proxy->login, strlen(proxy->login));
	len = snprintf(out, cap, "Proxy-Authorization: Basic %s\r\n", base64);
	wipe(base64, sizeof(base64));
	return (size_t)len;
}

size_t proxy_request(char out[static PROXY_REQUEST_MAX], const struct proxy *proxy,
		     const char *host, uint16_t port)
{
	struct ip ip;
	bool brackets = ip_parse(&ip, host) && ip.family == IP_V6;
	char target[PROXY_HOST_MAX + 8];
	size_t len;

	snprintf(target, sizeof(target), brackets ? "[%s]:%u" : "%s:%u", host, port);
	len = (size_t)snprintf(out, PROXY_REQUEST_MAX, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n", target,
			       target);
	len += write_login(out + len, PROXY_REQUEST_MAX - len, proxy);
	len += (size_t)snprintf(out + len, PROXY_REQUEST_MAX - len, "\r\n");
	return len;
}

/* -- the answer ------------------------------------------------------------ */

/* RFC 9112 section 4: HTTP/1.1 200 ..., where 1 may be another digit. */
static void read_status_line(struct proxy_answer *a, unsigned at, uint8_t c)
{
	static const char form[] = "HTTP/1.# ###";
	bool digit = c >= '0' && c <= '9';

	if (at >= sizeof(form) - 1)
		a->bad |= at == sizeof(form) - 1 && digit;
	else if (form[at] != '#')
		a->bad |= c != (uint8_t)form[at];
	else if (!digit)
		a->bad = true;
	else if (at > 8)
		a->status = a->status * 10 + c - '0';
}

/* True: that was the empty line. A line may end by LF alone (RFC 9112 section 2.2). */
static bool take_byte(struct proxy_answer *a, uint8_t c)
{
	bool first_line = a->len == a->line_len;

	a->len++;
	if (c == '\n') {
		bool empty = a->line_len == 0;

		a->bad |= a->status < 100;
		a->line_len = 0;
		return empty && !first_line;
	}
	if (first_line)
		read_status_line(a, a->line_len, c);
	if (c != '\r' || first_line)
		a->line_len++;
	a->bad |= a->len == PROXY_ANSWER_MAX;
	return false;
}

enum proxy_result proxy_answer_feed(struct proxy_answer *a, struct bytes *in)
{
	bool ended = false;

	while (in->len && !a->bad && !ended) {
		ended = take_byte(a, *in->data);
		*in = bytes_of(in->data + 1, in->len - 1);
	}
	if (a->bad)
		return PROXY_BAD;
	if (!ended)
		return PROXY_WAITS;
	return a->status / 100 == 2 ? PROXY_CONNECTED : PROXY_REFUSED;
}
