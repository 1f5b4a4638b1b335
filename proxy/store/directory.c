/* store, directory: the embedded default; the same object layout as in a bucket. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/store/store.h"
#include "proxy/util/files.h"

struct directory {
  struct store store;
  char        *path; /* folder, slash, store.prefix */
};

static struct store *directory_open(const struct conf_store *conf, char *why, size_t size) {
  struct directory *directory = calloc(1, sizeof *directory);
  size_t            room = strlen(conf->path) + strlen(conf->prefix) + 2;
  if (directory != NULL) directory->path = malloc(room);
  if (directory == NULL || directory->path == NULL) {
    snprintf(why, size, "no memory");
    free(directory);
    return NULL;
  }
  directory->store.ops = &store_directory;
  snprintf(directory->path, room, "%s/%s", conf->path, conf->prefix);
  return &directory->store;
}

static enum store_result directory_put(struct store *store, const struct object *object, char *detail, size_t size) {
  struct directory *directory = (struct directory *)store;
  char              path[PATH_MAX];
  if ((size_t)snprintf(path, sizeof path, "%s%s", directory->path, object->name) >= sizeof path) {
    snprintf(detail, size, "path-too-long");
    return STORE_REFUSED;
  }
  if (folders_make(path, detail, size) != 0) return STORE_RETRY;
  if (file_replace(path, object->bytes, object->size) == 0) return STORE_OK;
  snprintf(detail, size, "%s", strerror(errno));
  return STORE_RETRY;
}

static void directory_close(struct store *store) {
  struct directory *directory = (struct directory *)store;
  free(directory->path);
  free(directory);
}

const struct store_ops store_directory = { "directory", directory_open, directory_put, directory_close };
