/* login: users of this system in what sshd, sudo, su, login, cron, PAM and systemd print:
 *
 *   Failed password for invalid user NAME from …      Accepted publickey for NAME from …     Invalid user NAME from …
 *   pam_unix(sshd:session): session opened for user NAME(uid=…) by …     New session 5 of user NAME.
 *   sudo:    NAME : TTY=pts/0 ; PWD=… ; USER=…        su: (to root) NAME on pts/1     CRON[812]: (NAME) CMD (…)
 *
 * and the user of a web server's access log: 192.0.2.7 - NAME [12/Mar/2026:…
 *
 * A phrase stands at the text's begin or behind ": " or "] ". Names of the system's own accounts stay. */
#include "filters/detect/value.h"

enum { NAME_MOST = 256, AWAY_MOST = 96 };

/* What stands at a message's begin, what stands before the name (at once, or further on), and what must follow it. */
static const struct phrase {
  struct text begin, before, after;
} phrases[] = {
#define AT_ONCE TEXT("")
#define ANY     TEXT("")
  { TEXT("Accepted "), TEXT(" for "), TEXT(" from ") },
  { TEXT("Failed "), TEXT(" for "), TEXT(" from ") },
  { TEXT("Postponed "), TEXT(" for "), TEXT(" from ") },
  { TEXT("Partial "), TEXT(" for "), TEXT(" from ") },
  { TEXT("Starting session"), TEXT(" for "), TEXT(" from ") },
  { TEXT("Close session"), TEXT(" user "), TEXT(" from ") },
  { TEXT("error: maximum authentication attempts exceeded"), TEXT(" for "), TEXT(" from ") },
  { TEXT("maximum authentication attempts exceeded"), TEXT(" for "), TEXT(" from ") },
  { TEXT("Invalid user "), AT_ONCE, TEXT(" from ") },
  { TEXT("Illegal user "), AT_ONCE, TEXT(" from ") },
  { TEXT("invalid user "), AT_ONCE, TEXT(" [preauth]") },
  { TEXT("User "), AT_ONCE, TEXT(" from ") },
  { TEXT("User "), AT_ONCE, TEXT(" not allowed") },
  { TEXT("User child is on pid "), TEXT(" user "), ANY },
  { TEXT("Connection closed by "), TEXT(" user "), TEXT(" ") },
  { TEXT("Connection reset by "), TEXT(" user "), TEXT(" ") },
  { TEXT("Disconnected from "), TEXT("user "), TEXT(" ") },
  { TEXT("Disconnecting "), TEXT("user "), TEXT(" ") },
  { TEXT("Disconnecting: "), TEXT(" for "), TEXT(" [preauth]") },
  { TEXT("session opened for user "), AT_ONCE, ANY },
  { TEXT("session closed for user "), AT_ONCE, ANY },
  { TEXT("New session "), TEXT(" of user "), ANY },
  { TEXT("Started "), TEXT(" of User "), ANY },
  { TEXT("Starting "), TEXT(" of User "), ANY },
  { TEXT("Stopped "), TEXT(" of User "), ANY },
  { TEXT("LOGIN ON "), TEXT(" BY "), ANY },
  { TEXT("FAILED LOGIN "), TEXT(" FOR "), ANY },
  { TEXT("Successful su for "), AT_ONCE, TEXT(" by ") },
  { TEXT("Successful su for "), TEXT(" by "), ANY },
  { TEXT("FAILED su for "), AT_ONCE, TEXT(" by ") },
  { TEXT("FAILED su for "), TEXT(" by "), ANY },
  { TEXT("FAILED SU (to "), AT_ONCE, TEXT(") ") },
  { TEXT("FAILED SU (to "), TEXT(") "), TEXT(" on ") },
  { TEXT("(to "), AT_ONCE, TEXT(") ") },
  { TEXT("(to "), TEXT(") "), TEXT(" on ") },
  { TEXT("Authentication failure"), TEXT(" for "), TEXT(" from ") },
  { TEXT("Authentication error"), TEXT(" for "), TEXT(" from ") },
  { TEXT("authentication failure"), TEXT(" for "), TEXT(" from ") },
  { TEXT("authentication error"), TEXT(" for "), TEXT(" from ") },
  { TEXT("User not known"), TEXT(" for "), TEXT(" from ") },
  { TEXT("Change of username"), TEXT(": ("), TEXT(",") },
  { TEXT("Change of username"), TEXT("-> ("), TEXT(",") },
  { TEXT("ruser "), AT_ONCE, TEXT(" from ") },
  { TEXT("change user '"), AT_ONCE, TEXT("'") },
  { TEXT("lock user '"), AT_ONCE, TEXT("'") },
  { TEXT("unlock user '"), AT_ONCE, TEXT("'") },
  { TEXT("USER "), AT_ONCE, TEXT(" (Login ") },
  { TEXT("USER "), AT_ONCE, TEXT(": no such user") },
  { TEXT("new user: name="), AT_ONCE, TEXT(",") },
  { TEXT("delete user '"), AT_ONCE, TEXT("'") },
  { TEXT("password changed for "), AT_ONCE, ANY },
  { TEXT("Access denied for user "), AT_ONCE, TEXT("'") },
  { TEXT("password authentication failed for user "), AT_ONCE, ANY },
  { TEXT("user "), AT_ONCE, TEXT(": authentication failure") },
  { TEXT("user "), AT_ONCE, TEXT(": authorization failure") },
  { TEXT("user "), AT_ONCE, TEXT(": password mismatch") },
  { TEXT("user "), AT_ONCE, TEXT(" not found") },
  { TEXT("user "), AT_ONCE, TEXT("' in realm ") },
  { TEXT("Authorization of user "), AT_ONCE, TEXT(" to ") },
  { TEXT("passwd-file("), AT_ONCE, TEXT(",") },
  { TEXT("passwd("), AT_ONCE, TEXT(",") },
  { TEXT("pam("), AT_ONCE, TEXT(",") },
  { TEXT("sql("), AT_ONCE, TEXT(",") },
  { TEXT("ldap("), AT_ONCE, TEXT(",") },
#undef AT_ONCE
#undef ANY
};

/* The first three letters of the phrases, in any case, so that most texts and colons cost one look. */
#define THREE(a, b, c) ((uint32_t)(a) << 16 | (uint32_t)(b) << 8 | (c))
static bool may_begin(struct text text, size_t at) {
  if (at + 2 >= text.size || text.at[at] == '(') return at + 2 < text.size;
  switch (THREE((unsigned char)text.at[at], (unsigned char)text.at[at + 1], (unsigned char)text.at[at + 2]) | 0x202020) {
  case THREE('a', 'c', 'c'):
  case THREE('a', 'u', 't'):
  case THREE('c', 'h', 'a'):
  case THREE('c', 'l', 'o'):
  case THREE('c', 'o', 'n'):
  case THREE('d', 'e', 'l'):
  case THREE('d', 'i', 's'):
  case THREE('e', 'r', 'r'):
  case THREE('f', 'a', 'i'):
  case THREE('i', 'l', 'l'):
  case THREE('i', 'n', 'v'):
  case THREE('l', 'd', 'a'):
  case THREE('l', 'o', 'c'):
  case THREE('l', 'o', 'g'):
  case THREE('m', 'a', 'x'):
  case THREE('n', 'e', 'w'):
  case THREE('p', 'a', 'm'):
  case THREE('p', 'a', 'r'):
  case THREE('p', 'a', 's'):
  case THREE('p', 'o', 's'):
  case THREE('r', 'u', 's'):
  case THREE('s', 'e', 's'):
  case THREE('s', 'q', 'l'):
  case THREE('s', 't', 'a'):
  case THREE('s', 't', 'o'):
  case THREE('s', 'u', 'c'):
  case THREE('u', 'n', 'l'):
  case THREE('u', 's', 'e'): return true;
  default: return false;
  }
}

bool login_begins(struct text text) { return may_begin(text, 0); }

static inline bool starts(struct text text, size_t at, struct text with) {
  if (at > text.size || text.size - at < with.size) return false;
  return with.size == 0 || (text.at[at] == with.at[0] && memcmp(text.at + at, with.at, with.size) == 0);
}

static bool is_system(struct text name) {
  static const struct text names[] = {
    TEXT("root"),
    TEXT("admin"),
    TEXT("nobody"),
    TEXT("daemon"),
    TEXT("www-data"),
    TEXT("postfix"),
    TEXT("asterisk"),
    TEXT("kamailio"),
    TEXT("opensips"),
    TEXT("freeswitch"),
    TEXT("mysql"),
    TEXT("postgres"),
    TEXT("git"),
    TEXT("sshd"),
    TEXT("systemd"),
    TEXT("messagebus"),
    TEXT("ubuntu"),
    TEXT("debian"),
    TEXT("ec2-user"),
    TEXT("centos"),
    TEXT("test"),
    TEXT("guest"),
    TEXT("user"),
    TEXT("oracle"),
    TEXT("ftp"),
    TEXT("mail"),
    TEXT("man"),
    TEXT("list"),
    TEXT("backup"),
    TEXT("news"),
    TEXT("uucp"),
    TEXT("proxy"),
    TEXT("bin"),
    TEXT("sys"),
    TEXT("sync"),
    TEXT("games"),
    TEXT("lp"),
    TEXT("irc"),
    TEXT("gnats"),
    TEXT("_apt"),
    TEXT("nagios"),
    TEXT("zabbix"),
    TEXT("monitor"),
    TEXT("support"),
    TEXT("pi"),
    TEXT("unknown"),
    TEXT("none"),
    TEXT("dovecot"),
    TEXT("vmail"),
    TEXT("prometheus"),
    TEXT("grafana"),
    TEXT("nginx"),
    TEXT("apache"),
    TEXT("redis"),
    TEXT("ntp"),
    TEXT("invalid"),
    TEXT("gdm"),
    TEXT("lightdm"),
    TEXT("administrator"),
    TEXT("sudo"),
    TEXT("operator"),
    TEXT("ansible"),
    TEXT("deploy"),
    TEXT("the"),
    TEXT("cyrus"),
    TEXT("statd"),
    TEXT("syslog"),
    TEXT("dnsmasq"),
    TEXT("default"),
    TEXT("illegal"),
    TEXT("user"),
    TEXT("anonymous"),
    TEXT("authenticating"),
  };
  return word_among(name, names, COUNT(names));
}

static bool name_byte(char c) { return is_alnum(c) || is_utf8(c) || c == '-' || c == '_' || c == '.' || c == '+' || c == '$' || c == '\\'; }

/* The name at byte start, where after follows it. False: something else stands there. */
static bool name_report(struct scan *scan, size_t start, struct text after) {
  struct text text = scan->text, name;
  size_t      end;
  bool        letter = false;
  start += start < text.size && memchr("'\"`", text.at[start], 3) != NULL;
  end = start;
  while (end < text.size && end - start < NAME_MOST && name_byte(text.at[end])) letter |= is_alpha(text.at[end]) || is_utf8(text.at[end]), end++;
  while (end > start && text.at[end - 1] == '.') end--;
  name = (struct text){ text.at + start, end - start };
  if (!letter || pseudonym_is(name) || !starts(text, end, after)) return false; /* numbers are phone's */
  if (end < text.size && text.at[end] == '@') return false;                     /* email's */
  if (is_system(name)) scan_note(scan, start, end, "an account of the system's own");
  else scan_add(scan, start, end, 0);
  return true;
}

static void phrase_scan(struct scan *scan, size_t at) {
  struct text text = scan->text;
  for (size_t i = 0; i < COUNT(phrases); i++) {
    const struct phrase *phrase = &phrases[i];
    size_t               from = at + phrase->begin.size, until = from + AWAY_MOST < text.size ? from + AWAY_MOST : text.size;
    if (!starts(text, at, phrase->begin)) continue;
    if (from > 0 && text.at[from - 1] == ' ' && phrase->before.size > 0) from--; /* " for " may follow at once */
    while (from < until && phrase->before.size > 0 && !starts(text, from, phrase->before)) from++;
    if (from >= until) continue;
    from += phrase->before.size;
    if (starts(text, from, TEXT("invalid user "))) from += 13;
    else if (starts(text, from, TEXT("illegal user "))) from += 13;
    else if (starts(text, from, TEXT("user "))) from += 5;
    name_report(scan, from, phrase->after);
  }
}

/* (NAME) CMD (…): cron. */
static void cron_scan(struct scan *scan, size_t at) {
  static const struct text words[] = { TEXT(") CMD"),       TEXT(") LIST ("),       TEXT(") RELOAD ("),
                                       TEXT(") REPLACE ("), TEXT(") BEGIN EDIT ("), TEXT(") END EDIT (") };
  for (size_t i = 0; i < COUNT(words); i++)
    if (name_report(scan, at + 1, words[i])) return;
}

static void message_scan(struct scan *scan, size_t at) {
  if (starts(scan->text, at, TEXT("[ "))) at += 2; /* message repeated 5 times: [ … */
  if (!may_begin(scan->text, at)) return;
  if (scan->text.at[at] == '(') cron_scan(scan, at);
  phrase_scan(scan, at);
}

/* The name that ends before byte end. */
static void name_before(struct scan *scan, size_t end, struct text after) {
  size_t start = end;
  while (start > 0 && name_byte(scan->text.at[start - 1]) && end - start < NAME_MOST) start--;
  if (start < end) name_report(scan, start, after);
}

/* NAME : TTY=… and NAME : 3 incorrect password attempts ; TTY=… of sudo, NAME(uid=…) of PAM, home=/home/NAME. */
static void system_key(struct scan *scan, const struct keyed *keyed) {
  struct text text = scan->text, name;
  size_t      mark, at;
  name = keyed_name_of(scan, keyed, &mark);
  if (name.at == NULL || mark == KEY_IS_FIELD) return;
  at = (size_t)(name.at - text.at);
  if (STARTS(name, 0, "home")) {
    if (STARTS(text, keyed->start, "/home/")) name_report(scan, keyed->start + 6, TEXT(""));
    return;
  }
  if (STARTS(name, 0, "uid")) {
    if (at > 0 && text.at[at - 1] == '(') name_before(scan, at - 1, TEXT("("));
    return;
  }
  for (size_t back = 0; at > 2 && back < NAME_MOST; at--, back++)
    if (text.at[at - 1] == ' ' && text.at[at - 2] == ':' && text.at[at - 3] == ' ') break;
  if (at < 3 || text.at[at - 2] != ':') return;
  for (at -= 2; at > 0 && text.at[at - 1] == ' ';) at--;
  name_before(scan, at, TEXT(" "));
}

/* imap(NAME)<812><session>: dovecot. */
static void service_scan(struct scan *scan, size_t angle) {
  static const struct text services[] = { TEXT("imap"),       TEXT("pop"),    TEXT("lmtp"),    TEXT("lda"),  TEXT("managesieve"),
                                          TEXT("submission"), TEXT("worker"), TEXT("doveadm"), TEXT("sieve") };
  struct text              text = scan->text;
  size_t                   open = angle - 1, word;
  while (open > 0 && angle - open < NAME_MOST && text.at[open] != '(') open--;
  if (text.at[open] != '(') return;
  word = word_start(text, open - (open > 0 && text.at[open - 1] == '3'));
  if (word_among((struct text){ text.at + word, open - (open > 0 && text.at[open - 1] == '3') - word }, services, COUNT(services)))
    name_report(scan, open + 1, TEXT(")"));
}

/* user=<NAME>: dovecot. Other spellings of it are sip's. */
static void angle_scan(struct scan *scan, const struct keyed *keyed) {
  if (scan->text.at[keyed->start] == '<' && keyed->end > keyed->start + 1) name_report(scan, keyed->start + 1, TEXT(">"));
}

/* 192.0.2.7 - NAME [12/Mar/2026:…: the third word of an access log's line. */
static void access_scan(struct scan *scan) {
  struct text text = scan->text;
  size_t      at = 0;
  while (at < text.size && text.at[at] != ' ') at++;
  if (starts(text, at, TEXT(" - "))) name_report(scan, at + 3, TEXT(" ["));
}

/* user f.grosjean …, in prose. */
static void dotted_user(struct scan *scan, size_t at) {
  struct text text = scan->text;
  size_t      end = person_end(text, at);
  if (end > at && !(end < text.size && (name_byte(text.at[end]) || text.at[end] == '@' || text.at[end] == '/'))) scan_add(scan, at, end, 0);
}

static void dotted_users(struct scan *scan) {
  struct text text = scan->text;
  const char *found = text.at;
  while ((found = memmem(found, (size_t)(text.at + text.size - found), "user ", 5)) != NULL) {
    found += 5;
    dotted_user(scan, (size_t)(found - text.at));
  }
}

/* What a message may begin with: the text, or what stands behind ": " or "] ". */
static void messages_scan(struct scan *scan) {
  struct text text = scan->text;
  const char *found = text.at;
  message_scan(scan, 0);
  for (size_t colon = anchors_next(scan->anchors, CLASS_COLON, 0, text.size); colon + 3 < text.size;
       colon = anchors_next(scan->anchors, CLASS_COLON, colon + 1, text.size))
    if (text.at[colon + 1] == ' ') message_scan(scan, colon + 2 + (text.at[colon + 2] == ' '));
  while ((found = memmem(found, (size_t)(text.at + text.size - found), "] ", 2)) != NULL) {
    found += 2;
    message_scan(scan, (size_t)(found - text.at));
  }
}

void login_scan(struct scan *scan) {
  if (scan->anchors->sights & SEES_LOGIN) dotted_users(scan);
  if (scan->anchors->sights & SEES_ACCESS) access_scan(scan);
  if (scan->anchors->sights & SEES_LOGIN) messages_scan(scan);
  for (uint32_t i = 0; i < scan->anchors->angle.count; i++) {
    size_t angle = scan->anchors->angle.at[i];
    if (angle > 0 && scan->text.at[angle - 1] == ')') service_scan(scan, angle);
  }
  if (!(scan->anchors->kinds & (KEY_SYSTEM | KEY_USER))) return;
  for (uint32_t i = 0; i < scan->anchors->keyed_count; i++) {
    if (scan->anchors->keyed[i].kind & KEY_SYSTEM) system_key(scan, &scan->anchors->keyed[i]);
    if (scan->anchors->keyed[i].kind & KEY_USER) angle_scan(scan, &scan->anchors->keyed[i]);
  }
}
