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

enum { BLOCK = 32 };

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
  seen->run |= (eight & eight << 5) >> BLOCK; /* 13 digits, the last in this block */
  seen->groups |= (pair & pair << 10) >> BLOCK;
  seen->code |= (two & upper << 2 & upper << 3) >> BLOCK;
  seen->digits = all;
  seen->capitals = upper;
}

static void see_portable(struct seen *seen, struct text text) {
  for (size_t at = 0; at < text.size; at += BLOCK) {
    uint32_t digits = 0, capitals = 0;
    for (size_t i = at; i < text.size && i < at + BLOCK; i++) {
      unsigned a = (unsigned char)text.at[i], b = i + 1 < text.size ? (unsigned char)text.at[i + 1] : 0;
      unsigned c = i + 2 < text.size ? (unsigned char)text.at[i + 2] : 0;
      seen->words |=
          words[0][0][a & 15] & words[0][1][a >> 4] & words[1][0][b & 15] & words[1][1][b >> 4] & words[2][0][c & 15] & words[2][1][c >> 4];
      digits |= (uint32_t)is_digit((char)a) << (i - at);
      capitals |= (uint32_t)is_upper((char)a) << (i - at);
    }
    bits_see(seen, digits, capitals);
  }
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

__attribute__((target("avx2"))) static void see_avx2(struct seen *seen, struct text text) {
  const __m256i nibble = _mm256_set1_epi8(15);
  const __m256i low0 = table(words[0][0]), high0 = table(words[0][1]), low1 = table(words[1][0]), high1 = table(words[1][1]);
  const __m256i low2 = table(words[2][0]), high2 = table(words[2][1]);
  __m256i       found = _mm256_setzero_si256();
  char          last[2 * BLOCK];
  for (size_t at = 0; at < text.size; at += BLOCK) {
    const char *block = text.at + at;
    if (text.size - at < BLOCK + 2) {
      memset(last, 0, sizeof last);
      memcpy(last, block, text.size - at);
      block = last;
    }
    __m256i a = _mm256_loadu_si256((const __m256i *)block), b = _mm256_loadu_si256((const __m256i *)(block + 1));
    __m256i c = _mm256_loadu_si256((const __m256i *)(block + 2));
    bits_see(seen, range(a, '0', 9), range(a, 'A', 25));
    __m256i low = _mm256_and_si256(_mm256_shuffle_epi8(low0, _mm256_and_si256(a, nibble)), _mm256_shuffle_epi8(low1, _mm256_and_si256(b, nibble)));
    a = _mm256_shuffle_epi8(high0, _mm256_and_si256(_mm256_srli_epi16(a, 4), nibble));
    b = _mm256_shuffle_epi8(high1, _mm256_and_si256(_mm256_srli_epi16(b, 4), nibble));
    low = _mm256_and_si256(low, _mm256_shuffle_epi8(low2, _mm256_and_si256(c, nibble)));
    c = _mm256_shuffle_epi8(high2, _mm256_and_si256(_mm256_srli_epi16(c, 4), nibble));
    found = _mm256_or_si256(found, _mm256_and_si256(_mm256_and_si256(low, a), _mm256_and_si256(b, c)));
  }
  seen->words = folded(found);
}
#endif

uint64_t signs_find(struct scan *scan) {
  struct seen seen = { 0 };
  uint64_t    signs = SIGN_KNOWN;
  for (uint32_t i = 0; i < scan->anchors->keyed_count; i++) signs |= scan->anchors->keyed[i].kind;
#ifdef __x86_64__
  if (scan->anchors->wide) see_avx2(&seen, scan->text);
  else
#endif
    see_portable(&seen, scan->text);
  if (seen.run != 0) signs |= SIGN_LONG;
  if (seen.groups != 0) signs |= SIGN_GROUPS;
  if (seen.words & SPOKEN_WORDS) signs |= SIGN_SPOKEN;
  if (seen.words & LOGIN_WORDS) signs |= SIGN_LOGIN;
  if (seen.words & TOKEN_WORDS) signs |= SIGN_TOKEN;
  if (seen.code != 0) signs |= SIGN_CODE;
  scan->signs = signs;
  return signs;
}
