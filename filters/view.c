/* view: hidden spellings decoded layer by layer. See view.h.
 *
 *   bytes ── unit_at: what spelling begins here? ── push ── folded, if a character of UTF-8 is complete ──▶ bytes
 *
 * Each layer is read and written in place: no spelling decodes to more bytes than it has. */
#include "filters/view.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "filters/scan.h"

enum {
  QUOTED_NEAR = 40, /* quoted-printable comes in numbers: two so near are no keys with values */
  KEY_WINDOW = 32,  /* bytes looked at for key= in front of quoted-printable */
  TOKEN_LEAST = 14, /* base64: shorter tokens hold no value; longer ones are not looked into */
  TOKEN_MOST = 4096,
  TOKEN_TRIES = 8,   /* a token may start behind each of so many slashes of a path */
  WORD_MOST = 1024,  /* RFC 2047 2 has 75 for an encoded word */
  NO_CODE = 0x110000 /* behind the last code point */
};

/* One spelling. */
struct unit {
  uint32_t taken; /* bytes of it; 0: none begins here */
  uint32_t code;  /* the code point that it stands for; with byte: a byte of some encoding */
  bool     byte;
  bool     idle; /* no reason for a view: detectors read through it */
};
static const struct unit no_unit = { 0 };

static struct unit unit_code(size_t taken, uint32_t code) { return (struct unit){ .taken = (uint32_t)taken, .code = code }; }
static struct unit unit_byte(size_t taken, uint32_t byte) { return (struct unit){ .taken = (uint32_t)taken, .code = byte, .byte = true }; }

static char byte_at(struct text text, size_t at) { return at < text.size ? text.at[at] : 0; }
static char last_byte(struct text text) { return text.size > 0 ? text.at[text.size - 1] : 0; }
static bool is_octal(char c) { return (unsigned)c - '0' < 8; }
static bool is_punctuation(char c) { return c > ' ' && c < 0x7f && !is_alnum(c); }

/* The value of exactly digits hexadecimal digits at byte at; NO_CODE: they are not all there. */
static uint32_t hex_at(struct text text, size_t at, unsigned digits) {
  uint32_t value = 0;
  if (at > text.size || text.size - at < digits) return NO_CODE;
  for (unsigned i = 0; i < digits; i++) {
    if (!is_hex(text.at[at + i])) return NO_CODE;
    value = value << 4 | hex_value(text.at[at + i]);
  }
  return value;
}

/* Three octal digits: a byte; NO_CODE: none. */
static uint32_t octal_at(struct text text, size_t at) {
  if (at > text.size || text.size - at < 3 || text.at[at] < '0' || text.at[at] > '3' || !is_octal(text.at[at + 1]) || !is_octal(text.at[at + 2]))
    return NO_CODE;
  return (uint32_t)(text.at[at] - '0') << 6 | (uint32_t)(text.at[at + 1] - '0') << 3 | (uint32_t)(text.at[at + 2] - '0');
}

/* ---- characters: what looks like ASCII, or like nothing ---- */

enum { FOLD_SAME = 0, FOLD_AWAY = 0x80 }; /* else the ASCII byte */

struct fold {
  uint32_t first, last;
  uint8_t  to;    /* an ASCII byte for all, or for the first where they count on; FOLD_AWAY */
  uint8_t  count; /* 0: all alike; else consecutive characters, starting again after so many */
};
static const struct fold folds[] = {
  /* sorted; Unicode 15: decimal digits (Nd), spaces (Zs), dashes (Pd), marks without a width (Cf, Mn) */
  { 0x00a0, 0x00a0, ' ', 0 },       { 0x00ad, 0x00ad, FOLD_AWAY, 0 }, { 0x00b2, 0x00b3, '2', 2 },       { 0x00b9, 0x00b9, '1', 0 },
  { 0x034f, 0x034f, FOLD_AWAY, 0 }, { 0x061c, 0x061c, FOLD_AWAY, 0 }, { 0x0660, 0x0669, '0', 10 },      { 0x06f0, 0x06f9, '0', 10 },
  { 0x07c0, 0x07c9, '0', 10 },      { 0x0966, 0x096f, '0', 10 },      { 0x09e6, 0x09ef, '0', 10 },      { 0x0a66, 0x0a6f, '0', 10 },
  { 0x0ae6, 0x0aef, '0', 10 },      { 0x0b66, 0x0b6f, '0', 10 },      { 0x0be6, 0x0bef, '0', 10 },      { 0x0c66, 0x0c6f, '0', 10 },
  { 0x0ce6, 0x0cef, '0', 10 },      { 0x0d66, 0x0d6f, '0', 10 },      { 0x0e50, 0x0e59, '0', 10 },      { 0x0ed0, 0x0ed9, '0', 10 },
  { 0x0f20, 0x0f29, '0', 10 },      { 0x1040, 0x1049, '0', 10 },      { 0x1680, 0x1680, ' ', 0 },       { 0x17e0, 0x17e9, '0', 10 },
  { 0x180e, 0x180e, FOLD_AWAY, 0 }, { 0x1810, 0x1819, '0', 10 },      { 0x2000, 0x200a, ' ', 0 },       { 0x200b, 0x200f, FOLD_AWAY, 0 },
  { 0x2010, 0x2015, '-', 0 },       { 0x2028, 0x2029, '\n', 0 },      { 0x202a, 0x202e, FOLD_AWAY, 0 }, { 0x202f, 0x202f, ' ', 0 },
  { 0x2043, 0x2043, '-', 0 },       { 0x2044, 0x2044, '/', 0 },       { 0x205f, 0x205f, ' ', 0 },       { 0x2060, 0x206f, FOLD_AWAY, 0 },
  { 0x2070, 0x2070, '0', 0 },       { 0x2074, 0x2079, '4', 10 },      { 0x207a, 0x207a, '+', 0 },       { 0x2080, 0x2089, '0', 10 },
  { 0x20e3, 0x20e3, FOLD_AWAY, 0 }, { 0x2212, 0x2212, '-', 0 },       { 0x2215, 0x2215, '/', 0 },       { 0x2460, 0x2468, '1', 10 },
  { 0x24ea, 0x24ea, '0', 0 },       { 0x3000, 0x3000, ' ', 0 },       { 0x3002, 0x3002, '.', 0 },       { 0xfe00, 0xfe0f, FOLD_AWAY, 0 },
  { 0xfe52, 0xfe52, '.', 0 },       { 0xfe55, 0xfe55, ':', 0 },       { 0xfe58, 0xfe58, '-', 0 },       { 0xfe62, 0xfe62, '+', 0 },
  { 0xfe63, 0xfe63, '-', 0 },       { 0xfe6b, 0xfe6b, '@', 0 },       { 0xfeff, 0xfeff, FOLD_AWAY, 0 }, { 0xff01, 0xff5e, '!', 94 },
  { 0xff61, 0xff61, '.', 0 },       { 0x1d7ce, 0x1d7ff, '0', 10 },    { 0x1fbf0, 0x1fbf9, '0', 10 },
};
enum { FOLDS = sizeof folds / sizeof folds[0] };

static uint8_t fold_of(uint32_t code) {
  size_t low = 0, high = FOLDS;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (folds[middle].last < code) low = middle + 1;
    else high = middle;
  }
  if (low == FOLDS || folds[low].first > code) return FOLD_SAME;
  if (folds[low].count == 0) return folds[low].to;
  return (uint8_t)(folds[low].to + (code - folds[low].first) % folds[low].count);
}

static size_t utf8_lead_size(char c) {
  uint8_t lead = (uint8_t)c;
  return lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
}

/* RFC 3629. The size of the character at byte at, 0: not valid. */
static size_t utf8_at(struct text text, size_t at, uint32_t *code) {
  static const uint32_t least[5] = { 0, 0, 0x80, 0x800, 0x10000 };
  size_t                size = at < text.size ? utf8_lead_size(text.at[at]) : 0;
  if (size == 0 || text.size - at < size) return 0;
  *code = size == 1 ? (uint8_t)text.at[at] : (uint8_t)text.at[at] & (0xffu >> (size + 1));
  for (size_t i = 1; i < size; i++) {
    if (((uint8_t)text.at[at + i] & 0xc0) != 0x80) return 0;
    *code = *code << 6 | ((uint8_t)text.at[at + i] & 0x3f);
  }
  return *code < least[size] || *code > 0x10ffff || (*code & 0x1ff800) == 0xd800 ? 0 : size;
}

static size_t utf8_write(uint32_t code, char out[4]) {
  if (code < 0x80) {
    out[0] = (char)code;
    return 1;
  }
  size_t size = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  for (size_t i = size - 1; i > 0; i--, code >>= 6) out[i] = (char)(0x80 | (code & 0x3f));
  out[0] = (char)((0xf00u >> size & 0xff) | code);
  return size;
}

/* ---- spellings; text is what this layer reads, at where the spelling starts, before what was decoded until there ---- */

/* A UTF-16 unit in four digits at byte at, and its second half where next stands between: \uD83D\uDE00. */
static struct unit utf16_at(struct text text, size_t at, const char *next) {
  uint32_t high = hex_at(text, at + 2, 4), low = NO_CODE;
  if (high == NO_CODE) return no_unit;
  if (high - 0xd800 < 0x400 && starts_nocase(text, at + 6, next, 2)) low = hex_at(text, at + 8, 4);
  if (low != NO_CODE && low - 0xdc00 < 0x400) return unit_code(12, 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00));
  return unit_code(6, high - 0xd800 < 0x800 ? 0xfffd : high); /* half a pair stands for nothing */
}

/* RFC 3986 2.1, and what ECMAScript's escape() writes. */
static struct unit percent_at(struct text text, size_t at) {
  uint32_t value = hex_at(text, at + 1, 2);
  if (value != NO_CODE) return unit_byte(3, value);
  return to_lower(byte_at(text, at + 1)) == 'u' ? utf16_at(text, at, "%u") : no_unit;
}

static const struct {
  const char *name;
  uint16_t    code;
} entities[] = { { "lt", '<' },       { "gt", '>' },       { "amp", '&' },       { "quot", '"' },      { "nbsp", 0xa0 },
                 { "shy", 0xad }, /* these six end without ; too */
                 { "apos", '\'' },    { "commat", '@' },   { "plus", '+' },      { "period", '.' },    { "colon", ':' },
                 { "semi", ';' },     { "comma", ',' },    { "hyphen", '-' },    { "dash", '-' },      { "sol", '/' },
                 { "bsol", '\\' },    { "num", '#' },      { "lpar", '(' },      { "rpar", ')' },      { "lsqb", '[' },
                 { "rsqb", ']' },     { "lowbar", '_' },   { "equals", '=' },    { "percnt", '%' },    { "quest", '?' },
                 { "ast", '*' },      { "Tab", '\t' },     { "NewLine", '\n' },  { "grave", '`' },     { "ensp", 0x2002 },
                 { "emsp", 0x2003 },  { "numsp", 0x2007 }, { "puncsp", 0x2008 }, { "thinsp", 0x2009 }, { "hairsp", 0x200a },
                 { "zwnj", 0x200c },  { "zwj", 0x200d },   { "lrm", 0x200e },    { "rlm", 0x200f },    { "ndash", 0x2013 },
                 { "mdash", 0x2014 }, { "minus", 0x2212 }, { "NoBreak", 0x2060 } };
enum { ENTITIES = sizeof entities / sizeof entities[0], ENTITIES_BARE = 6, ENTITY_MOST = 7 };

/* U+00C0 to U+00FF: their names, the small letters' from U+00E0 on. */
static const char latin_names[32][7] = { "agrave", "aacute", "acirc",  "atilde", "auml",   "aring", "aelig",  "ccedil", "egrave", "eacute", "ecirc",
                                         "euml",   "igrave", "iacute", "icirc",  "iuml",   "eth",   "ntilde", "ograve", "oacute", "ocirc",  "otilde",
                                         "ouml",   "divide", "oslash", "ugrave", "uacute", "ucirc", "uuml",   "yacute", "thorn",  "yuml" };

static uint32_t entity_code(struct text name, size_t count) {
  struct text rest = { name.at + 1, name.size - 1 };
  for (size_t i = 0; i < count; i++)
    if (text_equal(name, text_of(entities[i].name))) return entities[i].code;
  for (uint32_t i = 0; count == ENTITIES && i < 32; i++)
    if (to_lower(name.at[0]) == latin_names[i][0] && text_equal(rest, text_of(latin_names[i] + 1))) return (is_upper(name.at[0]) ? 0xc0 : 0xe0) + i;
  return NO_CODE;
}

/* HTML's character references; a number is one without its ; too. */
static struct unit entity_at(struct text text, size_t at) {
  size_t   start = at + 1, end;
  uint32_t code = 0;
  if (byte_at(text, start) == '#') {
    bool hex = to_lower(byte_at(text, ++start)) == 'x';
    start += hex;
    for (end = start; end < text.size && (hex ? is_hex(text.at[end]) : is_digit(text.at[end])) && code < NO_CODE; end++)
      code = code * (hex ? 16 : 10) + hex_value(text.at[end]);
    if (end == start || code >= NO_CODE) return no_unit;
    if ((code & 0x1ff800) == 0xd800) code = 0xfffd;
  } else {
    for (end = start; end < text.size && end - start <= ENTITY_MOST && is_alpha(text.at[end]);) end++;
    if (end == start || end - start > ENTITY_MOST) return no_unit;
    bool closed = byte_at(text, end) == ';';
    if (!closed && (byte_at(text, end) == '=' || is_digit(byte_at(text, end)))) return no_unit; /* &lt=5 of a query */
    code = entity_code((struct text){ text.at + start, end - start }, closed ? ENTITIES : ENTITIES_BARE);
    if (code == NO_CODE) return no_unit;
  }
  end += byte_at(text, end) == ';';
  return unit_code(end - at, code);
}

/* \u{1F600}, \x{40}: at is the backslash. */
static struct unit braces_at(struct text text, size_t at) {
  uint32_t value = 0;
  size_t   end = at + 3;
  while (end < text.size && end - at < 11 && is_hex(text.at[end])) value = value << 4 | hex_value(text.at[end++]);
  return end > at + 3 && byte_at(text, end) == '}' && value < NO_CODE ? unit_code(end + 1 - at, value) : no_unit;
}

/* RFC 8259 7 and C. */
static struct unit backslash_at(struct text before, struct text text, size_t at) {
  static const char letters[] = "nrtbf", controls[] = "\n\r\t\b\f";
  char              next = byte_at(text, at + 1);
  const char       *letter = next != 0 ? strchr(letters, next) : NULL;
  uint32_t          value;
  struct unit       unit;
  if (letter != NULL) {
    unit = unit_byte(2, (uint32_t)controls[letter - letters]);
    unit.idle = !is_alnum(byte_at(text, at + 2)); /* \nfrom=…: the key would be nfrom */
    return unit;
  }
  if (to_lower(next) == 'u' || to_lower(next) == 'x') { /* in capitals where a logger writes capitals */
    if (byte_at(text, at + 2) == '{') return braces_at(text, at);
    value = next == 'U' ? hex_at(text, at + 2, 8) : NO_CODE; /* C, Python */
    if (value < NO_CODE) return unit_code(10, (value & 0x1ff800) == 0xd800 ? 0xfffd : value);
    if (to_lower(next) == 'u') return utf16_at(text, at, "\\u");
    value = hex_at(text, at + 2, 2);
    return value != NO_CODE ? unit_byte(4, value) : no_unit;
  }
  if (is_digit(next)) {
    value = octal_at(text, at + 1);
    return value != NO_CODE ? unit_byte(4, value) : no_unit;
  }
  if (!is_punctuation(next) && next != ' ') return no_unit;
  unit = unit_byte(2, (uint32_t)next);
  if (next == '"') unit.idle = byte_at(text, at + 2) != '\\';     /* \"\"\"name\"\" of CSV is more than \"name\" */
  if (next == '\'') unit.idle = !is_alpha(byte_at(text, at + 2)); /* O\'Brien */
  if ((next == '%' && percent_at(text, at + 1).taken > 0) || (next == '&' && entity_at(text, at + 1).taken > 0)) return no_unit; /* \%75 */
  if (next == '/') unit.idle = !is_digit(last_byte(before)) && !is_digit(byte_at(text, at + 2)) && byte_at(text, at + 2) != '+';
  return unit;
}

/* rsyslog's $EscapeControlCharactersOnReceive, and its escapes of 8-bit characters: #303#251. */
static struct unit hash_at(struct text before, struct text text, size_t at) {
  uint32_t value = octal_at(text, at + 1);
  size_t   end = at + 1;
  while (end < text.size && end - at <= 8 && is_digit(text.at[end])) end++;
  if (last_byte(before) == '&' || byte_at(text, end) == ';') return no_unit; /* the rest of &amp;#0000064; or %2526#0000064; */
  if (value < 0x20 || (value == 0x7f && !is_digit(byte_at(text, at + 4)))) return unit_byte(4, value); /* #1771234: a ticket */
  if (value == NO_CODE || value < 0x80) return no_unit;
  if (value >= 0xc2)
    return byte_at(text, at + 4) == '#' && byte_at(text, at + 5) == '2' && octal_at(text, at + 5) < 0xc0 ? unit_byte(4, value) : no_unit;
  return value < 0xc0 && is_utf8(last_byte(before)) ? unit_byte(4, value) : no_unit;
}

/* Kamailio's debug output of CR LF. */
static struct unit dump_at(struct text text, size_t at) {
  return text.size - at >= 8 && memcmp(text.at + at, " 0D  0A ", 8) == 0 ? unit_byte(8, '\n') : no_unit;
}

/* Two hexadecimal digits, capitals (RFC 2045 6.7), as any writer has them. */
static uint32_t capitals_at(struct text text, size_t at) {
  return is_lower(byte_at(text, at)) || is_lower(byte_at(text, at + 1)) ? NO_CODE : hex_at(text, at, 2);
}

static uint32_t quoted_at(struct text text, size_t at) { return byte_at(text, at) == '=' ? capitals_at(text, at + 1) : NO_CODE; }

/* A word that may be a key ends here: cseq=40 is no quoted-printable. */
static bool key_ends(struct text before) {
  bool letter = false, hex = true;
  for (size_t i = before.size; i > 0 && before.size - i < KEY_WINDOW; i--) {
    char c = before.at[i - 1];
    if (c == ':' && letter && hex) return false; /* 2001:DB8=3A… */
    if (!is_alnum(c) && c != '_' && c != '-' && c != '.' && c != ')' && c != ']') return letter || i == before.size;
    letter |= is_alpha(c);
    hex &= is_hex(c);
  }
  return letter || before.size == 0;
}

/* jean=40example.com and jean=40192.0.2.7: a name with a dot, or an address, and not the rest of a number. */
static bool domain_follows(struct text text, size_t at) {
  unsigned dots = 0;
  bool     letter = false;
  if (byte_at(text, at) == '[') return true;
  for (size_t label = at; at < text.size && dots < 2; at++) {
    letter |= is_alpha(text.at[at]);
    if (text.at[at] == '.' || quoted_at(text, at) == '.') {
      if (at == label || (!letter && at - label > 3)) return false;
      at += text.at[at] == '.' ? 0 : 2;
      dots++;
      label = at + 1;
      if (letter && is_alpha(byte_at(text, label))) return true;
    } else if (!is_alnum(text.at[at]) && text.at[at] != '-' && !is_utf8(text.at[at])) return false;
  }
  return dots == 2;
}

/* =3D40 and =252B: an escape of a mark, spelled once more; 2520123 is rather a number. */
static bool is_escape_rest(struct text text, size_t at) {
  uint32_t inner = hex_at(text, at, 2);
  for (; inner == '%'; at += 2) inner = hex_at(text, at + 2, 2);
  if (inner >= 0x7f || inner < ' ' || is_alnum((char)inner)) return false;
  return is_alpha(text.at[at + 1]) || is_alpha(byte_at(text, at + 2));
}

/* =HH after what may be a key: quoted-printable only if its character is one that joins or encloses values, and what
 * follows is no rest of a number or of a hexadecimal one: code=2001, tag=2f77, wait=20s. */
static bool quoted_joins(struct text text, size_t at, uint32_t value) {
  size_t start = at + 3, end = start, digits = 0;
  char   next = byte_at(text, start);
  bool   word = false;
  if (value == '@') return domain_follows(text, start);
  if (!is_punctuation((char)value) && value != ' ') return false;
  if (!is_alnum(next)) return value == '=' || is_utf8(next) || (next != 0 && strchr("<>\"+=:%", next) != NULL);
  for (; end < text.size && end - at < KEY_WINDOW && is_alnum(text.at[end]); end++) {
    word |= is_alpha(text.at[end]) && !is_hex(text.at[end]);
    digits += is_digit(text.at[end]);
  }
  if ((value == '=' || value == '%') && is_escape_rest(text, start)) return true;
  if (is_digit(text.at[at + 2])) return word && !is_digit(next) && (is_upper(next) || end - start > 3);
  if (word) return true;
  next = byte_at(text, end);
  if (value == '=' && next != 0 && (strchr(":.-%=&\\", next) != NULL || (next == ' ' && is_digit(byte_at(text, end + 1))))) return true;
  return (value == '+' || value == '=' || value == ':') && digits == end - start && digits > 5;
}

/* Control characters that no text has. */
static bool is_quiet(uint32_t value) { return value < ' ' && value != '\t' && value != '\n' && value != '\r'; }
static bool is_near(char c) { return is_alnum(c) || is_utf8(c) || c == '.' || c == '@' || c == '-' || c == '+'; }

/* Another one follows, perhaps behind a word: =2B33=201, =22192.0.2.7=22. */
static bool quoted_follows(struct text text, size_t at) {
  size_t   end = at;
  uint32_t value;
  while (end < text.size && end - at < QUOTED_NEAR && is_near(text.at[end])) end++;
  value = quoted_at(text, end);
  return value != NO_CODE && !is_quiet(value);
}

/* RFC 2045 6.7. near: more than 0 where another one stands before, QUOTED_NEAR + 1 where nothing is between. */
static struct unit equals_at(struct text before, struct text text, size_t at, uint32_t near) {
  uint32_t value = quoted_at(text, at);
  if (value == NO_CODE) { /* a soft line end */
    if (byte_at(text, at + 1) == '\r' && byte_at(text, at + 2) == '\n') return unit_code(3, 0xad);
    return byte_at(text, at + 1) == '\n' ? unit_code(2, 0xad) : no_unit;
  }
  if (is_quiet(value)) return no_unit;
  if (near > QUOTED_NEAR || quoted_at(text, at + 3) != NO_CODE) return unit_byte(3, value);
  if (value >= 0x7f) return no_unit; /* UTF-8 comes in rows */
  if (strchr("\t\n\r \"'()+,-./:;<=>@_", (int)value) != NULL && (near > 0 || quoted_follows(text, at + 3))) return unit_byte(3, value);
  if (is_alnum((char)value) && is_alpha(last_byte(before))) return no_unit; /* =0D=0Apassword=61… */
  return value >= ' ' && (quoted_joins(text, at, value) || !key_ends(before)) ? unit_byte(3, value) : no_unit;
}

/* near: as in equals_at. */
static struct unit unit_at(struct text before, struct text text, size_t at, uint32_t near) {
  switch (text.at[at]) {
  case '%': return percent_at(text, at);
  case '\\': return backslash_at(before, text, at);
  case '&': return entity_at(text, at);
  case '#': return hash_at(before, text, at);
  case '=': return equals_at(before, text, at, near);
  case ' ': return dump_at(text, at);
  default: return no_unit;
  }
}

/* ---- base64: a token, or the inside of an encoded word, is one unit of many bytes ---- */

static unsigned base64_value(char c) {
  if (is_upper(c)) return (unsigned)(c - 'A');
  if (is_lower(c)) return (unsigned)(c - 'a') + 26;
  if (is_digit(c)) return (unsigned)(c - '0') + 52;
  return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : 64;
}

/* The same as a set of bits: looked up for each byte of many words. */
static bool is_base64(char c) {
  static const uint64_t set[2] = { 0x3ffull << 48 | 1ull << '+' | 1ull << '-' | 1ull << '/', 0x3ffffffull << 1 | 1ull << 31 | 0x3ffffffull << 33 };
  return !is_utf8(c) && (set[(uint8_t)c >> 6] >> (c & 63) & 1) != 0;
}
static bool is_text(char c) { return (uint8_t)c >= 0x20 ? c != 0x7f : c == '\n' || c == '\r' || c == '\t'; }

static bool is_utf8_text(struct text text) {
  uint32_t code;
  size_t   size;
  for (size_t i = 0; i < text.size; i += size)
    if ((size = utf8_at(text, i, &code)) == 0) return false;
  return true;
}

/* What a token or an encoded word decodes to. */
struct inside {
  size_t taken, size;
  char   bytes[TOKEN_MOST];
};

/* RFC 4648 4 and 5, padding left out. False: none, or what it stands for is no text. */
static bool base64_decode(struct text from, struct inside *inside) {
  uint32_t bits = 0;
  inside->size = 0;
  if (from.size % 4 == 1 || from.size > TOKEN_MOST) return false;
  for (size_t i = 0; i < from.size; i++) {
    unsigned value = base64_value(from.at[i]);
    if (value == 64) return false;
    bits = bits << 6 | value;
    if (i % 4 == 0) continue;
    char byte = (char)(bits >> (6 - 2 * (i % 4)));
    if (!is_text(byte)) return false;
    inside->bytes[inside->size++] = byte;
  }
  return inside->size > 0;
}

static bool token_decode(struct text token, struct inside *inside) {
  return token.size >= TOKEN_LEAST && base64_decode(token, inside) && is_utf8_text((struct text){ inside->bytes, inside->size });
}

/* A padded token that starts at byte at. */
static bool padded_at(struct text text, size_t at, struct inside *inside) {
  size_t end = at, pads = 0;
  while (end < text.size && end - at <= TOKEN_MOST && is_base64(text.at[end])) end++;
  while (byte_at(text, end + pads) == '=' && pads < 3) pads++;
  if (pads == 0 || pads == 3 || (end - at + pads) % 4 != 0 || is_base64(byte_at(text, end + pads))) return false;
  inside->taken = end - at + pads;
  return token_decode((struct text){ text.at + at, end - at }, inside);
}

/* Where padded tokens may start: at each run of base64's characters that ends before padding, and behind slashes in it. */
struct token {
  size_t   start, pad; /* the text's size: no more */
  unsigned tries;
};

static struct token token_of(struct text text, size_t from, size_t pad) {
  size_t start = pad;
  while (start > from && pad - start <= TOKEN_MOST && is_base64(text.at[start - 1])) start--;
  return (struct token){ pad - start >= TOKEN_LEAST && !is_base64(byte_at(text, pad + 1)) ? start : text.size, pad, 0 };
}

static struct token token_find(struct text text, size_t from) {
  while (from < text.size) {
    const char  *equal = memchr(text.at + from, '=', text.size - from);
    struct token token;
    if (equal == NULL) break;
    token = token_of(text, from, (size_t)(equal - text.at));
    if (token.start < text.size) return token;
    from = token.pad + 1;
  }
  return (struct token){ text.size, text.size, 0 };
}

/* A spelling's end took the token's start: what is left of the token, or the next. */
static void token_pass(struct text text, size_t at, struct token *token) {
  size_t pad = token->pad;
  if (at < pad) *token = token_of(text, at, pad);
  if (token->start < at || token->start == text.size) *token = token_find(text, at < pad ? pad + 1 : at);
}

/* Behind the next slash; false: none is left. */
static bool token_next(struct text text, struct token *token) {
  for (size_t i = token->start + 1; i + TOKEN_LEAST <= token->pad && token->tries < TOKEN_TRIES; i++) {
    if (text.at[i - 1] != '/') continue;
    token->tries++;
    token->start = i;
    return true;
  }
  return false;
}

static bool is_base64url(char c) { return is_alnum(c) || c == '-' || c == '_'; }

/* A part of a JWT, which is JSON (RFC 7519 3). last: the byte before. */
static bool jwt_at(struct text text, size_t at, char last, struct inside *inside) {
  size_t end = at;
  if (is_base64url(last) || text.size - at < TOKEN_LEAST || memcmp(text.at + at, "eyJ", 3) != 0) return false;
  while (end < text.size && end - at <= TOKEN_MOST && is_base64url(text.at[end])) end++;
  inside->taken = end - at;
  return token_decode((struct text){ text.at + at, end - at }, inside);
}

/* The inside of an encoded word in "Q" (RFC 2047 4.2). */
static bool word_quoted(struct text from, struct inside *inside) {
  inside->size = 0;
  for (size_t i = 0; i < from.size; i++) {
    uint32_t value = quoted_at(from, i);
    if (value != NO_CODE) i += 2;
    else value = from.at[i] == '_' ? ' ' : (uint8_t)from.at[i];
    inside->bytes[inside->size++] = (char)value;
  }
  return inside->size > 0;
}

/* =?utf-8?Q?Camille?=, RFC 2047 2. The charset is not looked at: what detectors look for is the same in most. */
static bool word_at(struct text text, size_t at, struct inside *inside) {
  size_t      start = at + 2, end;
  char        encoding;
  struct text inner;
  if (byte_at(text, at) != '=' || byte_at(text, at + 1) != '?') return false;
  while (start < text.size && start - at < 48 && (is_alnum(text.at[start]) || memchr("-_:.*", text.at[start], 5) != NULL)) start++;
  encoding = to_lower(byte_at(text, start + 1));
  if (byte_at(text, start) != '?' || (encoding != 'q' && encoding != 'b') || byte_at(text, start + 2) != '?') return false;
  start += 3;
  for (end = start; end < text.size && end - start < WORD_MOST && text.at[end] != '?' && text.at[end] > ' ';) end++;
  if (byte_at(text, end) != '?' || byte_at(text, end + 1) != '=') return false;
  inside->taken = end + 2 - at;
  inner = (struct text){ text.at + start, end - start };
  if (encoding == 'q') return word_quoted(inner, inside);
  while (last_byte(inner) == '=') inner.size--;
  return base64_decode(inner, inside);
}

/* ---- layers ---- */

struct layer {
  struct view *view;
  uint32_t     made;  /* bytes written */
  uint32_t     near;  /* so many more bytes of a word may stand between two of quoted-printable */
  struct token token; /* the next that may be */
  bool         changed;
};

/* A character of UTF-8 is complete: one unit, and in ASCII if it looks so. */
static void fold_tail(struct layer *layer) {
  struct view *view = layer->view;
  for (uint32_t size = 2, code; size <= 4 && size <= layer->made; size++) {
    uint32_t lead = layer->made - size;
    uint8_t  to;
    if (((uint8_t)view->at[lead] & 0xc0) == 0x80) continue;
    if (utf8_at((struct text){ view->at, layer->made }, lead, &code) != size) break;
    for (uint32_t i = 1; i < size; i++) view->origin[lead + i] = view->origin[lead];
    to = fold_of(code);
    if (to == FOLD_SAME) return;
    layer->changed = true;
    layer->made = lead + (to != FOLD_AWAY);
    view->at[lead] = (char)to;
    return;
  }
}

static void push(struct layer *layer, char byte, uint32_t origin) {
  layer->view->at[layer->made] = byte;
  layer->view->origin[layer->made++] = origin;
  if (((uint8_t)byte & 0xc0) == 0x80) fold_tail(layer);
}

static void push_unit(struct layer *layer, const struct unit *unit, uint32_t origin) {
  char   bytes[4] = { (char)unit->code };
  size_t count = unit->byte ? 1 : utf8_write(unit->code, bytes);
  for (size_t i = 0; i < count; i++) push(layer, bytes[i], origin);
  layer->changed = true;
}

/* A word or a token at byte at of text: pushed whole. last: the byte before. Returns the bytes it takes, 0: none. */
static size_t push_inside(struct layer *layer, struct text text, size_t at, char last) {
  struct inside inside;
  uint32_t      origin = layer->view->origin[at];
  bool          found = false;
  if (text.at[at] == '=') found = word_at(text, at, &inside);
  if (text.at[at] == 'e') found = jwt_at(text, at, last, &inside);
  if (at == layer->token.start) {
    found = found || padded_at(text, at, &inside);
    if (found || !token_next(text, &layer->token)) layer->token = token_find(text, layer->token.pad + 1);
  }
  if (!found) return 0;
  for (size_t i = 0; i < inside.size; i++) push(layer, inside.bytes[i], origin);
  layer->changed = true;
  return inside.taken;
}

/* What is in front of the first decoded byte decoded to nothing and belongs to it. */
static void layer_end(struct layer *layer, uint32_t total) {
  struct view *view = layer->view;
  uint32_t     first = view->origin[0];
  for (uint32_t i = 0; i < layer->made && view->origin[i] == first; i++) view->origin[i] = 0;
  view->size = layer->made;
  view->origin[view->size] = total;
}

/* The spelling at byte at of text, or the byte itself. Returns where the next starts. */
static size_t layer_step(struct layer *layer, struct text text, size_t at, char last) {
  uint32_t    origin = layer->view->origin[at];
  char        byte = text.at[at];
  struct unit unit = unit_at((struct text){ layer->view->at, layer->made }, text, at, layer->near);
  if (unit.taken > 0) {
    push_unit(layer, &unit, origin);
    layer->near = byte == '=' ? QUOTED_NEAR + 1 : 0;
    return at + unit.taken;
  }
  unit.taken = (uint32_t)push_inside(layer, text, at, last);
  if (unit.taken == 0) push(layer, byte, origin);
  layer->near = layer->near > 0 && is_near(byte) ? layer->near - 1 : 0;
  return at + (unit.taken > 0 ? unit.taken : 1);
}

/* No spelling starts with it, nor is it a byte of UTF-8's longer characters. */
static bool is_plain(char c) {
  static const uint64_t stops[2] = { 1ull << ' ' | 1ull << '#' | 1ull << '%' | 1ull << '&' | 1ull << '=', 1ull << ('\\' - 64) | 1ull << ('e' - 64) };
  return !is_utf8(c) && (stops[(uint8_t)c >> 6] >> (c & 63) & 1) == 0;
}

bool view_next(struct view *view) {
  struct text  text = view_text(view);
  struct layer layer = { .view = view, .token = token_find(text, 0) };
  uint32_t     total = view->origin[view->size];
  char         last = 0; /* of this layer's input */
  for (size_t at = 0, next; at < text.size; at = next) {
    if (at > layer.token.start) token_pass(text, at, &layer.token);
    if (is_plain(text.at[at]) && layer.near == 0 && at != layer.token.start) {
      last = view->at[layer.made] = text.at[at];
      view->origin[layer.made++] = view->origin[at];
      next = at + 1;
      continue;
    }
    char end = text.at[at];
    next = layer_step(&layer, text, at, last);
    last = next > at + 1 ? text.at[next - 1] : end;
  }
  layer_end(&layer, total);
  return layer.changed;
}

void view_open(struct view *view, struct text text) {
  if (text.size > 0) memcpy(view->at, text.at, text.size);
  for (uint32_t i = 0; i <= text.size; i++) view->origin[i] = i;
  view->size = (uint32_t)text.size;
}

/* ---- is a view needed? ---- */

static bool character_matters(struct text text, size_t at) {
  uint32_t code;
  return ((uint8_t)text.at[at] & 0x40) != 0 && utf8_at(text, at, &code) > 0 && fold_of(code) != FOLD_SAME;
}

static bool unit_matters(struct text text, size_t at) {
  struct unit unit = unit_at((struct text){ text.at, at }, text, at, 0);
  return unit.taken > 0 && !unit.idle;
}

/* A token that is padded from byte at on. */
static bool padding_matters(struct text text, size_t at) {
  struct inside inside;
  struct token  token;
  if (at < TOKEN_LEAST || !is_base64(text.at[at - TOKEN_LEAST])) return false;
  token = token_of(text, 0, at);
  if (token.start == text.size) return false;
  do
    if (padded_at(text, token.start, &inside)) return true;
  while (token_next(text, &token));
  return false;
}

static bool word_matters(struct text text, size_t at) {
  struct inside inside;
  return word_at(text, at, &inside);
}

static bool jwt_matters(struct text text, size_t at) { /* at: the J of eyJ */
  struct inside inside;
  return at >= 2 && jwt_at(text, at - 2, at > 2 ? text.at[at - 3] : 0, &inside);
}

/* =NN where neither is a reason to think of quoted-printable: a number after a key. Sooner than unit_at. */
static bool is_number_of_key(struct text text, size_t at) {
  char first = byte_at(text, at + 1), second = byte_at(text, at + 2), before = at > 0 ? text.at[at - 1] : 0;
  if (!is_alpha(before) || !is_digit(second) || byte_at(text, at + 3) == '=') return false;
  return first == '1' || first == '3' || first == '5' || (first == '4' && second != '0');
}

bool view_mark(struct text text, size_t at) {
  char next = byte_at(text, at + 1);
  switch (text.at[at]) {
  case '=':
    if (is_lower(next) || (is_upper(next) && !is_hex(next))) return false; /* most: key=word */
    if (next == '?' && word_matters(text, at)) return true;
    if (is_base64(next)) return is_hex(byte_at(text, at + 2)) && !is_number_of_key(text, at) && unit_matters(text, at);
    return ((next == '\r' || next == '\n') && unit_matters(text, at)) || padding_matters(text, at);
  case 'D': return next == ' ' && at >= 2 && text.at[at - 1] == '0' && dump_at(text, at - 2).taken > 0;
  case 'J': return at >= 2 && text.at[at - 1] == 'y' && jwt_matters(text, at);
  case '%': return (is_hex(next) || (next | 32) == 'u') && unit_matters(text, at);
  case '#': return is_digit(next) && unit_matters(text, at);
  case '&':
  case '\\': return unit_matters(text, at);
  default: return is_utf8(text.at[at]) && character_matters(text, at);
  }
}

static bool needed_portable(struct text text) {
  for (size_t at = 0; at < text.size; at++)
    if ((is_utf8(text.at[at]) || (text.at[at] != 0 && strchr("%&#\\=DJ", text.at[at]) != NULL)) && view_mark(text, at)) return true;
  return false;
}

#ifdef __x86_64__
/* Bit n: view_mark may be true for byte n of 32, by the bytes beside it as far as these are among the 32. A byte has a
 * class where the tables of its low and its high nibble share a bit: 1 digits, 2 the other hexadecimal digits, 4 and 8
 * letters, 16 "=", 32 "#%&", 64 "\", 128 "DJ". */
__attribute__((target("avx2"))) static inline uint32_t marks_of(__m256i bytes) {
  const __m256i low = _mm256_broadcastsi128_si256(_mm_setr_epi8(9, 15, 15, 47, (char)143, 47, 47, 13, 13, 13, (char)140, 4, 68, 20, 4, 4));
  const __m256i high = _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 0, 32, 17, (char)134, 72, 6, 8, 0, 0, 0, 0, 0, 0, 0, 0));
  const __m256i nibble = _mm256_set1_epi8(15), none = _mm256_setzero_si256();
  __m256i       both = _mm256_and_si256(_mm256_shuffle_epi8(low, _mm256_and_si256(bytes, nibble)),
                                        _mm256_shuffle_epi8(high, _mm256_and_si256(_mm256_srli_epi16(bytes, 4), nibble)));
  uint32_t      no_hex = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_and_si256(both, _mm256_set1_epi8(3)), none));
  uint32_t      no_alnum = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_and_si256(both, _mm256_set1_epi8(13)), none));
  uint32_t      equal = (uint32_t)_mm256_movemask_epi8(_mm256_slli_epi16(both, 3));
  uint32_t      digit = (uint32_t)_mm256_movemask_epi8(_mm256_slli_epi16(both, 7));
  uint32_t      y = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('y')));
  __m256i       escape = _mm256_cmpgt_epi8(_mm256_and_si256(both, _mm256_set1_epi8(96)), none);
  /* UTF-8's first bytes; U+00C0 to U+00FF are letters */
  __m256i       lead = _mm256_cmpeq_epi8(_mm256_max_epu8(bytes, _mm256_set1_epi8((char)0xc4)), bytes);
  lead = _mm256_or_si256(_mm256_or_si256(lead, escape), _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8((char)0xc2)));
  return (equal & (~((no_hex >> 1) | (no_hex >> 2)) | no_alnum >> 1 | 1u << 31 | 1u << 30)) |
         ((uint32_t)_mm256_movemask_epi8(both) & ((digit | y) << 1 | 1)) | (uint32_t)_mm256_movemask_epi8(lead);
}

__attribute__((target("avx2"))) static bool needed_wide(struct text text) {
  for (size_t at = 0; at < text.size; at += 32) {
    char        last[32];
    const char *block = text.at + at;
    if (text.size - at < 32) {
      memset(last, 0, sizeof last);
      block = memcpy(last, block, text.size - at);
    }
    for (uint32_t found = marks_of(_mm256_loadu_si256((const __m256i *)block)); found != 0; found &= found - 1)
      if (view_mark(text, at + (size_t)__builtin_ctz(found))) return true;
  }
  return false;
}

#define AVX512 __attribute__((target("avx512f,avx512bw")))

AVX512 static inline uint64_t is_512(__m512i bytes, char c) { return _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(c)); }

/* Which "=" may be quoted-printable's, a padded token's, or an encoded word's, by the bytes beside it. */
AVX512 static inline uint64_t equals_of_64(__m512i bytes, uint64_t hex, uint64_t alnum) {
  uint64_t equal = is_512(bytes, '='), lower = _mm512_cmple_epu8_mask(_mm512_sub_epi8(bytes, _mm512_set1_epi8('a')), _mm512_set1_epi8(25));
  uint64_t base64 = alnum | is_512(bytes, '+') | is_512(bytes, '-') | is_512(bytes, '/') | is_512(bytes, '_');
  uint64_t ends = is_512(bytes, '?') | _mm512_cmplt_epu8_mask(bytes, _mm512_set1_epi8(' ')), unknown = (UINT64_C(1) << TOKEN_LEAST) - 1;
  if (equal == 0) return 0;
  return equal & ~(lower >> 1) & ((hex >> 1 & hex >> 2) | (~alnum >> 1 & (base64 << TOKEN_LEAST | unknown | ends >> 1)) | UINT64_C(3) << 62);
}

/* As marks_of, of 64 bytes. */
AVX512 static inline uint64_t marks_of_64(__m512i bytes) {
  const __m512i low = _mm512_broadcast_i32x4(_mm_setr_epi8(9, 15, 15, 47, (char)143, 47, 47, 13, 13, 13, (char)140, 4, 68, 20, 4, 4));
  const __m512i high = _mm512_broadcast_i32x4(_mm_setr_epi8(0, 0, 32, 17, (char)134, 72, 6, 8, 0, 0, 0, 0, 0, 0, 0, 0));
  const __m512i nibble = _mm512_set1_epi8(15);
  __m512i       both = _mm512_and_si512(_mm512_shuffle_epi8(low, _mm512_and_si512(bytes, nibble)),
                                        _mm512_shuffle_epi8(high, _mm512_and_si512(_mm512_srli_epi16(bytes, 4), nibble)));
  uint64_t      hex = _mm512_test_epi8_mask(both, _mm512_set1_epi8(3)), alnum = _mm512_test_epi8_mask(both, _mm512_set1_epi8(13));
  uint64_t      digit = _mm512_test_epi8_mask(both, _mm512_set1_epi8(1)), escape = _mm512_test_epi8_mask(both, _mm512_set1_epi8(96));
  uint64_t      lead = _mm512_cmpge_epu8_mask(bytes, _mm512_set1_epi8((char)0xc4)) | is_512(bytes, (char)0xc2);
  return equals_of_64(bytes, hex, alnum) | (_mm512_movepi8_mask(both) & ((digit | is_512(bytes, 'y')) << 1 | 1)) | lead | escape;
}

AVX512 static bool needed_wider(struct text text) {
  for (size_t at = 0; at < text.size; at += 64) {
    size_t  size = text.size - at < 64 ? text.size - at : 64;
    __m512i bytes = _mm512_maskz_loadu_epi8(~UINT64_C(0) >> (64 - size), text.at + at);
    for (uint64_t found = marks_of_64(bytes); found != 0; found &= found - 1)
      if (view_mark(text, at + (size_t)__builtin_ctzll(found))) return true;
  }
  return false;
}

bool view_needed(struct text text, enum blocks_width width) {
  return width == BLOCKS_AVX512 ? needed_wider(text) : width == BLOCKS_AVX2 ? needed_wide(text) : needed_portable(text);
}
#else
bool view_needed(struct text text, enum blocks_width width) {
  (void)width;
  return needed_portable(text);
}
#endif
