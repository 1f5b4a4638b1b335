/* From the digits of a number to E.164, whatever was dialled in front of them.
 *
 *   digits, plus, default region ──phone_fold──▶ E.164 digits, region, how it was written, whether it is a valid number
 *
 * Where libphonenumber's parser finds a valid number, this finds the same one; it goes on where that gives up: other dial
 * prefixes, a country code without plus, numbers that fit no plan. The result depends on the arguments alone, so every
 * spelling of a number has one E.164 value, which is what is hashed. Nothing is allocated. */
#ifndef TAMIS_FILTERS_DETECT_PHONE_FOLD_H
#define TAMIS_FILTERS_DETECT_PHONE_FOLD_H

#include "filters/detect/phone_region.h"
#include "filters/text.h"

enum {
  PHONE_DIGITS_MOST = 24, /* digits of a candidate: E.164 has 15, dial prefixes come on top */
  PHONE_E164_MOST = 20    /* digits: libphonenumber takes a few that are longer than E.164's 15 */
};

/* How the number is written, the surest first. */
enum phone_form {
  PHONE_NONE,     /* no number */
  PHONE_PLUS,     /* +33 1 99 00 12 34 */
  PHONE_IDD,      /* 00 33 1 99 00 12 34 */
  PHONE_NATIONAL, /* 01 99 00 12 34; where people write no national prefix, the digits alone */
  PHONE_DIALLED,  /* a dial prefix in front: 0 01 99 00 12 34 from a desk, 141 01632 960 123 */
  PHONE_OWN_CODE, /* 33 1 99 00 12 34 in France */
  PHONE_BARE,     /* 1 99 00 12 34 in France: the national prefix is missing */
  PHONE_CODE,     /* 44 1632 960 123 in France: a country code without anything that says so */
};

struct phone_number {
  char                       digits[PHONE_E164_MOST]; /* E.164 without the plus */
  uint8_t                    count;
  enum phone_form            form;
  bool                       valid;    /* libphonenumber would say so; false: the digits may still be all there is to know of it */
  bool                       possible; /* valid, or its first digit and its length are a number's of its country */
  const struct phone_region *region;   /* the number's; NULL: the code is unknown */
};

/* Folds digits as they are dialled in region. plus: a "+" stands in front. False: they are no number, *number holds nothing. */
bool phone_fold(const struct phone_region *region, const char *digits, unsigned count, bool plus, struct phone_number *number);

/* What was folded last: in a text the same number is asked for by several detectors, and once more when it is hashed. */
enum { PHONE_MEMO_ROWS = 8 };
struct phone_memo {
  struct {
    const struct phone_region *region; /* NULL: empty */
    char                       digits[PHONE_DIGITS_MOST];
    uint8_t                    count;
    bool                       plus, folds;
    struct phone_number        number;
  } rows[PHONE_MEMO_ROWS];
};

/* phone_fold, by way of the memo. */
bool phone_fold_again(struct phone_memo *memo, const struct phone_region *region, const char *digits, unsigned count, bool plus,
                      struct phone_number *number);

/* The same for digits beside ";phone-context=+33" (RFC 3966 5.1.5): context is what follows the plus, digits alone. */
bool phone_fold_local(const struct phone_region *region, struct text context, const char *digits, unsigned count, struct phone_number *number);

#endif
