/* A compiled rule set. Private to filters/. */
#ifndef TAMIS_FILTERS_RULESET_H
#define TAMIS_FILTERS_RULESET_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdatomic.h>

#include "filters/prefilter.h"
#include "filters/pseudonym.h"
#include "filters/scan.h"

enum { RULES_MOST = 4096, GROUPS_MOST = 16, PIECES_MOST = 32 };

struct names { /* of when: */
  char **list;
  size_t count;
};

struct piece {         /* of a replace template: a literal, or a group */
  const char *literal; /* NULL: group */
  size_t      size;
  uint32_t    group;
};

struct rule {
  char                      *name, *as, *tag, *with;
  const struct detector     *detector;
  pcre2_code                *code;
  uint32_t                   groups[GROUPS_MOST];
  size_t                     group_count, tag_size;
  struct piece               pieces[PIECES_MOST];
  size_t                     piece_count;
  enum filter_action         action;
  unsigned                   ipv4_bits, ipv6_bits, mask_first, mask_last;
  const struct phone_region *region;
  bool                       strict;
  bool                       conditional; /* some when: list is not empty */
  struct names               when_input, when_app, when_host, when_field, tags;
  uint8_t                    when_severity; /* 0: any */
};

struct ruleset {
  atomic_uint          references;
  struct rule         *rules;
  size_t               count;
  uint64_t            *gates;         /* for each bit of sights, then of kinds: bitmap of the rules that it lets run; a pattern runs always */
  size_t               words;         /* of a bitmap */
  uint32_t             sights, kinds; /* of all rules, or-ed */
  struct prefilter    *prefilter;
  struct pseudonym_key key;
  char                 hash[65];
  char                 epoch[32];
  uint32_t             match_limit, depth_limit, heap_limit_kib;
};

#endif
