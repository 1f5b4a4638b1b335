/* Is a text valid UTF-8 (RFC 3629)? PCRE2 10.42's JIT code matches past invalid bytes, and past the end of the text, for
 * "(?i)[^s]*" and the like under PCRE2_MATCH_INVALID_UTF; its interpreter does not. Private to filters/. */
#ifndef TAMIS_FILTERS_UTF8_H
#define TAMIS_FILTERS_UTF8_H

#include <stdbool.h>
#include <stdint.h>

#include "filters/text.h"

/* Bytes of the character at byte at, 1 to 4; 0: it is none. */
static inline size_t utf8_character(struct text text, size_t at) {
  const unsigned char *bytes = (const unsigned char *)text.at + at;
  size_t               left = text.size - at, size = bytes[0] < 0xc2 ? 1 : bytes[0] < 0xe0 ? 2 : bytes[0] < 0xf0 ? 3 : 4;
  if (bytes[0] < 0x80) return 1;
  if (bytes[0] < 0xc2 || bytes[0] > 0xf4 || left < size) return 0;
  for (size_t i = 1; i < size; i++)
    if ((bytes[i] & 0xc0) != 0x80) return 0;
  if (bytes[0] == 0xe0 && bytes[1] < 0xa0) return 0; /* overlong */
  if (bytes[0] == 0xed && bytes[1] > 0x9f) return 0; /* surrogates */
  if (bytes[0] == 0xf0 && bytes[1] < 0x90) return 0; /* overlong */
  if (bytes[0] == 0xf4 && bytes[1] > 0x8f) return 0; /* beyond U+10FFFF */
  return size;
}

static inline bool utf8_is_valid(struct text text) {
  size_t at = 0;
  while (at < text.size) {
    uint64_t word;
    size_t   size;
    if (text.size - at >= sizeof word) {
      memcpy(&word, text.at + at, sizeof word);
      if ((word & UINT64_C(0x8080808080808080)) == 0) {
        at += sizeof word;
        continue;
      }
    }
    size = utf8_character(text, at);
    if (size == 0) return false;
    at += size;
  }
  return true;
}

#endif
