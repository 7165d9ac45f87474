/* logsink.c -- where log lines go: stderr, as a person or the journal likes them, or syslog.
 *
 *   journal    <6>home: laptop: connected by 192.0.2.2:27000
 *   syslog     home: laptop: connected by 192.0.2.2:27000
 *   else       2026-01-02 03:04:05 info  home: laptop: connected by 192.0.2.2:27000
 *
 * A line is one write, so lines of several processes do not run into each other.
 */
#include "io/logsink.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "io/clock.h"

enum {
	LINES_MAX = 100,	/* of one level in one WINDOW */
	WINDOW = 1000,		/* msec */
	LINE_TEXT = 640,
	PREFIX_MAX = 32,
};

/* RFC 5424 section 6.2.1; "trace" is the journal's debug. */
static const int priorities[LOG_LEVELS] = {3, 4, 6, 7, 7};

static struct {
	bool journal;
	bool syslog;
	char prefix[PREFIX_MAX];
	struct window {
		msec since;
		unsigned lines;		/* in this window, left out or not */
	} windows[LOG_LEVELS];
} sink;

/* systemd gives the device and inode of its stream: has stderr been redirected since? */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long dev, ino;
	struct stat st;

	return stream && sscanf(stream, "%llu:%llu", &dev, &ino) == 2 &&
	       fstat(STDERR_FILENO, &st) == 0 && st.st_dev == dev && st.st_ino == ino;
}

static size_t write_head(char *out, size_t cap, enum log_level level)
{
	char when[32] = "";
	time_t now = time(NULL);
	struct tm local;
	int len;

	if (sink.syslog) {
		len = snprintf(out, cap, "%s", sink.prefix);
	} else if (sink.journal) {
		len = snprintf(out, cap, "<%d>%s", priorities[level], sink.prefix);
	} else {
		if (localtime_r(&now, &local))
			strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &local);
		len = snprintf(out, cap, "%s %-5s %s", when, log_level_name(level), sink.prefix);
	}
	return (size_t)len;
}

/* Control characters would let a line pretend to be two. */
static void put_line(enum log_level level, const char *line)
{
	char out[LINE_TEXT];
	size_t len = write_head(out, sizeof(out), level);

	for (; *line && len < sizeof(out) - 1; line++)
		out[len++] = (unsigned char)*line < ' ' || *line == 0x7f ? ' ' : *line;
	if (sink.syslog) {
		syslog(priorities[level], "%.*s", (int)len, out);
		return;
	}
	out[len++] = '\n';
	while (write(STDERR_FILENO, out, len) < 0 && errno == EINTR)
		;
}

/* A window that is over says what was left out in it, once. */
static void roll_window(enum log_level level, msec now)
{
	struct window *w = &sink.windows[level];
	unsigned lines = w->lines;
	char text[80];

	if (!lines || now - w->since < WINDOW)
		return;
	w->lines = 0;
	if (lines > LINES_MAX) {
		snprintf(text, sizeof(text), "%u more %s lines were left out", lines - LINES_MAX,
			 log_level_name(level));
		put_line(level, text);
	}
}

static void take_line(enum log_level level, const char *line)
{
	struct window *w = &sink.windows[level];
	msec now = clock_now();

	for (int i = 0; i < LOG_LEVELS; i++)
		roll_window((enum log_level)i, now);
	if (!w->lines)
		w->since = now;
	if (++w->lines <= LINES_MAX)
		put_line(level, line);
}

void logsink_start(enum log_level level, const char *prefix)
{
	memset(&sink, 0, sizeof(sink));
	sink.journal = stderr_is_journal();
	if (prefix)
		snprintf(sink.prefix, sizeof(sink.prefix), "%.*s: ", PREFIX_MAX - 3, prefix);
	log_to(take_line, level);
}

void logsink_start_syslog(enum log_level level, const char *prefix)
{
	logsink_start(level, prefix);
	sink.syslog = true;
	openlog("p2pnet", LOG_PID | LOG_NDELAY, LOG_DAEMON);
}

void logsink_set_level(enum log_level level)
{
	log_to(take_line, level);
}
