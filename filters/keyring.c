#include "filters/keyring.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>

#include "filters/scan.h"
#include "filters/secret.h"

enum { KEY_DIGITS = 2 * KEY_BYTES };

/* ---- memory ---- */

static bool ring_grow(struct keyring *ring, size_t room) {
  struct epoch *bigger;
  if (ring->room >= room) return true;
  bigger = secret_new(room * sizeof *bigger);
  if (bigger == NULL) return false;
  if (ring->count > 0) memcpy(bigger, ring->epochs, ring->count * sizeof *bigger);
  secret_free(ring->epochs, ring->room * sizeof *bigger);
  ring->epochs = bigger;
  ring->room = room;
  return true;
}

void keyring_wipe(struct keyring *ring) {
  secret_free(ring->epochs, ring->room * sizeof *ring->epochs);
  *ring = (struct keyring){ 0 };
}

/* ---- text ---- */

static bool key_parse(struct text text, uint8_t key[KEY_BYTES]) {
  if (text.size != KEY_DIGITS) return false;
  for (size_t i = 0; i < KEY_DIGITS; i++)
    if (!is_hex(text.at[i])) return false;
  for (size_t i = 0; i < KEY_BYTES; i++) key[i] = (uint8_t)(hex_value(text.at[2 * i]) << 4 | hex_value(text.at[2 * i + 1]));
  return true;
}

static void key_format(const uint8_t key[KEY_BYTES], char *out) {
  static const char digits[] = "0123456789abcdef";
  for (size_t i = 0; i < KEY_BYTES; i++) {
    out[2 * i] = digits[key[i] >> 4];
    out[2 * i + 1] = digits[key[i] & 15];
  }
}

static bool id_is_good(struct text id) {
  for (size_t i = 0; i < id.size; i++)
    if (!is_alnum(id.at[i]) && id.at[i] != '.' && id.at[i] != '_' && id.at[i] != '-') return false;
  return id.size >= 1 && id.size <= EPOCH_ID_MOST;
}

/* What stands before the first space of *rest, which moves behind it. */
static struct text word_take(struct text *rest) {
  const char *space = rest->size > 0 ? memchr(rest->at, ' ', rest->size) : NULL;
  struct text word = { rest->at, space != NULL ? (size_t)(space - rest->at) : rest->size };
  size_t      used = word.size + (space != NULL);
  if (used > 0) *rest = (struct text){ rest->at + used, rest->size - used };
  return word;
}

/* NULL: the epoch was added. Else what is wrong. */
static const char *epoch_parse(struct keyring *ring, struct text line) {
  struct text   id = word_take(&line), from = word_take(&line), key = word_take(&line), at = word_take(&line);
  struct epoch *epoch = &ring->epochs[ring->count];
  *epoch = (struct epoch){ 0 };
  if (!id_is_good(id)) return "an epoch's id is 1 to 31 letters, digits, . _ or -";
  if (!stamp_parse(from, &epoch->from_s)) return "the epoch's start is not a time such as 2026-11-01T00:00:00Z";
  if (text_equal(key, TEXT("destroyed"))) {
    if (!stamp_parse(at, &epoch->destroyed_s) || epoch->destroyed_s == 0) return "after destroyed a time such as 2026-11-01T00:00:00Z is expected";
  } else if (!key_parse(key, epoch->key)) {
    return "the key is not 64 hexadecimal digits, nor the word destroyed";
  } else if (at.size > 0) {
    return "something stands behind the key";
  }
  if (line.size > 0) return "something stands behind the epoch";
  memcpy(epoch->id, id.at, id.size);
  if (keyring_find(ring, epoch->id) != NULL) return "an epoch of this id stands above";
  if (ring->count > 0 && ring->epochs[ring->count - 1].from_s >= epoch->from_s) return "the epoch begins no later than the one above";
  ring->count++;
  return NULL;
}

static const char *header_parse(struct text line, size_t *epochs) {
  struct text  word = word_take(&line), version = word_take(&line);
  const size_t prefix = sizeof "epochs=" - 1;
  if (!text_equal(word, TEXT("tamis-keyring"))) return "neither a keyring (tamis-keyring version=1 epochs=…) nor 64 hexadecimal digits";
  if (!text_equal(version, TEXT("version=1"))) return "a keyring of a version that this tamis does not know: version=1 is expected";
  if (line.size <= prefix || line.size > prefix + 5 || memcmp(line.at, "epochs=", prefix) != 0) return "epochs= and how many follow are expected";
  *epochs = 0;
  for (size_t i = prefix; i < line.size; i++) {
    if (!is_digit(line.at[i])) return "epochs= and how many follow are expected";
    *epochs = *epochs * 10 + (size_t)(line.at[i] - '0');
  }
  return *epochs <= KEYRING_MOST ? NULL : "more than 4000 epochs";
}

static bool bare_parse(struct keyring *ring, struct text text) {
  if (text.size > 0 && text.at[text.size - 1] == '\n') text.size--;
  if (!key_parse(text, ring->epochs[0].key)) return false;
  ring->epochs[0].id[0] = '1';
  ring->count = 1;
  ring->bare = true;
  return true;
}

static const char *ring_parse(struct keyring *ring, struct text text, size_t *line) {
  size_t      epochs = 0;
  const char *why;
  if (!ring_grow(ring, 1)) return "no memory";
  if (bare_parse(ring, text)) return NULL;
  for (*line = 1; text.size > 0; ++*line) {
    const char *end = memchr(text.at, '\n', text.size);
    struct text one = { text.at, end != NULL ? (size_t)(end - text.at) : text.size };
    if (*line > 1 && end == NULL) return "the line has no end: was the file cut off?";
    if (*line == 1) why = header_parse(one, &epochs);
    else if (one.size == 0 || one.at[0] == '#') why = NULL;
    else if (ring->count == epochs) why = "more epochs than the first line says";
    else why = epoch_parse(ring, one);
    if (why != NULL) return why;
    if (*line == 1 && !ring_grow(ring, epochs)) return "no memory";
    text = (struct text){ text.at + one.size + (end != NULL), text.size - one.size - (end != NULL) };
  }
  if (*line == 1) return "the file is empty";
  return ring->count == epochs ? NULL : "fewer epochs than the first line says: was the file cut off?";
}

bool keyring_parse(struct keyring *ring, struct text text, struct keyring_error *error) {
  *ring = (struct keyring){ 0 };
  error->line = 0;
  error->why = ring_parse(ring, text, &error->line);
  if (error->why == NULL) return true;
  keyring_wipe(ring);
  return false;
}

size_t keyring_room(const struct keyring *ring) { return (ring->count + 1) * EPOCH_LINE_MOST; }

size_t keyring_format_into(const struct keyring *ring, char *out) {
  size_t n = (size_t)snprintf(out, EPOCH_LINE_MOST, "tamis-keyring version=1 epochs=%zu\n", ring->count);
  char   from[STAMP_SIZE + 1], destroyed[STAMP_SIZE + 1];
  for (size_t i = 0; i < ring->count; i++) {
    const struct epoch *epoch = &ring->epochs[i];
    stamp_into(epoch->from_s, from);
    stamp_into(epoch->destroyed_s, destroyed);
    n += (size_t)snprintf(out + n, EPOCH_LINE_MOST, "%s %s %s", epoch->id, from, epoch->destroyed_s != 0 ? "destroyed " : "");
    if (epoch->destroyed_s != 0) memcpy(out + n, destroyed, STAMP_SIZE);
    else key_format(epoch->key, out + n);
    n += epoch->destroyed_s != 0 ? STAMP_SIZE : KEY_DIGITS;
    out[n++] = '\n';
  }
  return n;
}

/* ---- what it says about an instant ---- */

const struct epoch *keyring_at(const struct keyring *ring, int64_t at_s) {
  for (size_t i = ring->count; i > 0; i--)
    if (ring->epochs[i - 1].from_s <= at_s) return &ring->epochs[i - 1];
  return NULL;
}

const struct epoch *keyring_after(const struct keyring *ring, int64_t at_s) {
  for (size_t i = 0; i < ring->count; i++)
    if (ring->epochs[i].from_s > at_s) return &ring->epochs[i];
  return NULL;
}

const struct epoch *keyring_find(const struct keyring *ring, const char *id) {
  for (size_t i = 0; i < ring->count; i++)
    if (strcmp(ring->epochs[i].id, id) == 0) return &ring->epochs[i];
  return NULL;
}

int64_t keyring_until(const struct keyring *ring, const struct epoch *epoch) {
  const struct epoch *next = keyring_after(ring, epoch->from_s);
  return next != NULL ? next->from_s : INT64_MAX;
}

void epoch_name_into(int64_t from_s, char id[EPOCH_ID_MOST + 1]) {
  char   stamp[STAMP_SIZE + 1];
  size_t n = 0;
  stamp_into(from_s, stamp);
  for (const char *at = stamp; *at != 0; at++)
    if (*at != ':') id[n++] = *at;
  id[n] = 0;
}

static bool begins_within(const struct keyring *ring, int64_t start_s, int64_t end_s) {
  const struct epoch *first = keyring_after(ring, start_s - 1);
  return first != NULL && first->from_s < end_s;
}

static bool wanted(const struct keyring *ring, enum period period, int64_t start_s, int64_t from_s, char id[EPOCH_ID_MOST + 1], int64_t *from) {
  *from = from_s;
  period_name_into(period, start_s, id);
  if (keyring_find(ring, id) != NULL) epoch_name_into(from_s, id);
  return true;
}

bool keyring_wanted(const struct keyring *ring, enum period period, unsigned ahead, int64_t now_s, char id[EPOCH_ID_MOST + 1], int64_t *from_s) {
  int64_t start = period_start(period, now_s), end;
  if (ring->bare) return false;
  if (keyring_at(ring, now_s) == NULL) return wanted(ring, period, start, start, id, from_s);
  for (unsigned i = 0; i <= ahead && start <= CALENDAR_MOST; i++, start = end) {
    end = period_end(period, start);
    if (!begins_within(ring, start, end)) return wanted(ring, period, start, i == 0 ? now_s : start, id, from_s);
  }
  return false;
}

/* ---- changes ---- */

struct epoch *keyring_add(struct keyring *ring, const char *id, int64_t from_s) {
  size_t at = 0;
  if (ring->count == KEYRING_MOST || keyring_find(ring, id) != NULL || !id_is_good(text_of(id))) return NULL;
  while (at < ring->count && ring->epochs[at].from_s < from_s) at++;
  if (at < ring->count && ring->epochs[at].from_s == from_s) return NULL;
  if (ring->count == ring->room && !ring_grow(ring, ring->count + 16)) return NULL;
  memmove(&ring->epochs[at + 1], &ring->epochs[at], (ring->count - at) * sizeof *ring->epochs);
  ring->epochs[at] = (struct epoch){ .from_s = from_s };
  memcpy(ring->epochs[at].id, id, strlen(id));
  ring->count++;
  ring->bare = false;
  return &ring->epochs[at];
}

static void epoch_destroy(struct epoch *epoch, int64_t now_s) {
  OPENSSL_cleanse(epoch->key, sizeof epoch->key);
  if (epoch->destroyed_s == 0) epoch->destroyed_s = now_s > 0 ? now_s : 1;
}

void keyring_destroy(struct keyring *ring, const struct epoch *epoch, int64_t now_s) {
  epoch_destroy(&ring->epochs[epoch - ring->epochs], now_s);
  ring->bare = false;
}

void keyring_remove(struct keyring *ring, const struct epoch *epoch) {
  size_t at = (size_t)(epoch - ring->epochs);
  memmove(&ring->epochs[at], &ring->epochs[at + 1], (ring->count - at - 1) * sizeof *ring->epochs);
  OPENSSL_cleanse(&ring->epochs[--ring->count], sizeof *ring->epochs);
}

void keyring_forget_past(struct keyring *ring, int64_t now_s) {
  for (size_t i = 0; i + 1 < ring->count && ring->epochs[i + 1].from_s <= now_s; i++) epoch_destroy(&ring->epochs[i], now_s);
}

void epoch_fingerprint_into(const struct epoch *epoch, char out[FINGERPRINT_ROOM]) {
  static const char domain[] = "tamis key fingerprint"; /* with its NUL */
  EVP_MD_CTX       *context = EVP_MD_CTX_new();
  uint8_t           digest[EVP_MAX_MD_SIZE];
  bool good = context != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1 && EVP_DigestUpdate(context, domain, sizeof domain) == 1 &&
              EVP_DigestUpdate(context, epoch->key, sizeof epoch->key) == 1 && EVP_DigestFinal_ex(context, digest, NULL) == 1;
  EVP_MD_CTX_free(context); /* cleanses */
  if (good) snprintf(out, FINGERPRINT_ROOM, "%02x%02x%02x%02x", digest[0], digest[1], digest[2], digest[3]);
  else snprintf(out, FINGERPRINT_ROOM, "????????");
}
