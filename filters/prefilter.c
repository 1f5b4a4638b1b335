#include "filters/prefilter.h"

#include <stdlib.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "filters/required.h"

enum { WORD = 64, HASH_BITS = 15, BUCKETS = 8, WINDOW = 4, BLOCK = 32 };

/* A literal by the window of it that is looked for: the rarest, to our knowledge. */
struct entry {
  struct literal literal;
  uint32_t       value, mask; /* of the window, letters and more folded; mask: 3 or 4 bytes count */
  uint32_t       rule;
  uint32_t       next; /* in the chain of its slot, plus one */
  uint8_t        at;   /* of the window in the literal */
};

struct prefilter_row {
  const char *why; /* NULL: it is looked for, or it is no pattern */
  size_t      byte;
};

struct prefilter {
  size_t                count;
  struct prefilter_row *rows;
  uint64_t             *always; /* rules that are not looked for */
  uint64_t             *folds;  /* rules that a text with U+212A or U+017F may match otherwise */
  struct entry         *entries;
  size_t                entry_count;
  bool                  has_folds, has_short, has_long;
  uint64_t              bits[(1 << HASH_BITS) / WORD];                /* hashes of all windows */
  uint32_t              slots[1 << HASH_BITS];                        /* first entry of a hash, plus one */
  uint8_t               low[WINDOW][16] __attribute__((aligned(16))); /* by a nibble: the buckets that have it there */
  uint8_t               high[WINDOW][16] __attribute__((aligned(16)));
};

size_t prefilter_words(const struct prefilter *prefilter) { return prefilter->count / WORD + 1; }

const char *prefilter_why(const struct prefilter *prefilter, size_t rule, size_t *byte) {
  *byte = prefilter->rows[rule].byte;
  return prefilter->rows[rule].why;
}

void prefilter_all(const struct prefilter *prefilter, uint64_t *bitmap) {
  memset(bitmap, 0xff, prefilter->count / WORD * sizeof *bitmap);
  bitmap[prefilter->count / WORD] = (UINT64_C(1) << prefilter->count % WORD) - 1;
}

/* Bit 5 makes upper case lower; it makes one of other bytes too, which costs a look at the whole literal. */
static uint32_t window_fold(uint32_t window) { return window | 0x20202020; }

static uint32_t window_hash(uint32_t window) { return window * 2654435761u >> (32 - HASH_BITS); }

static uint32_t window_at(const unsigned char *at, size_t size) {
  uint32_t window = 0;
  memcpy(&window, at, size < WINDOW ? size : WINDOW);
  return window_fold(window) & (size < WINDOW ? 0xffffff : 0xffffffff);
}

/* ---- making ---- */

/* Digits are everywhere in these logs, and a window that many literals share says little. */
static uint32_t window_cost(const uint16_t *shared, const unsigned char *at, size_t size) {
  uint32_t cost = shared[window_hash(window_at(at, size))];
  for (size_t i = 0; i < size && i < WINDOW; i++) cost += at[i] >= '0' && at[i] <= '9' ? 8 : 0;
  return cost;
}

static size_t window_size(const struct literal *literal) { return literal->size < WINDOW ? literal->size : WINDOW; }

static void entry_choose(struct entry *entry, const uint16_t *shared) {
  const struct literal *literal = &entry->literal;
  size_t                size = window_size(literal);
  uint32_t              best = UINT32_MAX;
  for (size_t i = 0; i + size <= literal->size; i++) {
    uint32_t cost = window_cost(shared, literal->bytes + i, size);
    if (cost >= best) continue;
    best = cost;
    entry->at = (uint8_t)i;
  }
  entry->value = window_at(literal->bytes + entry->at, size);
  entry->mask = size < WINDOW ? 0xffffff : 0xffffffff;
}

static int entry_order(const void *left, const void *right) { /* like windows lie side by side, and share a bucket */
  const struct entry *a = left, *b = right;
  int                 order = (a->mask > b->mask) - (a->mask < b->mask);
  return order != 0 ? order : memcmp(&a->value, &b->value, sizeof a->value);
}

static void bucket_add(struct prefilter *prefilter, const struct entry *entry, unsigned bucket) {
  for (unsigned i = 0; i < WINDOW; i++) {
    unsigned byte = entry->value >> 8 * i & 0xff;
    bool     any = (entry->mask >> 8 * i & 0xff) == 0;
    for (unsigned nibble = 0; nibble < 16; nibble++) {
      if (any || nibble == (byte & 15)) prefilter->low[i][nibble] |= (uint8_t)(1u << bucket);
      if (any || nibble == byte >> 4) prefilter->high[i][nibble] |= (uint8_t)(1u << bucket);
    }
  }
}

static bool entries_index(struct prefilter *prefilter) {
  uint16_t *shared = calloc(1 << HASH_BITS, sizeof *shared);
  if (shared == NULL) return false;
  for (size_t i = 0; i < prefilter->entry_count; i++) {
    const struct literal *literal = &prefilter->entries[i].literal;
    size_t                size = window_size(literal);
    for (size_t k = 0; k + size <= literal->size; k++) {
      uint16_t *count = &shared[window_hash(window_at(literal->bytes + k, size))];
      if (*count < UINT16_MAX) (*count)++;
    }
  }
  for (size_t i = 0; i < prefilter->entry_count; i++) entry_choose(&prefilter->entries[i], shared);
  free(shared);
  if (prefilter->entry_count > 0) qsort(prefilter->entries, prefilter->entry_count, sizeof *prefilter->entries, entry_order);
  for (size_t i = 0; i < prefilter->entry_count; i++) {
    struct entry *entry = &prefilter->entries[i];
    uint32_t      hash = window_hash(entry->value);
    entry->next = prefilter->slots[hash];
    prefilter->slots[hash] = (uint32_t)i + 1;
    prefilter->bits[hash / WORD] |= UINT64_C(1) << hash % WORD;
    prefilter->has_short |= entry->mask == 0xffffff;
    prefilter->has_long |= entry->mask != 0xffffff;
    bucket_add(prefilter, entry, (unsigned)(i * BUCKETS / prefilter->entry_count));
  }
  return true;
}

/* False: no memory. */
static bool pattern_add(struct prefilter *prefilter, size_t rule, const char *pattern) {
  struct required required = { .why = NULL };
  struct entry   *bigger;
  if (pattern != NULL) required = required_of(pattern);
  if (pattern == NULL || required.why != NULL) {
    prefilter->always[rule / WORD] |= UINT64_C(1) << rule % WORD;
    prefilter->rows[rule] = (struct prefilter_row){ required.why, required.byte };
    return true;
  }
  bigger = realloc(prefilter->entries, (prefilter->entry_count + required.count) * sizeof *bigger);
  if (bigger == NULL) return false;
  prefilter->entries = bigger;
  for (size_t i = 0; i < required.count; i++) {
    prefilter->entries[prefilter->entry_count++] = (struct entry){ .literal = required.list[i], .rule = (uint32_t)rule };
    if (!required.list[i].folds) continue;
    prefilter->folds[rule / WORD] |= UINT64_C(1) << rule % WORD;
    prefilter->has_folds = true;
  }
  return true;
}

struct prefilter *prefilter_new(const char *const *patterns, size_t count) {
  struct prefilter *prefilter = calloc(1, sizeof *prefilter);
  bool              good;
  if (prefilter == NULL) return NULL;
  prefilter->count = count;
  prefilter->rows = calloc(count + 1, sizeof *prefilter->rows);
  prefilter->always = calloc(prefilter_words(prefilter), sizeof *prefilter->always);
  prefilter->folds = calloc(prefilter_words(prefilter), sizeof *prefilter->folds);
  good = prefilter->rows != NULL && prefilter->always != NULL && prefilter->folds != NULL;
  for (size_t i = 0; good && i < count; i++) good = pattern_add(prefilter, i, patterns[i]);
  if (good && entries_index(prefilter)) return prefilter;
  prefilter_free(prefilter);
  return NULL;
}

void prefilter_free(struct prefilter *prefilter) {
  if (prefilter == NULL) return;
  free(prefilter->rows);
  free(prefilter->always);
  free(prefilter->folds);
  free(prefilter->entries);
  free(prefilter);
}

/* ---- scanning ---- */

static bool literal_is(const struct literal *literal, const unsigned char *at) {
  for (size_t i = 0; i < literal->size; i++)
    if ((at[i] | (literal->nocase >> i & 1) << 5) != literal->bytes[i]) return false;
  return true;
}

static void window_look(const struct prefilter *prefilter, struct text text, size_t at, uint32_t window, uint64_t *bitmap) {
  uint32_t hash = window_hash(window), next;
  if ((prefilter->bits[hash / WORD] >> hash % WORD & 1) == 0) return;
  for (next = prefilter->slots[hash]; next > 0; next = prefilter->entries[next - 1].next) {
    const struct entry *entry = &prefilter->entries[next - 1];
    if (entry->value != window || entry->at > at || text.size - (at - entry->at) < entry->literal.size) continue;
    if (literal_is(&entry->literal, (const unsigned char *)text.at + at - entry->at)) bitmap[entry->rule / WORD] |= UINT64_C(1) << entry->rule % WORD;
  }
}

/* Both windows at one place; four bytes are there. */
static inline void place_look(const struct prefilter *prefilter, struct text text, size_t at, uint32_t window, uint64_t *bitmap) {
  if (prefilter->has_long) window_look(prefilter, text, at, window, bitmap);
  if (prefilter->has_short) window_look(prefilter, text, at, window & 0xffffff, bitmap);
}

/* Places from on; true where some byte is not ASCII. */
static bool places_scan(const struct prefilter *prefilter, struct text text, size_t from, uint64_t *bitmap) {
  const unsigned char *bytes = (const unsigned char *)text.at;
  unsigned             seen = 0;
  for (size_t i = from; i < text.size; i++) seen |= bytes[i];
  for (size_t i = from; i + WINDOW <= text.size; i++) place_look(prefilter, text, i, window_at(bytes + i, WINDOW), bitmap);
  if (prefilter->has_short && text.size >= LITERAL_LEAST)
    window_look(prefilter, text, text.size - LITERAL_LEAST, window_at(bytes + text.size - LITERAL_LEAST, LITERAL_LEAST), bitmap);
  return seen >= 0x80;
}

#if defined(__x86_64__)

__attribute__((target("avx2"))) static inline __m256i nibbles_find(const uint8_t low[16], const uint8_t high[16], const char *at) {
  const __m256i nibble = _mm256_set1_epi8(15);
  __m256i       bytes = _mm256_or_si256(_mm256_loadu_si256((const __m256i_u *)at), _mm256_set1_epi8(0x20));
  __m256i       lows = _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(_mm_load_si128((const __m128i *)low)), _mm256_and_si256(bytes, nibble));
  __m256i       highs =
      _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(_mm_load_si128((const __m128i *)high)), _mm256_and_si256(_mm256_srli_epi16(bytes, 4), nibble));
  return _mm256_and_si256(lows, highs);
}

/* Of 32 places from at on, which may begin a window. 35 bytes are there. */
__attribute__((target("avx2"))) static inline uint32_t block_find(const struct prefilter *prefilter, const char *at) {
  __m256i found = nibbles_find(prefilter->low[0], prefilter->high[0], at);
  for (unsigned i = 1; i < WINDOW; i++) found = _mm256_and_si256(found, nibbles_find(prefilter->low[i], prefilter->high[i], at + i));
  return ~(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(found, _mm256_setzero_si256()));
}

/* The same as places_scan from 0 on, of BLOCK + WINDOW bytes and more. */
__attribute__((target("avx2"))) static bool blocks_scan(const struct prefilter *prefilter, struct text text, uint64_t *bitmap) {
  const size_t last = text.size - BLOCK - (WINDOW - 1); /* the last block overlaps the one before */
  __m256i      seen = _mm256_setzero_si256();
  for (size_t at = 0;; at = at + BLOCK < last ? at + BLOCK : last) {
    uint32_t places = block_find(prefilter, text.at + at);
    seen = _mm256_or_si256(seen, _mm256_loadu_si256((const __m256i_u *)(text.at + at)));
    for (; places != 0; places &= places - 1) {
      size_t place = at + (size_t)__builtin_ctz(places);
      place_look(prefilter, text, place, window_at((const unsigned char *)text.at + place, WINDOW), bitmap);
    }
    if (at == last) break;
  }
  return places_scan(prefilter, text, text.size - (WINDOW - 1), bitmap) || _mm256_movemask_epi8(seen) != 0;
}

#endif

static bool holds(struct text text, const char *bytes) { return memmem(text.at, text.size, bytes, strlen(bytes)) != NULL; }

void prefilter_scan(const struct prefilter *prefilter, struct text text, bool wide, uint64_t *bitmap) {
  bool beyond; /* ASCII */
  memcpy(bitmap, prefilter->always, prefilter_words(prefilter) * sizeof *bitmap);
  if (prefilter->entry_count == 0) return;
#if defined(__x86_64__)
  if (wide && text.size >= BLOCK + WINDOW) beyond = blocks_scan(prefilter, text, bitmap);
  else
#endif
    beyond = places_scan(prefilter, text, 0, bitmap);
  (void)wide;
  if (!beyond || !prefilter->has_folds || (!holds(text, "\xc5\xbf") && !holds(text, "\xe2\x84\xaa"))) return;
  for (size_t i = 0; i < prefilter_words(prefilter); i++) bitmap[i] |= prefilter->folds[i];
}
