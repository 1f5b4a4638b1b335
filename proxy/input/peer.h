/* peer: what TCP connections of all kinds share. Private to input/. */
#ifndef TAMIS_PROXY_INPUT_PEER_H
#define TAMIS_PROXY_INPUT_PEER_H

#include "proxy/input/input.h"

struct listener;
struct peer;

struct peer_ops {
  struct peer *(*new)(struct listener *listener);  /* zeroed but for what is its own; NULL: no memory */
  void (*start)(struct peer *peer);                /* the connection is there: begin to read */
  void (*tick)(struct peer *peer, int64_t now_ms); /* each second: limits of time */
  void (*drain)(struct peer *peer);                /* end as soon as what has arrived is taken care of */
  void (*free)(struct peer *peer);                 /* the handle is closed */
};

struct peer {
  uv_tcp_t         tcp;
  struct listener *listener;
  struct peer     *next, **at;
  struct pausable  pausable;
  int64_t          heard_ms; /* monotonic: when the last byte came, or an answer went */
  bool             closing;
};

struct listener {
  struct inputs           *inputs;
  const struct conf_input *conf;
  struct text              name;
  const struct peer_ops   *ops; /* NULL: UDP */
  union {
    uv_tcp_t  tcp;
    uv_poll_t poll;
  } handle;
  bool        open;
  uint16_t    port; /* in use */
  struct udp *udp;
};

struct inputs {
  uv_loop_t         *loop;
  const struct conf *conf;
  struct worker     *worker;
  struct counters   *counters;
  struct listener   *listeners;
  struct peer       *peers;
  size_t             peer_count;
  size_t             body_bytes; /* memory of HTTP bodies that are coming in */
  unsigned           handles;    /* open, peers apart */
  uv_timer_t         tick;
  bool               stopping;
  void (*closed)(void *context);
  void *closed_context;
};

extern const struct peer_ops stream_ops, http_ops;

/* The one place where a connection's handle is closed; ops->free follows on the loop. */
void peer_close(struct peer *peer);

/* UDP: a socket of its own, read in groups (udp.c). */
bool udp_open(struct listener *listener, char *why, size_t size);
void udp_stop(struct listener *listener); /* reads what the kernel still holds */
void udp_free(struct listener *listener);
void inputs_handle_closed(uv_handle_t *handle); /* for uv_close of a listener's handle; data is the listener */

#endif
