/* AWS Signature Version 4 for S3, in the Authorization header. Our own, since libcurl 7.88's signer splits key and secret
 * at the first colon, and keys of Swift's TempAuth hold one. Checked against the examples of AWS's S3 documentation. */
#ifndef TAMIS_PROXY_STORE_SIGV4_H
#define TAMIS_PROXY_STORE_SIGV4_H

#include <stddef.h>
#include <stdint.h>

struct sigv4_header {
  const char *name;  /* lower case */
  const char *value; /* no white space at its ends */
};
struct sigv4 {
  const char                *access_key, *secret_key, *region;
  const char                *method, *path;  /* path: encoded as it is sent (uri_encode_into) */
  const char                *query;          /* encoded and sorted; "": none */
  const struct sigv4_header *headers;        /* all that are signed, sorted by name; host, x-amz-content-sha256, x-amz-date */
  size_t                     header_count;   /* are among them */
  const char                *payload_sha256; /* 64 hexadecimal digits */
  const char                *stamp;          /* as in x-amz-date: 20130524T000000Z */
};

enum { SIGV4_ROOM = 1024 };
/* The Authorization header's value, ended by NUL. The length, or 0: room is too small, or the request is too long. */
size_t sigv4_authorization_into(const struct sigv4 *request, char *out, size_t room);

/* Percent-encodes all but A-Z a-z 0-9 - . _ ~ and, where keep_slash, /. The length, or 0: room is too small. */
size_t uri_encode_into(const char *text, int keep_slash, char *out, size_t room);
void   hex_into(const uint8_t *bytes, size_t size, char *out); /* 2 * size digits and NUL */

#endif
