#include "proxy/util/keyring_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "filters/secret.h"
#include "proxy/util/files.h"

enum { FILE_MOST = (KEYRING_MOST + 100) * EPOCH_LINE_MOST, PATH_ROOM = 4096 + 8, LOCK_TRIES = 500, READS_MOST = 3 };

/* ---- source ---- */

bool keyring_source_set(struct keyring_source *source, const char *file, const char *credential, char *why, size_t size) {
  const char *folder = getenv("CREDENTIALS_DIRECTORY");
  int         n;
  *source = (struct keyring_source){ .credential = credential != NULL };
  if (credential == NULL) {
    n = snprintf(source->path, sizeof source->path, "%s", file);
  } else if (strchr(credential, '/') != NULL || credential[0] == '.' || credential[0] == 0) {
    snprintf(why, size, "keys.credential: a credential's name is expected, not a path");
    return false;
  } else if (folder == NULL || folder[0] == 0) {
    snprintf(why, size, "keys.credential: $CREDENTIALS_DIRECTORY is not set: start tamis by systemd, with LoadCredential=%s:FILE", credential);
    return false;
  } else {
    n = snprintf(source->path, sizeof source->path, "%s/%s", folder, credential);
  }
  if (n > 0 && (size_t)n < sizeof source->path) return true;
  snprintf(why, size, "keys: the path is too long");
  return false;
}

/* ---- reading ---- */

static bool read_all(int fd, char *out, size_t size) {
  while (size > 0) {
    ssize_t n = read(fd, out, size);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      if (n == 0) errno = EIO; /* shorter than fstat said */
      return false;
    }
    out += n;
    size -= (size_t)n;
  }
  return true;
}

/* What keeps the open file from being a ring; false after why. */
static bool file_is_private(const struct keyring_source *source, const struct stat *st, char *why, size_t size) {
  mode_t others = source->credential ? 037 : 077;
  if (!S_ISREG(st->st_mode)) snprintf(why, size, "%s: the keyring is no regular file", source->path);
  else if ((st->st_mode & others) != 0)
    snprintf(why, size, "%s: others may read the keys (mode %03o): chmod 600, and consider the keys known", source->path, st->st_mode & 0777u);
  else if (st->st_size > FILE_MOST) snprintf(why, size, "%s: too long for a keyring", source->path);
  else return true;
  return false;
}

/* gone: the file was replaced while it was read, and what was read may be half overwritten. */
static enum keyring_result ring_read(const struct keyring_source *source, int fd, struct keyring *ring, bool *gone, char *why, size_t size) {
  struct keyring_error error;
  enum keyring_result  result = KEYRING_BAD;
  struct stat          st;
  char                *text;
  if (fstat(fd, &st) != 0 || !file_is_private(source, &st, why, size)) return KEYRING_BAD;
  text = secret_new((size_t)st.st_size + 1);
  if (text == NULL) snprintf(why, size, "%s: no memory", source->path);
  else if (!read_all(fd, text, (size_t)st.st_size)) snprintf(why, size, "%s: cannot read the keyring: %s", source->path, strerror(errno));
  else if (keyring_parse(ring, (struct text){ text, (size_t)st.st_size }, &error)) result = KEYRING_GOOD;
  else snprintf(why, size, "%s:%zu: %s", source->path, error.line, error.why);
  secret_free(text, (size_t)st.st_size + 1);
  *gone = fstat(fd, &st) == 0 && st.st_nlink == 0;
  return result;
}

enum keyring_result keyring_file_read(const struct keyring_source *source, struct keyring *ring, char *why, size_t size) {
  enum keyring_result result = KEYRING_BAD;
  bool                gone = true;
  *ring = (struct keyring){ 0 };
  for (int reads = 0; gone && reads < READS_MOST; reads++) {
    int fd = open(source->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK);
    keyring_wipe(ring);
    gone = false;
    if (fd >= 0) {
      result = ring_read(source, fd, ring, &gone, why, size);
      close(fd);
      continue;
    }
    result = errno == ENOENT ? KEYRING_ABSENT : KEYRING_BAD;
    if (errno == ELOOP) snprintf(why, size, "%s: the keyring is a symbolic link: name the file itself", source->path);
    else snprintf(why, size, "%s: cannot read the keyring: %s", source->path, strerror(errno));
  }
  return result;
}

/* ---- writing ---- */

struct writer {
  const char *path;
  char        made[PATH_ROOM], old[PATH_ROOM]; /* FILE.new, FILE.old */
  int         folder_fd;                       /* locked */
  uid_t       uid;                             /* who owns the ring */
  gid_t       gid;
};

static bool write_fail(const struct writer *writer, const char *what, char *why, size_t size) {
  snprintf(why, size, "%s: %s: %s", writer->path, what, strerror(errno));
  return false;
}

/* The folder itself is locked: a file for it would outlive the ring and have an owner of its own. */
static bool folder_lock(struct writer *writer, char *why, size_t size) {
  char                  folder[PATH_ROOM], *slash;
  const struct timespec pause = { .tv_nsec = 10000000 };
  struct stat           st;
  int                   tries = 0, locked;
  snprintf(folder, sizeof folder, "%s", writer->path);
  slash = strrchr(folder, '/');
  if (slash != NULL) slash[slash == folder] = 0;
  writer->folder_fd = open(slash != NULL ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (writer->folder_fd < 0 || fstat(writer->folder_fd, &st) != 0) return write_fail(writer, "cannot open its folder", why, size);
  writer->uid = st.st_uid;
  writer->gid = st.st_gid;
  while ((locked = flock(writer->folder_fd, LOCK_EX | LOCK_NB)) != 0 && errno == EWOULDBLOCK && ++tries < LOCK_TRIES) nanosleep(&pause, NULL);
  if (locked == 0) return true;
  if (errno == EWOULDBLOCK) snprintf(why, size, "%s: another process writes in its folder: try again", writer->path);
  else write_fail(writer, "cannot lock its folder", why, size);
  return false;
}

/* Random bytes in the place of what the file held: zeros might become a hole and leave the old blocks. */
static bool file_overwrite(int fd) {
  char        noise[256]; /* what getrandom gives whole */
  struct stat st;
  if (fstat(fd, &st) != 0 || lseek(fd, 0, SEEK_SET) < 0) return false;
  for (off_t left = st.st_size; left > 0;) {
    size_t part = left < (off_t)sizeof noise ? (size_t)left : sizeof noise;
    if (getrandom(noise, sizeof noise, 0) != sizeof noise || !write_all(fd, noise, part)) return false;
    left -= (off_t)part;
  }
  return fsync(fd) == 0;
}

/* A file that a crash left: overwritten and removed, unless it is the ring itself under a second name. */
static bool leftover_wipe(const struct writer *writer, const char *path) {
  struct stat st, ring;
  int         fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
  bool        good, same;
  if (fd < 0) return errno == ENOENT;
  same = fstat(fd, &st) == 0 && lstat(writer->path, &ring) == 0 && st.st_dev == ring.st_dev && st.st_ino == ring.st_ino;
  good = same || (S_ISREG(st.st_mode) && file_overwrite(fd));
  close(fd);
  return good && unlink(path) == 0;
}

static bool made_write(const struct writer *writer, const struct keyring *ring) {
  size_t room = keyring_room(ring);
  char  *text = secret_new(room);
  int    fd = text != NULL ? open(writer->made, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600) : -1, error = errno;
  bool   good = fd >= 0 && (geteuid() != 0 || fchown(fd, writer->uid, writer->gid) == 0) && write_all(fd, text, keyring_format_into(ring, text)) &&
              fsync(fd) == 0;
  if (!good) error = errno;
  secret_free(text, room);
  if (fd >= 0 && close(fd) != 0 && good) {
    error = errno;
    good = false;
  }
  if (!good) leftover_wipe(writer, writer->made);
  errno = error;
  return good;
}

/* FILE.old names what is to be overwritten, so that the next writer finds it when this one is cut off. */
static bool ring_replace(const struct writer *writer, char *why, size_t size) {
  int  old = open(writer->path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
  bool renamed, wiped;
  if (old < 0 && errno != ENOENT) return write_fail(writer, "cannot be replaced", why, size);
  if (old >= 0 && link(writer->path, writer->old) != 0) {
    close(old);
    return write_fail(writer, "its folder takes no second name for it", why, size);
  }
  renamed = rename(writer->made, writer->path) == 0;
  if (!renamed || fsync(writer->folder_fd) != 0) {
    write_fail(writer, "cannot be replaced", why, size);
    if (!renamed) unlink(writer->old);
    if (old >= 0) close(old);
    return false;
  }
  if (old < 0) return true;
  wiped = file_overwrite(old) && unlink(writer->old) == 0 && fsync(writer->folder_fd) == 0;
  if (!wiped)
    snprintf(why, size, "%s: the new keyring is in place, but the old one cannot be overwritten: %s: destroy it by hand", writer->old,
             strerror(errno));
  close(old);
  return wiped;
}

static bool ring_write(struct writer *writer, const struct keyring *ring, char *why, size_t size) {
  struct stat st;
  if (lstat(writer->path, &st) == 0) {
    writer->uid = st.st_uid;
    writer->gid = st.st_gid;
    if (st.st_nlink > 1) {
      snprintf(why, size, "%s: the keyring has another name (a hard link), where it would stay: remove that one", writer->path);
      return false;
    }
  }
  if (!made_write(writer, ring)) return write_fail(writer, "cannot write the keyring", why, size);
  if (ring_replace(writer, why, size)) return true;
  leftover_wipe(writer, writer->made);
  return false;
}

static bool ring_update(struct writer *writer, keyring_change *change, void *context, struct keyring *ring, char *why, size_t size) {
  struct keyring_source source = { 0 };
  enum keyring_result   result;
  snprintf(source.path, sizeof source.path, "%s", writer->path);
  if (!leftover_wipe(writer, writer->made)) return write_fail(writer, "cannot remove FILE.new that a crash left", why, size);
  if (!leftover_wipe(writer, writer->old)) return write_fail(writer, "cannot remove FILE.old that a crash left", why, size);
  result = keyring_file_read(&source, ring, why, size);
  if (result == KEYRING_BAD) return false;
  return change(ring, context, why, size) && ring_write(writer, ring, why, size);
}

bool keyring_file_update(const char *path, keyring_change *change, void *context, struct keyring *ring, char *why, size_t size) {
  struct writer writer = { .path = path, .folder_fd = -1 };
  bool          good;
  *ring = (struct keyring){ 0 };
  if ((size_t)snprintf(writer.made, sizeof writer.made, "%s.new", path) >= sizeof writer.made) {
    snprintf(why, size, "keys: the path is too long");
    return false;
  }
  snprintf(writer.old, sizeof writer.old, "%s.old", path);
  good = folders_make(path, why, size) == 0 && folder_lock(&writer, why, size) && ring_update(&writer, change, context, ring, why, size);
  if (writer.folder_fd >= 0) close(writer.folder_fd);
  return good;
}

/* ---- epochs ---- */

bool keyring_add_random(struct keyring *ring, const char *id, int64_t from_s, char *why, size_t size) {
  struct epoch *epoch = keyring_add(ring, id, from_s);
  if (epoch == NULL) {
    snprintf(why, size, "epoch %s cannot be added: another one has its name or its start, or the keyring is full", id);
    return false;
  }
  if (getrandom(epoch->key, KEY_BYTES, 0) == KEY_BYTES) return true;
  snprintf(why, size, "the kernel gives no random bytes: %s", strerror(errno));
  keyring_remove(ring, epoch);
  return false;
}

bool keyring_fill(struct keyring *ring, const struct keyring_policy *policy, int64_t now_s, char *why, size_t size) {
  char    id[EPOCH_ID_MOST + 1];
  int64_t from_s;
  while (keyring_wanted(ring, policy->period, policy->ahead, now_s, id, &from_s))
    if (!keyring_add_random(ring, id, from_s, why, size)) return false;
  return true;
}

struct fill {
  const struct keyring_policy *policy;
  int64_t                      now_s;
};

static bool fill_change(struct keyring *ring, void *context, char *why, size_t size) {
  const struct fill *fill = context;
  return keyring_fill(ring, fill->policy, fill->now_s, why, size);
}

/* The file stays as it is: fine where there is an epoch in force. */
static enum keyring_result ring_short(const struct keyring *ring, const char *id, int64_t from_s, int64_t now_s, const char *cause, char *why,
                                      size_t size) {
  const struct epoch *now = keyring_at(ring, now_s);
  char                from[STAMP_SIZE + 1];
  stamp_into(from_s, from);
  if (now == NULL) {
    if (ring->count > 0) stamp_into(ring->epochs[0].from_s, from);
    snprintf(why, size, "keys: no epoch is in force before %s, and %s: tamis keys create", from, cause);
    return KEYRING_BAD;
  }
  snprintf(why, size, "keys: epoch %s, from %s on, is missing, and %s: %s stays in force until it is made: tamis keys create", id, from, cause,
           now->id);
  return KEYRING_SHORT;
}

enum keyring_result keyring_load(const struct keyring_source *source, const struct keyring_policy *policy, int64_t now_s, struct keyring *ring,
                                 char *why, size_t size) {
  struct fill         fill = { policy, now_s };
  struct keyring      filled = { 0 };
  enum keyring_result result = keyring_file_read(source, ring, why, size);
  bool                may = policy->create && !source->credential;
  unsigned            ahead = may || policy->ahead == 0 ? policy->ahead : 1; /* where others make them, the next one is enough */
  char                id[EPOCH_ID_MOST + 1], cause[512];
  int64_t             from_s;
  if (result == KEYRING_ABSENT && !may) {
    snprintf(why, size, "%s: there is no keyring: %s", source->path, source->credential ? "see LoadCredential= of the unit" : "tamis keys create");
    return KEYRING_BAD;
  }
  if (result == KEYRING_BAD || !keyring_wanted(ring, policy->period, ahead, now_s, id, &from_s)) return result;
  if (!may) return ring_short(ring, id, from_s, now_s, source->credential ? "a credential is read-only" : "keys.create is false", why, size);
  if (keyring_file_update(source->path, fill_change, &fill, &filled, cause, sizeof cause)) {
    keyring_wipe(ring);
    *ring = filled;
    return KEYRING_GOOD;
  }
  keyring_wipe(&filled);
  if (ring->count > 0) return ring_short(ring, id, from_s, now_s, cause, why, size);
  snprintf(why, size, "%s", cause);
  return KEYRING_BAD;
}
