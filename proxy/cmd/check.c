/* tamis check [-c FILE]: the configuration and the rules' own tests, every error with its place; then warnings, which leave
 * the status 0. Touches no key. */
#include <getopt.h>
#include <stdio.h>

#include "conf/review.h"
#include "proxy/cmd/cmd.h"
#include "proxy/cmd/common.h"

int cmd_check(int argc, char **argv) {
  struct conf_errors errors = { 0 }, warnings = { 0 };
  struct conf       *conf;
  const char        *file = NULL;
  size_t             tests = 0;
  int                option, status = 2;
  while ((option = getopt(argc, argv, "c:")) != -1) {
    if (option == 'c') file = optarg;
    else return cmd_usage("check [-c FILE]");
  }
  if (optind < argc) return cmd_usage("check [-c FILE]");
  conf = conf_load(file, &errors);
  if (conf != NULL) tests = conf_test_rules(conf, &errors);
  if (errors.count > 0) {
    conf_errors_print(&errors, stderr);
    fprintf(stderr, "%s: %zu error%s\n", file != NULL ? file : "built-in defaults", errors.count, errors.count == 1 ? "" : "s");
  } else {
    conf_review_rules(conf, &warnings);
    conf_errors_print(&warnings, stderr);
    printf("%s: good: %zu inputs, %zu rules, %zu tests passed", file != NULL ? file : "built-in defaults", conf->input_count, conf->rule_count,
           tests);
    if (warnings.count > 0) printf(", %zu warning%s", warnings.count, warnings.count == 1 ? "" : "s");
    putchar('\n');
    status = 0;
  }
  conf_free(conf);
  conf_errors_free(&errors);
  conf_errors_free(&warnings);
  return status;
}
