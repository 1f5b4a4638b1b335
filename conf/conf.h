/* Configuration: YAML files in, plain structs out. Nobody changes a struct conf after conf_load.
 * Every problem is reported as file:line:col with what to do; all of them at once; nothing is corrected silently. */
#ifndef TAMIS_CONF_CONF_H
#define TAMIS_CONF_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "filters/calendar.h"
#include "filters/filters.h"

enum conf_input_kind { CONF_INPUT_SYSLOG, CONF_INPUT_HTTP };
enum conf_transport { CONF_UDP, CONF_TCP };

struct conf_input {
  char                *name; /* unique; default "<kind>-<transport>-<port>" */
  enum conf_input_kind kind;
  enum conf_transport  transport; /* HTTP: CONF_TCP */
  char                *address;   /* numeric IPv4 or IPv6 */
  uint16_t             port;      /* 0: any free one (tests) */
  int                  line, col;
};

struct conf_test { /* beside a rule; run through the whole rule set with a fixed test key */
  char       *in;
  char       *out;   /* expected result; NULL: not checked */
  char       *lacks; /* must not be in the result; NULL: not checked */
  char       *has;   /* must be in the result; NULL: not checked */
  bool        same;  /* in must stay as it is */
  bool        drop;  /* the record must be dropped */
  int         line, col;
  const char *file; /* borrowed from conf */
};

struct conf_place {
  int line, col; /* from 1; 0: unknown */
};
enum { CONF_RULE_KEYS = 17 };

struct conf_rule {
  struct rule_spec  spec; /* strings owned by conf */
  struct conf_test *tests;
  size_t            test_count;
  const char       *file; /* borrowed from conf */
  int               line, col;
  bool              builtin;                /* from the default rules or a pack, not from a file of the operator's */
  struct conf_place places[CONF_RULE_KEYS]; /* of each key's value, for conf_rule_place */
};

enum conf_store_kind { CONF_STORE_DIRECTORY, CONF_STORE_S3 };

struct conf_store {
  enum conf_store_kind kind;
  char                *path;     /* directory */
  char                *endpoint; /* s3: https://host[:port]; or from region */
  char                *region;
  char                *bucket;
  char                *prefix;     /* put before every object name; may be "" */
  char                *access_key; /* from the environment variable or file named in the configuration, never the file itself */
  char                *secret_key;
  char                *ca_file;      /* NULL: the system's */
  bool                 virtual_host; /* bucket in the host name; else in the path */
  int64_t              timeout_ms;
  int64_t              retry_least_ms, retry_most_ms;
};

struct conf {
  struct conf_input *inputs;
  size_t             input_count;
  struct conf_rule  *rules;
  size_t             rule_count;
  struct conf_store  store;
  char              *stream; /* name of the stream; part of object names */
  char              *node;   /* name of this node; default the host's name; part of object names */
  char              *region; /* default region of phone numbers */
  struct {
    char   *path;
    size_t  segment_bytes;
    int64_t segment_age_ms;
    int64_t max_age_ms;
    size_t  batch_bytes;
  } queue;
  struct {
    char       *file;
    char       *credential; /* NULL: none; in the place of file */
    bool        create;
    enum period rotate;
    unsigned    ahead;
  } keys;
  struct {
    size_t   record_bytes, body_bytes, header_bytes, disk_bytes, decompressed_ratio;
    unsigned connections;
    uint32_t match_limit, depth_limit, heap_limit_kib;
    int64_t  idle_ms, request_ms, stop_ms;
    size_t   ack_bytes; /* bytes accepted but not yet durable, over all connections: beyond it inputs pause */
  } limits;
  struct {
    enum { CONF_LOG_ERROR, CONF_LOG_WARN, CONF_LOG_INFO, CONF_LOG_DEBUG } level;
  } log;
  char **files; /* every file read, for messages */
  size_t file_count;
};

struct conf_error {
  const char *file;      /* owned by the conf_errors */
  int         line, col; /* from 1; 0 when the whole file is meant */
  char        text[256];
};

struct conf_errors {
  struct conf_error *list;
  size_t             count, room;
};

/* Reads path (NULL: built-in defaults alone). NULL when there was an error: then errors says all of them. Does not
 * read keys or touch anything else on disk. Relative paths in the file stay relative to the working directory. */
struct conf *conf_load(const char *path, struct conf_errors *errors);
void         conf_free(struct conf *conf);

/* Where the value of a rule's key stands, such as "match"; where the rule does when that is not known, or key is NULL. */
struct conf_place conf_rule_place(const struct conf_rule *rule, const char *key);

/* Compiles the rules with the given 32-byte key; complaints land in errors with file, line and column. */
struct ruleset *conf_rules(const struct conf *conf, const uint8_t key[32], const char *epoch, struct conf_errors *errors);

/* Runs every rule's tests with a fixed test key; each failed one is an error. Returns how many were run. Those of
 * built-in rules are run where all rules are built in: an operator's own rules may well take what they expect. */
size_t conf_test_rules(const struct conf *conf, struct conf_errors *errors);

void conf_errors_print(const struct conf_errors *errors, void *stream /* FILE */);
void conf_errors_free(struct conf_errors *errors);

#endif
