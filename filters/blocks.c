/* blocks: bytes into bitmaps, 64 at a time; with AVX2 where the CPU has it, else by a table, with the same result. */
#include "filters/blocks.h"

#include <stdlib.h>

#ifdef __x86_64__
#include <immintrin.h>
#endif

#define B(class) (1u << (class))
enum { LETTER = B(CLASS_LETTER) | B(CLASS_KEY), HEX = LETTER | B(CLASS_HEX), DIGIT = B(CLASS_DIGIT) | B(CLASS_KEY) };

static const uint16_t classes[128] = {
  ['\t'] = B(CLASS_END),
  ['\n'] = B(CLASS_END),
  ['\r'] = B(CLASS_END),
  [' '] = B(CLASS_GAP) | B(CLASS_END),
  ['"'] = B(CLASS_QUOTE) | B(CLASS_END),
  ['#'] = B(CLASS_HIDDEN) | B(CLASS_END),
  ['%'] = B(CLASS_HIDDEN),
  ['&'] = B(CLASS_HIDDEN) | B(CLASS_END),
  ['\''] = B(CLASS_QUOTE) | B(CLASS_END),
  ['('] = B(CLASS_GAP),
  [')'] = B(CLASS_GAP) | B(CLASS_END),
  [','] = B(CLASS_END),
  ['-'] = B(CLASS_DASH) | B(CLASS_GAP) | B(CLASS_KEY),
  ['.'] = B(CLASS_DOT) | B(CLASS_GAP),
  ['/'] = B(CLASS_GAP),
  ['0'] = DIGIT,
  ['1'] = DIGIT,
  ['2'] = DIGIT,
  ['3'] = DIGIT,
  ['4'] = DIGIT,
  ['5'] = DIGIT,
  ['6'] = DIGIT,
  ['7'] = DIGIT,
  ['8'] = DIGIT,
  ['9'] = DIGIT,
  [':'] = B(CLASS_COLON),
  [';'] = B(CLASS_END),
  ['<'] = B(CLASS_ANGLE),
  ['='] = B(CLASS_EQUAL),
  ['>'] = B(CLASS_END),
  ['@'] = B(CLASS_AT),
  ['A'] = HEX,
  ['B'] = HEX,
  ['C'] = HEX,
  ['D'] = HEX,
  ['E'] = HEX,
  ['F'] = HEX,
  ['G'] = LETTER,
  ['H'] = LETTER,
  ['I'] = LETTER,
  ['J'] = LETTER,
  ['K'] = LETTER,
  ['L'] = LETTER,
  ['M'] = LETTER,
  ['N'] = LETTER,
  ['O'] = LETTER,
  ['P'] = LETTER,
  ['Q'] = LETTER,
  ['R'] = LETTER,
  ['S'] = LETTER,
  ['T'] = LETTER,
  ['U'] = LETTER,
  ['V'] = LETTER,
  ['W'] = LETTER,
  ['X'] = LETTER,
  ['Y'] = LETTER,
  ['Z'] = LETTER,
  ['\\'] = B(CLASS_HIDDEN),
  [']'] = B(CLASS_END),
  ['_'] = B(CLASS_KEY),
  ['a'] = HEX,
  ['b'] = HEX,
  ['c'] = HEX,
  ['d'] = HEX,
  ['e'] = HEX,
  ['f'] = HEX,
  ['g'] = LETTER,
  ['h'] = LETTER,
  ['i'] = LETTER,
  ['j'] = LETTER,
  ['k'] = LETTER,
  ['l'] = LETTER,
  ['m'] = LETTER,
  ['n'] = LETTER,
  ['o'] = LETTER,
  ['p'] = LETTER,
  ['q'] = LETTER,
  ['r'] = LETTER,
  ['s'] = LETTER,
  ['t'] = LETTER,
  ['u'] = LETTER,
  ['v'] = LETTER,
  ['w'] = LETTER,
  ['x'] = LETTER,
  ['y'] = LETTER,
  ['z'] = LETTER,
  ['|'] = B(CLASS_END),
  ['}'] = B(CLASS_END),
};

static void word_portable(struct blocks *blocks, size_t word, const char *bytes, size_t size) {
  uint64_t bits[CLASS_FILLED] = { 0 };
  for (size_t i = 0; i < size; i++) {
    unsigned char c = (unsigned char)bytes[i];
    unsigned      of = c < 128 ? classes[c] : B(CLASS_HIGH);
    for (; of != 0; of &= of - 1) bits[__builtin_ctz(of)] |= UINT64_C(1) << i;
  }
  for (int i = 0; i < CLASS_FILLED; i++) blocks->of[i][word] = bits[i];
}

#ifdef __x86_64__
#define AVX2 __attribute__((target("avx2")))

AVX2 static inline uint64_t bits_of(__m256i low, __m256i high) {
  return (uint32_t)_mm256_movemask_epi8(low) | (uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32;
}

AVX2 static inline __m256i within(__m256i bytes, char from, char last) { /* from <= byte <= last, unsigned */
  __m256i offset = _mm256_sub_epi8(bytes, _mm256_set1_epi8(from));
  return _mm256_cmpeq_epi8(_mm256_min_epu8(offset, _mm256_set1_epi8((char)(last - from))), offset);
}

/* A byte is in a set when the set's row holds it at its low four bits: such a set has each low nibble once. 0x80 stands for none. */
#define NONE       (char)0x80
#define ROW_GAP    _mm_setr_epi8(' ', NONE, NONE, NONE, NONE, NONE, NONE, NONE, '(', ')', NONE, NONE, NONE, '-', '.', '/')
#define ROW_QUOTE  _mm_setr_epi8(NONE, NONE, '"', NONE, NONE, NONE, NONE, '\'', NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE)
#define ROW_HIDDEN _mm_setr_epi8(NONE, NONE, NONE, '#', NONE, '%', '&', NONE, NONE, NONE, NONE, NONE, '\\', NONE, NONE, NONE)
#define ROW_END    _mm_setr_epi8(' ', NONE, '"', '#', NONE, NONE, '&', '\'', NONE, '\t', '\n', ';', ',', '\r', '>', NONE)
#define ROW_CLOSE  _mm_setr_epi8(NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, ')', NONE, NONE, '|', ']', NONE, NONE)

AVX2 static inline __m256i in_row(__m256i bytes, __m128i row) {
  return _mm256_cmpeq_epi8(_mm256_shuffle_epi8(_mm256_broadcastsi128_si256(row), bytes), bytes);
}
AVX2 static inline __m256i is_end(__m256i v) {
  return _mm256_or_si256(_mm256_or_si256(in_row(v, ROW_END), in_row(v, ROW_CLOSE)), _mm256_cmpeq_epi8(v, _mm256_set1_epi8('}')));
}
AVX2 static inline __m256i is_one(__m256i v, char c) { return _mm256_cmpeq_epi8(v, _mm256_set1_epi8(c)); }

AVX2 static inline __attribute__((always_inline)) void word_avx2(struct blocks *blocks, size_t word, const char *bytes) {
  __m256i  a = _mm256_loadu_si256((const __m256i *)bytes), b = _mm256_loadu_si256((const __m256i *)(bytes + 32));
  __m256i  lower_a = _mm256_or_si256(a, _mm256_set1_epi8(' ')), lower_b = _mm256_or_si256(b, _mm256_set1_epi8(' '));
  uint64_t digit = bits_of(within(a, '0', '9'), within(b, '0', '9')), letter = bits_of(within(lower_a, 'a', 'z'), within(lower_b, 'a', 'z'));
  uint64_t dash = bits_of(is_one(a, '-'), is_one(b, '-'));
  blocks->of[CLASS_DIGIT][word] = digit;
  blocks->of[CLASS_LETTER][word] = letter;
  blocks->of[CLASS_HEX][word] = bits_of(within(lower_a, 'a', 'f'), within(lower_b, 'a', 'f'));
  blocks->of[CLASS_KEY][word] = digit | letter | dash | bits_of(is_one(a, '_'), is_one(b, '_'));
  blocks->of[CLASS_COLON][word] = bits_of(is_one(a, ':'), is_one(b, ':'));
  blocks->of[CLASS_EQUAL][word] = bits_of(is_one(a, '='), is_one(b, '='));
  blocks->of[CLASS_AT][word] = bits_of(is_one(a, '@'), is_one(b, '@'));
  blocks->of[CLASS_ANGLE][word] = bits_of(is_one(a, '<'), is_one(b, '<'));
  blocks->of[CLASS_DOT][word] = bits_of(is_one(a, '.'), is_one(b, '.'));
  blocks->of[CLASS_DASH][word] = dash;
  blocks->of[CLASS_GAP][word] = bits_of(in_row(a, ROW_GAP), in_row(b, ROW_GAP));
  blocks->of[CLASS_QUOTE][word] = bits_of(in_row(a, ROW_QUOTE), in_row(b, ROW_QUOTE));
  blocks->of[CLASS_END][word] = bits_of(is_end(a), is_end(b));
  blocks->of[CLASS_HIDDEN][word] = bits_of(in_row(a, ROW_HIDDEN), in_row(b, ROW_HIDDEN));
  blocks->of[CLASS_HIGH][word] = bits_of(a, b);
}

AVX2 static void fill_avx2(struct blocks *blocks, struct text text) {
  size_t at = 0, word = 0;
  char   last[64] = { 0 };
  for (; text.size - at >= 64; at += 64) word_avx2(blocks, word++, text.at + at);
  if (at == text.size) return;
  memcpy(last, text.at + at, text.size - at);
  word_avx2(blocks, word, last);
}

#define AVX512 __attribute__((target("avx512f,avx512bw")))

AVX512 static inline uint64_t within_512(__m512i bytes, char from, char last) {
  return _mm512_cmple_epu8_mask(_mm512_sub_epi8(bytes, _mm512_set1_epi8(from)), _mm512_set1_epi8((char)(last - from)));
}
AVX512 static inline uint64_t in_row_512(__m512i bytes, __m128i row) {
  return _mm512_cmpeq_epi8_mask(_mm512_shuffle_epi8(_mm512_broadcast_i32x4(row), bytes), bytes);
}
AVX512 static inline uint64_t is_one_512(__m512i bytes, char c) { return _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(c)); }

AVX512 static inline __attribute__((always_inline)) void word_avx512(struct blocks *blocks, size_t word, __m512i v) {
  __m512i  lower = _mm512_or_si512(v, _mm512_set1_epi8(' '));
  uint64_t digit = within_512(v, '0', '9'), letter = within_512(lower, 'a', 'z'), dash = is_one_512(v, '-');
  blocks->of[CLASS_DIGIT][word] = digit;
  blocks->of[CLASS_LETTER][word] = letter;
  blocks->of[CLASS_HEX][word] = within_512(lower, 'a', 'f');
  blocks->of[CLASS_KEY][word] = digit | letter | dash | is_one_512(v, '_');
  blocks->of[CLASS_COLON][word] = is_one_512(v, ':');
  blocks->of[CLASS_EQUAL][word] = is_one_512(v, '=');
  blocks->of[CLASS_AT][word] = is_one_512(v, '@');
  blocks->of[CLASS_ANGLE][word] = is_one_512(v, '<');
  blocks->of[CLASS_DOT][word] = is_one_512(v, '.');
  blocks->of[CLASS_DASH][word] = dash;
  blocks->of[CLASS_GAP][word] = in_row_512(v, ROW_GAP);
  blocks->of[CLASS_QUOTE][word] = in_row_512(v, ROW_QUOTE);
  blocks->of[CLASS_END][word] = in_row_512(v, ROW_END) | in_row_512(v, ROW_CLOSE) | is_one_512(v, '}');
  blocks->of[CLASS_HIDDEN][word] = in_row_512(v, ROW_HIDDEN);
  blocks->of[CLASS_HIGH][word] = _mm512_movepi8_mask(v);
}

AVX512 static void fill_avx512(struct blocks *blocks, struct text text) {
  size_t at = 0, word = 0;
  for (; text.size - at >= 64; at += 64) word_avx512(blocks, word++, _mm512_loadu_si512(text.at + at));
  if (at < text.size) word_avx512(blocks, word, _mm512_maskz_loadu_epi8(~UINT64_C(0) >> (64 - (text.size - at)), text.at + at));
}
#endif

bool blocks_new(struct blocks *blocks, size_t most) {
  size_t words = (most / GROUP_BYTES + 4) * GROUP_WORDS;
  blocks->stride = words;
  blocks->memory = calloc((CLASS_COUNT + 1) * words, sizeof *blocks->memory);
  for (size_t i = 0; blocks->memory != NULL && i < CLASS_COUNT; i++) blocks->of[i] = blocks->memory + i * words + GROUP_WORDS;
  return blocks->memory != NULL;
}

void blocks_free(struct blocks *blocks) {
  free(blocks->memory);
  blocks->memory = NULL;
}

void blocks_fill(struct blocks *blocks, struct text text, enum blocks_width width) {
  size_t words = (text.size + 63) / 64;
  /* the rest of the last group, and the first word behind it */
  for (uint64_t *at = blocks->of[0] + words, *end = at + CLASS_COUNT * blocks->stride; at < end; at += blocks->stride)
    memset(at, 0, GROUP_WORDS * sizeof *at);
#ifdef __x86_64__
  if (width == BLOCKS_AVX512) {
    fill_avx512(blocks, text);
    return;
  }
  if (width == BLOCKS_AVX2) {
    fill_avx2(blocks, text);
    return;
  }
#else
  (void)width;
#endif
  for (size_t at = 0; at < text.size; at += 64) word_portable(blocks, at / 64, text.at + at, text.size - at < 64 ? text.size - at : 64);
}

enum {
  STARTS_VALUES = B(CLASS_DIGIT) | B(CLASS_COLON) | B(CLASS_EQUAL) | B(CLASS_AT) | B(CLASS_ANGLE) | B(CLASS_DOT) | B(CLASS_DASH) | B(CLASS_HIDDEN)
};

static bool plain_portable(struct text text) {
  for (size_t i = 0; i < text.size; i++)
    if ((unsigned char)text.at[i] >= 128 || (classes[(unsigned char)text.at[i]] & STARTS_VALUES) != 0) return false;
  return true;
}

#ifdef __x86_64__
#define ROW_MARKS _mm_setr_epi8('@', NONE, NONE, '#', NONE, '%', '&', NONE, NONE, NONE, ':', NONE, '<', '-', '.', NONE)
#define ROW_MORE  _mm_setr_epi8(NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, '\\', '=', NONE, NONE)

AVX2 static inline bool plain_32(__m256i v) {
  __m256i marks = _mm256_or_si256(_mm256_or_si256(in_row(v, ROW_MARKS), in_row(v, ROW_MORE)), _mm256_or_si256(within(v, '0', '9'), v));
  return _mm256_movemask_epi8(marks) == 0; /* v itself: bytes of 0x80 and above have the bit that movemask takes */
}

AVX2 static bool plain_avx2(struct text text) {
  size_t at = 0;
  for (; text.size - at >= 32; at += 32)
    if (!plain_32(_mm256_loadu_si256((const __m256i *)(text.at + at)))) return false;
  if (text.size < 32) return plain_portable(text);
  return plain_32(_mm256_loadu_si256((const __m256i *)(text.at + text.size - 32)));
}
#endif

bool blocks_plain(struct text text, enum blocks_width width) {
#ifdef __x86_64__
  if (width >= BLOCKS_AVX2) return plain_avx2(text);
#else
  (void)width;
#endif
  return plain_portable(text);
}

enum blocks_width blocks_widest(void) {
#ifdef __x86_64__
  if (__builtin_cpu_supports("avx512bw")) return BLOCKS_AVX512;
  if (__builtin_cpu_supports("avx2")) return BLOCKS_AVX2;
#endif
  return BLOCKS_PORTABLE;
}
