#include "filters/scan.h"

static const struct detector detectors[] = {
  /* name     scan        default action   as      tag        canonical form    truncated  signs */
  { "auth", auth_scan, ACTION_STRIP, "auth", "[auth]", NULL, NULL, 0 },
  { "name", name_scan, ACTION_STRIP, "name", "[name]", NULL, NULL, 0 },
  { "mac", mac_scan, ACTION_HASH, "mac", "[mac]", mac_canonical, NULL, 0 },
  { "email", email_scan, ACTION_STRIP, "mail", "[email]", email_canonical, NULL, 0 },
  { "sip", sip_scan, ACTION_HASH, "sip", "[sip]", sip_canonical, NULL, 0 },
  { "ip", ip_scan, ACTION_TRUNCATE, "ip", "[ip]", ip_canonical, ip_truncate, 0 },
  { "phone", phone_scan, ACTION_HASH, "tel", "[phone]", phone_canonical, NULL, 0 },
  { "person", person_scan, ACTION_STRIP, "name", "[name]", NULL, NULL, KEY_NAME },
  { "login", login_scan, ACTION_HASH, "sip", "[user]", lower_canonical, NULL,
    SIGN_LOGIN | SIGN_ANGLE | SIGN_ACCESS | KEY_SYSTEM | KEY_USER }, /* an account is one, whoever names it */
  { "pin", pin_scan, ACTION_STRIP, "pin", "[pin]", NULL, NULL, SIGN_SPOKEN | KEY_PIN },
  { "card", card_scan, ACTION_STRIP, "card", "[card]", code_canonical, NULL, SIGN_LONG | SIGN_GROUPS | KEY_CARD },
  { "imei", imei_scan, ACTION_HASH, "imei", "[imei]", imei_canonical, NULL, SIGN_LONG | KEY_IMEI },
  { "imsi", imsi_scan, ACTION_HASH, "imsi", "[imsi]", code_canonical, NULL, SIGN_LONG | KEY_IMSI },
  { "iccid", iccid_scan, ACTION_HASH, "iccid", "[iccid]", code_canonical, NULL, SIGN_LONG | KEY_ICCID },
  { "serial", serial_scan, ACTION_HASH, "serial", "[serial]", code_canonical, NULL, KEY_SERIAL },
  { "adid", adid_scan, ACTION_HASH, "adid", "[adid]", code_canonical, NULL, KEY_ADID },
  { "iban", iban_scan, ACTION_HASH, "iban", "[iban]", code_canonical, NULL, SIGN_CODE | KEY_IBAN },
  { "vat", vat_scan, ACTION_HASH, "vat", "[vat]", code_canonical, NULL, SIGN_CODE | KEY_VAT },
  { "jwt", jwt_scan, ACTION_STRIP, "jwt", "[jwt]", NULL, NULL, SIGN_TOKEN },
  { "cookie", cookie_scan, ACTION_STRIP, "cookie", "[cookie]", NULL, NULL, KEY_COOKIE | KEY_SESSION },
  { "url_query", url_query_scan, ACTION_STRIP, "query", "[secret]", NULL, NULL, KEY_QUERY },
  { "subject", subject_scan, ACTION_STRIP, "subject", "[subject]", NULL, NULL, KEY_SUBJECT },
  { "postal", postal_scan, ACTION_STRIP, "postal", "[postal]", lower_canonical, NULL, KEY_POSTAL },
  { "plate", plate_scan, ACTION_STRIP, "plate", "[plate]", code_canonical, NULL, KEY_PLATE },
};
enum { DETECTORS = sizeof detectors / sizeof detectors[0] };

const struct detector *detector_row(size_t row) { return row < DETECTORS ? &detectors[row] : NULL; }

const struct detector *detector_find(const char *name) {
  for (size_t i = 0; name != NULL && i < DETECTORS; i++)
    if (strcmp(detectors[i].name, name) == 0) return &detectors[i];
  return NULL;
}

bool filter_detector_known(const char *name) { return detector_find(name) != NULL; }

const char *const *filter_detector_names(void) {
  static const char *const names[] = { "auth", "name",   "mac",       "email",   "sip",    "ip",     "phone", "person", "login",
                                       "pin",  "card",   "imei",      "imsi",    "iccid",  "serial", "adid",  "iban",   "vat",
                                       "jwt",  "cookie", "url_query", "subject", "postal", "plate",  NULL };
  _Static_assert(sizeof names / sizeof names[0] == DETECTORS + 1, "a detector without its name");
  return names;
}
