#include "proxy/util/files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int folder_sync(const char *path) {
  char  folder[PATH_MAX];
  char *slash;
  int   fd, result, error;
  if ((size_t)snprintf(folder, sizeof folder, "%s", path) >= sizeof folder) {
    errno = ENAMETOOLONG;
    return -1;
  }
  slash = strrchr(folder, '/');
  if (slash != NULL) slash[slash == folder] = 0;
  fd = open(slash != NULL ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return -1;
  result = fsync(fd);
  error = errno;
  close(fd);
  errno = error;
  return result;
}

int folders_make(const char *path, char *why, size_t size) {
  char folder[PATH_MAX];
  if ((size_t)snprintf(folder, sizeof folder, "%s", path) >= sizeof folder) {
    snprintf(why, size, "%s: the path is too long", path);
    return -1;
  }
  for (char *slash = strchr(folder + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
    *slash = 0;
    if (mkdir(folder, 0700) == 0) {
      if (folder_sync(folder) != 0) {
        snprintf(why, size, "%s: cannot be made durable: %s", folder, strerror(errno));
        return -1;
      }
    } else if (errno != EEXIST) {
      snprintf(why, size, "%s: cannot make this folder: %s", folder, strerror(errno));
      return -1;
    }
    *slash = '/';
  }
  return 0;
}

bool write_all(int fd, const void *bytes, size_t size) {
  const char *at = bytes;
  while (size > 0) {
    ssize_t n = write(fd, at, size);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      if (n == 0) errno = ENOSPC;
      return false;
    }
    at += n;
    size -= (size_t)n;
  }
  return true;
}

int file_replace(const char *path, const void *bytes, size_t size) {
  char temporary[PATH_MAX];
  int  fd, error;
  bool good;
  if ((size_t)snprintf(temporary, sizeof temporary, "%s.new", path) >= sizeof temporary) {
    errno = ENAMETOOLONG;
    return -1;
  }
  fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return -1;
  good = write_all(fd, bytes, size) && fsync(fd) == 0;
  error = errno;
  if (close(fd) != 0 && good) {
    good = false;
    error = errno;
  }
  if (good && rename(temporary, path) == 0 && folder_sync(path) == 0) return 0;
  if (good) error = errno;
  unlink(temporary);
  errno = error;
  return -1;
}
