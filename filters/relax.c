/* relax: one descent over the pattern, writing as it goes.
 *
 *   \b ^ (?<=x)            nothing: a place is no byte
 *   \1 (?R) \X             any bytes
 *   [^a] . \w+             bytes: a character beyond ASCII is one to four bytes of 0x80 and more
 *   (?i)k                  k, K or U+212A: what UTF case folding adds is written out
 *   (?>x) x*+ (?(1)x|y)    (?:x) x* (?:x|y)
 *
 * Each step may only widen. What is not known for certain is refused with its place: such a rule is always run. */
#include "filters/relax.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "filters/scan.h"

enum { NEST_MOST = 50, REPEAT_MOST = 32, ENDLESS = -1, WIDTH_MOST = 4096 };

struct set {
  uint64_t low[2]; /* ASCII, a bit each */
  bool     high;   /* any character beyond */
};

struct relaxer {
  const char *start, *at;
  char       *out;
  size_t      used, room;
  const char *why; /* not NULL: refused; all that is written is void */
  size_t      byte;
  unsigned    nest;
  bool        caseless, extended, quoting;
};

enum atom_kind {
  ATOM_NOTHING, /* a place, or what is dropped */
  ATOM_SET,     /* one character, not written yet */
  ATOM_WRITTEN, /* (?:...), from `from` on */
  ATOM_ANY      /* any bytes, or none */
};

struct atom {
  enum atom_kind kind;
  struct set     set;
  size_t         from, width;
  bool           optional;
};

static bool alternatives(struct relaxer *relaxer, size_t *width, bool *optional);

static bool refuse(struct relaxer *relaxer, const char *at, const char *why) {
  if (relaxer->why == NULL) {
    relaxer->why = why;
    relaxer->byte = (size_t)(at - relaxer->start);
  }
  return false;
}

static void put(struct relaxer *relaxer, const char *text) {
  size_t size = strlen(text);
  if (relaxer->room - relaxer->used <= size) {
    refuse(relaxer, relaxer->at, "the pattern is too long");
    return;
  }
  memcpy(relaxer->out + relaxer->used, text, size + 1);
  relaxer->used += size;
}

static void put_byte(struct relaxer *relaxer, unsigned byte) {
  char text[8];
  snprintf(text, sizeof text, "\\x%02x", byte & 255);
  put(relaxer, text);
}

static void set_add(struct set *set, unsigned first, unsigned last) {
  for (unsigned c = first; c <= last && c < 128; c++) set->low[c / 64] |= UINT64_C(1) << c % 64;
  if (last >= 128) set->high = true;
}

static bool set_has(const struct set *set, unsigned c) { return set->low[c / 64] >> c % 64 & 1; }

static struct set set_not(struct set set) { return (struct set){ { ~set.low[0], ~set.low[1] }, true }; }

static struct set set_full(void) { return set_not((struct set){ 0 }); }

static void set_join(struct set *set, struct set more) {
  set->low[0] |= more.low[0];
  set->low[1] |= more.low[1];
  set->high |= more.high;
}

/* What caseless matching adds. Beyond ASCII there are U+017F, a long s, and U+212A, the Kelvin sign. */
static void set_fold(struct set *set) {
  bool high = set->high;
  for (unsigned c = 'a'; c <= 'z'; c++) {
    if (!set_has(set, c) && !set_has(set, c - 32)) continue;
    set_add(set, c, c);
    set_add(set, c - 32, c - 32);
    if (c == 'k' || c == 's') set->high = true;
  }
  if (!high) return;
  set_add(set, 'k', 'k');
  set_add(set, 'K', 'K');
  set_add(set, 's', 's');
  set_add(set, 'S', 'S');
}

static void put_set(struct relaxer *relaxer, const struct set *set) {
  put(relaxer, "[");
  for (unsigned c = 0; c < 128; c++) {
    unsigned first = c;
    if (!set_has(set, c)) continue;
    while (c + 1 < 128 && set_has(set, c + 1)) c++;
    put_byte(relaxer, first);
    if (c == first) continue;
    put(relaxer, "-");
    put_byte(relaxer, c);
  }
  if (set->high) put(relaxer, "\\x80-\\xff");
  put(relaxer, "]");
}

/* ---- characters ---- */

static unsigned character_next(struct relaxer *relaxer) { /* the pattern is valid UTF-8: PCRE2 has taken it */
  unsigned char first = (unsigned char)*relaxer->at++;
  unsigned      code = first, more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc0 ? 1 : 0;
  if (more > 0) code = first & (0x3fu >> more);
  for (; more > 0 && ((unsigned char)*relaxer->at & 0xc0) == 0x80; more--) code = code << 6 | ((unsigned char)*relaxer->at++ & 0x3f);
  return code;
}

static void put_utf8(struct relaxer *relaxer, unsigned code) {
  static const unsigned lead[] = { 0, 0xc0, 0xe0, 0xf0 };
  unsigned              more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  put_byte(relaxer, lead[more] | code >> 6 * more);
  while (more-- > 0) put_byte(relaxer, 0x80 | (code >> 6 * more & 0x3f));
}

/* One character that matches itself. */
static struct atom literal(struct relaxer *relaxer, unsigned code) {
  struct atom atom = { .kind = ATOM_SET, .from = relaxer->used, .width = 1 };
  bool        folds = code == 'k' || code == 'K' || code == 's' || code == 'S';
  if (relaxer->caseless && folds) {
    char other[40];
    snprintf(other, sizeof other, "(?:[%c%c]|%s)", code & ~32u, code | 32, (code | 32) == 'k' ? "\\xe2\\x84\\xaa" : "\\xc5\\xbf");
    atom.kind = ATOM_WRITTEN;
    put(relaxer, other);
  } else if (code < 128 || relaxer->caseless) {
    set_add(&atom.set, code, code);
    if (relaxer->caseless) set_fold(&atom.set);
  } else {
    atom.kind = ATOM_WRITTEN;
    put(relaxer, "(?:");
    put_utf8(relaxer, code);
    put(relaxer, ")");
  }
  return atom;
}

static unsigned number(struct relaxer *relaxer, unsigned base, unsigned most_digits) {
  unsigned value = 0;
  for (; most_digits > 0 && is_hex(*relaxer->at) && hex_value(*relaxer->at) < base; most_digits--) value = value * base + hex_value(*relaxer->at++);
  return value;
}

/* \xhh, \x{h...}, \o{...}, \0oo, \n and the like, behind the backslash. False: none of them, or refused. */
static bool escaped_character(struct relaxer *relaxer, unsigned *code) {
  static const char names[] = "aefnrt", values[] = "\a\033\f\n\r\t";
  const char       *at = relaxer->at, *name = *at != 0 ? strchr(names, *at) : NULL;
  char              c = *at;
  bool              braces = (c == 'x' || c == 'o') && at[1] == '{';
  if (c > 0 && c < 127 && !is_alnum(c)) {
    *code = (unsigned)c;
    relaxer->at++;
    return true;
  }
  if (name != NULL) {
    *code = (unsigned char)values[name - names];
    relaxer->at++;
    return true;
  }
  if (c != 'x' && c != '0' && !(c == 'o' && braces)) return false;
  relaxer->at += braces ? 2 : 1;
  if (braces) *code = number(relaxer, c == 'x' ? 16 : 8, 12);
  else *code = c == 'x' ? number(relaxer, 16, 2) : number(relaxer, 8, 2);
  if (!braces) return true;
  if (*relaxer->at != '}' || *code > 0x10ffff) return refuse(relaxer, at, "a character by its number");
  relaxer->at++;
  return true;
}

/* \d and the like, behind the backslash: of ASCII, as without UCP. False: none of them. */
static bool escaped_set(struct relaxer *relaxer, struct set *set) {
  struct set found = { 0 };
  char       c = *relaxer->at;
  switch (c | 32) {
  case 'd': set_add(&found, '0', '9'); break;
  case 'w':
    set_add(&found, '0', '9');
    set_add(&found, 'A', 'Z');
    set_add(&found, 'a', 'z');
    set_add(&found, '_', '_');
    break;
  case 's':
    set_add(&found, '\t', '\r');
    set_add(&found, ' ', ' ');
    break;
  case 'h':
    set_add(&found, '\t', '\t');
    set_add(&found, ' ', ' ');
    found.high = true;
    break;
  case 'v':
    set_add(&found, '\n', '\r');
    found.high = true;
    break;
  default: return false;
  }
  *set = is_upper(c) ? set_not(found) : found;
  relaxer->at++;
  return true;
}

/* \p{...} and the like, behind the backslash: any character. */
static bool escaped_property(struct relaxer *relaxer) {
  if ((*relaxer->at | 32) != 'p') return false;
  relaxer->at++;
  if (*relaxer->at == '{') relaxer->at += strcspn(relaxer->at, "}");
  if (*relaxer->at != 0) relaxer->at++;
  return true;
}

/* ---- classes ---- */

/* [:alpha:] or [:^alpha:], behind the first bracket. */
static bool posix_set(struct relaxer *relaxer, struct set *set) {
  static const struct {
    const char *name, *ranges; /* first and last of each range */
  } rows[] = {
    { "alpha", "AZaz" },    { "digit", "09" },     { "alnum", "09AZaz" },           { "word", "09AZaz__" },
    { "xdigit", "09AFaf" }, { "space", "\t\r  " }, { "punct", "!/:@[`{~" },         { "graph", "!~" },
    { "print", " ~" },      { "blank", "\t\t  " }, { "cntrl", "\001\037\177\177" }, { "ascii", "\001\177" },
  };
  const char *name = relaxer->at + 2;
  bool        negated = *name == '^';
  size_t      size;
  name += negated;
  size = strspn(name, "abcdefghijklmnopqrstuvwxyz");
  if (name[size] != ':' || name[size + 1] != ']') return false;
  relaxer->at = name + size + 2;
  *set = set_full();
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    if (!text_equal((struct text){ name, size }, text_of(rows[i].name))) continue;
    *set = (struct set){ 0 };
    for (const char *range = rows[i].ranges; *range != 0; range += 2) set_add(set, (unsigned char)range[0], (unsigned char)range[1]);
    if (rows[i].ranges[0] == 1) set_add(set, 0, 0); /* NUL is of cntrl and of ascii */
    if (negated) *set = set_not(*set);
    return true;
  }
  return true; /* lower and upper, which caseless matching changes, and any other: all */
}

/* One member of a class; *code is its character, or -1: it is a set of its own. */
static bool class_member(struct relaxer *relaxer, struct set *set, long *code) {
  const char *at = relaxer->at;
  unsigned    character;
  *code = -1;
  if (*at == 0) return refuse(relaxer, at, "a class without an end");
  if (*at == '[' && (at[1] == '.' || at[1] == '=')) return refuse(relaxer, at, "a collating element");
  if (*at == '[' && at[1] == ':' && posix_set(relaxer, set)) return true;
  if (*at != '\\') {
    *code = (long)character_next(relaxer);
    return true;
  }
  relaxer->at++;
  if (*relaxer->at == 'b') {
    relaxer->at++;
    *code = '\b';
    return true;
  }
  if (escaped_set(relaxer, set)) return true;
  if (escaped_property(relaxer)) {
    *set = set_full();
    return true;
  }
  if (!escaped_character(relaxer, &character)) return refuse(relaxer, at, "this escape in a class");
  *code = (long)character;
  return true;
}

/* Members of a negated class must be no wider than they are: whatever is a guess (high, a property) makes it full. */
static bool class_members(struct relaxer *relaxer, struct set *set, bool *guess) {
  for (bool first = true; first || *relaxer->at != ']'; first = false) {
    struct set  member = { 0 };
    const char *at = relaxer->at;
    long        code, last;
    if (!class_member(relaxer, &member, &code)) return false;
    if (relaxer->at[0] == '-' && relaxer->at[1] != ']') {
      if (code < 0) return refuse(relaxer, at, "a hyphen beside a set");
      relaxer->at++;
      if (!class_member(relaxer, &member, &last)) return false;
      if (last < code) return refuse(relaxer, at, "a hyphen beside a set");
      set_add(set, (unsigned)code, (unsigned)last);
      continue;
    }
    if (code >= 0) set_add(&member, (unsigned)code, (unsigned)code);
    *guess |= code < 0 && (~(member.low[0] & member.low[1]) == 0);
    set_join(set, member);
  }
  relaxer->at++;
  return true;
}

static struct atom class(struct relaxer *relaxer) {
  struct atom atom = { .kind = ATOM_SET, .from = relaxer->used, .width = 1 };
  bool        negated = relaxer->at[1] == '^', guess = false;
  struct set  written;
  relaxer->at += negated ? 2 : 1;
  if (!class_members(relaxer, &atom.set, &guess)) return atom;
  written = atom.set;
  if (relaxer->caseless) set_fold(&atom.set);
  if (negated) { /* folding of a character beyond ASCII takes none away that is known to be out */
    if (relaxer->caseless) {
      written.high = false;
      set_fold(&written);
    }
    atom.set = guess ? set_full() : set_not(written);
  }
  return atom;
}

/* ---- escapes ---- */

/* Behind \g or \k: a group's number or name, as they stand. */
static bool reference(struct relaxer *relaxer, const char *backslash) {
  static const char opens[] = "{<'", closes[] = "}>'";
  const char       *open = *relaxer->at != 0 ? strchr(opens, *relaxer->at) : NULL;
  if (open == NULL) {
    if (*relaxer->at == '-' || *relaxer->at == '+') relaxer->at++;
    if (!is_digit(*relaxer->at)) return refuse(relaxer, backslash, "this reference");
    while (is_digit(*relaxer->at)) relaxer->at++;
    return true;
  }
  relaxer->at = strchr(relaxer->at + 1, closes[open - opens]);
  if (relaxer->at == NULL) {
    relaxer->at = backslash;
    return refuse(relaxer, backslash, "this reference");
  }
  relaxer->at++;
  return true;
}

static struct atom escape(struct relaxer *relaxer) {
  const char *backslash = relaxer->at++;
  struct atom atom = { .kind = ATOM_NOTHING, .from = relaxer->used };
  char        c = *relaxer->at;
  unsigned    code;
  if (c != 0 && strchr("bBAZzGK", c) != NULL) {
    relaxer->at++;
    return atom;
  }
  if (c >= '1' && c <= '9') {
    if (is_digit(relaxer->at[1])) refuse(relaxer, backslash, "a number that is a group's or a character's");
    relaxer->at++;
    atom.kind = ATOM_ANY;
    return atom;
  }
  if (c == 'g' || c == 'k') {
    relaxer->at++;
    reference(relaxer, backslash);
    atom.kind = ATOM_ANY;
    return atom;
  }
  if (c == 'X') {
    relaxer->at++;
    atom.kind = ATOM_ANY;
    return atom;
  }
  if (c == 'R') {
    relaxer->at++;
    put(relaxer, "(?:[\\x0a-\\x0d]|[\\x80-\\xff])");
    return (struct atom){ .kind = ATOM_WRITTEN, .from = atom.from, .width = 1 };
  }
  atom = (struct atom){ .kind = ATOM_SET, .from = relaxer->used, .width = 1 };
  if ((c == 'N' && relaxer->at[1] != '{') || escaped_property(relaxer)) {
    relaxer->at += c == 'N';
    atom.set = set_full();
    return atom;
  }
  if (escaped_set(relaxer, &atom.set)) return atom;
  if (escaped_character(relaxer, &code)) return literal(relaxer, code);
  refuse(relaxer, backslash, "this escape");
  return atom;
}

/* ---- groups ---- */

/* (?imsx-imsx) or (?imsx-imsx: behind the question mark. False: no flags. */
static bool flags(struct relaxer *relaxer) {
  bool on = true;
  for (const char *at = relaxer->at;; at++) {
    switch (*at) {
    case '^': relaxer->caseless = relaxer->extended = false; break;
    case '-': on = false; break;
    case 'i': relaxer->caseless = on; break;
    case 'x':
      if (at[1] == 'x') return refuse(relaxer, at, "the option xx");
      relaxer->extended = on;
      break;
    case 'm':
    case 's':
    case 'n':
    case 'J':
    case 'U': break;
    case ')':
    case ':': relaxer->at = at; return true;
    default: return refuse(relaxer, relaxer->at - 2, "this kind of group");
    }
  }
}

enum group_kind { GROUP_PLAIN, GROUP_PLACE, GROUP_CONDITION, GROUP_RECURSION, GROUP_FLAGS };

/* What (?<, (?P and (?' open, behind the question mark. */
static enum group_kind group_named(struct relaxer *relaxer) {
  const char *at = relaxer->at;
  char        close;
  if (at[0] == '<' && (at[1] == '=' || at[1] == '!')) {
    relaxer->at += 2;
    return GROUP_PLACE;
  }
  if (at[0] == 'P') at++;
  if (at[0] == '=' || at[0] == '>') {
    relaxer->at = at + strcspn(at, ")");
    return GROUP_RECURSION;
  }
  close = at[0] == '\'' ? '\'' : '>';
  if (at[0] != '<' && at[0] != '\'') refuse(relaxer, relaxer->at - 2, "this kind of group");
  for (at++; is_alnum(*at) || *at == '_' || is_utf8(*at);) at++;
  if (*at != close) refuse(relaxer, relaxer->at - 2, "this kind of group");
  else relaxer->at = at + 1;
  return GROUP_PLAIN;
}

/* Moves past what opens the group. */
static enum group_kind group_open(struct relaxer *relaxer) {
  const char *open = relaxer->at++, *at;
  if (*relaxer->at == '*') refuse(relaxer, open, "a verb");
  if (*relaxer->at != '?') return GROUP_PLAIN;
  at = ++relaxer->at;
  switch (*at) {
  case ':':
  case '|':
  case '>': relaxer->at++; return GROUP_PLAIN;
  case '=':
  case '!': relaxer->at++; return GROUP_PLACE;
  case '<':
  case '\'':
  case 'P': return group_named(relaxer);
  case '(': return GROUP_CONDITION;
  default: break;
  }
  if (*at == 'R' || *at == '&' || *at == '+' || is_digit(*at) || (*at == '-' && is_digit(at[1]))) {
    relaxer->at += strcspn(at, ")");
    return GROUP_RECURSION;
  }
  flags(relaxer);
  if (*relaxer->at == ')') return GROUP_FLAGS;
  relaxer->at++;
  return GROUP_PLAIN;
}

static struct atom group(struct relaxer *relaxer);

/* (?(condition)yes|no), at the condition; true for DEFINE, which matches nothing where it stands. */
static bool condition(struct relaxer *relaxer) {
  static const char define[] = "(DEFINE)";
  bool              defines = strncmp(relaxer->at, define, sizeof define - 1) == 0;
  if (relaxer->at[1] == '*') refuse(relaxer, relaxer->at, "a verb");
  else if (relaxer->at[1] == '?') {
    if (relaxer->at[2] == 'C') refuse(relaxer, relaxer->at, "a callout");
    else relaxer->used = group(relaxer).from;
  } else {
    relaxer->at += strcspn(relaxer->at, ")");
    if (*relaxer->at != 0) relaxer->at++;
  }
  return defines;
}

static struct atom group(struct relaxer *relaxer) {
  bool            caseless = relaxer->caseless, extended = relaxer->extended, dropped;
  struct atom     atom = { .kind = ATOM_WRITTEN, .from = relaxer->used };
  const char     *open = relaxer->at;
  enum group_kind kind = group_open(relaxer);
  size_t          body;
  if (relaxer->why != NULL) return atom;
  if (kind == GROUP_FLAGS || kind == GROUP_RECURSION) {
    if (*relaxer->at != ')') refuse(relaxer, open, "this kind of group");
    else relaxer->at++;
    atom.kind = kind == GROUP_FLAGS ? ATOM_NOTHING : ATOM_ANY;
    return atom;
  }
  dropped = kind == GROUP_PLACE || (kind == GROUP_CONDITION && condition(relaxer));
  if (++relaxer->nest > NEST_MOST) refuse(relaxer, open, "groups too deep");
  if (relaxer->why != NULL) return atom;
  put(relaxer, "(?:");
  body = relaxer->used;
  if (alternatives(relaxer, &atom.width, &atom.optional)) {
    if (*relaxer->at != ')') refuse(relaxer, open, "this group");
    else relaxer->at++;
  }
  dropped |= relaxer->used == body;
  put(relaxer, ")");
  relaxer->nest--;
  relaxer->caseless = caseless;
  relaxer->extended = extended;
  atom.optional |= kind == GROUP_CONDITION;
  if (!dropped) return atom;
  relaxer->used = atom.from;
  return (struct atom){ .kind = ATOM_NOTHING, .from = atom.from };
}

/* ---- sequences ---- */

/* Moves past what is neither an item nor a quantifier: comments, \E, white space where (?x) is in force. */
static void skip(struct relaxer *relaxer) {
  while (relaxer->why == NULL) {
    const char *at = relaxer->at;
    if (at[0] == '\\' && at[1] == 'E') {
      relaxer->at += 2;
      relaxer->quoting = false;
    } else if (relaxer->quoting) {
      return;
    } else if (at[0] == '\\' && at[1] == 'Q') {
      relaxer->at += 2;
      relaxer->quoting = true;
    } else if (at[0] == '(' && at[1] == '?' && at[2] == '#') {
      relaxer->at += strcspn(at, ")");
      if (*relaxer->at != 0) relaxer->at++;
    } else if (relaxer->extended && (*at == ' ' || (*at >= '\t' && *at <= '\r'))) {
      relaxer->at++;
    } else if (relaxer->extended && *at == '#') {
      relaxer->at += strcspn(at, "\n");
    } else {
      if (relaxer->extended && is_utf8(*at)) refuse(relaxer, at, "a character beyond ASCII under (?x)");
      return;
    }
  }
}

struct repeat {
  int least, most; /* ENDLESS */
};

/* {n}, {n,} or {n,m} at a brace; false: it is a literal, or refused. */
static bool repeat_braces(struct relaxer *relaxer, struct repeat *repeat) {
  const char *at = relaxer->at + 1;
  char       *end;
  long        least, most;
  if (!is_digit(*at)) {
    if (*at == ',' || *at == ' ' || *at == '\t') refuse(relaxer, relaxer->at, "braces that PCRE2's versions read differently");
    return false;
  }
  least = most = strtol(at, &end, 10);
  if (*end == ',') {
    most = is_digit(*++end) ? strtol(end, &end, 10) : ENDLESS;
  }
  if (*end != '}') {
    if (*end == ' ' || *end == '\t') refuse(relaxer, relaxer->at, "braces that PCRE2's versions read differently");
    return false;
  }
  relaxer->at = end + 1;
  repeat->least = least > REPEAT_MOST ? REPEAT_MOST : (int)least;
  repeat->most = most > REPEAT_MOST ? ENDLESS : (int)most;
  return true;
}

/* The quantifier behind an item, where there is one. */
static struct repeat repeat_next(struct relaxer *relaxer) {
  struct repeat repeat = { 1, 1 };
  const char   *at;
  skip(relaxer);
  if (relaxer->quoting) return repeat;
  switch (*relaxer->at) {
  case '*': repeat = (struct repeat){ 0, ENDLESS }; break;
  case '+': repeat = (struct repeat){ 1, ENDLESS }; break;
  case '?': repeat = (struct repeat){ 0, 1 }; break;
  case '{':
    if (!repeat_braces(relaxer, &repeat)) return repeat;
    relaxer->at--;
    break;
  default: return repeat;
  }
  relaxer->at++;
  if (*relaxer->at == '?' || *relaxer->at == '+') relaxer->at++;
  at = relaxer->at;
  skip(relaxer);
  if (relaxer->quoting) return repeat;
  if (*relaxer->at == '?' || *relaxer->at == '+' || *relaxer->at == '*' || (*relaxer->at == '{' && is_digit(relaxer->at[1])))
    refuse(relaxer, at, "a quantifier behind a quantifier");
  return repeat;
}

static void put_repeat(struct relaxer *relaxer, int least, int most) {
  char text[32];
  if (least == 1 && most == 1) return;
  if (most == ENDLESS) snprintf(text, sizeof text, "{%d,}", least);
  else snprintf(text, sizeof text, "{%d,%d}", least, most);
  put(relaxer, least == 0 && most == ENDLESS ? "*" : least == 1 && most == ENDLESS ? "+" : least == 0 && most == 1 ? "?" : text);
}

/* Writes an item with its quantifier; returns its least width. */
static size_t atom_put(struct relaxer *relaxer, const struct atom *atom, struct repeat repeat) {
  int least = atom->optional ? 0 : repeat.least, most = repeat.most;
  if (atom->kind == ATOM_NOTHING || most == 0) {
    relaxer->used = atom->from;
    relaxer->out[relaxer->used] = 0;
    return 0;
  }
  if (atom->kind == ATOM_ANY) {
    put(relaxer, "[\\x00-\\xff]*");
    return 0;
  }
  if (atom->kind == ATOM_SET) {
    put_set(relaxer, &atom->set);
    if (atom->set.high && most != ENDLESS) most = 4 * most > REPEAT_MOST ? ENDLESS : 4 * most;
  }
  put_repeat(relaxer, least, most);
  return (size_t)least * atom->width;
}

static struct atom item(struct relaxer *relaxer) {
  struct atom atom = { .kind = ATOM_NOTHING, .from = relaxer->used };
  const char *at = relaxer->at;
  if (relaxer->quoting) return literal(relaxer, character_next(relaxer));
  switch (*at) {
  case '(': return group(relaxer);
  case '[':
    if (at[1] == '[' && at[2] == ':' && (at[3] == '<' || at[3] == '>')) refuse(relaxer, at, "a word's start or end in brackets");
    return class(relaxer);
  case '\\': return escape(relaxer);
  case '^':
  case '$': relaxer->at++; return atom;
  case '.': relaxer->at++; return (struct atom){ .kind = ATOM_SET, .set = set_full(), .from = relaxer->used, .width = 1 };
  case '*':
  case '+':
  case '?': refuse(relaxer, at, "a quantifier behind nothing"); return atom;
  case '{':
    if (is_digit(at[1]) || at[1] == ',' || at[1] == ' ') refuse(relaxer, at, "a quantifier behind nothing");
    break;
  default: break;
  }
  return literal(relaxer, character_next(relaxer));
}

/* Up to | or ) or the end; adds to *width. */
static bool sequence(struct relaxer *relaxer, size_t *width) {
  *width = 0;
  while (relaxer->why == NULL) {
    struct atom atom;
    skip(relaxer);
    if (*relaxer->at == 0 || (!relaxer->quoting && (*relaxer->at == '|' || *relaxer->at == ')'))) break;
    atom = item(relaxer);
    if (relaxer->why != NULL) break;
    *width += atom_put(relaxer, &atom, repeat_next(relaxer));
    if (*width > WIDTH_MOST) *width = WIDTH_MOST;
  }
  return relaxer->why == NULL;
}

/* *optional: one of them is empty, and is left out of what is written. */
static bool alternatives(struct relaxer *relaxer, size_t *width, bool *optional) {
  size_t start = relaxer->used;
  *width = WIDTH_MOST;
  while (true) {
    size_t bar = relaxer->used, before, least;
    if (bar > start) put(relaxer, "|");
    before = relaxer->used;
    if (!sequence(relaxer, &least)) return false;
    if (relaxer->used == before) {
      relaxer->used = bar;
      *optional = true;
    }
    if (least < *width) *width = least;
    if (*relaxer->at != '|') break;
    relaxer->at++;
  }
  relaxer->out[relaxer->used] = 0;
  if (*optional) *width = 0;
  return true;
}

struct relaxed relax_into(const char *pattern, char *out, size_t room) {
  struct relaxer relaxer = { .start = pattern, .at = pattern, .out = out, .room = room };
  size_t         width = 0;
  bool           optional = false;
  if (alternatives(&relaxer, &width, &optional) && *relaxer.at != 0) refuse(&relaxer, relaxer.at, "this parenthesis");
  if (relaxer.why == NULL && width == 0) {
    relaxer.byte = 0;
    relaxer.why = "nothing is certain to stand in what it matches";
  }
  return (struct relaxed){ relaxer.why, relaxer.byte, width };
}
