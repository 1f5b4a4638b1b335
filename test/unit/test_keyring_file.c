/* A keyring on disk over years of one schedule: what is made when, what stays, what a node does that may not write. The
 * clock is the test's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "proxy/util/keyring_file.h"

static struct keyring_source source;
static char                  folder[] = "/tmp/tamis-keyring-XXXXXX";

static int64_t at(const char *stamp) {
  int64_t at_s = -1;
  assert_true(stamp_parse(text_of(stamp), &at_s));
  return at_s;
}

static int ring_none(void **state) {
  (void)state;
  snprintf(source.path, sizeof source.path, "%s/keys/ring", folder);
  source.credential = false;
  return unlink(source.path) == 0 || access(source.path, F_OK) != 0 ? 0 : -1;
}

/* The ids of the ring that is loaded at now, each with a space behind; its result, and the epoch in force. */
static struct loaded {
  enum keyring_result result;
  char                ids[256], current[EPOCH_ID_MOST + 1], why[512];
  uint8_t             key[KEY_BYTES];
} load(const char *now, struct keyring_policy policy) {
  struct loaded       loaded = { 0 };
  struct keyring      ring;
  const struct epoch *current;
  loaded.result = keyring_load(&source, &policy, at(now), &ring, loaded.why, sizeof loaded.why);
  for (size_t i = 0; i < ring.count; i++) {
    strcat(loaded.ids, ring.epochs[i].id);
    strcat(loaded.ids, " ");
  }
  current = keyring_at(&ring, at(now));
  if (current != NULL) {
    memcpy(loaded.current, current->id, sizeof loaded.current);
    memcpy(loaded.key, current->key, KEY_BYTES);
  }
  keyring_wipe(&ring);
  return loaded;
}

#define MAKES(period, ahead) ((struct keyring_policy){ period, ahead, true })
#define READS(period, ahead) ((struct keyring_policy){ period, ahead, false })

static const struct {
  const char           *says, *now;
  struct keyring_policy policy;
  enum keyring_result   result;
  const char           *current, *ids;
} steps[] = {
  { "the first start", "2026-11-24T08:30:00Z", MAKES(PERIOD_MONTHLY, 1), KEYRING_GOOD, "2026-11", "2026-11 2026-12 " },
  { "a month's last second", "2026-11-30T23:59:59Z", MAKES(PERIOD_MONTHLY, 1), KEYRING_GOOD, "2026-11", "2026-11 2026-12 " },
  { "the next month's first", "2026-12-01T00:00:00Z", MAKES(PERIOD_MONTHLY, 1), KEYRING_GOOD, "2026-12", "2026-11 2026-12 2027-01 " },
  { "back by a clock that was set", "2026-11-30T23:59:59Z", MAKES(PERIOD_MONTHLY, 1), KEYRING_GOOD, "2026-11", "2026-11 2026-12 2027-01 " },
  { "a node that reads finds the next one there", "2026-12-31T23:59:59Z", READS(PERIOD_MONTHLY, 3), KEYRING_GOOD, "2026-12",
    "2026-11 2026-12 2027-01 " },
  { "and says ahead that one will be missing", "2027-01-01T00:00:00Z", READS(PERIOD_MONTHLY, 3), KEYRING_SHORT, "2027-01",
    "2026-11 2026-12 2027-01 " },
  { "the last one stays in force", "2027-02-01T00:00:00Z", READS(PERIOD_MONTHLY, 3), KEYRING_SHORT, "2027-01", "2026-11 2026-12 2027-01 " },
  { "nothing ahead is asked for, nothing is said", "2027-01-31T23:59:59Z", READS(PERIOD_MONTHLY, 0), KEYRING_GOOD, "2027-01",
    "2026-11 2026-12 2027-01 " },
  { "made late: it begins then", "2027-02-03T04:05:06Z", MAKES(PERIOD_MONTHLY, 0), KEYRING_GOOD, "2027-02", "2026-11 2026-12 2027-01 2027-02 " },
  { "before it began the last one was in force", "2027-02-03T04:05:05Z", READS(PERIOD_MONTHLY, 0), KEYRING_GOOD, "2027-01",
    "2026-11 2026-12 2027-01 2027-02 " },
  { "weeks from now on", "2027-02-10T00:00:00Z", MAKES(PERIOD_WEEKLY, 1), KEYRING_GOOD, "2027-W06",
    "2026-11 2026-12 2027-01 2027-02 2027-W06 2027-W07 " },
  { "never again", "2037-02-10T00:00:00Z", MAKES(PERIOD_NEVER, 9), KEYRING_GOOD, "2027-W07", "2026-11 2026-12 2027-01 2027-02 2027-W06 2027-W07 " },
};

static void a_ring_over_the_years(void **state) {
  uint8_t first[KEY_BYTES];
  (void)state;
  for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
    struct loaded loaded = load(steps[i].now, steps[i].policy);
    if (loaded.result != steps[i].result || strcmp(loaded.current, steps[i].current) != 0 || strcmp(loaded.ids, steps[i].ids) != 0)
      fail_msg("%s: result %d, %s of %s: %s", steps[i].says, loaded.result, loaded.current, loaded.ids, loaded.why);
    if (i == 0) memcpy(first, loaded.key, KEY_BYTES);
    if (strcmp(loaded.current, "2026-11") == 0) assert_memory_equal(loaded.key, first, KEY_BYTES);
    else assert_memory_not_equal(loaded.key, first, KEY_BYTES);
  }
}

static void who_may_not_write_needs_a_ring(void **state) {
  struct loaded loaded = load("2026-11-24T08:30:00Z", READS(PERIOD_MONTHLY, 1));
  (void)state;
  assert_int_equal(loaded.result, KEYRING_BAD);
  assert_non_null(strstr(loaded.why, "there is no keyring: tamis keys create"));
  source.credential = true;
  assert_int_equal(load("2026-11-24T08:30:00Z", MAKES(PERIOD_MONTHLY, 1)).result, KEYRING_BAD);
  assert_int_not_equal(access(source.path, F_OK), 0);
}

/* The folder's name leads to a file: nothing can be written there, and there is nothing to read. */
static void a_ring_that_cannot_be_made_is_said(void **state) {
  struct loaded loaded;
  (void)state;
  load("2026-11-24T08:30:00Z", MAKES(PERIOD_MONTHLY, 1));
  strcat(source.path, "/ring");
  loaded = load("2026-11-24T08:30:00Z", MAKES(PERIOD_MONTHLY, 1));
  assert_int_equal(loaded.result, KEYRING_BAD);
  assert_non_null(strstr(loaded.why, "Not a directory"));
}

/* The ring has a second name, so it is never replaced: it is used as it is, and what is missing is said. */
static void a_ring_that_cannot_be_written_is_used(void **state) {
  char          other[4200];
  struct loaded loaded;
  (void)state;
  load("2026-11-24T08:30:00Z", MAKES(PERIOD_MONTHLY, 0));
  snprintf(other, sizeof other, "%s.copy", source.path);
  assert_int_equal(link(source.path, other), 0);
  loaded = load("2027-01-01T00:00:00Z", MAKES(PERIOD_MONTHLY, 0));
  unlink(other);
  assert_int_equal(loaded.result, KEYRING_SHORT);
  assert_string_equal(loaded.current, "2026-11");
  assert_non_null(strstr(loaded.why, "epoch 2027-01, from 2027-01-01T00:00:00Z on, is missing"));
  assert_non_null(strstr(loaded.why, "2026-11 stays in force"));
}

static int folder_make(void **state) {
  (void)state;
  return mkdtemp(folder) != NULL ? 0 : -1;
}

static int folder_remove(void **state) {
  char keys[64];
  (void)state;
  ring_none(state);
  snprintf(keys, sizeof keys, "%s/keys", folder);
  return rmdir(keys) == 0 && rmdir(folder) == 0 ? 0 : -1; /* nothing is left beside the ring */
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup(a_ring_over_the_years, ring_none),
    cmocka_unit_test_setup(who_may_not_write_needs_a_ring, ring_none),
    cmocka_unit_test_setup(a_ring_that_cannot_be_made_is_said, ring_none),
    cmocka_unit_test_setup(a_ring_that_cannot_be_written_is_used, ring_none),
  };
  return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
