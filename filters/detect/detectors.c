#include "filters/scan.h"

static const struct detector detectors[] = {
  /* name, scan, what it starts from, keys; default action, type, tag; canonical form, truncated */
  { "auth", auth_scan, SEES_URL | SEES_CUT, KEY_DIGEST | KEY_SECRET | KEY_SCHEME, ACTION_STRIP, "auth", "[auth]", NULL, NULL },
  { "name", name_scan, SEES_ANGLE | SEES_NUMBER | SEES_AT | SEES_CUT, KEY_NAME | KEY_PHONE, ACTION_STRIP, "name", "[name]", NULL, NULL },
  { "mac", mac_scan, SEES_MAC, KEY_MAC, ACTION_HASH, "mac", "[mac]", mac_canonical, NULL },
  { "email", email_scan, SEES_AT, 0, ACTION_STRIP, "mail", "[email]", email_canonical, NULL },
  { "sip", sip_scan, SEES_URI | SEES_AT | SEES_HIDDEN | SEES_ANGLE | SEES_CUT, KEY_USER | KEY_PHONE, ACTION_HASH, "sip", "[sip]", sip_canonical,
    NULL },
  { "ip", ip_scan, SEES_ADDRESS | SEES_CUT, KEY_ADDRESS, ACTION_TRUNCATE, "ip", "[ip]", ip_canonical, ip_truncate },
  { "phone", phone_scan, SEES_NUMBER, 0, ACTION_HASH, "tel", "[phone]", phone_canonical, NULL },
  { "login", login_scan, SEES_LOGIN | SEES_ANGLE | SEES_ACCESS, KEY_SYSTEM | KEY_USER, ACTION_HASH, "sip", "[user]", lower_canonical, NULL },
  { "pin", pin_scan, SEES_SPOKEN, KEY_PIN, ACTION_STRIP, "pin", "[pin]", NULL, NULL },
  { "card", card_scan, SEES_LONG | SEES_GROUPS, KEY_CARD, ACTION_STRIP, "card", "[card]", code_canonical, NULL },
  { "imei", imei_scan, SEES_LONG, KEY_IMEI, ACTION_HASH, "imei", "[imei]", imei_canonical, NULL },
  { "imsi", imsi_scan, SEES_LONG, KEY_IMSI, ACTION_HASH, "imsi", "[imsi]", code_canonical, NULL },
  { "iccid", iccid_scan, SEES_LONG, KEY_ICCID, ACTION_HASH, "iccid", "[iccid]", code_canonical, NULL },
  { "serial", serial_scan, 0, KEY_SERIAL, ACTION_HASH, "serial", "[serial]", code_canonical, NULL },
  { "adid", adid_scan, 0, KEY_ADID, ACTION_HASH, "adid", "[adid]", code_canonical, NULL },
  { "iban", iban_scan, SEES_CODE, KEY_IBAN, ACTION_HASH, "iban", "[iban]", code_canonical, NULL },
  { "vat", vat_scan, SEES_CODE, KEY_VAT, ACTION_HASH, "vat", "[vat]", code_canonical, NULL },
  { "jwt", jwt_scan, SEES_TOKEN, 0, ACTION_STRIP, "jwt", "[jwt]", NULL, NULL },
  { "cookie", cookie_scan, 0, KEY_COOKIE | KEY_SESSION, ACTION_STRIP, "cookie", "[cookie]", NULL, NULL },
  { "url_query", url_query_scan, 0, KEY_QUERY, ACTION_STRIP, "query", "[secret]", NULL, NULL },
  { "subject", subject_scan, 0, KEY_SUBJECT, ACTION_STRIP, "subject", "[subject]", NULL, NULL },
  { "postal", postal_scan, 0, KEY_POSTAL, ACTION_STRIP, "postal", "[postal]", lower_canonical, NULL },
  { "plate", plate_scan, 0, KEY_PLATE, ACTION_STRIP, "plate", "[plate]", code_canonical, NULL },
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
  static const char *const names[] = { "auth",  "name",   "mac",  "email", "sip", "ip",  "phone",  "login",     "pin",     "card",   "imei",  "imsi",
                                       "iccid", "serial", "adid", "iban",  "vat", "jwt", "cookie", "url_query", "subject", "postal", "plate", NULL };
  _Static_assert(sizeof names / sizeof names[0] == DETECTORS + 1, "a detector without its name");
  return names;
}
