/* segment: the file format of the local queue, version 1.
 *
 *   header (512 bytes): text of key=value words, NUL padding, CRC-32 of all before it in the last 4 bytes
 *   frame *           : magic 8, size 4, records 4, withheld 4, CRC-32 4, first_ms 8, last_ms 8; then size bytes of NDJSON
 *
 * Integers are little endian. The magic holds the low half of the segment's number and the CRC covers frame header and
 * bytes, so that a frame of an older file in a block used again is no frame here. */
#ifndef TAMIS_PROXY_QUEUE_SEGMENT_H
#define TAMIS_PROXY_QUEUE_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SEGMENT_HEADER = 512, FRAME_HEADER = 40, NAME_MOST = 64 };
#define FRAME_BYTES_MOST ((size_t)1 << 30)

/* A closed segment, as the shipper sees it. */
struct segment {
  uint64_t number; /* unique and rising for this stream and node, also over restarts */
  char     path[512];
  uint64_t bytes; /* of the file */
  uint64_t records, withheld;
  int64_t  first_ms, last_ms; /* epoch */
  char     stream[NAME_MOST + 1], node[NAME_MOST + 1];
  char     rules_hash[65];
  char     epoch[32];
};

struct frame {
  uint32_t size, records, withheld;
  int64_t  first_ms, last_ms;
};

void segment_header_into(const struct segment *segment, uint8_t out[SEGMENT_HEADER]);
/* Fills stream, node, rules_hash and epoch; false: the header is not one of segment->number, or damaged. */
bool segment_header_read(struct segment *segment, const uint8_t header[SEGMENT_HEADER]);
void frame_header_into(uint64_t segment, const struct frame *frame, const void *bytes, uint8_t out[FRAME_HEADER]);

enum segment_result {
  SEGMENT_OK,      /* every frame is whole */
  SEGMENT_TORN,    /* whole up to good bytes; behind them no frame */
  SEGMENT_DAMAGED, /* frames are missing between whole ones, or the header is bad */
  SEGMENT_IO       /* cannot be read: errno */
};
struct segment_scan {
  uint64_t good;    /* bytes up to the end of the last whole frame */
  uint64_t damaged; /* bytes between whole frames that are none */
};
/* Reads the file at segment->path from its header on; gives each whole frame's bytes to each (NULL: count only; false
 * stops), sums records, withheld, first_ms, last_ms into segment. Goes on behind damage at the next whole frame. */
enum segment_result segment_read(struct segment *segment, bool (*each)(void *context, const char *bytes, size_t size), void *context,
                                 struct segment_scan *scan);

#endif
