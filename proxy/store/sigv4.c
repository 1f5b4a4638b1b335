#include "proxy/store/sigv4.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { SHA256_SIZE = 32, REQUEST_MOST = 8192, SECRET_MOST = 512 };

void hex_into(const uint8_t *bytes, size_t size, char *out) {
  static const char digits[] = "0123456789abcdef";
  for (size_t i = 0; i < size; i++) {
    out[2 * i] = digits[bytes[i] >> 4];
    out[2 * i + 1] = digits[bytes[i] & 15];
  }
  out[2 * size] = 0;
}

size_t uri_encode_into(const char *text, int keep_slash, char *out, size_t room) {
  static const char digits[] = "0123456789ABCDEF";
  size_t            n = 0;
  for (; *text != 0; text++) {
    unsigned char c = (unsigned char)*text;
    bool          plain =
        (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '-' || c == '.' || c == '_' || c == '~' || (c == '/' && keep_slash);
    if (room - n < 4) return 0;
    if (plain) {
      out[n++] = (char)c;
    } else {
      out[n++] = '%';
      out[n++] = digits[c >> 4];
      out[n++] = digits[c & 15];
    }
  }
  if (n == room) return 0;
  out[n] = 0;
  return n;
}

struct buffer {
  char  *at;
  size_t used, room;
};

static bool add(struct buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));
static bool add(struct buffer *buffer, const char *format, ...) {
  va_list arguments;
  int     n;
  va_start(arguments, format);
  n = vsnprintf(buffer->at + buffer->used, buffer->room - buffer->used, format, arguments);
  va_end(arguments);
  if (n < 0 || (size_t)n >= buffer->room - buffer->used) return false;
  buffer->used += (size_t)n;
  return true;
}

static bool add_signed_names(struct buffer *buffer, const struct sigv4 *request) {
  for (size_t i = 0; i < request->header_count; i++)
    if (!add(buffer, "%s%s", i > 0 ? ";" : "", request->headers[i].name)) return false;
  return true;
}

static bool canonical_request(const struct sigv4 *request, struct buffer *out) {
  if (!add(out, "%s\n%s\n%s\n", request->method, request->path, request->query)) return false;
  for (size_t i = 0; i < request->header_count; i++)
    if (!add(out, "%s:%s\n", request->headers[i].name, request->headers[i].value)) return false;
  return add(out, "\n") && add_signed_names(out, request) && add(out, "\n%s", request->payload_sha256);
}

static bool hmac(const uint8_t *key, size_t key_size, const char *text, uint8_t out[SHA256_SIZE]) {
  unsigned size = SHA256_SIZE;
  return HMAC(EVP_sha256(), key, (int)key_size, (const uint8_t *)text, strlen(text), out, &size) != NULL;
}

/* The key of a day, a region and a service. */
static bool signing_key(const struct sigv4 *request, const char *day, uint8_t key[SHA256_SIZE]) {
  char    first[SECRET_MOST + 5];
  uint8_t next[SHA256_SIZE];
  int     n = snprintf(first, sizeof first, "AWS4%s", request->secret_key);
  bool    good = n > 0 && (size_t)n < sizeof first && hmac((uint8_t *)first, (size_t)n, day, key) && hmac(key, SHA256_SIZE, request->region, next) &&
              hmac(next, SHA256_SIZE, "s3", key) && hmac(key, SHA256_SIZE, "aws4_request", next);
  if (good) memcpy(key, next, SHA256_SIZE);
  OPENSSL_cleanse(first, sizeof first);
  OPENSSL_cleanse(next, sizeof next);
  return good;
}

size_t sigv4_authorization_into(const struct sigv4 *request, char *out, size_t room) {
  char          canonical[REQUEST_MOST], to_sign[512], day[9] = "", hex[2 * SHA256_SIZE + 1];
  struct buffer buffer = { canonical, 0, sizeof canonical }, result = { out, 0, room };
  uint8_t       hash[SHA256_SIZE], key[SHA256_SIZE], signature[SHA256_SIZE];
  bool          good;
  int           n;
  memcpy(day, request->stamp, strnlen(request->stamp, 8));
  if (!canonical_request(request, &buffer) || EVP_Digest(canonical, buffer.used, hash, NULL, EVP_sha256(), NULL) != 1) return 0;
  hex_into(hash, sizeof hash, hex);
  n = snprintf(to_sign, sizeof to_sign, "AWS4-HMAC-SHA256\n%s\n%s/%s/s3/aws4_request\n%s", request->stamp, day, request->region, hex);
  if (n < 0 || (size_t)n >= sizeof to_sign) return 0;
  good = signing_key(request, day, key) && hmac(key, sizeof key, to_sign, signature);
  OPENSSL_cleanse(key, sizeof key);
  if (!good) return 0;
  hex_into(signature, sizeof signature, hex);
  if (!add(&result, "AWS4-HMAC-SHA256 Credential=%s/%s/%s/s3/aws4_request,SignedHeaders=", request->access_key, day, request->region)) return 0;
  return add_signed_names(&result, request) && add(&result, ",Signature=%s", hex) ? result.used : 0;
}
