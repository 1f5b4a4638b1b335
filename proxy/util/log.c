#include "proxy/util/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static atomic_int log_most = LOG_INFO;

void log_level_set(enum log_level level) { atomic_store(&log_most, (int)level); }

/* One write a line, so that lines of threads do not mix. */
__attribute__((format(printf, 3, 0))) static void log_line(enum log_level level, const char *event, const char *format, va_list arguments) {
  static const char *const names[] = { "error", "warn", "info", "debug" };
  char                     line[1024];
  struct tm                tm;
  struct timespec          now;
  int                      n, m;
  if ((int)level > atomic_load(&log_most)) return;
  clock_gettime(CLOCK_REALTIME, &now);
  gmtime_r(&now.tv_sec, &tm);
  n = (int)strftime(line, sizeof line, "%Y-%m-%dT%H:%M:%SZ", &tm);
  n += snprintf(line + n, sizeof line - (size_t)n, " %s %s ", names[level], event);
  m = vsnprintf(line + n, sizeof line - (size_t)n - 1, format, arguments);
  if (m > 0) n += m < (int)sizeof line - n - 1 ? m : (int)sizeof line - n - 2;
  for (int i = 0; i < n; i++)
    if ((unsigned char)line[i] < ' ') line[i] = ' ';
  line[n++] = '\n';
  if (write(STDERR_FILENO, line, (size_t)n) < 0) return; /* nowhere left to say it */
}

#define LOG_FUNCTION(name, level)                                                                                                                    \
  void name(const char *event, const char *format, ...) {                                                                                            \
    va_list arguments;                                                                                                                               \
    va_start(arguments, format);                                                                                                                     \
    log_line(level, event, format, arguments);                                                                                                       \
    va_end(arguments);                                                                                                                               \
  }
LOG_FUNCTION(log_error, LOG_ERROR)
LOG_FUNCTION(log_warn, LOG_WARN)
LOG_FUNCTION(log_info, LOG_INFO)
LOG_FUNCTION(log_debug, LOG_DEBUG)

static int64_t clock_ms(clockid_t id) {
  struct timespec now;
  clock_gettime(id, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_monotonic_ms(void) { return clock_ms(CLOCK_MONOTONIC); }
int64_t clock_epoch_ms(void) { return clock_ms(CLOCK_REALTIME); }

bool log_ratelimit(atomic_llong *last_ms) {
  long long now = clock_monotonic_ms(), last = atomic_load(last_ms);
  return (last == 0 || now - last >= 1000) && atomic_compare_exchange_strong(last_ms, &last, now);
}
