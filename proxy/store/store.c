#include "proxy/store/store.h"

static const struct store_ops *const back_ends[] = {
  [CONF_STORE_DIRECTORY] = &store_directory,
  [CONF_STORE_S3] = &store_s3,
};

const char *store_result_text(enum store_result result) {
#define X(name, text) text,
  static const char *const texts[] = { STORE_RESULTS(X) };
#undef X
  return texts[result];
}

struct store *store_open(const struct conf_store *conf, char *why, size_t size) {
  return back_ends[conf->kind]->open(conf, why, size);
}

enum store_result store_put(struct store *store, const struct object *object, char *detail, size_t size) {
  *detail = 0;
  return store->ops->put(store, object, detail, size);
}

void store_deadline_async(struct store *store, int64_t deadline_ms) { atomic_store(&store->deadline_ms, deadline_ms); }

void store_close(struct store *store) {
  if (store != NULL) store->ops->close(store);
}
