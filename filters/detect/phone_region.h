/* What a country's numbering plan tells about a number: E.164 country code, prefixes, lengths. */
#ifndef TAMIS_FILTERS_DETECT_PHONE_REGION_H
#define TAMIS_FILTERS_DETECT_PHONE_REGION_H

#include <stdint.h>

struct phone_region {
  char     iso[3];      /* ISO 3166-1 alpha-2 */
  uint16_t code;        /* E.164 country code */
  char     trunk[3];    /* national prefix, left out in E.164; "": none */
  char     idd[5];      /* international prefix */
  uint8_t  least, most; /* digits of the national significant number */
  uint16_t leading;     /* bit n: the significant number may begin with digit n */
};

/* The main region of the country code that digits begin with (1 to 3 digits), or NULL. */
const struct phone_region *phone_region_of_digits(const char *digits, unsigned count, unsigned *code_size);

#endif
