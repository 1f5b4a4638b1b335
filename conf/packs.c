/* packs: rules that come with tamis. Their files, and the default configuration, are part of the program: one source, and
 * nothing to install or to keep in step. Each pack can be switched off by its name. */
#include "conf/load.h"

/* The bytes of a file beside this one; the Makefile names the files as what this one is made from. */
#define EMBED(symbol, file)                                                                                                                          \
  __asm__(".pushsection .rodata\n"                                                                                                                   \
          ".global embedded_" #symbol "\n"                                                                                                           \
          ".global embedded_" #symbol "_end\n"                                                                                                       \
          "embedded_" #symbol ": .incbin \"" file "\"\n"                                                                                             \
          "embedded_" #symbol "_end: .byte 0\n"                                                                                                      \
          ".popsection\n");                                                                                                                          \
  extern const char embedded_##symbol[], embedded_##symbol##_end[]

EMBED(tamis, "conf/tamis.yaml");
EMBED(telephony, "conf/rules/telephony.yaml");
EMBED(web, "conf/rules/web.yaml");
EMBED(mail, "conf/rules/mail.yaml");
EMBED(system, "conf/rules/system.yaml");
EMBED(business, "conf/rules/business.yaml");

static const struct pack {
  const char *name, *file, *at, *end;
} packs[] = {
#define PACK(symbol)                                                                                                                                 \
  { #symbol, "built-in rules/" #symbol ".yaml", embedded_##symbol, embedded_##symbol##_end }
  PACK(telephony), PACK(web), PACK(mail), PACK(system), PACK(business),
#undef PACK
};
enum { PACKS = sizeof packs / sizeof packs[0] };

static void pack_each(struct loader *loader, void *context, const char *name, const yaml_node_t *key_node, const yaml_node_t *value) {
  const char *names[PACKS + 1] = { NULL };
  bool        on = true;
  (void)context;
  for (size_t i = 0; i < PACKS; i++) {
    names[i] = packs[i].name;
    if (strcmp(packs[i].name, name) != 0) continue;
    if (load_bool(loader, value, "packs", &on) && !on) loader->packs_off |= 1u << i;
    return;
  }
  load_unknown(loader, key_node, "packs", names);
}

void load_packs(struct loader *loader, const yaml_node_t *node) { load_mapping(loader, node, "packs", pack_each, NULL); }

/* Of a built-in file the rules alone: what else it says is for a reader. */
static void rules_each(struct loader *loader, void *context, const char *name, const yaml_node_t *key_node, const yaml_node_t *value) {
  (void)context, (void)key_node;
  if (strcmp(name, "rules") == 0) load_rules(loader, value);
}

static void rules_root(struct loader *loader, const yaml_node_t *root, void *context) { load_mapping(loader, root, "", rules_each, context); }

static void pack_add(struct loader *loader, const struct pack *pack) {
  const char *outer = loader->file;
  loader->file = pack->file;
  loader->builtin = true;
  load_document(loader, (struct text){ pack->at, (size_t)(pack->end - pack->at) }, rules_root, NULL);
  loader->builtin = false;
  loader->file = outer;
}

void packs_add(struct loader *loader) {
  static const struct pack defaults = { "", "built-in tamis.yaml", embedded_tamis, embedded_tamis_end };
  if (!loader->rules_given) pack_add(loader, &defaults);
  for (size_t i = 0; i < PACKS; i++)
    if (!(loader->packs_off >> i & 1)) pack_add(loader, &packs[i]);
}
