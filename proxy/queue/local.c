/* queue, local: segments in one folder, one writer thread.
 *
 *   PATH/lock   held exclusively while a queue is open
 *   PATH/next   number of the next segment, decimal; durable before the segment that takes the number is made. A new
 *               queue starts at the clock's seconds << 16, so that a folder that was lost never takes an old object's name
 *   PATH/NUMBER.seg   16 hexadecimal digits; the highest may be open, all others are closed
 *
 * What was acknowledged stands below `durable` of the open segment: after a failed write the file is cut back to it, after
 * a failed fdatasync the segment is not trusted again: closed there, and the batches that wait are told QUEUE_IO. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "proxy/queue/queue.h"
#include "proxy/util/files.h"
#include "proxy/util/log.h"

enum { GROUP_MOST = 64, GROUP_BYTES = 32 << 20, PATH_MOST = 400 };

struct closed {
  struct segment segment;
  struct closed *next;
};

struct queue {
  char               path[PATH_MOST + 1], stream[NAME_MOST + 1], node[NAME_MOST + 1];
  uint64_t           segment_bytes, disk_limit;
  int64_t            segment_age_ms;
  int                lock_fd;
  pthread_t          writer;
  bool               writing;       /* the thread runs */
  pthread_mutex_t    lock;          /* guards all down to stats */
  pthread_cond_t     work, shipped; /* for the writer; for the shipper */
  struct batch      *first, **last;
  struct closed     *closed_first, **closed_last;
  bool               stopping, stopped;
  struct queue_stats stats;
  /* the writer's own */
  struct segment     now;
  int                fd;        /* of the open segment, -1: none */
  uint64_t           durable;   /* bytes of it that are on disk */
  int64_t            opened_ms; /* monotonic */
  uint64_t           next_number;
  atomic_llong       said_full_ms, said_io_ms;
};

const char *queue_result_text(enum queue_result result) {
#define X(name, text) text,
  static const char *const texts[] = { QUEUE_RESULTS(X) };
#undef X
  return texts[result];
}

static void name_copy(const char *from, char to[NAME_MOST + 1]) {
  size_t n = 0;
  for (; n < NAME_MOST && from[n] != 0; n++) {
    char c = from[n];
    to[n] = (char)((c >= '0' && c <= '9') || (((unsigned)c | 32) - 'a' < 26) || c == '.' || c == '-' ? c : '_');
  }
  if (n == 0) to[n++] = '_';
  if (to[0] == '.') to[0] = '_'; /* no ".." in an object's name */
  to[n] = 0;
}

static void segment_path(const struct queue *queue, uint64_t number, const char *end, char out[512]) {
  snprintf(out, 512, "%s/%016llx.%s", queue->path, (unsigned long long)number, end);
}

static void closed_add(struct queue *queue, const struct segment *segment) {
  struct closed *closed = malloc(sizeof *closed);
  if (closed == NULL) { /* it stays on disk: the next start finds it */
    log_error("queue.memory", "segment=%016llx do=restart-later", (unsigned long long)segment->number);
    return;
  }
  *closed = (struct closed){ .segment = *segment };
  pthread_mutex_lock(&queue->lock);
  *queue->closed_last = closed;
  queue->closed_last = &closed->next;
  queue->stats.segments_waiting++;
  queue->stats.segments_closed++;
  pthread_cond_broadcast(&queue->shipped);
  pthread_mutex_unlock(&queue->lock);
}

static void disk_change(struct queue *queue, int64_t bytes) {
  pthread_mutex_lock(&queue->lock);
  queue->stats.disk_bytes += (uint64_t)bytes;
  pthread_mutex_unlock(&queue->lock);
}

/* ---- the open segment: the writer's thread alone ---- */

static enum queue_result write_failed(struct queue *queue, const char *what, int error) {
  if (error == ENOSPC || error == EDQUOT || error == EFBIG) {
    if (log_ratelimit(&queue->said_full_ms)) log_warn("queue.full", "at=%s cause=disk-full do=free-disk senders=wait", what);
    return QUEUE_FULL;
  }
  if (log_ratelimit(&queue->said_io_ms)) log_error("queue.io", "at=%s error=%s do=check-disk", what, strerror(error));
  return QUEUE_IO;
}

static void segment_close(struct queue *queue) {
  if (queue->fd < 0) return;
  close(queue->fd);
  queue->fd = -1;
  queue->now.bytes = queue->durable;
  if (queue->durable > SEGMENT_HEADER) {
    closed_add(queue, &queue->now);
  } else {
    unlink(queue->now.path);
    disk_change(queue, -(int64_t)queue->durable);
  }
}

static enum queue_result segment_open(struct queue *queue, const struct batch *batch) {
  uint8_t header[SEGMENT_HEADER];
  char    path[512], number[32];
  int     n, error;
  queue->now = (struct segment){ .number = queue->next_number };
  segment_path(queue, queue->now.number, "seg", queue->now.path);
  memcpy(queue->now.stream, queue->stream, sizeof queue->stream);
  memcpy(queue->now.node, queue->node, sizeof queue->node);
  snprintf(queue->now.rules_hash, sizeof queue->now.rules_hash, "%s", batch->rules_hash);
  snprintf(queue->now.epoch, sizeof queue->now.epoch, "%s", batch->epoch);
  snprintf(path, sizeof path, "%s/next", queue->path);
  n = snprintf(number, sizeof number, "%llu\n", (unsigned long long)queue->next_number + 1);
  if (file_replace(path, number, (size_t)n) != 0) return write_failed(queue, "next", errno);
  queue->next_number++;
  segment_header_into(&queue->now, header);
  queue->fd = open(queue->now.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (queue->fd >= 0 && write_all(queue->fd, header, sizeof header) && folder_sync(queue->now.path) == 0) {
    queue->durable = SEGMENT_HEADER;
    queue->opened_ms = clock_monotonic_ms();
    disk_change(queue, SEGMENT_HEADER);
    return QUEUE_OK;
  }
  error = errno;
  if (queue->fd >= 0) {
    close(queue->fd);
    unlink(queue->now.path);
  }
  queue->fd = -1;
  return write_failed(queue, "segment", error);
}

static bool writev_all(int fd, struct iovec *iov, int count) {
  while (count > 0) {
    ssize_t n = writev(fd, iov, count);
    if (n < 0 && errno == EINTR) continue;
    if (n == 0) errno = ENOSPC; /* no progress; a group is never empty */
    if (n <= 0) return false;
    while (count > 0 && (size_t)n >= iov->iov_len) {
      n -= (ssize_t)iov->iov_len;
      iov++;
      count--;
    }
    if (count == 0) break;
    iov->iov_base = (char *)iov->iov_base + n;
    iov->iov_len -= (size_t)n;
  }
  return true;
}

static enum queue_result frames_write(struct queue *queue, const struct batch *group, uint64_t bytes) {
  uint8_t             headers[GROUP_MOST][FRAME_HEADER];
  struct iovec        iov[2 * GROUP_MOST];
  int                 count = 0;
  const struct batch *batch;
  for (batch = group; batch != NULL; batch = batch->next, count++) {
    struct frame frame = { (uint32_t)batch->used, batch->records, batch->withheld, batch->first_ms, batch->last_ms };
    frame_header_into(queue->now.number, &frame, batch->bytes, headers[count]);
    iov[2 * count] = (struct iovec){ headers[count], FRAME_HEADER };
    iov[2 * count + 1] = (struct iovec){ batch->bytes, batch->used };
  }
  if (!writev_all(queue->fd, iov, 2 * count)) {
    int error = errno;
    if (ftruncate(queue->fd, (off_t)queue->durable) != 0 || lseek(queue->fd, (off_t)queue->durable, SEEK_SET) < 0) segment_close(queue);
    return write_failed(queue, "write", error);
  }
  if (fdatasync(queue->fd) != 0) {
    int error = errno;
    if (ftruncate(queue->fd, (off_t)queue->durable) != 0) log_error("queue.io", "at=cut error=%s do=check-disk", strerror(errno));
    segment_close(queue);
    return write_failed(queue, "fdatasync", error);
  }
  queue->durable += bytes;
  return QUEUE_OK;
}

/* All of group goes into one segment with one fdatasync, or none of it counts as written. */
static enum queue_result group_commit(struct queue *queue, const struct batch *group) {
  uint64_t          bytes = 0, disk;
  enum queue_result result;
  uint32_t          records = 0;
  for (const struct batch *batch = group; batch != NULL; batch = batch->next) {
    bytes += FRAME_HEADER + batch->used;
    records += batch->records;
  }
  if (queue->fd >= 0 && (strcmp(queue->now.rules_hash, group->rules_hash) != 0 || strcmp(queue->now.epoch, group->epoch) != 0)) segment_close(queue);
  pthread_mutex_lock(&queue->lock);
  disk = queue->stats.disk_bytes;
  pthread_mutex_unlock(&queue->lock);
  if (disk > 0 && disk + SEGMENT_HEADER + bytes > queue->disk_limit) { /* an empty queue takes any group: else a large one waits for ever */
    if (log_ratelimit(&queue->said_full_ms))
      log_warn("queue.full", "bytes=%llu limit=%llu do=free-the-store-or-raise-limits.disk_bytes senders=wait", (unsigned long long)disk,
               (unsigned long long)queue->disk_limit);
    segment_close(queue); /* so that the shipper can make room */
    return QUEUE_FULL;
  }
  if (queue->fd < 0 && (result = segment_open(queue, group)) != QUEUE_OK) return result;
  result = frames_write(queue, group, bytes);
  if (result != QUEUE_OK) return result;
  pthread_mutex_lock(&queue->lock);
  queue->stats.disk_bytes += bytes;
  queue->stats.syncs++;
  queue->stats.appended_records += records;
  queue->stats.appended_bytes += bytes;
  pthread_mutex_unlock(&queue->lock);
  if (queue->durable >= queue->segment_bytes) segment_close(queue);
  return QUEUE_OK;
}

/* ---- the writer's thread ---- */

static bool group_takes(const struct queue *queue, const struct batch *batch, unsigned count, uint64_t bytes) {
  const struct batch *group = queue->first;
  if (count == 0) return true;
  return count < GROUP_MOST && bytes + batch->used <= GROUP_BYTES && bytes + batch->used <= queue->disk_limit / 2 &&
         strcmp(group->rules_hash, batch->rules_hash) == 0 && strcmp(group->epoch, batch->epoch) == 0;
}

/* The oldest batches that go together; under the lock. */
static struct batch *group_take(struct queue *queue) {
  struct batch *group = queue->first, **end = &queue->first;
  uint64_t      bytes = 0;
  for (unsigned count = 0; *end != NULL && group_takes(queue, *end, count, bytes); count++) {
    bytes += (*end)->used;
    end = &(*end)->next;
  }
  queue->first = *end;
  *end = NULL;
  if (queue->first == NULL) queue->last = &queue->first;
  return end == &queue->first ? NULL : group;
}

static void wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t monotonic_ms) {
  struct timespec until = { .tv_sec = monotonic_ms / 1000, .tv_nsec = monotonic_ms % 1000 * 1000000 };
  pthread_cond_timedwait(cond, lock, &until);
}

static bool segment_is_old(const struct queue *queue) { return queue->fd >= 0 && clock_monotonic_ms() - queue->opened_ms >= queue->segment_age_ms; }

static void group_answer(struct queue *queue, struct batch *group, enum queue_result result) {
  while (group != NULL) {
    struct batch *batch = group;
    group = group->next;
    batch->next = NULL;
    if (result != QUEUE_OK) {
      pthread_mutex_lock(&queue->lock);
      queue->stats.failed_batches++;
      pthread_mutex_unlock(&queue->lock);
    }
    batch->durable(batch, result);
  }
}

static void *writer_run(void *argument) {
  struct queue *queue = argument;
  pthread_mutex_lock(&queue->lock);
  for (;;) {
    struct batch *group;
    while (queue->first == NULL && !queue->stopping && !segment_is_old(queue)) {
      if (queue->fd < 0) pthread_cond_wait(&queue->work, &queue->lock);
      else wait_until(&queue->work, &queue->lock, queue->opened_ms + queue->segment_age_ms);
    }
    if (queue->first == NULL && queue->stopping) break;
    group = group_take(queue);
    pthread_mutex_unlock(&queue->lock);
    if (segment_is_old(queue)) segment_close(queue);
    if (group != NULL) group_answer(queue, group, group_commit(queue, group));
    pthread_mutex_lock(&queue->lock);
  }
  pthread_mutex_unlock(&queue->lock);
  segment_close(queue);
  pthread_mutex_lock(&queue->lock);
  queue->stopped = true;
  pthread_cond_broadcast(&queue->shipped);
  pthread_mutex_unlock(&queue->lock);
  return NULL;
}

/* ---- open: what a crash left ---- */

static int by_number(const void *a, const void *b) {
  uint64_t first = *(const uint64_t *)a, second = *(const uint64_t *)b;
  return first < second ? -1 : first > second;
}

static bool number_of(const char *name, uint64_t *number) {
  unsigned long long read;
  int                end = 0;
  if (sscanf(name, "%16llx.seg%n", &read, &end) != 1 || end != 20 || name[20] != 0) return false;
  *number = read;
  return true;
}

/* The numbers of all segments, rising; *count. NULL and errno. */
static uint64_t *numbers_read(const char *path, size_t *count) {
  DIR           *folder = opendir(path);
  struct dirent *entry;
  size_t         room = 0;
  uint64_t      *numbers = NULL, number;
  *count = 0;
  if (folder == NULL) return NULL;
  while ((entry = readdir(folder)) != NULL) {
    if (room == *count) {
      uint64_t *bigger = reallocarray(numbers, room = 2 * room + 64, sizeof *numbers);
      if (bigger == NULL) break;
      numbers = bigger;
    }
    if (number_of(entry->d_name, &number)) numbers[(*count)++] = number;
  }
  closedir(folder);
  if (entry == NULL && numbers != NULL) {
    qsort(numbers, *count, sizeof *numbers, by_number);
    return numbers;
  }
  free(numbers);
  errno = ENOMEM;
  return NULL;
}

static bool file_cut(const char *path, uint64_t size) {
  int  fd = open(path, O_WRONLY | O_CLOEXEC);
  bool good = fd >= 0 && ftruncate(fd, (off_t)size) == 0 && fsync(fd) == 0;
  if (fd >= 0) close(fd);
  return good;
}

static bool header_load(struct segment *segment) {
  uint8_t     header[SEGMENT_HEADER];
  struct stat st;
  int         fd = open(segment->path, O_RDONLY | O_CLOEXEC);
  bool        good = fd >= 0 && fstat(fd, &st) == 0 && pread(fd, header, sizeof header, 0) == sizeof header && segment_header_read(segment, header);
  if (good) segment->bytes = (uint64_t)st.st_size;
  if (fd >= 0) close(fd);
  return good;
}

static void set_aside(struct queue *queue, const struct segment *segment) {
  char path[512];
  segment_path(queue, segment->number, "damaged", path);
  if (rename(segment->path, path) == 0 && folder_sync(path) == 0)
    log_error("queue.damaged", "segment=%016llx kept=as-.damaged do=check-disk", (unsigned long long)segment->number);
  else log_error("queue.damaged", "segment=%016llx rename=%s", (unsigned long long)segment->number, strerror(errno));
}

/* The one segment that may have been open: its torn tail was never acknowledged and is cut off. */
static bool newest_replay(struct queue *queue, struct segment *segment, char *why, size_t size) {
  struct segment_scan scan;
  switch (segment_read(segment, NULL, NULL, &scan)) {
  case SEGMENT_IO: snprintf(why, size, "%s: cannot be read: %s", segment->path, strerror(errno)); return false;
  case SEGMENT_DAMAGED:
    if (scan.good == 0) set_aside(queue, segment);
    return true;
  case SEGMENT_TORN:
    queue->stats.cut_bytes += segment->bytes - scan.good;
    if (segment->records > 0 && !file_cut(segment->path, scan.good)) {
      snprintf(why, size, "%s: cannot cut its torn end: %s", segment->path, strerror(errno));
      return false;
    }
    log_info("queue.cut", "segment=%016llx bytes=%llu cause=unclean-stop", (unsigned long long)segment->number,
             (unsigned long long)(segment->bytes - scan.good));
    break;
  case SEGMENT_OK: break;
  }
  if (segment->records == 0) unlink(segment->path);
  return true;
}

static bool replay(struct queue *queue, char *why, size_t size) {
  size_t    count;
  uint64_t *numbers = numbers_read(queue->path, &count);
  bool      good = numbers != NULL;
  if (!good) snprintf(why, size, "%s: cannot be listed: %s", queue->path, strerror(errno));
  for (size_t i = 0; good && i < count; i++) {
    struct segment segment = { .number = numbers[i] };
    segment_path(queue, segment.number, "seg", segment.path);
    if (i + 1 == count) good = newest_replay(queue, &segment, why, size);
    if (!good || access(segment.path, F_OK) != 0) continue;
    if (!header_load(&segment)) {
      set_aside(queue, &segment);
      continue;
    }
    queue->stats.disk_bytes += segment.bytes;
    closed_add(queue, &segment);
  }
  if (good && count > 0 && queue->next_number <= numbers[count - 1]) queue->next_number = numbers[count - 1] + 1;
  free(numbers);
  return good;
}

static bool next_read(struct queue *queue, char *why, size_t size) {
  char               path[512], text[32] = "";
  unsigned long long number;
  int                fd, end = 0;
  ssize_t            n;
  snprintf(path, sizeof path, "%s/next", queue->path);
  fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) {
    queue->next_number = (uint64_t)(clock_epoch_ms() / 1000) << 16;
    return true;
  }
  n = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
  if (fd >= 0) close(fd);
  if (n > 0 && sscanf(text, "%20llu%n", &number, &end) == 1 && text[end] == '\n') {
    queue->next_number = number;
    return true;
  }
  snprintf(why, size, "%s: no number in it: remove it only when no segment was ever numbered from this clock", path);
  return false;
}

static bool folder_lock(struct queue *queue, char *why, size_t size) {
  char path[512];
  snprintf(path, sizeof path, "%s/lock", queue->path);
  if (folders_make(path, why, size) != 0) return false;
  queue->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (queue->lock_fd < 0) snprintf(why, size, "%s: %s", path, strerror(errno));
  else if (flock(queue->lock_fd, LOCK_EX | LOCK_NB) != 0)
    snprintf(why, size, "%s: another tamis uses this queue: stop it, or set queue.path", queue->path);
  else return true;
  return false;
}

static bool writer_start(struct queue *queue, char *why, size_t size) {
  sigset_t all, before;
  int      error;
  sigfillset(&all); /* signals are the loop's */
  pthread_sigmask(SIG_SETMASK, &all, &before);
  error = pthread_create(&queue->writer, NULL, writer_run, queue);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  queue->writing = error == 0;
  if (error != 0) snprintf(why, size, "cannot start the queue's thread: %s", strerror(error));
  return queue->writing;
}

struct queue *queue_open(const struct queue_options *options, char *why, size_t size) {
  struct queue      *queue = calloc(1, sizeof *queue);
  pthread_condattr_t monotonic;
  if (queue == NULL || strlen(options->path) > PATH_MOST) {
    snprintf(why, size, queue == NULL ? "no memory" : "queue.path: longer than 400 bytes");
    free(queue);
    return NULL;
  }
  snprintf(queue->path, sizeof queue->path, "%s", options->path);
  name_copy(options->stream, queue->stream);
  name_copy(options->node, queue->node);
  queue->segment_bytes = options->segment_bytes;
  queue->segment_age_ms = options->segment_age_ms;
  queue->disk_limit = options->disk_bytes;
  queue->fd = queue->lock_fd = -1;
  queue->last = &queue->first;
  queue->closed_last = &queue->closed_first;
  pthread_mutex_init(&queue->lock, NULL);
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_cond_init(&queue->work, &monotonic);
  pthread_cond_init(&queue->shipped, &monotonic);
  pthread_condattr_destroy(&monotonic);
  if (folder_lock(queue, why, size) && next_read(queue, why, size) && replay(queue, why, size) && writer_start(queue, why, size)) return queue;
  queue_close(queue);
  return NULL;
}

void queue_stop(struct queue *queue) {
  pthread_mutex_lock(&queue->lock);
  queue->stopping = true;
  pthread_cond_signal(&queue->work);
  pthread_mutex_unlock(&queue->lock);
  if (queue->writing) pthread_join(queue->writer, NULL);
  queue->writing = false;
}

void queue_close(struct queue *queue) {
  if (queue == NULL) return;
  while (queue->closed_first != NULL) {
    struct closed *closed = queue->closed_first;
    queue->closed_first = closed->next;
    free(closed);
  }
  if (queue->lock_fd >= 0) close(queue->lock_fd);
  pthread_cond_destroy(&queue->work);
  pthread_cond_destroy(&queue->shipped);
  pthread_mutex_destroy(&queue->lock);
  free(queue);
}

void queue_append_async(struct queue *queue, struct batch *batch) {
  bool closing;
  batch->next = NULL;
  pthread_mutex_lock(&queue->lock);
  closing = queue->stopping;
  if (!closing) {
    *queue->last = batch;
    queue->last = &batch->next;
    pthread_cond_signal(&queue->work);
  }
  pthread_mutex_unlock(&queue->lock);
  if (closing) batch->durable(batch, QUEUE_CLOSED);
}

bool queue_next(struct queue *queue, struct segment *segment) {
  bool any;
  pthread_mutex_lock(&queue->lock);
  while (queue->closed_first == NULL && !queue->stopped) pthread_cond_wait(&queue->shipped, &queue->lock);
  any = queue->closed_first != NULL;
  if (any) *segment = queue->closed_first->segment;
  pthread_mutex_unlock(&queue->lock);
  return any;
}

void queue_release(struct queue *queue, const struct segment *segment, bool keep) {
  struct closed *closed;
  uint64_t       bytes;
  if (keep) set_aside(queue, segment);
  else if (unlink(segment->path) != 0) log_error("queue.release", "segment=%016llx error=%s", (unsigned long long)segment->number, strerror(errno));
  pthread_mutex_lock(&queue->lock);
  closed = queue->closed_first;
  bytes = closed->segment.bytes;
  queue->closed_first = closed->next;
  if (closed->next == NULL) queue->closed_last = &queue->closed_first;
  queue->stats.segments_waiting--;
  queue->stats.disk_bytes -= bytes;
  if (keep) queue->stats.damaged_bytes += bytes;
  pthread_mutex_unlock(&queue->lock);
  free(closed);
}

void queue_stats(struct queue *queue, struct queue_stats *stats) {
  pthread_mutex_lock(&queue->lock);
  *stats = queue->stats;
  pthread_mutex_unlock(&queue->lock);
}
