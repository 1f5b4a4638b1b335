#include "proxy/cmd/common.h"

#include <openssl/crypto.h>
#include <stdio.h>

#include "proxy/util/keyfile.h"

int cmd_usage(const char *usage) {
  fprintf(stderr, "usage: tamis %s\n", usage);
  return 2;
}

bool cmd_engine_open(struct cmd_engine *engine, const char *file, bool tested) {
  struct conf_errors errors = { 0 };
  uint8_t            key[32];
  char               why[512];
  *engine = (struct cmd_engine){ .conf = conf_load(file, &errors) };
  if (engine->conf != NULL && tested) conf_test_rules(engine->conf, &errors);
  if (errors.count > 0) {
    conf_errors_print(&errors, stderr);
    conf_errors_free(&errors);
    cmd_engine_close(engine);
    return false;
  }
  if (keyfile_load(engine->conf->keys.file, engine->conf->keys.create, key, why, sizeof why) != 0) {
    fprintf(stderr, "tamis: %s\n", why);
  } else {
    engine->rules = conf_rules(engine->conf, key, "1", &errors);
    OPENSSL_cleanse(key, sizeof key);
    if (engine->rules == NULL) conf_errors_print(&errors, stderr);
  }
  conf_errors_free(&errors);
  if (engine->rules != NULL) return true;
  cmd_engine_close(engine);
  return false;
}

void cmd_engine_close(struct cmd_engine *engine) {
  ruleset_unref(engine->rules);
  conf_free(engine->conf);
  *engine = (struct cmd_engine){ 0 };
}
