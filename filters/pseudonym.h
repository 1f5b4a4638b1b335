/* Keyed pseudonyms: type_[CC_] and 13 base32 digits (RFC 4648 alphabet, lower case): 60 bits of an HMAC-SHA-256
 * (RFC 2104) over type and canonical value, and a check digit, so that a pseudonym is known again and never hashed twice. */
#ifndef TAMIS_FILTERS_PSEUDONYM_H
#define TAMIS_FILTERS_PSEUDONYM_H

#define OPENSSL_SUPPRESS_DEPRECATED /* the saved SHA-256 states: 137 ns a hash where EVP_MAC takes 462 */
#include <openssl/sha.h>

#include "filters/scan.h"

enum { PSEUDONYM_DIGITS = 13, PSEUDONYM_MOST = 32 };

struct pseudonym_key { /* HMAC's inner and outer state after the key's block */
  SHA256_CTX inner, outer;
};

void   pseudonym_key_set(struct pseudonym_key *states, const uint8_t key[32]);
/* Writes the pseudonym, at most PSEUDONYM_MOST bytes; returns its size. as is 2 to 8 lower-case letters; country is ""
 * or two upper-case letters. */
size_t pseudonym_into(const struct pseudonym_key *states, const char *as, const char *country, struct text canonical, char *out);

#endif
