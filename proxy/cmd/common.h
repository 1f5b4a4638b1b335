/* What the commands that use the engine without the proxy share. */
#ifndef TAMIS_PROXY_CMD_COMMON_H
#define TAMIS_PROXY_CMD_COMMON_H

#include <stdbool.h>

#include "conf/conf.h"

struct cmd_engine {
  struct conf    *conf;
  struct ruleset *rules;
};

/* Reads the configuration (NULL: the built-in defaults), its key (created where keys.create says so), compiles the rules
 * and, where tested, runs their tests. False: what is wrong was printed on standard error. */
bool cmd_engine_open(struct cmd_engine *engine, const char *file, bool tested);
void cmd_engine_close(struct cmd_engine *engine);

/* Prints "usage: tamis …" on standard error and returns 2. */
int cmd_usage(const char *usage);

#endif
