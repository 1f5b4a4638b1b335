#include "filters/scan.h"

static const struct detector detectors[] = {
  /* name     scan        default action   as      tag        canonical form    truncated */
  { "auth", auth_scan, ACTION_STRIP, "auth", "[auth]", NULL, NULL },
  { "name", name_scan, ACTION_STRIP, "name", "[name]", NULL, NULL },
  { "mac", mac_scan, ACTION_HASH, "mac", "[mac]", mac_canonical, NULL },
  { "email", email_scan, ACTION_STRIP, "mail", "[email]", email_canonical, NULL },
  { "sip", sip_scan, ACTION_HASH, "sip", "[sip]", sip_canonical, NULL },
  { "ip", ip_scan, ACTION_TRUNCATE, "ip", "[ip]", ip_canonical, ip_truncate },
  { "phone", phone_scan, ACTION_HASH, "tel", "[phone]", phone_canonical, NULL },
  { "login", login_scan, ACTION_HASH, "sip", "[user]", lower_canonical, NULL }, /* an account is one, whoever names it */
  { "pin", pin_scan, ACTION_STRIP, "pin", "[pin]", NULL, NULL },
  { "card", card_scan, ACTION_STRIP, "card", "[card]", code_canonical, NULL },
  { "imei", imei_scan, ACTION_HASH, "imei", "[imei]", imei_canonical, NULL },
  { "imsi", imsi_scan, ACTION_HASH, "imsi", "[imsi]", code_canonical, NULL },
  { "iccid", iccid_scan, ACTION_HASH, "iccid", "[iccid]", code_canonical, NULL },
  { "serial", serial_scan, ACTION_HASH, "serial", "[serial]", code_canonical, NULL },
  { "adid", adid_scan, ACTION_HASH, "adid", "[adid]", code_canonical, NULL },
  { "iban", iban_scan, ACTION_HASH, "iban", "[iban]", code_canonical, NULL },
  { "vat", vat_scan, ACTION_HASH, "vat", "[vat]", code_canonical, NULL },
  { "jwt", jwt_scan, ACTION_STRIP, "jwt", "[jwt]", NULL, NULL },
  { "cookie", cookie_scan, ACTION_STRIP, "cookie", "[cookie]", NULL, NULL },
  { "url_query", url_query_scan, ACTION_STRIP, "query", "[secret]", NULL, NULL },
  { "subject", subject_scan, ACTION_STRIP, "subject", "[subject]", NULL, NULL },
  { "postal", postal_scan, ACTION_STRIP, "postal", "[postal]", lower_canonical, NULL },
  { "plate", plate_scan, ACTION_STRIP, "plate", "[plate]", code_canonical, NULL },
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
  static const char *const names[] = { "auth",  "name",   "mac",  "email", "sip", "ip",  "phone",  "login",     "pin",     "card",   "imei",  "imsi",
                                       "iccid", "serial", "adid", "iban",  "vat", "jwt", "cookie", "url_query", "subject", "postal", "plate", NULL };
  _Static_assert(sizeof names / sizeof names[0] == DETECTORS + 1, "a detector without its name");
  return names;
}
