/* load: YAML by libyaml's document API, which keeps line and column. All errors of all files are collected. */
#include "conf/load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <glob.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/schema.h"

enum { FILE_MOST = 4 * 1024 * 1024, INCLUDE_DEPTH = 8, NAMES_MOST = 64, KEY_SIZE = 128 };

static void load_file(struct loader *loader, const char *path, const char *from, const yaml_node_t *at);

void load_fail(struct loader *loader, const yaml_node_t *node, const char *format, ...) {
  char    text[256];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  conf_fail_at(loader->errors, loader->file, node != NULL ? (int)node->start_mark.line + 1 : 0, node != NULL ? (int)node->start_mark.column + 1 : 0,
               "%s", text);
}

yaml_node_t *load_node(struct loader *loader, int index) { return yaml_document_get_node(loader->document, index); }

const char *load_scalar(struct loader *loader, const yaml_node_t *node, const char *where) {
  if (node->type != YAML_SCALAR_NODE) {
    load_fail(loader, node, "%s: one value is expected, not a list or a map", where);
    return NULL;
  }
  if (strlen((const char *)node->data.scalar.value) != node->data.scalar.length) {
    load_fail(loader, node, "%s: a NUL byte", where);
    return NULL;
  }
  return (const char *)node->data.scalar.value;
}

char *load_copy(struct loader *loader, const char *string) {
  char *made = strdup(string);
  if (made == NULL) loader->out_of_memory = true;
  return made;
}

bool load_bool(struct loader *loader, const yaml_node_t *node, const char *where, bool *value) {
  const char *text = load_scalar(loader, node, where);
  if (text == NULL) return false;
  *value = strcmp(text, "true") == 0 || strcmp(text, "yes") == 0;
  if (*value || strcmp(text, "false") == 0 || strcmp(text, "no") == 0) return true;
  load_fail(loader, node, "%s: true or false is expected", where);
  return false;
}

bool load_number(struct loader *loader, const yaml_node_t *node, const char *where, int64_t least, int64_t most, int64_t *value) {
  const char *text = load_scalar(loader, node, where);
  char       *end;
  if (text == NULL) return false;
  errno = 0;
  *value = strtoll(text, &end, 10);
  if (errno == 0 && end != text && *end == 0 && *value >= least && *value <= most) return true;
  load_fail(loader, node, "%s: a whole number from %lld to %lld is expected", where, (long long)least, (long long)most);
  return false;
}

bool load_grow(struct loader *loader, void *list_at, size_t count, size_t *room, size_t size) {
  void **list = list_at, *bigger;
  size_t more = *room == 0 ? 16 : *room * 2;
  if (count < *room) return true;
  bigger = realloc(*list, more * size);
  if (bigger == NULL) {
    loader->out_of_memory = true;
    return false;
  }
  *list = bigger;
  *room = more;
  return true;
}

/* Levenshtein distance, of words up to KEY_SIZE - 1 bytes. */
static size_t distance(const char *a, const char *b) {
  size_t row[KEY_SIZE], left = strlen(a), right = strlen(b);
  if (left >= KEY_SIZE || right >= KEY_SIZE) return KEY_SIZE;
  for (size_t k = 0; k <= right; k++) row[k] = k;
  for (size_t i = 1; i <= left; i++) {
    size_t corner = row[0];
    row[0] = i;
    for (size_t k = 1; k <= right; k++) {
      size_t change = corner + (a[i - 1] != b[k - 1]), best = row[k] < row[k - 1] ? row[k] + 1 : row[k - 1] + 1;
      corner = row[k];
      row[k] = change < best ? change : best;
    }
  }
  return row[right];
}

void load_unknown(struct loader *loader, const yaml_node_t *key, const char *where, const char *const *names) {
  const char *word = (const char *)key->data.scalar.value, *nearest = NULL;
  size_t      best = 3;
  char        list[160] = "";
  for (size_t i = 0; names[i] != NULL; i++) {
    size_t away = distance(word, names[i]), used = strlen(list);
    if (away < best) {
      best = away;
      nearest = names[i];
    }
    if (used + strlen(names[i]) + 3 < sizeof list) snprintf(list + used, sizeof list - used, "%s%s", used > 0 ? " " : "", names[i]);
  }
  if (nearest != NULL) load_fail(loader, key, "%s%sunknown key \"%.40s\"; did you mean \"%s\"?", where, *where ? ": " : "", word, nearest);
  else load_fail(loader, key, "%s%sunknown key \"%.40s\"; one of: %s", where, *where ? ": " : "", word, list);
}

void load_mapping(struct loader *loader, const yaml_node_t *node, const char *where, load_each *each, void *context) {
  if (node->type == YAML_SCALAR_NODE && node->data.scalar.length == 0) return; /* "queue:" with nothing behind it */
  if (node->type != YAML_MAPPING_NODE) {
    load_fail(loader, node, "%s: keys with values are expected", *where ? where : "the file");
    return;
  }
  for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top; pair++) {
    const yaml_node_t *key = load_node(loader, pair->key);
    const char        *name = load_scalar(loader, key, where);
    bool               twice = false;
    for (const yaml_node_pair_t *other = node->data.mapping.pairs.start; name != NULL && other < pair; other++) {
      const yaml_node_t *before = load_node(loader, other->key);
      twice |= before->type == YAML_SCALAR_NODE && strcmp((const char *)before->data.scalar.value, name) == 0;
    }
    if (twice) load_fail(loader, key, "the key \"%.40s\" stands twice", name);
    else if (name != NULL) each(loader, context, name, key, load_node(loader, pair->value));
  }
}

/* ---- scalars of the schema ---- */

struct unit {
  const char *name;
  int64_t     factor;
};
static const struct unit byte_units[] = { { "", 1 },          { "B", 1 },         { "KiB", 1024 },
                                          { "MiB", 1 << 20 }, { "GiB", 1 << 30 }, { "TiB", 1LL << 40 },
                                          { "kB", 1000 },     { "MB", 1000000 },  { "GB", 1000000000 },
                                          { NULL, 0 } };
static const struct unit time_units[] = { { "ms", 1 }, { "s", 1000 }, { "min", 60000 }, { "h", 3600000 }, { "d", 86400000 }, { NULL, 0 } };

static bool quantity(const char *text, const struct unit *units, int64_t *value) {
  char     *end;
  long long number;
  errno = 0;
  number = strtoll(text, &end, 10);
  if (errno != 0 || end == text || number < 0) return false;
  while (*end == ' ') end++;
  for (; units->name != NULL; units++) {
    if (strcmp(units->name, end) != 0) continue;
    return !__builtin_mul_overflow((int64_t)number, units->factor, value);
  }
  return false;
}

static void value_store(struct conf *conf, const struct conf_key *key, int64_t value) {
  char *at = (char *)conf + key->offset;
  if (key->type == CONF_BOOL) *(bool *)at = value != 0;
  else if (key->size == sizeof(uint32_t)) *(uint32_t *)at = (uint32_t)value;
  else *(int64_t *)at = value;
}

/* NULL when text was taken; else what is expected. */
static const char *value_set(struct conf *conf, const struct conf_key *key, const char *text) {
  int64_t value = 0;
  char  **string = (char **)((char *)conf + key->offset);
  size_t  size = strlen(text);
  switch (key->type) {
  case CONF_STRING:
    if ((int64_t)size < key->least || (int64_t)size > key->most) return "a text";
    free(*string);
    *string = strdup(text);
    return *string == NULL ? "more memory" : NULL;
  case CONF_NUMBER:
    if (!quantity(text, (const struct unit[]){ { "", 1 }, { NULL, 0 } }, &value)) return "a whole number";
    break;
  case CONF_BYTES:
    if (!quantity(text, byte_units, &value)) return "a size such as 64 KiB";
    break;
  case CONF_DURATION:
    if (!quantity(text, time_units, &value)) return "a time such as 20 ms, 10 s, 5 min";
    break;
  case CONF_BOOL:
    value = strcmp(text, "true") == 0;
    if (!value && strcmp(text, "false") != 0) return "true or false";
    value_store(conf, key, value);
    return NULL;
  case CONF_ENUM:
    while (key->names[value] != NULL && strcmp(key->names[value], text) != 0) value++;
    if (key->names[value] == NULL) return "another word";
    value_store(conf, key, value);
    return NULL;
  }
  if (value < key->least || value > key->most) return "another size";
  value_store(conf, key, value);
  return NULL;
}

static void value_expected(struct loader *loader, const yaml_node_t *node, const struct conf_key *key, const char *expected) {
  char   list[120] = "";
  size_t used = 0;
  for (size_t i = 0; key->names != NULL && key->names[i] != NULL; i++)
    used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i > 0 ? ", " : "", key->names[i]);
  if (key->type == CONF_ENUM) load_fail(loader, node, "%s: one of: %s", key->key, list);
  else if (key->type == CONF_STRING)
    load_fail(loader, node, "%s: %lld to %lld characters are expected", key->key, (long long)key->least, (long long)key->most);
  else if (strcmp(expected, "another size") == 0)
    load_fail(loader, node, "%s: out of range: %lld to %lld%s", key->key, (long long)key->least, (long long)key->most,
              key->type == CONF_DURATION ? " ms"
              : key->type == CONF_BYTES  ? " bytes"
                                         : "");
  else load_fail(loader, node, "%s: %s is expected", key->key, expected);
}

/* ---- sections ---- */

struct secrets { /* of the store: where its credentials come from */
  char *access_env, *secret_env, *access_file, *secret_file;
  int   line, col;
};

struct section {
  const char     *name;
  struct secrets *secrets;
};

static bool secret_key(struct loader *loader, struct secrets *secrets, const char *key, const yaml_node_t *node) {
  const struct {
    const char *key;
    char      **at;
  } rows[] = {
    { "access_key_env", &secrets->access_env },
    { "secret_key_env", &secrets->secret_env },
    { "access_key_file", &secrets->access_file },
    { "secret_key_file", &secrets->secret_file },
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    const char *text;
    if (strcmp(rows[i].key, key) != 0) continue;
    text = load_scalar(loader, node, key);
    free(*rows[i].at);
    *rows[i].at = text != NULL ? load_copy(loader, text) : NULL;
    return true;
  }
  return false;
}

static void section_each(struct loader *loader, void *context, const char *name, const yaml_node_t *key_node, const yaml_node_t *value) {
  const struct section  *section = context;
  const char            *names[NAMES_MOST];
  size_t                 count, named = 0, prefix = strlen(section->name);
  const struct conf_key *keys = schema_keys(&count);
  if (section->secrets != NULL && secret_key(loader, section->secrets, name, value)) return;
  for (size_t i = 0; i < count; i++) {
    const char *text, *expected;
    if (strncmp(keys[i].key, section->name, prefix) != 0 || keys[i].key[prefix] != '.') continue;
    names[named++] = keys[i].key + prefix + 1;
    if (strcmp(keys[i].key + prefix + 1, name) != 0) continue;
    text = load_scalar(loader, value, keys[i].key);
    expected = text != NULL ? value_set(loader->conf, &keys[i], text) : NULL;
    if (expected != NULL) value_expected(loader, value, &keys[i], expected);
    return;
  }
  if (section->secrets != NULL) {
    names[named++] = "access_key_env";
    names[named++] = "secret_key_env";
    names[named++] = "access_key_file";
    names[named++] = "secret_key_file";
  }
  names[named] = NULL;
  load_unknown(loader, key_node, section->name, names);
}

static bool listen_parse(struct loader *loader, const yaml_node_t *node, struct conf_input *input) {
  const char   *text = load_scalar(loader, node, "inputs: listen"), *colon = text != NULL ? strrchr(text, ':') : NULL;
  char          address[64], *end;
  unsigned char packed[16];
  size_t        size;
  unsigned long port;
  if (text == NULL) return false;
  size = colon != NULL ? (size_t)(colon - text) : 0;
  if (colon != NULL && size > 2 && text[0] == '[' && text[size - 1] == ']') {
    text++;
    size -= 2;
  }
  if (colon != NULL && size > 0 && size < sizeof address) {
    memcpy(address, text, size);
    address[size] = 0;
    port = strtoul(colon + 1, &end, 10);
    if (colon[1] >= '0' && colon[1] <= '9' && *end == 0 && port <= 65535 &&
        (inet_pton(AF_INET, address, packed) == 1 || inet_pton(AF_INET6, address, packed) == 1)) {
      input->address = load_copy(loader, address);
      input->port = (uint16_t)port;
      return input->address != NULL;
    }
  }
  load_fail(loader, node, "inputs: listen: an address and a port are expected, such as 127.0.0.1:5514 or \"[::1]:5514\"");
  return false;
}

static void input_each(struct loader *loader, void *context, const char *name, const yaml_node_t *key_node, const yaml_node_t *value) {
  static const char *const names[] = { "name", "kind", "transport", "listen", NULL };
  struct conf_input       *input = context;
  const char              *text;
  if (strcmp(name, "listen") == 0) {
    listen_parse(loader, value, input);
    return;
  }
  for (size_t i = 0; strcmp(name, names[i]) != 0; i++) {
    if (names[i + 1] != NULL) continue;
    load_unknown(loader, key_node, "inputs", names);
    return;
  }
  text = load_scalar(loader, value, name);
  if (text == NULL) return;
  if (strcmp(name, "name") == 0) input->name = load_copy(loader, text);
  else if (strcmp(text, "syslog") == 0) input->kind = CONF_INPUT_SYSLOG;
  else if (strcmp(text, "http") == 0) input->kind = CONF_INPUT_HTTP;
  else if (strcmp(text, "udp") == 0) input->transport = CONF_UDP;
  else if (strcmp(text, "tcp") == 0) input->transport = CONF_TCP;
  else load_fail(loader, value, "inputs: %s: %s is expected", name, strcmp(name, "kind") == 0 ? "syslog or http" : "udp or tcp");
}

static bool input_add(struct loader *loader, struct conf_input input) {
  struct conf *conf = loader->conf;
  char         name[96];
  if (input.name == NULL) {
    snprintf(name, sizeof name, "%s-%s-%u", input.kind == CONF_INPUT_HTTP ? "http" : "syslog", input.transport == CONF_UDP ? "udp" : "tcp",
             input.port);
    input.name = load_copy(loader, name);
  }
  for (size_t i = 0; input.name != NULL && i < conf->input_count; i++) {
    const struct conf_input *other = &conf->inputs[i];
    if (strcmp(other->name, input.name) == 0)
      conf_fail_at(loader->errors, loader->file, input.line, input.col, "inputs: two inputs are named \"%.60s\"", input.name);
    if (input.port != 0 && other->port == input.port && other->transport == input.transport && input.address != NULL && other->address != NULL &&
        strcmp(other->address, input.address) == 0)
      conf_fail_at(loader->errors, loader->file, input.line, input.col, "inputs: \"%.60s\" listens there already", other->name);
  }
  if (!load_grow(loader, &conf->inputs, conf->input_count, &loader->room_inputs, sizeof *conf->inputs)) {
    free(input.name);
    free(input.address);
    return false;
  }
  conf->inputs[conf->input_count++] = input;
  return true;
}

static void load_inputs(struct loader *loader, const yaml_node_t *node) {
  loader->inputs_given = true;
  if (node->type != YAML_SEQUENCE_NODE) {
    load_fail(loader, node, "inputs: a list is expected: - kind: syslog …");
    return;
  }
  for (const yaml_node_item_t *item = node->data.sequence.items.start; item < node->data.sequence.items.top; item++) {
    const yaml_node_t *one = load_node(loader, *item);
    struct conf_input  input = {
       .kind = CONF_INPUT_SYSLOG, .transport = CONF_TCP, .line = (int)one->start_mark.line + 1, .col = (int)one->start_mark.column + 1
    };
    size_t before = loader->errors->count;
    load_mapping(loader, one, "inputs", input_each, &input);
    if (input.address == NULL && loader->errors->count == before) load_fail(loader, one, "inputs: listen: is missing");
    if (input.kind == CONF_INPUT_HTTP && input.transport == CONF_UDP) load_fail(loader, one, "inputs: http listens on tcp");
    input_add(loader, input);
  }
}

/* ---- files ---- */

struct top {
  struct secrets    *secrets;
  const yaml_node_t *include; /* read last, so that the file's own rules come first */
};

static void top_each(struct loader *loader, void *context, const char *name, const yaml_node_t *key_node, const yaml_node_t *value) {
  static const char *const names[] = { "stream", "node",  "region", "include", "inputs", "rules", "packs",
                                       "queue",  "store", "keys",   "limits",  "log",    NULL };
  struct top              *top = context;
  size_t                   count;
  const struct conf_key   *keys = schema_keys(&count);
  struct section           section = { .name = name, .secrets = strcmp(name, "store") == 0 ? top->secrets : NULL };
  for (size_t i = 0; i < count; i++) {
    const char *text, *expected;
    if (strcmp(keys[i].key, name) != 0) continue;
    text = load_scalar(loader, value, name);
    expected = text != NULL ? value_set(loader->conf, &keys[i], text) : NULL;
    if (expected != NULL) value_expected(loader, value, &keys[i], expected);
    if (text != NULL && strcmp(name, "region") == 0 && !filter_region_known(text))
      load_fail(loader, value, "region: unknown region \"%.10s\": two letters such as FR", text);
    return;
  }
  if (strcmp(name, "include") == 0) top->include = value;
  else if (strcmp(name, "inputs") == 0) load_inputs(loader, value);
  else if (strcmp(name, "rules") == 0) load_rules(loader, value);
  else if (strcmp(name, "packs") == 0) load_packs(loader, value);
  else {
    for (size_t i = 7; names[i] != NULL; i++) {
      if (strcmp(names[i], name) != 0) continue;
      if (top->secrets != NULL && section.secrets != NULL) {
        top->secrets->line = (int)key_node->start_mark.line + 1;
        top->secrets->col = (int)key_node->start_mark.column + 1;
      }
      load_mapping(loader, value, name, section_each, &section);
      return;
    }
    load_unknown(loader, key_node, "", names);
  }
}

static void load_include(struct loader *loader, const yaml_node_t *node) {
  const char *text = load_scalar(loader, node, "include"), *slash = strrchr(loader->file, '/');
  char        pattern[4096];
  glob_t      found;
  if (text == NULL) return;
  if (snprintf(pattern, sizeof pattern, "%.*s%s", text[0] == '/' || slash == NULL ? 0 : (int)(slash + 1 - loader->file), loader->file, text) >=
      (int)sizeof pattern) {
    load_fail(loader, node, "include: the path is too long");
    return;
  }
  if (glob(pattern, 0, NULL, &found) != 0) {
    load_fail(loader, node, "include: no file fits \"%.160s\"", pattern);
    return;
  }
  for (size_t i = 0; i < found.gl_pathc; i++) load_file(loader, found.gl_pathv[i], loader->file, node);
  globfree(&found);
}

static char *file_read(const char *path, size_t *size, const char **why) {
  FILE       *stream = fopen(path, "rbe");
  struct stat st;
  char       *bytes = NULL;
  *why = NULL;
  if (stream == NULL || fstat(fileno(stream), &st) != 0) *why = strerror(errno);
  else if (!S_ISREG(st.st_mode)) *why = "no regular file";
  else if (st.st_size > FILE_MOST) *why = "longer than 4 MiB";
  else if ((bytes = malloc((size_t)st.st_size + 1)) == NULL) *why = "out of memory";
  else *size = fread(bytes, 1, (size_t)st.st_size, stream);
  if (stream != NULL) fclose(stream);
  return bytes;
}

static const char *file_add(struct loader *loader, const char *path) {
  struct conf *conf = loader->conf;
  char       **files = realloc(conf->files, (conf->file_count + 1) * sizeof *files);
  if (files == NULL) return NULL;
  conf->files = files;
  files[conf->file_count] = strdup(path);
  return files[conf->file_count] != NULL ? files[conf->file_count++] : NULL;
}

static void file_root(struct loader *loader, const yaml_node_t *root, void *context) {
  struct top *top = context;
  load_mapping(loader, root, "", top_each, top);
  if (top->include == NULL) return;
  if (top->include->type != YAML_SEQUENCE_NODE) {
    load_include(loader, top->include);
    return;
  }
  for (const yaml_node_item_t *item = top->include->data.sequence.items.start; item < top->include->data.sequence.items.top; item++)
    load_include(loader, load_node(loader, *item));
}

static void secrets_read(struct loader *loader, const struct secrets *secrets);

void load_document(struct loader *loader, struct text bytes, load_root *read, void *context) {
  struct loader   outer = *loader;
  yaml_parser_t   parser;
  yaml_document_t document;
  if (yaml_parser_initialize(&parser) == 0) {
    loader->out_of_memory = true;
    return;
  }
  loader->document = &document;
  yaml_parser_set_input_string(&parser, (const unsigned char *)bytes.at, bytes.size);
  if (yaml_parser_load(&parser, &document) == 0) {
    conf_fail_at(loader->errors, loader->file, (int)parser.problem_mark.line + 1, (int)parser.problem_mark.column + 1, "not valid YAML: %s%s%s",
                 parser.problem != NULL ? parser.problem : "cannot be read", parser.context != NULL ? ", " : "",
                 parser.context != NULL ? parser.context : "");
  } else {
    const yaml_node_t *root = yaml_document_get_root_node(&document);
    if (root != NULL) read(loader, root, context); /* NULL: an empty file */
    yaml_document_delete(&document);
  }
  yaml_parser_delete(&parser);
  loader->document = outer.document;
}

static void load_file(struct loader *loader, const char *path, const char *from, const yaml_node_t *at) {
  struct secrets secrets = { 0 };
  struct loader  outer = *loader;
  struct top     top = { .secrets = &secrets };
  const char    *why;
  size_t         size = 0;
  char          *bytes = file_read(path, &size, &why);
  if (bytes == NULL || loader->depth >= INCLUDE_DEPTH) {
    if (bytes != NULL) why = "included too deeply; does it include itself?";
    conf_fail_at(loader->errors, from != NULL ? from : path, at != NULL ? (int)at->start_mark.line + 1 : 0,
                 at != NULL ? (int)at->start_mark.column + 1 : 0, "%s%.160s: cannot be read: %s", from != NULL ? "include: " : "", path, why);
    free(bytes);
    return;
  }
  loader->file = file_add(loader, path);
  if (loader->file == NULL) {
    loader->out_of_memory = true;
    loader->file = outer.file;
    free(bytes);
    return;
  }
  loader->depth++;
  load_document(loader, (struct text){ bytes, size }, file_root, &top);
  free(bytes);
  if (loader->depth == 1) secrets_read(loader, &secrets);
  free(secrets.access_env);
  free(secrets.secret_env);
  free(secrets.access_file);
  free(secrets.secret_file);
  loader->file = outer.file;
  loader->depth = outer.depth;
}

/* ---- what is left when all files are read ---- */

static char *secret_read(struct loader *loader, const struct secrets *secrets, const char *env, const char *file, const char *what) {
  char   text[512];
  FILE  *stream;
  size_t size;
  if (file == NULL) {
    const char *value = getenv(env);
    if (value != NULL && *value != 0) return load_copy(loader, value);
    conf_fail_at(loader->errors, loader->file, secrets->line, secrets->col, "store: %s: the environment variable %.60s is not set", what, env);
    return NULL;
  }
  stream = fopen(file, "rbe");
  if (stream == NULL) {
    conf_fail_at(loader->errors, loader->file, secrets->line, secrets->col, "store: %s: %.120s: %s", what, file, strerror(errno));
    return NULL;
  }
  size = fread(text, 1, sizeof text - 1, stream);
  fclose(stream);
  text[size] = 0;
  text[strcspn(text, "\r\n")] = 0;
  return load_copy(loader, text);
}

static void secrets_read(struct loader *loader, const struct secrets *secrets) {
  struct conf_store *store = &loader->conf->store;
  char               endpoint[160];
  if (store->kind != CONF_STORE_S3) return;
  if (store->bucket == NULL) conf_fail_at(loader->errors, loader->file, secrets->line, secrets->col, "store: bucket: is missing (kind: s3)");
  store->access_key =
      secret_read(loader, secrets, secrets->access_env != NULL ? secrets->access_env : "AWS_ACCESS_KEY_ID", secrets->access_file, "access_key");
  store->secret_key =
      secret_read(loader, secrets, secrets->secret_env != NULL ? secrets->secret_env : "AWS_SECRET_ACCESS_KEY", secrets->secret_file, "secret_key");
  if (store->endpoint != NULL && strncmp(store->endpoint, "https://", 8) != 0 && strncmp(store->endpoint, "http://", 7) != 0)
    conf_fail_at(loader->errors, loader->file, secrets->line, secrets->col, "store: endpoint: https://host is expected");
  if (store->endpoint != NULL) return;
  snprintf(endpoint, sizeof endpoint, "https://s3.%s.io.cloud.ovh.net", store->region);
  store->endpoint = load_copy(loader, endpoint);
}

static void presets(struct conf *conf) {
  size_t                 count;
  const struct conf_key *keys = schema_keys(&count);
  for (size_t i = 0; i < count; i++)
    if (keys[i].preset != NULL) value_set(conf, &keys[i], keys[i].preset);
}

static void default_inputs(struct loader *loader) {
  static const struct {
    const char          *name;
    enum conf_input_kind kind;
    enum conf_transport  transport;
    uint16_t             port;
  } rows[] = {
    { "syslog-udp", CONF_INPUT_SYSLOG, CONF_UDP, 5514 },
    { "syslog-tcp", CONF_INPUT_SYSLOG, CONF_TCP, 5514 },
    { "http", CONF_INPUT_HTTP, CONF_TCP, 8514 },
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    input_add(loader, (struct conf_input){ .name = load_copy(loader, rows[i].name),
                                           .kind = rows[i].kind,
                                           .transport = rows[i].transport,
                                           .address = load_copy(loader, "127.0.0.1"),
                                           .port = rows[i].port });
}

struct conf *conf_load(const char *path, struct conf_errors *errors) {
  struct loader loader = { .conf = calloc(1, sizeof *loader.conf), .errors = errors, .file = path != NULL ? path : "built-in defaults" };
  size_t        before = errors->count;
  char          host[256] = "";
  if (loader.conf == NULL) {
    conf_fail_at(errors, loader.file, 0, 0, "out of memory");
    return NULL;
  }
  presets(loader.conf);
  if (path != NULL) load_file(&loader, path, NULL, NULL);
  if (!loader.inputs_given) default_inputs(&loader);
  packs_add(&loader);
  if (loader.conf->node == NULL) {
    if (gethostname(host, sizeof host - 1) != 0 || host[0] == 0) snprintf(host, sizeof host, "node");
    loader.conf->node = load_copy(&loader, host);
  }
  if (loader.out_of_memory) conf_fail_at(errors, loader.file, 0, 0, "out of memory");
  if (errors->count == before) return loader.conf;
  conf_free(loader.conf);
  return NULL;
}

void conf_free(struct conf *conf) {
  if (conf == NULL) return;
  for (size_t i = 0; i < conf->input_count; i++) {
    free(conf->inputs[i].name);
    free(conf->inputs[i].address);
  }
  for (size_t i = 0; i < conf->rule_count; i++) conf_rule_free(&conf->rules[i]);
  for (size_t i = 0; i < conf->file_count; i++) free(conf->files[i]);
  if (conf->store.secret_key != NULL) explicit_bzero(conf->store.secret_key, strlen(conf->store.secret_key));
  free(conf->inputs);
  free(conf->rules);
  free(conf->files);
  free(conf->stream);
  free(conf->node);
  free(conf->region);
  free(conf->queue.path);
  free(conf->keys.file);
  free(conf->keys.credential);
  free(conf->store.path);
  free(conf->store.endpoint);
  free(conf->store.region);
  free(conf->store.bucket);
  free(conf->store.prefix);
  free(conf->store.access_key);
  free(conf->store.secret_key);
  free(conf->store.ca_file);
  free(conf);
}
