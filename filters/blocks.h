/* A text as bitmaps: for each class of bytes one bit a byte, in blocks of 64. What looks for a value asks them in place of
 * the bytes: where the next one of a class is, where a run ends. Private to filters/. */
#ifndef TAMIS_FILTERS_BLOCKS_H
#define TAMIS_FILTERS_BLOCKS_H

#include <stdbool.h>
#include <stdint.h>

#include "filters/text.h"

enum byte_class {
  CLASS_DIGIT,  /* 0-9 */
  CLASS_LETTER, /* A-Z a-z */
  CLASS_HEX,    /* A-F a-f */
  CLASS_KEY,    /* of a key: letters, digits, '_' and '-' */
  CLASS_COLON,
  CLASS_EQUAL,
  CLASS_AT,
  CLASS_ANGLE, /* '<' */
  CLASS_DOT,
  CLASS_DASH,
  CLASS_GAP,                  /* between the groups of a number: space ( ) - . / */
  CLASS_QUOTE,                /* " and ' */
  CLASS_END,                  /* what can end a bare value: white space , ; & ) ] } > | " ' # */
  CLASS_HIDDEN,               /* where a hidden spelling can start: % \ & # */
  CLASS_HIGH,                 /* 0x80 and above */
  CLASS_FILLED,               /* so many are filled by blocks_fill; those that follow by anchors_find */
  CLASS_PLAIN = CLASS_FILLED, /* digits that are in no clock, date, dotted quad or UUID */
  CLASS_DOTTED,               /* dots between digits */
  CLASS_DASHED,               /* dashes between digits */
  CLASS_COUNT
};

/* of[class][i], bit n: byte 64 * i + n is of the class. Words come in groups of four, 256 bytes; before the first group and behind the
 * last stands an empty one, so that neighbours can always be asked. */
struct blocks {
  uint64_t *of[CLASS_COUNT];
  uint64_t *memory;
  size_t    stride; /* words from one class to the next */
};
enum { GROUP_WORDS = 4, GROUP_BYTES = 256 };

bool blocks_new(struct blocks *blocks, size_t most); /* for texts of up to most bytes; false: no memory, call blocks_free */
void blocks_free(struct blocks *blocks);

/* How many bytes the CPU looks at in one go; the result is the same. */
enum blocks_width { BLOCKS_PORTABLE, BLOCKS_AVX2, BLOCKS_AVX512 };
enum blocks_width blocks_widest(void); /* on this CPU */

/* The CPU must have the width. */
void blocks_fill(struct blocks *blocks, struct text text, enum blocks_width width);

/* Whether no byte of text is one that a value starts with or is found by: no digit, none of : = @ < . - % \\ & #, nothing above 0x7f. */
bool blocks_plain(struct text text, enum blocks_width width);

/* The first byte of the class at or after byte at; size where there is none. */
static inline size_t class_next(const struct blocks *blocks, enum byte_class class_of, size_t at, size_t size) {
  const uint64_t *words = blocks->of[class_of];
  size_t          word = at / 64;
  uint64_t        bits;
  if (at >= size) return size;
  bits = words[word] >> at % 64;
  if (bits != 0) return at + (size_t)__builtin_ctzll(bits);
  while (++word * 64 < size)
    if (words[word] != 0) return word * 64 + (size_t)__builtin_ctzll(words[word]);
  return size;
}

/* The end of the run of the class that byte at is in; at where it is in none. */
static inline size_t class_end(const struct blocks *blocks, enum byte_class class_of, size_t at, size_t size) {
  const uint64_t *words = blocks->of[class_of];
  size_t          word = at / 64;
  uint64_t        bits;
  if (at >= size) return at;
  bits = ~words[word] >> at % 64;
  if (bits != 0) return at + (size_t)__builtin_ctzll(bits);
  while (++word * 64 < size)
    if (~words[word] != 0) return word * 64 + (size_t)__builtin_ctzll(~words[word]);
  return size;
}

/* The start of the run of the class that ends before byte end; end where the byte before is not of it. */
static inline size_t class_start(const struct blocks *blocks, enum byte_class class_of, size_t end) {
  const uint64_t *words = blocks->of[class_of];
  size_t          word;
  uint64_t        bits;
  if (end == 0) return 0;
  word = (end - 1) / 64;
  bits = ~words[word] << (63 - (end - 1) % 64);
  if (bits != 0) return end - (size_t)__builtin_clzll(bits);
  while (word-- > 0)
    if (~words[word] != 0) return word * 64 + 64 - (size_t)__builtin_clzll(~words[word]);
  return 0;
}

#endif
