/* tamis try [-c FILE] [--json] [LINE]: explains a line, or each line of standard input: every span, its rule, detector,
 * action, before and after, and what looked like a value and was left alone, and why. It prints what it was given: it is for the ops engineer's own terminal. */
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "proxy/cmd/cmd.h"
#include "proxy/cmd/common.h"

struct trial {
  struct ruleset *rules;
  struct filter  *filter;
  char           *out;
  size_t          room;
  bool            json;
};

static const char *result_name(enum filter_result result) {
  switch (result) {
  case FILTER_OK: return "changed";
  case FILTER_SAME: return "same";
  case FILTER_DROP: return "dropped";
  default: return "withheld";
  }
}

static json_t *text_json(const char *at, size_t size) {
  json_t *made = json_stringn(at, size);
  if (made != NULL) return made;
  return json_string("(not valid UTF-8)");
}

static json_t *tags_json(const struct trial *trial, size_t rule) {
  size_t             count;
  const char *const *tags = ruleset_tags(trial->rules, rule, &count);
  json_t            *list = json_array();
  for (size_t i = 0; i < count; i++) json_array_append_new(list, text_json(tags[i], strlen(tags[i])));
  return list;
}

static void span_json(const struct trial *trial, struct text line, const struct span *span, json_t *list) {
  size_t      size = 0;
  const char *after = filter_replacement(trial->filter, span, &size), *detector = ruleset_detector(trial->rules, span->rule);
  json_t     *row =
      json_pack("{s:i, s:i, s:s, s:s*, s:s, s:b, s:o, s:o, s:o}", "start", (int)span->start, "end", (int)span->end, "rule",
                ruleset_name(trial->rules, span->rule), "detector", detector, "action", filter_action_name((enum filter_action)span->action),
                "applied", span->won, "before", text_json(line.at + span->start, span->end - span->start), "after", text_json(after, size), "tags",
                tags_json(trial, span->rule));
  json_array_append_new(list, row);
}

static void span_line(const struct trial *trial, struct text line, const struct span *span) {
  size_t      size = 0;
  const char *after = filter_replacement(trial->filter, span, &size), *detector = ruleset_detector(trial->rules, span->rule);
  printf("  %u-%u  rule %s%s%s  %s  %.*s -> %.*s%s\n", span->start, span->end, ruleset_name(trial->rules, span->rule),
         detector != NULL ? "  detector " : "", detector != NULL ? detector : "", filter_action_name((enum filter_action)span->action),
         (int)(span->end - span->start), line.at + span->start, (int)size, after, span->won ? "" : "  (another span has it)");
}

/* A note says nothing new where a span has the bytes. */
static bool note_counts(const struct filter_note *note, const struct span *spans, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (spans[i].won && spans[i].start < note->end && note->start < spans[i].end) return false;
  return true;
}

static void note_show(const struct trial *trial, struct text line, const struct filter_note *note, json_t *list) {
  const char *rule = ruleset_name(trial->rules, note->rule);
  if (list != NULL)
    json_array_append_new(list, json_pack("{s:i, s:i, s:s, s:o, s:s}", "start", (int)note->start, "end", (int)note->end, "rule", rule, "text",
                                          text_json(line.at + note->start, note->end - note->start), "why", note->why));
  else
    printf("  %u-%u  rule %s  left alone  %.*s: %s\n", note->start, note->end, rule, (int)(note->end - note->start), line.at + note->start,
           note->why);
}

static void notes_show(const struct trial *trial, struct text line, const struct span *spans, size_t count, json_t *list) {
  size_t                    note_count;
  const struct filter_note *notes = filter_notes(trial->filter, &note_count);
  for (size_t i = 0; i < note_count; i++)
    if (note_counts(&notes[i], spans, count)) note_show(trial, line, &notes[i], list);
}

static void line_try(const struct trial *trial, struct text line) {
  const struct filter_context context = { .input = TEXT("try"), .field = TEXT("message") };
  unsigned                    rule = FILTER_NO_RULE;
  size_t                      size = 0, count = 0;
  enum filter_result          result = filter_text(trial->filter, &context, line, trial->out, trial->room, &size, &rule);
  const struct span          *spans = filter_spans(trial->filter, &count);
  struct text                 after = result == FILTER_OK ? (struct text){ trial->out, size } : result == FILTER_SAME ? line : TEXT_NONE;
  bool                        whole = result == FILTER_OK || result == FILTER_SAME;
  if (trial->json) {
    json_t *list = json_array(), *left = json_array();
    for (size_t i = 0; whole && i < count; i++) span_json(trial, line, &spans[i], list);
    if (whole) notes_show(trial, line, spans, count, left);
    json_t *made =
        json_pack("{s:s, s:o, s:o, s:s*, s:o, s:o}", "result", result_name(result), "before", text_json(line.at, line.size), "after",
                  text_json(after.at != NULL ? after.at : "", after.size), "rule",
                  result == FILTER_DROP || result == FILTER_WITHHOLD ? ruleset_reason(trial->rules, rule) : NULL, "spans", list, "left", left);
    json_dumpf(made, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(made);
    return;
  }
  printf("before  %.*s\n", (int)line.size, line.at);
  if (whole) printf("after   %.*s\n", (int)after.size, after.at != NULL ? after.at : "");
  else printf("%s by %s\n", result_name(result), ruleset_reason(trial->rules, rule));
  for (size_t i = 0; whole && i < count; i++) span_line(trial, line, &spans[i]);
  if (whole) notes_show(trial, line, spans, count, NULL);
}

static void input_try(const struct trial *trial) {
  char   *line = NULL;
  size_t  room = 0;
  ssize_t got;
  while ((got = getline(&line, &room, stdin)) > 0) {
    size_t size = (size_t)got - (line[got - 1] == '\n');
    line_try(trial, (struct text){ line, size });
  }
  free(line);
}

int cmd_try(int argc, char **argv) {
  static const struct option options[] = {
    { "json", no_argument, NULL, 'j' }, { "config", required_argument, NULL, 'c' }, { "epoch", required_argument, NULL, 'e' }, { 0 }
  };
  struct cmd_engine engine;
  struct trial      trial = { 0 };
  const char       *file = NULL, *epoch = NULL;
  int               option;
  while ((option = getopt_long(argc, argv, "c:", options, NULL)) != -1) {
    if (option == 'c') file = optarg;
    else if (option == 'j') trial.json = true;
    else if (option == 'e') epoch = optarg;
    else return cmd_usage("try [-c FILE] [--json] [--epoch ID] [LINE]");
  }
  if (argc - optind > 1) return cmd_usage("try [-c FILE] [--json] [LINE]   (one line: quote it)");
  if (!cmd_engine_open(&engine, file, false, epoch)) return 2;
  trial.rules = engine.rules;
  trial.filter = filter_new(engine.rules, engine.conf->limits.record_bytes);
  trial.room = 4 * engine.conf->limits.record_bytes + 4096;
  trial.out = malloc(trial.room);
  if (trial.filter != NULL && trial.out != NULL && filter_explain(trial.filter)) {
    if (optind < argc) line_try(&trial, text_of(argv[optind]));
    else input_try(&trial);
  }
  option = trial.filter == NULL || trial.out == NULL;
  if (option) fprintf(stderr, "tamis try: out of memory\n");
  filter_free(trial.filter);
  free(trial.out);
  cmd_engine_close(&engine);
  return option ? 2 : 0;
}
