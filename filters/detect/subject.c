/* subject: what a mail is about, in the logs of mail servers: Postfix header checks, Rspamd, milters, mail programs. */
#include "filters/detect/value.h"

enum { NAMES_MOST = 256 }; /* bytes of a certificate's names that are looked at */

/* " from host[" ends the subject in a Postfix header check. */
static bool from_host(struct text text, size_t at) {
  size_t end = at + 6;
  if (!STARTS(text, at, " from ")) return false;
  while (end < text.size && (is_alnum(text.at[end]) || text.at[end] == '.' || text.at[end] == '-')) end++;
  return (end < text.size && text.at[end] == '[') || STARTS(text, at, " from local;");
}

static size_t subject_end(struct text text, const struct keyed *keyed, bool prose) {
  size_t at = keyed->start;
  if (at == 0 && keyed->end == text.size) return keyed->end; /* a field */
  if (at > 0 && (text.at[at - 1] == '"' || text.at[at - 1] == '\'')) return keyed->end;
  if (!prose) return phrase_end(text, keyed, text.size);
  for (; at < text.size; at++)
    if (text.at[at] == '\r' || text.at[at] == '\n' || from_host(text, at) || STARTS(text, at, "#015") || STARTS(text, at, "#012")) break;
  return at;
}

/* A certificate's subject, a bus's or a queue's. */
static bool is_technical(struct text text, size_t start, size_t end) {
  bool space = false, mark = false;
  for (size_t i = start; i < end; i++) {
    space |= text.at[i] == ' ';
    mark |= text.at[i] == '.' || text.at[i] == '/' || text.at[i] == ':' || text.at[i] == '_';
    if (i - start < NAMES_MOST && (STARTS(text, i, "cn=") || STARTS(text, i, "cn =") || STARTS(text, i, "o="))) return true;
  }
  return !space && mark;
}

void subject_scan(struct scan *scan) {
  struct text text = scan->text;
  size_t      hidden = 0; /* a key inside a subject is none */
  for (uint32_t i = 0; i < scan->anchors->keyed_count; i++) {
    const struct keyed *keyed = &scan->anchors->keyed[i];
    struct text         name;
    size_t              mark, end;
    if (!(keyed->kind & KEY_SUBJECT) || keyed->start < hidden || (keyed->start > 0 && text.at[keyed->start - 1] == '[')) continue;
    name = keyed_name_of(scan, keyed, &mark);
    end = subject_end(text, keyed, name.at != NULL && mark != KEY_IS_FIELD && text.at[mark] == ':');
    if (is_technical(text, keyed->start, end)) scan_note(scan, keyed->start, end, "a certificate's or a queue's subject, no mail's");
    else scan_add(scan, keyed->start, end, 0), hidden = end;
  }
}
