/* name: display names, by their place: before <sip:…>, <tel:…>, <number>, and by key. */
#include "filters/scan.h"

enum { NAME_MOST = 1024, NAME_WORDS = 5, ADDRESS_MOST = 128 };

/* By their first letter. */
static const char *const stop_words[26] = {
  ['a' - 'a'] = " ack aor at and address account added anonymous as answered ",
  ['b' - 'a'] = " by bye binding ",
  ['c' - 'a'] = " contact call calling called caller cancel channel callerid code ",
  ['d' - 'a'] = " destination dial dialing destined device delivered dials ",
  ['e' - 'a'] = " endpoint extension email ehlo ",
  ['f' - 'a'] = " from for forwarded failed ",
  ['g' - 'a'] = " gateway ",
  ['h' - 'a'] = " header has helo host ",
  ['i' - 'a'] = " invite info is incoming identity in id ",
  ['j' - 'a'] = " joined ",
  ['l' - 'a'] = " login left ",
  ['m' - 'a'] = " message mail ",
  ['n' - 'a'] = " notify number new not none null ",
  ['o' - 'a'] = " options on of outgoing ",
  ['p' - 'a'] = " processing prack publish pai ppi peer port ",
  ['q' - 'a'] = " queue ",
  ['r' - 'a'] =
      " route register refer rpid ruri received request response reply registered removed restricted rcpt recipient relay rejected realm reason ",
  ['s' - 'a'] = " subscribe sending subscriber sip sender state status ",
  ['t' - 'a'] = " to target the transfer transferred tel ",
  ['u' - 'a'] = " update uri user unregistered using unknown unavailable ",
  ['v' - 'a'] = " via ",
  ['w' - 'a'] = " with was ",
};

bool word_is_stop(struct text word) {
  const char *words = word.size > 0 && is_alpha(word.at[0]) ? stop_words[to_lower(word.at[0]) - 'a'] : NULL;
  return words != NULL && words_hold(words, word);
}

static void name_report(struct scan *scan, size_t start, size_t end) {
  struct text text = scan->text;
  bool        letter = false;
  while (start < end && text.at[start] == ' ') start++;
  while (end > start && text.at[end - 1] == ' ') end--;
  for (size_t i = start; i < end; i++) letter |= is_alpha(text.at[i]) || is_utf8(text.at[i]);
  if (!letter) return; /* numbers are phone's */
  if (word_is_stop((struct text){ text.at + start, end - start })) {
    scan_note(scan, start, end, "a word that stands before addresses, and no name");
    return;
  }
  if (pseudonym_is((struct text){ text.at + start, end - start })) return;
  if (tag_at(text, start) || (start > 0 && tag_at(text, start - 1))) return;
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
    if (from == to || word_is_stop((struct text){ text.at + from, to - from })) break;
    if (from > 0 && text.at[from - 1] != ' ' && text.at[from - 1] != ':' && text.at[from - 1] != '"' && text.at[from - 1] != ',' &&
        text.at[from - 1] != '=' && text.at[from - 1] != '\'' && text.at[from - 1] != '>' && memchr("\n(|;[{\t", text.at[from - 1], 7) == NULL &&
        !ENDS(text, from, "#012"))
      break;
    if (to < text.size && text.at[to] == ':') break;
    start = from;
    if (from == 0 || text.at[from - 1] != ' ') break;
    last = from - 1;
    while (last > 0 && text.at[last - 1] == ' ') last--;
  }
  while (start < end && text.at[start] == '\'') start++; /* a quote around name and number */
  if (start < end) name_report(scan, start, end);
}

/* What stands behind '<' is an address: a URI, a number, mail; quoted: any one word, as in "name" <user>. */
static bool address_follows(struct text text, size_t at, bool quoted) {
  size_t end = at, plus = at < text.size && text.at[at] == '+';
  bool   digits = true, mail = false;
  switch (at < text.size ? to_lower(text.at[at]) : 0) {
  case 's':
    if (STARTS(text, at, "sip:") || STARTS(text, at, "sips:") || STARTS(text, at, "sip_") || STARTS(text, at, "sip%3a")) return true;
    break;
  case 't':
    if (STARTS(text, at, "tel:") || STARTS(text, at, "tel_")) return true;
    break;
  case '%':
    if (STARTS(text, at, "%2b")) return true;
    break;
  case '[': return STARTS(text, at, "[email]>") || STARTS(text, at, "[phone]>");
  default: break;
  }
  for (end = at + plus; end < text.size && end - at < ADDRESS_MOST; end++) {
    char c = text.at[end];
    if (!is_account(c) && c != '@' && c != '=' && c != '%' && c != '*' && c != '#') break;
    digits &= is_digit(c) || c == '*' || c == '#';
    mail |= c == '@';
  }
  if (end == at + plus || end >= text.size || text.at[end] != '>') return false;
  return mail || (digits && end - at >= 2) || quoted || STARTS(text, end, ">->");
}

/* =?charset?B?…?= before an address (RFC 2047), one or several. */
static bool encoded_name(struct scan *scan, size_t end) {
  struct text text = scan->text;
  size_t      start = end;
  if (end < 8 || !ENDS(text, end, "?=")) return false;
  for (size_t at = end - 2; at > 1 && end - at < NAME_MOST; at--)
    if (text.at[at - 1] == '?' && text.at[at - 2] == '=' && (at < 3 || text.at[at - 3] == ' ' || text.at[at - 3] == ':' || text.at[at - 3] == '"')) {
      start = at - 2;
      if (at < 6 || !ENDS(text, start, "?= ")) break;
    }
  if (start == end) return false;
  scan_add(scan, start, end, 0);
  return true;
}

/* From: Bureau 12 Camille <sip:…>: at a line's start all between the colon and the address is a name. */
static bool header_name(struct scan *scan, size_t angle) {
  struct text         text = scan->text;
  const struct keyed *keyed = scan->anchors->kinds & KEY_PHONE ? anchors_key_at(scan->anchors, angle) : NULL;
  size_t              mark;
  if (keyed == NULL || !(keyed->kind & KEY_PHONE) || keyed->start >= angle || angle - keyed->start > NAME_MOST) return false;
  for (mark = keyed->start; mark > 0 && text.at[mark - 1] == ' '; mark--) continue;
  if (mark == 0 || text.at[mark - 1] != ':') return false;
  while (--mark > 0 && (is_alnum(text.at[mark - 1]) || text.at[mark - 1] == '-')) continue;
  if (mark > 0 && text.at[mark - 1] != '\n' && text.at[mark - 1] != '\r' && !ENDS(text, mark, "#012") && !ENDS(text, mark, "#015")) return false;
  for (size_t i = keyed->start; i < angle; i++)
    if (memchr("<>@:\"", text.at[i], 5) != NULL) return false;
  name_report(scan, keyed->start, angle);
  return true;
}

/* "Name","+33…": a column of words before one of a number. close: the quote behind the name. */
static void column_name(struct scan *scan, size_t close, bool sure) {
  struct text text = scan->text;
  size_t      start = close;
  bool        space = false;
  for (; start > 0 && (name_byte(text.at[start - 1]) || text.at[start - 1] == ' ' || text.at[start - 1] == ',') && close - start < NAME_MOST; start--)
    space |= text.at[start - 1] == ' ';
  if (sure && space && start > 0 && text.at[start - 1] == '"') name_report(scan, start, close);
}

/* "Name" +33…, and from Name (+33…): a name before a number without brackets of its own. */
static void before_number(struct scan *scan, size_t digit) {
  static const struct text links[] = { TEXT("from "), TEXT("to "), TEXT("by "), TEXT("for "), TEXT("caller "), TEXT("call ") };
  struct text              text = scan->text;
  size_t                   end = digit, start, words;
  if (end > 0 && text.at[end - 1] == '+') end--;
  if (end < 4 || is_alnum(text.at[end - 1])) return;
  if (text.at[end - 1] == text.at[end - 3] && text.at[end - 2] == ',' && text.at[end - 1] == '"') {
    column_name(scan, end - 3, end < digit || text.at[digit] == '0');
    return;
  }
  if (text.at[end - 2] != '"' && text.at[end - 2] != ' ') return;
  if (ENDS(text, end, "\" ") && (end < digit || text.at[digit] == '0')) {
    start = end = end - 2;
    while (start > 0 && (name_byte(text.at[start - 1]) || text.at[start - 1] == ' ' || text.at[start - 1] == ',') && end - start < NAME_MOST) start--;
    if (start > 0 && text.at[start - 1] == '"' && end > start) name_report(scan, start, end);
    return;
  }
  if (!ENDS(text, end, " (")) return;
  start = end = end - 2;
  for (words = 0; words < NAME_WORDS; words++) {
    size_t word = start;
    while (word > 0 && name_byte(text.at[word - 1])) word--;
    if (word == start || !(is_upper(text.at[word]) || is_utf8(text.at[word]))) return;
    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++)
      if (word >= links[i].size && starts_nocase(text, word - links[i].size, links[i].at, links[i].size)) {
        name_report(scan, word, end);
        return;
      }
    if (word == 0 || text.at[word - 1] != ' ') return;
    start = word - 1;
  }
}

/* epoch|call|queue|agent|event|…: the agent, where it is a person and no channel (Asterisk's queue_log). */
static void queue_agent(struct scan *scan) {
  struct text text = scan->text;
  size_t      at = 0, end;
  if (!is_digit(text.at[0])) return;
  for (int field = 0; field < 3; field++) {
    const char *bar = memchr(text.at + at, '|', text.size - at);
    if (bar == NULL) return;
    at = (size_t)(bar - text.at) + 1;
  }
  for (end = at; end < text.size && text.at[end] != '|'; end++)
    if (text.at[end] == '/') return;
  if (end < text.size && !(end - at == 4 && STARTS(text, at, "none"))) name_report(scan, at, end);
}

static void keyed_name(struct scan *scan, const struct keyed *keyed) {
  struct text text = scan->text;
  size_t      start = keyed->start, end = start;
  if (start > 1 && ENDS(text, start, "p=")) return; /* a[b].p=: no SDP */
  while (end < keyed->end && text.at[end] != '<' && text.at[end] != '"') end++;
  for (size_t i = start; i < end && i < start + 64; i++) /* a certificate's subject */
    if (STARTS(text, i, "cn=") || STARTS(text, i, "cn =")) return;
  if (STARTS(text, start, "sip:") || STARTS(text, start, "sips:") || STARTS(text, start, "tel:")) return;
  name_report(scan, start, end);
}

/* A value of From: and the like that its line's end cut: "Camille Rous, and without quotes where the line begins with the key. */
static void cut_name(struct scan *scan, const struct keyed *keyed) {
  struct text text = scan->text;
  size_t      start = keyed->start;
  bool        quoted = start > 0 && text.at[start - 1] == '"';
  if (keyed->end != text.size || start == 0) return;
  if (!quoted && (start < 3 || text.at[start - 1] != ' ' || text.at[start - 2] != ':' || !is_alpha(text.at[0]))) return;
  if (!quoted)
    for (size_t i = 0; i + 2 < start; i++)
      if (!is_alpha(text.at[i]) && text.at[i] != '-') return;
  for (size_t i = start; i < text.size; i++)
    if (!name_byte(text.at[i]) && text.at[i] != ' ' && text.at[i] != ',' && !(quoted && is_digit(text.at[i]))) return;
  name_report(scan, start, text.size);
}

/* From: address (Name), e=address (Name), p=number (Name): a comment at a line's start (RFC 5322 3.4, RFC 8866 5.6). */
static void comment_name(struct scan *scan, const struct keyed *keyed) {
  struct text text = scan->text;
  size_t      close = keyed->end, open = close;
  bool        address = false;
  if (close == 0 || text.at[close - 1] != ')' || keyed->start > 12) return;
  for (size_t i = 0; i + 1 < keyed->start; i++)
    if (!is_alpha(text.at[i]) && text.at[i] != '-' && text.at[i] != '=' && text.at[i] != ':') return;
  while (open > keyed->start && text.at[open - 1] != '(') open--;
  if (open < keyed->start + 2 || text.at[open - 2] != ' ') return;
  for (size_t i = keyed->start; i < open; i++) address |= text.at[i] == '@' || text.at[i] == '+' || text.at[i] == ']' || text.at[i] == '_';
  for (size_t i = open; i + 1 < close; i++)
    if (!name_byte(text.at[i]) && text.at[i] != ' ' && text.at[i] != ',') return;
  if (address) name_report(scan, open, close - 1);
}

/* ille Rousselet","number":…: the text begins inside a quoted value, whatever it is. */
static void cut_string(struct scan *scan) {
  struct text text = scan->text;
  size_t      quote = class_next(&scan->anchors->blocks, CLASS_QUOTE, 0, text.size), next = quote + 1;
  if (quote == 0 || quote > NAME_MOST || quote == text.size || text.at[quote] != '"') return;
  if (!is_alnum(text.at[quote - 1]) && !is_utf8(text.at[quote - 1]) && memchr("=+/.!)", text.at[quote - 1], 6) == NULL) return;
  for (size_t i = 0; i < quote; i++)
    if (memchr(":{[(<=\t", text.at[i], 7) != NULL && i + 3 < quote) return; /* a key, a call: the line is whole */
  if (text.at[quote - 1] == '=' && quote > 1 && text.at[quote - 2] != '=' && !is_alnum(text.at[0])) return;
  if (next < text.size && text.at[next] != '}' && !(text.at[next] == ',' && next + 1 < text.size && text.at[next + 1] == '"')) return;
  scan_add(scan, 0, quote, 0);
}

/* ("Name") behind the address or the number that byte at stands in. */
static void paren_name(struct scan *scan, size_t at) {
  struct text text = scan->text;
  size_t      most = at + ADDRESS_MOST, end;
  while (at < text.size && at < most && text.at[at] != ' ') at++;
  if (at + 3 >= text.size || text.at[at] != ' ' || text.at[at + 1] != '(' || (text.at[at + 2] != '"' && text.at[at + 2] != '\'')) return;
  for (end = at + 3; end + 1 < text.size && end - at < NAME_MOST; end++)
    if (text.at[end] == text.at[at + 2] && text.at[end + 1] == ')') {
      name_report(scan, at + 3, end);
      return;
    }
}

void name_scan(struct scan *scan) {
  struct text text = scan->text;
  for (uint32_t i = 0; i < scan->anchors->angle.count; i++) {
    size_t angle = scan->anchors->angle.at[i], end = angle;
    while (end > 0 && text.at[end - 1] == ' ') end--;
    if (end == 0 || !address_follows(text, angle + 1, text.at[end - 1] == '"')) continue;
    if (text.at[end - 1] == '\'' && end > 1 && text.at[end - 2] == '"') end--;
    if (text.at[end - 1] == '"') quoted_name(scan, end);
    else if (!encoded_name(scan, end) && !header_name(scan, angle)) bare_name(scan, end);
  }
  for (uint32_t i = 0; i < scan->anchors->at.count; i++) paren_name(scan, scan->anchors->at.at[i]);
  for (uint32_t i = 0; i < scan->anchors->digit.count; i++) {
    before_number(scan, scan->anchors->digit.at[i]);
    paren_name(scan, scan->anchors->digit.at[i]);
  }
  for (uint32_t i = 0; (scan->anchors->kinds & (KEY_NAME | KEY_PHONE)) && i < scan->anchors->keyed_count; i++)
    if (scan->anchors->keyed[i].kind & KEY_NAME) keyed_name(scan, &scan->anchors->keyed[i]);
    else if (scan->anchors->keyed[i].kind & KEY_PHONE) {
      comment_name(scan, &scan->anchors->keyed[i]);
      cut_name(scan, &scan->anchors->keyed[i]);
    }
  if (scan->anchors->sights & SEES_CUT) cut_string(scan);
  if (text.size > 12 && text.at[10] == '|') queue_agent(scan);
}
