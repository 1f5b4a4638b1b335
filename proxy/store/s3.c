/* store, S3: one PUT per object, signed by sigv4.c, sent by libcurl. OVHcloud, AWS, Swift's S3 door.
 *
 * The server checks Content-MD5 and the signed x-amz-content-sha256; we check that the ETag it answers is the MD5 of what
 * was sent. Conditional PUT is not everywhere (501 at Swift): the same name always carries the same bytes instead. */
#include <curl/curl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "proxy/store/sigv4.h"
#include "proxy/store/store.h"
#include "proxy/util/log.h"

enum { NAME_ROOM = 2048, ANSWER_MOST = 4096 };

struct s3 {
  struct store store;
  CURL        *curl;
  char        *access_key, *secret_key, *region;
  char        *base;                    /* scheme://host[:port] */
  char        *host;                    /* as in the Host header */
  char        *path;                    /* "/" or "/bucket/", then the prefix; not yet encoded */
  char         etag[40];                /* of the last answer, without quotes */
  char         answer[ANSWER_MOST + 1]; /* its body's start: only compared with the codes below, never shown */
  size_t       answer_size;
};

static const struct {
  const char       *code;
  enum store_result result;
} codes[] = {
  { "SlowDown", STORE_RETRY },
  { "ServiceUnavailable", STORE_RETRY },
  { "InternalError", STORE_RETRY },
  { "RequestTimeout", STORE_RETRY },
  { "OperationAborted", STORE_RETRY },
  { "BadDigest", STORE_DAMAGED },
  { "XAmzContentSHA256Mismatch", STORE_DAMAGED },
  { "IncompleteBody", STORE_DAMAGED },
  { "RequestTimeTooSkewed", STORE_DENIED },
  { "InvalidAccessKeyId", STORE_DENIED },
  { "SignatureDoesNotMatch", STORE_DENIED },
  { "AccessDenied", STORE_DENIED },
  { "ExpiredToken", STORE_DENIED },
  { "NoSuchBucket", STORE_MISSING },
  { "QuotaExceeded", STORE_REFUSED },
  { "EntityTooLarge", STORE_REFUSED },
  { "InvalidBucketName", STORE_REFUSED },
  { "AuthorizationHeaderMalformed", STORE_REFUSED },
};

static size_t on_header(char *bytes, size_t one, size_t count, void *context) {
  struct s3 *s3 = context;
  size_t     size = one * count, n = 0;
  if (size > 5 && strncasecmp(bytes, "etag:", 5) == 0) {
    for (size_t i = 5; i < size && n < sizeof s3->etag - 1; i++)
      if ((bytes[i] >= '0' && bytes[i] <= '9') || ((bytes[i] | 32) >= 'a' && (bytes[i] | 32) <= 'f') || bytes[i] == '-') s3->etag[n++] = bytes[i];
    s3->etag[n] = 0;
  }
  return size;
}

static size_t on_body(char *bytes, size_t one, size_t count, void *context) {
  struct s3 *s3 = context;
  size_t     size = one * count, room = ANSWER_MOST - s3->answer_size, n = size < room ? size : room;
  memcpy(s3->answer + s3->answer_size, bytes, n);
  s3->answer_size += n;
  s3->answer[s3->answer_size] = 0;
  return size;
}

static int on_progress(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d) {
  struct s3 *s3 = context;
  long long  deadline = atomic_load(&s3->store.deadline_ms);
  (void)a, (void)b, (void)c, (void)d;
  return deadline != 0 && clock_monotonic_ms() >= deadline;
}

static void s3_close(struct store *store) {
  struct s3 *s3 = (struct s3 *)store;
  if (s3->curl != NULL) curl_easy_cleanup(s3->curl);
  if (s3->secret_key != NULL) OPENSSL_cleanse(s3->secret_key, strlen(s3->secret_key));
  free(s3->access_key);
  free(s3->secret_key);
  free(s3->region);
  free(s3->base);
  free(s3->host);
  free(s3->path);
  free(s3);
}

static char *joined(const char *a, const char *b, const char *c, const char *d) {
  char *out = NULL;
  return asprintf(&out, "%s%s%s%s", a, b, c, d) >= 0 ? out : NULL;
}

/* Endpoint and bucket into base, host and path. */
static bool address_set(struct s3 *s3, const struct conf_store *conf, char *why, size_t size) {
  CURLU *url = curl_url();
  char  *scheme = NULL, *host = NULL, *port = NULL, *path = NULL;
  bool   good = url != NULL && curl_url_set(url, CURLUPART_URL, conf->endpoint, 0) == CURLUE_OK &&
              curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK && curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
              curl_url_get(url, CURLUPART_PATH, &path, 0) == CURLUE_OK;
  if (good) {
    const char *dot = conf->virtual_host ? "." : "", *slash = conf->virtual_host ? "" : "/";
    bool        other_port = curl_url_get(url, CURLUPART_PORT, &port, CURLU_NO_DEFAULT_PORT) == CURLUE_OK;
    char       *whole = joined(conf->virtual_host ? conf->bucket : "", dot, host, other_port ? ":" : "");
    size_t      end = strlen(path);
    while (end > 0 && path[end - 1] == '/') path[--end] = 0;
    s3->host = whole != NULL ? joined(whole, other_port ? port : "", "", "") : NULL;
    s3->base = s3->host != NULL ? joined(scheme, "://", s3->host, "") : NULL;
    free(whole);
    whole = joined(path, "/", conf->virtual_host ? "" : conf->bucket, slash);
    s3->path = whole != NULL ? joined(whole, conf->prefix, "", "") : NULL;
    free(whole);
  }
  if (!good) snprintf(why, size, "store.endpoint: not a URL such as https://s3.gra.io.cloud.ovh.net");
  curl_free(scheme);
  curl_free(host);
  curl_free(port);
  curl_free(path);
  curl_url_cleanup(url);
  return good && s3->base != NULL && s3->path != NULL;
}

static struct store *s3_open(const struct conf_store *conf, char *why, size_t size) {
  struct s3 *s3 = calloc(1, sizeof *s3);
  snprintf(why, size, "no memory");
  if (s3 == NULL) return NULL;
  s3->store.ops = &store_s3;
  s3->curl = curl_easy_init();
  s3->access_key = strdup(conf->access_key);
  s3->secret_key = strdup(conf->secret_key);
  s3->region = strdup(conf->region);
  if (s3->curl == NULL || s3->access_key == NULL || s3->secret_key == NULL || s3->region == NULL || !address_set(s3, conf, why, size)) {
    s3_close(&s3->store);
    return NULL;
  }
  curl_easy_setopt(s3->curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(s3->curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(s3->curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
  if (conf->ca_file != NULL) curl_easy_setopt(s3->curl, CURLOPT_CAINFO, conf->ca_file);
  curl_easy_setopt(s3->curl, CURLOPT_TIMEOUT_MS, (long)conf->timeout_ms);
  curl_easy_setopt(s3->curl, CURLOPT_CUSTOMREQUEST, "PUT");
  curl_easy_setopt(s3->curl, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(s3->curl, CURLOPT_HEADERDATA, s3);
  curl_easy_setopt(s3->curl, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(s3->curl, CURLOPT_WRITEDATA, s3);
  curl_easy_setopt(s3->curl, CURLOPT_XFERINFOFUNCTION, on_progress);
  curl_easy_setopt(s3->curl, CURLOPT_XFERINFODATA, s3);
  curl_easy_setopt(s3->curl, CURLOPT_NOPROGRESS, 0L);
  return &s3->store;
}

struct digests {
  char md5[33], md5_base64[28], sha256[65];
};

static bool digests_of(const struct object *object, struct digests *digests) {
  uint8_t hash[EVP_MAX_MD_SIZE];
  if (EVP_Digest(object->bytes, object->size, hash, NULL, EVP_md5(), NULL) != 1) return false;
  hex_into(hash, 16, digests->md5);
  EVP_EncodeBlock((uint8_t *)digests->md5_base64, hash, 16);
  if (EVP_Digest(object->bytes, object->size, hash, NULL, EVP_sha256(), NULL) != 1) return false;
  hex_into(hash, 32, digests->sha256);
  return true;
}

static bool header_add(struct curl_slist **list, const char *name, const char *value) {
  char               line[SIGV4_ROOM + 64];
  struct curl_slist *more;
  if ((size_t)snprintf(line, sizeof line, "%s: %s", name, value) >= sizeof line) return false;
  more = curl_slist_append(*list, line);
  if (more == NULL) return false;
  *list = more;
  return true;
}

/* The request's headers, signed. NULL: a name or key too long, or no memory. */
static struct curl_slist *headers_of(const struct s3 *s3, const struct object *object, const char *path, const struct digests *digests) {
  char                stamp[20], authorization[SIGV4_ROOM];
  time_t              now = time(NULL);
  struct tm           tm;
  struct curl_slist  *list = NULL;
  struct sigv4_header signed_headers[] = {
    { "content-md5", digests->md5_base64 },
    { "content-type", object->content_type },
    { "host", s3->host },
    { "x-amz-content-sha256", digests->sha256 },
    { "x-amz-date", stamp },
  };
  struct sigv4 request = { s3->access_key, s3->secret_key, s3->region, "PUT", path, "", signed_headers, 5, digests->sha256, stamp };
  bool         good;
  gmtime_r(&now, &tm);
  strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &tm);
  good = sigv4_authorization_into(&request, authorization, sizeof authorization) > 0;
  for (size_t i = 0; good && i < 5; i++) good = header_add(&list, signed_headers[i].name, signed_headers[i].value);
  if (good && header_add(&list, "Authorization", authorization)) return list;
  curl_slist_free_all(list);
  return NULL;
}

static enum store_result answer_of(const struct s3 *s3, long status, const char *md5, char *detail, size_t size) {
  snprintf(detail, size, "status=%ld", status);
  if (status >= 200 && status < 300) {
    if (strcasecmp(s3->etag, md5) == 0) return STORE_OK;
    snprintf(detail, size, "status=%ld cause=etag-is-not-the-md5-of-the-object", status);
    return STORE_DAMAGED;
  }
  for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
    char element[64];
    snprintf(element, sizeof element, "<Code>%s</Code>", codes[i].code);
    if (strstr(s3->answer, element) == NULL) continue;
    snprintf(detail, size, "status=%ld code=%s", status, codes[i].code);
    return codes[i].result;
  }
  if (status == 401 || status == 403) return STORE_DENIED;
  if (status == 404) return STORE_MISSING;
  return status == 408 || status == 409 || status == 429 || status >= 500 || status == 0 ? STORE_RETRY : STORE_REFUSED;
}

static enum store_result s3_put(struct store *store, const struct object *object, char *detail, size_t size) {
  struct s3         *s3 = (struct s3 *)store;
  char              *whole = joined(s3->path, object->name, "", ""), path[NAME_ROOM], *url = NULL;
  struct digests     digests;
  struct curl_slist *headers = NULL;
  enum store_result  result = STORE_REFUSED;
  long               status = 0;
  CURLcode           code;
  snprintf(detail, size, "name-or-key-too-long");
  if (whole == NULL || uri_encode_into(whole, 1, path, sizeof path) == 0 || !digests_of(object, &digests)) goto out;
  headers = headers_of(s3, object, path, &digests);
  url = joined(s3->base, path, "", "");
  if (headers == NULL || url == NULL) goto out;
  s3->etag[0] = s3->answer[0] = 0;
  s3->answer_size = 0;
  curl_easy_setopt(s3->curl, CURLOPT_URL, url);
  curl_easy_setopt(s3->curl, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(s3->curl, CURLOPT_POSTFIELDS, object->bytes);
  curl_easy_setopt(s3->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)object->size);
  code = curl_easy_perform(s3->curl);
  curl_easy_getinfo(s3->curl, CURLINFO_RESPONSE_CODE, &status);
  if (code == CURLE_OK) {
    result = answer_of(s3, status, digests.md5, detail, size);
  } else {
    result = STORE_RETRY;
    snprintf(detail, size, "cause=\"%s\"", curl_easy_strerror(code));
  }
  curl_easy_setopt(s3->curl, CURLOPT_HTTPHEADER, NULL);
out:
  curl_slist_free_all(headers);
  free(whole);
  free(url);
  return result;
}

const struct store_ops store_s3 = { "s3", s3_open, s3_put, s3_close };
