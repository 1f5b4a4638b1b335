/* signs: one pass over a text for all detectors that only ask "is there any …?". Most lines have none of what they look
 * for, and then each of these detectors costs a test of a bit.
 *
 * Pieces of words, three bytes each, are looked for all at once: a byte has, by its low and its high nibble, one bit for
 * each group of pieces that it may belong to at the first, second and third place; where the three agree, a piece of that
 * group stands, or one that mixes two of the group. Letters are taken in both cases. Runs of digits are found by shifting
 * the bits that say which bytes are digits. */
#include "filters/scan.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

enum { BLOCK = 32, LONG_DIGITS = 14, ACCESS_LEAST = 48 };

/* Bit 0: tmf (DTMF), ssw (password)   1: pin           2: igi (digit)        3: cmd, sh2 (ssh2)
 *     4: " us" (user)                 5: (to, te(     6: .ey, .ew (a token)  7: rfc, "r e" (User entered) */
static const uint8_t words[3][2][16] = {
  { { 18, 0, 128, 9, 33, 0, 0, 0, 32, 4, 0, 0, 0, 0, 64, 0 }, { 0, 0, 112, 0, 12, 171, 12, 171, 0, 0, 0, 0, 0, 0, 0, 0 } },
  { { 128, 0, 0, 1, 32, 112, 128, 4, 8, 2, 0, 0, 0, 9, 0, 0 }, { 0, 0, 128, 0, 239, 49, 239, 49, 0, 0, 0, 0, 0, 0, 0, 0 } },
  { { 0, 0, 8, 144, 8, 128, 1, 65, 32, 68, 0, 0, 0, 0, 2, 32 }, { 0, 0, 32, 8, 175, 81, 175, 81, 0, 0, 0, 0, 0, 0, 0, 0 } },
};
enum { SPOKEN_WORDS = 0xa7, LOGIN_WORDS = 0x39, TOKEN_WORDS = 0x40 };

/* What is known of the bytes before. */
struct seen {
  uint8_t  words;
  uint64_t digits, capitals; /* of this block (the upper half) and the one before */
  uint64_t run, groups, code;
};

/* Which of the next BLOCK bytes are digits, which are capital letters; the first in bit 0. */
static inline void bits_see(struct seen *seen, uint32_t digits, uint32_t capitals) {
  uint64_t all = seen->digits >> BLOCK | (uint64_t)digits << BLOCK, upper = seen->capitals >> BLOCK | (uint64_t)capitals << BLOCK;
  uint64_t two = all & all << 1, four = two & two << 2, eight = four & four << 4, pair = four & four << 5 & ~(all << 4);
  seen->run |= (eight & eight << (LONG_DIGITS - 8)) >> BLOCK;
  seen->groups |= (pair & pair << 10) >> BLOCK;
  seen->code |= (two & upper << 2 & upper << 3) >> BLOCK;
  seen->digits = all;
  seen->capitals = upper;
}

static struct seen see_portable(struct text text) {
  struct seen seen = { 0 };
  for (size_t at = 0; at < text.size; at += BLOCK) {
    uint32_t digits = 0, capitals = 0;
    for (size_t i = at; i < text.size && i < at + BLOCK; i++) {
      unsigned a = (unsigned char)text.at[i], b = i + 1 < text.size ? (unsigned char)text.at[i + 1] : 0;
      unsigned c = i + 2 < text.size ? (unsigned char)text.at[i + 2] : 0;
      seen.words |= words[0][0][a & 15] & words[0][1][a >> 4] & words[1][0][b & 15] & words[1][1][b >> 4] & words[2][0][c & 15] & words[2][1][c >> 4];
      digits |= (uint32_t)is_digit((char)a) << (i - at);
      capitals |= (uint32_t)is_upper((char)a) << (i - at);
    }
    bits_see(&seen, digits, capitals);
  }
  return seen;
}

#ifdef __x86_64__
__attribute__((target("avx2"))) static inline __m256i table(const uint8_t nibbles[16]) {
  return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)nibbles));
}

/* Which bytes lie from first on, most + 1 of them. */
__attribute__((target("avx2"))) static inline uint32_t range(__m256i bytes, char first, char most) {
  __m256i value = _mm256_sub_epi8(bytes, _mm256_set1_epi8(first));
  return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_min_epu8(value, _mm256_set1_epi8(most)), value));
}

__attribute__((target("avx2"))) static inline uint8_t folded(__m256i bits) {
  __m128i  half = _mm_or_si128(_mm256_castsi256_si128(bits), _mm256_extracti128_si256(bits, 1));
  uint64_t eight = (uint64_t)_mm_cvtsi128_si64(_mm_or_si128(half, _mm_srli_si128(half, 8)));
  eight |= eight >> 32;
  eight |= eight >> 16;
  return (uint8_t)(eight | eight >> 8);
}

struct tables {
  __m256i low[3], high[3];
};

/* The groups of which a piece begins at each of the BLOCK bytes from at on; BLOCK + 2 are read. */
__attribute__((target("avx2"))) static inline __m256i words_at(const struct tables *tables, const char *at) {
  const __m256i nibble = _mm256_set1_epi8(15);
  __m256i       found = _mm256_set1_epi8(-1);
  for (int i = 0; i < 3; i++) {
    __m256i bytes = _mm256_loadu_si256((const __m256i *)(at + i));
    __m256i low = _mm256_shuffle_epi8(tables->low[i], _mm256_and_si256(bytes, nibble));
    __m256i high = _mm256_shuffle_epi8(tables->high[i], _mm256_and_si256(_mm256_srli_epi16(bytes, 4), nibble));
    found = _mm256_and_si256(found, _mm256_and_si256(low, high));
  }
  return found;
}

/* size of the BLOCK bytes before end are new. */
__attribute__((target("avx2"))) static inline void bits_before(struct seen *seen, const char *end, size_t size) {
  __m256i bytes = _mm256_loadu_si256((const __m256i *)(end - BLOCK));
  bits_see(seen, range(bytes, '0', 9) >> (BLOCK - size), range(bytes, 'A', 25) >> (BLOCK - size));
}

__attribute__((target("avx2"))) static struct seen see_avx2(struct text text) {
  struct seen   seen = { 0 };
  struct tables tables;
  __m256i       found = _mm256_setzero_si256();
  char          alone[BLOCK + 2 + BLOCK] = { 0 };
  size_t        at = 0;
  for (int i = 0; i < 3; i++) {
    tables.low[i] = table(words[i][0]);
    tables.high[i] = table(words[i][1]);
  }
  if (text.size < BLOCK + 2) {
    memcpy(alone, text.at, text.size);
    text = (struct text){ alone, BLOCK + 2 };
  }
  for (; at + BLOCK + 2 <= text.size; at += BLOCK) {
    found = _mm256_or_si256(found, words_at(&tables, text.at + at));
    bits_before(&seen, text.at + at + BLOCK, BLOCK);
  }
  seen.words = folded(_mm256_or_si256(found, words_at(&tables, text.at + text.size - BLOCK - 2)));
  for (size_t size; at < text.size; at += size) {
    size = text.size - at < BLOCK ? text.size - at : BLOCK;
    bits_before(&seen, text.at + at + size, size);
  }
  return seen;
}
#endif

/* 192.0.2.7 - NAME [12/Mar/2026:…: a line of a web server's access log that has a user. */
static bool has_access_user(struct text text) {
  size_t at = 0;
  if (text.size < ACCESS_LEAST || !is_digit(text.at[0])) return false;
  while (at < ACCESS_LEAST - 5 && text.at[at] != ' ') at++;
  return text.at[at] == ' ' && text.at[at + 1] == '-' && text.at[at + 2] == ' ' && text.at[at + 3] != '-';
}

uint64_t signs_find(struct scan *scan) {
  struct seen seen;
  uint64_t    signs = SIGN_KNOWN;
  for (uint32_t i = 0; i < scan->anchors->keyed_count; i++) signs |= scan->anchors->keyed[i].kind;
#ifdef __x86_64__
  seen = scan->anchors->wide ? see_avx2(scan->text) : see_portable(scan->text);
#else
  seen = see_portable(scan->text);
#endif
  if (seen.run != 0) signs |= SIGN_LONG;
  if (seen.groups != 0) signs |= SIGN_GROUPS;
  if (seen.words & SPOKEN_WORDS) signs |= SIGN_SPOKEN;
  if (seen.words & LOGIN_WORDS) signs |= SIGN_LOGIN;
  if (seen.words & TOKEN_WORDS) signs |= SIGN_TOKEN;
  if (seen.code != 0) signs |= SIGN_CODE;
  if (has_access_user(scan->text)) signs |= SIGN_ACCESS;
  if (scan->anchors->angle.count > 0) signs |= SIGN_ANGLE;
  scan->signs = signs;
  return signs;
}
