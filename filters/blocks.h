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
  CLASS_GAP,    /* between the groups of a number: space ( ) - . / */
  CLASS_QUOTE,  /* " and ' */
  CLASS_END,    /* what can end a bare value: white space , ; & ) ] } > | " ' # */
  CLASS_HIDDEN, /* where a hidden spelling can start: % \ & # */
  CLASS_HIGH,   /* 0x80 and above */
  CLASS_PLAIN,  /* digits that are in no clock, date or dotted quad; blocks_fill leaves it empty, anchors_find fills it */
  CLASS_COUNT
};

struct block {
  uint64_t of[CLASS_COUNT]; /* bit n: byte n of the block is of the class */
};

/* Fills blocks from text and clears two blocks behind it, so that neighbours can always be asked; blocks has
 * blocks_for(text.size) of them. wide: with AVX2, which must be there. The result is the same. */
static inline size_t blocks_for(size_t size) { return size / 64 + 3; }
void                 blocks_fill(struct block *blocks, struct text text, bool wide);
bool                 blocks_wide_possible(void); /* on this CPU */

/* The first byte of the class at or after byte at; size where there is none. */
static inline size_t class_next(const struct block *blocks, enum byte_class of, size_t at, size_t size) {
  size_t   block = at / 64;
  uint64_t bits;
  if (at >= size) return size;
  bits = blocks[block].of[of] >> at % 64;
  if (bits != 0) return at + (size_t)__builtin_ctzll(bits);
  while (++block * 64 < size)
    if (blocks[block].of[of] != 0) return block * 64 + (size_t)__builtin_ctzll(blocks[block].of[of]);
  return size;
}

/* The end of the run of the class that byte at is in; at where it is in none. */
static inline size_t class_end(const struct block *blocks, enum byte_class of, size_t at, size_t size) {
  size_t   block = at / 64;
  uint64_t bits;
  if (at >= size) return at;
  bits = ~blocks[block].of[of] >> at % 64;
  if (bits != 0) return at + (size_t)__builtin_ctzll(bits);
  while (++block * 64 < size)
    if (~blocks[block].of[of] != 0) return block * 64 + (size_t)__builtin_ctzll(~blocks[block].of[of]);
  return size;
}

/* The start of the run of the class that ends before byte end; end where the byte before is not of it. */
static inline size_t class_start(const struct block *blocks, enum byte_class of, size_t end) {
  size_t   block;
  uint64_t bits;
  if (end == 0) return 0;
  block = (end - 1) / 64;
  bits = ~blocks[block].of[of] << (63 - (end - 1) % 64);
  if (bits != 0) return end - (size_t)__builtin_clzll(bits);
  while (block-- > 0)
    if (~blocks[block].of[of] != 0) return block * 64 + 64 - (size_t)__builtin_clzll(~blocks[block].of[of]);
  return 0;
}

static inline bool is_class(const struct block *blocks, enum byte_class of, size_t at) { return blocks[at / 64].of[of] >> at % 64 & 1; }

#endif
