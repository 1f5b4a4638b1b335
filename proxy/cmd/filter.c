/* tamis filter [-c FILE] [-j N] [--epoch ID] [FILE…]: the engine on files or standard input, a line out for each line in, in order.
 *
 *   thread × N:  read a chunk of whole lines ──▶ filter it ──▶ wait for its turn, write it
 *                (one reads at a time)            (all at once)  (in the order of reading)
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

enum { CHUNK = 1 << 18, JOBS_MOST = 64, PROGRESS_MS = 200 };

struct chunk {
  uint64_t number; /* position in the input, counted in chunks */
  char    *in, *out;
  size_t   in_size, in_room, out_size, out_room;
  uint64_t lines, withheld, dropped;
};

/* The files, read one after the other. One thread has it at a time. */
struct reader {
  char       **files;
  int          count, next; /* files; none: standard input */
  gzFile       file;        /* reads plain files as they are; NULL: the next one is to be opened */
  const char  *name;
  struct chunk rest; /* bytes read behind the last LF */
  uint64_t     chunks;
  int64_t      total, base, shown_ms; /* bytes of all files, of those done; when progress was shown */
  bool         progress, ended;
};

struct job {
  pthread_mutex_t reading, writing;
  pthread_cond_t  written;
  struct reader   reader;
  uint64_t        next; /* chunk to be written */
  struct ruleset *rules;
  size_t          record_bytes;
  uint64_t        withheld, dropped, lines;
  int             status; /* what went wrong: 1 the input, 2 memory or the output */
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
static bool filter_line(struct job *job, struct filter *filter, struct text line, struct chunk *chunk) {
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
    chunk->dropped++;
  } else if (result != FILTER_OK) {
    const char *name = ruleset_reason(job->rules, rule);
    size = (size_t)snprintf(chunk->out + chunk->out_size, 200, "[withheld: %.100s, %zu bytes]", name, line.size);
    chunk->withheld++;
  }
  chunk->out_size += size;
  chunk->out[chunk->out_size++] = '\n';
  return true;
}

static bool chunk_filter(struct job *job, struct filter *filter, struct chunk *chunk) {
  chunk->out_size = chunk->withheld = chunk->dropped = chunk->lines = 0;
  for (size_t at = 0; at < chunk->in_size; chunk->lines++) {
    const char *end = memchr(chunk->in + at, '\n', chunk->in_size - at);
    size_t      size = end != NULL ? (size_t)(end - chunk->in) - at : chunk->in_size - at;
    if (!filter_line(job, filter, (struct text){ chunk->in + at, size }, chunk)) return false;
    at += size + 1;
  }
  return true;
}

static void progress_show(struct reader *reader) {
  int64_t now = clock_monotonic_ms(), done = reader->base + gzoffset(reader->file);
  int     percent;
  if (!reader->progress || now - reader->shown_ms < PROGRESS_MS) return;
  reader->shown_ms = now;
  if (reader->total <= 0) {
    fprintf(stderr, "\r%lld MB ", (long long)(done / 1000000));
    return;
  }
  percent = (int)(done * 100 / reader->total);
  fprintf(stderr, "\r[%.*s%.*s] %3d %% ", percent / 2, "##################################################", 50 - percent / 2,
          "                                                  ", percent > 100 ? 100 : percent);
}

static bool next_file(struct reader *reader) {
  int fd;
  reader->name = reader->count == 0 ? "-" : reader->files[reader->next];
  reader->next++;
  fd = strcmp(reader->name, "-") == 0 ? dup(STDIN_FILENO) : open(reader->name, O_RDONLY | O_CLOEXEC);
  reader->file = fd < 0 ? NULL : gzdopen(fd, "rb");
  if (reader->file == NULL) {
    fprintf(stderr, "tamis filter: %s: %s\n", reader->count == 0 ? "standard input" : reader->name, strerror(errno));
    return false;
  }
  gzbuffer(reader->file, CHUNK / 4);
  return true;
}

/* Reads up to CHUNK bytes more. 1: bytes came, 0: the file has ended, -1: it is damaged, or no memory. */
static int chunk_read(struct reader *reader, struct chunk *chunk) {
  int got, code = Z_OK;
  if (chunk->in_room - chunk->in_size < CHUNK) {
    char *bigger = realloc(chunk->in, chunk->in_room + 2 * CHUNK);
    if (bigger == NULL) return -1;
    chunk->in = bigger;
    chunk->in_room += 2 * CHUNK;
  }
  got = gzread(reader->file, chunk->in + chunk->in_size, CHUNK);
  if (got > 0) chunk->in_size += (size_t)got;
  if (got == 0) gzerror(reader->file, &code);
  return got > 0 ? 1 : got == 0 && (code == Z_OK || code == Z_STREAM_END) ? 0 : -1;
}

static void file_end(struct reader *reader) {
  reader->base += gzoffset(reader->file);
  gzclose_r(reader->file);
  reader->file = NULL;
  reader->ended = reader->next >= (reader->count == 0 ? 1 : reader->count);
}

/* Fills chunk with whole lines of one file: what follows its last LF is kept for the next. Returns 0, or what job.status is then;
 * what was read before stays good. */
static int chunk_fill(struct reader *reader, struct chunk *chunk) {
  if (reader->file == NULL && !next_file(reader)) return 2;
  memcpy(chunk->in, reader->rest.in, reader->rest.in_size);
  chunk->in_size = reader->rest.in_size;
  reader->rest.in_size = 0;
  for (;;) {
    size_t before = chunk->in_size;
    int    got = chunk_read(reader, chunk);
    char  *last;
    if (got <= 0) {
      if (got < 0)
        fprintf(stderr, "tamis filter: %s: the input is damaged, or cannot be read\n", reader->count == 0 ? "standard input" : reader->name);
      file_end(reader);
      return got < 0;
    }
    last = memrchr(chunk->in + before, '\n', chunk->in_size - before);
    if (last == NULL) continue;
    reader->rest.in_size = chunk->in_size - (size_t)(last + 1 - chunk->in);
    memcpy(reader->rest.in, last + 1, reader->rest.in_size);
    chunk->in_size -= reader->rest.in_size;
    progress_show(reader);
    return 0;
  }
}

/* False: there is nothing more to read. */
static bool chunk_take(struct job *job, struct chunk *chunk) {
  bool took;
  int  status = 0;
  pthread_mutex_lock(&job->reading);
  chunk->in_size = 0;
  took = !job->reader.ended && job->status != 2;
  if (took) {
    status = chunk_fill(&job->reader, chunk);
    chunk->number = job->reader.chunks++;
    job->status = status > job->status ? status : job->status;
  }
  pthread_mutex_unlock(&job->reading);
  return took;
}

static void chunk_write(struct job *job, struct chunk *chunk, bool good) {
  pthread_mutex_lock(&job->writing);
  while (job->next != chunk->number) pthread_cond_wait(&job->written, &job->writing);
  if (!good || fwrite(chunk->out, 1, chunk->out_size, stdout) != chunk->out_size) {
    pthread_mutex_lock(&job->reading);
    job->status = 2;
    pthread_mutex_unlock(&job->reading);
  }
  job->lines += chunk->lines;
  job->withheld += chunk->withheld;
  job->dropped += chunk->dropped;
  job->next++;
  pthread_cond_broadcast(&job->written);
  pthread_mutex_unlock(&job->writing);
}

static void *thread_run(void *context) {
  struct job    *job = context;
  struct filter *filter = filter_new(job->rules, job->record_bytes);
  struct chunk   chunk = { .in_room = 2 * CHUNK, .out_room = 2 * CHUNK };
  bool           good;
  chunk.in = malloc(chunk.in_room);
  chunk.out = malloc(chunk.out_room);
  good = filter != NULL && chunk.in != NULL && chunk.out != NULL;
  if (!good) {
    pthread_mutex_lock(&job->reading);
    job->status = 2;
    pthread_mutex_unlock(&job->reading);
  }
  while (good && chunk_take(job, &chunk)) chunk_write(job, &chunk, chunk_filter(job, filter, &chunk));
  free(chunk.in);
  free(chunk.out);
  filter_free(filter);
  return NULL;
}

static bool reader_open(struct reader *reader, char **files, int count) {
  *reader = (struct reader){ .files = files, .count = count, .progress = isatty(STDERR_FILENO), .rest = { .in = malloc(CHUNK), .in_room = CHUNK } };
  for (int i = 0; i < count; i++) {
    struct stat st;
    reader->total += stat(files[i], &st) == 0 ? st.st_size : 0;
  }
  return reader->rest.in != NULL;
}

static int run_job(struct ruleset *rules, const struct conf *conf, unsigned jobs, char **files, int count) {
  struct job job = { .rules = rules, .record_bytes = conf->limits.record_bytes };
  pthread_t  threads[JOBS_MOST];
  unsigned   started = 1;
  pthread_mutex_init(&job.reading, NULL);
  pthread_mutex_init(&job.writing, NULL);
  pthread_cond_init(&job.written, NULL);
  if (reader_open(&job.reader, files, count)) {
    while (started < jobs && pthread_create(&threads[started], NULL, thread_run, &job) == 0) started++;
    thread_run(&job); /* this thread is the first */
    while (started > 1) pthread_join(threads[--started], NULL);
  } else {
    job.status = 2;
  }
  if (job.reader.file != NULL) gzclose_r(job.reader.file);
  free(job.reader.rest.in);
  if (job.reader.progress) fprintf(stderr, "\r%80s\r", "");
  if (fflush(stdout) != 0) job.status = 2;
  if (job.status == 2) fprintf(stderr, "tamis filter: the output is gone, a file cannot be opened, or memory ran out\n");
  if (job.withheld + job.dropped > 0)
    fprintf(stderr, "tamis filter: %llu lines, %llu withheld, %llu dropped\n", (unsigned long long)job.lines, (unsigned long long)job.withheld,
            (unsigned long long)job.dropped);
  pthread_cond_destroy(&job.written);
  pthread_mutex_destroy(&job.writing);
  pthread_mutex_destroy(&job.reading);
  return job.status;
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
