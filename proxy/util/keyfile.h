/* The key of an epoch in a file: 64 hexadecimal digits and LF, mode 0600. */
#ifndef TAMIS_PROXY_UTIL_KEYFILE_H
#define TAMIS_PROXY_UTIL_KEYFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads the 32-byte key at path; where there is no file and create is set, makes one from the kernel's random bytes
 * (folders 0700, file 0600, synced). Refuses a file that others may read. 0, or -1 and why (size bytes). The caller wipes
 * key. */
int keyfile_load(const char *path, bool create, uint8_t key[32], char *why, size_t size);

#endif
