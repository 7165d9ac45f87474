/* proxy.c -- proxy = http://[user[:password]@]host:port, as RFC 3986 writes it.
 *
 * In a user or password all but letters, digits and - . _ ~ stands as %XX (section 2.1); so
 * nothing can be mistaken. A value that is wrong is not repeated in the error: it may
 * have a password in it.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "config/schema.h"

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, tolower((unsigned char)c)) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* The next character, which may be three in the text; -1: it may not stand there. */
static int next_char(const char **text, const char *end)
{
	int c = (unsigned char)*(*text)++, high, low;

	if (c != '%')
		return isalnum(c) || strchr("-._~:", c) ? c : -1;
	high = end - *text < 2 ? -1 : hex_digit((*text)[0]);
	low = high < 0 ? -1 : hex_digit((*text)[1]);
	*text += 2;
	if (low < 0)
		return -1;
	c = high << 4 | low;
	return c < ' ' || c == 0x7f ? -1 : c;
}

/* The colon that divides the two stands there as it is; another in the name would do so
 * once it is sent (RFC 7617 section 2). */
static bool read_login(char out[static CONFIG_LOGIN_MAX], const char *text, const char *end)
{
	bool in_name = true;
	size_t len = 0;

	while (text < end) {
		bool divides = in_name && *text == ':';
		int c = next_char(&text, end);

		if (c < 0 || (in_name && c == ':' && !divides) || len + 2 >= CONFIG_LOGIN_MAX)
			return false;
		in_name = in_name && !divides;
		out[len++] = (char)c;
	}
	if (in_name)
		out[len++] = ':';
	out[len] = '\0';
	return len > 1;
}

static const char *read_proxy(struct config_proxy *out, const char *value)
{
	static const char scheme[] = "http://";
	char endpoint[CONFIG_ENDPOINT_TEXT];
	const char *at;
	size_t len;

	if (strncasecmp(value, scheme, strlen(scheme)) != 0)
		return "does not begin with http://";
	value += strlen(scheme);
	at = strrchr(value, '@');
	if (at && !read_login(out->login, value, at))
		return "has a user or password that cannot be one; write other characters than "
		       "letters and digits as %XX";
	value = at ? at + 1 : value;
	len = strlen(value);
	len -= len && value[len - 1] == '/';
	if (len >= sizeof(endpoint))
		return "is longer than a host name can be";
	memcpy(endpoint, value, len);
	endpoint[len] = '\0';
	return config_read_endpoint(out->host, &out->port, endpoint);
}

void set_proxy(struct load *l, const char *value)
{
	struct config_proxy proxy = {0};
	const char *why = read_proxy(&proxy, value);

	if (*proxy.login)
		load_inline_secret(l, "a password for the proxy", "");
	if (why)
		load_error(l,
			   "proxy %s; write http://proxy.example.net:3128 or "
			   "http://user:password@proxy.example.net:3128",
			   why);
	else
		l->config->proxy = proxy;
	wipe(&proxy, sizeof(proxy));
}
