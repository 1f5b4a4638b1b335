/* engine: one text through all rules.
 *
 *   anchors_find ─▶ each rule in order: detector or pattern ─▶ spans ─▶ resolve (who takes which byte) ─▶ splice
 *        └─ hidden spellings? ─▶ view, layer by layer ─▶ each detector again ─▶ spans of the original ─┘
 *
 * Every rule sees the original text. What a rule has found never survives because another rule found a part of it: a
 * span that loses some bytes to an earlier one is removed where it stands alone. */
#include <stdlib.h>

#include "filters/detect/phone_fold.h"
#include "filters/ruleset.h"
#include "filters/utf8.h"
#include "filters/view.h"

enum { JIT_STACK_LEAST = 32 * 1024, JIT_STACK_MOST = 1024 * 1024, REPLACEMENT_MOST = 4096, WINNERS_SIMPLE = 24, ESCAPE_MOST = 12, UTF8_UNKNOWN = 1 };

struct filter {
  struct ruleset       *rules;
  size_t                most;
  struct anchors        anchors;
  struct notes          notes;
  struct phone_memo     memo;
  struct spans          spans;
  uint32_t             *sources;  /* with a span of a template or a view: where its replacement starts in rendered */
  char                 *rendered; /* replacements made while groups are known, or the view is there: size, bytes */
  size_t                rendered_used, rendered_room;
  uint32_t             *taken;   /* for each byte of the text: 0, or the span that has it, plus one */
  uint32_t             *winners; /* spans that are spliced, by their start */
  uint32_t              winner_count;
  struct view           view;
  uint8_t               layer;                   /* of the view: 1 and up */
  uint32_t              passes[VIEW_LAYERS + 2]; /* the first span of the text, then of each layer of the view; the end */
  uint32_t              pass_count;
  uint64_t             *counts;
  pcre2_match_data     *match;
  pcre2_match_context  *limits;
  pcre2_jit_stack      *jit_stack;
  struct scan           scan; /* of the last text */
  struct filter_context context;
  char                  replacement[REPLACEMENT_MOST + 1];

  uint64_t *run; /* bitmap of the rules that may match in this text */
  bool      run_all;
  uint32_t  match_options; /* UTF8_UNKNOWN until a pattern is run on this text */
};

unsigned filter_width(struct filter *filter, unsigned most) {
  filter->anchors.width = blocks_widest();
  if (filter->anchors.width > most) filter->anchors.width = (enum blocks_width)most;
  return filter->anchors.width;
}

void filter_run_all(struct filter *filter) { filter->run_all = true; }

struct filter *filter_new(struct ruleset *rules, size_t most) {
  struct filter *filter = calloc(1, sizeof *filter);
  bool           good;
  if (filter == NULL || most > UINT32_MAX / 16) {
    free(filter);
    return NULL;
  }
  filter->rules = ruleset_ref(rules);
  filter->most = most;
  filter->spans.room = (uint32_t)(most + 64);
  filter->rendered_room = 4 * most + 2 * REPLACEMENT_MOST;
  good = anchors_new(&filter->anchors, most);
  filter->spans.list = malloc(filter->spans.room * sizeof *filter->spans.list);
  filter->sources = malloc(filter->spans.room * sizeof *filter->sources);
  filter->winners = malloc(filter->spans.room * sizeof *filter->winners);
  filter->rendered = malloc(filter->rendered_room);
  filter->taken = calloc(most + 1, sizeof *filter->taken);
  filter->view.at = malloc(most + 1);
  filter->view.origin = malloc((most + 1) * sizeof *filter->view.origin);
  filter->counts = calloc(rules->count + 1, sizeof *filter->counts);
  filter->run = calloc(prefilter_words(rules->prefilter), sizeof *filter->run);
  filter->match = pcre2_match_data_create(256, NULL);
  filter->limits = pcre2_match_context_create(NULL);
  filter->jit_stack = pcre2_jit_stack_create(JIT_STACK_LEAST, JIT_STACK_MOST, NULL);
  if (!good || filter->run == NULL || filter->spans.list == NULL || filter->sources == NULL || filter->winners == NULL || filter->rendered == NULL ||
      filter->taken == NULL || filter->view.at == NULL || filter->view.origin == NULL || filter->counts == NULL || filter->match == NULL ||
      filter->limits == NULL || filter->jit_stack == NULL) {
    filter_free(filter);
    return NULL;
  }
  pcre2_set_match_limit(filter->limits, rules->match_limit);
  pcre2_set_depth_limit(filter->limits, rules->depth_limit);
  pcre2_set_heap_limit(filter->limits, rules->heap_limit_kib);
  pcre2_jit_stack_assign(filter->limits, NULL, filter->jit_stack);
  return filter;
}

void filter_free(struct filter *filter) {
  if (filter == NULL) return;
  anchors_free(&filter->anchors);
  free(filter->spans.list);
  free(filter->notes.list);
  free(filter->sources);
  free(filter->winners);
  free(filter->rendered);
  free(filter->taken);
  free(filter->view.at);
  free(filter->view.origin);
  free(filter->counts);
  free(filter->run);
  pcre2_match_data_free(filter->match);
  pcre2_match_context_free(filter->limits);
  pcre2_jit_stack_free(filter->jit_stack);
  ruleset_unref(filter->rules);
  free(filter);
}

static bool name_fits(const struct names *names, struct text value) {
  for (size_t i = 0; i < names->count; i++) {
    size_t size = strlen(names->list[i]);
    if (size > 0 && names->list[i][size - 1] == '*') {
      if (value.size >= size - 1 && memcmp(value.at, names->list[i], size - 1) == 0) return true;
    } else if (text_equal(value, (struct text){ names->list[i], size })) {
      return true;
    }
  }
  return names->count == 0;
}

static bool rule_applies(const struct rule *rule, const struct filter_context *context) {
  return name_fits(&rule->when_input, context->input) && name_fits(&rule->when_app, context->app) && name_fits(&rule->when_host, context->host) &&
         name_fits(&rule->when_field, context->field) && (rule->when_severity == 0 || (rule->when_severity & context->severity) != 0);
}

/* The template with the groups of the last match, into rendered. False: no room. */
static bool template_render(struct filter *filter, const struct rule *rule, struct text text) {
  const PCRE2_SIZE *ovector = pcre2_get_ovector_pointer(filter->match);
  size_t            start = filter->rendered_used, at = start + sizeof(uint32_t);
  uint32_t          size;
  for (size_t i = 0; i < rule->piece_count; i++) {
    struct text part = { rule->pieces[i].literal, rule->pieces[i].size };
    if (part.at == NULL) {
      size_t group = rule->pieces[i].group;
      if (rule->code == NULL || ovector[2 * group] == PCRE2_UNSET || ovector[2 * group + 1] < ovector[2 * group]) continue;
      part = (struct text){ text.at + ovector[2 * group], ovector[2 * group + 1] - ovector[2 * group] };
    }
    if (filter->rendered_room < at + part.size) return false;
    memcpy(filter->rendered + at, part.at, part.size);
    at += part.size;
  }
  if (filter->rendered_room < at) return false;
  size = (uint32_t)(at - start - sizeof size);
  memcpy(filter->rendered + start, &size, sizeof size);
  filter->rendered_used = at;
  return true;
}

static bool match_report(struct filter *filter, const struct rule *rule, struct text text) {
  const PCRE2_SIZE *ovector = pcre2_get_ovector_pointer(filter->match);
  size_t            count = rule->group_count > 0 ? rule->group_count : 1;
  for (size_t i = 0; i < count; i++) {
    size_t   group = rule->group_count > 0 ? rule->groups[i] : 0;
    uint32_t before = filter->spans.count, source = (uint32_t)filter->rendered_used;
    if (ovector[2 * group] == PCRE2_UNSET || ovector[2 * group + 1] <= ovector[2 * group]) continue;
    scan_add(&filter->scan, ovector[2 * group], ovector[2 * group + 1], 0);
    if (filter->spans.count == before) return false;
    filter->sources[before] = source;
    if (rule->action == ACTION_REPLACE && !template_render(filter, rule, text)) return false;
  }
  return true;
}

enum pattern_result { PATTERN_DONE, PATTERN_HIT, PATTERN_LIMIT };

/* All matches of one pattern. PATTERN_HIT is for drop and withhold: one match is enough, an empty one too. */
static enum pattern_result pattern_scan(struct filter *filter, const struct rule *rule, struct text text) {
  bool     whole = rule->action == ACTION_DROP || rule->action == ACTION_WITHHOLD;
  uint32_t options;
  size_t   at = 0;
  if (filter->match_options == UTF8_UNKNOWN) filter->match_options = utf8_is_valid(text) ? 0 : PCRE2_NO_JIT;
  options = filter->match_options | (whole ? 0 : PCRE2_NOTEMPTY);
  while (at <= text.size) {
    int               found = pcre2_match(rule->code, (PCRE2_SPTR)text.at, text.size, at, options, filter->match, filter->limits);
    const PCRE2_SIZE *ovector = pcre2_get_ovector_pointer(filter->match);
    if (found == PCRE2_ERROR_NOMATCH) return PATTERN_DONE;
    if (found < 0) return PATTERN_LIMIT;
    if (whole) return PATTERN_HIT;
    if (ovector[1] < ovector[0] || ovector[1] > text.size || !match_report(filter, rule, text))
      return PATTERN_LIMIT; /* \K can end before its start */
    at = ovector[1] > at ? ovector[1] : at + 1;
  }
  return PATTERN_DONE;
}

static void take(struct filter *filter, uint32_t index) {
  struct span *span = &filter->spans.list[index];
  span->won = true;
  for (uint32_t i = span->start; i < span->end; i++) filter->taken[i] = index + 1;
}

/* The bytes of a span that no other has become spans of their own that are removed. */
static bool take_rest(struct filter *filter, uint32_t index) {
  struct span whole = filter->spans.list[index];
  for (uint32_t at = whole.start; at < whole.end;) {
    uint32_t start = at;
    while (at < whole.end && filter->taken[at] == 0) at++;
    if (at > start) {
      if (filter->spans.count == filter->spans.room) return false;
      filter->spans.list[filter->spans.count] =
          (struct span){ .start = start, .end = at, .rule = whole.rule, .action = ACTION_STRIP, .piece = UINT16_MAX };
      take(filter, filter->spans.count++);
    }
    while (at < whole.end && filter->taken[at] != 0) at = filter->spans.list[filter->taken[at] - 1].end;
  }
  return true;
}

/* Gives the span its bytes, as the order of rules and the width of spans decide. False: no room. */
static bool span_settle(struct filter *filter, uint32_t index) {
  struct span *span = &filter->spans.list[index], *other;
  bool         shared = false, wider = span->action != ACTION_KEEP && !span->unsure;
  uint32_t     taken = 0;
  for (uint32_t i = span->start; i < span->end; i++) {
    taken = filter->taken[i];
    if (taken == 0) continue;
    shared = true;
    other = &filter->spans.list[taken - 1];
    if (other->start <= span->start && other->end >= span->end) return true; /* inside an earlier one */
    wider &= other->action != ACTION_KEEP && other->start >= span->start && other->end <= span->end;
    i = other->end - 1;
  }
  if (shared && !wider) return span->action == ACTION_KEEP || take_rest(filter, index);
  for (uint32_t i = span->start; shared && i < span->end; i++)
    if (filter->taken[i] != 0) filter->spans.list[filter->taken[i] - 1].won = false;
  take(filter, index);
  return true;
}

static void winners_sort(struct filter *filter) {
  const struct span *spans = filter->spans.list;
  uint32_t          *winners = filter->winners, count = 0;
  for (uint32_t i = 0; i < filter->spans.count; i++)
    if (spans[i].won) winners[count++] = i;
  filter->winner_count = count;
  if (count > WINNERS_SIMPLE) { /* walk the bytes instead: each belongs to one winner */
    uint32_t last = 0;
    count = 0;
    for (size_t i = 0; i < filter->scan.text.size; i++) {
      if (filter->taken[i] != 0 && filter->taken[i] != last) winners[count++] = filter->taken[i] - 1;
      last = filter->taken[i];
    }
    filter->winner_count = count;
    return;
  }
  for (uint32_t i = 1; i < count; i++) {
    uint32_t index = winners[i], k = i;
    for (; k > 0 && spans[winners[k - 1]].start > spans[index].start; k--) winners[k] = winners[k - 1];
    winners[k] = index;
  }
}

/* Spans that share no byte all win, whatever their rules. False: some share one; nothing has changed. */
static bool resolve_apart(struct filter *filter) {
  struct span *spans = filter->spans.list;
  uint32_t    *winners = filter->winners, count = filter->spans.count;
  if (count > WINNERS_SIMPLE || filter->pass_count > 1) return false;
  for (uint32_t i = 0; i < count; i++) {
    uint32_t k = i;
    for (; k > 0 && spans[winners[k - 1]].start > spans[i].start; k--) winners[k] = winners[k - 1];
    winners[k] = i;
  }
  for (uint32_t i = 1; i < count; i++)
    if (spans[winners[i - 1]].end > spans[winners[i]].start) return false;
  for (uint32_t i = 0; i < count; i++) spans[i].won = true;
  filter->winner_count = count;
  return true;
}

/* Settles the spans of all passes in the order of rules; within a rule the text's come first, then the view's. */
static bool passes_settle(struct filter *filter, bool unsure) {
  uint32_t next[VIEW_LAYERS + 1];
  if (filter->pass_count == 1) { /* most texts: as they were found */
    for (uint32_t i = 0; i < filter->passes[1] && !unsure; i++)
      if (!span_settle(filter, i)) return false;
    return true;
  }
  memcpy(next, filter->passes, sizeof next);
  for (;;) {
    const struct span *span;
    uint32_t           least = UINT32_MAX, pass = 0;
    for (uint32_t i = 0; i < filter->pass_count; i++) {
      if (next[i] == filter->passes[i + 1] || filter->spans.list[next[i]].rule >= least) continue;
      least = filter->spans.list[next[i]].rule;
      pass = i;
    }
    if (least == UINT32_MAX) return true;
    span = &filter->spans.list[next[pass]++];
    if (!span->lost && span->unsure == unsure && !span_settle(filter, (uint32_t)(span - filter->spans.list))) return false;
  }
}

static bool resolve(struct filter *filter) {
  bool good = passes_settle(filter, false) && passes_settle(filter, true);
  if (good) winners_sort(filter);
  for (uint32_t i = 0; i < filter->spans.count; i++) /* what another one took is the winner's */
    if (filter->spans.list[i].won)
      memset(filter->taken + filter->spans.list[i].start, 0, (filter->spans.list[i].end - filter->spans.list[i].start) * sizeof *filter->taken);
  return good;
}

static size_t mask_render(const struct rule *rule, struct text value, char *out, size_t room) {
  size_t characters = 0, seen = 0, n = 0;
  bool   all;
  for (size_t i = 0; i < value.size; i++) characters += (value.at[i] & 0xc0) != 0x80;
  all = (size_t)rule->mask_first + rule->mask_last >= characters; /* too short to show a part: show nothing */
  for (size_t i = 0; i < value.size && n < room; i++) {
    bool first = (value.at[i] & 0xc0) != 0x80;
    seen += first;
    if (!all && (seen <= rule->mask_first || seen > characters - rule->mask_last)) out[n++] = value.at[i];
    else if (first) out[n++] = '*';
  }
  return n;
}

static size_t hash_render(const struct filter *filter, const struct rule *rule, const struct span *span, char *out) {
  char        canonical[REPLACEMENT_MOST], country[3] = "";
  struct text value = { filter->scan.text.at + span->start, span->end - span->start };
  struct scan scan = filter->scan;
  scan.region = rule->region;
  if (rule->detector != NULL && rule->detector->canonical != NULL) {
    size_t size = rule->detector->canonical(&scan, span, canonical, sizeof canonical, country);
    if (size > 0) value = (struct text){ canonical, size };
  }
  return pseudonym_into(&filter->rules->key, rule->as, country, value, out);
}

/* What was rendered before: with a template, or from a view. */
static size_t rendered_find(const struct filter *filter, const struct span *span, const char **at) {
  const char *source = filter->rendered + filter->sources[span - filter->spans.list];
  uint32_t    size;
  memcpy(&size, source, sizeof size);
  *at = source + sizeof size;
  return size;
}

/* What takes the span's place: into out, which has room for REPLACEMENT_MOST bytes; *at may point elsewhere instead. */
static size_t span_render(const struct filter *filter, const struct span *span, char *out, const char **at) {
  const struct rule *rule = &filter->rules->rules[span->rule];
  struct text        value = { filter->scan.text.at + span->start, span->end - span->start };
  *at = out;
  if (span->piece == UINT16_MAX) return 0;
  if (span->hidden && span->action != ACTION_KEEP && span->action != ACTION_STRIP) return rendered_find(filter, span, at);
  switch ((enum filter_action)span->action) {
  case ACTION_KEEP: *at = value.at; return value.size;
  case ACTION_HASH: return hash_render(filter, rule, span, out);
  case ACTION_MASK: return mask_render(rule, value, out, REPLACEMENT_MOST);
  case ACTION_REPLACE: return rendered_find(filter, span, at);
  case ACTION_TRUNCATE:
    if (rule->detector != NULL) return rule->detector->truncate(&filter->scan, span, rule->ipv4_bits, rule->ipv6_bits, out, REPLACEMENT_MOST);
    else {
      struct span found = *span;
      found.piece = (uint16_t)ip_piece_of(value);
      return ip_truncate(&filter->scan, &found, rule->ipv4_bits, rule->ipv6_bits, out, REPLACEMENT_MOST);
    }
  default: *at = rule->tag; return rule->tag_size;
  }
}

/* memcpy for what is short most of the time: no call. */
static inline void copy_short(char *out, const char *in, size_t size) {
  uint64_t first[2], last[2];
  if (size > 32) {
    memcpy(out, in, size);
  } else if (size >= 16) {
    memcpy(first, in, 16);
    memcpy(last, in + size - 16, 16);
    memcpy(out, first, 16);
    memcpy(out + size - 16, last, 16);
  } else if (size >= 8) {
    memcpy(first, in, 8);
    memcpy(last, in + size - 8, 8);
    memcpy(out, first, 8);
    memcpy(out + size - 8, last, 8);
  } else {
    for (size_t i = 0; i < size; i++) out[i] = in[i];
  }
}

static enum filter_result splice(struct filter *filter, struct text text, char *out, size_t room, size_t *length) {
  size_t n = 0, from = 0;
  for (uint32_t i = 0; i <= filter->winner_count; i++) {
    const struct span *span = i < filter->winner_count ? &filter->spans.list[filter->winners[i]] : NULL;
    size_t             until = span != NULL ? span->start : text.size, size;
    const char        *at;
    if (n + (until - from) <= room) copy_short(out + n, text.at + from, until - from);
    n += until - from;
    if (span == NULL) break;
    size = span_render(filter, span, filter->replacement, &at);
    if (n + size <= room) copy_short(out + n, at, size);
    n += size;
    from = span->end;
    filter->counts[span->rule]++;
  }
  *length = n;
  return n <= room ? FILTER_OK : FILTER_ROOM;
}

/* Runs one rule; FILTER_SAME: go on with the next. */
static enum filter_result rule_run(struct filter *filter, size_t index, struct text text) {
  const struct rule  *rule = &filter->rules->rules[index];
  enum filter_result  verdict = rule->action == ACTION_DROP ? FILTER_DROP : FILTER_WITHHOLD;
  enum pattern_result result;
  uint32_t            before = filter->spans.count;
  filter->scan.rule = (uint16_t)index;
  filter->scan.region = rule->region;
  filter->scan.strict = rule->strict;
  if (rule->detector == NULL) {
    result = pattern_scan(filter, rule, text);
    if (result == PATTERN_LIMIT) return FILTER_WITHHOLD;
    if (result == PATTERN_HIT) {
      filter->counts[index]++;
      return verdict;
    }
  } else {
    rule->detector->scan(&filter->scan);
    if (filter->spans.count > before && (rule->action == ACTION_DROP || rule->action == ACTION_WITHHOLD)) {
      filter->counts[index]++;
      return verdict;
    }
  }
  for (uint32_t i = before; i < filter->spans.count; i++) {
    filter->spans.list[i].action = (uint16_t)rule->action;
    if (rule->detector == NULL || rule->action != ACTION_REPLACE) continue;
    filter->sources[i] = (uint32_t)filter->rendered_used;
    if (!template_render(filter, rule, text)) return FILTER_WITHHOLD;
  }
  return filter->spans.full ? FILTER_WITHHOLD : FILTER_SAME;
}

/* The first rule at or behind this one that may match; the count of rules: none. */
static size_t rule_next(const struct filter *filter, size_t from) {
  size_t   count = filter->rules->count, word = from / 64;
  uint64_t left;
  if (from >= count) return count;
  left = filter->run[word] >> from % 64 << from % 64;
  while (left == 0) {
    if (++word * 64 >= count) return count;
    left = filter->run[word];
  }
  return word * 64 + (size_t)__builtin_ctzll(left);
}

/* Of the rules in the bitmap, those that find something of theirs in the anchors stay. */
static void rules_gate(struct filter *filter) {
  const struct ruleset *rules = filter->rules;
  uint64_t              seen = filter->anchors.sights | (uint64_t)filter->anchors.kinds << 32;
  for (size_t word = 0; word < rules->words; word++) {
    uint64_t open = 0;
    for (uint64_t left = seen; left != 0; left &= left - 1) open |= rules->gates[(size_t)__builtin_ctzll(left) * rules->words + word];
    filter->run[word] &= open;
  }
}

/* All rules, or the detectors alone, on the scan's text. FILTER_SAME: go on. */
static enum filter_result rules_run(struct filter *filter, bool patterns, unsigned *rule) {
  const struct ruleset *rules = filter->rules;
  rules_gate(filter);
  for (size_t i = rule_next(filter, 0); i < rules->count; i = rule_next(filter, i + 1)) {
    enum filter_result result;
    if (!patterns && rules->rules[i].detector == NULL) continue;
    if (rules->rules[i].conditional && !rule_applies(&rules->rules[i], &filter->context)) continue;
    result = rule_run(filter, i, filter->scan.text);
    if (result == FILTER_SAME) continue;
    *rule = (unsigned)i;
    return result;
  }
  filter->passes[++filter->pass_count] = filter->spans.count;
  return FILTER_SAME;
}

static inline struct text field_key(const struct filter_context *context) { return context->keyed ? context->field : TEXT_NONE; }

/* ---- hidden spellings: the detectors again, on each layer of the view ---- */

/* The replacement of a span of the view, which the next layer overwrites, for the span at index. False: no room. */
static bool hidden_render(struct filter *filter, const struct span *span, uint32_t index) {
  uint32_t    size;
  char       *out = filter->rendered + filter->rendered_used + sizeof size;
  const char *at;
  if (span->action == ACTION_KEEP || span->action == ACTION_STRIP) return true; /* nothing of the view is in it */
  if (filter->rendered_room - filter->rendered_used < sizeof size + REPLACEMENT_MOST) return false;
  filter->sources[index] = (uint32_t)filter->rendered_used;
  size = (uint32_t)span_render(filter, span, out, &at);
  memcpy(out - sizeof size, &size, sizeof size);
  filter->rendered_used += sizeof size + size;
  return true;
}

/* A span of the view, found at index, becomes one of the original. It takes the place of the same bytes found by the same
 * rule in the original or in a layer before, for what is decoded further is nearer to the value. False: no room. */
static bool hidden_map(struct filter *filter, struct text text, uint32_t index, uint32_t *count) {
  struct span span = filter->spans.list[index], mapped = span, *other;
  uint32_t    target = *count, marked;
  mapped.start = view_origin_start(&filter->view, span.start);
  mapped.end = view_origin_end(&filter->view, span.end);
  mapped.hidden = true;
  mapped.layer = filter->layer;
  marked = filter->taken[mapped.start];
  other = marked > 0 ? &filter->spans.list[marked - 1] : NULL;
  if (other != NULL && other->rule == span.rule && other->end == mapped.end) {
    uint32_t size = span.end - span.start;
    if (size == mapped.end - mapped.start && memcmp(text.at + mapped.start, filter->view.at + span.start, size) == 0) {
      other->layer = filter->layer; /* the same in this layer too */
      return true;
    }
    target = marked - 1;
  }
  if (span.action == ACTION_REPLACE) filter->sources[target] = filter->sources[index];
  else if (!hidden_render(filter, &span, target)) return false;
  filter->spans.list[target] = mapped;
  *count += target == *count;
  return true;
}

/* The spans from first on are the view's. False: no room. */
static bool hidden_spans(struct filter *filter, struct text text, uint32_t first) {
  uint32_t found = filter->spans.count, count = first;
  bool     good = true;
  for (uint32_t i = 0; i < first; i++) filter->taken[filter->spans.list[i].start] = i + 1;
  for (uint32_t i = first; good && i < found; i++) good = hidden_map(filter, text, i, &count);
  for (uint32_t i = 0; i < first; i++) filter->taken[filter->spans.list[i].start] = 0;
  filter->spans.count = filter->passes[filter->pass_count] = count;
  return good;
}

/* The decoded byte whose unit has byte at of the original. */
static uint32_t view_find(const struct view *view, uint32_t at) {
  uint32_t low = 0, high = view->size;
  while (low < high) { /* the first that starts behind at */
    uint32_t middle = low + (high - low) / 2;
    if (view->origin[middle] <= at) low = middle + 1;
    else high = middle;
  }
  return low > 0 ? low - 1 : 0;
}

/* A span found before this layer that begins or ends within a unit gets the whole unit; one that is nothing but the inside
 * of an escape (the 3D of user=3D&#92;…) is none. */
static void hidden_snap(const struct view *view, struct span *span) {
  uint32_t first = view_find(view, span->start), start = view->origin[first], end = view_origin_end(view, view_find(view, span->end - 1) + 1);
  span->lost = (start != span->start || end != span->end) && view_origin_end(view, first + 1) == end && end - start <= ESCAPE_MOST;
  span->start = start;
  span->end = end;
}

static bool is_spelled(const struct view *view, uint32_t i) { return view_origin_end(view, i + 1) - view->origin[i] > 1 && !is_utf8(view->at[i]); }

/* A span found before this layer, against what this layer has found (marked in taken). It is lost where all but spelled
 * characters of it is found: a quote that the original shows as 0022 or as a backslash is no part of the value, nor is the 3D
 * of user=3D… Where there are spelled characters in it or beside it, what is decoded goes first, so that a number is a number in every
 * spelling; the rest of the span is removed all the same. */
static void hidden_judge(const struct filter *filter, struct span *span) {
  const struct view *view = &filter->view;
  uint32_t           first = view_find(view, span->start), i;
  bool some = false, spelled = (first > 0 && is_spelled(view, first - 1)) || (first > 1 && is_spelled(view, first - 2)), less = false, rest = false;
  for (i = first; i < view->size && view->origin[i] < span->end; i++) {
    bool escape = is_spelled(view, i), found = filter->taken[view->origin[i]] != 0;
    some |= found;
    spelled |= escape;
    rest |= !escape && !found;
    less |= escape && !found;
  }
  spelled |= i < view->size && is_spelled(view, i);
  span->lost |= some && less && !rest;
  span->unsure |= some && spelled;
}

static void hidden_mark(struct filter *filter, int byte) {
  for (uint32_t i = 0; i < filter->spans.count; i++) {
    const struct span *span = &filter->spans.list[i];
    if (span->layer != filter->layer || span->action == ACTION_KEEP) continue;
    memset(filter->taken + span->start, byte, (span->end - span->start) * sizeof *filter->taken);
  }
}

/* The spans before first were found before this layer. */
static void hidden_compare(struct filter *filter, uint32_t first) {
  struct span *list = filter->spans.list;
  hidden_mark(filter, 1);
  for (uint32_t i = 0; i < first; i++) {
    if (list[i].lost || list[i].layer == filter->layer || filter->rules->rules[list[i].rule].detector == NULL) continue; /* patterns are exact */
    hidden_snap(&filter->view, &list[i]);
    if (!list[i].lost && list[i].action != ACTION_KEEP) hidden_judge(filter, &list[i]);
  }
  hidden_mark(filter, 0);
}

static void hidden_notes(struct filter *filter, uint32_t first) {
  for (uint32_t i = first; i < filter->notes.count; i++) {
    struct filter_note *note = &filter->notes.list[i];
    note->end = view_origin_end(&filter->view, note->end);
    note->start = view_origin_start(&filter->view, note->start);
  }
}

/* FILTER_SAME: go on with what was found. */
static enum filter_result hidden_run(struct filter *filter, struct text text, unsigned *rule) {
  enum filter_result result = FILTER_SAME;
  view_open(&filter->view, text);
  for (filter->layer = 1; filter->layer <= VIEW_LAYERS && result == FILTER_SAME; filter->layer++) {
    if ((filter->layer > 1 && !view_needed(view_text(&filter->view), filter->anchors.width)) || !view_next(&filter->view)) break;
    uint32_t spans = filter->spans.count, notes = filter->notes.count;
    filter->scan.text = view_text(&filter->view);
    anchors_find(&filter->anchors, filter->scan.text, field_key(&filter->context));
    if (filter->anchors.heavy) {
      *rule = FILTER_TOO_MANY;
      result = FILTER_WITHHOLD;
      break;
    }
    prefilter_all(filter->rules->prefilter, filter->run);
    result = rules_run(filter, false, rule);
    if (result == FILTER_SAME && !hidden_spans(filter, text, spans)) *rule = FILTER_TOO_MANY, result = FILTER_WITHHOLD;
    if (result == FILTER_SAME) hidden_compare(filter, spans);
    hidden_notes(filter, notes);
  }
  if (result == FILTER_SAME && filter->layer > VIEW_LAYERS && view_needed(view_text(&filter->view), filter->anchors.width)) {
    *rule = FILTER_TOO_DEEP;
    result = FILTER_WITHHOLD;
  }
  filter->scan.text = text;
  return result;
}

enum filter_result filter_text(struct filter *filter, const struct filter_context *context, struct text text, char *out, size_t room, size_t *length,
                               unsigned *rule) {
  enum filter_result result;
  bool               hidden;
  filter->spans.count = filter->winner_count = filter->pass_count = 0;
  filter->spans.full = false;
  filter->rendered_used = 0;
  *length = 0;
  *rule = FILTER_NO_RULE;
  filter->notes.count = 0;
  if (text.size > filter->most) return FILTER_WITHHOLD;
  if (text.size == 0) return FILTER_SAME;
  anchors_find(&filter->anchors, text, field_key(context));
  if (filter->anchors.heavy) {
    *rule = FILTER_TOO_MANY;
    return FILTER_WITHHOLD;
  }
  hidden = !filter->anchors.plain && view_needed(text, filter->anchors.width);
  if (!hidden && (filter->rules->sights & filter->anchors.sights) == 0 && (filter->rules->kinds & filter->anchors.kinds) == 0) return FILTER_SAME;
  filter->context = *context;
  filter->scan = (struct scan){
    .text = text, .context = &filter->context, .anchors = &filter->anchors, .spans = &filter->spans, .notes = &filter->notes, .memo = &filter->memo
  };
  filter->match_options = UTF8_UNKNOWN;
  if (filter->run_all) prefilter_all(filter->rules->prefilter, filter->run);
  else prefilter_scan(filter->rules->prefilter, text, filter->anchors.width >= BLOCKS_AVX2, filter->run);
  result = rules_run(filter, true, rule);
  if (result == FILTER_SAME && hidden) result = hidden_run(filter, text, rule);
  if (result != FILTER_SAME) return result;
  if (filter->spans.count == 0) return FILTER_SAME;
  if (!resolve_apart(filter) && !resolve(filter)) {
    *rule = FILTER_TOO_MANY;
    return FILTER_WITHHOLD;
  }
  if (filter->winner_count == 0) return FILTER_SAME;
  return splice(filter, text, out, room, length);
}

const struct span *filter_spans(const struct filter *filter, size_t *count) {
  *count = filter->spans.count;
  return filter->spans.list;
}

const char *filter_replacement(struct filter *filter, const struct span *span, size_t *length) {
  const char *at;
  *length = span_render(filter, span, filter->replacement, &at);
  if (at != filter->replacement && *length <= REPLACEMENT_MOST) memcpy(filter->replacement, at, *length);
  if (*length > REPLACEMENT_MOST) *length = REPLACEMENT_MOST;
  filter->replacement[*length] = 0;
  return filter->replacement;
}

bool filter_explain(struct filter *filter) {
  if (filter->notes.list == NULL) filter->notes.list = calloc(FILTER_NOTES_MOST, sizeof *filter->notes.list);
  return filter->notes.list != NULL;
}

const struct filter_note *filter_notes(const struct filter *filter, size_t *count) {
  *count = filter->notes.count;
  return filter->notes.list;
}

const uint64_t *filter_counts(const struct filter *filter) { return filter->counts; }
