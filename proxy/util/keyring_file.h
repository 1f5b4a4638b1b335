/* keyring_file: a keyring (filters/keyring.h) on disk. The file is the owner's alone (0600), read whole, replaced whole:
 *
 *   folder locked ─▶ FILE read ─▶ changed ─▶ FILE.new written, synced ─▶ renamed to FILE ─▶ what FILE held is overwritten
 *
 * so that two writers never mix, a reader sees the old ring or the new one, and the key of an epoch that was destroyed is in
 * no file of ours. What a copy-on-write or journaling file system, a flash translation layer, a snapshot or a backup still
 * holds is beyond a program's reach: keep rings on an encrypted volume, or give them as systemd credentials. */
#ifndef TAMIS_PROXY_UTIL_KEYRING_FILE_H
#define TAMIS_PROXY_UTIL_KEYRING_FILE_H

#include "filters/keyring.h"

struct keyring_source {
  char path[4096];
  bool credential; /* a systemd credential: read, never written; its group may read it, as an ACL's mask shows there */
};

/* From keys.credential where it is given (a name in $CREDENTIALS_DIRECTORY), else keys.file. False: why (size bytes). */
bool keyring_source_set(struct keyring_source *source, const char *file, const char *credential, char *why, size_t size);

enum keyring_result {
  KEYRING_GOOD,
  KEYRING_SHORT,  /* can be used; why says which epoch is missing, and what to do */
  KEYRING_ABSENT, /* there is no file */
  KEYRING_BAD     /* unreadable, malformed, or readable by others */
};

/* Fills ring, which must be empty or wiped. Results but KEYRING_SHORT; why says where and what for a person, never a key. */
enum keyring_result keyring_file_read(const struct keyring_source *source, struct keyring *ring, char *why, size_t size);

/* Reads the ring at path (an empty one where there is none), lets change work on it, writes what it made. change returns
 * false to leave the file as it is, after writing why. True: the file holds ring, durably, and the old one is overwritten.
 * The caller wipes ring in either case. */
typedef bool keyring_change(struct keyring *ring, void *context, char *why, size_t size);
bool         keyring_file_update(const char *path, keyring_change *change, void *context, struct keyring *ring, char *why, size_t size);

/* Adds an epoch with a key of the kernel's random bytes. False: why. */
bool keyring_add_random(struct keyring *ring, const char *id, int64_t from_s, char *why, size_t size);

struct keyring_policy {
  enum period period; /* keys.rotate */
  unsigned    ahead;  /* keys.ahead */
  bool        create; /* keys.create: the file may be written */
};

/* Adds all that the schedule wants. False: why. */
bool keyring_fill(struct keyring *ring, const struct keyring_policy *policy, int64_t now_s, char *why, size_t size);

/* Reads the ring; makes the epochs that the schedule wants, where policy and source allow it. Where that cannot be, the
 * ring is KEYRING_SHORT when it has an epoch in force now; else KEYRING_BAD. Never KEYRING_ABSENT. */
enum keyring_result keyring_load(const struct keyring_source *source, const struct keyring_policy *policy, int64_t now_s, struct keyring *ring,
                                 char *why, size_t size);

#endif
