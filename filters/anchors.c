/* anchors: where values can start.
 *
 *   text ──blocks_fill──▶ bitmaps ──shapes──▶ dotted quads, colon runs, runs of digits: few positions
 *                                  └─marks──▶ values whose key is known, URIs
 *
 * What has a shape that no value has (clocks, dates) is left out here, for all detectors, a whole block at a time. */
#include <stdlib.h>

#include "filters/scan.h"

enum {
  REACH_MOST = 128, /* values around a byte, on average: keeps the whole pass linear */
  REACH_LEAST = 1 << 16,
  NESTED_MOST = 16, /* values around a byte that are looked through for the one that holds it */
  NAME_WORDS_MOST = 5,
  OBJECT_MOST = 256, /* bytes of a JSON object looked through for its key */
};

/* Takes the bytes that were looked at for a value from those that the text may cost. */
static bool reach_take(struct anchors *anchors, size_t bytes) {
  anchors->heavy |= bytes > anchors->reach_left;
  if (anchors->heavy) return false;
  anchors->reach_left -= bytes;
  return true;
}

/* The key that ends before byte end: quotes of JSON, also escaped ones, brackets of a dump, and one pair of parentheses may close it. */
static inline __attribute__((always_inline)) struct text key_ends(const struct anchors *anchors, struct text text, size_t end) {
  size_t start;
  while (end > 0 && text.at[end - 1] == ' ') end--;
  if (end > 0 && (text.at[end - 1] == '"' || text.at[end - 1] == '\'' || text.at[end - 1] == ']')) end--;
  if (end > 0 && text.at[end - 1] == '\\') end--;
  start = end;
  if (start > 0 && text.at[start - 1] == ')') {
    start = class_start(&anchors->blocks, CLASS_KEY, start - 1);
    if (start == 0 || text.at[start - 1] != '(') return TEXT_NONE;
    start--;
  }
  start = class_start(&anchors->blocks, CLASS_KEY, start);
  if (start > 0 && end - start > 1 && text.at[start - 1] == '\\' && memchr("nrt", text.at[start], 3) != NULL) start++; /* a line break in front */
  else if (start > 0 && end - start > 3 && text.at[start - 1] == '#' && (STARTS(text, start, "012") || STARTS(text, start, "015"))) start += 3;
  return (struct text){ text.at + start, end - start };
}

static struct text key_before(const struct anchors *anchors, struct text text, size_t end) { return key_ends(anchors, text, end); }

/* The end of a value that was opened by quote (after any backslash); from is its first byte. */
static size_t quoted_end(const struct anchors *anchors, struct text text, size_t from, char quote, bool escaped) {
  for (size_t i = class_next(&anchors->blocks, CLASS_QUOTE, from, text.size); i < text.size;
       i = class_next(&anchors->blocks, CLASS_QUOTE, i + 1, text.size)) {
    size_t slashes = 0;
    if (text.at[i] != quote) continue;
    while (i - slashes > from && text.at[i - slashes - 1] == '\\') slashes++;
    if (escaped && slashes > 0) return i - 1;
    if (!escaped && slashes % 2 == 0) return i;
  }
  return text.size;
}

static size_t header_end(struct text text, size_t from) {
  for (size_t i = from; i < text.size; i++) {
    char c = text.at[i];
    if (c > '\\') continue;
    if (c == '\r' || c == '\n' || (c == '#' && STARTS(text, i, "#015")) || (c == '#' && STARTS(text, i, "#012"))) return i;
    if (c == '\\' && i + 1 < text.size && (text.at[i + 1] == 'r' || text.at[i + 1] == 'n')) return i;
  }
  return text.size;
}

static size_t bare_end(const struct anchors *anchors, struct text text, size_t from) {
  size_t i = class_next(&anchors->blocks, CLASS_END, from, text.size);
  while (i < text.size && text.at[i] == '#' && !STARTS(text, i, "#015") && !STARTS(text, i, "#012"))
    i = class_next(&anchors->blocks, CLASS_END, i + 1, text.size);
  return i;
}

/* Byte at is the first of a line: of the text, behind a line break, or behind what a logger writes for one. */
static bool line_starts(struct text text, size_t at) {
  switch (at > 0 ? text.at[at - 1] : '\n') {
  case '\n':
  case '\r': return true;
  case 'n':
  case 'r': return at > 1 && text.at[at - 2] == '\\';
  case '2':
  case '5': return ENDS(text, at, "#012") || ENDS(text, at, "#015");
  default: return false;
  }
}

/* Where a bare name ends: before what no name holds, before a word of prose, and before the next key. */
static size_t name_end(struct text text, size_t from) {
  size_t   end = from;
  unsigned words = 0;
  for (size_t at = from; at < text.size && words < NAME_WORDS_MOST; words++) {
    size_t word = at;
    while (at < text.size && (is_alnum(text.at[at]) || is_utf8(text.at[at]) || memchr("'-_.%+", text.at[at], 6) != NULL)) at++;
    if (at == word || (at < text.size && (text.at[at] == '=' || text.at[at] == ':' || text.at[at] == '/' || text.at[at] == '@') && words > 0)) break;
    if (words > 0 && (is_digit(text.at[word]) || text.at[word] == '+' || word_is_stop((struct text){ text.at + word, at - word }))) break;
    end = at;
    if (at < text.size && text.at[at] == ' ') at++;
  }
  return end;
}

/* The bracket at byte at closes one that was opened not far before the value. */
static bool closes(struct text text, size_t from, size_t at) {
  char open = text.at[at] == ')' ? '(' : text.at[at] == ']' ? '[' : text.at[at] == '}' ? '{' : 0;
  if (open == 0) return false;
  for (size_t i = from; i > 0 && from - i < 256; i--) {
    if (text.at[i - 1] == open) return true;
    if (text.at[i - 1] == text.at[at]) return false;
  }
  return false;
}

/* Where a bare secret ends: white space, or what closes it with white space, a quote, the end or another key behind. */
static size_t secret_end(const struct anchors *anchors, struct text text, size_t from) {
  size_t at = from;
  for (;; at++) {
    size_t next;
    at = class_next(&anchors->blocks, CLASS_END, at, text.size);
    if (at >= text.size || memchr(" \t\r\n\"'<>&|", text.at[at], 10) != NULL) return at;
    next = at + 1;
    if (text.at[at] == '#' && (STARTS(text, at, "#015") || STARTS(text, at, "#012"))) return at;
    if (next >= text.size || memchr(" \t\r\n\"'<>&|,;)]}", text.at[next], 15) != NULL || closes(text, from, at)) return at;
    next = class_end(&anchors->blocks, CLASS_KEY, next, text.size);
    if (next > at + 1 && next < text.size && (text.at[next] == '=' || text.at[next] == ':')) return at;
  }
}

/* name="password" value="…", {"name":"password","value":"…"}: what the name says of the value. */
static uint32_t value_kind(const struct anchors *anchors, struct text text, size_t key) {
  size_t end = key, start;
  while (end > 0 && (text.at[end - 1] == ' ' || text.at[end - 1] == '"' || text.at[end - 1] == ',') && key - end < 6) end--;
  start = class_start(&anchors->blocks, CLASS_KEY, end);
  if (start < 6 || (text.at[start - 1] != '"' && text.at[start - 1] != '\'')) return KEY_NONE;
  if (!ENDS(text, start - 1, "name=") && !ENDS(text, start - 1, "name\":") && !ENDS(text, start - 1, "name\": ")) return KEY_NONE;
  return key_kind_of(&anchors->keys, (struct text){ text.at + start, end - start });
}

/* name=Camille Rousselet number=…, {"name":"…","phone":"…"}: the key that follows says that it is a subscriber's. */
static bool number_follows(const struct anchors *anchors, struct text text, size_t at) {
  size_t end;
  char   quote = 0;
  for (; at < text.size && memchr(" :=\"'", text.at[at], 5) != NULL; at++)
    if (text.at[at] == '"' || text.at[at] == '\'') quote = text.at[at];
  at = quote != 0 ? quoted_end(anchors, text, at, quote, false) : name_end(text, at);
  for (size_t most = at + 4; at < text.size && at < most && memchr(" ,;\"'", text.at[at], 5) != NULL;) at++;
  end = class_end(&anchors->blocks, CLASS_KEY, at, text.size);
  return end > at && end < text.size && memchr("=:\"'", text.at[end], 4) != NULL &&
         (key_kind_of(&anchors->keys, (struct text){ text.at + at, end - at }) & KEY_PHONE);
}

/* caller=0199001234 name="Camille Rousselet": the value before says so. */
static bool number_precedes(const struct anchors *anchors, size_t key) {
  const struct keyed *last = anchors->keyed_count > 0 ? &anchors->keyed[anchors->keyed_count - 1] : NULL;
  return last != NULL && (last->kind & (KEY_PHONE | KEY_USER)) != 0 && last->start < key && last->end <= key && key - last->end <= 3;
}

/* The key of the JSON object that byte at stands in; arrays are looked through. */
static struct text object_key(const struct anchors *anchors, struct text text, size_t at) {
  unsigned depth = 0;
  size_t   most = at > OBJECT_MOST ? at - OBJECT_MOST : 0;
  for (; at > most; at--) {
    char c = text.at[at - 1];
    if (c == '}') depth++;
    if (c != '{' || depth-- > 0) continue;
    for (at--; at > most && memchr(" [:", text.at[at - 1], 3) != NULL;) at--;
    return key_before(anchors, text, at);
  }
  return TEXT_NONE;
}

/* A key of one word, "name", says whose only with what stands before it: calling name=, "caller":{"name":. */
static uint32_t name_kind(const struct anchors *anchors, struct text text, size_t key) {
  static const char people[] = " caller calling called callee display connected id full first last party subscriber contact customer from to person"
                               " user agent member owner sender recipient participant callerid caller_id callee_id ";
  struct text       before;
  if (key > 2 && text.at[key - 1] == '"') {
    before = object_key(anchors, text, key);
  } else {
    if (key < 2 || text.at[key - 1] != ' ') return KEY_NONE;
    before = key_before(anchors, text, key);
    if (before.size == 4 && STARTS(before, 0, "user")) return KEY_USER | KEY_PHONE;
  }
  return before.size > 0 && words_hold(people, before) ? KEY_NAME : KEY_NONE;
}

/* Camille Rousselet, and not SIP Call or Asterisk PBX: two words, each a capital letter and small ones. */
static bool two_names(struct text text, size_t at) {
  for (int words = 0; words < 2; words++, at++) {
    size_t start = at;
    if (at >= text.size || !(is_upper(text.at[at]) || is_utf8(text.at[at]))) return false;
    for (at++; at < text.size && (is_lower(text.at[at]) || is_utf8(text.at[at]) || text.at[at] == '-');) at++;
    if (at - start < 3 || (words == 0 && (at >= text.size || text.at[at] != ' '))) return false;
  }
  return true;
}

/* Keys that are keys at a line's start alone: the compact forms of SIP (RFC 3261 7.3.3), the lines of SDP (RFC 8866 5) and of vCards. */
static uint32_t letter_kind(struct text text, size_t mark) {
  if (text.at[mark] == ':') switch (text.at[mark - 1]) {
    case 'f':
    case 't':
    case 'm':
    case 'r':
    case 'b': return KEY_PHONE;
    case 'i': return KEY_CALLID;
    case 's':
    case 'N': return KEY_NAME;
    default: return KEY_NONE;
    }
  switch (text.at[mark - 1]) {
  case 's': return two_names(text, mark + 1) ? KEY_NAME : KEY_NONE; /* a session's name: a product's most of the time */
  case 'i':
  case 'u': return KEY_NAME;
  case 'e':
  case 'p': return KEY_PHONE;
  default: return KEY_NONE;
  }
}

/* o=user id version IN IP4 host, anywhere: RFC 8866 5.2. */
static bool origin_at(struct anchors *anchors, struct text text, size_t at) {
  size_t start = at;
  while (at < text.size && text.at[at] > ' ') at++;
  if (!reach_take(anchors, at - start)) return false;
  for (int i = 0; i < 2; i++) {
    size_t digits = ++at;
    while (at < text.size && is_digit(text.at[at])) at++;
    if (at == digits || at >= text.size || text.at[at] != ' ') return false;
  }
  return STARTS(text, at, " in ip");
}

/* Login incorrect (reason): [user/password], of FreeRADIUS. */
static uint32_t login_kind(struct text text, size_t mark) {
  size_t end = mark;
  if (mark + 2 >= text.size || text.at[mark + 1] != ' ' || text.at[mark + 2] != '[') return KEY_NONE;
  if (text.at[end - 1] == ')') {
    while (end > 0 && mark - end < 256 && text.at[end - 1] != '(') end--;
    if (end < 2) return KEY_NONE;
    end -= 2;
  }
  return ENDS(text, end, "login incorrect") || ENDS(text, end, "login ok") || ENDS(text, end, "invalid user") ? KEY_SECRET : KEY_NONE;
}

static uint32_t mark_kind(struct anchors *anchors, struct text text, struct text key, size_t mark) {
  size_t start = (size_t)(key.at - text.at);
  if (key.size == 1) {
    if (key.at[0] == 'T' && STARTS(text, mark, "=\"")) return KEY_NAME; /* a subject, of Exim */
    if (key.at[0] == 'i' && ENDS(text, start, "display ")) return KEY_NAME;
    if (key.at[0] == 'o' && text.at[mark] == '=' && origin_at(anchors, text, mark + 1)) return KEY_USER;
    uint32_t kind = start + 1 == mark ? letter_kind(text, mark) : KEY_NONE;
    return kind != KEY_NONE && line_starts(text, start) ? kind : KEY_NONE;
  }
  if (key.size == 4 && STARTS(key, 0, "name")) {
    uint32_t kind = name_kind(anchors, text, start);
    return kind != KEY_NONE ? kind : number_precedes(anchors, start) || number_follows(anchors, text, mark) ? KEY_NAME : KEY_NONE;
  }
  if (key.size == 6 && STARTS(key, 0, "passwd") && STARTS(text, mark + 1, "chauthtok)")) return KEY_NONE; /* a service of PAM, and its phase */
  if (key.size == 4 && STARTS(key, 0, "info") && ENDS(text, start, "display ")) return KEY_NAME;
  if (key.size == 5 && STARTS(key, 0, "value")) return value_kind(anchors, text, start);
  return key_kind_of(&anchors->keys, key);
}

static void value_add(struct anchors *anchors, size_t start, size_t end, uint32_t kind) {
  if (!reach_take(anchors, end - start)) return;
  anchors->keyed[anchors->keyed_count++] = (struct keyed){ (uint32_t)start, (uint32_t)end, kind };
  anchors->kinds |= kind;
}

/* logname= uid=0, user=-: nothing, or a sign for it. */
static bool is_empty(struct text text, size_t mark, size_t start) {
  size_t end = start;
  if (text.at[mark] != '=' && text.at[mark] != ':') return false;
  if (start > mark + 1) { /* behind blanks: another key and its '=' */
    while (end < text.size && (is_alnum(text.at[end]) || text.at[end] == '_')) end++;
    if (end > start && end < text.size && text.at[end] == '=') return true;
  }
  for (end = start + (start < text.size && text.at[start] == '"'); end < text.size && text.at[end] == '-'; end++) {
  }
  return end > start && text.at[end - 1] == '-' && (end >= text.size || memchr(" ,;\"}", text.at[end], 5) != NULL);
}

static void keyed_add(struct anchors *anchors, struct text text, size_t mark) {
  struct text key = key_ends(anchors, text, mark);
  size_t      start = mark + 1, end;
  bool        escaped = false, line;
  uint32_t    kind = key.size > 0 ? mark_kind(anchors, text, key, mark) : KEY_NONE;
  if (kind == KEY_NONE && text.at[mark] == ':') kind = login_kind(text, mark);
  if (kind == KEY_NONE) return;
  line = text.at[mark] == ':' || key.size == 1 ? key.size > 0 && line_starts(text, (size_t)(key.at - text.at)) : false;
  if (start < text.size && text.at[start] == '>' && text.at[mark] == '=') start++;
  while (start < text.size && text.at[start] == ' ') start++;
  if ((kind & KEY_USER) && is_empty(text, mark, start)) return;
  if (start < text.size && (text.at[start] == '[' || (text.at[start] == '{' && text.at[mark] == '=')) && start + 1 < text.size &&
      (text.at[start + 1] != '"' || text.at[start] == '{'))
    start++;
  if (start + 1 < text.size && text.at[start] == '\\' && (text.at[start + 1] == '"' || text.at[start + 1] == '\'')) {
    escaped = true;
    start++;
  }
  if (start < text.size && (text.at[start] == '"' || text.at[start] == '\'')) {
    end = quoted_end(anchors, text, start + 1, text.at[start], escaped);
    start++;
  } else if (line && text.at[mark] == ':' && (kind & (KEY_AGENT | KEY_NAME | KEY_PHONE | KEY_SECRET))) {
    end = header_end(text, start);
  } else if (line && key.size == 1 && text.at[mark] == '=' && (kind & KEY_PHONE)) {
    end = header_end(text, start);
  } else if (kind & KEY_NAME) {
    end = key.size == 1 ? header_end(text, start) : name_end(text, start);
  } else if (text.at[mark] == ':' && (kind & (KEY_AGENT | KEY_PHONE))) {
    end = header_end(text, start);
  } else {
    end = kind & KEY_SECRET ? secret_end(anchors, text, start) : bare_end(anchors, text, start);
  }
  if (start >= end) return;
  value_add(anchors, start, end, kind);
}

/* failed MD5 authentication for 'user' (digest != digest), of chan_iax2: both answer the challenge. */
static void answers_add(struct anchors *anchors, struct text text, size_t start) {
  size_t second = start + 32 + 4, end = second + 32;
  if (end >= text.size || text.at[end] != ')' || memcmp(text.at + start + 32, " != ", 4) != 0) return;
  for (size_t i = 0; i < 32; i++)
    if (!is_hex(text.at[start + i]) || !is_hex(text.at[second + i])) return;
  value_add(anchors, start, start + 32, KEY_DIGEST);
  value_add(anchors, second, end, KEY_DIGEST);
}

/* user 'value', password "value": prose, where a colon or '=' would stand in a record. quote: the opening one. */
static void quoted_add(struct anchors *anchors, struct text text, size_t quote) {
  struct text key = key_before(anchors, text, quote);
  uint32_t    kind;
  size_t      end;
  if (key.size > 1 && key.size < 6 && words_hold(" for value is as ", key))
    key = key_before(anchors, text, (size_t)(key.at - text.at)); /* credentials for '…' */
  kind = words_hold(" authenticate authentication ", key) ? KEY_USER : key_kind_of(&anchors->keys, key);
  kind &= KEY_USER | KEY_PHONE | KEY_SECRET | KEY_DIGEST | KEY_CALLID | KEY_MAC;
  if (kind == KEY_NONE) return;
  end = quoted_end(anchors, text, quote + 1, text.at[quote], false);
  if (end <= quote + 1) return;
  if (kind == KEY_PHONE && person_end(text, quote + 1) == end) kind |= KEY_USER;
  value_add(anchors, quote + 1, end, kind);
  if (STARTS(text, end, "' (")) answers_add(anchors, text, end + 3);
}

/* <key>value</key>, and user <value>. */
static void element_add(struct anchors *anchors, struct text text, size_t angle) {
  size_t      close = class_end(&anchors->blocks, CLASS_KEY, angle + 1, text.size), end;
  uint32_t    kind = KEY_NONE;
  struct text key;
  if (close == angle + 1 || close >= text.size) return;
  key = (struct text){ text.at + angle + 1, close - angle - 1 };
  if (angle > 1 && text.at[angle - 1] == ' ' && is_alpha(text.at[angle - 2]) &&
      (key_kind_of(&anchors->keys, key_before(anchors, text, angle)) & KEY_USER) != 0) {
    while (close < text.size && (is_account(text.at[close]) || text.at[close] == '@' || text.at[close] == ':')) close++;
    if (!is_alpha(key.at[0]) && memchr(key.at, ':', close - angle - 1) == NULL) return; /* <6>, but the 1778157177:user of TURN */
    if (close < text.size && text.at[close] == '>') value_add(anchors, angle + 1, close, KEY_USER);
    return;
  }
  if (text.at[close] == ' ') /* attributes */
    for (size_t most = close + 128; close < text.size && close < most && text.at[close] != '>' && text.at[close] != '<';) close++;
  if (close >= text.size || text.at[close] != '>') return;
  kind = key_kind_of(&anchors->keys, key);
  if (kind == KEY_NONE) return;
  end = class_next(&anchors->blocks, CLASS_ANGLE, close + 1, text.size);
  if (end == close + 1) return;
  value_add(anchors, close + 1, end, kind);
}

static void positions_add(struct positions *positions, size_t at) { positions->at[positions->count++] = (uint32_t)at; }

/* ':' and '=' behind what can be a key, quotes behind a word, elements of XML; sip: and sips: begin URIs. */
static void marks_find(struct anchors *anchors, struct text text) {
  const struct blocks *blocks = &anchors->blocks;
  uint64_t             can_last = 0, key_last = 0, letter_last = 0, spaced_last = 0; /* of the previous word */
  for (size_t base = 0, i = 0; base < text.size; base += 64, i++) {
    uint64_t letter = blocks->of[CLASS_LETTER][i], digit = blocks->of[CLASS_DIGIT][i], quote = blocks->of[CLASS_QUOTE][i],
             gap = blocks->of[CLASS_GAP][i];
    uint64_t behind_letter = letter << 1 | letter_last >> 63, spaced = gap & behind_letter;
    uint64_t key = blocks->of[CLASS_KEY][i] & ~digit, behind_key = key << 1 | key_last >> 63; /* a key may end in digits: address1, proxy_a2 */
    uint64_t can = key | quote | gap | (digit & (behind_key | (behind_key & digit) << 1));
    uint64_t marks = (blocks->of[CLASS_COLON][i] | blocks->of[CLASS_EQUAL][i]) & (can << 1 | can_last >> 63);
    marks |= (quote & (spaced << 1 | spaced_last >> 63)) | blocks->of[CLASS_ANGLE][i];
    can_last = can;
    key_last = key;
    letter_last = letter;
    spaced_last = spaced;
    for (; marks != 0 && !anchors->heavy; marks &= marks - 1) {
      size_t at = base + (size_t)__builtin_ctzll(marks);
      char   c = text.at[at], last = at > 0 ? (char)(text.at[at - 1] | 32) : 0;
      if (c == '<') element_add(anchors, text, at);
      else if (c == '"' || c == '\'') quoted_add(anchors, text, at);
      else if (c == ':' && ((last == 'p' && ENDS(text, at, "sip")) || (last == 's' && ENDS(text, at, "sips")))) positions_add(&anchors->uri, at);
      else if (c == ':' && at + 2 < text.size && text.at[at + 1] == '/' && text.at[at + 2] == '/') anchors->urls = true;
      else keyed_add(anchors, text, at);
    }
  }
}

/* ---- shapes: 256 bytes at a time, as four words of a vector ----
 * A shape is seen at its first byte: ahead(x, n) has bit i where x has bit i + n, behind(x, n) where it has bit i - n. */
typedef uint64_t vector __attribute__((vector_size(32)));
typedef uint64_t vector_unaligned __attribute__((vector_size(32), aligned(8)));
struct wide { /* a group, and the groups beside it, moved by a word */
  vector here, next;
};
#define INLINE static inline __attribute__((always_inline))

INLINE vector load(const uint64_t *words) { return *(const vector_unaligned *)words; }
INLINE void   store(uint64_t *words, vector bits) { *(vector_unaligned *)words = bits; }
INLINE bool   any(vector bits) { return (bits[0] | bits[1] | bits[2] | bits[3]) != 0; }
#ifdef __clang__
INLINE vector word_on(vector here, vector next) { return __builtin_shufflevector(here, next, 1, 2, 3, 4); }
INLINE vector word_back(vector last, vector here) { return __builtin_shufflevector(last, here, 3, 4, 5, 6); }
#else
INLINE vector word_on(vector here, vector next) { return __builtin_shuffle(here, next, (vector){ 1, 2, 3, 4 }); }
INLINE vector word_back(vector last, vector here) { return __builtin_shuffle(last, here, (vector){ 3, 4, 5, 6 }); }
#endif
INLINE struct wide wide_load(const uint64_t *words) { return (struct wide){ load(words), word_on(load(words), load(words + GROUP_WORDS)) }; }
INLINE struct wide wide_and(struct wide a, struct wide b) { return (struct wide){ a.here & b.here, a.next & b.next }; }
INLINE struct wide wide_or(struct wide a, struct wide b) { return (struct wide){ a.here | b.here, a.next | b.next }; }
INLINE vector      ahead(struct wide bits, int n) { return bits.here >> n | bits.next << (64 - n); }
/* The next word's bits that come from the word behind it are lost: good for n bits fewer. */
INLINE struct wide wide_ahead(struct wide bits, int n) { return (struct wide){ ahead(bits, n), bits.next >> n }; }
INLINE vector      behind(vector last, vector here, int n) { return here << n | word_back(last, here) >> (64 - n); }

/* bits, and for each set one the bit n on. Of last, the group before, only the bits that matter here are right. */
INLINE vector covered(vector bits, int n, vector *last) {
  vector more = bits | behind(*last, bits, n);
  *last |= *last << n;
  return more;
}

/* What stands between two digits, as in 192.0 or 01-99. */
INLINE vector between(const uint64_t *marks, vector digit_before, struct wide digit) { return load(marks) & digit_before & ahead(digit, 1); }

/* 2026-03-12: first bytes. */
INLINE vector dates(struct wide digit, vector digit_before, struct wide dash) {
  struct wide two = wide_and(digit, wide_ahead(digit, 1));
  return two.here & ahead(two, 2) & ahead(dash, 4) & ahead(two, 5) & ahead(dash, 7) & ahead(two, 8) & ~ahead(digit, 10) & ~digit_before;
}

/* A year, a month and a day: 8017-45-48, and what a plus or another number stands before, are groups of a telephone number. */
static inline bool date_at(struct text text, size_t at) {
  const char *byte = text.at + at;
  if ((byte[0] != '1' && byte[0] != '2') || byte[5] > '1' || (byte[5] == '1' ? byte[6] > '2' : byte[6] == '0') || byte[8] > '3') return false;
  return at == 0 || (byte[-1] != '+' && (byte[-1] != '-' || at == 1 || !is_digit(byte[-2])));
}

INLINE vector dates_only(struct text text, vector found, size_t base) {
  for (size_t word = 0; word < GROUP_WORDS; word++)
    for (uint64_t left = found[word]; left != 0; left &= left - 1)
      if (!date_at(text, base + 64 * word + (size_t)__builtin_ctzll(left))) found[word] &= ~(left & -left);
  return found;
}

/* 12:34:56 with nothing hexadecimal and no colon beside it: first bytes. */
INLINE vector clocks(struct wide digit, struct wide colon, struct wide run, vector run_before) {
  struct wide two = wide_and(digit, wide_ahead(digit, 1));
  return two.here & ahead(colon, 2) & ahead(two, 3) & ahead(colon, 5) & ahead(two, 6) & ~ahead(run, 8) & ~run_before;
}

/* A colon, and another one within four hexadecimal digits behind it. */
INLINE vector colon_pairs(struct wide colon, struct wide hex) {
  vector pair = ahead(colon, 5);
  for (int n = 4; n > 0; n--) pair = ahead(colon, n) | (ahead(hex, n) & pair);
  return colon.here & pair;
}

/* Six groups of two with this mark between. */
INLINE vector mac_marks(struct wide mark) {
  struct wide two = wide_and(mark, wide_ahead(mark, 3));
  return two.here & ahead(two, 6) & ahead(mark, 12);
}

/* Twelve hexadecimal digits with a dot behind, or with no more of them and no dash beside, as at a UUID's end: their first byte. */
INLINE vector file_names(struct wide hex, struct wide dot, vector joined_before) {
  struct wide two = wide_and(hex, wide_ahead(hex, 1)), four = wide_and(two, wide_ahead(two, 2));
  return four.here & ahead(four, 4) & ahead(four, 8) & (ahead(dot, 12) | ~(joined_before | ahead(hex, 12)));
}

INLINE void positions_of(struct positions *positions, vector bits, size_t base) {
  if (!any(bits)) return;
  for (size_t word = 0; word < GROUP_WORDS; word++)
    for (uint64_t left = bits[word]; left != 0; left &= left - 1) positions_add(positions, base + 64 * word + (size_t)__builtin_ctzll(left));
}

/* What a group needs of the groups before it; the bits of its last word are what counts. */
struct carried {
  vector digit, joined, run, date, clock;
};

/* The shapes of one group, seen by what stands in it. */
INLINE void group_shapes(struct anchors *anchors, struct text text, size_t word, struct carried *carried) {
  uint64_t *const *of = anchors->blocks.of;
  struct wide      digit = wide_load(of[CLASS_DIGIT] + word), dash = wide_load(of[CLASS_DASH] + word), dot = wide_load(of[CLASS_DOT] + word);
  struct wide      colon = wide_load(of[CLASS_COLON] + word), hex = wide_or(digit, wide_load(of[CLASS_HEX] + word)), run = wide_or(hex, colon);
  vector           digit_before = behind(carried->digit, digit.here, 1);
  vector           clock = clocks(digit, colon, run, behind(carried->run, run.here, 1)), date = dates(digit, digit_before, dash);
  vector           taken, last = carried->clock | carried->date, clock_colons, pairs, macs, uuids, files;
  size_t           base = word * 64;
  if (any(date)) date = dates_only(text, date, base);
  taken = clock | date;
  taken = covered(covered(covered(taken, 1, &last), 2, &last), 4, &last) | behind(carried->date, date, 8) | behind(carried->date, date, 9);
  clock_colons = behind(carried->clock, clock, 2) | behind(carried->clock, clock, 5);
  store(of[CLASS_PLAIN] + word, digit.here & ~taken);
  store(of[CLASS_DOTTED] + word, between(of[CLASS_DOT] + word, digit_before, digit));
  store(of[CLASS_DASHED] + word, between(of[CLASS_DASH] + word, digit_before, digit));
  pairs = colon_pairs(colon, hex) & ~clock_colons;
  macs = mac_marks(colon) | mac_marks(dash) | (dot.here & ahead(dot, 5));
  uuids = dash.here & ahead(dash, 5) & ahead(dash, 10);
  files = file_names(hex, dot, behind(carried->joined, hex.here | dash.here, 1));
  if (any(pairs | macs | uuids | files)) {
    positions_of(&anchors->colon, pairs, base);
    positions_of(&anchors->mac, macs, base);
    positions_of(&anchors->uuid, uuids, base);
    positions_of(&anchors->file, files, base);
  }
  if (any(load(of[CLASS_AT] + word) | load(of[CLASS_ANGLE] + word) | load(of[CLASS_HIDDEN] + word))) {
    positions_of(&anchors->at, load(of[CLASS_AT] + word), base);
    positions_of(&anchors->angle, load(of[CLASS_ANGLE] + word), base);
    positions_of(&anchors->percent, load(of[CLASS_HIDDEN] + word), base);
  }
  *carried = (struct carried){ digit.here, hex.here | dash.here, run.here, date, clock };
}

/* Clears bits start to end, fewer than 64. */
static void plain_clear(uint64_t *words, size_t start, size_t end) {
  uint64_t bits = (UINT64_C(1) << (end - start)) - 1;
  words[start / 64] &= ~(bits << start % 64);
  if (start % 64 != 0) words[start / 64 + 1] &= ~(bits >> (64 - start % 64));
}

/* 192.0.2.7.5060: a fifth number that is no octet, and none behind it, is a port, as BSD's tools write it. */
static bool port_at(struct text text, size_t at) {
  unsigned value = 0;
  size_t   start = at;
  while (at < text.size && is_digit(text.at[at]) && at - start < 6) value = value * 10 + (unsigned)(text.at[at++] - '0');
  return value > 255 && value < 65536 && !(at + 1 < text.size && text.at[at] == '.' && is_digit(text.at[at + 1]));
}

/* Four octets joined by dots that begin with the octet before byte dot, and no more than four; RFC 6943 3.1.1: leading zeros are
 * taken as decimal here. */
static void quad_add(struct anchors *anchors, struct text text, size_t dot) {
  size_t      at = dot, start;
  struct quad quad;
  while (at > 0 && is_digit(text.at[at - 1])) at--;
  start = at;
  for (int i = 0; i < 4; i++) {
    unsigned value = 0;
    size_t   first = at;
    while (at < text.size && is_digit(text.at[at]) && at - first < 4) value = value * 10 + (unsigned)(text.at[at++] - '0');
    if (at == first || at - first > 3 || value > 255 || (i < 3 && (at >= text.size || text.at[at++] != '.'))) return;
    quad.octet[i] = (uint8_t)value;
  }
  if ((start > 1 && text.at[start - 1] == '.' && is_digit(text.at[start - 2])) ||
      (at + 1 < text.size && text.at[at] == '.' && is_digit(text.at[at + 1]) && !port_at(text, at + 1))) {
    if (anchors->longer == 0) anchors->longer = (uint32_t)dot + 1;
    return;
  }
  quad.start = (uint32_t)start;
  quad.end = (uint32_t)at;
  anchors->quads[anchors->quad_count++] = quad;
  plain_clear(anchors->blocks.of[CLASS_PLAIN], start, at);
}

/* The digits of a UUID (RFC 4122 3) whose first dash stands at byte dash are no number's. */
static inline uint64_t bits_at(const uint64_t *words, size_t at) {
  return at % 64 == 0 ? words[at / 64] : words[at / 64] >> at % 64 | words[at / 64 + 1] << (64 - at % 64);
}

static void uuid_mask(struct anchors *anchors, struct text text, size_t dash) {
  const uint64_t dashes = UINT64_C(1) << 8 | 1 << 13 | 1 << 18 | 1 << 23, all = (UINT64_C(1) << 36) - 1;
  size_t         start = dash - 8;
  uint64_t       digits;
  if (dash < 8 || start + 36 > text.size || (bits_at(anchors->blocks.of[CLASS_DASH], start) & all) != dashes) return;
  digits = bits_at(anchors->blocks.of[CLASS_DIGIT], start) | bits_at(anchors->blocks.of[CLASS_HEX], start);
  if ((digits & all) == (all & ~dashes)) plain_clear(anchors->blocks.of[CLASS_PLAIN], start, start + 36);
}

INLINE struct wide near(struct wide bits) { return wide_or(wide_or(wide_ahead(bits, 2), wide_ahead(bits, 3)), wide_ahead(bits, 4)); }

/* The first of three marks that follow each other at two to four bytes. The third may stand in the word behind the next: bits that are
 * not known there count as set. */
INLINE vector three_marks(const uint64_t *words) {
  struct wide marks = wide_load(words), unknown = { (vector){ 0 }, (vector){ 0 } - 1 };
  struct wide second;
  unknown.next <<= 56; /* marks there may have their third behind */
  second = wide_and(marks, wide_or(near(marks), unknown));
  return marks.here & near(second).here;
}

INLINE void group_quads(struct anchors *anchors, struct text text, size_t word) {
  vector found = three_marks(anchors->blocks.of[CLASS_DOTTED] + word);
  positions_of(&anchors->dashed, three_marks(anchors->blocks.of[CLASS_DASHED] + word), word * 64);
  if (!any(found)) return;
  for (size_t i = 0; i < GROUP_WORDS; i++)
    for (uint64_t left = found[i]; left != 0; left &= left - 1) quad_add(anchors, text, (word + i) * 64 + (size_t)__builtin_ctzll(left));
}

/* Digits and what may stand between groups of them: one gap byte, or two. */
INLINE struct wide joined(uint64_t *const *of, size_t word, struct wide digit) {
  struct wide gap = wide_load(of[CLASS_GAP] + word);
  vector      digit_last = load(of[CLASS_PLAIN] + word - GROUP_WORDS), gap_last = load(of[CLASS_GAP] + word - GROUP_WORDS);
  struct wide after = { behind(digit_last, digit.here, 1), digit.next << 1 | digit.here >> 63 };
  struct wide before = wide_ahead(digit, 1), one = wide_and(gap, wide_and(after, before));
  struct wide opens = wide_and(gap, after), closes = wide_and(gap, before); /* the first and the second of two */
  struct wide first = wide_and(opens, wide_ahead(closes, 1));
  vector      opens_last = gap_last & (digit_last << 1);
  struct wide second = { closes.here & behind(opens_last, opens.here, 1), closes.next & (opens.next << 1 | opens.here >> 63) };
  return wide_or(wide_or(digit, one), wide_or(first, second));
}

/* Signs of long numbers and of codes. The digits of what is no telephone number count here. */
INLINE void group_codes(struct anchors *anchors, size_t word) {
  uint64_t *const *of = anchors->blocks.of;
  struct wide      digit = wide_load(of[CLASS_DIGIT] + word), two = wide_and(digit, wide_ahead(digit, 1)), four = wide_and(two, wide_ahead(two, 2));
  struct wide      gap = wide_load(of[CLASS_GAP] + word), groups;
  vector           letter = load(of[CLASS_LETTER] + word), letter_last = load(of[CLASS_LETTER] + word - GROUP_WORDS), digit_last;
  digit_last = load(of[CLASS_DIGIT] + word - GROUP_WORDS);
  positions_of(&anchors->code, two.here & behind(letter_last, letter, 1) & behind(letter_last, letter, 2), word * 64);
  if (any(four.here & ahead(four, 4) & ahead(four, 8) & ahead(two, 12))) anchors->sights |= SEES_LONG;
  groups = wide_and(four, wide_ahead(gap, 4)); /* four digits and what may stand between groups */
  if (any(groups.here & ahead(groups, 5) & ahead(groups, 10) & ahead(four, 15) & ~behind(digit_last, digit.here, 1))) anchors->sights |= SEES_GROUPS;
}

/* First digits of runs that alone, or with the groups beside them, are long enough for a number. */
INLINE void group_numbers(struct anchors *anchors, size_t word, vector *inside_last) {
  uint64_t *const *of = anchors->blocks.of;
  struct wide      digit = wide_load(of[CLASS_PLAIN] + word), joins = joined(of, word, digit);
  struct wide      two = wide_and(joins, wide_ahead(joins, 1)), four = wide_and(two, wide_ahead(two, 2));
  struct wide      pair = wide_and(digit, wide_ahead(digit, 1));
  vector           seven = four.here & ahead(four, 3), seven_digits = pair.here & ahead(pair, 2) & ahead(pair, 4) & ahead(pair, 5);
  vector           inside = seven | seven_digits, last = *inside_last, starts;
  inside = covered(covered(covered(inside, 1, &last), 2, &last), 3, &last); /* seven bytes each */
  starts = digit.here & ~behind(load(of[CLASS_DIGIT] + word - GROUP_WORDS), load(of[CLASS_DIGIT] + word), 1);
  starts &= inside & ~behind(load(of[CLASS_LETTER] + word - GROUP_WORDS), load(of[CLASS_LETTER] + word), 1); /* no part of a word */
  positions_of(&anchors->digit, starts, word * 64);
  group_codes(anchors, word);
  *inside_last = seven | seven_digits;
}

INLINE void shapes_find(struct anchors *anchors, struct text text) {
  size_t         words = (text.size + 63) / 64;
  struct carried carried = { 0 };
  vector         inside = { 0 };
  for (size_t word = 0; word < words; word += GROUP_WORDS) group_shapes(anchors, text, word, &carried);
  for (size_t word = 0; word < words; word += GROUP_WORDS) group_quads(anchors, text, word);
  for (uint32_t i = 0; i < anchors->uuid.count; i++) uuid_mask(anchors, text, anchors->uuid.at[i]);
  for (size_t word = 0; word < words; word += GROUP_WORDS) group_numbers(anchors, word, &inside);
}

/* A number that was cut off behind a plus may have few digits left. */
static void cut_number(struct anchors *anchors, struct text text) {
  size_t start = class_start(&anchors->blocks, CLASS_DIGIT, text.size);
  if (start == 0 || start == text.size || text.at[start - 1] != '+') return;
  if (anchors->digit.count == 0 || anchors->digit.at[anchors->digit.count - 1] < start) positions_add(&anchors->digit, start);
}

static void shapes_portable(struct anchors *anchors, struct text text) { shapes_find(anchors, text); }
#ifdef __x86_64__
__attribute__((target("avx2,bmi,lzcnt"))) static void shapes_avx2(struct anchors *anchors, struct text text) { shapes_find(anchors, text); }
#else
static void   shapes_avx2(struct anchors *anchors, struct text text) { shapes_find(anchors, text); }
#endif

/* All lists of positions, for what is done to each. */
enum { LISTS = 11 };
static void lists_of(struct anchors *anchors, struct positions *lists[LISTS]) {
  struct positions *all[LISTS] = { &anchors->at,     &anchors->angle, &anchors->percent, &anchors->uri,  &anchors->colon, &anchors->digit,
                                   &anchors->dashed, &anchors->code,  &anchors->mac,     &anchors->uuid, &anchors->file };
  memcpy(lists, all, sizeof all);
}

bool anchors_new(struct anchors *anchors, size_t most) {
  struct positions *lists[LISTS];
  bool              good = true;
  *anchors = (struct anchors){ .width = blocks_widest() };
  keys_index(&anchors->keys);
  lists_of(anchors, lists);
  for (size_t i = 0; i < LISTS; i++) {
    lists[i]->at = malloc((most + 1) * sizeof *lists[i]->at);
    good = good && lists[i]->at != NULL;
  }
  good = blocks_new(&anchors->blocks, most) && good;
  anchors->quads = malloc((most / 8 + 1) * sizeof *anchors->quads);
  anchors->keyed = malloc((most + 2) * sizeof *anchors->keyed);
  return good && anchors->quads != NULL && anchors->keyed != NULL;
}

void anchors_free(struct anchors *anchors) {
  struct positions *lists[LISTS];
  lists_of(anchors, lists);
  for (size_t i = 0; i < LISTS; i++) free(lists[i]->at);
  blocks_free(&anchors->blocks);
  free(anchors->quads);
  free(anchors->keyed);
}

static void anchors_clear(struct anchors *anchors) {
  anchors->at.count = anchors->angle.count = anchors->percent.count = anchors->uri.count = anchors->colon.count = anchors->dashed.count = 0;
  anchors->code.count = anchors->mac.count = anchors->uuid.count = anchors->file.count = 0;
  anchors->digit.count = anchors->keyed_count = anchors->quad_count = 0;
  anchors->kinds = anchors->longer = 0;
  anchors->urls = anchors->heavy = false;
}

/* The text begins with what can be the rest of a value: a token that ends in a quote, or in what closes or follows an address. */
static bool starts_inside(const struct blocks *blocks, struct text text) {
  size_t end = 0, quote = class_next(blocks, CLASS_QUOTE, 0, text.size);
  if (quote > 0 && quote < text.size && text.at[quote] == '"' && (quote + 1 == text.size || text.at[quote + 1] == ',' || text.at[quote + 1] == '}') &&
      text.at[quote - 1] > ' ')
    return true;
  for (int parts = 0; parts < 8; parts++) {
    end = class_end(blocks, CLASS_KEY, end, text.size);
    if (end >= text.size || !(text.at[end] == '.' || text.at[end] == ':' || text.at[end] == '/' || text.at[end] == '+' || text.at[end] == '=')) break;
    end++;
  }
  return end > 0 && end < text.size &&
         (text.at[end] == '"' || text.at[end] == '>' || text.at[end] == ']' || text.at[end] == ';' || text.at[end] == '@');
}

static void anchors_see(struct anchors *anchors, struct text text) {
  anchors->sights |= (starts_inside(&anchors->blocks, text) ? SEES_CUT : 0) | (anchors->at.count > 0 ? SEES_AT : 0) |
                     (anchors->urls && anchors->at.count > 0 ? SEES_URL : 0) | (anchors->angle.count > 0 ? SEES_ANGLE : 0) |
                     (anchors->percent.count > 0 ? SEES_HIDDEN : 0) | (anchors->uri.count > 0 ? SEES_URI : 0) |
                     (anchors->colon.count + anchors->quad_count + anchors->dashed.count + anchors->longer > 0 ? SEES_ADDRESS : 0) |
                     (anchors->digit.count > 0 ? SEES_NUMBER : 0) | (anchors->code.count > 0 ? SEES_CODE : 0) |
                     (anchors->mac.count + anchors->uuid.count + anchors->file.count > 0 ? SEES_MAC : 0);
}

void anchors_find(struct anchors *anchors, struct text text, struct text field) {
  anchors_clear(anchors);
  anchors->reach_left = REACH_MOST * text.size + REACH_LEAST;
  anchors->kinds = field_kind_of(&anchors->keys, field);
  if (anchors->kinds != KEY_NONE && text.size > 0) anchors->keyed[anchors->keyed_count++] = (struct keyed){ 0, (uint32_t)text.size, anchors->kinds };
  anchors->plain = anchors->kinds == KEY_NONE && blocks_plain(text, anchors->width);
  if (anchors->plain) { /* no digit and no mark: users at the text's begin are all that there can be */
    anchors->sights = SEES_ALWAYS | (login_begins(text) ? words_see(text, anchors->width) : 0);
    return;
  }
  anchors->sights = SEES_ALWAYS | words_see(text, anchors->width);
  blocks_fill(&anchors->blocks, text, anchors->width);
  marks_find(anchors, text);
  if (anchors->width == BLOCKS_PORTABLE) shapes_portable(anchors, text);
  else shapes_avx2(anchors, text);
  cut_number(anchors, text);
  anchors_see(anchors, text);
}

const struct keyed *anchors_key_at(const struct anchors *anchors, size_t at) {
  uint32_t low = 0, high = anchors->keyed_count;
  while (low < high) { /* the first value that starts after at */
    uint32_t middle = low + (high - low) / 2;
    if (anchors->keyed[middle].start <= at) low = middle + 1;
    else high = middle;
  }
  for (uint32_t back = 0; back < NESTED_MOST && low > 0; back++) /* a header's value may hold others */
    if (at < anchors->keyed[--low].end) return &anchors->keyed[low];
  return NULL;
}
