#include "proxy/cmd/common.h"

#include <openssl/crypto.h>
#include <stdio.h>

#include "proxy/util/log.h"

int cmd_usage(const char *usage) {
  fprintf(stderr, "usage: tamis %s\n", usage);
  return 2;
}

int64_t cmd_now_s(void) { return clock_epoch_ms() / 1000; }

struct keyring_policy cmd_keyring_policy(const struct conf *conf) {
  return (struct keyring_policy){ .period = conf->keys.rotate, .ahead = conf->keys.ahead, .create = conf->keys.create };
}

enum keyring_result cmd_ring_load(const struct conf *conf, int64_t now_s, struct keyring *ring, char *why, size_t size) {
  struct keyring_policy policy = cmd_keyring_policy(conf);
  struct keyring_source source;
  if (!keyring_source_set(&source, conf->keys.file, conf->keys.credential, why, size)) return KEYRING_BAD;
  return keyring_load(&source, &policy, now_s, ring, why, size);
}

const struct epoch *cmd_epoch(const struct keyring *ring, const char *id, int64_t now_s, char *why, size_t size) {
  const struct epoch *epoch = id != NULL ? keyring_find(ring, id) : keyring_at(ring, now_s);
  if (epoch == NULL && id != NULL) snprintf(why, size, "keys: there is no epoch %.40s: tamis keys list", id);
  else if (epoch == NULL) snprintf(why, size, "keys: no epoch is in force now: tamis keys create");
  else if (epoch->destroyed_s != 0)
    snprintf(why, size, "keys: epoch %s is destroyed: its pseudonyms cannot be made again%s", epoch->id, id == NULL ? ": tamis keys rotate" : "");
  else return epoch;
  return NULL;
}

bool cmd_epoch_rekeyed(const struct keyring *before, const struct keyring *after, const char *id) {
  const struct epoch *a = keyring_find(before, id), *b = keyring_find(after, id);
  return a != NULL && b != NULL && a->destroyed_s == 0 && b->destroyed_s == 0 && CRYPTO_memcmp(a->key, b->key, KEY_BYTES) != 0;
}

struct conf *cmd_conf_open(const char *file, bool tested) {
  struct conf_errors errors = { 0 };
  struct conf       *conf = conf_load(file, &errors);
  if (conf != NULL && tested) conf_test_rules(conf, &errors);
  if (errors.count > 0) {
    conf_errors_print(&errors, stderr);
    conf_free(conf);
    conf = NULL;
  }
  conf_errors_free(&errors);
  return conf;
}

static bool engine_key(struct cmd_engine *engine, const char *id) {
  struct conf_errors  errors = { 0 };
  char                why[1024];
  int64_t             now_s = cmd_now_s();
  enum keyring_result result = cmd_ring_load(engine->conf, now_s, &engine->ring, why, sizeof why);
  const struct epoch *epoch = result != KEYRING_BAD ? cmd_epoch(&engine->ring, id, now_s, why, sizeof why) : NULL;
  engine->ring_short = result == KEYRING_SHORT;
  if (epoch == NULL || result == KEYRING_SHORT) fprintf(stderr, "tamis: %s\n", why);
  if (epoch != NULL) engine->rules = conf_rules(engine->conf, epoch->key, epoch->id, &errors);
  conf_errors_print(&errors, stderr);
  conf_errors_free(&errors);
  return engine->rules != NULL;
}

bool cmd_engine_open(struct cmd_engine *engine, const char *file, bool tested, const char *epoch) {
  *engine = (struct cmd_engine){ .conf = cmd_conf_open(file, tested) };
  if (engine->conf != NULL && engine_key(engine, epoch)) return true;
  cmd_engine_close(engine);
  return false;
}

void cmd_engine_close(struct cmd_engine *engine) {
  ruleset_unref(engine->rules);
  keyring_wipe(&engine->ring);
  conf_free(engine->conf);
  *engine = (struct cmd_engine){ 0 };
}
