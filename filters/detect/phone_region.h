/* Numbering plans: what libphonenumber's metadata says of a country's numbers, without its regular expressions.
 *
 *   digits ── phone_code_of ── country code ── phone_code_region ── the region that has the number as a valid one
 *
 * Everything is constant and made ahead (phone_table.inc); nothing is allocated. Digits are ASCII, '0' to '9'; a count is
 * theirs. A national significant number (NSN) is what follows the country code in E.164. */
#ifndef TAMIS_FILTERS_DETECT_PHONE_REGION_H
#define TAMIS_FILTERS_DETECT_PHONE_REGION_H

#include <stdbool.h>
#include <stdint.h>

enum { PHONE_NSN_MOST = 17 }; /* digits: Germany and Japan have numbers longer than E.164 allows */

struct phone_region {
  char     iso[4];         /* ISO 3166-1 alpha-2, or "001": a code that is no country's */
  char     trunk[3];       /* national prefix, left out in E.164; "": none */
  char     idd[5];         /* international prefix, the usual one; "": none */
  char     put[5];         /* what stands before the digits that the prefix program captures, once it has matched */
  uint16_t code;           /* country calling code */
  uint16_t place;          /* that code's place in the table */
  uint16_t prefix_program; /* national prefixes, carrier codes, local numbers; 0: trunk says it all */
  uint16_t idd_program;    /* all international prefixes; 0: idd says it all */
  uint16_t general;        /* automaton of the digits that a number may be made of */
  uint16_t begins;         /* bit n: what is dialled in the region may begin with digit n, a country code alone apart */
  uint32_t lengths;        /* bit n: an NSN may have n digits */
  bool     bare;           /* national numbers are written without the trunk prefix */
};

struct phone_code {
  uint16_t code;
  uint16_t first, count; /* its regions, the main one first */
  uint16_t valid;        /* automaton of the valid numbers */
};

/* The country code that digits begin with, its size in *size; NULL: no such code. */
const struct phone_code   *phone_code_of(const char *digits, unsigned count, unsigned *size);
/* The code's main region: its rules hold for the code's numbers where nothing else is known. */
const struct phone_region *phone_code_main(const struct phone_code *code);
/* The region to which nsn belongs as a valid number, or NULL: no valid number. */
const struct phone_region *phone_code_region(const struct phone_code *code, const char *nsn, unsigned count);
const struct phone_code   *phone_region_code(const struct phone_region *region);
/* nsn has a length of the code's, and some valid number begins with its first digit. */
bool                       phone_code_possible(const struct phone_code *code, const char *nsn, unsigned count);
/* nsn is made as the region's numbers are; it may still not be valid. */
bool                       phone_region_general(const struct phone_region *region, const char *nsn, unsigned count);

/* The size of the region's international prefix before a country code, or 0. */
unsigned phone_idd_size(const struct phone_region *region, const char *digits, unsigned count);

/* What the region's national prefix leaves of digits, when it is there: a new number in nsn. The prefix stays where digits have
 * the form of a number and the rest would not have. Returns nsn's size, 0: no such prefix. */
unsigned phone_prefix_strip(const struct phone_region *region, const char *digits, unsigned count, char nsn[PHONE_NSN_MOST + 8]);

#endif
