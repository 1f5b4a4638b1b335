/* What the commands share: the engine without the proxy, and the keyring as the configuration names it. */
#ifndef TAMIS_PROXY_CMD_COMMON_H
#define TAMIS_PROXY_CMD_COMMON_H

#include <stdbool.h>

#include "conf/conf.h"
#include "proxy/util/keyring_file.h"

struct cmd_engine {
  struct conf    *conf;
  struct keyring  ring;
  bool            ring_short; /* KEYRING_SHORT: look at the keyring again */
  struct ruleset *rules;      /* made with an epoch of ring */
};

/* Reads the configuration (NULL: the built-in defaults), its keyring (made where keys.create says so), compiles the rules
 * with the key of epoch (NULL: the one in force now) and, where tested, runs their tests. False: what is wrong was printed
 * on standard error. */
bool cmd_engine_open(struct cmd_engine *engine, const char *file, bool tested, const char *epoch);
void cmd_engine_close(struct cmd_engine *engine);

/* Reads and validates a configuration; NULL: its errors were printed on standard error. */
struct conf *cmd_conf_open(const char *file, bool tested);

/* The ring that conf names, with what its schedule wants at now_s. Results as keyring_load's. */
enum keyring_result cmd_ring_load(const struct conf *conf, int64_t now_s, struct keyring *ring, char *why, size_t size);

/* The epoch that pseudonyms are to be made with: id's, or (NULL) the one in force at now_s. NULL: there is none, or its key
 * is destroyed (why). */
const struct epoch *cmd_epoch(const struct keyring *ring, const char *id, int64_t now_s, char *why, size_t size);

/* Two rings have one epoch of this id with different keys: its pseudonyms cannot be told apart by it. */
bool cmd_epoch_rekeyed(const struct keyring *before, const struct keyring *after, const char *id);

struct keyring_policy cmd_keyring_policy(const struct conf *conf);

int64_t cmd_now_s(void); /* since 1970 */

/* Prints "usage: tamis …" on standard error and returns 2. */
int cmd_usage(const char *usage);

#endif
