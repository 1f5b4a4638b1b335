/* anchors: where values can start.
 *
 *   text ──blocks_fill──▶ bitmaps ──shapes──▶ dotted quads, colon runs, runs of digits: few positions
 *                                  └─marks──▶ values whose key is known, URIs
 *
 * What has a shape that no value has (clocks, dates) is left out here, for all detectors, a whole block at a time. */
#include <stdlib.h>

#include "filters/scan.h"

enum {
  VALUE_MOST = 8192, /* bytes looked at for a value's end: keeps the whole pass linear */
  NESTED_MOST = 16,
};

static struct text value_window(struct text text, size_t from) {
  return text.size - from > VALUE_MOST ? (struct text){ text.at, from + VALUE_MOST } : text;
}

/* The key that ends before byte end: quotes of JSON, also escaped ones, and one pair of parentheses may close it. */
static struct text key_before(const struct anchors *anchors, struct text text, size_t end) {
  size_t start;
  while (end > 0 && text.at[end - 1] == ' ') end--;
  if (end > 0 && (text.at[end - 1] == '"' || text.at[end - 1] == '\'')) end--;
  if (end > 0 && text.at[end - 1] == '\\') end--;
  start = end;
  if (start > 0 && text.at[start - 1] == ')') {
    start = class_start(anchors->blocks, CLASS_KEY, start - 1);
    if (start == 0 || text.at[start - 1] != '(') return TEXT_NONE;
    start--;
  }
  start = class_start(anchors->blocks, CLASS_KEY, start);
  return (struct text){ text.at + start, end - start };
}

/* The end of a value that was opened by quote (after any backslash); from is its first byte. */
static size_t quoted_end(const struct anchors *anchors, struct text text, size_t from, char quote, bool escaped) {
  for (size_t i = class_next(anchors->blocks, CLASS_QUOTE, from, text.size); i < text.size;
       i = class_next(anchors->blocks, CLASS_QUOTE, i + 1, text.size)) {
    size_t slashes = 0;
    if (text.at[i] != quote) continue;
    while (i - slashes > from && text.at[i - slashes - 1] == '\\') slashes++;
    if (escaped && slashes > 0) return i - 1;
    if (!escaped && slashes % 2 == 0) return i;
  }
  return text.size;
}

static size_t header_end(struct text text, size_t from) {
  for (size_t i = from; i < text.size; i++) {
    char c = text.at[i];
    if (c > '\\') continue;
    if (c == '\r' || c == '\n' || (c == '#' && STARTS(text, i, "#015")) || (c == '#' && STARTS(text, i, "#012"))) return i;
    if (c == '\\' && i + 1 < text.size && (text.at[i + 1] == 'r' || text.at[i + 1] == 'n')) return i;
  }
  return text.size;
}

static size_t bare_end(const struct anchors *anchors, struct text text, size_t from) {
  size_t i = class_next(anchors->blocks, CLASS_END, from, text.size);
  while (i < text.size && text.at[i] == '#' && !STARTS(text, i, "#015") && !STARTS(text, i, "#012"))
    i = class_next(anchors->blocks, CLASS_END, i + 1, text.size);
  return i;
}

static void keyed_add(struct anchors *anchors, struct text text, size_t mark) {
  uint32_t kind = key_kind_of(&anchors->keys, key_before(anchors, text, mark));
  size_t   start = mark + 1, end;
  bool     escaped = false;
  if (kind == KEY_NONE) return;
  text = value_window(text, mark);
  while (start < text.size && text.at[start] == ' ') start++;
  if (start < text.size && text.at[start] == '[' && start + 1 < text.size && text.at[start + 1] != '"') start++;
  if (start + 1 < text.size && text.at[start] == '\\' && (text.at[start + 1] == '"' || text.at[start + 1] == '\'')) {
    escaped = true;
    start++;
  }
  if (start < text.size && (text.at[start] == '"' || text.at[start] == '\'')) {
    end = quoted_end(anchors, text, start + 1, text.at[start], escaped);
    start++;
  } else if (text.at[mark] == ':' && (kind & (KEY_AGENT | KEY_NAME | KEY_PHONE))) {
    end = header_end(text, start);
  } else {
    end = bare_end(anchors, text, start);
  }
  if (start >= end) return;
  anchors->keyed[anchors->keyed_count++] = (struct keyed){ (uint32_t)start, (uint32_t)end, kind };
  anchors->kinds |= kind;
}

static void positions_add(struct positions *positions, size_t at) { positions->at[positions->count++] = (uint32_t)at; }

static void positions_of(struct positions *positions, uint64_t bits, size_t base) {
  for (; bits != 0; bits &= bits - 1) positions_add(positions, base + (size_t)__builtin_ctzll(bits));
}

/* ':' and '=' behind what can be a key; sip: and sips: begin URIs. */
static void marks_find(struct anchors *anchors, struct text text) {
  uint64_t before = 0; /* of the previous block: bytes that can stand before a mark */
  for (size_t base = 0, i = 0; base < text.size; base += 64, i++) {
    const uint64_t *of = anchors->blocks[i].of;
    uint64_t        can = (of[CLASS_KEY] | of[CLASS_QUOTE] | of[CLASS_GAP]) & ~of[CLASS_DIGIT];
    uint64_t        marks = (of[CLASS_COLON] | of[CLASS_EQUAL]) & (can << 1 | before >> 63);
    before = can;
    for (; marks != 0; marks &= marks - 1) {
      size_t at = base + (size_t)__builtin_ctzll(marks);
      char   last = (char)(text.at[at - 1] | 32);
      if (text.at[at] == ':' && ((last == 'p' && ENDS(text, at, "sip")) || (last == 's' && ENDS(text, at, "sips")))) positions_add(&anchors->uri, at);
      else keyed_add(anchors, text, at);
    }
  }
}

/* ---- shapes: bits of a block together with those of its neighbours ---- */
static inline uint64_t ahead(uint64_t bits, uint64_t next, unsigned n) { return bits >> n | next << (64 - n); }  /* bit i: byte i + n */
static inline uint64_t behind(uint64_t bits, uint64_t last, unsigned n) { return bits << n | last >> (64 - n); } /* bit i: byte i - n */

/* Sets size bits, 5 to 8, from each set one on, into two blocks. */
static inline void cover(uint64_t bits, unsigned size, uint64_t *covered, uint64_t *next) {
  unsigned __int128 all = bits;
  if (bits == 0) return;
  all |= all << 1;
  all |= all << 2;
  all |= all << (size - 4);
  *covered |= (uint64_t)all;
  *next |= (uint64_t)(all >> 64);
}

/* 2026-03-12: first bytes. */
static inline uint64_t dates(uint64_t digit, uint64_t digit_next, uint64_t digit_last, uint64_t dash, uint64_t dash_next) {
  uint64_t two = digit & ahead(digit, digit_next, 1);
  uint64_t found = ahead(dash, dash_next, 4) & ahead(dash, dash_next, 7);
  if (found == 0) return 0;
  found &= two & ahead(digit, digit_next, 2) & ahead(digit, digit_next, 3) & ahead(digit, digit_next, 5) & ahead(digit, digit_next, 6);
  return found & ahead(digit, digit_next, 8) & ahead(digit, digit_next, 9) & ~ahead(digit, digit_next, 10) & ~behind(digit, digit_last, 1);
}

/* 12:34:56 with nothing hexadecimal and no colon beside it: first bytes. */
static inline uint64_t clocks(uint64_t digit, uint64_t digit_next, uint64_t colon, uint64_t colon_next, uint64_t run_last, uint64_t run,
                              uint64_t run_next) {
  uint64_t found = ahead(colon, colon_next, 2) & ahead(colon, colon_next, 5);
  if (found == 0) return 0;
  found &= digit & ahead(digit, digit_next, 1) & ahead(digit, digit_next, 3) & ahead(digit, digit_next, 4) & ahead(digit, digit_next, 6);
  return found & ahead(digit, digit_next, 7) & ~behind(run, run_last, 1) & ~ahead(run, run_next, 8);
}

/* A colon, and another one within four hexadecimal digits behind it. */
static inline uint64_t colon_pairs(uint64_t colon, uint64_t colon_next, uint64_t hex, uint64_t hex_next) {
  uint64_t pair = ahead(colon, colon_next, 5);
  for (unsigned n = 4; n > 0; n--) pair = ahead(colon, colon_next, n) | (ahead(hex, hex_next, n) & pair);
  return colon & pair;
}

/* Four octets joined by dots that begin with the octet before byte dot, and no more than four; RFC 6943 3.1.1: leading zeros are
 * taken as decimal here. */
static void quad_add(struct anchors *anchors, struct text text, size_t dot) {
  size_t      at = class_start(anchors->blocks, CLASS_DIGIT, dot), start = at;
  struct quad quad;
  for (int i = 0; i < 4; i++) {
    size_t   end = class_end(anchors->blocks, CLASS_DIGIT, at, text.size);
    unsigned value = 0;
    if (end == at || end - at > 3) return;
    for (; at < end; at++) value = value * 10 + (unsigned)(text.at[at] - '0');
    if (value > 255 || (i < 3 && (at >= text.size || text.at[at++] != '.'))) return;
    quad.octet[i] = (uint8_t)value;
  }
  if (start > 1 && text.at[start - 1] == '.' && is_digit(text.at[start - 2])) return;
  if (at + 1 < text.size && text.at[at] == '.' && is_digit(text.at[at + 1])) return;
  quad.start = (uint32_t)start;
  quad.end = (uint32_t)at;
  anchors->quads[anchors->quad_count++] = quad;
}

static inline uint64_t near(uint64_t bits, uint64_t next) { return ahead(bits, next, 2) | ahead(bits, next, 3) | ahead(bits, next, 4); }

static void mask_bytes(struct anchors *anchors, size_t start, size_t end) {
  for (size_t i = start; i < end; i++) anchors->blocks[i / 64].of[CLASS_PLAIN] &= ~(UINT64_C(1) << i % 64);
}

/* What stands between two digits, as in 192.0 or 01-99: bits of the separator. */
static inline uint64_t between(uint64_t mark, const struct block *block, uint64_t last) {
  return mark & behind(block->of[CLASS_DIGIT], last, 1) & ahead(block->of[CLASS_DIGIT], block[1].of[CLASS_DIGIT], 1);
}

static void quads_find(struct anchors *anchors, struct text text) {
  struct block *block = anchors->blocks;
  uint64_t      last = 0, dots = between(block->of[CLASS_DOT], block, 0), dashes = between(block->of[CLASS_DASH], block, 0);
  for (size_t base = 0; base < text.size; base += 64, block++) {
    uint64_t dots_next, dashes_next, found;
    last = block->of[CLASS_DIGIT];
    dots_next = between(block[1].of[CLASS_DOT], block + 1, last);
    dashes_next = between(block[1].of[CLASS_DASH], block + 1, last);
    /* of the next block's near() the bits behind it are unknown: they count as set */
    found = dots & near(dots & near(dots, dots_next), dots_next & near(dots_next, ~UINT64_C(0)));
    for (; found != 0; found &= found - 1) quad_add(anchors, text, base + (size_t)__builtin_ctzll(found));
    found = dashes & near(dashes & near(dashes, dashes_next), dashes_next & near(dashes_next, ~UINT64_C(0)));
    positions_of(&anchors->dashed, found, base);
    dots = dots_next;
    dashes = dashes_next;
  }
  for (uint32_t i = 0; i < anchors->quad_count; i++) mask_bytes(anchors, anchors->quads[i].start, anchors->quads[i].end);
}

/* Colons of IPv6 and MAC addresses, without clocks; dates and clocks are no numbers. */
static void colons_find(struct anchors *anchors, struct text text) {
  uint64_t digit_last = 0, run_last = 0, taken = 0, taken_next, clock_colons = 0, clock_colons_next;
  for (size_t base = 0, i = 0; base < text.size; base += 64, i++) {
    const uint64_t *of = anchors->blocks[i].of, *next = anchors->blocks[i + 1].of;
    uint64_t        hex = of[CLASS_HEX] | of[CLASS_DIGIT], hex_next = next[CLASS_HEX] | next[CLASS_DIGIT];
    uint64_t        colon = of[CLASS_COLON], clock, date, pairs;
    taken_next = clock_colons_next = 0;
    clock = clocks(of[CLASS_DIGIT], next[CLASS_DIGIT], colon, next[CLASS_COLON], run_last, hex | colon, hex_next | next[CLASS_COLON]);
    cover(clock, 8, &taken, &taken_next);
    date = dates(of[CLASS_DIGIT], next[CLASS_DIGIT], digit_last, of[CLASS_DASH], next[CLASS_DASH]);
    cover(date, 8, &taken, &taken_next);
    taken |= date << 8 | date << 9;
    taken_next |= date >> 56 | date >> 55;
    clock_colons |= clock << 2 | clock << 5;
    clock_colons_next = clock >> 62 | clock >> 59;
    pairs = colon_pairs(colon, next[CLASS_COLON], hex, hex_next) & ~clock_colons;
    positions_of(&anchors->colon, pairs, base);
    anchors->blocks[i].of[CLASS_PLAIN] = of[CLASS_DIGIT] & ~taken;
    taken = taken_next;
    clock_colons = clock_colons_next;
    digit_last = of[CLASS_DIGIT];
    run_last = hex | colon;
  }
}

/* Digits and what may stand between groups of them: one gap byte, or two. */
static inline uint64_t joined(const struct block *block, uint64_t digit_last, uint64_t gap_last) {
  uint64_t digit = block->of[CLASS_PLAIN], next = block[1].of[CLASS_PLAIN], gap = block->of[CLASS_GAP];
  uint64_t after = behind(digit, digit_last, 1), before = ahead(digit, next, 1);
  uint64_t first = gap & after & ahead(gap & before, block[1].of[CLASS_GAP] & ahead(next, 0, 1), 1); /* of two */
  uint64_t second = gap & before & behind(gap & after, gap_last & (digit_last << 1), 1);
  return digit | (gap & after & before) | first | second;
}

/* First digits of runs that alone, or with the groups beside them, are long enough for a number. */
static void numbers_find(struct anchors *anchors, struct text text) {
  const struct block *block = anchors->blocks;
  uint64_t            digit_last = 0, joins = joined(block, 0, 0), inside = 0, inside_next, letter_last = 0, hidden_last = 0;
  for (size_t base = 0; base < text.size; base += 64, block++) {
    uint64_t digit = block->of[CLASS_PLAIN], next = block[1].of[CLASS_PLAIN];
    uint64_t joins_next = base + 64 < text.size ? joined(block + 1, digit, block->of[CLASS_GAP]) : 0;
    uint64_t two = joins & ahead(joins, joins_next, 1), two_next = joins_next & joins_next >> 1;
    uint64_t four = two & ahead(two, two_next, 2), four_next = two_next & two_next >> 2;
    uint64_t pair = digit & ahead(digit, next, 1), pair_next = next & next >> 1;
    uint64_t starts, hidden = block->of[CLASS_HIDDEN] | block->of[CLASS_HIGH];
    inside_next = 0;
    cover(four & ahead(four, four_next, 3), 7, &inside, &inside_next);
    cover(pair & ahead(pair, pair_next, 2) & ahead(pair, pair_next, 4), 6, &inside, &inside_next);
    starts = digit & ~behind(block->of[CLASS_DIGIT], digit_last, 1);
    if ((hidden | hidden_last | block[1].of[CLASS_HIGH] | block[1].of[CLASS_HIDDEN]) == 0) starts &= inside;
    if ((hidden | hidden_last) == 0) starts &= ~behind(block->of[CLASS_LETTER], letter_last, 1); /* glued to a word; an escape ends in letters too */
    positions_of(&anchors->digit, starts, base);
    inside = inside_next;
    joins = joins_next;
    digit_last = block->of[CLASS_DIGIT];
    letter_last = block->of[CLASS_LETTER];
    hidden_last = hidden;
  }
}

static inline uint64_t twelve_hex(const struct block *block) { /* first bytes */
  uint64_t hex = block->of[CLASS_HEX] | block->of[CLASS_DIGIT], next = block[1].of[CLASS_HEX] | block[1].of[CLASS_DIGIT];
  uint64_t two = hex & ahead(hex, next, 1), two_next = next & next >> 1;
  uint64_t four = two & ahead(two, two_next, 2), four_next = two_next & two_next >> 2;
  return four & ahead(four, four_next, 4) & ahead(four, four_next, 8);
}

/* Six groups of two with ':' or '-', three of four with '.', a UUID's dashes, and twelve digits before a dot. */
static void macs_find(struct anchors *anchors, struct text text) {
  const struct block *block = anchors->blocks;
  for (size_t base = 0; base < text.size; base += 64, block++) {
    const uint64_t *of = block->of, *next = block[1].of;
    uint64_t        found = 0, twelve;
    for (int mark = CLASS_COLON; mark <= CLASS_DASH; mark += CLASS_DASH - CLASS_COLON) {
      uint64_t two = of[mark] & ahead(of[mark], next[mark], 3), two_next = next[mark] & next[mark] >> 3;
      found |= two & ahead(two, two_next, 6) & ahead(of[mark], next[mark], 12);
    }
    found |= of[CLASS_DOT] & ahead(of[CLASS_DOT], next[CLASS_DOT], 5);
    positions_of(&anchors->mac, found, base);
    found = of[CLASS_DASH] & ahead(of[CLASS_DASH], next[CLASS_DASH], 5) & ahead(of[CLASS_DASH], next[CLASS_DASH], 10);
    positions_of(&anchors->uuid, found, base);
    twelve = twelve_hex(block);
    if (twelve == 0) continue;
    for (found = twelve & ahead(of[CLASS_DOT], next[CLASS_DOT], 12); found != 0; found &= found - 1)
      positions_add(&anchors->file, base + (size_t)__builtin_ctzll(found) + 12);
  }
}

/* Which classes occur at all, by groups that are looked for together. */
struct seen {
  uint64_t marks, digits, dots; /* : and =; 0 to 9; . - and : */
};

static struct seen rare_find(struct anchors *anchors, struct text text) {
  struct seen seen = { 0 };
  for (size_t base = 0, i = 0; base < text.size; base += 64, i++) {
    const uint64_t *of = anchors->blocks[i].of;
    seen.marks |= of[CLASS_COLON] | of[CLASS_EQUAL];
    seen.digits |= of[CLASS_DIGIT];
    seen.dots |= of[CLASS_COLON] | of[CLASS_DOT] | of[CLASS_DASH];
    if ((of[CLASS_AT] | of[CLASS_ANGLE] | of[CLASS_HIDDEN]) == 0) continue;
    positions_of(&anchors->at, of[CLASS_AT], base);
    positions_of(&anchors->angle, of[CLASS_ANGLE], base);
    positions_of(&anchors->percent, of[CLASS_HIDDEN], base);
  }
  return seen;
}

/* All lists of positions, for what is done to each. */
enum { LISTS = 10 };
static void lists_of(struct anchors *anchors, struct positions *lists[LISTS]) {
  struct positions *all[LISTS] = { &anchors->at,    &anchors->angle,  &anchors->percent, &anchors->uri,  &anchors->colon,
                                   &anchors->digit, &anchors->dashed, &anchors->mac,     &anchors->uuid, &anchors->file };
  memcpy(lists, all, sizeof all);
}

bool anchors_new(struct anchors *anchors, size_t most) {
  struct positions *lists[LISTS];
  bool              good = true;
  *anchors = (struct anchors){ .wide = blocks_wide_possible() };
  keys_index(&anchors->keys);
  lists_of(anchors, lists);
  for (size_t i = 0; i < LISTS; i++) {
    lists[i]->at = malloc((most + 1) * sizeof *lists[i]->at);
    good = good && lists[i]->at != NULL;
  }
  anchors->blocks = malloc(blocks_for(most) * sizeof *anchors->blocks);
  anchors->quads = malloc((most / 8 + 1) * sizeof *anchors->quads);
  anchors->keyed = malloc((most + 2) * sizeof *anchors->keyed);
  return good && anchors->blocks != NULL && anchors->quads != NULL && anchors->keyed != NULL;
}

void anchors_free(struct anchors *anchors) {
  struct positions *lists[LISTS];
  lists_of(anchors, lists);
  for (size_t i = 0; i < LISTS; i++) free(lists[i]->at);
  free(anchors->blocks);
  free(anchors->quads);
  free(anchors->keyed);
}

static void anchors_clear(struct anchors *anchors) {
  anchors->at.count = anchors->angle.count = anchors->percent.count = anchors->uri.count = anchors->colon.count = anchors->dashed.count = 0;
  anchors->mac.count = anchors->uuid.count = anchors->file.count = 0;
  anchors->digit.count = anchors->keyed_count = anchors->quad_count = 0;
  anchors->kinds = 0;
}

static void anchors_see(struct anchors *anchors) {
  anchors->sights =
      (anchors->at.count > 0 ? SEES_AT : 0) | (anchors->angle.count > 0 ? SEES_ANGLE : 0) | (anchors->percent.count > 0 ? SEES_HIDDEN : 0) |
      (anchors->uri.count > 0 ? SEES_URI : 0) | (anchors->colon.count + anchors->quad_count + anchors->dashed.count > 0 ? SEES_ADDRESS : 0) |
      (anchors->digit.count > 0 ? SEES_NUMBER : 0) | (anchors->mac.count + anchors->uuid.count + anchors->file.count > 0 ? SEES_MAC : 0);
}

void anchors_find(struct anchors *anchors, struct text text, struct text field) {
  struct seen seen;
  anchors_clear(anchors);
  anchors->kinds = key_kind_of(&anchors->keys, field);
  if (anchors->kinds != KEY_NONE && text.size > 0) anchors->keyed[anchors->keyed_count++] = (struct keyed){ 0, (uint32_t)text.size, anchors->kinds };
  blocks_fill(anchors->blocks, text, anchors->wide);
  seen = rare_find(anchors, text);
  if (seen.marks != 0) marks_find(anchors, text);
  if (seen.dots != 0) macs_find(anchors, text);
  if ((seen.digits | seen.dots) != 0) colons_find(anchors, text);
  if (seen.digits != 0) {
    quads_find(anchors, text);
    numbers_find(anchors, text);
  }
  anchors_see(anchors);
}

const struct keyed *anchors_key_at(const struct anchors *anchors, size_t at) {
  uint32_t low = 0, high = anchors->keyed_count;
  while (low < high) { /* the first value that starts after at */
    uint32_t middle = low + (high - low) / 2;
    if (anchors->keyed[middle].start <= at) low = middle + 1;
    else high = middle;
  }
  for (uint32_t back = 0; back < NESTED_MOST && low > 0; back++) /* a header's value may hold others */
    if (at < anchors->keyed[--low].end) return &anchors->keyed[low];
  return NULL;
}
