/* What happened since the start, one row each; no label ever holds a byte of a record. One thread writes (the loop's). */
#ifndef TAMIS_PROXY_PIPELINE_COUNTERS_H
#define TAMIS_PROXY_PIPELINE_COUNTERS_H

#include <stdint.h>

#define COUNTERS(X)                                                                                                                                  \
  X(received, "records that arrived")                                                                                                                \
  X(stored, "records that are durable, stubs included")                                                                                              \
  X(withheld, "records that a stub stands for")                                                                                                      \
  X(dropped, "records that a rule dropped")                                                                                                          \
  X(lost, "records given up for want of memory")                                                                                                     \
  X(udp_overflow, "datagrams the kernel dropped: its buffer was full")                                                                               \
  X(frames_long, "frames longer than limits.record_bytes: withheld")                                                                                 \
  X(frames_bad, "streams closed for an absurd octet count")                                                                                          \
  X(frames_cut, "streams that ended inside a frame")                                                                                                 \
  X(connections, "connections accepted")                                                                                                             \
  X(connections_refused, "connections over limits.connections")                                                                                      \
  X(connections_idle, "connections closed by limits.idle or limits.request")                                                                         \
  X(http_requests, "HTTP requests answered 2xx")                                                                                                     \
  X(http_refused, "HTTP requests answered 4xx")                                                                                                      \
  X(http_busy, "HTTP requests answered 503")                                                                                                         \
  X(pauses, "times that reading stopped for the queue")

struct counters {
#define X(name, help) uint64_t name;
  COUNTERS(X)
#undef X
};

#endif
