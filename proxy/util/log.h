/* The process's own log: one event, one line on standard error: level, a fixed name, key=value. Never a byte of a
 * record, never a peer's address, never a secret. Safe from any thread. */
#ifndef TAMIS_PROXY_UTIL_LOG_H
#define TAMIS_PROXY_UTIL_LOG_H

#define PRINTF(string, first) __attribute__((format(printf, string, first)))

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

void log_level_set(enum log_level level); /* at start and on reload, before threads care */
void log_error(const char *event, const char *format, ...) PRINTF(2, 3);
void log_warn(const char *event, const char *format, ...) PRINTF(2, 3);
void log_info(const char *event, const char *format, ...) PRINTF(2, 3);
void log_debug(const char *event, const char *format, ...) PRINTF(2, 3);

/* True at most once per second for each place: what an outsider can trigger goes through it. *last_ms belongs to the
 * place and starts at 0. */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
bool log_ratelimit(atomic_llong *last_ms);

int64_t clock_monotonic_ms(void);
int64_t clock_epoch_ms(void);

#endif
