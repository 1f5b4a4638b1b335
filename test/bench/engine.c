/* The engine alone, in memory, beside four PCRE2 passes on the same lines: `engine CONF LOG [ROUNDS [CONF]]`, and beside another
 * rule set. Rounds are interleaved, medians are printed; the ratio is what counts. One core, no input, no output. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "conf/conf.h"

enum { PATTERNS = 4, ROOM = 1 << 19, ROUNDS_MOST = 99 };

static const struct {
  const char *match, *with;
} rows[PATTERNS] = {
  { "[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+[.][A-Za-z]{2,}", "[email]" },
  { "\\b([0-9]{1,3}[.][0-9]{1,3}[.][0-9]{1,3})[.][0-9]{1,3}\\b", "$1.0" },
  { "(?<![0-9A-Fa-f:])([0-9A-Fa-f]{1,4}:[0-9A-Fa-f]{1,4}:[0-9A-Fa-f]{1,4}):[0-9A-Fa-f:]*[0-9A-Fa-f]", "$1::" },
  { "(?<![0-9A-Za-z_.])(?:[+]|00)?[0-9]{9,15}(?![0-9A-Za-z_.])", "[phone]" },
};

struct bench {
  char              *bytes;
  struct text       *lines;
  size_t             size, count; /* bytes and lines */
  pcre2_code        *codes[PATTERNS];
  pcre2_match_data  *data;
  struct filter     *filter;
  char              *out[2];
  unsigned long long sum; /* of the sizes of all results: the work cannot be left out */
};

static void run_pcre2(struct bench *bench, struct text line) {
  const char *in = line.at;
  size_t      size = line.size, out;
  for (int i = 0; i < PATTERNS; i++) {
    out = ROOM;
    if (pcre2_substitute(bench->codes[i], (PCRE2_SPTR)in, size, 0, PCRE2_SUBSTITUTE_GLOBAL, bench->data, NULL, (PCRE2_SPTR)rows[i].with,
                         PCRE2_ZERO_TERMINATED, (PCRE2_UCHAR *)bench->out[i & 1], &out) < 0)
      abort();
    in = bench->out[i & 1];
    size = out;
  }
  bench->sum += size;
}

static void run_tamis(struct bench *bench, struct text line) {
  static const struct filter_context context = { .input = { "bench", 5 }, .field = { "message", 7 } };
  size_t                             size = 0;
  unsigned                           rule;
  if (filter_text(bench->filter, &context, line, bench->out[0], ROOM, &size, &rule) == FILTER_SAME) size = line.size;
  bench->sum += size;
}

static double round_run(struct bench *bench, void (*run)(struct bench *, struct text)) {
  struct timespec start, end;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
  for (size_t i = 0; i < bench->count; i++) run(bench, bench->lines[i]);
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
  return (double)(end.tv_sec - start.tv_sec) * 1e9 + (double)(end.tv_nsec - start.tv_nsec);
}

static void file_read(struct bench *bench, const char *path) {
  FILE  *file = fopen(path, "r");
  size_t room = 1 << 20, got;
  if (file == NULL) exit(2);
  bench->bytes = malloc(room);
  while (bench->bytes != NULL && (got = fread(bench->bytes + bench->size, 1, room - bench->size, file)) > 0) {
    bench->size += got;
    if (bench->size == room) bench->bytes = realloc(bench->bytes, room *= 2);
  }
  fclose(file);
  for (size_t i = 0; i < bench->size; i++) bench->count += bench->bytes[i] == '\n';
  bench->lines = malloc((bench->count + 1) * sizeof *bench->lines);
  for (size_t at = 0, i = 0; bench->lines != NULL && i < bench->count; i++) {
    const char *lf = memchr(bench->bytes + at, '\n', bench->size - at);
    bench->lines[i] = (struct text){ bench->bytes + at, (size_t)(lf - bench->bytes) - at };
    at += bench->lines[i].size + 1;
  }
}

static int by_value(const void *a, const void *b) { return (*(const double *)a > *(const double *)b) - (*(const double *)a < *(const double *)b); }

static double median(double *values, int count) {
  qsort(values, (size_t)count, sizeof *values, by_value);
  return values[count / 2];
}

static void show(const char *name, const struct bench *bench, double ns, double other) {
  printf("  %-28s %7.0f ns a line  %6.3f GB/s", name, ns / (double)bench->count, (double)bench->size / ns);
  if (other > 0) printf("  %5.2f times the PCRE2 passes", other / ns);
  printf("\n");
}

static struct filter *filter_of(const char *path) {
  static const uint8_t key[32] = { 1 };
  struct conf_errors   errors = { 0 };
  struct conf         *conf = conf_load(path, &errors);
  struct ruleset      *rules = conf != NULL ? conf_rules(conf, key, "1", &errors) : NULL;
  conf_errors_print(&errors, stderr);
  return rules != NULL ? filter_new(rules, 65536) : NULL;
}

int main(int argc, char **argv) {
  struct bench   bench = { .size = 0 };
  struct filter *filters[2] = { NULL, NULL };
  double         times[3][ROUNDS_MOST], passes, tamis;
  int            rounds = argc > 3 ? atoi(argv[3]) : 5, sets = argc > 4 ? 2 : 1;
  if (argc < 3 || rounds < 1 || rounds > ROUNDS_MOST) return 2;
  for (int i = 0; i < sets; i++)
    if ((filters[i] = filter_of(argv[i == 0 ? 1 : 4])) == NULL) return 2;
  for (int i = 0; i < PATTERNS; i++) {
    int    error;
    size_t at;
    bench.codes[i] = pcre2_compile((PCRE2_SPTR)rows[i].match, PCRE2_ZERO_TERMINATED, 0, &error, &at, NULL);
    if (bench.codes[i] == NULL || pcre2_jit_compile(bench.codes[i], PCRE2_JIT_COMPLETE) != 0) return 2;
  }
  bench.data = pcre2_match_data_create(8, NULL);
  for (int i = 0; i < 2; i++) bench.out[i] = malloc(ROOM);
  file_read(&bench, argv[2]);
  if (bench.data == NULL || bench.out[0] == NULL || bench.out[1] == NULL || bench.lines == NULL || bench.count == 0) return 2;
  for (int i = 0; i < rounds; i++) {
    times[0][i] = round_run(&bench, run_pcre2);
    for (int k = 0; k < sets; k++) {
      bench.filter = filters[k];
      times[1 + k][i] = round_run(&bench, run_tamis);
    }
  }
  printf("%zu lines, %.0f bytes a line, medians of %d interleaved rounds, one core\n", bench.count, (double)bench.size / (double)bench.count, rounds);
  passes = median(times[0], rounds);
  tamis = median(times[1], rounds);
  show("four PCRE2 passes, JIT", &bench, passes, 0);
  show(argc > 4 ? "tamis, the first rules" : "tamis, default rules", &bench, tamis, passes);
  if (sets == 2) {
    show("tamis, the second rules", &bench, median(times[2], rounds), passes);
    printf("  the second rules take %.2f times the time of the first\n", median(times[2], rounds) / tamis);
  }
  return bench.sum == 0;
}
