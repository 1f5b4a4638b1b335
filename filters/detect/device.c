/* device: ids of devices by their key: adid (advertising ids: a UUID, 32 or 16 hexadecimal digits) and serial (a
 * device's serial number, behind an unmistakable key: "serial=" alone is a zone's or a certificate's). */
#include "filters/detect/value.h"

enum { SERIAL_LEAST = 6, SERIAL_MOST = 40 };

void adid_scan(struct scan *scan) {
  struct text text = scan->text;
  for (uint32_t i = 0; i < scan->anchors->keyed_count; i++) {
    const struct keyed *keyed = &scan->anchors->keyed[i];
    size_t              end = keyed->start, hex = 0;
    bool                zero = true;
    if (!(keyed->kind & KEY_ADID)) continue;
    for (; end < keyed->end && (is_hex(text.at[end]) || text.at[end] == '-'); end++) {
      hex += text.at[end] != '-';
      zero &= text.at[end] == '-' || text.at[end] == '0';
    }
    if (zero || (hex != 32 && hex != 16) || !ends_clear(text, end))
      scan_note(scan, keyed->start, end, zero ? "zeros: tracking is switched off" : "an advertising id has 32 or 16 hexadecimal digits");
    else scan_add(scan, keyed->start, end, 0);
  }
}

void serial_scan(struct scan *scan) {
  struct text text = scan->text;
  for (uint32_t i = 0; i < scan->anchors->keyed_count; i++) {
    const struct keyed *keyed = &scan->anchors->keyed[i];
    size_t              end = keyed->start;
    bool                digit = false;
    if (!(keyed->kind & KEY_SERIAL)) continue;
    while (end < keyed->end && (is_alnum(text.at[end]) || text.at[end] == '-' || text.at[end] == '_')) digit |= is_digit(text.at[end++]);
    if (pseudonym_is((struct text){ text.at + keyed->start, end - keyed->start })) continue;
    if (digit && end - keyed->start >= SERIAL_LEAST && end - keyed->start <= SERIAL_MOST) scan_add(scan, keyed->start, end, 0);
    else scan_note(scan, keyed->start, end, "a serial number has 6 to 40 letters and digits");
  }
}
