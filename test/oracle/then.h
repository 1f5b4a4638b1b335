/* What the comparison asks of then.c. */
#ifndef TAMIS_TEST_ORACLE_THEN_H
#define TAMIS_TEST_ORACLE_THEN_H

#include "filters/detect/phone_fold.h"

const struct phone_region *then_region_find(const char *iso);
bool                       then_fold(const struct phone_region *region, const char *digits, unsigned count, bool plus, struct phone_number *number);
bool        then_fold_local(const struct phone_region *region, struct text context, const char *digits, unsigned count, struct phone_number *number);
const char *then_region_name(unsigned index);                           /* NULL past the end */
unsigned    then_random(unsigned region, uint64_t *seed, char nsn[32]); /* a valid NSN of the region's code */

#endif
