#include <stdio.h>
#include <stdlib.h>

#include "proxy/input/peer.h"
#include "proxy/util/log.h"

enum { BACKLOG = 511, TICK_MS = 1000 };

static void closed_check(struct inputs *inputs) {
  if (inputs->handles == 0 && inputs->peers == NULL && inputs->closed != NULL) inputs->closed(inputs->closed_context);
}

static void on_peer_closed(uv_handle_t *handle) {
  struct peer   *peer = handle->data;
  struct inputs *inputs = peer->listener->inputs;
  *peer->at = peer->next;
  if (peer->next != NULL) peer->next->at = peer->at;
  inputs->peer_count--;
  peer->listener->ops->free(peer);
  closed_check(inputs);
}

void peer_close(struct peer *peer) {
  if (peer->closing) return;
  peer->closing = true;
  worker_unwait(&peer->pausable);
  uv_close((uv_handle_t *)&peer->tcp, on_peer_closed);
}

void inputs_handle_closed(uv_handle_t *handle) {
  struct listener *listener = handle->data;
  listener->open = false;
  listener->inputs->handles--;
  closed_check(listener->inputs);
}

static void on_connection(uv_stream_t *server, int status) {
  struct listener *listener = server->data;
  struct inputs   *inputs = listener->inputs;
  struct peer     *peer;
  if (status != 0 || inputs->stopping) return;
  peer = listener->ops->new (listener);
  if (peer == NULL) return; /* the kernel keeps the connection until there is memory */
  if (uv_tcp_init(inputs->loop, &peer->tcp) != 0) {
    listener->ops->free(peer);
    return;
  }
  peer->tcp.data = peer;
  peer->listener = listener;
  peer->heard_ms = clock_monotonic_ms();
  peer->next = inputs->peers;
  peer->at = &inputs->peers;
  if (peer->next != NULL) peer->next->at = &peer->next;
  inputs->peers = peer;
  inputs->peer_count++;
  if (uv_accept(server, (uv_stream_t *)&peer->tcp) != 0) {
    peer_close(peer);
    return;
  }
  if (inputs->peer_count > inputs->conf->limits.connections) {
    inputs->counters->connections_refused++;
    peer_close(peer);
    return;
  }
  inputs->counters->connections++;
  uv_tcp_nodelay(&peer->tcp, 1);
  uv_tcp_keepalive(&peer->tcp, 1, 60);
  listener->ops->start(peer);
}

/* Peers close later, on the loop: the list stays while it is walked. */
static void on_tick(uv_timer_t *timer) {
  struct inputs *inputs = timer->data;
  int64_t        now = clock_monotonic_ms();
  for (struct peer *peer = inputs->peers; peer != NULL; peer = peer->next)
    if (!peer->closing) peer->listener->ops->tick(peer, now);
}

static bool tcp_open(struct listener *listener, char *why, size_t size) {
  struct sockaddr_storage address;
  int                     length = sizeof address, error;
  uv_tcp_t               *tcp = &listener->handle.tcp;
  error = uv_tcp_init(listener->inputs->loop, tcp);
  if (error != 0) goto failed;
  tcp->data = listener;
  listener->open = true;
  listener->inputs->handles++;
  error = uv_ip4_addr(listener->conf->address, listener->conf->port, (struct sockaddr_in *)&address) == 0
              ? 0
              : uv_ip6_addr(listener->conf->address, listener->conf->port, (struct sockaddr_in6 *)&address);
  if (error == 0) error = uv_tcp_bind(tcp, (struct sockaddr *)&address, 0);
  if (error == 0) error = uv_listen((uv_stream_t *)tcp, BACKLOG, on_connection);
  if (error == 0) error = uv_tcp_getsockname(tcp, (struct sockaddr *)&address, &length);
  if (error != 0) goto failed;
  listener->port = ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port : ((struct sockaddr_in *)&address)->sin_port);
  return true;
failed:
  snprintf(why, size, "input %s: cannot listen on %s port %u (TCP): %s%s", listener->conf->name, listener->conf->address, listener->conf->port,
           uv_strerror(error), error == UV_EADDRINUSE ? ": stop the program that has it, or set another port" : "");
  return false;
}

static bool listener_open(struct listener *listener, char *why, size_t size) {
  listener->name = text_of(listener->conf->name);
  if (listener->conf->transport == CONF_UDP) return udp_open(listener, why, size);
  listener->ops = listener->conf->kind == CONF_INPUT_HTTP ? &http_ops : &stream_ops;
  return tcp_open(listener, why, size);
}

static void on_tick_closed(uv_handle_t *handle) {
  struct inputs *inputs = handle->data;
  inputs->handles--;
  closed_check(inputs);
}

static void free_closed(void *context) { inputs_free(context); }

struct inputs *inputs_open(uv_loop_t *loop, const struct conf *conf, struct worker *worker, char *why, size_t size) {
  struct inputs *inputs = calloc(1, sizeof *inputs);
  snprintf(why, size, "no memory");
  if (inputs == NULL) return NULL;
  inputs->listeners = calloc(conf->input_count + 1, sizeof *inputs->listeners);
  if (inputs->listeners == NULL) {
    free(inputs);
    return NULL;
  }
  inputs->loop = loop;
  inputs->conf = conf;
  inputs->worker = worker;
  inputs->counters = worker_counters(worker);
  uv_timer_init(loop, &inputs->tick);
  inputs->tick.data = inputs;
  inputs->handles = 1;
  uv_timer_start(&inputs->tick, on_tick, TICK_MS, TICK_MS);
  for (size_t i = 0; i < conf->input_count; i++) {
    inputs->listeners[i].inputs = inputs;
    inputs->listeners[i].conf = &conf->inputs[i];
    if (listener_open(&inputs->listeners[i], why, size)) continue;
    inputs_stop(inputs, free_closed, inputs); /* on the loop, which the caller runs to its end */
    return NULL;
  }
  return inputs;
}

void inputs_stop(struct inputs *inputs, void (*closed)(void *context), void *context) {
  inputs->stopping = true;
  inputs->closed = closed;
  inputs->closed_context = context;
  for (size_t i = 0; i < inputs->conf->input_count; i++) {
    struct listener *listener = &inputs->listeners[i];
    if (!listener->open) continue;
    if (listener->ops == NULL) udp_stop(listener);
    else uv_close((uv_handle_t *)&listener->handle.tcp, inputs_handle_closed);
  }
  for (struct peer *peer = inputs->peers; peer != NULL; peer = peer->next)
    if (!peer->closing) peer->listener->ops->drain(peer);
  uv_close((uv_handle_t *)&inputs->tick, on_tick_closed);
}

void inputs_cut(struct inputs *inputs) {
  for (struct peer *peer = inputs->peers; peer != NULL; peer = peer->next) peer_close(peer);
}

void inputs_free(struct inputs *inputs) {
  if (inputs == NULL) return;
  for (size_t i = 0; i < inputs->conf->input_count; i++) udp_free(&inputs->listeners[i]);
  free(inputs->listeners);
  free(inputs);
}

uint16_t inputs_port(const struct inputs *inputs, size_t i) { return inputs->listeners[i].port; }
