/* engine: what tests and fuzz targets of the engine share. */
#ifndef TAMIS_TEST_UNIT_ENGINE_H
#define TAMIS_TEST_UNIT_ENGINE_H

#include <stdio.h>
#include <stdlib.h>

#include "filters/filters.h"

#define ENGINE_KEY ((const uint8_t *)"0123456789abcdef0123456789abcdef")

static const struct filter_options engine_options = {
  .region = "FR",
  .key = ENGINE_KEY,
  .epoch = "1",
  .match_limit = 100000,
  .depth_limit = 5000,
  .heap_limit_kib = 20000,
};

/* A rule for each detector, behind the first count of specs; returns how many there are then. */
static inline size_t engine_detectors(struct rule_spec *specs, size_t count) {
  for (const char *const *name = filter_detector_names(); *name != NULL; name++)
    specs[count++] = (struct rule_spec){ .name = *name, .detect = *name, .ipv4_bits = 24, .ipv6_bits = 48 };
  return count;
}

static inline void engine_complain(void *context, size_t rule, const char *key, long byte, const char *message) {
  (void)context;
  fprintf(stderr, "rule %zu: %s, byte %ld: %s\n", rule, key != NULL ? key : "-", byte, message);
}

/* Ends the program where the rules are refused. */
static inline struct ruleset *engine_rules(const struct rule_spec *specs, size_t count) {
  struct ruleset *rules = ruleset_new(specs, count, &engine_options, engine_complain, NULL);
  if (rules == NULL) abort();
  return rules;
}

/* The same, and a filter of its own for texts of up to most bytes. */
static inline struct filter *engine_filter(const struct rule_spec *specs, size_t count, size_t most) {
  struct ruleset *rules = engine_rules(specs, count);
  struct filter  *filter = filter_new(rules, most);
  if (filter == NULL) abort();
  ruleset_unref(rules);
  return filter;
}

static inline struct filter *engine_filter_all(size_t most) {
  struct rule_spec specs[64] = { 0 };
  return engine_filter(specs, engine_detectors(specs, 0), most);
}

/* The text as a message; what stays as it is is copied too. */
static inline enum filter_result engine_run(struct filter *filter, struct text in, char *out, size_t room, size_t *size) {
  const struct filter_context context = { .field = TEXT("message") };
  unsigned                    rule;
  enum filter_result          result = filter_text(filter, &context, in, out, room, size, &rule);
  if (result != FILTER_SAME || in.size > room) return result;
  memcpy(out, in.at, in.size);
  *size = in.size;
  return FILTER_OK;
}

#endif
