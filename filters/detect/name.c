/* name: display names, by their place: before <sip:…>, <tel:…>, <number>, and by key. */
#include "filters/scan.h"

enum { NAME_MOST = 256, NAME_WORDS = 5 };

static const struct text stop_words[] = {
  TEXT("from"),       TEXT("to"),           TEXT("contact"),     TEXT("via"),       TEXT("by"),          TEXT("for"),         TEXT("with"),
  TEXT("processing"), TEXT("route"),        TEXT("call"),        TEXT("calling"),   TEXT("called"),      TEXT("caller"),      TEXT("invite"),
  TEXT("register"),   TEXT("ack"),          TEXT("bye"),         TEXT("cancel"),    TEXT("options"),     TEXT("info"),        TEXT("update"),
  TEXT("prack"),      TEXT("subscribe"),    TEXT("notify"),      TEXT("publish"),   TEXT("message"),     TEXT("refer"),       TEXT("pai"),
  TEXT("rpid"),       TEXT("ppi"),          TEXT("uri"),         TEXT("ruri"),      TEXT("aor"),         TEXT("user"),        TEXT("peer"),
  TEXT("endpoint"),   TEXT("target"),       TEXT("destination"), TEXT("sending"),   TEXT("received"),    TEXT("request"),     TEXT("response"),
  TEXT("reply"),      TEXT("is"),           TEXT("at"),          TEXT("on"),        TEXT("of"),          TEXT("and"),         TEXT("the"),
  TEXT("registered"), TEXT("unregistered"), TEXT("channel"),     TEXT("number"),    TEXT("dial"),        TEXT("dialing"),     TEXT("incoming"),
  TEXT("outgoing"),   TEXT("new"),          TEXT("identity"),    TEXT("callerid"),  TEXT("transfer"),    TEXT("transferred"), TEXT("binding"),
  TEXT("address"),    TEXT("header"),       TEXT("gateway"),     TEXT("account"),   TEXT("extension"),   TEXT("added"),       TEXT("removed"),
  TEXT("subscriber"), TEXT("destined"),     TEXT("using"),       TEXT("sip"),       TEXT("tel"),         TEXT("message"),     TEXT("in"),
  TEXT("not"),        TEXT("device"),       TEXT("unknown"),     TEXT("anonymous"), TEXT("unavailable"), TEXT("restricted"),
};

static bool is_stop_word(struct text word) {
  for (size_t i = 0; i < sizeof stop_words / sizeof stop_words[0]; i++)
    if (word.size == stop_words[i].size && starts_nocase(word, 0, stop_words[i].at, word.size)) return true;
  return false;
}

static void name_report(struct scan *scan, size_t start, size_t end) {
  struct text text = scan->text;
  bool        letter = false;
  while (start < end && text.at[start] == ' ') start++;
  while (end > start && text.at[end - 1] == ' ') end--;
  for (size_t i = start; i < end; i++) letter |= is_alpha(text.at[i]) || is_utf8(text.at[i]);
  if (!letter || end - start > NAME_MOST) return; /* numbers are phone's */
  if (is_stop_word((struct text){ text.at + start, end - start })) {
    scan_note(scan, start, end, "a word that stands before addresses, and no name");
    return;
  }
  if (pseudonym_is((struct text){ text.at + start, end - start })) return;
  if (text.at[start] == '[' && text.at[end - 1] == ']') return;
  scan_add(scan, start, end, 0);
}

/* A name in quotes that close just before end: plain, \" of an embedding string, "" of CSV. */
static void quoted_name(struct scan *scan, size_t end) {
  struct text text = scan->text;
  size_t      close = end - 1, at;
  bool        escaped = close > 0 && text.at[close - 1] == '\\', doubled = close > 0 && text.at[close - 1] == '"';
  if (doubled) close--;
  while (escaped && close > 0 && text.at[close - 1] == '\\') close--;
  for (at = close; at > 0 && close - at < NAME_MOST; at--) {
    if (text.at[at - 1] != '"') continue;
    if (doubled) {
      if (at < 2 || text.at[at - 2] != '"') continue;
      break;
    }
    if (escaped || at < 2 || text.at[at - 2] != '\\') break;
  }
  if (at == 0 || text.at[at - 1] != '"') { /* the opening quote was cut off: hide what is left of the name */
    if (close < NAME_MOST && !doubled) name_report(scan, 0, close);
    return;
  }
  name_report(scan, at, close);
}

static bool name_byte(char c) { return is_alpha(c) || is_utf8(c) || c == '\'' || c == '-' || c == '.'; }

/* Words of a name without quotes that end just before end; a header's name, a number, or a word of prose stops. */
static void bare_name(struct scan *scan, size_t end) {
  struct text text = scan->text;
  size_t      start = end, last = end;
  for (unsigned words = 0; words < NAME_WORDS; words++) {
    size_t from = last, to = last;
    while (from > 0 && name_byte(text.at[from - 1])) from--;
    if (from == to || is_stop_word((struct text){ text.at + from, to - from })) break;
    if (from > 0 && text.at[from - 1] != ' ' && text.at[from - 1] != ':' && text.at[from - 1] != '"' && text.at[from - 1] != ',' &&
        text.at[from - 1] != '=' && text.at[from - 1] != '\'' && text.at[from - 1] != '>' && text.at[from - 1] != '\n' && !ENDS(text, from, "#012"))
      break;
    if (to < text.size && text.at[to] == ':') break;
    start = from;
    if (from == 0 || text.at[from - 1] != ' ') break;
    last = from - 1;
    while (last > 0 && text.at[last - 1] == ' ') last--;
  }
  if (start < end) name_report(scan, start, end);
}

static bool address_follows(struct text text, size_t at) {
  if (STARTS(text, at, "sip:") || STARTS(text, at, "sips:") || STARTS(text, at, "tel:") || STARTS(text, at, "sip%3a")) return true;
  if (STARTS(text, at, "tel_") || STARTS(text, at, "sip_") || STARTS(text, at, "%2b")) return true;
  if (at < text.size && text.at[at] == '+') at++;
  for (size_t i = at; i < text.size && i < at + 20; i++) {
    if (is_digit(text.at[i])) continue;
    return i > at + 1 && text.at[i] == '>';
  }
  return false;
}

static void keyed_name(struct scan *scan, const struct keyed *keyed) {
  size_t end = keyed->start;
  while (end < keyed->end && scan->text.at[end] != '<' && scan->text.at[end] != '"') end++;
  name_report(scan, keyed->start, end);
}

void name_scan(struct scan *scan) {
  struct text text = scan->text;
  for (uint32_t i = 0; i < scan->anchors->angle.count; i++) {
    size_t angle = scan->anchors->angle.at[i], end = angle;
    if (!address_follows(text, angle + 1)) continue;
    while (end > 0 && text.at[end - 1] == ' ') end--;
    if (end == 0) continue;
    if (text.at[end - 1] == '\'' && end > 1 && text.at[end - 2] == '"') end--;
    if (text.at[end - 1] == '"') quoted_name(scan, end);
    else bare_name(scan, end);
  }
  for (uint32_t i = 0; i < scan->anchors->keyed_count; i++)
    if (scan->anchors->keyed[i].kind & KEY_NAME) keyed_name(scan, &scan->anchors->keyed[i]);
}
