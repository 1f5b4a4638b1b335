#include "filters/detect/phone_region.h"

#include "filters/scan.h"

#define D(n) (1u << (n))
enum { D1_9 = 0x3fe, D0_9 = 0x3ff, D2_9 = 0x3fc };

/* From the ITU's E.164 country codes and national numbering plans. The first row of a code is its main region. */
static const struct phone_region regions[] = {
  { "US", 1, "1", "011", 10, 10, D2_9 },
  { "CA", 1, "1", "011", 10, 10, D2_9 },
  { "RU", 7, "8", "810", 10, 10, D(3) | D(4) | D(5) | D(6) | D(7) | D(8) | D(9) },
  { "KZ", 7, "8", "810", 10, 10, D(6) | D(7) },
  { "EG", 20, "0", "00", 8, 10, D1_9 },
  { "ZA", 27, "0", "00", 9, 9, D1_9 },
  { "GR", 30, "", "00", 10, 10, D2_9 },
  { "NL", 31, "0", "00", 9, 9, D1_9 },
  { "BE", 32, "0", "00", 8, 9, D1_9 },
  { "FR", 33, "0", "00", 9, 9, D1_9 },
  { "ES", 34, "", "00", 9, 9, D(5) | D(6) | D(7) | D(8) | D(9) },
  { "HU", 36, "06", "00", 8, 9, D1_9 },
  { "IT", 39, "", "00", 6, 11, D(0) | D(1) | D(3) | D(5) | D(8) },
  { "RO", 40, "0", "00", 9, 9, D2_9 },
  { "CH", 41, "0", "00", 9, 9, D1_9 },
  { "AT", 43, "0", "00", 7, 13, D1_9 },
  { "GB", 44, "0", "00", 9, 10, D1_9 },
  { "DK", 45, "", "00", 8, 8, D2_9 },
  { "SE", 46, "0", "00", 7, 10, D1_9 },
  { "NO", 47, "", "00", 8, 8, D2_9 },
  { "PL", 48, "", "00", 9, 9, D1_9 },
  { "DE", 49, "0", "00", 6, 12, D1_9 },
  { "PE", 51, "0", "00", 8, 9, D1_9 },
  { "MX", 52, "", "00", 10, 11, D1_9 },
  { "CU", 53, "0", "119", 6, 8, D1_9 },
  { "AR", 54, "0", "00", 10, 11, D1_9 },
  { "BR", 55, "0", "00", 10, 11, D1_9 },
  { "CL", 56, "", "00", 9, 9, D1_9 },
  { "CO", 57, "0", "00", 8, 10, D1_9 },
  { "VE", 58, "0", "00", 10, 10, D1_9 },
  { "MY", 60, "0", "00", 8, 10, D1_9 },
  { "AU", 61, "0", "0011", 9, 9, D(2) | D(3) | D(4) | D(7) | D(8) },
  { "ID", 62, "0", "00", 8, 12, D1_9 },
  { "PH", 63, "0", "00", 8, 10, D1_9 },
  { "NZ", 64, "0", "00", 8, 10, D1_9 },
  { "SG", 65, "", "00", 8, 8, D(3) | D(6) | D(8) | D(9) },
  { "TH", 66, "0", "00", 8, 9, D1_9 },
  { "JP", 81, "0", "010", 9, 10, D1_9 },
  { "KR", 82, "0", "00", 8, 10, D1_9 },
  { "VN", 84, "0", "00", 9, 10, D1_9 },
  { "CN", 86, "0", "00", 9, 11, D1_9 },
  { "TR", 90, "0", "00", 10, 10, D2_9 },
  { "IN", 91, "0", "00", 10, 10, D1_9 },
  { "PK", 92, "0", "00", 9, 10, D1_9 },
  { "AF", 93, "0", "00", 9, 9, D2_9 },
  { "LK", 94, "0", "00", 9, 9, D1_9 },
  { "MM", 95, "0", "00", 7, 10, D1_9 },
  { "IR", 98, "0", "00", 10, 10, D1_9 },
  { "MA", 212, "0", "00", 9, 9, D(5) | D(6) | D(7) | D(8) },
  { "DZ", 213, "0", "00", 8, 9, D1_9 },
  { "TN", 216, "", "00", 8, 8, D2_9 },
  { "LY", 218, "0", "00", 8, 9, D2_9 },
  { "SN", 221, "", "00", 9, 9, D(3) | D(7) | D(8) | D(9) },
  { "CI", 225, "", "00", 8, 10, D0_9 },
  { "NG", 234, "0", "009", 8, 10, D1_9 },
  { "CM", 237, "", "00", 9, 9, D2_9 },
  { "RE", 262, "0", "00", 9, 9, D(2) | D(6) | D(8) | D(9) },
  { "GI", 350, "", "00", 8, 8, D2_9 },
  { "PT", 351, "", "00", 9, 9, D2_9 },
  { "LU", 352, "", "00", 5, 11, D2_9 },
  { "IE", 353, "0", "00", 7, 10, D1_9 },
  { "IS", 354, "", "00", 7, 9, D(3) | D(4) | D(5) | D(6) | D(7) | D(8) },
  { "AL", 355, "0", "00", 8, 9, D2_9 },
  { "MT", 356, "", "00", 8, 8, D2_9 },
  { "CY", 357, "", "00", 8, 8, D2_9 },
  { "FI", 358, "0", "00", 5, 12, D1_9 },
  { "BG", 359, "0", "00", 7, 9, D2_9 },
  { "LT", 370, "0", "00", 8, 8, D(3) | D(4) | D(5) | D(6) | D(7) | D(8) | D(9) },
  { "LV", 371, "", "00", 8, 8, D2_9 },
  { "EE", 372, "", "00", 7, 10, D(3) | D(4) | D(5) | D(6) | D(7) | D(8) },
  { "MD", 373, "0", "00", 8, 8, D2_9 },
  { "AM", 374, "0", "00", 8, 8, D1_9 },
  { "BY", 375, "8", "810", 9, 9, D1_9 },
  { "AD", 376, "", "00", 6, 9, D1_9 },
  { "MC", 377, "0", "00", 8, 9, D(3) | D(4) | D(6) | D(8) | D(9) },
  { "UA", 380, "0", "00", 9, 9, D1_9 },
  { "RS", 381, "0", "00", 7, 10, D1_9 },
  { "ME", 382, "0", "00", 8, 8, D2_9 },
  { "HR", 385, "0", "00", 8, 9, D1_9 },
  { "SI", 386, "0", "00", 8, 8, D1_9 },
  { "BA", 387, "0", "00", 8, 9, D2_9 },
  { "MK", 389, "0", "00", 8, 8, D2_9 },
  { "CZ", 420, "", "00", 9, 9, D2_9 },
  { "SK", 421, "0", "00", 9, 9, D2_9 },
  { "LI", 423, "", "00", 7, 7, D2_9 },
  { "GP", 590, "0", "00", 9, 9, D(5) | D(6) | D(9) },
  { "GF", 594, "0", "00", 9, 9, D(5) | D(6) | D(9) },
  { "MQ", 596, "0", "00", 9, 9, D(5) | D(6) | D(9) },
  { "NC", 687, "", "00", 6, 6, D2_9 },
  { "PF", 689, "", "00", 6, 8, D2_9 },
  { "HK", 852, "", "001", 8, 8, D2_9 },
  { "TW", 886, "0", "002", 8, 9, D2_9 },
  { "LB", 961, "0", "00", 7, 8, D1_9 },
  { "SA", 966, "0", "00", 8, 9, D1_9 },
  { "AE", 971, "0", "00", 8, 9, D2_9 },
  { "IL", 972, "0", "00", 8, 9, D1_9 },
  { "QA", 974, "", "00", 7, 8, D2_9 },
  { "GE", 995, "0", "00", 9, 9, D2_9 },
};
enum { REGIONS = sizeof regions / sizeof regions[0] };

/* Codes without a row of their own: any assigned block of three digits, with the lengths E.164 allows. */
static const struct phone_region others = { "", 0, "", "00", 6, 12, D0_9 };

/* The first row of a code: the rows are sorted by it. */
static const struct phone_region *region_of_code(unsigned code) {
  size_t low = 0, high = REGIONS;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (regions[middle].code < code) low = middle + 1;
    else high = middle;
  }
  return low < REGIONS && regions[low].code == code ? &regions[low] : NULL;
}

const struct phone_region *phone_region_of_digits(const char *digits, unsigned count, unsigned *code_size) {
  unsigned code = 0;
  if (count == 0 || digits[0] == '0') return NULL;
  for (unsigned size = 1; size <= 3 && size <= count; size++) {
    code = code * 10 + (unsigned)(digits[size - 1] - '0');
    const struct phone_region *region = region_of_code(code);
    if (region == NULL) continue;
    *code_size = size;
    return region;
  }
  *code_size = 3;
  /* 21x 22x 23x 24x 25x 26x 29x 35x 37x 38x 42x 50x 59x 67x 68x 69x 80x 85x 87x 88x 96x 97x 99x are of three digits */
  if (count < 3 || digits[0] == '0' || digits[0] == '1' || digits[0] == '7') return NULL;
  return &others;
}

const struct phone_region *phone_region_find(const char *iso) {
  if (iso == NULL) return NULL;
  for (size_t i = 0; i < REGIONS; i++)
    if (strcmp(regions[i].iso, iso) == 0) return &regions[i];
  return NULL;
}

bool filter_region_known(const char *region) { return phone_region_find(region) != NULL; }
