/* The engine's whole face: rules go in once, texts go through, spans come out.
 *
 *   rule_spec[] ──ruleset_new──▶ ruleset (immutable, counted, shared by threads)
 *                                   │
 *   text ──filter_text── detectors and patterns ──▶ spans on the original ── resolve ── splice ──▶ text
 *
 * Detectors also look at what hidden spellings decode to (percent, JSON, entities, …; view.h), and what they find there is
 * replaced by whole spellings. Patterns look at the text as it is.
 *
 * Pure computation: no socket, no file, no clock. A ruleset may be used by any number of threads at once; a filter
 * (scratch memory) belongs to one thread. Nothing is allocated per text. */
#ifndef TAMIS_FILTERS_FILTERS_H
#define TAMIS_FILTERS_FILTERS_H

#include <stdbool.h>
#include <stdint.h>

#include "filters/text.h"

enum filter_action {
  ACTION_DEFAULT, /* in a rule_spec only: the detector's own */
  ACTION_TRUNCATE,
  ACTION_HASH,
  ACTION_STRIP,
  ACTION_MASK,
  ACTION_REPLACE,
  ACTION_KEEP,
  ACTION_DROP,
  ACTION_WITHHOLD,
  ACTION_COUNT
};

/* One rule as configuration gives it. All pointers are borrowed for the call of ruleset_new. */
struct rule_spec {
  const char        *name;   /* unique; stands in counters and in withheld stubs */
  const char        *detect; /* a built-in detector's name; or NULL */
  const char        *match;  /* a PCRE2 pattern; or NULL. Exactly one of the two is given */
  const char *const *groups; /* with match: numbers or names of the groups to act on; none: the whole match */
  size_t             group_count;
  enum filter_action action;
  const char        *as;        /* ACTION_HASH: type in the pseudonym, e.g. "tel"; NULL: the detector's, or "id" */
  const char        *tag;       /* ACTION_STRIP: what stays, e.g. "[email]"; NULL: the detector's; "": nothing */
  const char        *with;      /* ACTION_REPLACE: template; $1 ${1} ${name} stand for groups, $$ for $ */
  unsigned           ipv4_bits; /* ACTION_TRUNCATE: prefix lengths that stay, 0..32 and 0..128 */
  unsigned           ipv6_bits;
  unsigned           mask_first; /* ACTION_MASK: characters that stay readable at the start and at the end */
  unsigned           mask_last;
  const char        *region; /* detect: phone: ISO 3166 region of national numbers; NULL: the options' */
  bool               strict; /* detect: phone: every group of 8 to 15 digits that no look-alike rule explains */
  /* when: each list is empty (any) or must hold the value; a trailing * matches any end. */
  const char *const *when_input;
  const char *const *when_app;
  const char *const *when_host;
  const char *const *when_field;
  size_t             when_input_count, when_app_count, when_host_count, when_field_count;
  uint8_t            when_severity; /* bit n: severity n of RFC 5424, 0 emerg to 7 debug; 0: any */
  const char *const *tags;          /* the operator's own words, for counters and explanations */
  size_t             tag_count;
};

struct filter_options {
  const char    *region;      /* default region of phone numbers, e.g. "FR" */
  const uint8_t *key;         /* 32 bytes, the epoch's key; copied, wiped by the last ruleset_unref */
  const char    *epoch;       /* the key epoch's name, e.g. "1"; copied */
  uint32_t       match_limit; /* PCRE2 match, depth (steps) and heap (KiB) limits per pattern and text */
  uint32_t       depth_limit;
  uint32_t       heap_limit_kib;
};

/* Called for each thing wrong in a rule: which rule, the key that is wrong ("match", "groups", …), the byte within
 * its value, or -1, and what is wrong and what to do. */
typedef void filter_complain(void *context, size_t rule, const char *key, long byte, const char *message);

struct ruleset;

/* Compiles all rules; reports every error, not the first alone. NULL after at least one complaint, or when memory
 * ran out (complained as rule 0, key NULL). The caller owns one reference. */
struct ruleset *ruleset_new(const struct rule_spec *specs, size_t count, const struct filter_options *options, filter_complain *complain,
                            void *context);
struct ruleset *ruleset_ref(struct ruleset *rules);
void            ruleset_unref(struct ruleset *rules); /* any thread; NULL is accepted */

size_t      ruleset_count(const struct ruleset *rules);
const char *ruleset_name(const struct ruleset *rules, size_t rule);
const char *ruleset_detector(const struct ruleset *rules, size_t rule); /* NULL: a pattern */
/* A text that stands in every match of the pattern, or in many where the pattern has alternatives; its size, 0: none is known. */
enum { FILTER_LITERAL_MOST = 16 };
size_t             filter_literal_into(const char *match, char out[FILTER_LITERAL_MOST]);
/* False: from some place in text the pattern of this rule takes more than steps of PCRE2's match limit to match or to fail,
 * without JIT. For reviews: it allocates. A rule without a pattern is within. */
bool               ruleset_within(const struct ruleset *rules, size_t rule, struct text text, uint32_t steps);
const char *const *ruleset_tags(const struct ruleset *rules, size_t rule, size_t *count);
enum filter_action ruleset_action(const struct ruleset *rules, size_t rule);
/* SHA-256 over every rule's meaning (keys left out), 64 hexadecimal digits: names the exact rule set. */
const char        *ruleset_hash(const struct ruleset *rules);
const char        *ruleset_epoch(const struct ruleset *rules);

/* Why a rule with a pattern is run on every text and not only where some literal of it stands (constant text), *byte where
 * in the pattern; NULL: it is not, or has no pattern. */
const char *ruleset_always_run(const struct ruleset *rules, size_t rule, size_t *byte);

/* "hash" and the like; NULL for ACTION_DEFAULT. filter_action_of: ACTION_COUNT when the name is none. */
const char        *filter_action_name(enum filter_action action);
enum filter_action filter_action_of(struct text name);
bool               filter_detector_known(const char *name);
/* The names of all built-in detectors, NULL-terminated. */
const char *const *filter_detector_names(void);
bool               filter_region_known(const char *region);

/* What a text is part of. Borrowed for the call; an empty text is unknown. */
struct filter_context {
  struct text input; /* the listener's name */
  struct text app;
  struct text host;
  struct text field;    /* "message", "host", "sd", or a JSON key: context for detectors and for when: */
  bool        keyed;    /* field is a key that the sender chose: it says what the text is, as in "caller": … */
  uint8_t     severity; /* one bit, as in when_severity; 0: unknown, which no when: severity fits */
};

enum filter_result {
  FILTER_OK,       /* out holds *length bytes */
  FILTER_SAME,     /* nothing to change: use the original text */
  FILTER_ROOM,     /* room is too small: *length is what it needs */
  FILTER_DROP,     /* a rule drops the record; *rule says which */
  FILTER_WITHHOLD, /* the filter cannot vouch for the text; *rule says which, or FILTER_NO_RULE: too long */
};
#define FILTER_NO_RULE  ((unsigned)-1)
#define FILTER_TOO_DEEP ((unsigned)-2) /* withheld: something is hidden under more spellings than are taken away */
#define FILTER_TOO_MANY ((unsigned)-3) /* withheld: more values than there is room for */
/* The rule's name; or for the numbers above "limits.record_bytes", "hidden-too-deep", "too-many-values". */
const char *ruleset_reason(const struct ruleset *rules, unsigned rule);

struct span {
  uint32_t start, end; /* bytes of the original text, end excluded */
  uint16_t rule;
  uint16_t action; /* enum filter_action */
  uint16_t piece;  /* the detector's own note on what was found, e.g. IPv4 or IPv6 */
  bool     won;    /* false: an earlier or wider span took its place */
  bool     hidden; /* found in what the bytes decode to */
  bool     lost;   /* given up: what the bytes decode to shows that the value is less */
  bool     unsure; /* what the bytes decode to goes first */
  uint8_t  layer;  /* how many layers of spelling were taken off to find it */
};

struct filter;

/* Scratch for one thread, good for texts of up to most bytes (64 KiB and more). NULL: no memory. Keeps a reference. */
struct filter *filter_new(struct ruleset *rules, size_t most);
void           filter_free(struct filter *filter);

/* From now on with instructions at most so wide: 0 none, 1 AVX2, 2 AVX-512. The same result, slower; for tests that compare.
 * Returns the width in force, which is less where the CPU has no more. */
unsigned filter_width(struct filter *filter, unsigned most);

/* From now on every rule is run, without the prefilter: the same result, slower. For tests that compare the two. */
void filter_run_all(struct filter *filter);

/* Replaces every span that a rule finds in text and writes the result into out. Borrows all for the call. On
 * FILTER_DROP and FILTER_WITHHOLD out holds nothing that may leave this process. */
enum filter_result filter_text(struct filter *filter, const struct filter_context *context, struct text text, char *out, size_t room, size_t *length,
                               unsigned *rule);

/* The spans of the last filter_text, in order of the rules, first those of the text, then those of its hidden spellings (view.h); and what replaces one (ended by NUL, borrowed until the
 * next call; *length bytes). For explanations and for tests. */
const struct span *filter_spans(const struct filter *filter, size_t *count);
const char        *filter_replacement(struct filter *filter, const struct span *span, size_t *length);

/* A value that a detector looked at and left alone, and why: a look-alike rule, or a check that failed. */
struct filter_note {
  uint32_t    start, end; /* bytes of the original text, end excluded */
  unsigned    rule;
  const char *why; /* constant text */
};
/* From now on notes are kept, at most FILTER_NOTES_MOST per text: for explanations, it costs time. False: no memory. */
enum { FILTER_NOTES_MOST = 256 };
bool                      filter_explain(struct filter *filter);
const struct filter_note *filter_notes(const struct filter *filter, size_t *count); /* of the last filter_text */

/* How many spans each rule has replaced since filter_new; ruleset_count entries, borrowed. */
const uint64_t *filter_counts(const struct filter *filter);

#endif
