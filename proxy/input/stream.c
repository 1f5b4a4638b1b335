/* Syslog over TCP (RFC 6587), octet counted or LF framed, decided for each frame. Nothing is answered: back-pressure is
 * that reading stops.
 *
 *   reading ◀──▶ paused: the worker asks
 *      └──▶ closed ◀──┘: end of stream, absurd count, limits.idle, or stop, which first takes what the kernel holds */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "proxy/input/peer.h"
#include "proxy/util/log.h"
#include "proxy/wire/wire.h"

enum { FIRST_ROOM = 16384, HEADER = 16 /* an octet count and its space */, DRAIN_MOST = 16 << 20 };

struct stream {
  struct peer    peer; /* first: they are cast */
  struct framing framing;
  char          *bytes;
  size_t         used, room, most;
  bool           filled; /* the last read took all the room there was */
};

static struct stream *stream_of(struct peer *peer) { return (struct stream *)peer; }

static struct peer *stream_new(struct listener *listener) {
  struct stream *stream = calloc(1, sizeof *stream);
  if (stream == NULL) return NULL;
  stream->framing.most = listener->inputs->conf->limits.record_bytes;
  stream->most = stream->framing.most + HEADER;
  stream->room = FIRST_ROOM < stream->most ? FIRST_ROOM : stream->most;
  stream->bytes = malloc(stream->room);
  if (stream->bytes != NULL) return &stream->peer;
  free(stream);
  return NULL;
}

static void stream_free(struct peer *peer) {
  free(stream_of(peer)->bytes);
  free(peer);
}

static void frames_take(struct stream *stream) {
  struct inputs *inputs = stream->peer.listener->inputs;
  struct origin  origin = worker_origin(inputs->worker, stream->peer.listener->name);
  struct text    frame;
  size_t         at = 0, used;
  for (;;) {
    enum frame_result result = frame_next(&stream->framing, (struct text){ stream->bytes + at, stream->used - at }, &frame, &used);
    at += used;
    if (result == FRAME_ONE) {
      worker_syslog(inputs->worker, &origin, frame);
      continue;
    }
    if (result == FRAME_LONG) {
      inputs->counters->frames_long++;
      worker_stub(inputs->worker, &origin, "limits.record_bytes", used);
      continue;
    }
    if (result == FRAME_BAD) {
      inputs->counters->frames_bad++;
      worker_stub(inputs->worker, &origin, "octet-count", stream->used - at);
      log_warn("input.frame", "input=%s cause=absurd-octet-count do=check-the-sender closed=1", stream->peer.listener->conf->name);
      stream->used = 0;
      peer_close(&stream->peer);
      return;
    }
    break;
  }
  stream->used -= at;
  memmove(stream->bytes, stream->bytes + at, stream->used);
}

static void stream_end(struct stream *stream) {
  struct inputs *inputs = stream->peer.listener->inputs;
  struct origin  origin = worker_origin(inputs->worker, stream->peer.listener->name);
  struct text    frame;
  switch (frame_end(&stream->framing, (struct text){ stream->bytes, stream->used }, &frame)) {
  case FRAME_ONE: worker_syslog(inputs->worker, &origin, frame); break;
  case FRAME_BAD:
    inputs->counters->frames_cut++;
    worker_stub(inputs->worker, &origin, "cut-frame", stream->used);
    break;
  case FRAME_MORE:
  case FRAME_LONG: break;
  }
  stream->used = 0;
  peer_close(&stream->peer);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer) {
  struct stream *stream = stream_of(handle->data);
  (void)suggested;
  if ((stream->room - stream->used < stream->room / 4 || stream->filled) && stream->room < stream->most) {
    size_t room = 2 * stream->room < stream->most ? 2 * stream->room : stream->most;
    char  *bigger = realloc(stream->bytes, room);
    if (bigger != NULL) {
      stream->bytes = bigger;
      stream->room = room;
    }
  }
  *buffer = uv_buf_init(stream->bytes + stream->used, (unsigned)(stream->room - stream->used));
}

static void on_read(uv_stream_t *handle, ssize_t n, const uv_buf_t *buffer) {
  struct stream *stream = stream_of(handle->data);
  struct worker *worker = stream->peer.listener->inputs->worker;
  (void)buffer;
  if (n < 0) {
    stream_end(stream);
    return;
  }
  if (n == 0) return;
  stream->used += (size_t)n;
  stream->filled = stream->used == stream->room;
  stream->peer.heard_ms = clock_monotonic_ms();
  frames_take(stream);
  if (!stream->peer.closing && worker_paused(worker)) {
    uv_read_stop(handle);
    worker_wait(worker, &stream->peer.pausable);
  }
}

static void stream_read(struct stream *stream) { uv_read_start((uv_stream_t *)&stream->peer.tcp, on_alloc, on_read); }

static void on_resume(struct pausable *pausable) {
  struct peer *peer = (struct peer *)((char *)pausable - offsetof(struct peer, pausable));
  peer->heard_ms = clock_monotonic_ms();
  stream_read(stream_of(peer));
}

static void stream_start(struct peer *peer) {
  peer->pausable.resume = on_resume;
  stream_read(stream_of(peer));
}

static void stream_tick(struct peer *peer, int64_t now_ms) {
  if (peer->pausable.at != NULL || now_ms - peer->heard_ms < peer->listener->inputs->conf->limits.idle_ms) return;
  peer->listener->inputs->counters->connections_idle++;
  stream_end(stream_of(peer));
}

/* On stop: takes what has arrived; a sender that goes on sending is cut off at DRAIN_MOST bytes. */
static void stream_drain(struct peer *peer) {
  struct stream *stream = stream_of(peer);
  size_t         total = 0;
  uv_os_fd_t     fd;
  if (uv_fileno((uv_handle_t *)&peer->tcp, &fd) != 0) {
    stream_end(stream);
    return;
  }
  while (total < DRAIN_MOST && !peer->closing) {
    uv_buf_t buffer;
    ssize_t  n;
    on_alloc((uv_handle_t *)&peer->tcp, 0, &buffer);
    n = recv(fd, buffer.base, buffer.len, MSG_DONTWAIT);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    total += (size_t)n;
    stream->used += (size_t)n;
    frames_take(stream);
  }
  if (!peer->closing) stream_end(stream);
}

const struct peer_ops stream_ops = { stream_new, stream_start, stream_tick, stream_drain, stream_free };
