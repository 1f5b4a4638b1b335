/* rotation: the epoch in force follows the clock.
 *
 *   timer ─▶ an epoch or a period begins, or the clock was set back ─▶ keyring read, completed ─▶ rules with the new key
 *
 * Which epoch is in force is a function of the keyring and the clock alone. Where a new one cannot be read or made, the
 * one in force stays, with a warning. Keys of epochs that are over leave the memory. */
#ifndef TAMIS_PROXY_CMD_ROTATION_H
#define TAMIS_PROXY_CMD_ROTATION_H

#include <uv.h>

#include "proxy/cmd/common.h"
#include "proxy/pipeline/worker.h"

struct rotation {
  struct cmd_engine *engine; /* in force; its ring and its rules are replaced here */
  struct worker     *worker;
  uv_timer_t         timer;
  int64_t            seen_s; /* the last look at the clock */
  int64_t            due_s;  /* the next look at the keyring */
};

/* engine and worker outlive it; engine's conf may be replaced when rotation_again is called after. */
void rotation_start(struct rotation *rotation, uv_loop_t *loop, struct cmd_engine *engine, struct worker *worker);
/* engine was replaced by one just opened: its keyring is the newest. */
void rotation_again(struct rotation *rotation);
void rotation_rekeyed_log(const char *epoch);   /* cmd_epoch_rekeyed is true */
void rotation_close(struct rotation *rotation); /* the timer's memory ends when the loop has closed it */

#endif
