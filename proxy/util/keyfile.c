#include "proxy/util/keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proxy/util/files.h"

enum { KEY_BYTES = 32, KEY_TEXT = 2 * KEY_BYTES + 1 };

static int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if ((c | 32) >= 'a' && (c | 32) <= 'f') return (c | 32) - 'a' + 10;
  return -1;
}

static int key_create(const char *path, uint8_t key[KEY_BYTES], char *why, size_t size) {
  char text[KEY_TEXT + 1], temporary[1040];
  int  fd, good;
  if (folders_make(path, why, size) != 0) return -1;
  if (getrandom(key, KEY_BYTES, 0) != KEY_BYTES) {
    snprintf(why, size, "the kernel gives no random bytes: %s", strerror(errno));
    return -1;
  }
  for (int i = 0; i < KEY_BYTES; i++) snprintf(text + 2 * i, 3, "%02x", key[i]);
  text[KEY_TEXT - 1] = '\n';
  snprintf(temporary, sizeof temporary, "%s.new", path);
  unlink(temporary);
  fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  good = fd >= 0 && write(fd, text, KEY_TEXT) == KEY_TEXT && fsync(fd) == 0;
  OPENSSL_cleanse(text, sizeof text);
  if (fd >= 0 && close(fd) != 0) good = 0;
  /* link refuses to replace a key that another process made meanwhile */
  if (good && link(temporary, path) == 0 && folder_sync(path) == 0) {
    unlink(temporary);
    return 0;
  }
  snprintf(why, size, "%s: cannot create the key: %s", path, strerror(errno));
  unlink(temporary);
  return -1;
}

static int key_parse(const char *text, ssize_t count, uint8_t key[KEY_BYTES]) {
  if (count < KEY_TEXT - 1 || (count > KEY_TEXT - 1 && text[KEY_TEXT - 1] != '\n')) return -1;
  for (int i = 0; i < KEY_BYTES; i++) {
    int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);
    if (high < 0 || low < 0) return -1;
    key[i] = (uint8_t)(high << 4 | low);
  }
  return 0;
}

int keyfile_load(const char *path, bool create, uint8_t key[32], char *why, size_t size) {
  char        text[KEY_TEXT + 1];
  struct stat st;
  ssize_t     count;
  int         fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY), result = -1;
  if (fd < 0 && errno == ENOENT && create) return key_create(path, key, why, size);
  if (fd < 0) {
    snprintf(why, size, "%s: cannot read the key: %s", path, strerror(errno));
    return -1;
  }
  count = read(fd, text, sizeof text);
  if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
    snprintf(why, size, "%s: the key is no regular file", path);
  } else if ((st.st_mode & 077) != 0) {
    snprintf(why, size, "%s: others may read the key (mode %03o): chmod 600, and consider the key known", path, st.st_mode & 0777u);
  } else if (key_parse(text, count, key) != 0) {
    snprintf(why, size, "%s: the key is not 64 hexadecimal digits", path);
  } else {
    result = 0;
  }
  OPENSSL_cleanse(text, sizeof text);
  close(fd);
  return result;
}
