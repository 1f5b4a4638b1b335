/* required: one descent over the pattern. What follows upon another as a character that stands for itself makes a run; the
 * best run, or the best group of alternatives that have one each, is what a match cannot do without.
 *
 *   badge\b=(\d{6})            badge=          a place takes no byte and breaks no run
 *   call(?:er|ee)+ from         " from": better than call, better than er or ee
 *   (?>x) x*+ (?<=x) \1 (?R)    only what is certain counts: what may be absent, repeats or stands elsewhere gives nothing
 *
 * What is not known for certain is refused with its place: such a rule is run on every text. */
#include "filters/required.h"

#include <stdlib.h>

#include "filters/scan.h"

enum { NEST_MOST = 50, ENDLESS = -1, REPEAT_MOST = 1 << 16 };

struct reader {
  const char *start, *at;
  const char *why; /* not NULL: refused */
  size_t      byte;
  unsigned    nest;
  bool        caseless, extended, quoting;
};

/* A match has one of these in it; none: nothing is known. */
struct need {
  struct literal list[REQUIRED_MOST];
  size_t         count;
};

enum item_kind {
  ITEM_NOTHING, /* a place, or what is dropped */
  ITEM_BYTES,   /* a character that stands for itself */
  ITEM_GROUP,
  ITEM_OTHER /* some bytes or none */
};

struct item {
  enum item_kind kind;
  struct literal bytes;
  bool           optional;
};

static void alternatives(struct reader *reader, struct need *need);

static bool refuse(struct reader *reader, const char *at, const char *why) {
  if (reader->why == NULL) {
    reader->why = why;
    reader->byte = (size_t)(at - reader->start);
  }
  return false;
}

/* ---- needs ---- */

static size_t need_least(const struct need *need) {
  size_t least = need->count > 0 ? LITERAL_MOST : 0;
  for (size_t i = 0; i < need->count; i++)
    if (need->list[i].size < least) least = need->list[i].size;
  return least;
}

/* The better of the two into need: where the shortest is longer, then where there are fewer. */
static void need_better(struct need *need, const struct need *other) {
  size_t least = need_least(need), others = need_least(other);
  if (others > least || (others == least && other->count < need->count)) *need = *other;
}

/* A match has what need says, or what other says. */
static void need_either(struct need *need, const struct need *other) {
  if (need->count == 0 || other->count == 0 || need->count + other->count > REQUIRED_MOST) {
    need->count = 0;
    return;
  }
  for (size_t i = 0; i < other->count; i++) need->list[need->count++] = other->list[i];
}

/* The run so far counts, and begins anew. */
static void run_end(struct literal *run, struct need *best) {
  struct need whole = { .list = { *run }, .count = run->size > 0 };
  need_better(best, &whole);
  *run = (struct literal){ 0 };
}

static void run_add(struct literal *run, const struct literal *bytes, struct need *best) {
  if (run->size + bytes->size > LITERAL_MOST) run_end(run, best);
  for (size_t i = 0; i < bytes->size; i++, run->size++) {
    run->bytes[run->size] = bytes->bytes[i];
    run->nocase |= (uint32_t)(bytes->nocase >> i & 1) << run->size;
  }
  run->folds |= bytes->folds;
}

/* ---- characters ---- */

static unsigned character_next(struct reader *reader) { /* the pattern is valid UTF-8: PCRE2 has taken it */
  unsigned char first = (unsigned char)*reader->at++;
  unsigned      code = first, more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc0 ? 1 : 0;
  if (more > 0) code = first & (0x3fu >> more);
  for (; more > 0 && ((unsigned char)*reader->at & 0xc0) == 0x80; more--) code = code << 6 | ((unsigned char)*reader->at++ & 0x3f);
  return code;
}

/* One character that stands for itself. */
static struct item literal(struct reader *reader, unsigned code) {
  static const unsigned char lead[] = { 0, 0xc0, 0xe0, 0xf0 };
  unsigned                   more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  struct item                item = { .kind = ITEM_BYTES, .bytes = { .size = 1 } };
  if (reader->caseless && code >= 0x80) return (struct item){ .kind = ITEM_OTHER };
  item.bytes.bytes[0] = (unsigned char)(lead[more] | code >> 6 * more);
  while (more-- > 0) item.bytes.bytes[item.bytes.size++] = (unsigned char)(0x80 | (code >> 6 * more & 0x3f));
  if (reader->caseless && code < 0x80 && is_alpha((char)code)) {
    item.bytes.bytes[0] |= 32;
    item.bytes.nocase = 1;
    item.bytes.folds = item.bytes.bytes[0] == 'k' || item.bytes.bytes[0] == 's';
  }
  return item;
}

static unsigned number(struct reader *reader, unsigned base, unsigned most_digits) {
  unsigned value = 0;
  for (; most_digits > 0 && is_hex(*reader->at) && hex_value(*reader->at) < base; most_digits--) value = value * base + hex_value(*reader->at++);
  return value;
}

/* \xhh, \x{h...}, \o{...}, \0oo, \n and the like, behind the backslash. False: none of them, or refused. */
static bool escaped_character(struct reader *reader, unsigned *code) {
  static const char names[] = "aefnrt", values[] = "\a\033\f\n\r\t";
  const char       *at = reader->at, *name = *at != 0 ? strchr(names, *at) : NULL;
  char              c = *at;
  bool              braces = (c == 'x' || c == 'o') && at[1] == '{';
  if (name != NULL || (c > 0 && c < 127 && !is_alnum(c))) {
    *code = (unsigned char)(name != NULL ? values[name - names] : c);
    reader->at++;
    return true;
  }
  if (c != 'x' && c != '0' && !braces) return false;
  reader->at += braces ? 2 : 1;
  if (braces) *code = number(reader, c == 'x' ? 16 : 8, 12);
  else *code = c == 'x' ? number(reader, 16, 2) : number(reader, 8, 2);
  if (!braces) return true;
  if (*reader->at != '}' || *code > 0x10ffff) return refuse(reader, at, "a character by its number");
  reader->at++;
  return true;
}

/* Moves past a class. */
static void class(struct reader *reader) {
  const char *open = reader->at++;
  if (*reader->at == '^') reader->at++;
  for (bool first = true; reader->why == NULL && (first || *reader->at != ']'); first = false) {
    const char *at = reader->at;
    size_t      name;
    if (*at == 0) {
      refuse(reader, open, "a class without an end");
    } else if (*at == '\\') { /* what follows a backslash is no end; in \x{5d} and \p{L} braces are members of no harm */
      if (at[1] == 'c' || at[1] == 'Q' || at[1] == 'E' || at[1] == 0) refuse(reader, at, "this escape in a class");
      else reader->at += 2;
    } else if (*at == '[' && (at[1] == ':' || at[1] == '.' || at[1] == '=')) {
      name = at[2] == '^' ? 3 : 2;
      name += strspn(at + name, "abcdefghijklmnopqrstuvwxyz");
      if (at[name] == ':' && at[name + 1] == ']') reader->at = at + name + 2;
      else refuse(reader, at, "this name in a class");
    } else {
      reader->at++;
    }
  }
  if (reader->why == NULL) reader->at++;
}

/* ---- escapes ---- */

/* Behind \g or \k: a group's number or name, as they stand. */
static bool reference(struct reader *reader, const char *backslash) {
  static const char opens[] = "{<'", closes[] = "}>'";
  const char       *open = *reader->at != 0 ? strchr(opens, *reader->at) : NULL;
  if (open == NULL) {
    if (*reader->at == '-' || *reader->at == '+') reader->at++;
    if (!is_digit(*reader->at)) return refuse(reader, backslash, "this reference");
    while (is_digit(*reader->at)) reader->at++;
    return true;
  }
  reader->at = strchr(reader->at + 1, closes[open - opens]);
  if (reader->at == NULL) {
    reader->at = backslash;
    return refuse(reader, backslash, "this reference");
  }
  reader->at++;
  return true;
}

static struct item escape(struct reader *reader) {
  static const char places[] = "bBAZzGK", sets[] = "dDwWsShHvVNRX";
  const char       *backslash = reader->at++;
  char              c = *reader->at;
  unsigned          code;
  if (c == 0 || (c == 'N' && reader->at[1] == '{')) {
    refuse(reader, backslash, "this escape");
  } else if (strchr(places, c) != NULL) {
    reader->at++;
    return (struct item){ .kind = ITEM_NOTHING };
  } else if (strchr(sets, c) != NULL) {
    reader->at++;
  } else if (c == 'p' || c == 'P') {
    reader->at += reader->at[1] == '{' ? strcspn(reader->at, "}") + 1 : 2;
  } else if (c >= '1' && c <= '9') {
    if (is_digit(reader->at[1])) refuse(reader, backslash, "a number that is a group's or a character's");
    reader->at++;
  } else if (c == 'g' || c == 'k') {
    reader->at++;
    reference(reader, backslash);
  } else if (escaped_character(reader, &code)) {
    return literal(reader, code);
  } else {
    refuse(reader, backslash, "this escape");
  }
  return (struct item){ .kind = ITEM_OTHER };
}

/* ---- groups ---- */

/* (?imsx-imsx) or (?imsx-imsx: behind the question mark. False: no flags. */
static bool flags(struct reader *reader) {
  bool on = true;
  for (const char *at = reader->at;; at++) {
    switch (*at) {
    case '^': reader->caseless = reader->extended = false; break;
    case '-': on = false; break;
    case 'i': reader->caseless = on; break;
    case 'x':
      if (at[1] == 'x') return refuse(reader, at, "the option xx");
      reader->extended = on;
      break;
    case 'm':
    case 's':
    case 'n':
    case 'J':
    case 'U': break;
    case ')':
    case ':': reader->at = at; return true;
    default: return refuse(reader, reader->at - 2, "this kind of group");
    }
  }
}

enum group_kind { GROUP_PLAIN, GROUP_PLACE, GROUP_CONDITION, GROUP_RECURSION, GROUP_FLAGS };

/* What (?<, (?P and (?' open, behind the question mark. */
static enum group_kind group_named(struct reader *reader) {
  const char *at = reader->at;
  char        close;
  if (at[0] == '<' && (at[1] == '=' || at[1] == '!')) {
    reader->at += 2;
    return GROUP_PLACE;
  }
  if (at[0] == 'P') at++;
  if (at[0] == '=' || at[0] == '>') {
    reader->at = at + strcspn(at, ")");
    return GROUP_RECURSION;
  }
  close = at[0] == '\'' ? '\'' : '>';
  if (at[0] != '<' && at[0] != '\'') refuse(reader, reader->at - 2, "this kind of group");
  for (at++; is_alnum(*at) || *at == '_' || is_utf8(*at);) at++;
  if (*at != close) refuse(reader, reader->at - 2, "this kind of group");
  else reader->at = at + 1;
  return GROUP_PLAIN;
}

/* Moves past what opens the group. */
static enum group_kind group_open(struct reader *reader) {
  const char *open = reader->at++, *at;
  if (*reader->at == '*') refuse(reader, open, "a verb");
  if (*reader->at != '?') return GROUP_PLAIN;
  at = ++reader->at;
  switch (*at) {
  case ':':
  case '|':
  case '>': reader->at++; return GROUP_PLAIN;
  case '=':
  case '!': reader->at++; return GROUP_PLACE;
  case '<':
  case '\'':
  case 'P': return group_named(reader);
  case '(': return GROUP_CONDITION;
  default: break;
  }
  if (*at == 'R' || *at == '&' || *at == '+' || is_digit(*at) || (*at == '-' && is_digit(at[1]))) {
    reader->at += strcspn(at, ")");
    return GROUP_RECURSION;
  }
  flags(reader);
  if (*reader->at == ')') return GROUP_FLAGS;
  reader->at++;
  return GROUP_PLAIN;
}

static struct item group(struct reader *reader, struct need *need);

/* (?(condition)yes|no), at the condition. */
static void condition(struct reader *reader) {
  struct need unused;
  if (reader->at[1] == '*' || (reader->at[1] == '?' && reader->at[2] == 'C')) {
    refuse(reader, reader->at, "a verb or a callout");
  } else if (reader->at[1] == '?') {
    group(reader, &unused);
  } else {
    reader->at += strcspn(reader->at, ")");
    if (*reader->at != 0) reader->at++;
  }
}

/* *need: what a match of the group has in it. */
static struct item group(struct reader *reader, struct need *need) {
  bool            caseless = reader->caseless, extended = reader->extended;
  const char     *open = reader->at;
  enum group_kind kind = group_open(reader);
  struct item     item = { .kind = ITEM_GROUP };
  need->count = 0;
  if (reader->why != NULL) return item;
  if (kind == GROUP_CONDITION) condition(reader);
  if (kind != GROUP_FLAGS && kind != GROUP_RECURSION) {
    if (++reader->nest > NEST_MOST) refuse(reader, open, "groups too deep");
    else alternatives(reader, need);
    reader->nest--;
    reader->caseless = caseless;
    reader->extended = extended;
  }
  if (*reader->at != ')') refuse(reader, open, "this kind of group");
  else reader->at++;
  item.optional = kind == GROUP_CONDITION;
  if (kind == GROUP_FLAGS || kind == GROUP_PLACE) item.kind = ITEM_NOTHING;
  if (kind == GROUP_RECURSION) item.kind = ITEM_OTHER;
  return item;
}

/* ---- sequences ---- */

/* Moves past what is neither an item nor a quantifier: comments, \E, white space where (?x) is in force. */
static void skip(struct reader *reader) {
  while (reader->why == NULL) {
    const char *at = reader->at;
    if (at[0] == '\\' && at[1] == 'E') {
      reader->at += 2;
      reader->quoting = false;
    } else if (reader->quoting) {
      return;
    } else if (at[0] == '\\' && at[1] == 'Q') {
      reader->at += 2;
      reader->quoting = true;
    } else if (at[0] == '(' && at[1] == '?' && at[2] == '#') {
      reader->at += strcspn(at, ")");
      if (*reader->at != 0) reader->at++;
    } else if (reader->extended && (*at == ' ' || (*at >= '\t' && *at <= '\r'))) {
      reader->at++;
    } else if (reader->extended && *at == '#') {
      reader->at += strcspn(at, "\n");
    } else {
      if (reader->extended && is_utf8(*at)) refuse(reader, at, "a character beyond ASCII under (?x)");
      return;
    }
  }
}

struct repeat {
  int least, most; /* ENDLESS */
};

/* {n}, {n,} or {n,m} at a brace; false: it is a literal, or refused. */
static bool repeat_braces(struct reader *reader, struct repeat *repeat) {
  const char *at = reader->at + 1;
  char       *end;
  long        least, most;
  if (!is_digit(*at)) {
    if (*at == ',' || *at == ' ' || *at == '\t') refuse(reader, reader->at, "braces that PCRE2's versions read differently");
    return false;
  }
  least = most = strtol(at, &end, 10);
  if (*end == ',') {
    most = is_digit(*++end) ? strtol(end, &end, 10) : ENDLESS;
  }
  if (*end != '}') {
    if (*end == ' ' || *end == '\t') refuse(reader, reader->at, "braces that PCRE2's versions read differently");
    return false;
  }
  reader->at = end + 1;
  repeat->least = least > REPEAT_MOST ? REPEAT_MOST : (int)least;
  repeat->most = most > REPEAT_MOST ? ENDLESS : (int)most;
  return true;
}

/* The quantifier behind an item, where there is one. */
static struct repeat repeat_next(struct reader *reader) {
  struct repeat repeat = { 1, 1 };
  const char   *at;
  skip(reader);
  if (reader->quoting) return repeat;
  switch (*reader->at) {
  case '*': repeat = (struct repeat){ 0, ENDLESS }; break;
  case '+': repeat = (struct repeat){ 1, ENDLESS }; break;
  case '?': repeat = (struct repeat){ 0, 1 }; break;
  case '{':
    if (!repeat_braces(reader, &repeat)) return repeat;
    reader->at--;
    break;
  default: return repeat;
  }
  reader->at++;
  if (*reader->at == '?' || *reader->at == '+') reader->at++;
  at = reader->at;
  skip(reader);
  if (reader->quoting) return repeat;
  if (*reader->at == '?' || *reader->at == '+' || *reader->at == '*' || (*reader->at == '{' && is_digit(reader->at[1])))
    refuse(reader, at, "a quantifier behind a quantifier");
  return repeat;
}

static struct item item_next(struct reader *reader, struct need *need) {
  const char *at = reader->at;
  if (reader->quoting) return literal(reader, character_next(reader));
  switch (*at) {
  case '(': return group(reader, need);
  case '\\': return escape(reader);
  case '[': class(reader); return (struct item){ .kind = ITEM_OTHER };
  case '.': reader->at++; return (struct item){ .kind = ITEM_OTHER };
  case '^':
  case '$': reader->at++; return (struct item){ .kind = ITEM_NOTHING };
  case '*':
  case '+':
  case '?': refuse(reader, at, "a quantifier behind nothing"); break;
  case '{':
    if (is_digit(at[1]) || at[1] == ',' || at[1] == ' ') refuse(reader, at, "a quantifier behind nothing");
    break;
  default: break;
  }
  return literal(reader, character_next(reader));
}

/* What an item with its quantifier adds to the run, or ends it. */
static void item_add(const struct item *item, struct repeat repeat, const struct need *inner, struct literal *run, struct need *best) {
  bool once = repeat.least == 1 && repeat.most == 1;
  if (item->kind == ITEM_NOTHING || repeat.most == 0) return;
  if (item->kind == ITEM_BYTES && repeat.least > 0) {
    run_add(run, &item->bytes, best);
    if (once) return;
    run_end(run, best);
    run_add(run, &item->bytes, best); /* the last of them begins the next */
    return;
  }
  run_end(run, best);
  if (item->kind == ITEM_GROUP && !item->optional && repeat.least > 0) need_better(best, inner);
}

/* Up to | or ) or the end. */
static void sequence(struct reader *reader, struct need *best) {
  struct literal run = { 0 };
  best->count = 0;
  while (reader->why == NULL) {
    struct need inner = { .count = 0 };
    struct item item;
    skip(reader);
    if (*reader->at == 0 || (!reader->quoting && (*reader->at == '|' || *reader->at == ')'))) break;
    item = item_next(reader, &inner);
    if (reader->why != NULL) return;
    item_add(&item, repeat_next(reader), &inner, &run, best);
  }
  run_end(&run, best);
}

static void alternatives(struct reader *reader, struct need *need) {
  sequence(reader, need);
  while (reader->why == NULL && *reader->at == '|') {
    struct need other;
    reader->at++;
    sequence(reader, &other);
    need_either(need, &other);
  }
}

struct required required_of(const char *pattern) {
  static const char ucp[] = "(*UCP)";
  struct reader     reader = { .start = pattern, .at = pattern };
  struct need       need;
  struct required   required = { .count = 0 };
  if (strncmp(pattern, ucp, sizeof ucp - 1) == 0) reader.at += sizeof ucp - 1;
  alternatives(&reader, &need);
  if (reader.why == NULL && *reader.at != 0) refuse(&reader, reader.at, "this parenthesis");
  if (reader.why == NULL && need_least(&need) < LITERAL_LEAST) {
    reader.byte = 0;
    reader.why = "no three characters in a row stand for themselves in every match";
  }
  required.why = reader.why;
  required.byte = reader.byte;
  if (reader.why != NULL) return required;
  required.count = need.count;
  memcpy(required.list, need.list, sizeof required.list);
  return required;
}
