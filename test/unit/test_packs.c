/* The rules that come with tamis: they pass their own tests, can be switched off one by one, and give way to an operator's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "conf/conf.h"

static struct conf *conf_of(const char *yaml, struct conf_errors *errors) {
  char         path[] = "/tmp/test_packs_XXXXXX";
  int          fd = mkstemp(path);
  struct conf *conf;
  assert_true(fd >= 0 && write(fd, yaml, strlen(yaml)) == (ssize_t)strlen(yaml));
  close(fd);
  conf = conf_load(path, errors);
  unlink(path);
  return conf;
}

/* "name," for each rule, in order. */
static void rule_names(const struct conf *conf, char *out, size_t room) {
  size_t used = 0;
  out[0] = 0;
  for (size_t i = 0; i < conf->rule_count; i++) used += (size_t)snprintf(out + used, room - used, "%s,", conf->rules[i].spec.name);
}

static void pass_their_own_tests(void **state) {
  struct conf_errors errors = { 0 };
  struct conf       *conf = conf_load(NULL, &errors);
  size_t             tests = 0, run;
  (void)state;
  assert_non_null(conf);
  for (size_t i = 0; i < conf->rule_count; i++) {
    if (conf->rules[i].test_count == 0) print_error("rule %s has no test\n", conf->rules[i].spec.name);
    assert_true(conf->rules[i].builtin && conf->rules[i].test_count > 0);
    assert_non_null(conf->rules[i].spec.detect); /* a pattern costs time on every line */
    tests += conf->rules[i].test_count;
  }
  run = conf_test_rules(conf, &errors);
  if (errors.count > 0) conf_errors_print(&errors, stderr);
  assert_int_equal(errors.count, 0);
  assert_int_equal(run, tests);
  conf_free(conf);
  conf_errors_free(&errors);
}

static void the_default_file_says_the_same(void **state) {
  static char        builtin[4096], file[4096];
  struct conf_errors errors = { 0 };
  struct conf       *conf = conf_load(NULL, &errors);
  (void)state;
  rule_names(conf, builtin, sizeof builtin);
  conf_free(conf);
  conf = conf_load("conf/tamis.yaml", &errors);
  if (conf == NULL) skip(); /* run from elsewhere */
  rule_names(conf, file, sizeof file);
  assert_string_equal(builtin, file);
  conf_free(conf);
  conf_errors_free(&errors);
}

static void can_be_switched_off(void **state) {
  static const struct {
    const char *yaml, *lacks, *has;
  } rows[] = {
    { "packs: {telephony: false}", "typed-digits,", "cookies," }, { "packs: {web: false}", "cookies,", "typed-digits," },
    { "packs: {mail: false}", "mail-subjects,", "cookies," },     { "packs: {system: false}", "system-users,", "cookies," },
    { "packs: {business: false}", "bank-accounts,", "cookies," }, { "rules: []\npacks: {web: true}", "phone-numbers,", "cookies," },
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct conf_errors errors = { 0 };
    struct conf       *conf = conf_of(rows[i].yaml, &errors);
    char               names[4096];
    assert_non_null(conf);
    rule_names(conf, names, sizeof names);
    assert_null(strstr(names, rows[i].lacks));
    assert_non_null(strstr(names, rows[i].has));
    conf_test_rules(conf, &errors); /* the tests of one pack need no other */
    if (errors.count > 0) conf_errors_print(&errors, stderr);
    assert_int_equal(errors.count, 0);
    conf_free(conf);
    conf_errors_free(&errors);
  }
}

static void give_way_to_an_operators_rule(void **state) {
  struct conf_errors errors = { 0 };
  struct conf       *conf = conf_of("rules:\n  - {name: imei, detect: imei, action: strip, tag: gone}\n", &errors);
  size_t             found = 0;
  (void)state;
  assert_non_null(conf);
  for (size_t i = 0; i < conf->rule_count; i++) {
    if (strcmp(conf->rules[i].spec.name, "imei") != 0) continue;
    found++;
    assert_false(conf->rules[i].builtin);
    assert_int_equal(i, 0);
  }
  assert_int_equal(found, 1);
  assert_int_equal(conf_test_rules(conf, &errors), 0); /* a pack's tests say nothing beside rules of the operator's own */
  conf_free(conf);
  conf_errors_free(&errors);
}

static void unknown_ones_are_refused(void **state) {
  struct conf_errors errors = { 0 };
  (void)state;
  assert_null(conf_of("packs:\n  webb: false\n  mail: maybe\n", &errors));
  assert_int_equal(errors.count, 2);
  assert_string_equal(errors.list[0].text, "packs: unknown key \"webb\"; did you mean \"web\"?");
  assert_int_equal(errors.list[0].line, 2);
  assert_string_equal(errors.list[1].text, "packs: true or false is expected");
  conf_errors_free(&errors);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(pass_their_own_tests),          cmocka_unit_test(the_default_file_says_the_same), cmocka_unit_test(can_be_switched_off),
    cmocka_unit_test(give_way_to_an_operators_rule), cmocka_unit_test(unknown_ones_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
