/* rules: from YAML to rule_specs, and their own tests. */
#include <stdio.h>
#include <stdlib.h>

#include "conf/load.h"

enum { LIST_MOST = 64 };

struct rule_reading {
  struct conf_rule   rule;
  const yaml_node_t *when;
};

static const char *const rule_keys[] = { "name", "detect", "match", "groups", "action", "as",   "tag",  "with",  "ipv4",
                                         "ipv6", "first",  "last",  "region", "strict", "tags", "when", "tests", NULL };

_Static_assert(sizeof rule_keys / sizeof rule_keys[0] == CONF_RULE_KEYS + 1, "a place for each key");

struct conf_place conf_rule_place(const struct conf_rule *rule, const char *key) {
  for (size_t i = 0; key != NULL && i < CONF_RULE_KEYS; i++)
    if (strcmp(rule_keys[i], key) == 0 && rule->places[i].line > 0) return rule->places[i];
  return (struct conf_place){ rule->line, rule->col };
}

/* One scalar, or a list of them. */
static void load_strings(struct loader *loader, const yaml_node_t *node, const char *where, const char *const **list, size_t *count) {
  const char **made = calloc(LIST_MOST, sizeof *made);
  size_t       items = node->type == YAML_SEQUENCE_NODE ? (size_t)(node->data.sequence.items.top - node->data.sequence.items.start) : 1;
  if (made == NULL) {
    loader->out_of_memory = true;
    return;
  }
  *list = made;
  if (items > LIST_MOST) load_fail(loader, node, "%s: more than %d entries", where, LIST_MOST);
  for (size_t i = 0; i < items && i < LIST_MOST; i++) {
    const yaml_node_t *one = node->type == YAML_SEQUENCE_NODE ? load_node(loader, node->data.sequence.items.start[i]) : node;
    const char        *text = load_scalar(loader, one, where);
    if (text != NULL) made[(*count)++] = load_copy(loader, text);
  }
}

/* A severity by its name or number, alone or behind <= (this and worse) or >= (this and less bad). False: none. */
static bool severity_parse(const char *text, uint8_t *mask) {
  static const struct {
    const char *name;
    unsigned    severity;
  } rows[] = {
    { "emerg", 0 }, { "panic", 0 },  { "alert", 1 }, { "crit", 2 },  { "err", 3 }, { "error", 3 }, { "warning", 4 },
    { "warn", 4 },  { "notice", 5 }, { "info", 6 },  { "debug", 7 }, { "0", 0 },   { "1", 1 },     { "2", 2 },
    { "3", 3 },     { "4", 4 },      { "5", 5 },     { "6", 6 },     { "7", 7 },
  };
  bool least = strncmp(text, ">=", 2) == 0, most = strncmp(text, "<=", 2) == 0;
  if (least || most) text += 2;
  while (*text == ' ') text++;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    if (strcmp(rows[i].name, text) != 0) continue;
    *mask |= (uint8_t)(least ? 0xff << rows[i].severity : most ? (2 << rows[i].severity) - 1 : 1 << rows[i].severity);
    return true;
  }
  return false;
}

static void load_severities(struct loader *loader, const yaml_node_t *node, uint8_t *mask) {
  size_t items = node->type == YAML_SEQUENCE_NODE ? (size_t)(node->data.sequence.items.top - node->data.sequence.items.start) : 1;
  if (items == 0) load_fail(loader, node, "when: severity: an empty list never fits: leave it out");
  for (size_t i = 0; i < items; i++) {
    const yaml_node_t *one = node->type == YAML_SEQUENCE_NODE ? load_node(loader, node->data.sequence.items.start[i]) : node;
    const char        *text = load_scalar(loader, one, "when: severity");
    if (text != NULL && !severity_parse(text, mask))
      load_fail(loader, one, "when: severity: emerg, alert, crit, err, warning, notice, info or debug, or 0 to 7; \"<=err\": err and worse");
  }
}

static void when_each(struct loader *loader, void *context, const char *name, const yaml_node_t *key_node, const yaml_node_t *value) {
  static const char *const names[] = { "input", "app", "host", "field", "severity", NULL };
  struct rule_spec        *spec = context;
  if (strcmp(name, "input") == 0) load_strings(loader, value, "when: input", &spec->when_input, &spec->when_input_count);
  else if (strcmp(name, "app") == 0) load_strings(loader, value, "when: app", &spec->when_app, &spec->when_app_count);
  else if (strcmp(name, "host") == 0) load_strings(loader, value, "when: host", &spec->when_host, &spec->when_host_count);
  else if (strcmp(name, "field") == 0) load_strings(loader, value, "when: field", &spec->when_field, &spec->when_field_count);
  else if (strcmp(name, "severity") == 0) load_severities(loader, value, &spec->when_severity);
  else load_unknown(loader, key_node, "when", names);
}

static void test_each(struct loader *loader, void *context, const char *name, const yaml_node_t *key_node, const yaml_node_t *value) {
  static const char *const names[] = { "in", "out", "lacks", "has", "same", "drop", NULL };
  struct conf_test        *test = context;
  char                   **at = strcmp(name, "in") == 0      ? &test->in
                                : strcmp(name, "out") == 0   ? &test->out
                                : strcmp(name, "lacks") == 0 ? &test->lacks
                                : strcmp(name, "has") == 0   ? &test->has
                                                             : NULL;
  const char              *text;
  if (strcmp(name, "same") == 0) load_bool(loader, value, "tests: same", &test->same);
  else if (strcmp(name, "drop") == 0) load_bool(loader, value, "tests: drop", &test->drop);
  else if (at == NULL) load_unknown(loader, key_node, "tests", names);
  else if ((text = load_scalar(loader, value, "tests")) != NULL) *at = load_copy(loader, text);
}

static void load_tests(struct loader *loader, const yaml_node_t *node, struct conf_rule *rule) {
  size_t count;
  if (node->type != YAML_SEQUENCE_NODE) {
    load_fail(loader, node, "tests: a list is expected: - in: …");
    return;
  }
  count = (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
  rule->tests = calloc(count + 1, sizeof *rule->tests);
  if (rule->tests == NULL) {
    loader->out_of_memory = true;
    return;
  }
  for (; rule->test_count < count; rule->test_count++) {
    const yaml_node_t *one = load_node(loader, node->data.sequence.items.start[rule->test_count]);
    struct conf_test  *test = &rule->tests[rule->test_count];
    size_t             before = loader->errors->count;
    *test = (struct conf_test){ .file = loader->file, .line = (int)one->start_mark.line + 1, .col = (int)one->start_mark.column + 1 };
    load_mapping(loader, one, "tests", test_each, test);
    if (loader->errors->count > before) continue;
    if (test->in == NULL) load_fail(loader, one, "tests: in: is missing");
    else if (test->out == NULL && test->lacks == NULL && test->has == NULL && !test->same && !test->drop)
      load_fail(loader, one, "tests: nothing is expected: give out:, lacks:, has:, same: true or drop: true");
  }
}

static void rule_text(struct loader *loader, const char *name, const yaml_node_t *value, const char **at) {
  const char *text = load_scalar(loader, value, name);
  if (text != NULL) *at = load_copy(loader, text);
}

static void rule_number(struct loader *loader, const char *name, const yaml_node_t *value, int64_t most, unsigned *at) {
  int64_t number;
  if (load_number(loader, value, name, 0, most, &number)) *at = (unsigned)number;
}

static void rule_each(struct loader *loader, void *context, const char *name, const yaml_node_t *key_node, const yaml_node_t *value) {
  struct conf_rule *rule = context;
  struct rule_spec *spec = &rule->spec;
  const struct {
    const char  *key;
    const char **at;
  } texts[] = {
    { "name", &spec->name }, { "detect", &spec->detect }, { "match", &spec->match },   { "as", &spec->as },
    { "tag", &spec->tag },   { "with", &spec->with },     { "region", &spec->region },
  };
  const struct {
    const char *key;
    unsigned   *at;
    int64_t     most;
  } numbers[] = {
    { "ipv4", &spec->ipv4_bits, 32 },
    { "ipv6", &spec->ipv6_bits, 128 },
    { "first", &spec->mask_first, 1000 },
    { "last", &spec->mask_last, 1000 },
  };
  for (size_t i = 0; i < CONF_RULE_KEYS; i++)
    if (strcmp(rule_keys[i], name) == 0) rule->places[i] = (struct conf_place){ (int)value->start_mark.line + 1, (int)value->start_mark.column + 1 };
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    if (strcmp(texts[i].key, name) != 0) continue;
    rule_text(loader, name, value, texts[i].at);
    return;
  }
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
    if (strcmp(numbers[i].key, name) != 0) continue;
    rule_number(loader, name, value, numbers[i].most, numbers[i].at);
    return;
  }
  if (strcmp(name, "action") == 0) {
    const char *text = load_scalar(loader, value, name);
    spec->action = text != NULL ? filter_action_of(text_of(text)) : ACTION_DEFAULT;
    if (spec->action == ACTION_COUNT) load_fail(loader, value, "action: one of: truncate, hash, strip, mask, replace, keep, drop, withhold");
  } else if (strcmp(name, "groups") == 0) {
    load_strings(loader, value, "groups", &spec->groups, &spec->group_count);
  } else if (strcmp(name, "tags") == 0) {
    load_strings(loader, value, "tags", &spec->tags, &spec->tag_count);
  } else if (strcmp(name, "strict") == 0) {
    load_bool(loader, value, "strict", &spec->strict);
  } else if (strcmp(name, "when") == 0) {
    load_mapping(loader, value, "when", when_each, spec);
  } else if (strcmp(name, "tests") == 0) {
    load_tests(loader, value, rule);
  } else {
    load_unknown(loader, key_node, "rules", rule_keys);
  }
}

void load_rules(struct loader *loader, const yaml_node_t *node) {
  struct conf *conf = loader->conf;
  loader->rules_given |= !loader->builtin;
  if (node->type != YAML_SEQUENCE_NODE) {
    load_fail(loader, node, "rules: a list is expected: - name: …");
    return;
  }
  for (const yaml_node_item_t *item = node->data.sequence.items.start; item < node->data.sequence.items.top; item++) {
    const yaml_node_t *one = load_node(loader, *item);
    bool               taken = false;
    struct conf_rule   rule = { .spec = { .ipv4_bits = 24, .ipv6_bits = 48 },
                                .builtin = loader->builtin,
                                .file = loader->file,
                                .line = (int)one->start_mark.line + 1,
                                .col = (int)one->start_mark.column + 1 };
    size_t             before = loader->errors->count;
    load_mapping(loader, one, "rules", rule_each, &rule);
    if (rule.spec.name == NULL && loader->errors->count == before) load_fail(loader, one, "rules: name: is missing");
    for (size_t i = 0; rule.spec.name != NULL && i < conf->rule_count; i++)
      taken |= conf->rules[i].spec.name != NULL && strcmp(conf->rules[i].spec.name, rule.spec.name) == 0;
    if (taken && !loader->builtin) load_fail(loader, one, "rules: two rules are named \"%.60s\"", rule.spec.name);
    if (taken && loader->builtin) { /* the operator's takes its place */
      conf_rule_free(&rule);
      continue;
    }
    if (!load_grow(loader, &conf->rules, conf->rule_count, &loader->room_rules, sizeof *conf->rules)) {
      conf_rule_free(&rule);
      return;
    }
    conf->rules[conf->rule_count++] = rule;
  }
}

static void strings_free(const char *const *list, size_t count) {
  for (size_t i = 0; i < count; i++) free((char *)list[i]);
  free((void *)list);
}

void conf_rule_free(struct conf_rule *rule) {
  const char *texts[] = { rule->spec.name, rule->spec.detect, rule->spec.match, rule->spec.as, rule->spec.tag, rule->spec.with, rule->spec.region };
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) free((char *)texts[i]);
  strings_free(rule->spec.groups, rule->spec.group_count);
  strings_free(rule->spec.when_input, rule->spec.when_input_count);
  strings_free(rule->spec.when_app, rule->spec.when_app_count);
  strings_free(rule->spec.when_host, rule->spec.when_host_count);
  strings_free(rule->spec.when_field, rule->spec.when_field_count);
  strings_free(rule->spec.tags, rule->spec.tag_count);
  for (size_t i = 0; i < rule->test_count; i++) {
    free(rule->tests[i].in);
    free(rule->tests[i].out);
    free(rule->tests[i].lacks);
    free(rule->tests[i].has);
  }
  free(rule->tests);
}

struct complaint {
  const struct conf  *conf;
  struct conf_errors *errors;
};

static void complain(void *context, size_t index, const char *key, long byte, const char *message) {
  struct complaint       *complaint = context;
  const struct conf_rule *rule = index < complaint->conf->rule_count ? &complaint->conf->rules[index] : NULL;
  struct conf_place       place = rule != NULL ? conf_rule_place(rule, key) : (struct conf_place){ 0, 0 };
  (void)byte; /* stands in the message */
  conf_fail_at(complaint->errors, rule != NULL ? rule->file : "rules", place.line, place.col, "rule \"%.40s\"%s%s: %s",
               rule != NULL && rule->spec.name != NULL ? rule->spec.name : "?", key != NULL ? ": " : "", key != NULL ? key : "", message);
}

struct ruleset *conf_rules(const struct conf *conf, const uint8_t key[32], const char *epoch, struct conf_errors *errors) {
  const struct filter_options options = { .region = conf->region,
                                          .key = key,
                                          .epoch = epoch,
                                          .match_limit = conf->limits.match_limit,
                                          .depth_limit = conf->limits.depth_limit,
                                          .heap_limit_kib = conf->limits.heap_limit_kib };
  struct complaint            complaint = { conf, errors };
  struct rule_spec           *specs = calloc(conf->rule_count + 1, sizeof *specs);
  struct ruleset             *rules = NULL;
  if (specs == NULL) conf_fail_at(errors, "rules", 0, 0, "out of memory");
  for (size_t i = 0; specs != NULL && i < conf->rule_count; i++) specs[i] = conf->rules[i].spec;
  if (specs != NULL) rules = ruleset_new(specs, conf->rule_count, &options, complain, &complaint);
  free(specs);
  return rules;
}

static struct text first_of(const char *const *list, size_t count, const char *otherwise) {
  struct text text = text_of(count > 0 ? list[0] : otherwise);
  if (text.size > 0 && text.at[text.size - 1] == '*') text.size--;
  return text;
}

/* The rule that has bytes which this one found and lost, or rules. */
static size_t test_taker(const struct span *spans, size_t count, size_t index, size_t rules) {
  for (size_t i = 0; i < count; i++)
    for (size_t k = 0; spans[i].rule == index && k < count; k++)
      if (spans[k].won && spans[k].rule != index && spans[k].start < spans[i].end && spans[i].start < spans[k].end) return spans[k].rule;
  return rules;
}

/* True when the rule under test took part in the result; else *taker is the rule that took what it found, where there is one. */
static bool test_run(const struct conf_rule *rule, size_t index, const struct conf_test *test, struct filter *filter, char *out, size_t room,
                     struct conf_errors *errors, size_t *taker) {
  const struct rule_spec     *spec = &rule->spec;
  const struct filter_context context = { .input = first_of(spec->when_input, spec->when_input_count, "test"),
                                          .app = first_of(spec->when_app, spec->when_app_count, "test"),
                                          .host = first_of(spec->when_host, spec->when_host_count, "test"),
                                          .field = first_of(spec->when_field, spec->when_field_count, "message"),
                                          .severity = spec->when_severity & (uint8_t)-spec->when_severity };
  size_t                      size = 0, count = 0, found = errors->count;
  unsigned                    by = FILTER_NO_RULE;
  enum filter_result          result = filter_text(filter, &context, text_of(test->in), out, room - 1, &size, &by);
  const struct span          *spans = filter_spans(filter, &count);
  bool                        took_part = by == index;
  const char                 *got = result == FILTER_OK ? out : test->in;
  out[result == FILTER_OK ? size : 0] = 0;
  for (size_t i = 0; i < count; i++) took_part |= spans[i].won && spans[i].rule == index;
  if (!took_part) *taker = test_taker(spans, count, index, *taker);
  if (test->drop) {
    if (result != FILTER_DROP) conf_fail_at(errors, test->file, test->line, test->col, "rule \"%.40s\": the record is not dropped", spec->name);
    return took_part;
  }
  if (result != FILTER_OK && result != FILTER_SAME)
    conf_fail_at(errors, test->file, test->line, test->col, "rule \"%.40s\": the record is %s", spec->name,
                 result == FILTER_DROP ? "dropped" : "withheld");
  else if (test->same && strcmp(got, test->in) != 0)
    conf_fail_at(errors, test->file, test->line, test->col, "rule \"%.40s\": must stay the same, is \"%.120s\"", spec->name, got);
  else if (test->out != NULL && strcmp(got, test->out) != 0)
    conf_fail_at(errors, test->file, test->line, test->col, "rule \"%.40s\": expected \"%.80s\", got \"%.80s\"", spec->name, test->out, got);
  else if (test->lacks != NULL && strstr(got, test->lacks) != NULL)
    conf_fail_at(errors, test->file, test->line, test->col, "rule \"%.40s\": \"%.60s\" is still in \"%.80s\"", spec->name, test->lacks, got);
  else if (test->has != NULL && strstr(got, test->has) == NULL)
    conf_fail_at(errors, test->file, test->line, test->col, "rule \"%.40s\": \"%.60s\" is not in \"%.80s\"", spec->name, test->has, got);
  return took_part || errors->count > found;
}

size_t conf_test_rules(const struct conf *conf, struct conf_errors *errors) {
  static const uint8_t key[32] = { 0 }; /* a test's pseudonyms are the same everywhere */
  struct ruleset      *rules = conf_rules(conf, key, "test", errors);
  size_t               room = 4 * conf->limits.record_bytes, run = 0;
  struct filter       *filter = rules != NULL ? filter_new(rules, conf->limits.record_bytes) : NULL;
  char                *out = malloc(room);
  bool                 own = false;
  if (rules != NULL && (filter == NULL || out == NULL)) conf_fail_at(errors, "rules", 0, 0, "out of memory");
  for (size_t i = 0; i < conf->rule_count; i++) own |= !conf->rules[i].builtin;
  for (size_t i = 0; filter != NULL && out != NULL && i < conf->rule_count; i++) {
    const struct conf_rule *rule = &conf->rules[i];
    if (rule->builtin && own) continue;
    bool              took_part = rule->test_count == 0, change = false;
    size_t            taker = conf->rule_count;
    struct conf_place place = conf_rule_place(rule, rule->spec.match != NULL ? "match" : "detect");
    for (size_t k = 0; k < rule->test_count; k++, run++) {
      change |= !rule->tests[k].same;
      took_part |= test_run(rule, i, &rule->tests[k], filter, out, room, errors, &taker);
    }
    if (change && !took_part && taker < conf->rule_count)
      conf_fail_at(errors, rule->file, place.line, place.col, "rule \"%.40s\": in its own tests rule \"%.40s\" (%.60s:%d) takes all that it finds",
                   rule->spec.name, conf->rules[taker].spec.name, conf->rules[taker].file, conf->rules[taker].line);
    else if (change && !took_part)
      conf_fail_at(errors, rule->file, place.line, place.col, "rule \"%.40s\": finds nothing in any of its own tests", rule->spec.name);
  }
  free(out);
  filter_free(filter);
  ruleset_unref(rules);
  return run;
}
