/* Collecting configuration errors. Private to conf/. */
#ifndef TAMIS_CONF_ERROR_H
#define TAMIS_CONF_ERROR_H

#include "conf/conf.h"

/* Adds one error; file is copied, line and col count from 1 (0: the whole file). */
void conf_fail_at(struct conf_errors *errors, const char *file, int line, int col, const char *format, ...) __attribute__((format(printf, 5, 6)));

#endif
