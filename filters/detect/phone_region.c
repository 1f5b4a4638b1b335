/* Numbering plans. phone_table_make.py tells how the table is made and what its numbers mean. */
#include "filters/detect/phone_region.h"

#include "filters/scan.h"

struct leaf {
  uint32_t lengths; /* bit n: n digits more make a number of region */
  uint32_t other_lengths;
  uint8_t  region, other_region; /* places in the code's regions */
};

#ifndef PHONE_TABLE /* a test that compares with libphonenumber gives a table made from that library's own metadata */
#define PHONE_TABLE "filters/detect/phone_table.inc"
#endif
#include PHONE_TABLE

enum { REGIONS = sizeof regions / sizeof regions[0], CODES = sizeof codes / sizeof codes[0] };

enum { SEXTET = 6 }; /* bits of an edge's character */
static inline unsigned sextet(size_t edge, unsigned place) { return (unsigned char)edges[4 * edge + place] - 35u; }

/* Where the digit leads from an inner node; 0: nowhere. An edge is its set of digits, ten bits, and the node behind. */
static unsigned node_next(unsigned node, unsigned digit) {
  unsigned n = node - 1 - LEAVES, degree = 1, place = digit >= SEXTET, bit = place ? digit - SEXTET : digit;
  size_t   edge;
  while (n >= node_from[degree + 1]) degree++;
  edge = edge_from[degree] + (size_t)(n - node_from[degree]) * degree;
  for (size_t last = edge + degree; edge < last; edge++)
    if (sextet(edge, place) >> bit & 1) return sextet(edge, 1) >> 4 | sextet(edge, 2) << 2 | sextet(edge, 3) << 8;
  return 0;
}

/* The place of the region that takes these digits, or -1. */
static int walk(unsigned node, const char *digits, unsigned count) {
  unsigned           at = 0;
  const struct leaf *leaf;
  while (node > LEAVES && at < count) node = node_next(node, (unsigned)(digits[at++] - '0'));
  if (node == 0 || node > LEAVES || count - at > 31) return -1;
  leaf = &leaves[node - 1];
  if (leaf->lengths >> (count - at) & 1) return leaf->region;
  return leaf->other_lengths >> (count - at) & 1 ? leaf->other_region : -1;
}

const struct phone_code *phone_code_of(const char *digits, unsigned count, unsigned *size) {
  unsigned two, three;
  if (count == 0 || digits[0] == '0') return NULL;
  two = (unsigned)(digits[0] - '0') * 10 + (count > 1 ? (unsigned)(digits[1] - '0') : 0);
  three = two * 10 + (count > 2 ? (unsigned)(digits[2] - '0') : 0);
  if (codes_from[two] == 0) return NULL;
  for (const struct phone_code *code = &codes[codes_from[two] - 1]; code < codes + CODES; code++) {
    *size = code->code < 10 ? 1 : code->code < 100 ? 2 : 3;
    if (code->code == (*size == 3 ? three : *size == 2 ? two : two / 10)) return *size <= count ? code : NULL;
    if (code->code / 10 != two) return NULL;
  }
  return NULL;
}

const struct phone_region *phone_code_main(const struct phone_code *code) { return &regions[code->first]; }

const struct phone_region *phone_code_region(const struct phone_code *code, const char *nsn, unsigned count) {
  int place = walk(code->valid, nsn, count);
  return place < 0 ? NULL : &regions[code->first + place];
}

const struct phone_code *phone_region_code(const struct phone_region *region) { return &codes[region->place]; }

bool phone_code_possible(const struct phone_code *code, const char *nsn, unsigned count) {
  uint32_t lengths = 0;
  if (count == 0 || count > PHONE_NSN_MOST) return false;
  for (unsigned i = 0; i < code->count; i++) lengths |= regions[code->first + i].lengths;
  return (lengths >> count & 1) && (code->valid <= LEAVES || node_next(code->valid, (unsigned)(nsn[0] - '0')) != 0);
}

bool phone_region_general(const struct phone_region *region, const char *nsn, unsigned count) { return walk(region->general, nsn, count) >= 0; }

/* ---- the matcher: the first way through a program that works, as a regular expression would take it */
enum op { OP_SET = 10, OP_ANY, OP_SPLIT, OP_JUMP, OP_OPEN, OP_CLOSE, OP_END, OP_MATCH };

struct match {
  const char *digits;
  unsigned    count, end;
  unsigned    open, close; /* what was captured; open > close: nothing */
};

static size_t program_target(size_t at) { return at + 3 + programs[at + 1] + ((size_t)programs[at + 2] << 8); }

static bool match_run(struct match *match, size_t at, unsigned digit) {
  unsigned open = match->open, close = match->close;
  for (;;) {
    uint8_t op = programs[at];
    if (op <= OP_ANY) {
      if (digit == match->count) return false;
      if (op < OP_SET && match->digits[digit] != '0' + op) return false;
      if (op == OP_SET && !((programs[at + 1] + ((unsigned)programs[at + 2] << 8)) >> (match->digits[digit] - '0') & 1)) return false;
      digit++;
      at += op == OP_SET ? 3 : 1;
      continue;
    }
    switch ((enum op)op) {
    case OP_SPLIT:
      if (match_run(match, at + 3, digit)) return true;
      match->open = open;
      match->close = close;
      at = program_target(at);
      break;
    case OP_JUMP: at = program_target(at); break;
    case OP_OPEN:
      open = match->open = digit;
      at++;
      break;
    case OP_CLOSE:
      close = match->close = digit;
      at++;
      break;
    case OP_END:
      if (digit != match->count) return false;
      at++;
      break;
    default: match->end = digit; return true;
    }
  }
}

static bool match_program(struct match *match, unsigned program, const char *digits, unsigned count) {
  *match = (struct match){ .digits = digits, .count = count, .open = 1 };
  return match_run(match, program, 0);
}

/* The size of prefix where the digits begin with it; 0: they do not, or prefix is empty. */
static unsigned prefix_size(const char *digits, unsigned count, const char *prefix) {
  unsigned size = 0;
  for (; prefix[size] != 0; size++)
    if (size >= count || digits[size] != prefix[size]) return 0;
  return size;
}

unsigned phone_idd_size(const struct phone_region *region, const char *digits, unsigned count) {
  struct match match;
  unsigned     size = 0;
  if (region->idd_program == 0) size = prefix_size(digits, count, region->idd);
  else if (match_program(&match, region->idd_program, digits, count)) size = match.end;
  return size < count && digits[size] != '0' ? size : 0; /* no country code begins with 0 */
}

unsigned phone_prefix_strip(const struct phone_region *region, const char *digits, unsigned count, char nsn[PHONE_NSN_MOST + 8]) {
  struct match match;
  unsigned     size = 0, put = 0;
  if (count > PHONE_NSN_MOST + 3) return 0;
  if (region->prefix_program == 0) {
    match.end = prefix_size(digits, count, region->trunk);
    match.open = 1, match.close = 0;
    if (match.end == 0) return 0;
  } else if (!match_program(&match, region->prefix_program, digits, count)) {
    return 0;
  }
  if (match.open < match.close) {
    for (; region->put[put] != 0; put++) nsn[put] = region->put[put];
    size = match.close - match.open;
    memcpy(nsn + put, digits + match.open, size);
    size += put;
  }
  memcpy(nsn + size, digits + match.end, count - match.end);
  size += count - match.end;
  if (phone_region_general(region, digits, count) && !phone_region_general(region, nsn, size)) return 0;
  return size;
}

const struct phone_region *phone_region_find(const char *iso) {
  if (iso == NULL || strlen(iso) != 2) return NULL;
  for (size_t i = 0; i < REGIONS; i++)
    if (strcmp(regions[i].iso, iso) == 0) return &regions[i];
  return NULL;
}

bool filter_region_known(const char *region) { return phone_region_find(region) != NULL; }
