/* input: the listeners. Bytes come in, frames and requests go to the worker; on the loop's thread alone.
 *
 *   listener ── accept ──▶ peer (stream.c: syslog over TCP; http.c) ── frames ──▶ worker
 *   listener (udp.c) ── datagrams ──────────────────────────────────────────────▶ worker
 *
 * At limits.ack_bytes, or when the queue refuses, TCP stops reading, HTTP answers 503, UDP is left to the kernel's buffer,
 * whose overflow is counted. */
#ifndef TAMIS_PROXY_INPUT_INPUT_H
#define TAMIS_PROXY_INPUT_INPUT_H

#include "conf/conf.h"
#include "proxy/pipeline/worker.h"

struct inputs;

/* Opens every input of conf; conf and worker outlive it. NULL: why says which and what to do; the loop has to be run once
 * more, to close what was opened. */
struct inputs *inputs_open(uv_loop_t *loop, const struct conf *conf, struct worker *worker, char *why, size_t size);
/* Takes no new connections, reads what has arrived, answers what is under way, closes. closed is called on the loop when
 * nothing is open any more. */
void           inputs_stop(struct inputs *inputs, void (*closed)(void *context), void *context);
void           inputs_cut(struct inputs *inputs);  /* the time to drain is over: closes all at once */
void           inputs_free(struct inputs *inputs); /* after closed; NULL is accepted */

/* The address and the port in use of input i, for messages; port 0 in the configuration became a free one. */
uint16_t inputs_port(const struct inputs *inputs, size_t i);

#endif
