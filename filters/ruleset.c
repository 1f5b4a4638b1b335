/* ruleset: rule_specs compiled once, every error reported, then immutable. */
#include "filters/ruleset.h"
#include "filters/required.h"

#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "filters/secret.h"

struct compiler {
  const struct rule_spec      *spec;
  const struct filter_options *options;
  struct rule                 *rule;
  size_t                       index;
  filter_complain             *complain;
  void                        *context;
  bool                         bad;
};

static void fail(struct compiler *compiler, const char *key, long byte, const char *format, ...) __attribute__((format(printf, 4, 5)));
static void fail(struct compiler *compiler, const char *key, long byte, const char *format, ...) {
  char    message[256];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  compiler->bad = true;
  compiler->complain(compiler->context, compiler->index, key, byte, message);
}

static char *copy(struct compiler *compiler, const char *string) {
  char *made = string == NULL ? NULL : strdup(string);
  if (string != NULL && made == NULL) fail(compiler, NULL, -1, "out of memory");
  return made;
}

static void compile_names(struct compiler *compiler, struct names *names, const char *const *list, size_t count) {
  if (count == 0) return;
  names->list = calloc(count, sizeof *names->list);
  if (names->list == NULL) {
    fail(compiler, NULL, -1, "out of memory");
    return;
  }
  for (; names->count < count; names->count++) names->list[names->count] = copy(compiler, list[names->count]);
}

static void compile_group(struct compiler *compiler, const char *group) {
  struct rule *rule = compiler->rule;
  uint32_t     most = 0;
  long         number = 0;
  char        *end;
  pcre2_pattern_info(rule->code, PCRE2_INFO_CAPTURECOUNT, &most);
  if (is_digit(group[0])) {
    number = strtol(group, &end, 10);
    if (*end != 0 || number < 0 || (uint32_t)number > most) {
      fail(compiler, "groups", -1, "the pattern has no group %s (it has %u)", group, most);
      return;
    }
  } else {
    number = pcre2_substring_number_from_name(rule->code, (PCRE2_SPTR)group);
    if (number < 0) {
      fail(compiler, "groups", -1, "the pattern has no group named \"%s\"", group);
      return;
    }
  }
  rule->groups[rule->group_count++] = (uint32_t)number;
}

static void compile_pattern(struct compiler *compiler) {
  const struct rule_spec *spec = compiler->spec;
  PCRE2_SIZE              offset;
  int                     code;
  uint32_t                options = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C;
  if (spec->match[0] == 0) {
    fail(compiler, "match", 0, "the pattern is empty: it would match nothing but the place between characters");
    return;
  }
  compiler->rule->code = pcre2_compile((PCRE2_SPTR)spec->match, PCRE2_ZERO_TERMINATED, options, &code, &offset, NULL);
  if (compiler->rule->code == NULL) {
    char text[160] = "";
    pcre2_get_error_message(code, (PCRE2_UCHAR *)text, sizeof text);
    fail(compiler, "match", (long)offset, "%s at byte %zu of the pattern", text, (size_t)offset);
    return;
  }
  pcre2_jit_compile(compiler->rule->code, PCRE2_JIT_COMPLETE); /* without JIT the same, slower */
  if (spec->group_count > GROUPS_MOST) {
    fail(compiler, "groups", -1, "more than %d groups", GROUPS_MOST);
    return;
  }
  for (size_t i = 0; i < spec->group_count; i++) compile_group(compiler, spec->groups[i]);
}

static void piece_add(struct compiler *compiler, const char *literal, size_t size, uint32_t group) {
  struct rule *rule = compiler->rule;
  if (rule->piece_count == PIECES_MOST) {
    fail(compiler, "with", -1, "the template has more than %d parts", PIECES_MOST);
    return;
  }
  if (literal != NULL && size == 0) return;
  rule->pieces[rule->piece_count++] = (struct piece){ literal, size, group };
}

/* $1, ${1} or ${name} at dollar; returns the first byte behind it, or NULL after a complaint. */
static const char *compile_reference(struct compiler *compiler, const char *dollar) {
  const char *start = dollar + 1, *end;
  bool        braces = *start == '{';
  char        name[64];
  long        number;
  uint32_t    most = 0;
  if (braces) start++;
  end = start;
  while (is_alnum(*end) || *end == '_') {
    if (!braces && !is_digit(*end)) break;
    end++;
  }
  if (end == start || (size_t)(end - start) >= sizeof name || (braces && *end != '}')) {
    fail(compiler, "with", dollar - compiler->rule->with, "after $ a group's number, {number}, {name} or another $ is expected");
    return NULL;
  }
  memcpy(name, start, (size_t)(end - start));
  name[end - start] = 0;
  pcre2_pattern_info(compiler->rule->code, PCRE2_INFO_CAPTURECOUNT, &most);
  number = is_digit(name[0]) ? strtol(name, NULL, 10) : pcre2_substring_number_from_name(compiler->rule->code, (PCRE2_SPTR)name);
  if (number < 0 || number > (long)most) {
    fail(compiler, "with", dollar - compiler->rule->with, "the pattern has no group %s", name);
    return NULL;
  }
  piece_add(compiler, NULL, 0, (uint32_t)number);
  return end + braces;
}

static void compile_template(struct compiler *compiler) {
  const char *at = compiler->rule->with, *literal = at;
  while (*at != 0) {
    if (*at != '$') {
      at++;
      continue;
    }
    piece_add(compiler, literal, (size_t)(at - literal), 0);
    if (at[1] == '$') {
      literal = at + 1;
      at += 2;
      continue;
    }
    if (compiler->rule->code == NULL) {
      fail(compiler, "with", at - compiler->rule->with, "a detector has no groups: write $$ for a dollar sign");
      return;
    }
    at = literal = compile_reference(compiler, at);
    if (at == NULL) return;
  }
  piece_add(compiler, literal, (size_t)(at - literal), 0);
}

static bool type_is_good(const char *as) {
  size_t size = strlen(as);
  for (size_t i = 0; i < size; i++)
    if (!is_lower(as[i])) return false;
  return size >= 2 && size <= 8;
}

static void compile_action(struct compiler *compiler) {
  const struct rule_spec *spec = compiler->spec;
  struct rule            *rule = compiler->rule;
  rule->action = spec->action;
  if (rule->action == ACTION_DEFAULT) {
    if (rule->detector == NULL && spec->match != NULL) fail(compiler, "action", -1, "a rule with match: needs an action:");
    rule->action = rule->detector != NULL ? rule->detector->action : ACTION_STRIP;
  }
  rule->as = copy(compiler, spec->as != NULL ? spec->as : rule->detector != NULL ? rule->detector->as : "id");
  rule->tag = copy(compiler, spec->tag != NULL ? spec->tag : rule->detector != NULL ? rule->detector->tag : "");
  rule->tag_size = rule->tag != NULL ? strlen(rule->tag) : 0;
  rule->with = copy(compiler, spec->with);
  if (rule->as != NULL && !type_is_good(rule->as)) fail(compiler, "as", -1, "a type is 2 to 8 lower-case letters");
  if (rule->action == ACTION_REPLACE) {
    if (rule->with == NULL) fail(compiler, "with", -1, "action: replace needs with:, the text to write");
    else compile_template(compiler);
  }
  if (rule->action == ACTION_TRUNCATE && rule->detector != NULL && rule->detector->truncate == NULL)
    fail(compiler, "action", -1, "%s values cannot be truncated: use hash, strip, mask or replace", rule->detector->name);
  if (spec->ipv4_bits > 32) fail(compiler, "ipv4", -1, "an IPv4 prefix has 0 to 32 bits");
  if (spec->ipv6_bits > 128) fail(compiler, "ipv6", -1, "an IPv6 prefix has 0 to 128 bits");
  rule->ipv4_bits = spec->ipv4_bits;
  rule->ipv6_bits = spec->ipv6_bits;
  rule->mask_first = spec->mask_first;
  rule->mask_last = spec->mask_last;
}

static void compile_rule(struct compiler *compiler) {
  const struct rule_spec *spec = compiler->spec;
  struct rule            *rule = compiler->rule;
  const char             *region = spec->region != NULL ? spec->region : compiler->options->region;
  rule->name = copy(compiler, spec->name);
  rule->strict = spec->strict;
  rule->region = phone_region_find(region);
  if (rule->region == NULL) fail(compiler, "region", -1, "unknown region \"%s\": two letters such as FR", region != NULL ? region : "");
  if ((spec->detect == NULL) == (spec->match == NULL)) {
    fail(compiler, "detect", -1, "a rule has either detect: or match:");
    return;
  }
  if (spec->detect != NULL) {
    rule->detector = detector_find(spec->detect);
    if (rule->detector == NULL) fail(compiler, "detect", -1, "unknown detector \"%s\"", spec->detect);
    if (spec->group_count > 0) fail(compiler, "groups", -1, "groups: goes with match:");
  } else {
    compile_pattern(compiler);
  }
  if (spec->match == NULL || rule->code != NULL) compile_action(compiler);
  compile_names(compiler, &rule->when_input, spec->when_input, spec->when_input_count);
  compile_names(compiler, &rule->when_app, spec->when_app, spec->when_app_count);
  compile_names(compiler, &rule->when_host, spec->when_host, spec->when_host_count);
  compile_names(compiler, &rule->when_field, spec->when_field, spec->when_field_count);
  compile_names(compiler, &rule->tags, spec->tags, spec->tag_count);
  rule->when_severity = spec->when_severity;
  rule->conditional = spec->when_input_count + spec->when_app_count + spec->when_host_count + spec->when_field_count > 0 || spec->when_severity != 0;
}

static void gate_set(struct ruleset *rules, size_t index) {
  const struct detector *detector = rules->rules[index].detector;
  uint32_t               sights = detector != NULL ? detector->sights : SEES_ALWAYS, kinds = detector != NULL ? detector->kinds : 0;
  for (uint64_t left = sights | (uint64_t)kinds << 32; left != 0; left &= left - 1)
    rules->gates[(size_t)__builtin_ctzll(left) * rules->words + index / 64] |= UINT64_C(1) << index % 64;
  rules->sights |= sights;
  rules->kinds |= kinds;
}

static void hash_string(EVP_MD_CTX *context, const char *string) {
  uint8_t size[4];
  size_t  length = string == NULL ? 0 : strlen(string);
  for (int i = 0; i < 4; i++) size[i] = (uint8_t)(string == NULL ? 255 : length >> (8 * i));
  EVP_DigestUpdate(context, size, sizeof size);
  if (length > 0) EVP_DigestUpdate(context, string, length);
}

static void hash_number(EVP_MD_CTX *context, unsigned long number) {
  char text[24];
  snprintf(text, sizeof text, "%lu", number);
  hash_string(context, text);
}

static void hash_names(EVP_MD_CTX *context, const char *const *list, size_t count) {
  hash_number(context, count);
  for (size_t i = 0; i < count; i++) hash_string(context, list[i]);
}

static void hash_spec(EVP_MD_CTX *context, const struct rule_spec *spec, const struct rule *rule) {
  const char *strings[] = { spec->name, spec->detect, spec->match, rule->as, rule->tag, rule->with, spec->region };
  for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++) hash_string(context, strings[i]);
  hash_names(context, spec->groups, spec->group_count);
  hash_number(context, rule->action);
  hash_number(context, spec->ipv4_bits);
  hash_number(context, spec->ipv6_bits);
  hash_number(context, spec->mask_first);
  hash_number(context, spec->mask_last);
  hash_number(context, spec->strict);
  hash_names(context, spec->when_input, spec->when_input_count);
  hash_names(context, spec->when_app, spec->when_app_count);
  hash_names(context, spec->when_host, spec->when_host_count);
  hash_names(context, spec->when_field, spec->when_field_count);
  if (spec->when_severity != 0) hash_number(context, spec->when_severity);
}

static bool ruleset_hash_set(struct ruleset *rules, const struct rule_spec *specs, const struct filter_options *options) {
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  uint8_t     digest[32];
  bool        good = context != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1;
  if (good) {
    hash_string(context, "tamis rules 1");
    hash_string(context, options->region);
    for (size_t i = 0; i < rules->count; i++) hash_spec(context, &specs[i], &rules->rules[i]);
    good = EVP_DigestFinal_ex(context, digest, NULL) == 1;
  }
  EVP_MD_CTX_free(context);
  for (size_t i = 0; good && i < sizeof digest; i++) snprintf(rules->hash + 2 * i, 3, "%02x", digest[i]);
  return good;
}

/* Patterns are read as required_of reads them: whatever makes PCRE2 read them otherwise means that they are always run. */
static bool prefilter_set(struct ruleset *rules, const struct rule_spec *specs) {
  const char **patterns = calloc(rules->count + 1, sizeof *patterns);
  uint32_t     newline = 0;
  pcre2_config(PCRE2_CONFIG_NEWLINE, &newline);
  for (size_t i = 0; patterns != NULL && newline == PCRE2_NEWLINE_LF && i < rules->count; i++) patterns[i] = specs[i].match;
  if (patterns != NULL) rules->prefilter = prefilter_new(patterns, rules->count);
  free(patterns);
  return rules->prefilter != NULL;
}

struct ruleset *ruleset_new(const struct rule_spec *specs, size_t count, const struct filter_options *options, filter_complain *complain,
                            void *context) {
  struct compiler compiler = { .options = options, .complain = complain, .context = context };
  struct ruleset *rules = secret_new(sizeof *rules); /* it holds what the key makes */
  if (rules == NULL || count > RULES_MOST) {
    fail(&compiler, NULL, -1, rules == NULL ? "out of memory" : "more than 4096 rules");
    secret_free(rules, sizeof *rules);
    return NULL;
  }
  atomic_init(&rules->references, 1);
  rules->rules = calloc(count + 1, sizeof *rules->rules);
  rules->words = count / 64 + 1;
  rules->gates = calloc(64 * rules->words, sizeof *rules->gates);
  if (rules->rules == NULL || rules->gates == NULL) fail(&compiler, NULL, -1, "out of memory");
  for (size_t i = 0; rules->rules != NULL && rules->gates != NULL && i < count; i++) {
    rules->count = i + 1;
    compiler.index = i;
    compiler.spec = &specs[i];
    compiler.rule = &rules->rules[i];
    compile_rule(&compiler);
    gate_set(rules, i);
  }
  pseudonym_key_set(&rules->key, options->key);
  snprintf(rules->epoch, sizeof rules->epoch, "%s", options->epoch);
  rules->match_limit = options->match_limit;
  rules->depth_limit = options->depth_limit;
  rules->heap_limit_kib = options->heap_limit_kib;
  if (!compiler.bad && !ruleset_hash_set(rules, specs, options)) fail(&compiler, NULL, -1, "the rule set could not be hashed");
  if (!compiler.bad && !prefilter_set(rules, specs)) fail(&compiler, NULL, -1, "out of memory");
  if (!compiler.bad) return rules;
  ruleset_unref(rules);
  return NULL;
}

struct ruleset *ruleset_ref(struct ruleset *rules) {
  atomic_fetch_add(&rules->references, 1);
  return rules;
}

static void names_free(struct names *names) {
  for (size_t i = 0; i < names->count; i++) free(names->list[i]);
  free(names->list);
}

void ruleset_unref(struct ruleset *rules) {
  if (rules == NULL || atomic_fetch_sub(&rules->references, 1) > 1) return;
  for (size_t i = 0; rules->rules != NULL && i < rules->count; i++) {
    struct rule *rule = &rules->rules[i];
    free(rule->name);
    free(rule->as);
    free(rule->tag);
    free(rule->with);
    pcre2_code_free(rule->code);
    names_free(&rule->when_input);
    names_free(&rule->when_app);
    names_free(&rule->when_host);
    names_free(&rule->when_field);
    names_free(&rule->tags);
  }
  free(rules->rules);
  free(rules->gates);
  prefilter_free(rules->prefilter);
  secret_free(rules, sizeof *rules);
}

const char *ruleset_always_run(const struct ruleset *rules, size_t rule, size_t *byte) { return prefilter_why(rules->prefilter, rule, byte); }

size_t             ruleset_count(const struct ruleset *rules) { return rules->count; }
const char        *ruleset_name(const struct ruleset *rules, size_t rule) { return rules->rules[rule].name; }
enum filter_action ruleset_action(const struct ruleset *rules, size_t rule) { return rules->rules[rule].action; }
const char        *ruleset_hash(const struct ruleset *rules) { return rules->hash; }
const char        *ruleset_epoch(const struct ruleset *rules) { return rules->epoch; }
const char        *ruleset_detector(const struct ruleset *rules, size_t rule) {
         return rules->rules[rule].detector != NULL ? rules->rules[rule].detector->name : NULL;
}

size_t filter_literal_into(const char *match, char out[FILTER_LITERAL_MOST]) {
  struct required required = required_of(match);
  if (required.why != NULL) return 0;
  memcpy(out, required.list[0].bytes, required.list[0].size);
  return required.list[0].size;
}

bool ruleset_within(const struct ruleset *rules, size_t rule, struct text text, uint32_t steps) {
  const pcre2_code    *code = rules->rules[rule].code;
  pcre2_match_data    *match = code != NULL ? pcre2_match_data_create_from_pattern(code, NULL) : NULL;
  pcre2_match_context *limits = match != NULL ? pcre2_match_context_create(NULL) : NULL;
  int                  found = 0;
  if (limits != NULL) pcre2_set_match_limit(limits, steps);
  for (size_t at = 0; limits != NULL && found >= 0 && at <= text.size;) {
    size_t end;
    found = pcre2_match(code, (PCRE2_SPTR)text.at, text.size, at, PCRE2_NOTEMPTY | PCRE2_NO_JIT, match, limits);
    end = found >= 0 ? pcre2_get_ovector_pointer(match)[1] : 0;
    at = end > at ? end : at + 1;
  }
  pcre2_match_context_free(limits);
  pcre2_match_data_free(match);
  return found >= 0 || found == PCRE2_ERROR_NOMATCH;
}

const char *const *ruleset_tags(const struct ruleset *rules, size_t rule, size_t *count) {
  *count = rules->rules[rule].tags.count;
  return (const char *const *)rules->rules[rule].tags.list;
}

const char *ruleset_reason(const struct ruleset *rules, unsigned rule) {
  switch (rule) {
  case FILTER_NO_RULE: return "limits.record_bytes";
  case FILTER_TOO_DEEP: return "hidden-too-deep";
  case FILTER_TOO_MANY: return "too-many-values";
  default: return rules->rules[rule].name;
  }
}

static const char *const action_names[ACTION_COUNT] = {
  [ACTION_TRUNCATE] = "truncate", [ACTION_HASH] = "hash", [ACTION_STRIP] = "strip", [ACTION_MASK] = "mask",
  [ACTION_REPLACE] = "replace",   [ACTION_KEEP] = "keep", [ACTION_DROP] = "drop",   [ACTION_WITHHOLD] = "withhold",
};

const char *filter_action_name(enum filter_action action) { return action < ACTION_COUNT ? action_names[action] : NULL; }

enum filter_action filter_action_of(struct text name) {
  for (int i = ACTION_TRUNCATE; i < ACTION_COUNT; i++)
    if (text_equal(name, text_of(action_names[i]))) return (enum filter_action)i;
  return ACTION_COUNT;
}
