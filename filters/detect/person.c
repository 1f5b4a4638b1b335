/* person: names by key that go on behind the first space, without quotes: full_name=Jean-Luc de la Tour age=41. (name has
 * the first word, and names by their place.) A word that begins with a capital letter belongs to it, and particles
 * before such a word; a key does not. */
#include "filters/detect/value.h"

enum { WORDS_MOST = 5 };

static bool name_byte(char c) { return is_alpha(c) || is_utf8(c) || c == '\'' || c == '-' || c == '.'; }

static bool is_particle(struct text word) {
  static const struct text particles[] = { TEXT("de"),  TEXT("la"),  TEXT("du"),  TEXT("des"), TEXT("van"), TEXT("der"), TEXT("den"),
                                           TEXT("von"), TEXT("zu"),  TEXT("di"),  TEXT("da"),  TEXT("do"),  TEXT("dos"), TEXT("del"),
                                           TEXT("le"),  TEXT("al"),  TEXT("el"),  TEXT("bin"), TEXT("ben"), TEXT("y"),   TEXT("e"),
                                           TEXT("of"),  TEXT("ter"), TEXT("ten"), TEXT("op") };
  return word_among(word, particles, COUNT(particles));
}

/* The end of the words that go on behind byte end. */
static size_t words_end(struct text text, size_t end) {
  size_t good = end;
  for (unsigned i = 0; i < WORDS_MOST && end + 1 < text.size && text.at[end] == ' '; i++) {
    size_t start = end + 1;
    bool   capital = is_upper(text.at[start]) || is_utf8(text.at[start]) || STARTS(text, start, "d'");
    for (end = start; end < text.size && name_byte(text.at[end]);) end++;
    if (end == start || (end < text.size && (text.at[end] == '=' || text.at[end] == ':' || text.at[end] == '_' || is_digit(text.at[end])))) break;
    if (capital) good = end;
    else if (!is_particle((struct text){ text.at + start, end - start })) break;
  }
  return good;
}

void person_scan(struct scan *scan) {
  struct text text = scan->text;
  for (uint32_t i = 0; i < scan->anchors->keyed_count; i++) {
    const struct keyed *keyed = &scan->anchors->keyed[i];
    size_t              end;
    if (!(keyed->kind & KEY_NAME) || keyed->start == 0 || text.at[keyed->start - 1] != '=') continue;
    if (!is_alpha(text.at[keyed->start]) && !is_utf8(text.at[keyed->start])) continue;
    if (pseudonym_is((struct text){ text.at + keyed->start, keyed->end - keyed->start })) continue;
    end = words_end(text, keyed->end);
    if (end > keyed->end) scan_add(scan, keyed->start, end, 0);
  }
}
