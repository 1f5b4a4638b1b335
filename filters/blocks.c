/* blocks: bytes into bitmaps, 64 at a time; with AVX2 where the CPU has it, else by a table, with the same result. */
#include "filters/blocks.h"

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

static void block_portable(struct block *block, const char *bytes, size_t size) {
  *block = (struct block){ 0 };
  for (size_t i = 0; i < size; i++) {
    unsigned char c = (unsigned char)bytes[i];
    unsigned      of = c < 128 ? classes[c] : B(CLASS_HIGH);
    for (; of != 0; of &= of - 1) block->of[__builtin_ctz(of)] |= UINT64_C(1) << i;
  }
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
#define NONE (char)0x80
AVX2 static inline __m256i in_row(__m256i bytes, __m256i row) { return _mm256_cmpeq_epi8(_mm256_shuffle_epi8(row, bytes), bytes); }
#define ROW(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p)                                                                                          \
  _mm256_setr_epi8(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p)

AVX2 static inline __m256i is_gap(__m256i v) {
  return in_row(v, ROW(' ', NONE, NONE, NONE, NONE, NONE, NONE, NONE, '(', ')', NONE, NONE, NONE, '-', '.', '/'));
}
AVX2 static inline __m256i is_quote(__m256i v) {
  return in_row(v, ROW(NONE, NONE, '"', NONE, NONE, NONE, NONE, '\'', NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE));
}
AVX2 static inline __m256i is_hidden(__m256i v) {
  return in_row(v, ROW(NONE, NONE, NONE, '#', NONE, '%', '&', NONE, NONE, NONE, NONE, NONE, '\\', NONE, NONE, NONE));
}
AVX2 static inline __m256i is_end(__m256i v) {
  __m256i one = in_row(v, ROW(' ', NONE, '"', '#', NONE, NONE, '&', '\'', NONE, '\t', '\n', ';', ',', '\r', '>', NONE));
  __m256i two = in_row(v, ROW(NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, ')', NONE, NONE, '|', ']', NONE, NONE));
  return _mm256_or_si256(_mm256_or_si256(one, two), _mm256_cmpeq_epi8(v, _mm256_set1_epi8('}')));
}
AVX2 static inline __m256i is_one(__m256i v, char c) { return _mm256_cmpeq_epi8(v, _mm256_set1_epi8(c)); }

AVX2 static void block_avx2(struct block *block, const char *bytes) {
  __m256i  a = _mm256_loadu_si256((const __m256i *)bytes), b = _mm256_loadu_si256((const __m256i *)(bytes + 32));
  __m256i  lower_a = _mm256_or_si256(a, _mm256_set1_epi8(' ')), lower_b = _mm256_or_si256(b, _mm256_set1_epi8(' '));
  uint64_t digit = bits_of(within(a, '0', '9'), within(b, '0', '9')), letter = bits_of(within(lower_a, 'a', 'z'), within(lower_b, 'a', 'z'));
  uint64_t dash = bits_of(is_one(a, '-'), is_one(b, '-'));
  block->of[CLASS_DIGIT] = digit;
  block->of[CLASS_LETTER] = letter;
  block->of[CLASS_HEX] = bits_of(within(lower_a, 'a', 'f'), within(lower_b, 'a', 'f'));
  block->of[CLASS_KEY] = digit | letter | dash | bits_of(is_one(a, '_'), is_one(b, '_'));
  block->of[CLASS_COLON] = bits_of(is_one(a, ':'), is_one(b, ':'));
  block->of[CLASS_EQUAL] = bits_of(is_one(a, '='), is_one(b, '='));
  block->of[CLASS_AT] = bits_of(is_one(a, '@'), is_one(b, '@'));
  block->of[CLASS_ANGLE] = bits_of(is_one(a, '<'), is_one(b, '<'));
  block->of[CLASS_DOT] = bits_of(is_one(a, '.'), is_one(b, '.'));
  block->of[CLASS_DASH] = dash;
  block->of[CLASS_GAP] = bits_of(is_gap(a), is_gap(b));
  block->of[CLASS_QUOTE] = bits_of(is_quote(a), is_quote(b));
  block->of[CLASS_END] = bits_of(is_end(a), is_end(b));
  block->of[CLASS_HIDDEN] = bits_of(is_hidden(a), is_hidden(b));
  block->of[CLASS_HIGH] = bits_of(a, b);
}

AVX2 static void fill_avx2(struct block *blocks, struct text text) {
  size_t at = 0;
  char   last[64] = { 0 };
  for (; text.size - at >= 64; at += 64) block_avx2(blocks++, text.at + at);
  if (at == text.size) return;
  memcpy(last, text.at + at, text.size - at);
  block_avx2(blocks, last);
}
#endif

void blocks_fill(struct block *blocks, struct text text, bool wide) {
  for (size_t i = 0; i < 3; i++) blocks[text.size / 64 + i] = (struct block){ 0 };
#ifdef __x86_64__
  if (wide) {
    fill_avx2(blocks, text);
    return;
  }
#else
  (void)wide;
#endif
  for (size_t at = 0; at < text.size; at += 64) block_portable(&blocks[at / 64], text.at + at, text.size - at < 64 ? text.size - at : 64);
}

bool blocks_wide_possible(void) {
#ifdef __x86_64__
  return __builtin_cpu_supports("avx2");
#else
  return false;
#endif
}
