/* tamis: an anonymizing log-ingestion proxy. This file is the table of commands. */
#include <stdio.h>
#include <string.h>

#include "proxy/cmd/cmd.h"

#define TAMIS_VERSION "0.1.0"

static const struct command {
  const char *name;
  int (*run)(int argc, char **argv);
  const char *usage, *help;
} commands[] = {
  { "run", cmd_run, "run [-c FILE] [--ports FILE]", "the proxy, in the foreground; SIGHUP reloads, SIGTERM drains and stops" },
  { "check", cmd_check, "check [-c FILE]", "validate the configuration and run the rules' own tests" },
  { "filter", cmd_filter, "filter [-c FILE] [-j N] [--epoch ID] [FILE...]", "filter files or standard input, line by line" },
  { "try", cmd_try, "try [-c FILE] [--json] [--epoch ID] [LINE]", "explain what the rules do to a line" },
  { "keys", cmd_keys, "keys [-c FILE] list|create|rotate|destroy", "the key epochs of the pseudonyms" },
};
enum { COMMANDS = sizeof commands / sizeof commands[0] };

static void usage(FILE *stream) {
  fprintf(stream, "usage: tamis COMMAND [OPTION...]\n");
  for (size_t i = 0; i < COMMANDS; i++) fprintf(stream, "  %-46s %s\n", commands[i].usage, commands[i].help);
}

int main(int argc, char **argv) {
  if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0)) {
    usage(stdout);
    return 0;
  }
  if (argc > 1 && strcmp(argv[1], "--version") == 0) {
    printf("tamis %s\n", TAMIS_VERSION);
    return 0;
  }
  for (size_t i = 0; argc > 1 && i < COMMANDS; i++)
    if (strcmp(argv[1], commands[i].name) == 0) return commands[i].run(argc - 1, argv + 1);
  if (argc > 1) fprintf(stderr, "tamis: unknown command\n");
  usage(stderr);
  return 2;
}
