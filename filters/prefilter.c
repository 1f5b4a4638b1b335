#include "filters/prefilter.h"

#include <stdlib.h>

#ifdef HAVE_VECTORSCAN
#include <hs.h>
#endif

#include "filters/relax.h"

enum { RELAXED_MOST = 64 * 1024, WORD = 64 };

struct prefilter_row {
  char *why; /* NULL: the database has it, or it is no pattern */
  long  byte;
};

struct prefilter {
  size_t                count;
  struct prefilter_row *rows;
  uint64_t             *always; /* rules that the database does not have */
#ifdef HAVE_VECTORSCAN
  hs_database_t *database; /* NULL: no pattern is in it */
#endif
};

struct prefilter_scratch {
#ifdef HAVE_VECTORSCAN
  hs_scratch_t *vectorscan;
#endif
  bool unused;
};

/* What goes into the database: as many rows as there are patterns left. */
struct expressions {
  char    **list;
  unsigned *ids, *flags;
  size_t    count;
};

size_t prefilter_words(const struct prefilter *prefilter) { return prefilter->count / WORD + 1; }

const char *prefilter_why(const struct prefilter *prefilter, size_t rule, long *byte) {
  *byte = prefilter->rows[rule].byte;
  return prefilter->rows[rule].why;
}

void prefilter_all(const struct prefilter *prefilter, uint64_t *bitmap) {
  memset(bitmap, 0, prefilter_words(prefilter) * sizeof *bitmap);
  memset(bitmap, 0xff, prefilter->count / WORD * sizeof *bitmap);
  bitmap[prefilter->count / WORD] = (UINT64_C(1) << prefilter->count % WORD) - 1;
}

/* The rule is always run; why is copied. False: no memory. */
static bool row_always(struct prefilter *prefilter, size_t rule, const char *why, long byte) {
  prefilter->always[rule / WORD] |= UINT64_C(1) << rule % WORD;
  if (why == NULL) return true;
  prefilter->rows[rule].why = strdup(why);
  prefilter->rows[rule].byte = byte;
  return prefilter->rows[rule].why != NULL;
}

static bool expressions_new(struct expressions *expressions, size_t most) {
  expressions->list = calloc(most + 1, sizeof *expressions->list);
  expressions->ids = calloc(most + 1, sizeof *expressions->ids);
  expressions->flags = calloc(most + 1, sizeof *expressions->flags);
  return expressions->list != NULL && expressions->ids != NULL && expressions->flags != NULL;
}

static void expressions_free(struct expressions *expressions) {
  for (size_t i = 0; i < expressions->count; i++) free(expressions->list[i]);
  free(expressions->list);
  free(expressions->ids);
  free(expressions->flags);
}

static bool pattern_add(struct prefilter *prefilter, struct expressions *expressions, size_t rule, const char *pattern, char *room) {
  struct relaxed relaxed = relax_into(pattern, room, RELAXED_MOST);
  char          *copy;
  if (relaxed.why != NULL) return row_always(prefilter, rule, relaxed.why, (long)relaxed.byte);
  copy = strdup(room);
  if (copy == NULL) return false;
  expressions->list[expressions->count] = copy;
  expressions->ids[expressions->count++] = (unsigned)rule;
  return true;
}

#ifdef HAVE_VECTORSCAN

static void expression_drop(struct expressions *expressions, size_t index) {
  free(expressions->list[index]);
  expressions->count--;
  for (size_t i = index; i < expressions->count; i++) {
    expressions->list[i] = expressions->list[i + 1];
    expressions->ids[i] = expressions->ids[i + 1];
  }
}

/* Compiles all into one database. What Vectorscan refuses is always run. False: no memory. */
static bool database_make(struct prefilter *prefilter, struct expressions *expressions) {
  while (expressions->count > 0) {
    hs_compile_error_t *error = NULL;
    hs_error_t          result;
    bool                good = true;
    for (size_t i = 0; i < expressions->count; i++) expressions->flags[i] = HS_FLAG_SINGLEMATCH | HS_FLAG_PREFILTER;
    result = hs_compile_multi((const char *const *)expressions->list, expressions->flags, expressions->ids, (unsigned)expressions->count,
                              HS_MODE_BLOCK, NULL, &prefilter->database, &error);
    if (result == HS_SUCCESS) return true;
    if (error != NULL && error->expression >= 0) {
      good = row_always(prefilter, expressions->ids[error->expression], error->message, -1);
      expression_drop(expressions, (size_t)error->expression);
    } else { /* nothing of it can be had, as on a CPU that is too old */
      for (size_t i = 0; i < expressions->count; i++)
        good = good && row_always(prefilter, expressions->ids[i], error != NULL ? error->message : "Vectorscan refuses it", -1);
    }
    if (error == NULL || error->expression < 0) {
      hs_free_compile_error(error);
      return good;
    }
    hs_free_compile_error(error);
    if (!good) return false;
  }
  return true;
}

static void database_free(struct prefilter *prefilter) { hs_free_database(prefilter->database); }

struct prefilter_scratch *prefilter_scratch_new(const struct prefilter *prefilter) {
  struct prefilter_scratch *scratch = calloc(1, sizeof *scratch);
  if (scratch == NULL || prefilter->database == NULL) return scratch;
  if (hs_alloc_scratch(prefilter->database, &scratch->vectorscan) == HS_SUCCESS) return scratch;
  free(scratch);
  return NULL;
}

void prefilter_scratch_free(struct prefilter_scratch *scratch) {
  if (scratch == NULL) return;
  hs_free_scratch(scratch->vectorscan);
  free(scratch);
}

static int on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *context) {
  uint64_t *bitmap = context;
  (void)from, (void)to, (void)flags;
  bitmap[id / WORD] |= UINT64_C(1) << id % WORD;
  return 0;
}

void prefilter_scan(const struct prefilter *prefilter, struct prefilter_scratch *scratch, struct text text, uint64_t *bitmap) {
  memcpy(bitmap, prefilter->always, prefilter_words(prefilter) * sizeof *bitmap);
  if (prefilter->database == NULL) return;
  if (text.size > UINT32_MAX || hs_scan(prefilter->database, text.at, (unsigned)text.size, 0, scratch->vectorscan, on_match, bitmap) != HS_SUCCESS)
    prefilter_all(prefilter, bitmap);
}

#else

static bool database_make(struct prefilter *prefilter, struct expressions *expressions) {
  for (size_t i = 0; i < expressions->count; i++) row_always(prefilter, expressions->ids[i], NULL, -1);
  return true;
}

static void database_free(struct prefilter *prefilter) { (void)prefilter; }

struct prefilter_scratch *prefilter_scratch_new(const struct prefilter *prefilter) {
  (void)prefilter;
  return calloc(1, sizeof(struct prefilter_scratch));
}

void prefilter_scratch_free(struct prefilter_scratch *scratch) { free(scratch); }

void prefilter_scan(const struct prefilter *prefilter, struct prefilter_scratch *scratch, struct text text, uint64_t *bitmap) {
  (void)scratch, (void)text;
  memcpy(bitmap, prefilter->always, prefilter_words(prefilter) * sizeof *bitmap);
}

#endif

struct prefilter *prefilter_new(const char *const *patterns, size_t count) {
  struct prefilter  *prefilter = calloc(1, sizeof *prefilter);
  struct expressions expressions = { 0 };
  char              *room = malloc(RELAXED_MOST);
  bool               good = prefilter != NULL && room != NULL && expressions_new(&expressions, count);
  if (prefilter != NULL) {
    prefilter->count = count;
    prefilter->rows = calloc(count + 1, sizeof *prefilter->rows);
    prefilter->always = calloc(prefilter_words(prefilter), sizeof *prefilter->always);
    good = good && prefilter->rows != NULL && prefilter->always != NULL;
  }
  for (size_t i = 0; good && i < count; i++)
    good = patterns[i] == NULL ? row_always(prefilter, i, NULL, -1) : pattern_add(prefilter, &expressions, i, patterns[i], room);
  good = good && database_make(prefilter, &expressions);
  expressions_free(&expressions);
  free(room);
  if (good) return prefilter;
  prefilter_free(prefilter);
  return NULL;
}

void prefilter_free(struct prefilter *prefilter) {
  if (prefilter == NULL) return;
  for (size_t i = 0; prefilter->rows != NULL && i < prefilter->count; i++) free(prefilter->rows[i].why);
  free(prefilter->rows);
  free(prefilter->always);
  database_free(prefilter);
  free(prefilter);
}
