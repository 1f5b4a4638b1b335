/* pin: what a caller types: voicemail and conference PINs, one-time codes, and the single keys that DTMF logs name one by
 * one, because the sequence is the PIN or the card's number.
 *
 *   by key         Digit: 5 (AMI), Signal=5 (SIP INFO), "digit":"5" (ARI), digits=1234, PIN: 1234, cvv=123
 *   by the words   DTMF begin '5' received, RTP RECV DTMF 5:960, INFO DTMF(5), password entered '29208',
 *                  User entered '1234', sent digit 5, PIN 1234
 *   by the call    SendDTMF("…", "1234#"), Authenticate("…", "1234")
 *
 * "pin 5 of the connector" and the like stay: without a key or quotes a PIN has four digits. */
#include "filters/detect/value.h"

enum { PIN_MOST = 256, PIN_LEAST = 3, SPOKEN_LEAST = 4, NEAR_MOST = 512, WORDS_MOST = 7, MARKS_MOST = 5 };

static bool key_byte(char c) { return is_digit(c) || c == '*' || c == '#' || (c >= 'A' && c <= 'D'); }

/* The end of the keys typed from byte start on. */
static size_t typed_end(struct text text, size_t start) {
  size_t end = start;
  while (end < text.size && key_byte(text.at[end]) && !STARTS(text, end, "#015") && !STARTS(text, end, "#012")) end++;
  return end;
}

static bool follows_word(struct text text, size_t at) {
  return at < text.size && (is_alnum(text.at[at]) || text.at[at] == '_' || is_utf8(text.at[at]));
}

/* ---- by key ---- */

/* The word, in small letters or as in upper, stands within NEAR_MOST bytes of byte at. */
static bool is_near(struct text text, size_t at, const char *lower, const char *upper) {
  size_t size = strlen(lower), from = at > NEAR_MOST ? at - NEAR_MOST : 0, until = text.size - at > NEAR_MOST ? at + NEAR_MOST : text.size;
  return memmem(text.at + from, until - from, lower, size) != NULL || memmem(text.at + from, until - from, upper, size) != NULL;
}

/* Words that are keys of other things as well. */
static bool key_is_of_dtmf(struct text text, struct text name, size_t mark, size_t start, size_t end) {
  if (STARTS(name, 0, "event") && name.size == 5) return end - start <= 2 && is_near(text, start, "dtmf", "DTMF");
  if (STARTS(name, 0, "signal") && name.size == 6)
    return end - start == 1 && mark != KEY_IS_FIELD && text.at[mark] == '=' && (name.at[0] == 'S' || is_near(text, end, "duration", "Duration"));
  if (STARTS(name, 0, "result") && name.size == 6)
    return end - start > 1 && mark != KEY_IS_FIELD &&
           (ENDS(text, (size_t)(name.at - text.at), "200 ") || ENDS(text, (size_t)(name.at - text.at), "read_"));
  return true;
}

/* One key says so: Digit, DTMF-Digit, variable_digits_dialed, Signal, event. */
static bool key_is_of_one(struct text name) {
  for (size_t i = 0; i < name.size; i++)
    if (STARTS(name, i, "digit") || STARTS(name, i, "dtmf")) return true;
  return STARTS(name, 0, "signal") || STARTS(name, 0, "event");
}

static void pin_keyed(struct scan *scan, const struct keyed *keyed) {
  struct text text = scan->text, name;
  size_t      mark, start = keyed->start, end = typed_end(text, start);
  if (end > keyed->end) end = keyed->end;
  if (end + 1 < text.size && text.at[end] == ',' && key_byte(text.at[end + 1])) end = typed_end(text, end + 1); /* AT^DTMF=1,5 */
  if (end == start || follows_word(text, end)) return;
  name = keyed_name_of(scan, keyed, &mark);
  if (name.at != NULL && !key_is_of_dtmf(text, name, mark, start, end)) {
    scan_note(scan, start, end, "this key has other values than DTMF as well");
    return;
  }
  if (end - start < PIN_LEAST && !key_is_of_one(name)) scan_note(scan, start, end, "a PIN has three digits or more");
  else if (end - start <= PIN_MOST) scan_add(scan, start, end, 0);
}

/* ---- by the words before ---- */

static const struct text typed_words[] = { TEXT("dtmf"), TEXT("keypress"), TEXT("touche"), TEXT("touches") };
static const struct text digit_words[] = { TEXT("digit"), TEXT("digits"), TEXT("key"), TEXT("keys") };
static const struct text secret_words[] = {
  TEXT("pin"), TEXT("password"), TEXT("passcode"), TEXT("otp"), TEXT("pincode"), TEXT("puk"), TEXT("passe")
};
static const struct text sent_words[] = { TEXT("sent"),     TEXT("send"),      TEXT("sending"),  TEXT("got"),     TEXT("received"), TEXT("dtmf"),
                                          TEXT("recv"),     TEXT("pressed"),   TEXT("dialed"),   TEXT("dialled"), TEXT("entered"),  TEXT("typed"),
                                          TEXT("detected"), TEXT("collected"), TEXT("relaying"), TEXT("relayed"), TEXT("keypad") };
static const struct text typist_words[] = { TEXT("user"), TEXT("caller"), TEXT("subscriber") };
static const struct text filler_words[] = { TEXT("begin"),     TEXT("end"),         TEXT("received"), TEXT("entered"),   TEXT("of"),
                                            TEXT("emulation"), TEXT("passthrough"), TEXT("to"),       TEXT("is"),        TEXT("was"),
                                            TEXT("event"),     TEXT("sent"),        TEXT("ignored"),  TEXT("with"),      TEXT("accepted"),
                                            TEXT("detected"),  TEXT("code"),        TEXT("number"),   TEXT("set"),       TEXT("changed"),
                                            TEXT("relay"),     TEXT("inband"),      TEXT("typed"),    TEXT("collected"), TEXT("pressed"),
                                            TEXT("dialed"),    TEXT("start"),       TEXT("saisi"),    TEXT("packet") };

struct spoken {
  size_t start, end; /* of the keys typed */
  bool   marked;     /* a quote, a bracket, a colon or an equals sign before them, not only a space */
};

/* Past blanks and marks before byte at. */
static size_t marks_start(struct text text, size_t at, bool *marked) {
  for (unsigned i = 0; at > 0 && i < MARKS_MOST && memchr(" '\"([{:=", text.at[at - 1], 8) != NULL; i++) *marked |= text.at[--at] != ' ';
  return at;
}

/* Digits alone, which prose follows: "digit 5 of the checksum", "DTMF 101 8000". */
static bool reads_as_prose(struct text text, const struct spoken *spoken) {
  if (spoken->marked) return false;
  return STARTS(text, spoken->end, " of ") || STARTS(text, spoken->end, " to ") || STARTS(text, spoken->end, " in ");
}

/* "play_and_get_digits(4 8 …", "digits [0-9]": numbers that say how many, or which. */
static bool is_argument(struct text text, const struct spoken *spoken) {
  char open = spoken->start > 0 ? text.at[spoken->start - 1] : 0, after = spoken->end < text.size ? text.at[spoken->end] : 0;
  return (open == '(' && after == ' ') || ((open == '(' || open == '[') && after == '-');
}

/* "Incoming DTMF on call 0: 5": one key, the last of a text that speaks of DTMF. */
static bool last_of_dtmf(struct text text, const struct spoken *spoken) {
  if (spoken->end - spoken->start != 1 || spoken->end != text.size || !ENDS(text, spoken->start, ": ")) return false;
  return spoken->start > 2 && is_digit(text.at[spoken->start - 3]) && is_near(text, spoken->start, "dtmf", "DTMF");
}

static bool payload_type(struct text text, const struct spoken *spoken) { /* RFC 3551: dynamic ones */
  struct text value = { text.at + spoken->start, spoken->end - spoken->start };
  if (spoken->marked) return false;
  return (value.size == 2 && value.at[0] == '9' && value.at[1] >= '6') ||
         (value.size == 3 && value.at[0] == '1' && (value.at[1] < '2' || (value.at[1] == '2' && value.at[2] < '8')));
}

/* The words before say that the keys were typed. */
static bool words_agree(struct text text, const struct spoken *spoken) {
  bool   marked = false, entered = false;
  size_t at = marks_start(text, spoken->start, &marked);
  for (unsigned i = 0; i < WORDS_MOST && at > 0; i++) {
    size_t      start = word_start(text, at);
    struct text word = { text.at + start, at - start };
    if (word_among(word, typed_words, COUNT(typed_words))) return !reads_as_prose(text, spoken) && !payload_type(text, spoken);
    if (word_among(word, secret_words, COUNT(secret_words))) return spoken->end - spoken->start >= (spoken->marked ? PIN_LEAST : SPOKEN_LEAST);
    if (word_among(word, digit_words, COUNT(digit_words))) {
      size_t before;
      bool   ignored = false;
      if (start > 0 && text.at[start - 1] == '_') return false; /* max_digits=4 */
      if (spoken->marked && !STARTS(word, 0, "key")) return !is_argument(text, spoken);
      if (i == 0 && spoken->end == text.size && spoken->end - spoken->start == 1 && word.size == 5 && STARTS(word, 0, "digit")) return true;
      before = marks_start(text, start, &ignored);
      start = word_start(text, before);
      return !STARTS(text, spoken->end, " of ") && word_among((struct text){ text.at + start, before - start }, sent_words, COUNT(sent_words));
    }
    if (entered && word_among(word, typist_words, COUNT(typist_words))) return spoken->end - spoken->start >= PIN_LEAST;
    entered = STARTS(word, 0, "entered") && word.size == 7;
    if (!word_among(word, filler_words, COUNT(filler_words))) return false;
    for (at = start; at > 0 && memchr(" -_:", text.at[at - 1], 4) != NULL;) at--;
  }
  return false;
}

/* ("…", "1234"): an argument, not the first, of a dialplan application that takes what is typed. */
static bool call_agrees(struct text text, size_t start) {
  static const struct text calls[] = { TEXT("senddtmf"), TEXT("authenticate"), TEXT("vmauthenticate"), TEXT("playdtmf") };
  size_t                   at = start, word;
  if (!ENDS(text, start, ", \"")) return false;
  while (at > 0 && start - at < 200 && text.at[at - 1] != '(') at--;
  if (at == 0 || text.at[at - 1] != '(') return false;
  word = word_start(text, at - 1);
  return word_among((struct text){ text.at + word, at - 1 - word }, calls, COUNT(calls));
}

/* RFC 4733 events as Asterisk shows them: the packet's first four bytes, of which the first is the key. */
static size_t event_end(struct text text, size_t start) {
  size_t end = start;
  if (!ENDS(text, start, ", event ")) return 0;
  while (end < text.size && is_hex(text.at[end])) end++;
  return end - start == 8 ? end : 0;
}

static void pin_spoken(struct scan *scan, size_t at) {
  struct text   text = scan->text;
  struct spoken spoken = { .start = at, .marked = false };
  size_t        before, event;
  while (spoken.start > 0 && (text.at[spoken.start - 1] == '*' || text.at[spoken.start - 1] == '#')) spoken.start--;
  before = marks_start(text, spoken.start, &spoken.marked);
  if (before == 0 || before == spoken.start || !(is_alpha(text.at[before - 1]) || is_digit(text.at[before - 1]) || text.at[before - 1] == ','))
    return;
  event = event_end(text, at);
  if (event > 0) {
    scan_add(scan, at, event, 0);
    return;
  }
  spoken.end = typed_end(text, at);
  if (spoken.end - spoken.start > PIN_MOST || follows_word(text, spoken.end)) return;
  if (!words_agree(text, &spoken) && !call_agrees(text, spoken.start) && !last_of_dtmf(text, &spoken)) return;
  if (!keyed_at(scan, spoken.start, KEY_PIN)) scan_add(scan, spoken.start, spoken.end, 0);
}

/* Playing 'digits/5.gsm': a number that is read out, one file a digit. */
static void said_digit(struct scan *scan, size_t at) {
  if (at + 1 < scan->text.size && (scan->text.at[at + 1] == '.' || scan->text.at[at + 1] == '\'')) scan_add(scan, at, at + 1, 0);
}

static bool is_mark(char c) {
  return c == ' ' || c == '\'' || c == '"' || c == '(' || c == '[' || c == '{' || c == ':' || c == '=' || c == '*' || c == '#';
}

void pin_scan(struct scan *scan) {
  size_t size = scan->text.size, end;
  for (uint32_t i = 0; (scan->anchors->kinds & KEY_PIN) && i < scan->anchors->keyed_count; i++)
    if (scan->anchors->keyed[i].kind & KEY_PIN) pin_keyed(scan, &scan->anchors->keyed[i]);
  if (!(scan->anchors->sights & SEES_SPOKEN)) return;
  for (size_t at = anchors_next(scan->anchors, CLASS_DIGIT, 0, size); at < size; at = anchors_next(scan->anchors, CLASS_DIGIT, end, size)) {
    end = class_end(&scan->anchors->blocks, CLASS_DIGIT, at, size);
    if (at > 1 && is_mark(scan->text.at[at - 1])) pin_spoken(scan, at);
    else if (ENDS(scan->text, at, "digits/")) said_digit(scan, at);
  }
}
