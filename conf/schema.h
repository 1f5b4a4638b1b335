/* The one table of keys: from it come the parser, the defaults, the limits and `tamis check --explain`. */
#ifndef TAMIS_CONF_SCHEMA_H
#define TAMIS_CONF_SCHEMA_H

#include "conf/conf.h"

enum conf_type { CONF_STRING, CONF_NUMBER, CONF_BYTES, CONF_DURATION, CONF_BOOL, CONF_ENUM };

struct conf_key {
  const char        *key; /* dotted path */
  enum conf_type     type;
  size_t             offset; /* in struct conf */
  size_t             size;   /* of the field, for CONF_NUMBER and CONF_BYTES: 4 or 8 */
  const char        *preset; /* as it would be written; NULL: none */
  int64_t            least, most;
  const char *const *names; /* CONF_ENUM: in the order of their values, NULL-terminated */
  const char        *help;
};

const struct conf_key *schema_keys(size_t *count);

#endif
