#include "filters/scan.h"

static const struct detector detectors[] = {
  /* name, scan, what it starts from, keys; default action, type, tag; canonical form, truncated */
  { "auth", auth_scan, SEES_URL | SEES_CUT, KEY_DIGEST | KEY_SECRET | KEY_SCHEME, ACTION_STRIP, "auth", "[auth]", NULL, NULL },
  { "name", name_scan, SEES_ANGLE | SEES_NUMBER | SEES_CUT, KEY_NAME | KEY_PHONE, ACTION_STRIP, "name", "[name]", NULL, NULL },
  { "mac", mac_scan, SEES_MAC, KEY_MAC, ACTION_HASH, "mac", "[mac]", mac_canonical, NULL },
  { "email", email_scan, SEES_AT | SEES_HIDDEN, 0, ACTION_STRIP, "mail", "[email]", email_canonical, NULL },
  { "sip", sip_scan, SEES_URI | SEES_AT | SEES_HIDDEN | SEES_ANGLE | SEES_CUT, KEY_USER, ACTION_HASH, "sip", "[sip]", sip_canonical, NULL },
  { "ip", ip_scan, SEES_ADDRESS | SEES_CUT, KEY_ADDRESS, ACTION_TRUNCATE, "ip", "[ip]", ip_canonical, ip_truncate },
  { "phone", phone_scan, SEES_NUMBER, 0, ACTION_HASH, "tel", "[phone]", phone_canonical, NULL },
};
enum { DETECTORS = sizeof detectors / sizeof detectors[0] };

const struct detector *detector_row(size_t row) { return row < DETECTORS ? &detectors[row] : NULL; }

const struct detector *detector_find(const char *name) {
  for (size_t i = 0; name != NULL && i < DETECTORS; i++)
    if (strcmp(detectors[i].name, name) == 0) return &detectors[i];
  return NULL;
}

bool tag_at(struct text text, size_t at) {
  for (size_t i = 0; at < text.size && text.at[at] == '[' && i < DETECTORS; i++) {
    size_t size = strlen(detectors[i].tag);
    if (text.size - at >= size && memcmp(text.at + at, detectors[i].tag, size) == 0) return true;
  }
  return false;
}

bool filter_detector_known(const char *name) { return detector_find(name) != NULL; }

const char *const *filter_detector_names(void) {
  static const char *const names[] = { "auth", "name", "mac", "email", "sip", "ip", "phone", NULL };
  return names;
}
