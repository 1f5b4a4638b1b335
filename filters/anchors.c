/* anchors: the one pass over a text that finds where a value can start, and the keys that say what a value is. */
#include "filters/scan.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

enum byte_class { BYTE_OTHER, BYTE_DIGIT, BYTE_AT, BYTE_COLON, BYTE_EQUAL, BYTE_ANGLE, BYTE_DASH, BYTE_DOT, BYTE_HIDDEN };

static const uint8_t classes[256] = {
  ['0'] = BYTE_DIGIT, ['1'] = BYTE_DIGIT, ['2'] = BYTE_DIGIT,  ['3'] = BYTE_DIGIT,   ['4'] = BYTE_DIGIT,  ['5'] = BYTE_DIGIT, ['6'] = BYTE_DIGIT,
  ['7'] = BYTE_DIGIT, ['8'] = BYTE_DIGIT, ['9'] = BYTE_DIGIT,  ['@'] = BYTE_AT,      [':'] = BYTE_COLON,  ['='] = BYTE_EQUAL, ['<'] = BYTE_ANGLE,
  ['-'] = BYTE_DASH,  ['.'] = BYTE_DOT,   ['%'] = BYTE_HIDDEN, ['\\'] = BYTE_HIDDEN, ['&'] = BYTE_HIDDEN,
};

enum {
  VALUE_MOST = 8192, /* bytes looked at for a value's end: keeps the whole pass linear */
  NESTED_MOST = 16,
};

static struct text value_window(struct text text, size_t from) {
  return text.size - from > VALUE_MOST ? (struct text){ text.at, from + VALUE_MOST } : text;
}

static bool key_byte(char c) { return is_alnum(c) || c == '_' || c == '-'; }

/* The key that ends before byte end: quotes of JSON, also escaped ones, and one pair of parentheses may close it. */
static struct text key_before(struct text text, size_t end) {
  size_t start;
  while (end > 0 && text.at[end - 1] == ' ') end--;
  if (end > 0 && (text.at[end - 1] == '"' || text.at[end - 1] == '\'')) end--;
  if (end > 0 && text.at[end - 1] == '\\') end--;
  start = end;
  if (start > 0 && text.at[start - 1] == ')') {
    start--;
    while (start > 0 && key_byte(text.at[start - 1]) && end - start < KEY_MOST) start--;
    if (start == 0 || text.at[start - 1] != '(') return TEXT_NONE;
    start--;
  }
  while (start > 0 && key_byte(text.at[start - 1]) && end - start <= KEY_MOST) start--;
  return (struct text){ text.at + start, end - start };
}

/* The end of a value that was opened by quote (after any backslash); from is its first byte. */
static size_t quoted_end(struct text text, size_t from, char quote, bool escaped) {
  for (size_t i = from; i < text.size; i++) {
    if (escaped && text.at[i] == '\\' && i + 1 < text.size && text.at[i + 1] == quote) return i;
    if (!escaped && text.at[i] == '\\') i++;
    else if (text.at[i] == quote) return i;
  }
  return text.size;
}

static size_t header_end(struct text text, size_t from) {
  for (size_t i = from; i < text.size; i++) {
    char c = text.at[i];
    if (c == '\r' || c == '\n' || (c == '#' && STARTS(text, i, "#015")) || (c == '#' && STARTS(text, i, "#012"))) return i;
    if (c == '\\' && i + 1 < text.size && (text.at[i + 1] == 'r' || text.at[i + 1] == 'n')) return i;
  }
  return text.size;
}

static size_t bare_end(struct text text, size_t from) {
  for (size_t i = from; i < text.size; i++)
    if (memchr(" \t\r\n,;&)]}>|\"'", text.at[i], 15) != NULL || STARTS(text, i, "#015") || STARTS(text, i, "#012")) return i;
  return text.size;
}

static void keyed_add(struct anchors *anchors, struct text text, size_t mark) {
  uint32_t kind = key_kind_of(&anchors->keys, key_before(text, mark));
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
    end = quoted_end(text, start + 1, text.at[start], escaped);
    start++;
  } else if (text.at[mark] == ':' && (kind & (KEY_AGENT | KEY_NAME | KEY_PHONE))) {
    end = header_end(text, start);
  } else {
    end = bare_end(text, start);
  }
  if (start < end) anchors->keyed[anchors->keyed_count++] = (struct keyed){ (uint32_t)start, (uint32_t)end, kind };
}

static void positions_add(struct positions *positions, size_t at) { positions->at[positions->count++] = (uint32_t)at; }

static inline void anchor_add(struct anchors *anchors, struct text text, size_t at) {
  switch ((enum byte_class)classes[(unsigned char)text.at[at]]) {
  case BYTE_OTHER: break;
  case BYTE_DIGIT: positions_add(&anchors->digit, at); break;
  case BYTE_AT: positions_add(&anchors->at, at); break;
  case BYTE_COLON:
    positions_add(&anchors->colon, at);
    keyed_add(anchors, text, at);
    break;
  case BYTE_EQUAL: keyed_add(anchors, text, at); break;
  case BYTE_ANGLE: positions_add(&anchors->angle, at); break;
  case BYTE_DASH: positions_add(&anchors->dash, at); break;
  case BYTE_DOT: positions_add(&anchors->dot, at); break;
  case BYTE_HIDDEN: positions_add(&anchors->percent, at); break;
  }
}

static void walk_portable(struct anchors *anchors, struct text text) {
  for (size_t i = 0; i < text.size; i++) {
    if (classes[(unsigned char)text.at[i]] == BYTE_OTHER) continue;
    anchor_add(anchors, text, i);
    if (is_digit(text.at[i]))
      while (i + 1 < text.size && is_digit(text.at[i + 1])) i++;
  }
}

#ifdef __x86_64__
/* Which of 32 bytes have a class, and which are digits. A byte has a class where the tables of its low and its high nibble
 * share a bit: bit 0 for 0x2., bit 1 for 0x3., bit 2 for 0x4., bit 3 for 0x5. */
__attribute__((target("avx2"))) static inline uint32_t classes_of(__m256i bytes, uint32_t *digits) {
  const __m256i low = _mm256_setr_epi8(6, 2, 2, 2, 2, 3, 3, 2, 2, 2, 2, 0, 10, 3, 1, 0, 6, 2, 2, 2, 2, 3, 3, 2, 2, 2, 2, 0, 10, 3, 1, 0);
  const __m256i high = _mm256_setr_epi8(0, 0, 1, 2, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  const __m256i nibble = _mm256_set1_epi8(15), nine = _mm256_set1_epi8(9);
  __m256i       both = _mm256_and_si256(_mm256_shuffle_epi8(low, _mm256_and_si256(bytes, nibble)),
                                        _mm256_shuffle_epi8(high, _mm256_and_si256(_mm256_srli_epi16(bytes, 4), nibble)));
  __m256i       value = _mm256_sub_epi8(bytes, _mm256_set1_epi8('0'));
  *digits = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_min_epu8(value, nine), value));
  return ~(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(both, _mm256_setzero_si256()));
}

__attribute__((target("avx2"))) static void walk_avx2(struct anchors *anchors, struct text text) {
  char     last[32];
  uint32_t carry = 0, digits;
  for (size_t at = 0; at < text.size; at += 32) {
    const char *block = text.at + at;
    if (text.size - at < 32) {
      memset(last, 0, sizeof last);
      memcpy(last, block, text.size - at);
      block = last;
    }
    uint32_t found = classes_of(_mm256_loadu_si256((const __m256i *)block), &digits);
    found = (found & ~digits) | (digits & ~(digits << 1 | carry)); /* of a run of digits its first */
    carry = digits >> 31;
    for (; found != 0; found &= found - 1) anchor_add(anchors, text, at + (size_t)__builtin_ctz(found));
  }
}
#endif

void anchors_find(struct anchors *anchors, struct text text, struct text field) {
  uint32_t kind = key_kind_of(&anchors->keys, field);
  anchors->at.count = anchors->colon.count = anchors->angle.count = anchors->dash.count = 0;
  anchors->dot.count = anchors->digit.count = anchors->percent.count = anchors->keyed_count = 0;
  if (kind != KEY_NONE && text.size > 0) anchors->keyed[anchors->keyed_count++] = (struct keyed){ 0, (uint32_t)text.size, kind };
#ifdef __x86_64__
  if (anchors->wide) {
    walk_avx2(anchors, text);
    return;
  }
#endif
  walk_portable(anchors, text);
}

bool anchors_wide_possible(void) {
#ifdef __x86_64__
  return __builtin_cpu_supports("avx2");
#else
  return false;
#endif
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
