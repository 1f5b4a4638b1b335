/* signs: pieces of words in one pass, for detectors that only ask whether there is any. Most texts have none, and then each of
 * these detectors costs the test of a bit.
 *
 * Pieces of three bytes are looked for all at once: a byte has, by its low and its high nibble, one bit for each group of
 * pieces that it may belong to at the first, second and third place; where the three agree, a piece of that group stands, or
 * one that mixes two of the group. Letters are taken in both cases. */
#include "filters/scan.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

enum { BLOCK = 32, ACCESS_LEAST = 48 };

/* Bit 0: tmf (DTMF), ssw (password), pam   1: pin           2: igi (digit)        3: cmd, sh2 (ssh2)
 *     4: " us" (user)                 5: (to, te(     6: .ey, .ew (a token)  7: rfc, "r e" (User entered) */
static const uint8_t words[3][2][16] = {
  { { 19, 0, 128, 9, 33, 0, 0, 0, 32, 4, 0, 0, 0, 0, 64, 0 }, { 0, 0, 112, 0, 12, 171, 12, 171, 0, 0, 0, 0, 0, 0, 0, 0 } },
  { { 128, 1, 0, 1, 32, 112, 128, 4, 8, 2, 0, 0, 0, 9, 0, 0 }, { 0, 0, 128, 0, 239, 49, 239, 49, 0, 0, 0, 0, 0, 0, 0, 0 } },
  { { 0, 0, 8, 144, 8, 128, 1, 65, 32, 68, 0, 0, 0, 1, 2, 32 }, { 0, 0, 32, 8, 175, 81, 175, 81, 0, 0, 0, 0, 0, 0, 0, 0 } },
};
enum { SPOKEN_WORDS = 0xa7, LOGIN_WORDS = 0x39, TOKEN_WORDS = 0x40 };

static uint8_t see_portable(struct text text) {
  uint8_t seen = 0;
  for (size_t at = 0; at + 2 < text.size; at++) {
    unsigned a = (unsigned char)text.at[at], b = (unsigned char)text.at[at + 1], c = (unsigned char)text.at[at + 2];
    seen |= words[0][0][a & 15] & words[0][1][a >> 4] & words[1][0][b & 15] & words[1][1][b >> 4] & words[2][0][c & 15] & words[2][1][c >> 4];
  }
  return seen;
}

#ifdef __x86_64__
__attribute__((target("avx2"))) static inline __m256i table(const uint8_t nibbles[16]) {
  return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)nibbles));
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

__attribute__((target("avx2"))) static uint8_t see_avx2(struct text text) {
  struct tables tables;
  __m256i       found = _mm256_setzero_si256();
  char          alone[BLOCK + 2] = { 0 };
  for (int i = 0; i < 3; i++) {
    tables.low[i] = table(words[i][0]);
    tables.high[i] = table(words[i][1]);
  }
  if (text.size < BLOCK + 2) {
    memcpy(alone, text.at, text.size);
    text = (struct text){ alone, BLOCK + 2 };
  }
  for (size_t at = 0; at + BLOCK + 2 <= text.size; at += BLOCK) found = _mm256_or_si256(found, words_at(&tables, text.at + at));
  return folded(_mm256_or_si256(found, words_at(&tables, text.at + text.size - BLOCK - 2)));
}

#define AVX512 __attribute__((target("avx512f,avx512bw")))

AVX512 static inline __m512i table_512(const uint8_t nibbles[16]) { return _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)nibbles)); }

/* Up to 64 bytes; behind them zeros. */
AVX512 static inline __m512i load_512(struct text text, size_t at) {
  if (at >= text.size) return _mm512_setzero_si512();
  return text.size - at >= 64 ? _mm512_loadu_si512(text.at + at) : _mm512_maskz_loadu_epi8(~UINT64_C(0) >> (64 - (text.size - at)), text.at + at);
}

AVX512 static uint8_t see_avx512(struct text text) {
  const __m512i nibble = _mm512_set1_epi8(15);
  __m512i       low[3], high[3], found = _mm512_setzero_si512();
  __m256i       half;
  for (int i = 0; i < 3; i++) low[i] = table_512(words[i][0]), high[i] = table_512(words[i][1]);
  for (size_t at = 0; at < text.size; at += 64) {
    __m512i group = _mm512_set1_epi8(-1);
    for (size_t i = 0; i < 3; i++) {
      __m512i bytes = load_512(text, at + i);
      group = _mm512_and_si512(group, _mm512_shuffle_epi8(low[i], _mm512_and_si512(bytes, nibble)));
      group = _mm512_and_si512(group, _mm512_shuffle_epi8(high[i], _mm512_and_si512(_mm512_srli_epi16(bytes, 4), nibble)));
    }
    found = _mm512_or_si512(found, group);
  }
  half = _mm256_or_si256(_mm512_castsi512_si256(found), _mm512_extracti64x4_epi64(found, 1));
  return folded(half);
}
#endif

/* 192.0.2.7 - NAME [12/Mar/2026:…: a line of a web server's access log that has a user. */
static bool has_access_user(struct text text) {
  size_t at = 0;
  if (text.size < ACCESS_LEAST || !is_digit(text.at[0])) return false;
  while (at < ACCESS_LEAST - 5 && text.at[at] != ' ') at++;
  return text.at[at] == ' ' && text.at[at + 1] == '-' && text.at[at + 2] == ' ' && text.at[at + 3] != '-';
}

uint32_t words_see(struct text text, enum blocks_width width) {
#ifdef __x86_64__
  uint8_t seen = width == BLOCKS_AVX512 ? see_avx512(text) : width == BLOCKS_AVX2 ? see_avx2(text) : see_portable(text);
#else
  uint8_t seen = see_portable(text);
  (void)width;
#endif
  return (seen & SPOKEN_WORDS ? SEES_SPOKEN : 0) | (seen & LOGIN_WORDS ? SEES_LOGIN : 0) | (seen & TOKEN_WORDS ? SEES_TOKEN : 0) |
         (has_access_user(text) ? SEES_ACCESS : 0);
}
