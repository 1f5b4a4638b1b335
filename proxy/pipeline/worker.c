#include "proxy/pipeline/worker.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "proxy/util/log.h"

enum { RETRY_MS = 200, SHARED_MOST = 8 << 20 };

struct worker {
  uv_loop_t       *loop;
  struct queue    *queue;
  struct encoder  *encoder;
  struct work     *filling;             /* the batch that records go to; NULL: none yet */
  struct work     *ready, **ready_last; /* full ones, or of older rules, in order */
  struct work     *flying;              /* the one shared batch that the queue has, or that waits for another try */
  bool             refused;             /* flying was refused and waits for the timer */
  bool             due;                 /* filling is max_age old */
  bool             gave_up;
  size_t           waiting; /* bytes in filling, flying, and in work of inputs */
  size_t           batch_bytes, ack_bytes, record_bytes;
  uint64_t         max_age_ms;
  struct pausable *paused;
  uv_timer_t       age, retry;
  uv_async_t       wake;
  pthread_mutex_t  lock; /* guards done */
  struct batch    *done, **done_last;
  unsigned         out; /* works that the queue has */
  unsigned         handles;
  void (*drained)(void *context);
  void           *drained_context;
  int64_t         offset_read_s; /* when utc_offset_s was read, epoch seconds */
  int32_t         utc_offset_s;
  struct counters counters;
};

/* ---- work ---- */

/* On the queue's thread. */
static void on_durable(struct batch *batch, enum queue_result result) {
  struct work   *work = batch->context;
  struct worker *worker = work->worker;
  batch->next = NULL;
  work->result = result;
  pthread_mutex_lock(&worker->lock);
  *worker->done_last = batch;
  worker->done_last = &batch->next;
  pthread_mutex_unlock(&worker->lock);
  uv_async_send(&worker->wake);
}

struct work *work_new(struct worker *worker, void (*done)(struct work *, enum queue_result), void *owner) {
  struct work *work = calloc(1, sizeof *work);
  if (work == NULL) return NULL;
  *work = (struct work){ .worker = worker, .done = done, .owner = owner, .rules = ruleset_ref(encoder_rules(worker->encoder)) };
  work->batch.durable = on_durable;
  work->batch.context = work;
  return work;
}

void work_free(struct work *work) {
  if (work == NULL) return;
  ruleset_unref(work->rules);
  free(work->batch.bytes);
  free(work);
}

void work_submit(struct work *work) {
  work->worker->out++;
  work->worker->waiting += work->batch.used;
  queue_append_async(work->worker->queue, &work->batch);
}

/* ---- the shared batch ---- */

static void shared_fly(struct worker *worker) {
  if (worker->flying != NULL || worker->ready == NULL) return;
  worker->flying = worker->ready;
  worker->ready = worker->flying->next;
  if (worker->ready == NULL) worker->ready_last = &worker->ready;
  worker->waiting -= worker->flying->batch.used; /* work_submit counts it */
  work_submit(worker->flying);
}

/* What is filling takes no more records. */
static void shared_end(struct worker *worker) {
  struct work *work = worker->filling;
  if (work == NULL || work->batch.records == 0) return;
  work->next = NULL;
  *worker->ready_last = work;
  worker->ready_last = &work->next;
  worker->filling = NULL;
  worker->due = false;
  uv_timer_stop(&worker->age);
}

/* While one is in flight the next goes on filling: the disk's pace makes batches large. */
static void shared_flush(struct worker *worker) {
  if (worker->flying == NULL && worker->ready == NULL) shared_end(worker);
  shared_fly(worker);
}

static void on_age(uv_timer_t *timer) {
  struct worker *worker = timer->data;
  worker->due = true;
  shared_flush(worker);
}

static void on_retry(uv_timer_t *timer) {
  struct worker *worker = timer->data;
  worker->refused = false;
  work_submit(worker->flying);
}

static void resume_all(struct worker *worker) {
  while (worker->paused != NULL && !worker_paused(worker)) {
    struct pausable *pausable = worker->paused;
    worker_unwait(pausable);
    pausable->resume(pausable);
  }
}

static void shared_done(struct work *work, enum queue_result result) {
  struct worker *worker = work->worker;
  if (result != QUEUE_OK && !worker->gave_up) {
    worker->refused = true;
    uv_timer_start(&worker->retry, on_retry, RETRY_MS, 0);
    return;
  }
  if (result == QUEUE_OK) worker->counters.stored += work->batch.records;
  else worker->counters.lost += work->batch.records; /* said by who gave up */
  worker->flying = NULL;
  work_free(work);
  if (worker->ready != NULL || worker->due || (worker->filling != NULL && worker->filling->batch.used >= worker->batch_bytes)) shared_flush(worker);
}

/* ---- records ---- */

static struct work *shared_filling(struct worker *worker) {
  if (worker->filling == NULL) worker->filling = work_new(worker, shared_done, NULL);
  return worker->filling;
}

static void worker_count(struct worker *worker, enum encode_result result) {
  worker->counters.received++;
  worker->counters.withheld += result == ENCODE_WITHHELD;
  worker->counters.dropped += result == ENCODE_DROPPED;
  worker->counters.lost += result == ENCODE_MEMORY;
}

static void shared_added(struct worker *worker, size_t before, enum encode_result result) {
  struct work *work = worker->filling;
  worker_count(worker, result);
  if (result == ENCODE_MEMORY) log_error("worker.memory", "record=lost do=add-memory-or-lower-limits.ack_bytes");
  if (work == NULL) return;
  worker->waiting += work->batch.used - before;
  if (work->batch.used >= SHARED_MOST) shared_end(worker);
  if (work->batch.used >= worker->batch_bytes) shared_flush(worker);
  else if (work->batch.records > 0 && !uv_is_active((uv_handle_t *)&worker->age) && !worker->due)
    uv_timer_start(&worker->age, on_age, worker->max_age_ms, 0);
}

void worker_syslog(struct worker *worker, const struct origin *origin, struct text frame) {
  struct work *work = shared_filling(worker);
  size_t       before = work != NULL ? work->batch.used : 0;
  shared_added(worker, before, work != NULL ? encode_syslog(worker->encoder, &work->batch, origin, frame) : ENCODE_MEMORY);
}

void worker_stub(struct worker *worker, const struct origin *origin, const char *rule, size_t bytes) {
  struct work *work = shared_filling(worker);
  size_t       before = work != NULL ? work->batch.used : 0;
  shared_added(worker, before, work != NULL ? encode_stub(worker->encoder, &work->batch, origin, rule, bytes) : ENCODE_MEMORY);
}

struct encoder *worker_encoder(struct worker *worker) {
  return worker->encoder;
}

struct origin worker_origin(struct worker *worker, struct text input) {
  struct timespec now;
  struct tm       tm;
  clock_gettime(CLOCK_REALTIME, &now);
  if (now.tv_sec / 60 != worker->offset_read_s / 60) { /* summer time begins and ends at whole minutes */
    localtime_r(&now.tv_sec, &tm);
    worker->utc_offset_s = (int32_t)tm.tm_gmtoff;
    worker->offset_read_s = now.tv_sec;
  }
  return (struct origin){ .input = input, .now_us = (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000, .utc_offset_s = worker->utc_offset_s };
}

/* ---- back-pressure ---- */

bool worker_paused(const struct worker *worker) { return worker->refused || worker->waiting > worker->ack_bytes; }

void worker_wait(struct worker *worker, struct pausable *pausable) {
  if (pausable->at != NULL) return;
  worker->counters.pauses++;
  pausable->next = worker->paused;
  pausable->at = &worker->paused;
  if (worker->paused != NULL) worker->paused->at = &pausable->next;
  worker->paused = pausable;
}

void worker_unwait(struct pausable *pausable) {
  if (pausable->at == NULL) return;
  *pausable->at = pausable->next;
  if (pausable->next != NULL) pausable->next->at = pausable->at;
  pausable->at = NULL;
}

/* ---- life ---- */

static void on_closed(uv_handle_t *handle) {
  struct worker *worker = handle->data;
  if (--worker->handles == 0) worker->drained(worker->drained_context);
}

static void drain_check(struct worker *worker) {
  if (worker->drained == NULL || worker->out > 0 || worker->handles == 0 || uv_is_closing((uv_handle_t *)&worker->wake)) return;
  if (!worker->gave_up) {
    shared_flush(worker);
    if (worker->out > 0 || worker->flying != NULL) return;
  }
  uv_close((uv_handle_t *)&worker->age, on_closed);
  uv_close((uv_handle_t *)&worker->retry, on_closed);
  uv_close((uv_handle_t *)&worker->wake, on_closed);
}

static void on_wake(uv_async_t *async) {
  struct worker *worker = async->data;
  struct batch  *batch;
  pthread_mutex_lock(&worker->lock);
  batch = worker->done;
  worker->done = NULL;
  worker->done_last = &worker->done;
  pthread_mutex_unlock(&worker->lock);
  while (batch != NULL) {
    struct batch *next = batch->next;
    struct work  *work = batch->context;
    worker->out--;
    worker->waiting -= batch->used;
    work->done(work, work->result);
    batch = next;
  }
  resume_all(worker);
  drain_check(worker);
}

void worker_drain(struct worker *worker, void (*drained)(void *context), void *context) {
  worker->drained = drained;
  worker->drained_context = context;
  drain_check(worker);
}

void worker_give_up(struct worker *worker) {
  worker->gave_up = true;
  drain_check(worker);
}

bool worker_rules_set(struct worker *worker, struct ruleset *rules) {
  struct encoder *encoder = encoder_new(rules, worker->record_bytes);
  if (encoder == NULL) return false;
  shared_end(worker); /* its records were made by the old ones: it goes before any other */
  shared_fly(worker);
  encoder_free(worker->encoder);
  worker->encoder = encoder;
  return true;
}

struct counters *worker_counters(struct worker *worker) {
  return &worker->counters;
}

struct worker *worker_new(uv_loop_t *loop, const struct conf *conf, struct queue *queue, struct ruleset *rules, char *why, size_t size) {
  struct worker *worker = calloc(1, sizeof *worker);
  int            error;
  snprintf(why, size, "no memory");
  if (worker == NULL) return NULL;
  worker->loop = loop;
  worker->queue = queue;
  worker->batch_bytes = conf->queue.batch_bytes;
  worker->ack_bytes = conf->limits.ack_bytes;
  worker->record_bytes = conf->limits.record_bytes;
  worker->max_age_ms = (uint64_t)conf->queue.max_age_ms;
  worker->done_last = &worker->done;
  worker->ready_last = &worker->ready;
  pthread_mutex_init(&worker->lock, NULL);
  worker->encoder = encoder_new(rules, worker->record_bytes);
  error = worker->encoder != NULL ? uv_async_init(loop, &worker->wake, on_wake) : UV_ENOMEM;
  if (error != 0) {
    snprintf(why, size, "cannot start a worker: %s", uv_strerror(error));
    worker_free(worker);
    return NULL;
  }
  uv_timer_init(loop, &worker->age);
  uv_timer_init(loop, &worker->retry);
  worker->age.data = worker->retry.data = worker->wake.data = worker;
  worker->handles = 3;
  return worker;
}

void worker_free(struct worker *worker) {
  if (worker == NULL) return;
  work_free(worker->filling);
  work_free(worker->flying);
  while (worker->ready != NULL) {
    struct work *work = worker->ready;
    worker->ready = work->next;
    work_free(work);
  }
  encoder_free(worker->encoder);
  pthread_mutex_destroy(&worker->lock);
  free(worker);
}
