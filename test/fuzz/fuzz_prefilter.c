/* Patterns and texts made from the input's bytes, and the input's own: what PCRE2 matches, the prefilter lets through. */
#include <assert.h>
#include <stdlib.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "filters/prefilter.h"
#include "test/unit/random_pattern.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static pcre2_code *compiled(const char *pattern) {
  int        code;
  PCRE2_SIZE offset;
  return pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C, &code, &offset,
                       NULL);
}

static void try(const struct prefilter *prefilter, const pcre2_code *code, struct text text) {
  pcre2_match_data    *match = pcre2_match_data_create(64, NULL);
  pcre2_match_context *limits = pcre2_match_context_create(NULL);
  bool                 matches;
  uint64_t             wide, portable;
  pcre2_set_match_limit(limits, 2000);
  pcre2_set_depth_limit(limits, 2000);
  matches = pcre2_match(code, (PCRE2_SPTR)text.at, text.size, 0, PCRE2_NOTEMPTY, match, limits) >= 0;
  prefilter_scan(prefilter, text, true, &wide);
  prefilter_scan(prefilter, text, false, &portable);
  assert(wide == portable && (!matches || (wide & 1) != 0));
  pcre2_match_context_free(limits);
  pcre2_match_data_free(match);
}

static void try_pattern(const char *pattern, const struct random_pattern *sample, uint64_t *seed, struct text text) {
  static char       made[2048];
  pcre2_code       *code = *pattern != 0 ? compiled(pattern) : NULL;
  struct prefilter *prefilter = code != NULL ? prefilter_new(&pattern, 1) : NULL;
  if (prefilter != NULL) {
    try(prefilter, code, text);
    for (int i = 0; i < 8; i++) try(prefilter, code, (struct text){ made, random_text(sample, 1, seed, made, sizeof made) });
  }
  prefilter_free(prefilter);
  pcre2_code_free(code);
}

/* A pattern, a line feed, a text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct random_pattern sample;
  const uint8_t        *end = memchr(data, '\n', size);
  size_t                length = end != NULL ? (size_t)(end - data) : size;
  char                 *pattern = calloc(length + 1, 1);
  uint64_t              seed = size;
  struct text           text = { (const char *)data + length, size - length };
  if (pattern == NULL || !__builtin_cpu_supports("avx2")) abort();
  for (size_t i = 0; i < size; i++) seed = (seed ^ data[i]) * UINT64_C(1099511628211);
  random_pattern(&sample, &seed);
  memcpy(pattern, data, length);
  try_pattern(pattern, &sample, &seed, text);
  try_pattern(sample.pattern, &sample, &seed, text);
  free(pattern);
  return 0;
}
