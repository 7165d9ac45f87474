/* log.h -- one line for each thing that changed.
 *
 * The libraries say what happened; who listens is decided in io/. Without a
 * sink nothing is formatted at all. Nothing above LOG_DEBUG for input that is
 * not authenticated: a stranger must not fill the disk. Never a key.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG, LOG_TRACE, LOG_LEVELS };

typedef void log_sink(enum log_level level, const char *line);

void log_to(log_sink *sink, enum log_level highest);
enum log_level log_level(void);
const char *log_level_name(enum log_level level);
bool log_level_parse(enum log_level *out, const char *name);

void log_line(enum log_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#define log_error(...) log_line(LOG_ERROR, __VA_ARGS__)
#define log_warn(...) log_line(LOG_WARN, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)
#define log_trace(...) log_line(LOG_TRACE, __VA_ARGS__)

#endif
