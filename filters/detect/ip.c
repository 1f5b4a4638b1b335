/* ip: IPv4 and IPv6 addresses, truncated to a prefix (RFC 5737 and RFC 3849 ranges included).
 * In doubt an address is hidden; what protects a look-alike is named in version_context and ipv6_is_harmless. */
#include "filters/scan.h"

enum piece {
  PIECE_V4,
  PIECE_V4_REVERSED,
  PIECE_V4_EITHER, /* of a host's name, read from either end */
  PIECE_V4_TAIL,   /* last octets, whose head went with the line before */
  PIECE_V6,
  PIECE_V6_BRACKET,
  PIECE_NIBBLES, /* below ip6.arpa */
  PIECE_OPAQUE
};

struct v4 {
  uint8_t octet[4];
  size_t  end;
};

/* Four decimal octets joined by sep from byte at. RFC 6943 3.1.1: leading zeros are taken as decimal here. */
static bool v4_parse(struct text text, size_t at, char sep, struct v4 *v4) {
  for (int i = 0; i < 4; i++) {
    unsigned value = 0, digits = 0;
    while (at < text.size && is_digit(text.at[at]) && digits < 4) {
      value = value * 10 + (unsigned)(text.at[at] - '0');
      at++;
      digits++;
    }
    if (digits == 0 || digits > 3 || value > 255) return false;
    v4->octet[i] = (uint8_t)value;
    if (i < 3 && (at >= text.size || text.at[at++] != sep)) return false;
  }
  v4->end = at;
  return at >= text.size || !is_digit(text.at[at]);
}

static const struct text versions[] = { TEXT("version"),  TEXT("build"), TEXT("ver"),      TEXT("v"),   TEXT("release"),
                                        TEXT("firmware"), TEXT("fw"),    TEXT("revision"), TEXT("rev"), TEXT("sw") };
static const struct text vendors[] = {
  TEXT("yealink"),   TEXT("grandstream"), TEXT("polycom"),    TEXT("cisco"),     TEXT("snom"),        TEXT("fanvil"),      TEXT("asterisk"),
  TEXT("kamailio"),  TEXT("opensips"),    TEXT("freeswitch"), TEXT("linphone"),  TEXT("zoiper"),      TEXT("gigaset"),     TEXT("mitel"),
  TEXT("aastra"),    TEXT("avaya"),       TEXT("panasonic"),  TEXT("htek"),      TEXT("linksys"),     TEXT("patton"),      TEXT("audiocodes"),
  TEXT("sangoma"),   TEXT("bria"),        TEXT("x-lite"),     TEXT("microsip"),  TEXT("jitsi"),       TEXT("3cx"),         TEXT("fritz!box"),
  TEXT("chrome"),    TEXT("chromium"),    TEXT("safari"),     TEXT("firefox"),   TEXT("edg"),         TEXT("opera"),       TEXT("obihai"),
  TEXT("poly"),      TEXT("alcatel"),     TEXT("unify"),      TEXT("mediatrix"), TEXT("innovaphone"), TEXT("tplink"),      TEXT("openscape"),
  TEXT("belle-sip"), TEXT("pjsip"),       TEXT("pjproject"),  TEXT("sofia-sip"), TEXT("fpbx"),        TEXT("resiprocate"),
};

static struct text word_before(struct text text, size_t end) {
  size_t start = end;
  while (start > 0 && text.at[start - 1] != ' ' && text.at[start - 1] != '/' && text.at[start - 1] != '"' && text.at[start - 1] != '\'' &&
         text.at[start - 1] != '=' && text.at[start - 1] != '(' && text.at[start - 1] != ':')
    start--;
  return (struct text){ text.at + start, end - start };
}

static bool is_vendor(struct text word) {
  for (size_t i = 0; i < sizeof vendors / sizeof vendors[0]; i++)
    if (starts_nocase(word, 0, vendors[i].at, vendors[i].size)) return true;
  return false;
}

static bool is_version_word(struct text word) {
  for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++)
    if (word.size == versions[i].size && starts_nocase(word, 0, versions[i].at, versions[i].size)) return true;
  return false;
}

static bool has_digit_and_letter(struct text word) {
  bool digit = false, letter = false;
  for (size_t i = 0; i < word.size; i++) {
    digit |= is_digit(word.at[i]);
    letter |= is_alpha(word.at[i]);
  }
  return digit && letter;
}

/* Words that stand before addresses: what follows is none of the product's versions. */
static bool is_address_word(struct text word) {
  return words_hold(" from to at ip src dst by on via client host addr address peer received is for port source destination remote local ", word);
}

/* Four dotted numbers that are a product's version: inside a user agent, after "version" and the like, glued to v, after
 * vendor/ or after vendor and model. */
static bool version_context(const struct scan *scan, size_t at) {
  struct text         text = scan->text, word;
  const struct keyed *keyed = scan->anchors->kinds & KEY_AGENT ? anchors_key_at(scan->anchors, at) : NULL;
  size_t              end = at;
  bool                quoted = false, mark = false;
  if (keyed != NULL && (keyed->kind & KEY_AGENT) && keyed->start < at && (is_alnum(text.at[at - 1]) || memchr(" /-_(", text.at[at - 1], 5) != NULL)) {
    word = word_before(text, at - (is_alnum(text.at[at - 1]) ? 0 : 1));
    if (word.size > 0 && word.at[word.size - 1] != ',' && word.at[word.size - 1] != ';' && !is_address_word(word)) return true;
  }
  if (at > 0 && to_lower(text.at[at - 1]) == 'v' && (at == 1 || !is_alnum(text.at[at - 2]))) return true;
  if (end == 0) return false;
  if (ENDS(text, end, "fpbx-")) return true;
  if (text.at[end - 1] == '/') {
    word = word_before(text, end - 1);
    end = (size_t)(word.at - text.at);
    return is_vendor(word) || (end > 0 && text.at[end - 1] == ' ' && is_vendor(word_before(text, end - 1)));
  }
  while (end > 0 && memchr(" :=\"", text.at[end - 1], 4) != NULL)
    quoted |= text.at[end - 1] == '"', mark |= text.at[end - 1] == ':' || text.at[end - 1] == '=', end--;
  if (end == at || (quoted && !mark)) return false;
  word = word_before(text, end);
  if (is_version_word(word)) return true;
  if (text.at[at - 1] == ' ' && word.at > text.at && memchr("='\"", word.at[-1], 3) != NULL && is_vendor(word)) return true;
  if (!has_digit_and_letter(word) || text.at[at - 1] != ' ') return false;
  end = (size_t)(word.at - text.at);
  return end > 0 && text.at[end - 1] == ' ' && is_vendor(word_before(text, end - 1));
}

static void v4_scan(struct scan *scan) {
  for (uint32_t i = 0; i < scan->anchors->quad_count; i++) {
    const struct quad *quad = &scan->anchors->quads[i];
    if (version_context(scan, quad->start))
      scan_note(scan, quad->start, quad->end, "a version: of a product, or behind a word such as version or build");
    else scan_add(scan, quad->start, quad->end, STARTS(scan->text, quad->end, ".in-addr.arpa") ? PIECE_V4_REVERSED : PIECE_V4);
  }
}

/* A label with more labels behind: 192-0-2-7.pool.example.net, and no file's name. */
static bool labels_follow(struct text text, size_t at, unsigned labels) {
  for (; labels > 0; labels--) {
    size_t label = ++at;
    if (at > text.size || text.at[at - 1] != '.') return false;
    while (at < text.size && (is_alnum(text.at[at]) || text.at[at] == '-')) at++;
    if (at == label) return false;
    if (labels > 1 && at >= text.size) return false;
  }
  return is_alpha(text.at[at - 1]);
}

/* Host names that carry the address: ip-192-0-2-7.example.net. Of more than four numbers the last four count. */
static void v4_dashed_scan(struct scan *scan) {
  struct text text = scan->text;
  for (uint32_t i = 0; i < scan->anchors->dashed.count; i++) {
    size_t    at = class_start(&scan->anchors->blocks, CLASS_DIGIT, scan->anchors->dashed.at[i]);
    struct v4 v4;
    bool      named, labels, longer = at > 1 && text.at[at - 1] == '-' && is_digit(text.at[at - 2]);
    if (!v4_parse(text, at, '-', &v4)) continue;
    if (v4.end + 1 < text.size && text.at[v4.end] == '-' && is_digit(text.at[v4.end + 1])) continue;
    named = at > 1 && !longer && (is_alpha(text.at[at - 1]) ? to_lower(text.at[at - 1]) != 'v' : text.at[at - 1] == '-' && is_alpha(text.at[at - 2]));
    named |= longer && at > 2 && is_alpha(text.at[at - 3]); /* ec2-192-… */
    labels = labels_follow(text, v4.end, longer ? 2 : 1) && (v4.end < text.size && text.at[v4.end] == '.');
    if (v4.end < text.size && text.at[v4.end] == '-' && !named) continue;
    if (named || labels) scan_add(scan, at, v4.end, named ? PIECE_V4 : PIECE_V4_EITHER);
    else scan_note(scan, at, v4.end, "four numbers with dashes that are no part of a host's name");
  }
}

/* 7.0.0.…8.b.d.0.1.0.0.2.ip6.arpa: one label a nibble, the last digit first (RFC 3596 2.5). */
static void nibbles_scan(struct scan *scan) {
  struct text text = scan->text;
  size_t      from = scan->anchors->longer;
  if (from == 0) return;
  for (const char *at = text.at + from - 1; (at = memmem(at, (size_t)(text.at + text.size - at), "ip6", 3)) != NULL; at++) {
    size_t end = (size_t)(at - text.at), start = end;
    if (!STARTS(text, end, "ip6.arpa") && !STARTS(text, end, "ip6.int")) continue;
    while (start > 1 && text.at[start - 1] == '.' && is_hex(text.at[start - 2]) && (start < 3 || !is_alnum(text.at[start - 3]))) start -= 2;
    if (end - start > 2) scan_add(scan, start, end - 1, PIECE_NIBBLES);
  }
}

/* ip=3221225991, src_ip=0xC0000207, 32 hexadecimal digits: the key alone says what they are. */
static void keyed_scan(struct scan *scan) {
  struct text text = scan->text;
  for (uint32_t i = 0; i < scan->anchors->keyed_count; i++) {
    const struct keyed *keyed = &scan->anchors->keyed[i];
    size_t              start = keyed->start, digits = 0, end;
    if (!(keyed->kind & KEY_ADDRESS)) continue;
    if (ENDS(text, start, "candidate:")) { /* a foundation of PJSIP: a letter, and the base address */
      if (!is_upper(text.at[start]) || is_hex(text.at[start])) continue;
      start++;
    }
    if (STARTS(text, start, "0x")) start += 2;
    for (end = start; end < keyed->end && is_hex(text.at[end]); end++) digits += is_digit(text.at[end]);
    if (end < text.size && is_alnum(text.at[end])) continue;
    if (end - start == 32 || (end - start == 8 && digits > 0) || (digits == end - start && (digits == 9 || digits == 10)))
      scan_add(scan, start, end, PIECE_OPAQUE);
  }
}

/* The text may begin inside an address: 2.7:5060;branch=…, .7>, 8:1::7]:5060. What is left of it would complete the line before. The head that
 * a line's end leaves (192.0.2) says no more than truncation does, and looks like any version: it stays. */
static void cut_scan(struct scan *scan) {
  struct text text = scan->text;
  size_t      end = 0, digits, last = 0;
  bool        colon = false;
  while (end < text.size && (is_hex(text.at[end]) || text.at[end] == ':')) colon |= text.at[end++] == ':';
  if (colon && STARTS(text, end, "]:")) {
    scan_add(scan, 0, end, PIECE_OPAQUE);
    return;
  }
  end = text.at[0] == '.';
  for (int octets = 0; octets < 3 && end < text.size && is_digit(text.at[end]); octets++) {
    for (digits = end; end < text.size && is_digit(text.at[end]); end++) continue;
    if (end - digits > 3) return;
    last = digits;
    if (end >= text.size || text.at[end] != '.') break;
    end++;
  }
  if (last == 0 || text.at[end - 1] == '.' || end >= text.size) return;
  digits = end;
  if (text.at[end] == ':')
    for (digits = end + 1; digits < text.size && is_digit(text.at[digits]);) digits++;
  if (digits > end + 4 || STARTS(text, digits, ";branch=") || STARTS(text, digits, ";rport") || STARTS(text, digits, ";received=") ||
      STARTS(text, digits, ";transport=") || (digits < text.size && text.at[digits] == '>'))
    scan_add(scan, last, end, PIECE_V4_TAIL);
}

struct v6 {
  uint16_t group[8];
  bool     valid, double_colon, long_group;
  unsigned groups; /* written ones */
  unsigned digits; /* decimal digits seen */
};

/* RFC 4291 2.2, without the form that ends in dotted decimals (v6_tail adds it). */
static struct v6 v6_parse(struct text run) {
  struct v6 v6 = { .valid = false };
  uint16_t  groups[9];
  unsigned  count = 0, gap = 9;
  size_t    i = 0;
  if (run.size >= 2 && run.at[0] == ':' && run.at[1] == ':') {
    gap = 0;
    i = 2;
  }
  while (i < run.size) {
    unsigned value = 0, size = 0;
    while (i < run.size && is_hex(run.at[i])) {
      value = value << 4 | hex_value(run.at[i]);
      v6.digits += is_digit(run.at[i]);
      size++;
      i++;
      if (size > 4) return v6;
    }
    if (size == 0 || count == 8) return v6;
    groups[count++] = (uint16_t)value;
    v6.long_group |= size > 2;
    if (i == run.size) break;
    i++; /* the colon */
    if (i == run.size) return v6;
    if (run.at[i] == ':') {
      if (gap != 9) return v6;
      gap = count;
      i++;
    }
  }
  v6.groups = count;
  v6.double_colon = gap != 9;
  if (gap == 9 ? count != 8 : count > 7) return v6;
  for (unsigned k = 0; k < 8; k++) v6.group[k] = 0;
  for (unsigned k = 0; k < count; k++) v6.group[k < gap ? k : 8 - count + k] = groups[k];
  v6.valid = true;
  return v6;
}

/* ::1 and :: are nobody's; a::b without a digit is a C++ name. */
static bool v6_is_harmless(const struct v6 *v6) {
  bool zero = true;
  for (int i = 0; i < 7; i++) zero &= v6->group[i] == 0;
  if (zero && v6->group[7] <= 1) return true;
  return v6->digits == 0 && v6->groups < 3;
}

/* Some group of an unreadable run is longer than a byte, and there are too many for a clock: hide it whole. */
static bool v6_is_suspect(struct text run) {
  unsigned colons = 0, size = 0;
  bool     longer = false;
  for (size_t i = 0; i < run.size; i++) {
    colons += run.at[i] == ':';
    size = run.at[i] == ':' ? 0 : size + 1;
    longer |= size > 2;
  }
  return longer && colons >= 5;
}

/* The head of an address whose rest went with a line's end: two groups of a 48-bit prefix and more behind. */
static bool v6_is_head(struct text run) {
  size_t colons = 0, group = 0, first = 0;
  bool   letter = false;
  for (size_t i = 0; i < run.size; i++) {
    if (run.at[i] == ':') {
      if (colons++ == 0) first = group;
      group = 0;
    } else if (++group > 4) {
      return false;
    }
    letter |= is_alpha(run.at[i]);
  }
  return first >= 3 && colons >= 2 && (letter || colons >= 3);
}

/* Three to five groups of a hardware address, whose rest went with the line before or behind; clocks have no letter. */
static bool is_mac_part(struct text run) {
  unsigned colons = 0, size = 0;
  bool     letter = false;
  for (size_t i = 0; i < run.size; i++) {
    colons += run.at[i] == ':';
    letter |= is_alpha(run.at[i]);
    size = run.at[i] == ':' ? 0 : size + 1;
    if (size > 2) return false;
  }
  return letter && colons >= 2 && colons <= 5;
}

static bool is_decimal_port(struct text text, size_t start, size_t end) {
  unsigned value = 0;
  if (end - start < 2 || end - start > 5) return false;
  for (size_t i = start; i < end; i++) {
    if (!is_digit(text.at[i])) return false;
    value = value * 10 + (unsigned)(text.at[i] - '0');
  }
  return value <= 65535;
}

static void v6_report(struct scan *scan, size_t start, size_t end, const struct v6 *v6) {
  bool bare = start == 0 || scan->text.at[start - 1] != '[';
  if (v6_is_harmless(v6)) {
    scan_note(scan, start, end,
              v6->digits == 0 && v6->groups > 0 ? "no digit in it: a name in code, such as std::string" : "loopback, or any address");
    return;
  }
  scan_add(scan, start, end,
           bare && end < scan->text.size && scan->text.at[end] == ':' && end + 1 < scan->text.size && is_digit(scan->text.at[end + 1])
               ? PIECE_V6_BRACKET
               : PIECE_V6);
}

/* One maximal run of hexadecimal digits and colons. */
static void v6_run(struct scan *scan, size_t start, size_t end) {
  struct text text = scan->text;
  struct v6   v6;
  bool        glued = start > 0 && (is_alnum(text.at[start - 1]) || text.at[start - 1] == '_');
  if (glued) { /* IPv6:2001:db8::7 or addr:2001:…: what stands before the first colon is a label, not a group */
    while (start < end && text.at[start] != ':') start++;
    if (start + 1 < end && text.at[start + 1] == ':') return;
    start++;
  } else if (start + 1 < end && text.at[start] == ':' && text.at[start + 1] != ':') {
    start++;
  }
  if (end < text.size && text.at[end] == '.' && end > start && is_digit(text.at[end - 1])) {
    struct v4 v4;
    size_t    last = end;
    while (last > start && text.at[last - 1] != ':') last--;
    if (v4_parse(text, last, '.', &v4) && last > start) { /* the IPv4 part is found by itself; hide the groups before */
      v6 = v6_parse((struct text){ text.at + start, last - start - (last - start >= 2 && text.at[last - 2] == ':' ? 0 : 1) });
      if (last - start >= 2 && text.at[last - 2] == ':') v6 = v6_parse((struct text){ text.at + start, last - start });
      if (v6.valid && v6.groups > 2) scan_add(scan, start, v4.end, PIECE_OPAQUE);
      return;
    }
  }
  while (end > start && text.at[end - 1] == ':' && !(end - start >= 2 && text.at[end - 2] == ':')) end--;
  if (end - start < 2) return;
  v6 = v6_parse((struct text){ text.at + start, end - start });
  if (v6.valid) {
    bool cut = end < text.size && (is_alnum(text.at[end]) || text.at[end] == '_');
    if (!cut || v6.groups >= 3) v6_report(scan, start, end, &v6);
    return;
  }
  for (size_t last = end; last > start; last--) { /* an address and a port without brackets */
    if (text.at[last - 1] != ':') continue;
    v6 = v6_parse((struct text){ text.at + start, last - 1 - start });
    if (v6.valid && is_decimal_port(text, last, end)) {
      v6_report(scan, start, last - 1, &v6);
      return;
    }
    break;
  }
  if (v6_is_suspect((struct text){ text.at + start, end - start }) ||
      (end == text.size && v6_is_head((struct text){ text.at + start, end - start })) ||
      ((end == text.size || start == 0) && is_mac_part((struct text){ text.at + start, end - start })))
    scan_add(scan, start, end, PIECE_OPAQUE);
}

static void v6_scan(struct scan *scan) {
  struct text text = scan->text;
  size_t      done = 0;
  for (uint32_t i = 0; i < scan->anchors->colon.count; i++) {
    size_t start = scan->anchors->colon.at[i], end = start + 1;
    if (start < done) continue;
    while (start > done && is_hex(text.at[start - 1])) start--;
    while (end < text.size && (is_hex(text.at[end]) || text.at[end] == ':')) end++;
    done = end;
    if (memchr(text.at + start, ':', end - start) != NULL && end - start > 2) v6_run(scan, start, end);
  }
}

void ip_scan(struct scan *scan) {
  v6_scan(scan);
  v4_scan(scan);
  v4_dashed_scan(scan);
  nibbles_scan(scan);
  if (scan->anchors->kinds & KEY_ADDRESS) keyed_scan(scan);
  if (scan->anchors->sights & SEES_CUT) cut_scan(scan);
}

static char v4_separator(struct text value) {
  size_t at = 0;
  while (at < value.size && is_digit(value.at[at])) at++;
  return at < value.size && value.at[at] == '-' ? '-' : '.';
}

static size_t v4_write(uint32_t address, char sep, char *out) {
  size_t n = 0;
  for (int shift = 24; shift >= 0; shift -= 8) {
    unsigned octet = address >> shift & 255;
    if (octet >= 100) out[n++] = (char)('0' + octet / 100);
    if (octet >= 10) out[n++] = (char)('0' + octet / 10 % 10);
    out[n++] = (char)('0' + octet % 10);
    if (shift > 0) out[n++] = sep;
  }
  return n;
}

static uint32_t v4_number(const struct v4 *v4) {
  return (uint32_t)v4->octet[0] << 24 | (uint32_t)v4->octet[1] << 16 | (uint32_t)v4->octet[2] << 8 | v4->octet[3];
}

static uint32_t byte_swap(uint32_t a) { return a >> 24 | (a >> 8 & 0xff00) | (a << 8 & 0xff0000) | a << 24; }

/* RFC 5952: lower case, the longest run of zero groups as "::". */
static size_t v6_write(const uint16_t group[8], char *out, size_t room) {
  int    best = -1, best_size = 1;
  size_t n = 0;
  for (int i = 0; i < 8; i++) {
    int size = 0;
    while (i + size < 8 && group[i + size] == 0) size++;
    if (size > best_size) {
      best = i;
      best_size = size;
    }
    if (size > 0) i += size - 1;
  }
  for (int i = 0; i < 8; i++) {
    if (room - n < 8) return 0;
    if (i == best) {
      out[n++] = ':';
      if (i == 0) out[n++] = ':';
      i += best_size - 1;
      continue;
    }
    for (int shift = 12; shift >= 0; shift -= 4)
      if (shift == 0 || group[i] >> shift != 0) out[n++] = "0123456789abcdef"[group[i] >> shift & 15];
    if (i < 7) out[n++] = ':';
  }
  return n;
}

/* All labels but those of the prefix become 0. */
static size_t nibbles_write(struct text value, unsigned ipv6_bits, char *out, size_t room) {
  size_t keep = ipv6_bits / 4 * 2; /* bytes at the end */
  if (value.size > room) return 0;
  for (size_t i = 0; i < value.size; i++) out[i] = value.at[i] == '.' || i + keep > value.size ? value.at[i] : '0';
  return value.size;
}

size_t ip_truncate(const struct scan *scan, const struct span *span, unsigned ipv4_bits, unsigned ipv6_bits, char *out, size_t room) {
  struct text value = { scan->text.at + span->start, span->end - span->start };
  struct v4   v4;
  struct v6   v6;
  size_t      n;
  if (room < 64) return 0;
  if (span->piece == PIECE_OPAQUE) {
    memcpy(out, "[ip]", 4);
    return 4;
  }
  if (span->piece == PIECE_V4_TAIL) {
    out[0] = '0';
    return 1;
  }
  if (span->piece == PIECE_NIBBLES) return nibbles_write(value, ipv6_bits, out, room);
  if (span->piece <= PIECE_V4_EITHER) {
    uint32_t mask = ipv4_bits == 0 ? 0 : 0xffffffffu << (32 - ipv4_bits), address;
    if (!v4_parse(value, 0, v4_separator(value), &v4)) return 0;
    address = v4_number(&v4);
    if (span->piece != PIECE_V4) address = byte_swap(byte_swap(address) & mask);
    if (span->piece != PIECE_V4_REVERSED) address &= mask;
    return v4_write(address, v4_separator(value), out);
  }
  v6 = v6_parse(value);
  for (unsigned i = 0; i < 8; i++) {
    unsigned keep = ipv6_bits <= i * 16 ? 0 : ipv6_bits - i * 16;
    v6.group[i] = (uint16_t)(v6.group[i] & (keep >= 16 ? 0xffffu : ~(0xffffu >> keep)));
  }
  n = v6_write(v6.group, out + 1, room - 2);
  if (n == 0) return 0;
  if (span->piece == PIECE_V6) {
    memmove(out, out + 1, n);
    return n;
  }
  out[0] = '[';
  out[n + 1] = ']';
  return n + 2;
}

size_t ip_canonical(const struct scan *scan, const struct span *span, char *out, size_t room, char country[3]) {
  struct text value = { scan->text.at + span->start, span->end - span->start };
  struct v4   v4;
  struct v6   v6;
  country[0] = 0;
  if (room < value.size || room < 17) return 0;
  if (span->piece <= PIECE_V4_EITHER && v4_parse(value, 0, v4_separator(value), &v4)) {
    for (int i = 0; i < 4; i++) out[i] = (char)v4.octet[span->piece == PIECE_V4_REVERSED ? 3 - i : i];
    return 4;
  }
  v6 = v6_parse(value);
  if (v6.valid) {
    for (int i = 0; i < 8; i++) {
      out[2 * i] = (char)(v6.group[i] >> 8);
      out[2 * i + 1] = (char)(v6.group[i] & 255);
    }
    return 16;
  }
  memcpy(out, value.at, value.size);
  return value.size;
}

unsigned ip_piece_of(struct text value) {
  struct v4 v4;
  if (v4_parse(value, 0, '.', &v4) && v4.end == value.size) return PIECE_V4;
  return v6_parse(value).valid ? PIECE_V6 : PIECE_OPAQUE;
}
