/* mac: EUI-48 hardware addresses with ':', '-' or '.' between, bare ones in provisioning file names and by key, and the
 * node of version 1 UUIDs (RFC 4122 4.1.6). */
#include "filters/scan.h"

static bool hex_run(struct text text, size_t at, size_t size) {
  if (at > text.size || text.size - at < size) return false;
  for (size_t i = 0; i < size; i++)
    if (!is_hex(text.at[at + i])) return false;
  return true;
}

static bool clear_around(struct text text, size_t start, size_t end, char sep) {
  if (start > 0 && (is_hex(text.at[start - 1]) || (text.at[start - 1] == sep && start > 1 && is_hex(text.at[start - 2])))) return false;
  return end >= text.size || !(is_hex(text.at[end]) || (text.at[end] == sep && end + 1 < text.size && is_hex(text.at[end + 1])));
}

/* More groups than six, from byte start: a DHCP client's identifier (a type and the address, RFC 2132 9.14, or a DUID, RFC 8415 11), or both
 * addresses of a frame and its type, as the Linux kernel logs them. */
static bool frame_at(struct scan *scan, size_t start, char sep) {
  struct text text = scan->text;
  size_t      groups = 0, at = start;
  while (hex_run(text, at, 2) && !hex_run(text, at, 3)) {
    groups++;
    at += 2;
    if (at >= text.size || text.at[at] != sep) break;
    at++;
  }
  if (at > start && text.at[at - 1] == sep) at--;
  if (groups != 14 && groups != 10 && !(groups == 7 && text.at[start] == '0' && text.at[start + 1] == '1')) return false;
  scan_add(scan, groups == 7 ? at - 17 : start, at, 0);
  return true;
}

/* Groups of size hexadecimal digits around the first separator, which stands at byte mark. */
static void grouped(struct scan *scan, size_t mark, size_t size, size_t groups) {
  struct text text = scan->text;
  char        sep = text.at[mark];
  size_t      start = mark - size, at = start;
  if (mark < size) return;
  for (size_t i = 0; i < groups; i++) {
    if (!hex_run(text, at, size)) return;
    at += size;
    if (i + 1 < groups && (at >= text.size || text.at[at++] != sep)) return;
  }
  if (clear_around(text, start, at, sep)) {
    scan_add(scan, start, at, 0);
    return;
  }
  if (size == 2 && (start < 2 || !(is_hex(text.at[start - 1]) || text.at[start - 1] == sep)) && frame_at(scan, start, sep)) return;
  else if (start == 0 || text.at[start - 1] != sep)
    scan_note(scan, start, at, "part of something longer than a hardware address, such as a fingerprint");
}

static bool file_follows(struct text text, size_t at) {
  static const struct text ends[] = { TEXT(".cfg"), TEXT(".xml"), TEXT(".conf"), TEXT(".ini"),  TEXT(".txt"), TEXT(".boot"),
                                      TEXT(".bin"), TEXT(".cnf"), TEXT(".htm"),  TEXT(".json"), TEXT("-") };
  for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
    if (starts_nocase(text, at, ends[i].at, ends[i].size)) return true;
  return false;
}

/* The token before byte end is a version: 1.0.11.64, 10.1. */
static bool ends_in_version(struct text text, size_t end) {
  bool dot = false;
  if (end == 0 || !is_digit(text.at[end - 1])) return false;
  while (end > 0 && (is_digit(text.at[end - 1]) || text.at[end - 1] == '.')) dot |= text.at[--end] == '.';
  return dot;
}

/* …/config.xml: a path goes on to a file's name. */
static bool path_has_file(struct text text, size_t at) {
  while (at < text.size && (is_alnum(text.at[at]) || text.at[at] == '/' || text.at[at] == '-' || text.at[at] == '_')) at++;
  return at + 1 < text.size && text.at[at] == '.' && is_alpha(text.at[at + 1]);
}

/* Beside twelve digits stands what stands beside a phone's address: SEP, a path's end or middle, the end of a user agent. */
static bool address_place(const struct scan *scan, size_t start, size_t end) {
  struct text         text = scan->text;
  const struct keyed *keyed;
  bool                letter = false;
  if (ENDS(text, start, "sep") || ENDS(text, start, "ata") || ENDS(text, start, "cfg") || ENDS(text, start, "spa")) return true;
  if (ENDS(text, start, "mac ") || ENDS(text, start, "macaddr ") || ENDS(text, start, "mac address ") || ENDS(text, start, "mac=")) return true;
  for (size_t i = start; i < end; i++) letter |= is_alpha(text.at[i]);
  if (start > 0 && text.at[start - 1] == '/' && end < text.size && text.at[end] == '/') return path_has_file(text, end + 1);
  keyed = scan->anchors->kinds & KEY_AGENT ? anchors_key_at(scan->anchors, start) : NULL;
  if (keyed != NULL && (keyed->kind & KEY_AGENT)) return true;
  if (start == 0 || (text.at[start - 1] != ' ' && text.at[start - 1] != '(')) return false;
  return ENDS(text, start, "-u ") || (end < text.size && (text.at[end] == '"' || text.at[end] == '\'') && letter && ends_in_version(text, start - 1));
}

static void file_scan(struct scan *scan, size_t dot) {
  struct text text = scan->text;
  size_t      start = dot;
  while (start > 0 && is_hex(text.at[start - 1]) && dot - start < 12) start--;
  if (dot - start != 12) return;
  if (!file_follows(text, dot) && !address_place(scan, start, dot)) return;
  if (STARTS(text, start, "0000000") && start > 0 && to_lower(text.at[start - 1]) == 'y') return; /* Yealink's file for a whole model */
  if (start > 0 && is_hex(text.at[start - 1]) && !ENDS(text, start, "cfg") && !ENDS(text, start, "mac") && !ENDS(text, start, "spa")) return;
  scan_add(scan, start, dot, 0);
}

/* …-1xxx-[89ab]xxx-NODE: the third group begins with the version, the fourth with the variant. */
static void uuid_scan(struct scan *scan, size_t dash) {
  struct text text = scan->text;
  if (dash + 11 > text.size || text.at[dash + 1] != '1' || !hex_run(text, dash + 1, 4) || text.at[dash + 5] != '-' || !hex_run(text, dash + 6, 4) ||
      (hex_value(text.at[dash + 6]) & 12) != 8 || dash + 10 >= text.size || text.at[dash + 10] != '-')
    return;
  if (hex_run(text, dash + 11, 12) && (dash + 23 >= text.size || !is_hex(text.at[dash + 23]))) scan_add(scan, dash + 11, dash + 23, 0);
}

void mac_scan(struct scan *scan) {
  const struct anchors *anchors = scan->anchors;
  struct text           text = scan->text;
  for (uint32_t i = 0; i < anchors->mac.count; i++)
    if (text.at[anchors->mac.at[i]] == '.') grouped(scan, anchors->mac.at[i], 4, 3);
    else grouped(scan, anchors->mac.at[i], 2, 6);
  for (uint32_t i = 0; i < anchors->file.count; i++) file_scan(scan, anchors->file.at[i] + 12u);
  for (uint32_t i = 0; i < anchors->uuid.count; i++) uuid_scan(scan, anchors->uuid.at[i]);
  for (uint32_t i = 0; i < scan->anchors->keyed_count; i++) {
    const struct keyed *keyed = &scan->anchors->keyed[i];
    if ((keyed->kind & KEY_MAC) && keyed->end - keyed->start == 12 && hex_run(text, keyed->start, 12)) scan_add(scan, keyed->start, keyed->end, 0);
  }
}

size_t mac_canonical(const struct scan *scan, const struct span *span, char *out, size_t room, char country[3]) {
  size_t n = 0;
  country[0] = 0;
  if (room < span->end - span->start) return 0;
  for (size_t i = span->start; i < span->end; i++)
    if (is_hex(scan->text.at[i])) out[n++] = to_lower(scan->text.at[i]);
  return n;
}
