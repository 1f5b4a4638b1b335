#include "proxy/ship/ship.h"

#include <errno.h>
#include <isa-l/igzip_lib.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "proxy/store/store.h"
#include "proxy/util/log.h"

enum { NAME_ROOM = 256, LEVEL = 1, READS_MOST = 5 };

struct shipper {
  struct queue       *queue;
  struct store       *store;
  int64_t             retry_least_ms, retry_most_ms;
  pthread_t           thread;
  pthread_mutex_t     lock; /* guards deadline_ms and stats */
  pthread_cond_t      changed;
  int64_t             deadline_ms; /* monotonic; INT64_MAX: not stopping */
  struct ship_stats   stats;
  /* the thread's own */
  char               *bytes; /* of the object */
  size_t              used, room;
  uint8_t            *level_buffer;
  struct isal_zstream stream;
  bool                no_memory;
};

size_t object_name_into(const struct segment *segment, char *out, size_t room) {
  int n = snprintf(out, room, "%s/%s/%016llx.ndjson.gz", segment->stream, segment->node, (unsigned long long)segment->number);
  return n > 0 && (size_t)n < room ? (size_t)n : 0;
}

/* Waits until the pause is over, or the deadline. False: the deadline is there. */
static bool pause_ms(struct shipper *shipper, int64_t pause) {
  int64_t until = clock_monotonic_ms() + pause;
  bool    going;
  pthread_mutex_lock(&shipper->lock);
  while (clock_monotonic_ms() < until && clock_monotonic_ms() < shipper->deadline_ms) {
    int64_t         end = until < shipper->deadline_ms ? until : shipper->deadline_ms;
    struct timespec time = { .tv_sec = end / 1000, .tv_nsec = end % 1000 * 1000000 };
    pthread_cond_timedwait(&shipper->changed, &shipper->lock, &time);
  }
  going = clock_monotonic_ms() < shipper->deadline_ms;
  pthread_mutex_unlock(&shipper->lock);
  return going;
}

/* Half of it is certain, half by chance: many nodes that lost one store do not come back in step. */
static int64_t jittered(int64_t pause) {
  uint32_t chance = 0;
  if (getrandom(&chance, sizeof chance, GRND_NONBLOCK) != sizeof chance) chance = (uint32_t)clock_monotonic_ms() * 2654435761u;
  return pause / 2 + (int64_t)((double)(pause - pause / 2) * chance / 4294967296.0);
}

static bool deflate_more(struct shipper *shipper, const char *bytes, size_t size, bool last) {
  struct isal_zstream *stream = &shipper->stream;
  stream->next_in = (uint8_t *)bytes;
  stream->avail_in = (uint32_t)size; /* a frame is at most 1 GiB */
  stream->end_of_stream = last;
  do {
    if (shipper->room - shipper->used < 65536) {
      size_t room = shipper->room < 1 << 20 ? 1 << 20 : shipper->room + shipper->room / 2;
      char  *bigger = realloc(shipper->bytes, room);
      if (bigger == NULL) return false;
      shipper->bytes = bigger;
      shipper->room = room;
    }
    size_t left = shipper->room - shipper->used;
    stream->next_out = (uint8_t *)shipper->bytes + shipper->used;
    stream->avail_out = left > UINT32_MAX ? UINT32_MAX : (uint32_t)left;
    left = stream->avail_out;
    if (isal_deflate(stream) != COMP_OK) return false;
    shipper->used += left - stream->avail_out;
  } while (stream->avail_in > 0 || stream->avail_out == 0 || (last && stream->internal_state.state != ZSTATE_END));
  return true;
}

static bool on_frame(void *context, const char *bytes, size_t size) {
  struct shipper *shipper = context;
  shipper->no_memory = !deflate_more(shipper, bytes, size, false);
  return !shipper->no_memory;
}

/* The object's bytes; no time and no name in the gzip header, so that they are a function of the segment alone. */
static enum segment_result object_make(struct shipper *shipper, struct segment *segment) {
  struct segment_scan scan;
  enum segment_result result;
  shipper->used = 0;
  isal_deflate_init(&shipper->stream);
  shipper->stream.level = LEVEL;
  shipper->stream.level_buf = shipper->level_buffer;
  shipper->stream.level_buf_size = ISAL_DEF_LVL1_DEFAULT;
  shipper->stream.gzip_flag = IGZIP_GZIP;
  shipper->no_memory = false;
  result = segment_read(segment, on_frame, shipper, &scan);
  if (shipper->no_memory || !deflate_more(shipper, NULL, 0, true)) {
    errno = ENOMEM;
    return SEGMENT_IO;
  }
  return result;
}

static void result_count(struct shipper *shipper, enum store_result result, const struct segment *segment) {
  pthread_mutex_lock(&shipper->lock);
  shipper->stats.last_result = result;
  if (result == STORE_OK) {
    shipper->stats.objects++;
    shipper->stats.records += segment->records;
    shipper->stats.bytes += shipper->used;
  } else {
    shipper->stats.retries++;
  }
  pthread_mutex_unlock(&shipper->lock);
}

/* True: the object is in the store. False: the deadline came first. */
static bool object_put(struct shipper *shipper, const struct segment *segment) {
  char          name[NAME_ROOM], detail[256];
  struct object object = { name, shipper->bytes, shipper->used, "application/gzip" };
  int64_t       pause = shipper->retry_least_ms;
  object_name_into(segment, name, sizeof name);
  for (;;) {
    enum store_result result = store_put(shipper->store, &object, detail, sizeof detail);
    result_count(shipper, result, segment);
    if (result == STORE_OK) {
      log_info("ship.stored", "object=%s records=%llu withheld=%llu bytes=%zu", name, (unsigned long long)segment->records,
               (unsigned long long)segment->withheld, object.size);
      return true;
    }
    if (result == STORE_RETRY || result == STORE_DAMAGED) log_warn("ship.retry", "object=%s %s do=\"%s\"", name, detail, store_result_text(result));
    else log_error("ship.refused", "object=%s %s do=\"%s\" kept=in-the-queue", name, detail, store_result_text(result));
    if (!pause_ms(shipper, jittered(pause))) return false;
    pause = pause < shipper->retry_most_ms / 2 ? pause * 2 : shipper->retry_most_ms;
  }
}

/* True: go on with the next one. */
static bool segment_ship(struct shipper *shipper, struct segment *segment) {
  enum segment_result result;
  for (int reads = 0; (result = object_make(shipper, segment)) == SEGMENT_IO; reads++) {
    log_error("ship.read", "segment=%016llx error=%s do=check-disk", (unsigned long long)segment->number, strerror(errno));
    if (reads == READS_MOST) {
      queue_release(shipper->queue, segment, true);
      return true;
    }
    if (!pause_ms(shipper, jittered(shipper->retry_most_ms))) return false;
  }
  if (segment->records > 0 && !object_put(shipper, segment)) return false;
  queue_release(shipper->queue, segment, result == SEGMENT_DAMAGED);
  return true;
}

static void *ship_run(void *argument) {
  struct shipper *shipper = argument;
  struct segment  segment;
  while (pause_ms(shipper, 0) && queue_next(shipper->queue, &segment))
    if (!segment_ship(shipper, &segment)) break;
  return NULL;
}

static void shipper_free(struct shipper *shipper) {
  store_close(shipper->store);
  pthread_cond_destroy(&shipper->changed);
  pthread_mutex_destroy(&shipper->lock);
  free(shipper->bytes);
  free(shipper->level_buffer);
  free(shipper);
}

struct shipper *shipper_start(const struct conf *conf, struct queue *queue, char *why, size_t size) {
  struct shipper    *shipper = calloc(1, sizeof *shipper);
  pthread_condattr_t monotonic;
  sigset_t           all, before;
  int                error;
  snprintf(why, size, "no memory");
  if (shipper == NULL) return NULL;
  shipper->queue = queue;
  shipper->retry_least_ms = conf->store.retry_least_ms;
  shipper->retry_most_ms = conf->store.retry_most_ms > conf->store.retry_least_ms ? conf->store.retry_most_ms : conf->store.retry_least_ms;
  shipper->deadline_ms = INT64_MAX;
  pthread_mutex_init(&shipper->lock, NULL);
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_cond_init(&shipper->changed, &monotonic);
  pthread_condattr_destroy(&monotonic);
  shipper->level_buffer = malloc(ISAL_DEF_LVL1_DEFAULT);
  shipper->store = shipper->level_buffer != NULL ? store_open(&conf->store, why, size) : NULL;
  if (shipper->store != NULL) {
    sigfillset(&all); /* signals are the loop's */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = pthread_create(&shipper->thread, NULL, ship_run, shipper);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error == 0) return shipper;
    snprintf(why, size, "cannot start the shipper's thread: %s", strerror(error));
  }
  shipper_free(shipper);
  return NULL;
}

void shipper_stop(struct shipper *shipper, int64_t deadline_ms) {
  pthread_mutex_lock(&shipper->lock);
  shipper->deadline_ms = deadline_ms;
  pthread_cond_broadcast(&shipper->changed);
  pthread_mutex_unlock(&shipper->lock);
  store_deadline_async(shipper->store, deadline_ms);
  pthread_join(shipper->thread, NULL);
  shipper_free(shipper);
}

void shipper_stats(struct shipper *shipper, struct ship_stats *stats) {
  pthread_mutex_lock(&shipper->lock);
  *stats = shipper->stats;
  pthread_mutex_unlock(&shipper->lock);
}
