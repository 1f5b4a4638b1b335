/* Telephone numbers in running text: where one ends, what stands between its groups, what stands beside it. Private to phone*.c.
 *
 *   run of digits ──candidate_begin── before, plus ──candidate_read── groups, E.164 ──candidate_context, candidate_lookalike── hide or keep
 */
#ifndef TAMIS_FILTERS_DETECT_PHONE_TEXT_H
#define TAMIS_FILTERS_DETECT_PHONE_TEXT_H

#include "filters/detect/phone_fold.h"
#include "filters/scan.h"

enum { GROUPS_MOST = 10 };

struct candidate {
  char                digits[PHONE_DIGITS_MOST];
  unsigned            count;
  unsigned            groups; /* of digits; 1: nothing between them */
  bool                plus;
  bool                loose;      /* its key says that it is a number: groups may begin with a country code, too */
  char                before;     /* the byte in front of the number, the plus left out; what an escape stands for */
  char                mark;       /* the byte between the last two groups */
  size_t              start, end; /* in the text, the plus sign included */
  struct phone_number number;     /* form PHONE_NONE: the digits fold to nothing */
};

/* The digits from at to end, a whole run, become the candidate's first group. False: letters are glued to it. */
bool candidate_begin(const struct scan *scan, size_t at, size_t end, struct candidate *candidate);

/* Adds the groups that stand beside the first and belong to one number with it, and folds. False: no number is written so; the
 * candidate is its first group again. */
bool candidate_read(const struct scan *scan, struct candidate *candidate);

/* Folds the digits that there are. False: they are no number. */
bool candidate_fold(const struct scan *scan, struct candidate *candidate);

/* The size of what may separate two groups of digits and has a digit behind it; 0: nothing does. */
size_t separator_at(struct text text, size_t at);

/* A number may end here: no letter goes on, but "x12" is an extension. */
bool number_may_end(struct text text, size_t end);

/* What stands beside the digits: nothing that says number; a word such as "from"; a place where only subscribers' numbers stand. */
enum context { CONTEXT_NONE, CONTEXT_WORD, CONTEXT_PLACE };
enum context candidate_context(const struct scan *scan, const struct candidate *candidate);

/* Why the digits are no number though they look like one; NULL: nothing explains them. */
const char *candidate_lookalike(const struct scan *scan, const struct candidate *candidate, enum context context);

#endif
