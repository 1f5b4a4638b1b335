/* The local queue on real files: what durable() said is there after any end of the process, in order, once. */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "filters/text.h"
#include "proxy/queue/queue.h"
#include "proxy/util/log.h"

static char            folder[] = "/tmp/tamis-queue-XXXXXX";
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t  changed = PTHREAD_COND_INITIALIZER;

struct answer {
  struct batch      batch;
  bool              done;
  enum queue_result result;
};

static void on_durable(struct batch *batch, enum queue_result result) {
  struct answer *answer = batch->context;
  pthread_mutex_lock(&lock);
  answer->done = true;
  answer->result = result;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&lock);
}

static void append(struct queue *queue, struct answer *answer, const char *text, const char *rules) {
  *answer = (struct answer){ .batch = { .bytes = (char *)text,
                                        .used = strlen(text),
                                        .room = strlen(text),
                                        .records = 1,
                                        .first_ms = 5,
                                        .last_ms = 7,
                                        .rules_hash = rules,
                                        .epoch = "1",
                                        .durable = on_durable,
                                        .context = answer } };
  queue_append_async(queue, &answer->batch);
}

static enum queue_result await(struct answer *answer) {
  pthread_mutex_lock(&lock);
  while (!answer->done) pthread_cond_wait(&changed, &lock);
  pthread_mutex_unlock(&lock);
  return answer->result;
}

static enum queue_result put(struct queue *queue, const char *text) {
  struct answer answer;
  append(queue, &answer, text, "aa");
  return await(&answer);
}

static struct queue *opened(size_t segment_bytes, size_t disk_bytes) {
  struct queue_options options = {
    .path = folder, .stream = "logs/x", .node = "..", .segment_bytes = segment_bytes, .segment_age_ms = 3600000, .disk_bytes = disk_bytes
  };
  char          why[256] = "";
  struct queue *queue = queue_open(&options, why, sizeof why);
  if (queue == NULL) print_error("%s\n", why);
  assert_non_null(queue);
  return queue;
}

static bool collect(void *context, const char *bytes, size_t size) {
  strncat(context, bytes, size);
  return true;
}

/* Takes and releases all that is closed; the records one after the other, | between segments. */
static void drain(struct queue *queue, char *out) {
  struct segment      segment;
  struct segment_scan scan;
  *out = 0;
  while (queue_next(queue, &segment)) {
    enum segment_result result = segment_read(&segment, collect, out, &scan);
    assert_string_equal(segment.stream, "logs_x");
    assert_string_equal(segment.node, "_.");
    strcat(out, result == SEGMENT_DAMAGED ? "!" : "|");
    queue_release(queue, &segment, result == SEGMENT_DAMAGED);
  }
}

static int setup(void **state) {
  (void)state;
  strcpy(folder + strlen(folder) - 6, "XXXXXX");
  log_level_set(LOG_ERROR);
  return mkdtemp(folder) != NULL ? 0 : -1;
}

static int teardown(void **state) {
  char command[128];
  (void)state;
  snprintf(command, sizeof command, "rm -rf %s", folder);
  return system(command);
}

static void newest(char path[512]) {
  char  command[128];
  FILE *list;
  snprintf(command, sizeof command, "ls %s/*.seg | tail -n 1", folder);
  list = popen(command, "r");
  assert_non_null(fgets(path, 512, list));
  path[strcspn(path, "\n")] = 0;
  pclose(list);
}

static void patch(const char *path, long from_end, const char *bytes, size_t size) {
  FILE *file = fopen(path, "r+");
  assert_int_equal(fseek(file, from_end, SEEK_END), 0);
  fwrite(bytes, 1, size, file);
  fclose(file);
}

/* As SIGKILL leaves it: a child appends, says so, and dies. */
static void append_and_die(const char *const *texts) {
  pid_t child = fork();
  int   status;
  if (child == 0) {
    struct queue *queue = opened(1 << 20, 1 << 24);
    for (; *texts != NULL; texts++)
      if (put(queue, *texts) != QUEUE_OK) _exit(1);
    _exit(0);
  }
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
}

static void test_order_and_rotation(void **state) {
  struct queue *queue = opened(SEGMENT_HEADER + 2 * (FRAME_HEADER + 4), 1 << 24);
  char          out[256];
  struct answer other;
  (void)state;
  assert_int_equal(put(queue, "one\n"), QUEUE_OK);
  assert_int_equal(put(queue, "two\n"), QUEUE_OK);
  assert_int_equal(put(queue, "six\n"), QUEUE_OK);
  append(queue, &other, "ten\n", "bb");
  assert_int_equal(await(&other), QUEUE_OK);
  queue_stop(queue);
  append(queue, &other, "late", "bb");
  assert_int_equal(await(&other), QUEUE_CLOSED);
  drain(queue, out);
  assert_string_equal(out, "one\ntwo\n|six\n|ten\n|");
  queue_close(queue);
}

static void test_killed_and_torn(void **state) {
  char          path[512], out[256];
  struct queue *queue;
  struct stat   before, after;
  (void)state;
  append_and_die((const char *const[]){ "one\n", "two\n", NULL });
  newest(path);
  assert_int_equal(stat(path, &before), 0);
  patch(path, 0, "TMSF half a frame that was never acknowledged", 40);
  append_and_die((const char *const[]){ "six\n", NULL }); /* its start cuts the tail */
  assert_int_equal(stat(path, &after), 0);
  assert_int_equal(before.st_size, after.st_size);
  queue = opened(1 << 20, 1 << 24);
  queue_stop(queue);
  drain(queue, out);
  assert_string_equal(out, "one\ntwo\n|six\n|");
  queue_close(queue);
}

static void test_damage_between(void **state) {
  char               path[512], out[256];
  struct queue      *queue;
  struct queue_stats stats;
  (void)state;
  append_and_die((const char *const[]){ "one\n", "two\n", "six\n", NULL });
  newest(path);
  patch(path, -(FRAME_HEADER + 4) - 2, "X", 1); /* a bit that rotted in "two" */
  queue = opened(1 << 20, 1 << 24);
  queue_stop(queue);
  drain(queue, out);
  assert_string_equal(out, "one\nsix\n!");
  queue_stats(queue, &stats);
  assert_true(stats.damaged_bytes > 0);
  queue_close(queue);
  strcpy(path + strlen(path) - 3, "damaged");
  assert_int_equal(access(path, F_OK), 0);
}

static void test_bad_header_is_set_aside(void **state) {
  char          path[512], out[256];
  struct queue *queue;
  (void)state;
  append_and_die((const char *const[]){ "one\n", NULL });
  newest(path);
  patch(path, -(SEGMENT_HEADER + FRAME_HEADER + 4), "X", 1);
  queue = opened(1 << 20, 1 << 24);
  assert_int_equal(put(queue, "two\n"), QUEUE_OK);
  queue_stop(queue);
  drain(queue, out);
  assert_string_equal(out, "two\n|");
  queue_close(queue);
}

static void test_numbers_rise(void **state) {
  struct segment segment;
  uint64_t       last = 0;
  (void)state;
  for (int i = 0; i < 3; i++) {
    struct queue *queue = opened(1 << 20, 1 << 24);
    assert_int_equal(put(queue, "one\n"), QUEUE_OK);
    queue_stop(queue);
    assert_true(queue_next(queue, &segment));
    assert_true(segment.number > last);
    last = segment.number;
    queue_release(queue, &segment, false);
    queue_close(queue);
  }
}

static void test_one_owner(void **state) {
  struct queue        *queue = opened(1 << 20, 1 << 24);
  struct queue_options options = { .path = folder, .stream = "a", .node = "b", .segment_bytes = 1, .disk_bytes = 1 };
  char                 why[256] = "";
  (void)state;
  assert_null(queue_open(&options, why, sizeof why));
  assert_non_null(strstr(why, "another tamis"));
  queue_stop(queue);
  queue_close(queue);
}

static void test_full_then_room(void **state) {
  struct queue  *queue = opened(1 << 20, 2 * SEGMENT_HEADER + FRAME_HEADER + 8);
  struct segment segment;
  char           out[256];
  (void)state;
  assert_int_equal(put(queue, "one\n"), QUEUE_OK);
  assert_int_equal(put(queue, "two\n"), QUEUE_FULL);
  assert_true(queue_next(queue, &segment)); /* the full queue closed its segment so that it can be shipped */
  queue_release(queue, &segment, false);
  assert_int_equal(put(queue, "two\n"), QUEUE_OK);
  queue_stop(queue);
  drain(queue, out);
  assert_string_equal(out, "two\n|");
  queue_close(queue);
}

/* A batch larger than the whole limit waits until the queue is empty, and no longer. */
static void test_larger_than_the_limit(void **state) {
  struct queue  *queue = opened(1 << 20, SEGMENT_HEADER + FRAME_HEADER + 8);
  struct segment segment;
  char           out[256];
  (void)state;
  assert_int_equal(put(queue, "one\n"), QUEUE_OK);
  assert_int_equal(put(queue, "more than the limit\n"), QUEUE_FULL);
  assert_true(queue_next(queue, &segment));
  queue_release(queue, &segment, false);
  assert_int_equal(put(queue, "more than the limit\n"), QUEUE_OK);
  assert_int_equal(put(queue, "two\n"), QUEUE_FULL);
  queue_stop(queue);
  drain(queue, out);
  assert_string_equal(out, "more than the limit\n|");
  queue_close(queue);
}

/* The file-size limit makes writes fall short and fail as a full disk does, at the system call. */
static void test_short_write_is_cut_back(void **state) {
  static char   big[8192];
  struct queue *queue;
  struct rlimit before, small;
  char          out[16384];
  (void)state;
  memset(big, 'a', sizeof big - 2);
  big[sizeof big - 2] = '\n';
  signal(SIGXFSZ, SIG_IGN);
  queue = opened(1 << 20, 1 << 24);
  assert_int_equal(put(queue, "one\n"), QUEUE_OK);
  getrlimit(RLIMIT_FSIZE, &before);
  small = (struct rlimit){ 2000, before.rlim_max };
  setrlimit(RLIMIT_FSIZE, &small);
  assert_int_not_equal(put(queue, big), QUEUE_OK);
  setrlimit(RLIMIT_FSIZE, &before);
  assert_int_equal(put(queue, "two\n"), QUEUE_OK);
  queue_stop(queue);
  drain(queue, out);
  assert_string_equal(out, "one\ntwo\n|");
  queue_close(queue);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(test_order_and_rotation, setup, teardown),
    cmocka_unit_test_setup_teardown(test_killed_and_torn, setup, teardown),
    cmocka_unit_test_setup_teardown(test_damage_between, setup, teardown),
    cmocka_unit_test_setup_teardown(test_bad_header_is_set_aside, setup, teardown),
    cmocka_unit_test_setup_teardown(test_numbers_rise, setup, teardown),
    cmocka_unit_test_setup_teardown(test_one_owner, setup, teardown),
    cmocka_unit_test_setup_teardown(test_full_then_room, setup, teardown),
    cmocka_unit_test_setup_teardown(test_larger_than_the_limit, setup, teardown),
    cmocka_unit_test_setup_teardown(test_short_write_is_cut_back, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
