#include "filters/pseudonym.h"

#include <endian.h>
#include <openssl/crypto.h>

static const char base32[] = "abcdefghijklmnopqrstuvwxyz234567";

void pseudonym_key_set(struct pseudonym_key *states, const uint8_t key[32]) {
  uint8_t block[64] = { 0 };
  memcpy(block, key, 32);
  for (int i = 0; i < 64; i++) block[i] ^= 0x36;
  SHA256_Init(&states->inner);
  SHA256_Update(&states->inner, block, sizeof block);
  for (int i = 0; i < 64; i++) block[i] ^= 0x36 ^ 0x5c;
  SHA256_Init(&states->outer);
  SHA256_Update(&states->outer, block, sizeof block);
  OPENSSL_cleanse(block, sizeof block);
}

static void be32_into(uint32_t value, uint8_t *out) {
  value = htobe32(value);
  memcpy(out, &value, sizeof value);
}

/* SHA-256 (FIPS 180-4) from a saved state that has taken one block, over up to 55 bytes: they and the padding are one block. */
enum { ONE_BLOCK_MOST = 55 };
static void one_block(const SHA256_CTX *state, const char *bytes, size_t size, uint8_t digest[SHA256_DIGEST_LENGTH]) {
  SHA256_CTX context;
  uint8_t    block[64] = { 0 };
  memcpy(context.h, state->h, sizeof context.h);
  memcpy(block, bytes, size);
  block[size] = 0x80;
  be32_into((uint32_t)(64 + size) * 8, block + 60);
  SHA256_Transform(&context, block);
  for (int i = 0; i < 8; i++) be32_into(context.h[i], digest + 4 * i);
}

static void hmac(const struct pseudonym_key *states, const char *as, size_t as_size, struct text canonical, uint8_t digest[SHA256_DIGEST_LENGTH]) {
  if (as_size + 1 + canonical.size <= ONE_BLOCK_MOST) {
    char bytes[ONE_BLOCK_MOST];
    memcpy(bytes, as, as_size + 1); /* with its NUL: the type cannot run into the value */
    memcpy(bytes + as_size + 1, canonical.at, canonical.size);
    one_block(&states->inner, bytes, as_size + 1 + canonical.size, digest);
  } else {
    SHA256_CTX context = states->inner;
    SHA256_Update(&context, as, as_size + 1);
    SHA256_Update(&context, canonical.at, canonical.size);
    SHA256_Final(digest, &context);
  }
  one_block(&states->outer, (const char *)digest, SHA256_DIGEST_LENGTH, digest);
}

/* FNV-1a over all that stands before the check digit. */
static char check_digit(const char *token, size_t size) {
  uint32_t hash = 2166136261u;
  for (size_t i = 0; i < size; i++) hash = (hash ^ (unsigned char)token[i]) * 16777619u;
  return base32[(hash ^ hash >> 15) & 31];
}

size_t pseudonym_into(const struct pseudonym_key *states, const char *as, const char *country, struct text canonical, char *out) {
  uint8_t  digest[SHA256_DIGEST_LENGTH];
  uint64_t bits = 0;
  size_t   n = 0, size = strlen(as);
  hmac(states, as, size, canonical, digest);
  memcpy(out, as, size);
  n = size;
  out[n++] = '_';
  if (country[0] != 0) {
    out[n++] = country[0];
    out[n++] = country[1];
    out[n++] = '_';
  }
  for (int i = 0; i < 8; i++) bits = bits << 8 | digest[i];
  for (int i = 0; i < PSEUDONYM_DIGITS - 1; i++) {
    out[n++] = base32[bits >> 59];
    bits <<= 5;
  }
  out[n] = check_digit(out, n);
  return n + 1;
}

static bool base32_digit(char c) { return is_lower(c) || (c >= '2' && c <= '7'); }

bool pseudonym_is(struct text token) {
  size_t type = 0, rest;
  while (type < token.size && is_lower(token.at[type])) type++;
  if (type < 2 || type > 8 || type >= token.size || token.at[type] != '_') return false;
  rest = type + 1;
  if (token.size > rest + 3 && is_upper(token.at[rest]) && is_upper(token.at[rest + 1]) && token.at[rest + 2] == '_') rest += 3;
  if (token.size - rest != PSEUDONYM_DIGITS) return false;
  for (size_t i = rest; i < token.size; i++)
    if (!base32_digit(token.at[i])) return false;
  return token.at[token.size - 1] == check_digit(token.at, token.size - 1);
}

bool pseudonym_at(struct text text, size_t at, size_t *start, size_t *end) {
  size_t from = at, to = at;
  while (from > 0 && at - from < PSEUDONYM_MOST && (is_alnum(text.at[from - 1]) || text.at[from - 1] == '_')) from--;
  while (to < text.size && to - at < PSEUDONYM_MOST && (is_alnum(text.at[to]) || text.at[to] == '_')) to++;
  *start = from;
  *end = to;
  return pseudonym_is((struct text){ text.at + from, to - from });
}
