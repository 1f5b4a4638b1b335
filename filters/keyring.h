/* keyring: the key epochs, each in force from an instant until the next one's. Text in, text out, and what it says about
 * an instant. Pure: no file, no clock, no randomness; proxy/util/keyring_file.h has these.
 *
 *   tamis-keyring version=1 epochs=3                                  a ring that was cut off when it was copied is seen
 *   2026-10 2026-10-01T00:00:00Z destroyed 2026-11-02T09:00:00Z       id, from, and when its key was destroyed
 *   2026-11 2026-11-01T00:00:00Z 0123…64 hexadecimal digits
 *   2026-12 2026-12-01T00:00:00Z 89ab…
 *
 * A file of 64 hexadecimal digits alone is a bare ring: epoch 1, in force for ever. Lines that begin with # are passed
 * over and not kept. Keys live in secret memory (filters/secret.h). Instants are seconds since 1970, UTC. */
#ifndef TAMIS_FILTERS_KEYRING_H
#define TAMIS_FILTERS_KEYRING_H

#include "filters/calendar.h"

enum { KEY_BYTES = 32, EPOCH_ID_MOST = 31, EPOCH_LINE_MOST = 128, FINGERPRINT_ROOM = 9, KEYRING_MOST = 4000 };

struct epoch {
  char    id[EPOCH_ID_MOST + 1]; /* letters, digits, . _ -; unique in the ring */
  int64_t from_s;
  int64_t destroyed_s;    /* 0: it has its key */
  uint8_t key[KEY_BYTES]; /* zeros when destroyed */
};

struct keyring {
  struct epoch *epochs; /* in order of from_s, no two alike; secret memory */
  size_t        count, room;
  bool          bare;
};

struct keyring_error {
  size_t      line; /* from 1 */
  const char *why;  /* constant text: holds nothing of the ring */
};

/* Fills an empty ring. False: error says where and why, or why alone (line 0) when memory ran out; the ring is empty. */
bool   keyring_parse(struct keyring *ring, struct text text, struct keyring_error *error);
/* Writes at most keyring_room(ring) bytes; returns how many. A bare ring becomes an ordinary one. */
size_t keyring_format_into(const struct keyring *ring, char *out);
size_t keyring_room(const struct keyring *ring);
void   keyring_wipe(struct keyring *ring); /* it is empty after */

const struct epoch *keyring_at(const struct keyring *ring, int64_t at_s);    /* in force then; NULL: the first one is later */
const struct epoch *keyring_after(const struct keyring *ring, int64_t at_s); /* the first one later than at_s; NULL: none */
const struct epoch *keyring_find(const struct keyring *ring, const char *id);
int64_t             keyring_until(const struct keyring *ring, const struct epoch *epoch); /* INT64_MAX: it is the last */

/* The first epoch that the schedule wants and the ring has not: one for the period that now_s is in and for each of the
 * ahead next ones. A period has one when an epoch begins in it. The past of a ring stays as it was: where an epoch is in
 * force, a missing one begins now. False: none is missing. */
bool keyring_wanted(const struct keyring *ring, enum period period, unsigned ahead, int64_t now_s, char id[EPOCH_ID_MOST + 1], int64_t *from_s);
/* The name of an epoch that begins off the schedule: 2026-11-24T083000Z. */
void epoch_name_into(int64_t from_s, char id[EPOCH_ID_MOST + 1]);
/* Adds an epoch whose key the caller sets. Borrowed until the ring changes. NULL: its id or from_s is there already, or the
 * ring is full, or no memory. */
struct epoch *keyring_add(struct keyring *ring, const char *id, int64_t from_s);
void          keyring_destroy(struct keyring *ring, const struct epoch *epoch, int64_t now_s); /* wipes its key; it keeps its line */
void          keyring_remove(struct keyring *ring, const struct epoch *epoch);                 /* wipes its key and its line */
void          keyring_forget_past(struct keyring *ring, int64_t now_s); /* in memory alone: the keys that are no longer in force */

/* The first 8 hexadecimal digits of SHA-256 over "tamis key fingerprint", NUL and the key: tells keys apart, gives none away. */
void epoch_fingerprint_into(const struct epoch *epoch, char out[FINGERPRINT_ROOM]);

#endif
