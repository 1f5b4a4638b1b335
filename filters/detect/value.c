#include "filters/detect/value.h"

void digits_read(struct text text, size_t start, const char *marks, struct digits *digits) {
  size_t at = start;
  digits->count = 0;
  digits->end = start;
  while (at < text.size && digits->count <= DIGITS_MOST) {
    if (!is_digit(text.at[at])) {
      bool mark = digits->count > 0 && digits->end == at && text.at[at] != 0 && strchr(marks, text.at[at]) != NULL;
      if (!mark || at + 1 >= text.size || !is_digit(text.at[at + 1])) return;
      at++;
    }
    if (digits->count < DIGITS_MOST) digits->at[digits->count] = text.at[at];
    digits->count++;
    digits->end = ++at;
  }
}

bool luhn(const char *digits, unsigned count) {
  unsigned sum = 0;
  for (unsigned i = 0; i < count; i++) {
    unsigned value = (unsigned)(digits[count - 1 - i] - '0');
    if (i & 1) value = value * 2 > 9 ? value * 2 - 9 : value * 2;
    sum += value;
  }
  return count > 0 && sum % 10 == 0;
}

bool long_run(const struct scan *scan, uint32_t *index, size_t *start, size_t *end) {
  const struct positions *digit = &scan->anchors->digit;
  struct text             text = scan->text;
  while (*index < digit->count) {
    size_t at = digit->at[(*index)++], until = *index < digit->count ? digit->at[*index] : text.size;
    if (until - at < LONG_DIGITS || !is_digit(text.at[at + LONG_DIGITS - 1])) continue;
    *start = at;
    for (*end = at + LONG_DIGITS; *end < text.size && is_digit(text.at[*end]);) ++*end;
    return true;
  }
  return false;
}

size_t word_start(struct text text, size_t end) {
  while (end > 0 && (is_alpha(text.at[end - 1]) || is_utf8(text.at[end - 1]))) end--;
  return end;
}

bool word_among(struct text word, const struct text *words, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (word.size == words[i].size && word.size > 0 && to_lower(word.at[0]) == words[i].at[0] && starts_nocase(word, 0, words[i].at, word.size))
      return true;
  return false;
}

bool word_before(struct text text, size_t start, const struct text *words, size_t count) {
  size_t end = start, from;
  while (end > 0 && start - end < 4 && memchr(" '\":=#-([", text.at[end - 1], 9) != NULL) end--;
  from = word_start(text, end);
  return word_among((struct text){ text.at + from, end - from }, words, count);
}

bool keyed_at(const struct scan *scan, size_t at, uint32_t kinds) {
  const struct keyed *keyed = scan->anchors->keyed_count > 0 ? anchors_key_at(scan->anchors, at) : NULL;
  return keyed != NULL && keyed->start == at && (keyed->kind & kinds) != 0;
}

static bool name_byte(char c) { return is_alnum(c) || c == '_' || c == '-'; }

struct text keyed_name_of(const struct scan *scan, const struct keyed *keyed, size_t *mark) {
  struct text text = scan->text;
  size_t      end = keyed->start, start;
  *mark = KEY_IS_FIELD;
  if (end == 0) return scan->context->field;
  while (end > 0 && keyed->start - end < 64 && memchr(" \"'\\[", text.at[end - 1], 5) != NULL) end--;
  if (end == 0 || (text.at[end - 1] != '=' && text.at[end - 1] != ':')) return TEXT_NONE;
  *mark = --end;
  while (end > 0 && text.at[end - 1] == ' ') end--;
  if (end > 0 && (text.at[end - 1] == '"' || text.at[end - 1] == '\'')) end--;
  if (end > 0 && text.at[end - 1] == '\\') end--;
  for (start = end; start > 0 && name_byte(text.at[start - 1]) && end - start <= KEY_MOST;) start--;
  start += key_prefix((struct text){ text.at + start, end - start });
  return (struct text){ text.at + start, end - start };
}

/* Bytes from at on are a word and '=' or ':'. */
static bool key_follows(struct text text, size_t at) {
  size_t end = at;
  while (end < text.size && name_byte(text.at[end]) && end - at <= KEY_MOST) end++;
  return end > at && end < text.size && (text.at[end] == '=' || text.at[end] == ':');
}

size_t phrase_end(struct text text, const struct keyed *keyed, size_t most) {
  size_t at = keyed->start;
  if (at > 0 && (text.at[at - 1] == '"' || text.at[at - 1] == '\'')) return keyed->end;
  for (; at < text.size && at - keyed->start < most; at++) {
    char c = text.at[at];
    if (memchr(";|&\"\r\n\t<>{}", c, 11) != NULL || STARTS(text, at, "#015") || STARTS(text, at, "#012")) break;
    if ((c == ' ' || c == ',') && key_follows(text, at + 1)) break;
    if (c == ',' && at + 1 < text.size && text.at[at + 1] == ' ' && key_follows(text, at + 2)) break;
  }
  while (at > keyed->start && (text.at[at - 1] == ' ' || text.at[at - 1] == ',')) at--;
  return at;
}

static size_t letters_end(struct text text, size_t at) {
  while (at < text.size && (is_alpha(text.at[at]) || is_utf8(text.at[at]) || text.at[at] == '-')) at++;
  return at;
}

size_t person_end(struct text text, size_t at) {
  static const struct text others[] = {
    TEXT("pdf"),   TEXT("txt"),      TEXT("conf"),    TEXT("cfg"),    TEXT("log"),     TEXT("xml"),         TEXT("json"),  TEXT("yaml"),
    TEXT("yml"),   TEXT("html"),     TEXT("php"),     TEXT("csv"),    TEXT("sock"),    TEXT("wav"),         TEXT("gsm"),   TEXT("service"),
    TEXT("slice"), TEXT("scope"),    TEXT("socket"),  TEXT("target"), TEXT("com"),     TEXT("net"),         TEXT("org"),   TEXT("local"),
    TEXT("lan"),   TEXT("internal"), TEXT("example"), TEXT("test"),   TEXT("invalid"), TEXT("localdomain"), TEXT("home"),  TEXT("arpa"),
    TEXT("info"),  TEXT("biz"),      TEXT("cloud"),   TEXT("tel"),    TEXT("app"),     TEXT("dev"),         TEXT("png"),   TEXT("jpg"),
    TEXT("jpeg"),  TEXT("gif"),      TEXT("svg"),     TEXT("ico"),    TEXT("css"),     TEXT("pem"),         TEXT("crt"),   TEXT("lua"),
    TEXT("zip"),   TEXT("deb"),      TEXT("tar"),     TEXT("bak"),    TEXT("tmp"),     TEXT("pid"),         TEXT("lock"),  TEXT("ini"),
    TEXT("toml"),  TEXT("ulaw"),     TEXT("alaw"),    TEXT("mp3"),    TEXT("pcap"),    TEXT("timer"),       TEXT("mount"),
  };
  size_t      dot = letters_end(text, at), end;
  struct text last;
  if (dot == at || dot >= text.size || text.at[dot] != '.') return at;
  end = letters_end(text, dot + 1);
  last = (struct text){ text.at + dot + 1, end - dot - 1 };
  while (end < text.size && is_digit(text.at[end])) end++;
  return last.size < 3 || word_among(last, others, COUNT(others)) ? at : end;
}

size_t code_canonical(const struct scan *scan, const struct span *span, char *out, size_t room, char country[3]) {
  size_t n = 0;
  country[0] = 0;
  for (size_t i = span->start; i < span->end && n < room && n < 64; i++) {
    char c = scan->text.at[i];
    if (c == '%' && i + 2 < span->end) i += 2; /* %20 */
    else if (is_alnum(c)) out[n++] = is_lower(c) ? (char)(c - 32) : c;
  }
  return n;
}

size_t lower_canonical(const struct scan *scan, const struct span *span, char *out, size_t room, char country[3]) {
  size_t size = span->end - span->start;
  country[0] = 0;
  if (room < size) return 0;
  for (size_t i = 0; i < size; i++) out[i] = to_lower(scan->text.at[span->start + i]);
  return size;
}
