/* Any frame parses; every view lies inside it; structured data that was taken can be walked to its end. */
#include <assert.h>
#include <stdint.h>

#include "proxy/wire/wire.h"

static void inside(struct text part, const uint8_t *data, size_t size) {
  assert(part.size == 0 || (part.at >= (const char *)data && part.at + part.size <= (const char *)data + size));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const struct wire_clock clock = { .now_s = 1773325815, .utc_offset_s = 3600 };
  struct syslog_record    record;
  struct text             id = TEXT_NONE, name, value;
  char                    stamp[27];
  int                     more = 0;
  syslog_parse((struct text){ (const char *)data, size }, &clock, &record);
  assert(record.facility < 24 && record.severity < 8);
  inside(record.host, data, size);
  inside(record.app, data, size);
  inside(record.procid, data, size);
  inside(record.msgid, data, size);
  inside(record.sd, data, size);
  inside(record.message, data, size);
  if (record.epoch_us != INT64_MIN) rfc3339_into(record.epoch_us, stamp);
  for (size_t at = 0; record.sd.size > 0 && (more = sd_next(record.sd, &at, &id, &name, &value)) == 1;) {
    inside(id, data, size);
    inside(name, data, size);
    inside(value, data, size);
  }
  assert(more == 0);
  return 0;
}
