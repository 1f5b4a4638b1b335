/* Syslog over UDP (RFC 5426): one datagram, one record. Datagrams are read in groups by recvmmsg; what the kernel had to
 * drop for want of room is counted from its own counter (SO_RXQ_OVFL). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proxy/input/peer.h"
#include "proxy/util/log.h"

enum { GROUP = 64, DATAGRAM_MOST = 65536, GROUPS_A_TURN = 16, KERNEL_BUFFER = 8 << 20 };

struct udp {
  int              fd;
  uint32_t         dropped; /* the kernel's count, as last read; it wraps */
  struct pausable  pausable;
  struct listener *listener;
  struct mmsghdr   messages[GROUP];
  struct iovec     parts[GROUP];
  char             control[GROUP][CMSG_SPACE(sizeof(uint32_t))];
  char             bytes[GROUP][DATAGRAM_MOST]; /* touched only as far as datagrams are long */
};

static void overflow_count(struct udp *udp, struct msghdr *header) {
  for (struct cmsghdr *part = CMSG_FIRSTHDR(header); part != NULL; part = CMSG_NXTHDR(header, part)) {
    uint32_t dropped;
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SO_RXQ_OVFL) continue;
    memcpy(&dropped, CMSG_DATA(part), sizeof dropped);
    udp->listener->inputs->counters->udp_overflow += (uint32_t)(dropped - udp->dropped);
    udp->dropped = dropped;
  }
}

/* The number of datagrams, 0 when none waits. */
static int group_read(struct udp *udp) {
  struct listener *listener = udp->listener;
  struct origin    origin;
  int              count;
  for (int i = 0; i < GROUP; i++) udp->messages[i].msg_hdr.msg_controllen = sizeof udp->control[i];
  count = recvmmsg(udp->fd, udp->messages, GROUP, MSG_DONTWAIT, NULL);
  if (count > 0) origin = worker_origin(listener->inputs->worker, listener->name);
  for (int i = 0; i < count; i++) {
    struct text datagram = { udp->bytes[i], udp->messages[i].msg_len };
    overflow_count(udp, &udp->messages[i].msg_hdr);
    while (datagram.size > 0 && (datagram.at[datagram.size - 1] == '\n' || datagram.at[datagram.size - 1] == 0)) datagram.size--;
    if (datagram.size > 0) worker_syslog(listener->inputs->worker, &origin, datagram);
  }
  return count > 0 ? count : 0;
}

static void on_readable(uv_poll_t *poll, int status, int events) {
  struct listener *listener = poll->data;
  struct udp      *udp = listener->udp;
  (void)status, (void)events;
  for (int i = 0; i < GROUPS_A_TURN && !worker_paused(listener->inputs->worker); i++)
    if (group_read(udp) < GROUP) break;
  if (!worker_paused(listener->inputs->worker)) return;
  uv_poll_stop(poll);
  worker_wait(listener->inputs->worker, &udp->pausable);
}

static void on_resume(struct pausable *pausable) {
  struct udp *udp = (struct udp *)((char *)pausable - offsetof(struct udp, pausable));
  uv_poll_start(&udp->listener->handle.poll, UV_READABLE, on_readable);
}

static int socket_open(struct listener *listener) {
  struct sockaddr_storage address;
  socklen_t               length;
  int                     fd, one = 1, size = KERNEL_BUFFER;
  bool                    v4 = uv_ip4_addr(listener->conf->address, listener->conf->port, (struct sockaddr_in *)&address) == 0;
  if (!v4 && uv_ip6_addr(listener->conf->address, listener->conf->port, (struct sockaddr_in6 *)&address) != 0) {
    errno = EINVAL;
    return -1;
  }
  length = v4 ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
  fd = socket(address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -1;
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0) setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &one, sizeof one);
  if (bind(fd, (struct sockaddr *)&address, length) == 0 && getsockname(fd, (struct sockaddr *)&address, &length) == 0) {
    listener->port = ntohs(v4 ? ((struct sockaddr_in *)&address)->sin_port : ((struct sockaddr_in6 *)&address)->sin6_port);
    return fd;
  }
  size = errno;
  close(fd);
  errno = size;
  return -1;
}

bool udp_open(struct listener *listener, char *why, size_t size) {
  struct udp *udp = malloc(sizeof *udp);
  int         error;
  if (udp == NULL) return snprintf(why, size, "no memory"), false;
  memset(udp, 0, offsetof(struct udp, bytes));
  listener->udp = udp;
  udp->listener = listener;
  udp->pausable.resume = on_resume;
  for (int i = 0; i < GROUP; i++) {
    udp->parts[i] = (struct iovec){ udp->bytes[i], DATAGRAM_MOST };
    udp->messages[i].msg_hdr = (struct msghdr){ .msg_iov = &udp->parts[i], .msg_iovlen = 1, .msg_control = udp->control[i] };
  }
  udp->fd = socket_open(listener);
  if (udp->fd < 0) {
    error = errno;
    snprintf(why, size, "input %s: cannot listen on %s port %u (UDP): %s%s", listener->conf->name, listener->conf->address, listener->conf->port,
             strerror(error), error == EADDRINUSE ? ": stop the program that has it, or set another port" : "");
    return false;
  }
  uv_poll_init(listener->inputs->loop, &listener->handle.poll, udp->fd);
  listener->handle.poll.data = listener;
  listener->open = true;
  listener->inputs->handles++;
  uv_poll_start(&listener->handle.poll, UV_READABLE, on_readable);
  return true;
}

void udp_stop(struct listener *listener) {
  while (group_read(listener->udp) > 0) continue;
  worker_unwait(&listener->udp->pausable);
  uv_close((uv_handle_t *)&listener->handle.poll, inputs_handle_closed);
}

void udp_free(struct listener *listener) {
  if (listener->udp == NULL) return;
  if (listener->udp->fd >= 0) close(listener->udp->fd);
  free(listener->udp);
  listener->udp = NULL;
}
