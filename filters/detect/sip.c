/* sip: the user part of SIP and SIPS URIs (RFC 3261 19.1) where it is a person and no number, and accounts by their key.
 * The host stays, so that traffic can still be told apart; an address in it is ip's. */
#include "filters/detect/value.h"

enum { USER_MOST = 1024 };

static bool user_byte(char c) {
  switch (c) {
  case '-':
  case '_':
  case '.':
  case '!':
  case '~':
  case '*':
  case '\'':
  case '(':
  case ')':
  case '%':
  case '&':
  case '=':
  case '+':
  case '$':
  case ',':
  case ';':
  case '?':
  case '/':
  case ':':
  case '\\': return true;
  default: return is_alnum(c) || is_utf8(c);
  }
}

static bool is_digits(struct text user) {
  for (size_t i = 0; i < user.size; i++)
    if (!is_digit(user.at[i]) && !(i == 0 && user.at[i] == '+') && user.at[i] != '*' && user.at[i] != '#') return false;
  return true;
}

/* By their first letter. */
static const char *const nobodies[26] = {
  ['a' - 'a'] = " anonymous asterisk admin ",
  ['d' - 'a'] = " dialog daemon default ",
  ['f' - 'a'] = " freeswitch false ",
  ['g' - 'a'] = " guest ",
  ['i' - 'a'] = " ip invalid inbox ",
  ['j' - 'a'] = " janus ",
  ['k' - 'a'] = " kamailio ",
  ['m' - 'a'] = " mailer-daemon ",
  ['n' - 'a'] = " nobody null none no ",
  ['o' - 'a'] = " opensips orig ",
  ['p' - 'a'] = " phone postfix ping polkitd proxy postmaster pjsip ",
  ['r' - 'a'] = " restricted root rtpengine ",
  ['s' - 'a'] = " system s server sip sipp ",
  ['t' - 'a'] = " true trunk ",
  ['u' - 'a'] = " unknown unavailable user ",
  ['v' - 'a'] = " voicemail ",
  ['w' - 'a'] = " www-data ",
  ['y' - 'a'] = " yes ",
};

bool user_is_nobody(struct text user) {
  const char *words = user.size > 0 && is_alpha(user.at[0]) ? nobodies[to_lower(user.at[0]) - 'a'] : NULL;
  if (words != NULL && words_hold(words, user)) return true;
  return STARTS(user, 0, "atpsh-") || STARTS(user, 0, "btpsh-") || (user.size == 6 && STARTS(user, 0, "(null)")); /* topos: keys of dialogs */
}

/* What stacks write as the user of a session description (RFC 8866 5.2) where they have none. */
static bool is_stack(struct text user) {
  static const struct text stacks[] = { TEXT("cisco"),   TEXT("sonus"),   TEXT("audiocodes"), TEXT("polycom"),   TEXT("mitel"),
                                        TEXT("oracle"),  TEXT("huawei"),  TEXT("mozilla"),    TEXT("avaya"),     TEXT("broadworks"),
                                        TEXT("genband"), TEXT("nokia"),   TEXT("zte"),        TEXT("3cx"),       TEXT("twilio"),
                                        TEXT("x-lite"),  TEXT("yealink"), TEXT("patton"),     TEXT("smartnode"), TEXT("metaswitch"),
                                        TEXT("-") };
  for (size_t i = 0; i < sizeof stacks / sizeof stacks[0]; i++)
    if (starts_nocase(user, 0, stacks[i].at, stacks[i].size)) return true;
  return false;
}

static bool user_is_left_alone(struct scan *scan, struct text user) {
  size_t start = (size_t)(user.at - scan->text.at);
  if (user.size == 0 || pseudonym_is(user)) return true;
  if (user_is_nobody(user)) {
    scan_note(scan, start, start + user.size, "the name of a service, or of nobody");
    return true;
  }
  if (is_digits(user) && user.size <= 6) {
    scan_note(scan, start, start + user.size, "an extension: six digits or fewer");
    return true;
  }
  return phone_user_is_number(scan, user); /* phone's */
}

/* sip:camille at the text's end: cut before '@', or a host. Behind an open '<' it is cut, and without a dot or with '+' it is no host. */
static void cut_user(struct scan *scan, size_t start) {
  struct text text = scan->text, user = { text.at + start, text.size - start };
  bool        dot = memchr(user.at, '.', user.size) != NULL, open = false, other = false;
  for (size_t i = 0; i < user.size; i++) other |= !is_account(user.at[i]);
  for (size_t at = start; at > 0 && start - at < 8 && !open; at--) open = text.at[at - 1] == '<';
  if (user.size == 0 || other || (dot && !open) || user_is_left_alone(scan, user)) return;
  scan_add(scan, start, text.size, 0);
}

/* 1234>;tag=… at the text's start: the rest of a number. */
static void cut_number(struct scan *scan) {
  struct text text = scan->text;
  size_t      end = 0;
  while (end < text.size && is_digit(text.at[end])) end++;
  if (end > 0 && end <= 15 && end < text.size && (text.at[end] == '>' || (text.at[end] == '@' && end > 6))) scan_add(scan, 0, end, 0);
}

/* Contact user/sip:…: an address of record and its contact, as Asterisk writes them. */
static void record_scan(struct scan *scan, size_t scheme) {
  struct text text = scan->text;
  size_t      start;
  if (scheme < 2 || text.at[scheme - 1] != '/') return;
  start = scheme - 1;
  while (start > 0 && is_account(text.at[start - 1])) start--;
  if (!ENDS(text, start, "contact ") && !ENDS(text, start, "aor ")) return;
  if (!user_is_left_alone(scan, (struct text){ text.at + start, scheme - 1 - start })) scan_add(scan, start, scheme - 1, 0);
}

/* Name <user>->number, of FreeSWITCH's dialplan, and "name" <user>. */
static void dialplan_scan(struct scan *scan, size_t angle) {
  struct text text = scan->text;
  size_t      end = angle + 1;
  if (angle + 4 < text.size && text.at[angle + 4] == ':') return; /* a URI */
  while (end < text.size && is_account(text.at[end])) end++;
  if (end == text.size && angle > 0 && text.at[angle - 1] == '=' && end > angle + 2) { /* to=<jean.du: cut */
    if (!user_is_left_alone(scan, (struct text){ text.at + angle + 1, end - angle - 1 })) scan_add(scan, angle + 1, end, 0);
    return;
  }
  if (end > angle + 1 && (STARTS(text, end, ">->") || (STARTS(text, end, ">") && (ENDS(text, angle, "\"") || ENDS(text, angle, "\" ")))) &&
      !user_is_left_alone(scan, (struct text){ text.at + angle + 1, end - angle - 1 }))
    scan_add(scan, angle + 1, end, 0);
}

/* Returns where to look for the next one. */
static size_t uri_scan(struct scan *scan, size_t start) {
  struct text text = scan->text, user;
  size_t      end = start, cut;
  while (end < text.size && end - start < USER_MOST && user_byte(text.at[end]) && !STARTS(text, end, "%40")) end++;
  if (end - start == USER_MOST) { /* no user is that long: nothing of it can be vouched for */
    while (end < text.size && user_byte(text.at[end])) end++;
    scan_add(scan, start, end, 0);
    return end;
  }
  if (end >= text.size) cut_user(scan, start);
  if (end >= text.size || (text.at[end] != '@' && text.at[end] != '%')) return start;
  for (cut = start; cut < end && text.at[cut] != ':' && text.at[cut] != ';'; cut++) continue;
  user = (struct text){ text.at + start, cut - start };
  if (cut < end && text.at[cut] == ':') { /* user:password@host */
    if (!user_is_left_alone(scan, user)) scan_add(scan, start, end, 0);
    else scan_add(scan, cut + 1, end, 0);
    return start;
  }
  if (!user_is_left_alone(scan, user)) scan_add(scan, start, cut, 0);
  return start;
}

static void account_scan(struct scan *scan, const struct keyed *keyed) {
  struct text text = scan->text;
  size_t      start = keyed->start, end, limit = keyed->end;
  struct text user;
  if (text.at[start] == '<' || text.at[start] == '(') start++;
  if (STARTS(text, start, "sip:") || STARTS(text, start, "sips:") || STARTS(text, start, "tel:") || tag_at(text, start) ||
      (start > 0 && tag_at(text, start - 1)))
    return;
  for (end = start; end < limit && is_account(text.at[end]);) end++;
  user = (struct text){ text.at + start, end - start };
  if (start > 1 && text.at[start - 1] == '=' && text.at[start - 2] == 'o' && (start < 3 || !is_alnum(text.at[start - 3])) && is_stack(user)) return;
  if (user_is_left_alone(scan, user)) return;
  while (end < limit && strchr("@ ,;%&>)]}|\"'\t\r\n", text.at[end]) == NULL) end++; /* EXAMPLE\user, user/resource */
  scan_add(scan, start, end, 0);
}

static inline bool bare_byte(char c) { return is_alnum(c) || is_utf8(c) || c == '-' || c == '_' || c == '.' || c == '+'; }

/* user@192.0.2.7 without a scheme: an address of record or a channel, unless it is a Call-ID. */
static void bare_scan(struct scan *scan, size_t at) {
  struct text         text = scan->text, user;
  size_t              start = at;
  bool                letter = false;
  const struct keyed *keyed;
  while (start > 0 && bare_byte(text.at[start - 1])) start--;
  if (start > 0 && (text.at[start - 1] == ':' || text.at[start - 1] == '%') && userinfo_start(scan, at) == at) return;
  if (at + 1 >= text.size || !(is_digit(text.at[at + 1]) || text.at[at + 1] == '[' || STARTS(text, at + 1, "::"))) return;
  keyed = anchors_key_at(scan->anchors, start);
  if (keyed != NULL && (keyed->kind & KEY_CALLID)) return;
  user = (struct text){ text.at + start, at - start };
  for (size_t i = 0; i < user.size; i++) letter |= is_alpha(user.at[i]) && !is_hex(user.at[i]);
  if (letter && !user_is_left_alone(scan, user)) scan_add(scan, start, at, 0);
}

/* ;did=feb.cdf7: a dialog's id in a Record-Route of Kamailio and OpenSIPS. */
static bool is_dialog_id(struct text text, size_t start, size_t end) {
  if (!ENDS(text, start, ";did=")) return false;
  while (start < end && (is_hex(text.at[start]) || text.at[start] == '.')) start++;
  return start == end;
}

/* caller=f.grosjean: where a number stands most of the time. */
static void person_scan(struct scan *scan, const struct keyed *keyed) {
  size_t end = person_end(scan->text, keyed->start);
  if (end > keyed->start && end == keyed->end && !is_dialog_id(scan->text, keyed->start, end) && !tag_at(scan->text, keyed->start))
    scan_add(scan, keyed->start, end, 0);
}

void sip_scan(struct scan *scan) {
  struct text           text = scan->text;
  const struct anchors *anchors = scan->anchors;
  size_t                next = 0;
  if (anchors->sights & SEES_CUT) cut_number(scan);
  for (uint32_t i = 0; i < anchors->uri.count; i++) {
    size_t colon = anchors->uri.at[i];
    record_scan(scan, colon - (text.at[colon - 1] == 's' || text.at[colon - 1] == 'S' ? 4 : 3));
    if (colon >= next) next = uri_scan(scan, colon + 1);
  }
  next = 0;
  for (uint32_t i = 0; i < anchors->percent.count; i++) {
    size_t at = anchors->percent.at[i];
    if (at >= next && STARTS(text, at, "%3a") && (ENDS(text, at, "sip") || ENDS(text, at, "sips"))) next = uri_scan(scan, at + 3);
  }
  for (uint32_t i = 0; i < anchors->at.count; i++) bare_scan(scan, anchors->at.at[i]);
  for (uint32_t i = 0; i < anchors->angle.count; i++) dialplan_scan(scan, anchors->angle.at[i]);
  for (uint32_t i = 0; i < anchors->keyed_count; i++)
    if (anchors->keyed[i].kind & KEY_USER) account_scan(scan, &anchors->keyed[i]);
    else if (anchors->keyed[i].kind & KEY_PHONE) person_scan(scan, &anchors->keyed[i]);
}

size_t sip_canonical(const struct scan *scan, const struct span *span, char *out, size_t room, char country[3]) {
  size_t size = span->end - span->start;
  country[0] = 0;
  if (room < size) return 0;
  for (size_t i = 0; i < size; i++) out[i] = to_lower(scan->text.at[span->start + i]);
  return size;
}
