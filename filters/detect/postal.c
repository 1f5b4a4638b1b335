/* postal: postal codes, cities and addresses by their key. plate: vehicles' number plates by their key. Neither is on by
 * default: such keys mean other things in many logs. */
#include "filters/detect/value.h"

enum { POSTAL_MOST = 256, PLATE_LEAST = 4, PLATE_MOST = 12 };

/* An address of a network, a path, a URI, or nothing that a person wrote. */
static bool is_technical(struct text text, size_t start, size_t end) {
  bool letter = false, digit = false;
  for (size_t i = start; i < end; i++) {
    letter |= is_alpha(text.at[i]) || is_utf8(text.at[i]);
    digit |= is_digit(text.at[i]);
    if (text.at[i] == '@' || text.at[i] == '/' || text.at[i] == '[' || text.at[i] == '_') return true;
    if ((text.at[i] == ':' || text.at[i] == '.') && i + 1 < end && text.at[i + 1] != ' ') return true;
  }
  return !letter && !digit;
}

void postal_scan(struct scan *scan) {
  struct text text = scan->text;
  for (uint32_t i = 0; i < scan->anchors->keyed_count; i++) {
    const struct keyed *keyed = &scan->anchors->keyed[i];
    size_t              end;
    if (!(keyed->kind & KEY_POSTAL) || (keyed->start > 0 && text.at[keyed->start - 1] == '[')) continue; /* [postal], [2001:db8::7] */
    end = phrase_end(text, keyed, POSTAL_MOST + 1);
    if (end <= keyed->start || end - keyed->start > POSTAL_MOST) continue;
    if (is_technical(text, keyed->start, end)) scan_note(scan, keyed->start, end, "no postal address: a network's address, a path or a number");
    else scan_add(scan, keyed->start, end, 0);
  }
}

void plate_scan(struct scan *scan) {
  struct text text = scan->text;
  for (uint32_t i = 0; i < scan->anchors->keyed_count; i++) {
    const struct keyed *keyed = &scan->anchors->keyed[i];
    size_t              end = keyed->start, good = end;
    bool                digit = false, letter = false;
    if (!(keyed->kind & KEY_PLATE)) continue;
    while (end < text.size && end - keyed->start < PLATE_MOST) {
      if ((text.at[end] == '-' || text.at[end] == ' ') && end > keyed->start && end + 1 < text.size &&
          (is_upper(text.at[end + 1]) || is_digit(text.at[end + 1])))
        end++;
      if (!is_alnum(text.at[end])) break;
      digit |= is_digit(text.at[end]);
      letter |= is_alpha(text.at[end]);
      good = ++end;
    }
    if (digit && letter && good - keyed->start >= PLATE_LEAST && ends_clear(text, good)) scan_add(scan, keyed->start, good, 0);
    else scan_note(scan, keyed->start, good, "a number plate has letters and digits");
  }
}
