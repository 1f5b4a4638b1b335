/* Small promises about files: whole or not there, and durable when we say so. */
#ifndef TAMIS_PROXY_UTIL_FILES_H
#define TAMIS_PROXY_UTIL_FILES_H

#include <stdbool.h>
#include <stddef.h>

/* Makes the folders above path's last component, mode 0700. 0, or -1 and why (size bytes). */
int  folders_make(const char *path, char *why, size_t size);
/* fsync of the folder that holds path: a rename or a new name in it is durable after. 0, or -1 and errno. */
int  folder_sync(const char *path);
/* Writes all of bytes, over short writes and EINTR. False: errno. */
bool write_all(int fd, const void *bytes, size_t size);
/* path holds bytes, whole and durable, or what it held before: a file beside it, fsync, rename, fsync of the folder.
 * Mode 0600. 0, or -1 and errno. */
int  file_replace(const char *path, const void *bytes, size_t size);

#endif
