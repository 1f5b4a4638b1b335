#include "proxy/queue/segment.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <isa-l/crc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAGIC_TEXT = 0x46534d54, WINDOW = 1 << 16 }; /* "TMSF" */

static void put32(uint8_t *at, uint32_t value) {
  value = htole32(value);
  memcpy(at, &value, sizeof value);
}
static void put64(uint8_t *at, uint64_t value) {
  value = htole64(value);
  memcpy(at, &value, sizeof value);
}
static uint32_t get32(const uint8_t *at) {
  uint32_t value;
  memcpy(&value, at, sizeof value);
  return le32toh(value);
}
static uint64_t get64(const uint8_t *at) {
  uint64_t value;
  memcpy(&value, at, sizeof value);
  return le64toh(value);
}

void segment_header_into(const struct segment *segment, uint8_t out[SEGMENT_HEADER]) {
  memset(out, 0, SEGMENT_HEADER);
  snprintf((char *)out, SEGMENT_HEADER - 4, "tamis-segment=1 number=%016llx stream=%s node=%s rules=%s epoch=%s \n",
           (unsigned long long)segment->number, segment->stream, segment->node, segment->rules_hash, segment->epoch);
  put32(out + SEGMENT_HEADER - 4, crc32_gzip_refl(0, out, SEGMENT_HEADER - 4));
}

bool segment_header_read(struct segment *segment, const uint8_t header[SEGMENT_HEADER]) {
  unsigned long long number;
  if (get32(header + SEGMENT_HEADER - 4) != crc32_gzip_refl(0, header, SEGMENT_HEADER - 4)) return false;
  return sscanf((const char *)header, "tamis-segment=1 number=%16llx stream=%64s node=%64s rules=%64s epoch=%31s", &number, segment->stream,
                segment->node, segment->rules_hash, segment->epoch) == 5 &&
         number == segment->number;
}

static void magic_into(uint64_t segment, uint8_t out[8]) {
  put32(out, MAGIC_TEXT);
  put32(out + 4, (uint32_t)segment);
}

static uint32_t frame_crc(const uint8_t header[FRAME_HEADER], const void *bytes, size_t size) {
  uint32_t crc = crc32_gzip_refl(0, header, 20); /* the CRC's own place is left out */
  crc = crc32_gzip_refl(crc, header + 24, FRAME_HEADER - 24);
  return crc32_gzip_refl(crc, bytes, size);
}

void frame_header_into(uint64_t segment, const struct frame *frame, const void *bytes, uint8_t out[FRAME_HEADER]) {
  magic_into(segment, out);
  put32(out + 8, frame->size);
  put32(out + 12, frame->records);
  put32(out + 16, frame->withheld);
  put64(out + 24, (uint64_t)frame->first_ms);
  put64(out + 32, (uint64_t)frame->last_ms);
  put32(out + 20, frame_crc(out, bytes, frame->size));
}

struct scanner {
  int      fd;
  uint64_t size; /* of the file */
  uint64_t number;
  uint8_t *bytes; /* of one frame */
  size_t   room;
};

static bool read_at(const struct scanner *scanner, uint64_t at, void *out, size_t size) {
  char *to = out;
  while (size > 0) {
    ssize_t n = pread(scanner->fd, to, size, (off_t)at);
    if (n < 0 && errno == EINTR) continue;
    if (n == 0) errno = EIO; /* shorter than fstat said */
    if (n <= 0) return false;
    to += n;
    at += (uint64_t)n;
    size -= (size_t)n;
  }
  return true;
}

/* 1: a whole frame starts at byte at; 0: none does; -1: errno. */
static int frame_at(struct scanner *scanner, uint64_t at, struct frame *frame) {
  uint8_t header[FRAME_HEADER], magic[8];
  if (scanner->size - at < FRAME_HEADER) return 0;
  if (!read_at(scanner, at, header, sizeof header)) return -1;
  magic_into(scanner->number, magic);
  frame->size = get32(header + 8);
  if (memcmp(header, magic, sizeof magic) != 0 || frame->size > FRAME_BYTES_MOST || scanner->size - at - FRAME_HEADER < frame->size) return 0;
  if (frame->size > scanner->room) {
    uint8_t *bigger = realloc(scanner->bytes, frame->size);
    if (bigger == NULL) return -1;
    scanner->bytes = bigger;
    scanner->room = frame->size;
  }
  if (!read_at(scanner, at + FRAME_HEADER, scanner->bytes, frame->size)) return -1;
  frame->records = get32(header + 12);
  frame->withheld = get32(header + 16);
  frame->first_ms = (int64_t)get64(header + 24);
  frame->last_ms = (int64_t)get64(header + 32);
  return get32(header + 20) == frame_crc(header, scanner->bytes, frame->size);
}

/* The next place behind at where a magic stands, or the file's size. False: errno. */
static bool magic_behind(const struct scanner *scanner, uint64_t at, uint64_t *found) {
  uint8_t *window = malloc(WINDOW), magic[8];
  bool     good = window != NULL;
  magic_into(scanner->number, magic);
  *found = scanner->size;
  for (at++; good && at < scanner->size && scanner->size - at >= FRAME_HEADER; at += WINDOW - sizeof magic + 1) {
    size_t         size = scanner->size - at < WINDOW ? (size_t)(scanner->size - at) : WINDOW;
    const uint8_t *hit;
    good = read_at(scanner, at, window, size);
    hit = good ? memmem(window, size, magic, sizeof magic) : NULL;
    if (hit != NULL) {
      *found = at + (uint64_t)(hit - window);
      break;
    }
  }
  free(window);
  return good;
}

static void frame_count(struct segment *segment, const struct frame *frame) {
  if (segment->records == 0 || frame->first_ms < segment->first_ms) segment->first_ms = frame->first_ms;
  if (segment->records == 0 || frame->last_ms > segment->last_ms) segment->last_ms = frame->last_ms;
  segment->records += frame->records;
  segment->withheld += frame->withheld;
}

static enum segment_result frames_read(struct scanner *scanner, struct segment *segment, bool (*each)(void *, const char *, size_t), void *context,
                                       struct segment_scan *scan) {
  uint64_t     at = SEGMENT_HEADER;
  struct frame frame;
  scan->good = at;
  while (at < scanner->size) {
    int whole = frame_at(scanner, at, &frame);
    if (whole < 0) return SEGMENT_IO;
    if (whole == 0) {
      if (!magic_behind(scanner, at, &at)) return SEGMENT_IO;
      continue;
    }
    scan->damaged += at - scan->good;
    at += FRAME_HEADER + (uint64_t)frame.size;
    scan->good = at;
    frame_count(segment, &frame);
    if (each != NULL && !each(context, (const char *)scanner->bytes, frame.size)) return SEGMENT_OK;
  }
  if (scan->damaged > 0) return SEGMENT_DAMAGED;
  return scan->good < scanner->size ? SEGMENT_TORN : SEGMENT_OK;
}

enum segment_result segment_read(struct segment *segment, bool (*each)(void *, const char *, size_t), void *context, struct segment_scan *scan) {
  struct scanner      scanner = { .fd = open(segment->path, O_RDONLY | O_CLOEXEC), .number = segment->number };
  struct stat         st;
  uint8_t             header[SEGMENT_HEADER];
  enum segment_result result = SEGMENT_IO;
  int                 error;
  *scan = (struct segment_scan){ 0 };
  segment->records = segment->withheld = 0;
  segment->first_ms = segment->last_ms = 0;
  if (scanner.fd >= 0 && fstat(scanner.fd, &st) == 0) {
    scanner.size = segment->bytes = (uint64_t)st.st_size;
    if (scanner.size < SEGMENT_HEADER) result = SEGMENT_TORN;
    else if (!read_at(&scanner, 0, header, sizeof header)) result = SEGMENT_IO;
    else {
      bool known = segment_header_read(segment, header);
      result = frames_read(&scanner, segment, known ? each : NULL, context, scan);
      if (!known && result != SEGMENT_IO) result = segment->records > 0 ? SEGMENT_DAMAGED : SEGMENT_TORN;
      if (!known) scan->good = 0;
    }
  }
  error = errno;
  if (scanner.fd >= 0) close(scanner.fd);
  free(scanner.bytes);
  errno = error;
  return result;
}
