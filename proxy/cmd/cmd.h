/* The commands: each reads its own options; returns the exit status (0 success, 1 the checked thing is bad, 2 usage or
 * configuration error). */
#ifndef TAMIS_PROXY_CMD_CMD_H
#define TAMIS_PROXY_CMD_CMD_H

int cmd_check(int argc, char **argv);
int cmd_filter(int argc, char **argv);
int cmd_keys(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_try(int argc, char **argv);

#endif
