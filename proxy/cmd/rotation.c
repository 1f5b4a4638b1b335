#include "proxy/cmd/rotation.h"

#include <stdio.h>

#include "filters/secret.h"
#include "proxy/util/log.h"

enum { LOOK_MS = 1000, RETRY_S = 60, RETRY_SHORT_S = 3600 };

/* The clock is looked at again after LOOK_MS at most: it may be set, and timers stand still while a machine sleeps. */
static void on_timer(uv_timer_t *timer);
static void timer_set(struct rotation *rotation) {
  int64_t left_ms = rotation->due_s < INT64_MAX / 1000 ? rotation->due_s * 1000 - clock_epoch_ms() : LOOK_MS;
  uv_update_time(rotation->timer.loop);
  uv_timer_start(&rotation->timer, on_timer, (uint64_t)(left_ms < 1 ? 1 : left_ms < LOOK_MS ? left_ms : LOOK_MS), 0);
}

/* retry_s: look again that soon; 0: not before something begins. */
static void due_set(struct rotation *rotation, int64_t now_s, int64_t retry_s) {
  const struct epoch *next = keyring_after(&rotation->engine->ring, now_s);
  int64_t             end = period_end(rotation->engine->conf->keys.rotate, now_s);
  rotation->due_s = next != NULL && next->from_s < end ? next->from_s : end;
  if (retry_s > 0 && now_s + retry_s < rotation->due_s) rotation->due_s = now_s + retry_s;
  keyring_forget_past(&rotation->engine->ring, now_s);
}

static bool epoch_take(struct rotation *rotation, const struct epoch *epoch) {
  struct cmd_engine *engine = rotation->engine;
  struct conf_errors errors = { 0 };
  struct ruleset    *rules = conf_rules(engine->conf, epoch->key, epoch->id, &errors);
  bool               good = rules != NULL && worker_rules_set(rotation->worker, rules);
  conf_errors_free(&errors); /* the same rules compiled before: memory alone can be missing */
  if (good) {
    log_info("keys.epoch", "epoch=%s before=%s", epoch->id, ruleset_epoch(engine->rules));
    ruleset_unref(engine->rules);
    engine->rules = rules;
  } else {
    log_error("keys.epoch", "result=no-memory epoch=%s stays=%s", epoch->id, ruleset_epoch(engine->rules));
    ruleset_unref(rules);
  }
  return good;
}

/* The keyring as it is now, or the one in memory where that cannot be had. */
static enum keyring_result ring_again(struct rotation *rotation, int64_t now_s, bool *rekeyed) {
  struct cmd_engine  *engine = rotation->engine;
  struct keyring      ring = { 0 };
  char                why[1024];
  enum keyring_result result = cmd_ring_load(engine->conf, now_s, &ring, why, sizeof why);
  if (result != KEYRING_GOOD) log_warn("keys.ring", "%s", why);
  if (result == KEYRING_BAD) {
    keyring_wipe(&ring);
    return result;
  }
  *rekeyed = cmd_epoch_rekeyed(&engine->ring, &ring, ruleset_epoch(engine->rules));
  keyring_wipe(&engine->ring);
  engine->ring = ring;
  return result;
}

void rotation_rekeyed_log(const char *epoch) {
  log_warn("keys.epoch", "epoch=%s key=changed pseudonyms=not-told-apart-by-epoch do=tamis-keys-rotate", epoch);
}

static void look(struct rotation *rotation, int64_t now_s) {
  bool                rekeyed = false, taken = true;
  char                why[256];
  enum keyring_result result = ring_again(rotation, now_s, &rekeyed);
  const struct epoch *epoch = cmd_epoch(&rotation->engine->ring, NULL, now_s, why, sizeof why);
  if (rekeyed) rotation_rekeyed_log(ruleset_epoch(rotation->engine->rules));
  if (epoch == NULL) log_error("keys.epoch", "%s stays=%s", why, ruleset_epoch(rotation->engine->rules));
  else if (rekeyed || strcmp(epoch->id, ruleset_epoch(rotation->engine->rules)) != 0) taken = epoch_take(rotation, epoch);
  due_set(rotation, now_s, result == KEYRING_BAD || epoch == NULL || !taken ? RETRY_S : result == KEYRING_SHORT ? RETRY_SHORT_S : 0);
}

static void on_timer(uv_timer_t *timer) {
  struct rotation *rotation = timer->data;
  int64_t          now_s = cmd_now_s();
  if (now_s >= rotation->due_s || now_s < rotation->seen_s) look(rotation, now_s);
  rotation->seen_s = now_s;
  timer_set(rotation);
}

void rotation_again(struct rotation *rotation) {
  rotation->seen_s = cmd_now_s();
  due_set(rotation, rotation->seen_s, rotation->engine->ring_short ? RETRY_SHORT_S : 0);
  timer_set(rotation);
}

void rotation_start(struct rotation *rotation, uv_loop_t *loop, struct cmd_engine *engine, struct worker *worker) {
  *rotation = (struct rotation){ .engine = engine, .worker = worker };
  uv_timer_init(loop, &rotation->timer);
  rotation->timer.data = rotation;
  if (secret_unlocked()) log_warn("keys.memory", "locked=no do=raise-LimitMEMLOCK-of-the-unit");
  if (engine->ring.bare && engine->conf->keys.rotate != PERIOD_NEVER) log_info("keys.ring", "form=bare-key rotates=never do=tamis-keys-create");
  rotation_again(rotation);
}

void rotation_close(struct rotation *rotation) { uv_close((uv_handle_t *)&rotation->timer, NULL); }
