/* The fold once more, with the table made from the oracle's own metadata (PHONE_TABLE): so that the two are compared on the same
 * data, and what differs between that data and the table that ships is known number by number. Also valid numbers at random. */
#define phone_code_of        then_code_of
#define phone_code_main      then_code_main
#define phone_code_region    then_code_region
#define phone_region_code    then_region_code
#define phone_code_possible  then_code_possible
#define phone_region_general then_region_general
#define phone_idd_size       then_idd_size
#define phone_prefix_strip   then_prefix_strip
#define phone_region_find    then_region_find
#define filter_region_known  then_region_known
#define phone_fold           then_fold
#define phone_fold_again     then_fold_again
#define phone_fold_local     then_fold_local
#include "filters/detect/phone_fold.c"
#include "filters/detect/phone_region.c"

#include "test/oracle/then.h"

const char *then_region_name(unsigned index) { return index < REGIONS ? regions[index].iso : NULL; }

static unsigned draw(uint64_t *seed, unsigned below) {
  *seed = *seed * 6364136223846793005u + 1442695040888963407u;
  return (unsigned)(*seed >> 33) % below;
}

/* One of the bits that are set. */
static unsigned draw_bit(uint64_t *seed, uint32_t bits) {
  unsigned n = draw(seed, (unsigned)__builtin_popcount(bits));
  while (n-- > 0) bits &= bits - 1;
  return (unsigned)__builtin_ctz(bits);
}

unsigned then_random(unsigned region, uint64_t *seed, char nsn[32]) {
  unsigned node = phone_region_code(&regions[region])->valid, size = 0, more;
  while (node > LEAVES) {
    uint32_t digits = 0;
    for (unsigned d = 0; d < 10; d++) digits |= (uint32_t)(node_next(node, d) != 0) << d;
    nsn[size] = (char)('0' + draw_bit(seed, digits));
    node = node_next(node, (unsigned)(nsn[size++] - '0'));
  }
  for (more = draw_bit(seed, leaves[node - 1].lengths); more > 0; more--) nsn[size++] = (char)('0' + draw(seed, 10));
  nsn[size] = 0;
  return size;
}
