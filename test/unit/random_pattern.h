/* Random patterns, each with a text that it is likely to match, and texts made of those. For tests of the prefilter. */
#ifndef TAMIS_TEST_RANDOM_PATTERN_H
#define TAMIS_TEST_RANDOM_PATTERN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { PATTERN_ROOM = 512, SAMPLE_ROOM = 512 };

struct random_pattern {
  char     pattern[PATTERN_ROOM];
  char     sample[SAMPLE_ROOM];
  size_t   size, sample_size;
  uint64_t seed;
  unsigned depth;
};

static inline unsigned random_below(uint64_t *seed, unsigned most) {
  *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (unsigned)((*seed >> 33) % most);
}

static inline void pattern_put(struct random_pattern *made, const char *pattern, const char *sample) {
  size_t size = strlen(pattern), sample_size = strlen(sample);
  if (made->size + size < PATTERN_ROOM) {
    memcpy(made->pattern + made->size, pattern, size);
    made->size += size;
  }
  if (made->sample_size + sample_size <= SAMPLE_ROOM) {
    memcpy(made->sample + made->sample_size, sample, sample_size);
    made->sample_size += sample_size;
  }
}

static const struct {
  const char *pattern, *sample;
} pattern_items[] = {
  { "a", "a" },
  { "k", "k" },
  { "k", "K" },
  { "S", "s" },
  { "k", "\xe2\x84\xaa" },
  { "s", "\xc5\xbf" },
  { "\xe2\x84\xaa", "k" },
  { "\xc5\xbf", "S" },
  { "\xc3\xa9", "\xc3\xa9" },
  { "\xc3\xa9", "\xc3\x89" },
  { "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80" },
  { "ab", "ab" },
  { "id=", "id=" },
  { "badge", "BADGE" },
  { "=", "=" },
  { "\\.", "." },
  { "\\x2e", "." },
  { "\\x{e9}", "\xc3\xa9" },
  { "\\x{212a}", "K" },
  { "\\x41", "a" },
  { "\\0", "0" },
  { "\\e", "\033" },
  { "\\n", "\n" },
  { "\\d", "7" },
  { "\\D", "x" },
  { "\\w", "_" },
  { "\\W", "\xc3\xa9" },
  { "\\s", "\t" },
  { "\\S", "\xe2\x84\xaa" },
  { "\\h", "\xc2\xa0" },
  { "\\v", "\xe2\x80\xa8" },
  { "\\H", "a" },
  { "\\V", " " },
  { "\\N", "s" },
  { "\\R", "\r\n" },
  { "\\R", "\xc2\x85" },
  { "\\X", "e\xcc\x81" },
  { ".", "\xf0\x9f\x98\x80" },
  { ".", "a" },
  { "\\p{L}", "\xc3\xa9" },
  { "\\P{Lu}", "s" },
  { "\\pN", "1" },
  { "[a-k]", "k" },
  { "[A-Z]", "s" },
  { "[^a-k]", "\xe2\x84\xaa" },
  { "[^k]", "K" },
  { "[^s\\x{212a}]", "k" },
  { "[\\x{17f}]", "s" },
  { "[^\\x{17f}]", "s" },
  { "[J-\\x{212a}]", "k" },
  { "[^J-\\x{17e}]", "s" },
  { "[\\w.-]", "." },
  { "[^\\w]", "\xc5\xbf" },
  { "[^\\W_]", "s" },
  { "[^\\D]", "4" },
  { "[[:alpha:]_]", "k" },
  { "[^[:alpha:]]", "\xc5\xbf" },
  { "[[:^digit:]]", "\xc5\xbf" },
  { "[[:upper:]]", "k" },
  { "[^[:upper:]]", "a" },
  { "[[:punct:]]", "~" },
  { "[^[:punct:]]", "\x7f" },
  { "[[:cntrl:]]", "\n" },
  { "[^[:cntrl:]]", "=" },
  { "[^[:^ascii:]]", "=" },
  { "[[:xdigit:]]", "F" },
  { "[\\h\\v]", "\xc2\x85" },
  { "[^\\h]", "\xe2\x80\xa8" },
  { "[\\p{Lu}x]", "\xc3\x89" },
  { "[^\\p{Lu}x]", "\xc3\xa9" },
  { "[]a]", "]" },
  { "[^]a]", "s" },
  { "[a\\]]", "]" },
  { "[\\x{80}-\\x{7ff}]", "\xc3\xa9" },
  { "\\Qa.b\\E", "a.b" },
  { "\\Q=\\E", "=" },
  { "\\b", "" },
  { "\\B", "" },
  { "^", "" },
  { "$", "" },
  { "\\A", "" },
  { "\\Z", "" },
  { "\\z", "" },
  { "\\G", "" },
  { "\\K", "" },
  { "(?i)", "" },
  { "(?-i)", "" },
  { "(?s)", "" },
  { "(?m)", "" },
  { "(?x)", "" },
  { "(?x) ", "" },
  { "(?^)", "" },
  { "(?#c)", "" },
  { " ", " " },
  { "#c\n", "#c\n" },
  { "\\1", "a" },
  { "\\g{-1}", "a" },
  { "(?<=a)", "" },
  { "(?<!k|s)", "" },
  { "(?!x)", "" },
  { "(?=.)", "" },
  { "(*UCP)", "" },
  { "(*SKIP)", "" },
  { "(*ACCEPT)", "" },
  { "(*FAIL)", "" },
  { "(*COMMIT)", "" },
  { "(?C1)", "" },
  { "()", "" },
  { "(?1)", "a" },
  { "(?R)?", "" },
  { "(?(1)a|k)", "a" },
  { "(?(?=k)k|s)", "k" },
  { "(?(DEFINE)(?<d>z))", "" },
  { "(?(1)s)", "s" },
  { "(?(1)badge)", "" },
  { "(?(?=q)badge)", "" },
  { "(?:badge|)", "" },
  { "(?:badge|desk)", "desk" },
  { "{", "{" },
  { "{,2}", "{,2}" },
  { "]", "]" },
  { "}", "}" },
};

static inline void pattern_alternatives(struct random_pattern *made);

static inline void pattern_group(struct random_pattern *made) {
  static const char *const opens[] = { "(", "(?:", "(?i:", "(?>", "(?|", "(?x-i:", "(?=", "(?!", "(?<=", "(", "(?i:" };
  unsigned                 open = random_below(&made->seed, sizeof opens / sizeof opens[0]);
  size_t                   before = made->sample_size;
  pattern_put(made, opens[open], "");
  pattern_alternatives(made);
  pattern_put(made, ")", "");
  if (open >= 6 && open <= 8) made->sample_size = before;
}

static inline void pattern_quantifier(struct random_pattern *made, size_t sample_from) {
  static const char *const quantifiers[] = { "?", "*", "+", "{2}", "{1,3}", "{2,}", "{0}", "{0,2}", "{40}", "+ ", " *" };
  static const char *const tails[] = { "", "", "", "?", "+", "\\E", "(?#c)" };
  size_t                   size = made->sample_size - sample_from;
  unsigned                 times = random_below(&made->seed, 4);
  pattern_put(made, quantifiers[random_below(&made->seed, sizeof quantifiers / sizeof quantifiers[0])], "");
  pattern_put(made, tails[random_below(&made->seed, sizeof tails / sizeof tails[0])], "");
  if (times == 0) made->sample_size = sample_from;
  for (; times > 1 && made->sample_size + size <= SAMPLE_ROOM; times--) {
    memcpy(made->sample + made->sample_size, made->sample + sample_from, size);
    made->sample_size += size;
  }
}

static inline void pattern_sequence(struct random_pattern *made) {
  for (unsigned items = 1 + random_below(&made->seed, 5); items > 0; items--) {
    size_t from = made->sample_size;
    if (made->depth < 3 && random_below(&made->seed, 5) == 0) {
      pattern_group(made);
    } else {
      unsigned item = random_below(&made->seed, random_below(&made->seed, 3) == 0 ? sizeof pattern_items / sizeof pattern_items[0] : 77);
      pattern_put(made, pattern_items[item].pattern, pattern_items[item].sample);
    }
    if (random_below(&made->seed, 4) == 0) pattern_quantifier(made, from);
  }
}

static inline void pattern_alternatives(struct random_pattern *made) {
  made->depth++;
  for (unsigned branches = random_below(&made->seed, 4) == 0 ? 2 + random_below(&made->seed, 2) : 1; branches > 0; branches--) {
    size_t before = made->sample_size;
    if (random_below(&made->seed, 12) != 0) pattern_sequence(made);
    if (branches == 1) break;
    pattern_put(made, "|", "");
    if (random_below(&made->seed, 2) == 0) made->sample_size = before;
  }
  made->depth--;
}

/* What operators write. */
static inline void pattern_operator(struct random_pattern *made) {
  static const char *const shapes[][2] = {
    { "badge%03u=(\\d{6})", "badge%03u=123456" },
    { "(?i)customer no%03u\\W+\\w+", "Customer NO%03u: mueller" },
    { "(?i)\\btask%03u[=:]\\s?[\"']?(?<id>[0-9a-f-]{8,36})\\b", "TASK%03u=\"12ab-34cd\"" },
    { "(?x) order \\s+ %03u - (\\d+) # number", "order  %03u-17" },
    { "^<%03u>(?:\\w+ ){2}", "<%03u>one two " },
    { "(?<=kunde )\\d{3}%03u|sk%03u$", "kunde 123%03u" },
    { "(['\"])x%03u\\1", "'x%03u'" },
    { "k\xc3\xb6nig%03u", "k\xc3\xb6nig%03u" },
  };
  unsigned shape = random_below(&made->seed, sizeof shapes / sizeof shapes[0]), number = random_below(&made->seed, 3);
  char     pattern[128], sample[128];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  snprintf(pattern, sizeof pattern, shapes[shape][0], number, number);
  snprintf(sample, sizeof sample, shapes[shape][1], number);
#pragma GCC diagnostic pop
  pattern_put(made, pattern, sample);
}

/* May be one that PCRE2 refuses. */
static inline void random_pattern(struct random_pattern *made, uint64_t *seed) {
  *made = (struct random_pattern){ .seed = *seed };
  if (random_below(&made->seed, 6) == 0) pattern_operator(made);
  else pattern_alternatives(made);
  made->pattern[made->size] = 0;
  *seed = made->seed;
}

/* A text of samples and noise: ASCII, UTF-8, bytes that are none, NUL. Returns its size, at most room. */
static inline size_t random_text(const struct random_pattern *patterns, size_t count, uint64_t *seed, char *out, size_t room) {
  static const char *const pieces[] = {
    "a", "k", "K", "s", " ", "=", "\n", "\r\n", "7", "\xc3\xa9", "\xe2\x84\xaa", "\xc5\xbf", "\xff", "\xc3", "\xe2\x84", "id=", "\xf0\x9f\x98\x80"
  };
  size_t size = 0;
  for (unsigned parts = 1 + random_below(seed, 5); parts > 0; parts--) {
    const struct random_pattern *pattern = &patterns[random_below(seed, (unsigned)count)];
    const char                  *piece = pieces[random_below(seed, sizeof pieces / sizeof pieces[0])];
    bool                         sample = random_below(seed, 3) != 0;
    size_t                       more = sample ? pattern->sample_size : strlen(piece);
    if (size + more > room) break;
    memcpy(out + size, sample ? pattern->sample : piece, more);
    size += more;
  }
  for (unsigned changes = size > 0 ? random_below(seed, 4) : 0; changes > 0; changes--) {
    size_t at = random_below(seed, (unsigned)size);
    switch (random_below(seed, 5)) {
    case 0: out[at] ^= 0x20; break;
    case 1: out[at] = (char)random_below(seed, 256); break;
    case 2: out[at] = 0; break;
    case 3: memmove(out + at, out + at + 1, --size - at); break;
    default: size = at + 1; break;
    }
    if (size == 0) break;
  }
  return size;
}

#endif
