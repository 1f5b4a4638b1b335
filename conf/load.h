/* One YAML file being read. Private to conf/. */
#ifndef TAMIS_CONF_LOAD_H
#define TAMIS_CONF_LOAD_H

#include <yaml.h>

#include "conf/error.h"

struct loader {
  struct conf        *conf;
  struct conf_errors *errors;
  yaml_document_t    *document; /* of the file being read */
  const char         *file;
  size_t              room_rules, room_inputs;
  unsigned            depth;     /* of includes */
  unsigned            packs_off; /* bit n: the pack in row n is switched off */
  bool                inputs_given, rules_given, builtin, out_of_memory;
};

void         load_fail(struct loader *loader, const yaml_node_t *node, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The text of a scalar without NUL bytes, borrowed; NULL after an error that names where. */
const char  *load_scalar(struct loader *loader, const yaml_node_t *node, const char *where);
char        *load_copy(struct loader *loader, const char *string);
bool         load_bool(struct loader *loader, const yaml_node_t *node, const char *where, bool *value);
bool         load_number(struct loader *loader, const yaml_node_t *node, const char *where, int64_t least, int64_t most, int64_t *value);
/* Says that key is none of names (NULL-terminated), with the nearest one. */
void         load_unknown(struct loader *loader, const yaml_node_t *key, const char *where, const char *const *names);
/* Calls each(context, key text, key node, value node) for a mapping's pairs; duplicate keys are errors. */
typedef void load_each(struct loader *loader, void *context, const char *key, const yaml_node_t *key_node, const yaml_node_t *value);
void         load_mapping(struct loader *loader, const yaml_node_t *node, const char *where, load_each *each, void *context);
yaml_node_t *load_node(struct loader *loader, int index);
/* list grown to hold count + 1 elements of size bytes. False: out of memory, said. */
bool         load_grow(struct loader *loader, void *list_at, size_t count, size_t *room, size_t size);

/* Parses bytes as YAML and calls read with the root, unless there is none. */
typedef void load_root(struct loader *loader, const yaml_node_t *root, void *context);
void         load_document(struct loader *loader, struct text bytes, load_root *read, void *context);

/* The key packs: which packs are on. */
void load_packs(struct loader *loader, const yaml_node_t *node);
/* Behind the file's own rules: the default rules where it gives none, and the packs that are on. */
void packs_add(struct loader *loader);

void load_rules(struct loader *loader, const yaml_node_t *node);
void conf_rule_free(struct conf_rule *rule);

#endif
