/* Groups of digits and what stands between them. */
#include "filters/detect/phone_text.h"

enum { GROUP_MOST = 12, BLOCK_LEAST = 6, DIGITS_LEAST = 7 };

static bool digit_at(struct text text, size_t at) { return at < text.size && is_digit(text.at[at]); }
static bool byte_at(struct text text, size_t at, char c) { return at < text.size && text.at[at] == c; }

/* "(", ") ", ")-", "(0)" at a parenthesis, with a digit behind; "(0)" counts as a group of its own. */
static size_t parenthesis_at(struct text text, size_t at) {
  size_t end = at + 1;
  if (text.at[at] == ')' && (byte_at(text, end, ' ') || byte_at(text, end, '-'))) end++;
  return digit_at(text, end) ? end - at : 0;
}

size_t separator_at(struct text text, size_t at) {
  size_t size;
  if (at + 1 >= text.size) return 0;
  switch (text.at[at]) {
  case ' ':
    if (is_digit(text.at[at + 1])) return 1;
    size = text.at[at + 1] == '(' ? parenthesis_at(text, at + 1) : 0;
    return size > 0 ? size + 1 : 0;
  case '-':
  case '.':
  case '/': return is_digit(text.at[at + 1]);
  case '(':
  case ')': return parenthesis_at(text, at);
  case '%': return STARTS(text, at, "%20") && digit_at(text, at + 3) ? 3 : 0;
  case '\xc2': return byte_at(text, at + 1, '\xa0') && digit_at(text, at + 2) ? 2 : 0;
  case '\xe2': return byte_at(text, at + 1, '\x80') && byte_at(text, at + 2, '\xaf') && digit_at(text, at + 3) ? 3 : 0;
  default: return 0;
  }
}

bool number_may_end(struct text text, size_t end) {
  if (end >= text.size || !is_alnum(text.at[end])) return true;
  return to_lower(text.at[end]) == 'x' && digit_at(text, end + 1);
}

/* Where the digits of a run truly begin: the tail of an escape (%20, %2B, #012, \u0040, \x40) is no digit of theirs.
 * *before is the byte that the escape stands for, or the byte before. */
static size_t escape_skip(struct text text, size_t at, size_t end, char *before) {
  if (text.at[at - 1] == '%' && end - at > 2) {
    if (text.at[at] == '2' && text.at[at + 1] == '5' && end - at > 4) at += 2;
    *before = ' ';
    return at + 2;
  }
  if (at > 2 && to_lower(text.at[at - 1]) == 'b' && text.at[at - 2] == '2' && (text.at[at - 3] == '%' || ENDS(text, at - 2, "%25"))) {
    *before = '+';
    return at;
  }
  if (at > 2 && is_hex(text.at[at - 1]) && is_digit(text.at[at - 2]) && (text.at[at - 3] == '%' || ENDS(text, at - 2, "%25"))) *before = ' ';
  if (text.at[at - 1] == '#' && end - at > 3 && (at < 2 || !is_digit(text.at[at - 2])) && text.at[at] == '0' && text.at[at + 1] < '4' &&
      text.at[at + 2] < '8') {
    *before = ' ';
    return at + 3;
  }
  if (at > 1 && text.at[at - 1] == 'u' && text.at[at - 2] == '\\' && end - at > 4) {
    *before = memcmp(text.at + at, "002", 3) == 0 ? ' ' : text.at[at - 2];
    return at + 4;
  }
  if (at > 5 && is_hex(text.at[at - 1]) && text.at[at - 5] == 'u' && text.at[at - 6] == '\\') {
    *before = to_lower(text.at[at - 1]) == 'b' && text.at[at - 2] == '2' ? '+' : ' ';
    return at;
  }
  if (at > 1 && text.at[at - 2] == '\\' && (text.at[at - 1] == 'n' || text.at[at - 1] == 'r' || text.at[at - 1] == 't')) *before = ' ';
  return at;
}

bool candidate_begin(const struct scan *scan, size_t at, size_t end, struct candidate *candidate) {
  struct text text = scan->text;
  char        before = at > 0 ? text.at[at - 1] : ' ';
  if (scan->anchors->percent.count > 0 && at > 0) at = escape_skip(text, at, end, &before);
  candidate->end = end;
  candidate->plus = before == '+' || (before == '(' && at > 1 && text.at[at - 2] == '+');
  if (at == end || (is_alnum(before) && !candidate->plus)) return false;
  candidate->start = at - (at > 0 && text.at[at - 1] == '+') - (before == '(' && candidate->plus ? 2 : 0);
  candidate->before = before;
  if (candidate->plus)
    candidate->before = candidate->start > 0 && text.at[at - 1] != 'b' && text.at[at - 1] != 'B' ? text.at[candidate->start - 1] : ' ';
  candidate->groups = 1;
  candidate->mark = 0;
  candidate->loose = false;
  candidate->count = (unsigned)(end - at);
  candidate->number.form = PHONE_NONE;
  memcpy(candidate->digits, text.at + at, candidate->count < PHONE_DIGITS_MOST ? candidate->count : PHONE_DIGITS_MOST);
  return true;
}

bool candidate_fold(const struct scan *scan, struct candidate *candidate) {
  return candidate->count <= PHONE_DIGITS_MOST &&
         phone_fold_again(scan->memo, scan->region, candidate->digits, candidate->count, candidate->plus, &candidate->number);
}

/* The groups that could belong to one number: after each, how many digits there are and where it ends. */
struct row {
  unsigned groups, count[GROUPS_MOST];
  size_t   end[GROUPS_MOST];
  char     mark[GROUPS_MOST]; /* before the group */
  char     next;              /* a mark that goes on behind the last group, or 0 */
};

/* Marks are alike, but the first, which sets an area code apart: 01632 960-123, (202) 555-0188. Dots are alike all. */
static bool mark_fits(const struct row *row, char mark) {
  char last = row->mark[row->groups - 1];
  if (row->groups == 1) return true;
  if (mark == last || (mark == ' ' && last == '\xc2')) return true;
  return row->groups == 2 && mark != '.' && last != '.' && mark != ')' && mark != '(';
}

static void row_read(struct text text, const struct candidate *first, bool free, struct row *row, char digits[PHONE_DIGITS_MOST]) {
  *row = (struct row){ .groups = 1, .count = { first->count }, .end = { first->end } };
  for (size_t at = first->end; row->groups < GROUPS_MOST;) {
    size_t   size = separator_at(text, at), group = at + size, end = group;
    unsigned count = row->count[row->groups - 1];
    row->next = size > 0 ? text.at[at] : 0;
    if (size == 0 || (!free && !mark_fits(row, text.at[at]))) return;
    if (!free && row->groups == 1 && (text.at[at] == '(' || (text.at[at] == ')' && first->before != '('))) return;
    while (end < text.size && is_digit(text.at[end])) end++;
    if (end - group > GROUP_MOST || count + (end - group) > PHONE_DIGITS_MOST - 4) return;
    memcpy(digits + count, text.at + group, end - group);
    row->mark[row->groups] = text.at[at];
    row->count[row->groups] = count + (unsigned)(end - group);
    row->end[row->groups++] = end;
    row->next = 0;
    at = end;
  }
}

/* The first groups of the row are a number: valid, or else possible. Not what only context can tell: those come without marks. */
static bool row_folds(const struct scan *scan, const struct candidate *first, const struct row *row, unsigned groups, struct phone_number *number) {
  char next = groups < row->groups ? row->mark[groups] : row->next;
  if (row->count[groups - 1] < DIGITS_LEAST || !number_may_end(scan->text, row->end[groups - 1])) return false;
  if (!first->plus && next != 0 && next == row->mark[groups - 1] && next != ' ' && next != '.') return false; /* it goes on and on */
  if (!phone_fold(scan->region, first->digits, row->count[groups - 1], first->plus, number)) return false;
  if (number->form == PHONE_DIALLED) return number->valid && (row->count[0] == 1 || (first->digits[0] == '0' && scan->region->trunk[0] == 0));
  if (first->loose && number->valid) return true;
  return number->form < PHONE_OWN_CODE || (number->form == PHONE_OWN_CODE && row->count[0] <= 3);
}

/* How many groups of the row are the number; 0: none. A long group that makes one valid ends it. Else, where some of the groups are
 * valid, the longest that is possible, for what is valid changes faster than tables do; where none are, all that go together. */
static unsigned row_choose(const struct scan *scan, const struct candidate *first, const struct row *row, struct phone_number *number) {
  struct phone_number longest = { .count = 0 }, possible = { .count = 0 };
  unsigned            all = 0, some = 0;
  for (unsigned groups = 1; groups < row->groups; groups++) {
    unsigned size = row->count[groups - 1] - (groups > 1 ? row->count[groups - 2] : 0);
    if (size >= BLOCK_LEAST + (groups == 1 ? 4 : 0) && row->count[groups - 1] > 8 && row_folds(scan, first, row, groups, number) && number->valid)
      return groups;
  }
  for (unsigned groups = row->groups; groups > 1; groups--) {
    if (!row_folds(scan, first, row, groups, number)) continue;
    if (all == 0) all = groups, longest = *number;
    if (some == 0 && number->possible) some = groups, possible = *number;
    if (!number->valid) continue;
    *number = possible;
    return some;
  }
  *number = longest;
  return all;
}

static bool begins_abroad(const struct scan *scan, const struct candidate *candidate) {
  const char *idd = scan->region->idd;
  size_t      size = strlen(idd);
  if (candidate->count > 1 && candidate->digits[0] == '0' && candidate->digits[1] == '0') return true;
  return size > 0 && candidate->count >= size && memcmp(candidate->digits, idd, size) == 0;
}

bool candidate_read(const struct scan *scan, struct candidate *candidate) {
  struct row row;
  bool       free = candidate->plus || begins_abroad(scan, candidate);
  unsigned   groups;
  row_read(scan->text, candidate, free, &row, candidate->digits);
  if (row.groups == 1) return false;
  groups = row_choose(scan, candidate, &row, &candidate->number);
  if (groups == 0) {
    candidate->number.form = PHONE_NONE;
    return false;
  }
  candidate->groups = groups;
  candidate->count = row.count[groups - 1];
  candidate->end = row.end[groups - 1];
  candidate->mark = row.mark[groups - 1];
  return true;
}
