/* tamis filter [-c FILE] [-j N] [FILE…]: the engine on files or standard input, a line out for each line in, in order.
 *
 *   reader ──chunk of whole lines──▶ worker × N ──▶ writer, in the order of chunks
 *
 * A dropped line leaves an empty line, a withheld one leaves a stub, so that lines can be compared by their number. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "conf/conf.h"
#include "proxy/cmd/cmd.h"
#include "proxy/cmd/common.h"
#include "proxy/util/log.h"

enum { CHUNK = 1 << 20, JOBS_MOST = 64, CHUNKS_PER_JOB = 3, PROGRESS_MS = 200 };

enum chunk_state { CHUNK_FREE, CHUNK_FULL, CHUNK_BUSY, CHUNK_DONE };

struct chunk {
  enum chunk_state state;
  uint64_t         number; /* position in the input, counted in chunks */
  char            *in, *out;
  size_t           in_size, in_room, out_size, out_room;
  bool             failed; /* no memory for the result */
};

struct job {
  pthread_mutex_t lock;
  pthread_cond_t  changed;
  struct chunk   *chunks;
  unsigned        chunk_count;
  bool            ended; /* no more chunks will be filled */
  struct ruleset *rules;
  size_t          record_bytes;
  uint64_t        withheld, dropped, lines;
  bool            broken; /* the output is gone */
};

struct reader {
  gzFile  file;        /* reads plain files as they are */
  int64_t total, done; /* bytes of the files; total -1: unknown */
  int64_t shown_ms;
  bool    progress;
};

static bool room_for(struct chunk *chunk, size_t size) {
  size_t room = chunk->out_room;
  char  *bigger;
  if (chunk->out_room - chunk->out_size >= size) return true;
  while (room - chunk->out_size < size) {
    if (room > SIZE_MAX / 2) return false;
    room *= 2;
  }
  bigger = realloc(chunk->out, room);
  if (bigger == NULL) return false;
  chunk->out = bigger;
  chunk->out_room = room;
  return true;
}

/* One line, without its LF, to the end of the chunk's result. */
static bool filter_line(struct job *job, struct filter *filter, struct text line, struct chunk *chunk, uint64_t *withheld, uint64_t *dropped) {
  static const struct filter_context context = { .input = { "filter", 6 }, .field = { "message", 7 } };
  size_t                             size = 0;
  unsigned                           rule;
  enum filter_result                 result;
  if (!room_for(chunk, line.size + 256)) return false;
  result = filter_text(filter, &context, line, chunk->out + chunk->out_size, chunk->out_room - chunk->out_size - 1, &size, &rule);
  if (result == FILTER_ROOM) {
    if (!room_for(chunk, size + 256)) return false;
    result = filter_text(filter, &context, line, chunk->out + chunk->out_size, chunk->out_room - chunk->out_size - 1, &size, &rule);
  }
  if (result == FILTER_SAME) {
    memcpy(chunk->out + chunk->out_size, line.at, line.size);
    size = line.size;
  } else if (result == FILTER_DROP) {
    size = 0;
    (*dropped)++;
  } else if (result != FILTER_OK) {
    const char *name = rule == FILTER_NO_RULE ? "limits.record_bytes" : ruleset_name(job->rules, rule);
    size = (size_t)snprintf(chunk->out + chunk->out_size, 200, "[withheld: %.100s, %zu bytes]", name, line.size);
    (*withheld)++;
  }
  chunk->out_size += size;
  chunk->out[chunk->out_size++] = '\n';
  return true;
}

static void filter_chunk(struct job *job, struct filter *filter, struct chunk *chunk) {
  uint64_t withheld = 0, dropped = 0, lines = 0;
  chunk->out_size = 0;
  chunk->failed = false;
  for (size_t at = 0; at < chunk->in_size && !chunk->failed; lines++) {
    const char *end = memchr(chunk->in + at, '\n', chunk->in_size - at);
    size_t      size = end != NULL ? (size_t)(end - chunk->in) - at : chunk->in_size - at;
    chunk->failed = !filter_line(job, filter, (struct text){ chunk->in + at, size }, chunk, &withheld, &dropped);
    at += size + 1;
  }
  pthread_mutex_lock(&job->lock);
  job->withheld += withheld;
  job->dropped += dropped;
  job->lines += lines;
  pthread_mutex_unlock(&job->lock);
}

static struct chunk *chunk_in_state(struct job *job, enum chunk_state state) {
  struct chunk *found = NULL;
  for (unsigned i = 0; i < job->chunk_count; i++) {
    struct chunk *chunk = &job->chunks[i];
    if (chunk->state == state && (found == NULL || chunk->number < found->number)) found = chunk;
  }
  return found;
}

static void *worker(void *context) {
  struct job    *job = context;
  struct filter *filter = filter_new(job->rules, job->record_bytes);
  pthread_mutex_lock(&job->lock);
  while (true) {
    struct chunk *chunk = chunk_in_state(job, CHUNK_FULL);
    if (chunk == NULL) {
      if (job->ended) break;
      pthread_cond_wait(&job->changed, &job->lock);
      continue;
    }
    chunk->state = CHUNK_BUSY;
    pthread_mutex_unlock(&job->lock);
    if (filter != NULL) filter_chunk(job, filter, chunk);
    else chunk->failed = true;
    pthread_mutex_lock(&job->lock);
    chunk->state = CHUNK_DONE;
    pthread_cond_broadcast(&job->changed);
  }
  pthread_mutex_unlock(&job->lock);
  filter_free(filter);
  return NULL;
}

static void *writer(void *context) {
  struct job *job = context;
  uint64_t    next = 0;
  pthread_mutex_lock(&job->lock);
  while (true) {
    struct chunk *chunk = chunk_in_state(job, CHUNK_DONE);
    if (chunk == NULL || chunk->number != next) {
      bool left = chunk != NULL || chunk_in_state(job, CHUNK_FULL) != NULL || chunk_in_state(job, CHUNK_BUSY) != NULL;
      if (job->ended && !left) break;
      pthread_cond_wait(&job->changed, &job->lock);
      continue;
    }
    pthread_mutex_unlock(&job->lock);
    if (chunk->failed || fwrite(chunk->out, 1, chunk->out_size, stdout) != chunk->out_size) job->broken = true;
    pthread_mutex_lock(&job->lock);
    chunk->state = CHUNK_FREE;
    next++;
    pthread_cond_broadcast(&job->changed);
  }
  pthread_mutex_unlock(&job->lock);
  return NULL;
}

static void progress_show(struct reader *reader) {
  int64_t now = clock_monotonic_ms();
  int     percent;
  if (!reader->progress || now - reader->shown_ms < PROGRESS_MS) return;
  reader->shown_ms = now;
  if (reader->total <= 0) {
    fprintf(stderr, "\r%lld MB ", (long long)(reader->done / 1000000));
    return;
  }
  percent = (int)(reader->done * 100 / reader->total);
  fprintf(stderr, "\r[%.*s%.*s] %3d %% ", percent / 2, "##################################################", 50 - percent / 2,
          "                                                  ", percent > 100 ? 100 : percent);
}

/* Fills chunk with whole lines; what follows the last LF goes into rest. False: the input could not be read. */
static bool chunk_fill(struct reader *reader, struct chunk *chunk, struct chunk *rest, bool *ended) {
  while (true) {
    char *last;
    int   got;
    if (chunk->in_room - chunk->in_size < CHUNK) {
      size_t room = chunk->in_room + 2 * CHUNK;
      char  *bigger = realloc(chunk->in, room);
      if (bigger == NULL) return false;
      chunk->in = bigger;
      chunk->in_room = room;
    }
    got = gzread(reader->file, chunk->in + chunk->in_size, CHUNK);
    if (got < 0) return false;
    *ended = got == 0;
    if (*ended) {
      int code = 0;
      gzerror(reader->file, &code);
      return code == Z_OK || code == Z_STREAM_END;
    }
    last = memrchr(chunk->in + chunk->in_size, '\n', (size_t)got);
    chunk->in_size += (size_t)got;
    if (last == NULL) continue;
    last++;
    rest->in_size = chunk->in_size - (size_t)(last - chunk->in);
    memcpy(rest->in, last, rest->in_size);
    chunk->in_size = (size_t)(last - chunk->in);
    return true;
  }
}

/* One file's chunks into the job. The numbers of chunks go on from file to file. */
static bool file_filter(struct job *job, struct reader *reader, uint64_t *number, int64_t base) {
  struct chunk rest = { .in = malloc(CHUNK), .in_room = CHUNK };
  bool         ended = false, good = rest.in != NULL;
  while (good && !ended) {
    struct chunk *chunk;
    pthread_mutex_lock(&job->lock);
    while ((chunk = chunk_in_state(job, CHUNK_FREE)) == NULL) pthread_cond_wait(&job->changed, &job->lock);
    good = !job->broken;
    pthread_mutex_unlock(&job->lock);
    memcpy(chunk->in, rest.in, rest.in_size);
    chunk->in_size = rest.in_size;
    rest.in_size = 0;
    good = good && chunk_fill(reader, chunk, &rest, &ended);
    reader->done = base + gzoffset(reader->file);
    progress_show(reader);
    if (chunk->in_size == 0) continue;
    pthread_mutex_lock(&job->lock);
    chunk->number = (*number)++;
    chunk->state = CHUNK_FULL;
    pthread_cond_broadcast(&job->changed);
    pthread_mutex_unlock(&job->lock);
  }
  free(rest.in);
  return good;
}

static bool job_open(struct job *job, unsigned jobs) {
  pthread_mutex_init(&job->lock, NULL);
  pthread_cond_init(&job->changed, NULL);
  job->chunk_count = jobs * CHUNKS_PER_JOB;
  job->chunks = calloc(job->chunk_count, sizeof *job->chunks);
  for (unsigned i = 0; job->chunks != NULL && i < job->chunk_count; i++) {
    struct chunk *chunk = &job->chunks[i];
    chunk->in_room = 2 * CHUNK;
    chunk->out_room = 2 * CHUNK;
    chunk->in = malloc(chunk->in_room);
    chunk->out = malloc(chunk->out_room);
    if (chunk->in == NULL || chunk->out == NULL) return false;
  }
  return job->chunks != NULL;
}

static void job_close(struct job *job) {
  for (unsigned i = 0; job->chunks != NULL && i < job->chunk_count; i++) {
    free(job->chunks[i].in);
    free(job->chunks[i].out);
  }
  free(job->chunks);
  pthread_cond_destroy(&job->changed);
  pthread_mutex_destroy(&job->lock);
}

static int files_filter(struct job *job, char **files, int count) {
  struct reader reader = { .progress = isatty(STDERR_FILENO) };
  uint64_t      number = 0;
  int64_t       base = 0;
  int           status = 0;
  for (int i = 0; i < count; i++) {
    struct stat st;
    reader.total += stat(files[i], &st) == 0 ? st.st_size : 0;
  }
  for (int i = 0; i < (count > 0 ? count : 1); i++) {
    int fd = count == 0 || strcmp(files[i], "-") == 0 ? dup(STDIN_FILENO) : open(files[i], O_RDONLY | O_CLOEXEC);
    reader.file = fd < 0 ? NULL : gzdopen(fd, "rb");
    if (reader.file == NULL) {
      fprintf(stderr, "tamis filter: %s: %s\n", count == 0 ? "standard input" : files[i], strerror(errno));
      return 2;
    }
    gzbuffer(reader.file, CHUNK / 4);
    if (!file_filter(job, &reader, &number, base)) {
      fprintf(stderr, "tamis filter: %s: the input is damaged, or the output is gone\n", count == 0 ? "standard input" : files[i]);
      status = 1;
    }
    base += gzoffset(reader.file);
    gzclose_r(reader.file);
  }
  if (reader.progress) fprintf(stderr, "\r%80s\r", "");
  return status;
}

static int run_job(struct ruleset *rules, const struct conf *conf, unsigned jobs, char **files, int count) {
  struct job job = { .rules = rules, .record_bytes = conf->limits.record_bytes };
  pthread_t  threads[JOBS_MOST + 1];
  unsigned   started = 0;
  int        status = 2;
  if (job_open(&job, jobs)) {
    bool writing = pthread_create(&threads[JOBS_MOST], NULL, writer, &job) == 0;
    while (writing && started < jobs && pthread_create(&threads[started], NULL, worker, &job) == 0) started++;
    if (started > 0) status = files_filter(&job, files, count);
    pthread_mutex_lock(&job.lock);
    job.ended = true;
    pthread_cond_broadcast(&job.changed);
    pthread_mutex_unlock(&job.lock);
    for (unsigned i = 0; i < started; i++) pthread_join(threads[i], NULL);
    if (writing) pthread_join(threads[JOBS_MOST], NULL);
  }
  if (started == 0) fprintf(stderr, "tamis filter: out of memory or threads\n");
  if (fflush(stdout) != 0 || job.broken) status = 2;
  if (job.withheld + job.dropped > 0)
    fprintf(stderr, "tamis filter: %llu lines, %llu withheld, %llu dropped\n", (unsigned long long)job.lines, (unsigned long long)job.withheld,
            (unsigned long long)job.dropped);
  job_close(&job);
  return status;
}

int cmd_filter(int argc, char **argv) {
  struct cmd_engine          engine;
  static const struct option options[] = { { "epoch", required_argument, NULL, 'e' }, { 0 } };
  const char                *file = NULL, *epoch = NULL;
  unsigned long              jobs = 1;
  int                        option, status;
  while ((option = getopt_long(argc, argv, "c:j:", options, NULL)) != -1) {
    if (option == 'c') file = optarg;
    else if (option == 'j') jobs = strtoul(optarg, NULL, 10);
    else if (option == 'e') epoch = optarg;
    else return cmd_usage("filter [-c FILE] [-j N] [--epoch ID] [FILE...]");
  }
  if (jobs < 1 || jobs > JOBS_MOST) return cmd_usage("filter [-c FILE] [-j 1 to 64] [FILE...]");
  if (!cmd_engine_open(&engine, file, true, epoch)) return 2;
  status = run_job(engine.rules, engine.conf, (unsigned)jobs, argv + optind, argc - optind);
  cmd_engine_close(&engine);
  return status;
}
