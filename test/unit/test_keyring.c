/* Key epochs: the calendar's periods, the ring as text, which epoch an instant has, what a schedule wants. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "filters/keyring.h"

#define KEY_A "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define KEY_B "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeffe0e1e2e3e4e5e6e7e8e9eaebecedeeef"

static int64_t at(const char *stamp) {
  int64_t at_s = -1;
  assert_true(stamp_parse(text_of(stamp), &at_s));
  return at_s;
}

static const struct {
  const char *says;
  enum period period;
  const char *now, *name, *start, *end;
} periods[] = {
  { "a day", PERIOD_DAILY, "2026-11-24T08:30:00Z", "2026-11-24", "2026-11-24T00:00:00Z", "2026-11-25T00:00:00Z" },
  { "a day's first second", PERIOD_DAILY, "2026-11-24T00:00:00Z", "2026-11-24", "2026-11-24T00:00:00Z", "2026-11-25T00:00:00Z" },
  { "a day's last second", PERIOD_DAILY, "2026-11-24T23:59:59Z", "2026-11-24", "2026-11-24T00:00:00Z", "2026-11-25T00:00:00Z" },
  { "a leap day", PERIOD_DAILY, "2028-02-29T12:00:00Z", "2028-02-29", "2028-02-29T00:00:00Z", "2028-03-01T00:00:00Z" },
  { "the day before March 1 of a common year", PERIOD_DAILY, "2027-02-28T12:00:00Z", "2027-02-28", "2027-02-28T00:00:00Z", "2027-03-01T00:00:00Z" },
  { "a year's last day", PERIOD_DAILY, "2026-12-31T23:59:59Z", "2026-12-31", "2026-12-31T00:00:00Z", "2027-01-01T00:00:00Z" },
  { "a month", PERIOD_MONTHLY, "2026-11-24T08:30:00Z", "2026-11", "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z" },
  { "December ends with the year", PERIOD_MONTHLY, "2026-12-31T23:59:59Z", "2026-12", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z" },
  { "February of a leap year", PERIOD_MONTHLY, "2028-02-29T23:59:59Z", "2028-02", "2028-02-01T00:00:00Z", "2028-03-01T00:00:00Z" },
  { "February of 2100, no leap year", PERIOD_MONTHLY, "2100-02-28T23:59:59Z", "2100-02", "2100-02-01T00:00:00Z", "2100-03-01T00:00:00Z" },
  { "February of 2000, a leap year", PERIOD_DAILY, "2000-02-29T00:00:00Z", "2000-02-29", "2000-02-29T00:00:00Z", "2000-03-01T00:00:00Z" },
  { "a week, on Tuesday", PERIOD_WEEKLY, "2026-11-24T08:30:00Z", "2026-W48", "2026-11-23T00:00:00Z", "2026-11-30T00:00:00Z" },
  { "a week, on Sunday", PERIOD_WEEKLY, "2026-11-29T23:59:59Z", "2026-W48", "2026-11-23T00:00:00Z", "2026-11-30T00:00:00Z" },
  { "a week, on Monday", PERIOD_WEEKLY, "2026-11-30T00:00:00Z", "2026-W49", "2026-11-30T00:00:00Z", "2026-12-07T00:00:00Z" },
  { "week 53", PERIOD_WEEKLY, "2026-12-31T00:00:00Z", "2026-W53", "2026-12-28T00:00:00Z", "2027-01-04T00:00:00Z" },
  { "January 1 in week 53 of the year before", PERIOD_WEEKLY, "2027-01-01T00:00:00Z", "2026-W53", "2026-12-28T00:00:00Z", "2027-01-04T00:00:00Z" },
  { "January 3, a Sunday, in week 53", PERIOD_WEEKLY, "2021-01-03T00:00:00Z", "2020-W53", "2020-12-28T00:00:00Z", "2021-01-04T00:00:00Z" },
  { "December 30, a Monday, in week 1 of the next year", PERIOD_WEEKLY, "2024-12-30T00:00:00Z", "2025-W01", "2024-12-30T00:00:00Z",
    "2025-01-06T00:00:00Z" },
  { "a year that begins on Monday", PERIOD_WEEKLY, "2029-01-01T00:00:00Z", "2029-W01", "2029-01-01T00:00:00Z", "2029-01-08T00:00:00Z" },
  { "a year that ends on Sunday", PERIOD_WEEKLY, "2028-12-31T23:59:59Z", "2028-W52", "2028-12-25T00:00:00Z", "2029-01-01T00:00:00Z" },
  { "the first second of all", PERIOD_MONTHLY, "1970-01-01T00:00:00Z", "1970-01", "1970-01-01T00:00:00Z", "1970-02-01T00:00:00Z" },
  { "the first week began before", PERIOD_WEEKLY, "1970-01-01T00:00:00Z", "1970-W01", "1970-01-01T00:00:00Z", "1970-01-05T00:00:00Z" },
};

static void each_period_has_its_bounds_and_name(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof periods / sizeof periods[0]; i++) {
    char    name[PERIOD_NAME_ROOM], start[STAMP_SIZE + 1], end[STAMP_SIZE + 1];
    int64_t now = at(periods[i].now);
    period_name_into(periods[i].period, now, name);
    stamp_into(period_start(periods[i].period, now), start);
    stamp_into(period_end(periods[i].period, now), end);
    if (strcmp(name, periods[i].name) != 0 || strcmp(start, periods[i].start) != 0 || strcmp(end, periods[i].end) != 0)
      fail_msg("%s: %s from %s to %s", periods[i].says, name, start, end);
  }
}

/* Four hundred years, day by day: periods follow each other without gap or overlap, and stamps read back. */
static void periods_tile_the_calendar(void **state) {
  (void)state;
  for (int64_t day = 0; day < 146097; day++) {
    int64_t now = day * 86400 + day % 86400, read;
    char    stamp[STAMP_SIZE + 1];
    stamp_into(now, stamp);
    assert_true(stamp_parse(text_of(stamp), &read));
    assert_int_equal(read, now);
    for (enum period period = PERIOD_DAILY; period <= PERIOD_MONTHLY; period++) {
      int64_t start = period_start(period, now), end = period_end(period, now);
      char    name[PERIOD_NAME_ROOM], next[PERIOD_NAME_ROOM];
      assert_true(start <= now && now < end);
      assert_int_equal(period_start(period, end), end);
      assert_int_equal(period_start(period, end - 1), start);
      period_name_into(period, now, name);
      period_name_into(period, end, next);
      assert_true(strcmp(name, next) < 0);
    }
  }
}

static void what_is_no_stamp_is_refused(void **state) {
  static const char *const bad[] = { "",
                                     "2026-11-24",
                                     "2026-11-24T08:30:00",
                                     "2026-11-24T08:30:00z",
                                     "2026-11-24 08:30:00Z",
                                     "2026-11-31T00:00:00Z",
                                     "2027-02-29T00:00:00Z",
                                     "2100-02-29T00:00:00Z",
                                     "2026-00-01T00:00:00Z",
                                     "2026-13-01T00:00:00Z",
                                     "2026-01-00T00:00:00Z",
                                     "2026-01-01T24:00:00Z",
                                     "2026-01-01T00:60:00Z",
                                     "2026-01-01T00:00:60Z",
                                     "1969-12-31T23:59:59Z",
                                     "2026-11-24T08:30:00ZZ",
                                     "-026-11-24T08:30:00Z" };
  int64_t                  at_s;
  (void)state;
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    if (stamp_parse(text_of(bad[i]), &at_s)) fail_msg("taken: %s", bad[i]);
  assert_true(date_parse(TEXT("2028-02-29"), &at_s));
  assert_false(date_parse(TEXT("2027-02-29"), &at_s));
}

#define HEAD(n)             "tamis-keyring version=1 epochs=" #n "\n"
#define LINE(id, from, key) id " " from "T00:00:00Z " key "\n"

static const struct {
  const char *says, *text;
  size_t      line; /* 0: good */
  const char *why;  /* a part of it */
} rings[] = {
  { "a ring", HEAD(2) LINE("2026-11", "2026-11-01", KEY_A) LINE("2026-12", "2026-12-01", KEY_B), 0, NULL },
  { "a destroyed epoch", HEAD(2) LINE("a", "2026-11-01", "destroyed 2026-12-02T00:00:00Z") LINE("b", "2026-12-01", KEY_B), 0, NULL },
  { "remarks and empty lines", HEAD(1) "# ours\n\n" LINE("a", "2026-11-01", KEY_A), 0, NULL },
  { "a ring without epochs", HEAD(0), 0, NULL },
  { "a bare key", KEY_A "\n", 0, NULL },
  { "a bare key without end of line", KEY_A, 0, NULL },
  { "an empty file", "", 1, "empty" },
  { "a short bare key", "0123\n", 1, "neither a keyring" },
  { "two bare keys", KEY_A "\n" KEY_B "\n", 1, "neither a keyring" },
  { "a later version", "tamis-keyring version=2 epochs=0\n", 1, "version" },
  { "no number of epochs", "tamis-keyring version=1 epochs=\n", 1, "epochs=" },
  { "a number that is none", "tamis-keyring version=1 epochs=1x\n", 1, "epochs=" },
  { "too many epochs", "tamis-keyring version=1 epochs=99999\n", 1, "more than" },
  { "a line is missing", HEAD(2) LINE("a", "2026-11-01", KEY_A), 3, "cut off" },
  { "a line too many", HEAD(1) LINE("a", "2026-11-01", KEY_A) LINE("b", "2026-12-01", KEY_B), 3, "more epochs" },
  { "cut inside the last line", HEAD(1) "a 2026-11-01T00:00:00Z 0001", 2, "cut off" },
  { "cut before the last end of line", HEAD(1) "a 2026-11-01T00:00:00Z " KEY_A, 2, "cut off" },
  { "a key that is too short", HEAD(1) LINE("a", "2026-11-01", "0001"), 2, "64 hexadecimal" },
  { "a key with another letter", HEAD(1) LINE("a", "2026-11-01", "g00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"), 2,
    "64 hexadecimal" },
  { "no key", HEAD(1) "a 2026-11-01T00:00:00Z\n", 2, "64 hexadecimal" },
  { "something behind the key", HEAD(1) LINE("a", "2026-11-01", KEY_A " x"), 2, "behind the key" },
  { "something behind the date", HEAD(1) LINE("a", "2026-11-01", "destroyed 2026-12-01T00:00:00Z x"), 2, "behind the epoch" },
  { "CR before LF", HEAD(1) LINE("a", "2026-11-01", KEY_A "\r"), 2, "64 hexadecimal" },
  { "destroyed, but when", HEAD(1) LINE("a", "2026-11-01", "destroyed"), 2, "after destroyed" },
  { "a day that does not exist", HEAD(1) LINE("a", "2026-11-31", KEY_A), 2, "start" },
  { "an id with a slash", HEAD(1) LINE("a/b", "2026-11-01", KEY_A), 2, "id" },
  { "an id with a quote", HEAD(1) LINE("a\"", "2026-11-01", KEY_A), 2, "id" },
  { "an id of 32 bytes", HEAD(1) LINE("0123456789abcdef0123456789abcdef", "2026-11-01", KEY_A), 2, "id" },
  { "no id", HEAD(1) LINE("", "2026-11-01", KEY_A), 2, "id" },
  { "an id twice", HEAD(2) LINE("a", "2026-11-01", KEY_A) LINE("a", "2026-12-01", KEY_B), 3, "stands above" },
  { "out of order", HEAD(2) LINE("a", "2026-12-01", KEY_A) LINE("b", "2026-11-01", KEY_B), 3, "no later" },
  { "two at once", HEAD(2) LINE("a", "2026-11-01", KEY_A) LINE("b", "2026-11-01", KEY_B), 3, "no later" },
  { "a bad line behind a remark", HEAD(1) "# ours\nnonsense\n", 3, "start" },
};

static void malformed_rings_are_refused_with_their_line(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof rings / sizeof rings[0]; i++) {
    struct keyring       ring;
    struct keyring_error error;
    bool                 good = keyring_parse(&ring, text_of(rings[i].text), &error);
    if (good != (rings[i].line == 0)) fail_msg("%s: %s", rings[i].says, good ? "taken" : error.why);
    if (!good && (error.line != rings[i].line || strstr(error.why, rings[i].why) == NULL))
      fail_msg("%s: line %zu: %s", rings[i].says, error.line, error.why);
    if (!good) assert_int_equal(ring.count, 0);
    keyring_wipe(&ring);
  }
}

static struct keyring ring_of(const char *text) {
  struct keyring       ring;
  struct keyring_error error;
  if (!keyring_parse(&ring, text_of(text), &error)) fail_msg("line %zu: %s", error.line, error.why);
  return ring;
}

static void a_ring_reads_back_as_it_was_written(void **state) {
  static const char text[] =
      HEAD(3) LINE("2026-10", "2026-10-01", "destroyed 2026-11-02T00:00:00Z") LINE("2026-11", "2026-11-01", KEY_A) LINE("x.y_z", "2026-12-01", KEY_B);
  struct keyring ring = ring_of(text);
  char          *out = malloc(keyring_room(&ring));
  size_t         size = keyring_format_into(&ring, out);
  (void)state;
  assert_int_equal(size, sizeof text - 1);
  assert_memory_equal(out, text, size);
  free(out);
  keyring_wipe(&ring);
  ring = ring_of(KEY_A "\n");
  assert_true(ring.bare);
  assert_string_equal(ring.epochs[0].id, "1");
  assert_int_equal(ring.epochs[0].key[31], 0x1f);
  out = malloc(keyring_room(&ring));
  size = keyring_format_into(&ring, out);
  assert_int_equal(size, strlen(HEAD(1) LINE("1", "1970-01-01", KEY_A)));
  assert_memory_equal(out, HEAD(1) LINE("1", "1970-01-01", KEY_A), size);
  free(out);
  keyring_wipe(&ring);
}

static void an_instant_has_the_epoch_that_began_last(void **state) {
  struct keyring ring = ring_of(HEAD(2) LINE("a", "2026-11-01", KEY_A) LINE("b", "2026-12-01", KEY_B));
  (void)state;
  assert_null(keyring_at(&ring, at("2026-10-31T23:59:59Z")));
  assert_string_equal(keyring_at(&ring, at("2026-11-01T00:00:00Z"))->id, "a");
  assert_string_equal(keyring_at(&ring, at("2026-11-30T23:59:59Z"))->id, "a");
  assert_string_equal(keyring_at(&ring, at("2026-12-01T00:00:00Z"))->id, "b");
  assert_string_equal(keyring_at(&ring, CALENDAR_MOST)->id, "b");
  assert_string_equal(keyring_after(&ring, at("2026-11-01T00:00:00Z"))->id, "b");
  assert_null(keyring_after(&ring, at("2026-12-01T00:00:00Z")));
  assert_int_equal(keyring_until(&ring, keyring_find(&ring, "a")), at("2026-12-01T00:00:00Z"));
  assert_true(keyring_until(&ring, keyring_find(&ring, "b")) == INT64_MAX);
  assert_null(keyring_find(&ring, "c"));
  keyring_wipe(&ring);
}

static const struct {
  const char *says, *ring;
  enum period period;
  unsigned    ahead;
  const char *now, *made; /* id@from of each epoch that the schedule adds, in order */
} wants[] = {
  { "a new ring begins with its period", HEAD(0), PERIOD_MONTHLY, 2, "2026-11-24T08:30:00Z",
    "2026-11@2026-11-01T00:00:00Z 2026-12@2026-12-01T00:00:00Z 2027-01@2027-01-01T00:00:00Z " },
  { "a new ring that never rotates", HEAD(0), PERIOD_NEVER, 5, "2026-11-24T08:30:00Z", "1@1970-01-01T00:00:00Z " },
  { "weeks over a year's end", HEAD(0), PERIOD_WEEKLY, 1, "2026-12-30T00:00:00Z", "2026-W53@2026-12-28T00:00:00Z 2027-W01@2027-01-04T00:00:00Z " },
  { "a complete ring", HEAD(2) LINE("2026-11", "2026-11-01", KEY_A) LINE("2026-12", "2026-12-01", KEY_B), PERIOD_MONTHLY, 1, "2026-11-24T08:30:00Z",
    "" },
  { "ahead alone", HEAD(1) LINE("2026-11", "2026-11-01", KEY_A), PERIOD_MONTHLY, 1, "2026-11-01T00:00:00Z", "2026-12@2026-12-01T00:00:00Z " },
  { "nothing ahead", HEAD(1) LINE("2026-11", "2026-11-01", KEY_A), PERIOD_MONTHLY, 0, "2026-11-30T23:59:59Z", "" },
  { "a late one begins now, the past stays", HEAD(1) LINE("2026-10", "2026-10-01", KEY_A), PERIOD_MONTHLY, 0, "2026-11-24T08:30:00Z",
    "2026-11@2026-11-24T08:30:00Z " },
  { "a destroyed one is not made again", HEAD(1) LINE("2026-11", "2026-11-01", "destroyed 2026-11-02T00:00:00Z"), PERIOD_MONTHLY, 0,
    "2026-11-24T08:30:00Z", "" },
  { "one that began off the schedule counts", HEAD(2) LINE("2026-10", "2026-10-01", KEY_A) LINE("x", "2026-11-20", KEY_B), PERIOD_MONTHLY, 0,
    "2026-11-24T08:30:00Z", "" },
  { "from months to days", HEAD(2) LINE("2026-11", "2026-11-01", KEY_A) LINE("2026-12", "2026-12-01", KEY_B), PERIOD_DAILY, 2, "2026-11-29T08:30:00Z",
    "2026-11-29@2026-11-29T08:30:00Z 2026-11-30@2026-11-30T00:00:00Z " },
  { "to never", HEAD(2) LINE("2026-11", "2026-11-01", KEY_A) LINE("2026-12", "2026-12-01", KEY_B), PERIOD_NEVER, 9, "2027-11-29T08:30:00Z", "" },
  { "a ring that is yet to begin", HEAD(1) LINE("x", "2026-12-24", KEY_A), PERIOD_MONTHLY, 1, "2026-11-24T08:30:00Z",
    "2026-11@2026-11-01T00:00:00Z " },
  { "its name is taken", HEAD(1) LINE("2026-11", "2026-09-01", KEY_A), PERIOD_MONTHLY, 0, "2026-11-24T08:30:00Z",
    "2026-11-24T083000Z@2026-11-24T08:30:00Z " },
  { "a bare ring is left alone", KEY_A, PERIOD_MONTHLY, 3, "2026-11-24T08:30:00Z", "" },
};

static void a_schedule_wants_what_is_missing(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof wants / sizeof wants[0]; i++) {
    struct keyring ring = ring_of(wants[i].ring);
    char           made[256] = "", id[EPOCH_ID_MOST + 1], from[STAMP_SIZE + 1];
    int64_t        from_s, now = at(wants[i].now);
    for (int n = 0; n < 8 && keyring_wanted(&ring, wants[i].period, wants[i].ahead, now, id, &from_s); n++) {
      size_t used = strlen(made);
      stamp_into(from_s, from);
      snprintf(made + used, sizeof made - used, "%s@%s ", id, from);
      assert_non_null(keyring_add(&ring, id, from_s));
    }
    if (strcmp(made, wants[i].made) != 0) fail_msg("%s: %s", wants[i].says, made);
    for (size_t k = 1; k < ring.count; k++) assert_true(ring.epochs[k - 1].from_s < ring.epochs[k].from_s);
    keyring_wipe(&ring);
  }
}

static bool is_zero(const struct epoch *epoch) {
  static const uint8_t none[KEY_BYTES];
  return memcmp(epoch->key, none, KEY_BYTES) == 0;
}

static void what_is_destroyed_or_removed_is_gone(void **state) {
  struct keyring ring = ring_of(HEAD(3) LINE("a", "2026-10-01", KEY_A) LINE("b", "2026-11-01", KEY_B) LINE("c", "2026-12-01", KEY_A));
  char           fingerprint[FINGERPRINT_ROOM], other[FINGERPRINT_ROOM];
  (void)state;
  epoch_fingerprint_into(&ring.epochs[0], fingerprint);
  epoch_fingerprint_into(&ring.epochs[1], other);
  assert_string_not_equal(fingerprint, other);
  epoch_fingerprint_into(&ring.epochs[2], other);
  assert_string_equal(fingerprint, other);
  assert_null(keyring_add(&ring, "b", 5));
  assert_null(keyring_add(&ring, "d", at("2026-11-01T00:00:00Z")));
  assert_null(keyring_add(&ring, "d e", 5));
  keyring_destroy(&ring, keyring_find(&ring, "a"), at("2026-11-02T00:00:00Z"));
  assert_true(is_zero(&ring.epochs[0]));
  assert_int_equal(ring.epochs[0].destroyed_s, at("2026-11-02T00:00:00Z"));
  keyring_destroy(&ring, keyring_find(&ring, "a"), at("2026-11-03T00:00:00Z"));
  assert_int_equal(ring.epochs[0].destroyed_s, at("2026-11-02T00:00:00Z"));
  keyring_remove(&ring, keyring_find(&ring, "b"));
  assert_int_equal(ring.count, 2);
  assert_string_equal(ring.epochs[1].id, "c");
  assert_true(is_zero(&ring.epochs[2]));
  keyring_wipe(&ring);
  assert_null(ring.epochs);
}

static void memory_forgets_the_past_alone(void **state) {
  struct keyring ring = ring_of(HEAD(3) LINE("a", "2026-10-01", KEY_A) LINE("b", "2026-11-01", KEY_B) LINE("c", "2026-12-01", KEY_A));
  (void)state;
  keyring_forget_past(&ring, at("2026-11-01T00:00:00Z"));
  assert_true(is_zero(&ring.epochs[0]) && ring.epochs[0].destroyed_s != 0);
  assert_false(is_zero(&ring.epochs[1]) || is_zero(&ring.epochs[2]));
  keyring_wipe(&ring);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(each_period_has_its_bounds_and_name), cmocka_unit_test(periods_tile_the_calendar),
    cmocka_unit_test(what_is_no_stamp_is_refused),         cmocka_unit_test(malformed_rings_are_refused_with_their_line),
    cmocka_unit_test(a_ring_reads_back_as_it_was_written), cmocka_unit_test(an_instant_has_the_epoch_that_began_last),
    cmocka_unit_test(a_schedule_wants_what_is_missing),    cmocka_unit_test(what_is_destroyed_or_removed_is_gone),
    cmocka_unit_test(memory_forgets_the_past_alone),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
