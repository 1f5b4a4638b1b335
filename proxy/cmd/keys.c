/* tamis keys [-c FILE] [--file RING] list [--json] | create [--ahead N] | rotate [--at TIME] |
 *            destroy [--yes] [--force] ID... | --before DATE
 * The key epochs of the pseudonyms. No key is ever printed. A running proxy takes a changed ring at SIGHUP. */
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "proxy/cmd/cmd.h"
#include "proxy/cmd/common.h"

enum { OPTION_JSON = 1, OPTION_AHEAD = 2, OPTION_AT = 4, OPTION_BEFORE = 8, OPTION_YES = 16, OPTION_FORCE = 32 };

struct keys {
  const char           *conf_file, *ring_file, *at, *before;
  unsigned              given; /* OPTION_… bits */
  unsigned long         ahead;
  char                **ids; /* behind the verb */
  int                   id_count;
  struct conf          *conf;
  struct keyring_source source;
  struct keyring        ring;
  int64_t               now_s;
  size_t                changes;
  char                  why[1024];
};

static int keys_fail(const struct keys *keys, int status) {
  fprintf(stderr, "tamis keys: %s\n", keys->why);
  return status;
}

/* ---- list ---- */

static const char *state_name(const struct keys *keys, const struct epoch *epoch) {
  if (epoch->destroyed_s != 0) return "destroyed";
  if (epoch->from_s > keys->now_s) return "ahead";
  return keyring_at(&keys->ring, keys->now_s) == epoch ? "current" : "past";
}

static void ring_print(const struct keys *keys) {
  char from[STAMP_SIZE + 1], until[STAMP_SIZE + 1], fingerprint[FINGERPRINT_ROOM];
  printf("%-20s %-*s %-*s %-9s  %s\n", "epoch", STAMP_SIZE, "from", STAMP_SIZE, "until", "state", "fingerprint");
  for (size_t i = 0; i < keys->ring.count; i++) {
    const struct epoch *epoch = &keys->ring.epochs[i];
    int64_t             end = keyring_until(&keys->ring, epoch);
    stamp_into(epoch->from_s, from);
    stamp_into(end, until);
    epoch_fingerprint_into(epoch, fingerprint);
    printf("%-20s %s %-*s %-9s  %s\n", epoch->id, from, STAMP_SIZE, end != INT64_MAX ? until : "-", state_name(keys, epoch),
           epoch->destroyed_s == 0 ? fingerprint : "-");
  }
}

static json_t *stamp_json(int64_t at_s) {
  char stamp[STAMP_SIZE + 1];
  stamp_into(at_s, stamp);
  return at_s == 0 || at_s == INT64_MAX ? json_null() : json_string(stamp);
}

static int ring_json(const struct keys *keys) {
  json_t *list = json_array();
  char    fingerprint[FINGERPRINT_ROOM], from[STAMP_SIZE + 1];
  int     status;
  for (size_t i = 0; i < keys->ring.count; i++) {
    const struct epoch *epoch = &keys->ring.epochs[i];
    epoch_fingerprint_into(epoch, fingerprint);
    stamp_into(epoch->from_s, from);
    json_array_append_new(list, json_pack("{s:s, s:s, s:o, s:s, s:o, s:s?}", "id", epoch->id, "from", from, "until",
                                          stamp_json(keyring_until(&keys->ring, epoch)), "state", state_name(keys, epoch), "destroyed",
                                          stamp_json(epoch->destroyed_s), "fingerprint", epoch->destroyed_s == 0 ? fingerprint : NULL));
  }
  status = json_dumpf(list, stdout, JSON_INDENT(2)) == 0 && json_array_size(list) == keys->ring.count ? 0 : 2;
  putchar('\n');
  json_decref(list);
  return status;
}

static int keys_list(struct keys *keys) {
  int status = 0;
  switch (keyring_file_read(&keys->source, &keys->ring, keys->why, sizeof keys->why)) {
  case KEYRING_ABSENT:
    snprintf(keys->why, sizeof keys->why, "%s: there is no keyring: tamis keys create", keys->source.path);
    return keys_fail(keys, 2);
  case KEYRING_GOOD: break;
  default: return keys_fail(keys, 2);
  }
  if ((keys->given & OPTION_JSON) != 0) status = ring_json(keys);
  else ring_print(keys);
  if (cmd_epoch(&keys->ring, NULL, keys->now_s, keys->why, sizeof keys->why) == NULL) return keys_fail(keys, 1);
  return status;
}

/* ---- changes ---- */

/* Lets change work on the file; then says done and what the ring is. */
static int keys_change(struct keys *keys, keyring_change *change, const char *done) {
  if (!keyring_file_update(keys->source.path, change, keys, &keys->ring, keys->why, sizeof keys->why)) return keys_fail(keys, 2);
  printf("%s: %zu, in %s; a running proxy takes the keyring at SIGHUP\n", done, keys->changes, keys->source.path);
  ring_print(keys);
  return 0;
}

static bool create_change(struct keyring *ring, void *context, char *why, size_t size) {
  struct keys          *keys = context;
  struct keyring_policy policy = cmd_keyring_policy(keys->conf);
  size_t                before = ring->count;
  if ((keys->given & OPTION_AHEAD) != 0) policy.ahead = (unsigned)keys->ahead;
  ring->bare = false; /* asked for by name: the bare key's epoch ends here, its schedule begins */
  if (!keyring_fill(ring, &policy, keys->now_s, why, size)) return false;
  keys->changes = ring->count - before;
  return true;
}

static int keys_create(struct keys *keys) { return keys_change(keys, create_change, "epochs made"); }

/* Now, or the next second where an epoch began in this one: what begins at it is in force when the command ends. */
static int64_t free_second(struct keys *keys, const struct keyring *ring) {
  const struct timespec pause = { .tv_nsec = 10000000 };
  const struct epoch   *now;
  while ((now = keyring_at(ring, keys->now_s)) != NULL && now->from_s == keys->now_s) {
    nanosleep(&pause, NULL);
    keys->now_s = cmd_now_s();
  }
  return keys->now_s;
}

static bool rotate_change(struct keyring *ring, void *context, char *why, size_t size) {
  struct keys *keys = context;
  int64_t      from_s = 0;
  char         id[EPOCH_ID_MOST + 1];
  if (ring->count == 0) {
    snprintf(why, size, "%s: there is no keyring: tamis keys create", keys->source.path);
    return false;
  }
  if (keys->at == NULL || !stamp_parse(text_of(keys->at), &from_s)) from_s = free_second(keys, ring);
  epoch_name_into(from_s, id);
  keys->changes = 1;
  return keyring_add_random(ring, id, from_s, why, size);
}

static int keys_rotate(struct keys *keys) {
  int64_t at_s;
  if (keys->at != NULL && (!stamp_parse(text_of(keys->at), &at_s) || at_s < keys->now_s)) {
    snprintf(keys->why, sizeof keys->why, "--at: a time to come is expected, such as 2026-12-01T00:00:00Z");
    return keys_fail(keys, 2);
  }
  return keys_change(keys, rotate_change, "epochs made");
}

/* ---- destroy ---- */

/* The one named and the one in force: may it go? */
static bool destroy_allowed(const struct keyring *ring, const char *id, const struct keys *keys, char *why, size_t size) {
  const struct epoch *epoch = keyring_find(ring, id), *now = keyring_at(ring, keys->now_s);
  if (epoch == NULL) snprintf(why, size, "there is no epoch %.40s: tamis keys list", id);
  else if (epoch == now && epoch->destroyed_s == 0 && (keys->given & OPTION_FORCE) == 0)
    snprintf(why, size, "epoch %s is in force: tamis keys rotate first, or --force, which does both", id);
  else if (epoch->from_s > keys->now_s && (keys->given & OPTION_FORCE) == 0)
    snprintf(why, size, "epoch %s is yet to come, and other nodes may have it: --force removes it", id);
  else return true;
  return false;
}

static bool destroy_one(struct keyring *ring, const char *id, struct keys *keys, char *why, size_t size) {
  const struct epoch *epoch = keyring_find(ring, id);
  char                next[EPOCH_ID_MOST + 1];
  if (!destroy_allowed(ring, id, keys, why, size)) return false;
  if (epoch->from_s > keys->now_s) {
    keyring_remove(ring, epoch); /* nothing was made with it: create makes another one */
    keys->changes++;
    return true;
  }
  if (epoch->destroyed_s != 0) return true;
  if (epoch == keyring_at(ring, keys->now_s)) {
    epoch_name_into(free_second(keys, ring), next);
    if (!keyring_add_random(ring, next, keys->now_s, why, size)) return false;
    epoch = keyring_find(ring, id); /* the ring may have moved */
  }
  keyring_destroy(ring, epoch, keys->now_s);
  keys->changes++;
  return true;
}

static bool destroy_change(struct keyring *ring, void *context, char *why, size_t size) {
  struct keys *keys = context;
  for (int i = 0; i < keys->id_count; i++)
    if (!destroy_one(ring, keys->ids[i], keys, why, size)) return false;
  return true;
}

/* The ids of all epochs that ended by then and have their keys. False: no memory. */
static bool before_select(struct keys *keys, int64_t before_s, char ***made) {
  *made = calloc(keys->ring.count + 1, sizeof **made);
  if (*made == NULL) return false;
  keys->ids = *made;
  for (size_t i = 0; i < keys->ring.count; i++) {
    const struct epoch *epoch = &keys->ring.epochs[i];
    int64_t             until = keyring_until(&keys->ring, epoch);
    if (epoch->destroyed_s == 0 && until <= before_s && until <= keys->now_s) keys->ids[keys->id_count++] = (char *)epoch->id;
  }
  return true;
}

static bool confirmed(const struct keys *keys) {
  char answer[8] = "";
  printf("The keys of these epochs will be gone for good; what was stored with them stays, but nobody can recompute or look up its pseudonyms:\n ");
  for (int i = 0; i < keys->id_count; i++) printf(" %s", keys->ids[i]);
  if ((keys->given & OPTION_YES) != 0) {
    printf("\n");
    return true;
  }
  printf("\nDestroy them? Type yes: ");
  fflush(stdout);
  return fgets(answer, sizeof answer, stdin) != NULL && strcmp(answer, "yes\n") == 0;
}

static int destroy_selected(struct keys *keys) {
  struct keyring shown = keys->ring; /* ids may point into it */
  int            status = 1;
  keys->ring = (struct keyring){ 0 };
  for (int i = 0; i < keys->id_count; i++) {
    if (destroy_allowed(&shown, keys->ids[i], keys, keys->why, sizeof keys->why)) continue;
    keyring_wipe(&shown);
    return keys_fail(keys, 1);
  }
  if (keys->id_count == 0) {
    printf("nothing to destroy\n");
    status = 0;
  } else if (confirmed(keys)) {
    status = keys_change(keys, destroy_change, "keys destroyed");
  } else {
    printf("nothing was destroyed\n");
  }
  keyring_wipe(&shown);
  return status;
}

static int keys_destroy(struct keys *keys) {
  char  **made = NULL;
  int64_t before_s = 0;
  int     status;
  if ((keys->before != NULL) == (keys->id_count > 0)) return cmd_usage("keys [-c FILE] destroy [--yes] [--force] ID... | --before DATE");
  if (keys->before != NULL && !date_parse(text_of(keys->before), &before_s) && !stamp_parse(text_of(keys->before), &before_s)) {
    snprintf(keys->why, sizeof keys->why, "--before: a day is expected, such as 2026-11-01");
    return keys_fail(keys, 2);
  }
  if ((keys->given & OPTION_YES) == 0 && !isatty(STDIN_FILENO)) {
    snprintf(keys->why, sizeof keys->why, "destroy asks on a terminal; without one it wants --yes");
    return keys_fail(keys, 2);
  }
  if (keyring_file_read(&keys->source, &keys->ring, keys->why, sizeof keys->why) != KEYRING_GOOD) return keys_fail(keys, 2);
  if (keys->before != NULL && !before_select(keys, before_s, &made)) snprintf(keys->why, sizeof keys->why, "no memory");
  status = keys->before != NULL && made == NULL ? keys_fail(keys, 2) : destroy_selected(keys);
  free(made);
  return status;
}

/* ---- the command line ---- */

static const struct verb {
  const char *name;
  int (*run)(struct keys *keys);
  unsigned options;
  bool     ids, writes;
} verbs[] = {
  { "list", keys_list, OPTION_JSON, false, false },
  { "create", keys_create, OPTION_AHEAD, false, true },
  { "rotate", keys_rotate, OPTION_AT, false, true },
  { "destroy", keys_destroy, OPTION_BEFORE | OPTION_YES | OPTION_FORCE, true, true },
};

static int keys_usage(void) {
  cmd_usage("keys [-c FILE] [--file RING] list [--json]");
  fprintf(stderr, "                                            create [--ahead N]\n"
                  "                                            rotate [--at TIME]\n"
                  "                                            destroy [--yes] [--force] ID... | --before DATE\n");
  return 2;
}

static bool options_read(struct keys *keys, int argc, char **argv) {
  static const struct option options[] = {
    { "config", required_argument, NULL, 'c' }, { "file", required_argument, NULL, 'f' }, { "json", no_argument, NULL, 'j' },
    { "ahead", required_argument, NULL, 'n' },  { "at", required_argument, NULL, 'a' },   { "before", required_argument, NULL, 'b' },
    { "yes", no_argument, NULL, 'y' },          { "force", no_argument, NULL, 'F' },      { 0 }
  };
  char *end;
  for (int option; (option = getopt_long(argc, argv, "c:", options, NULL)) != -1;) {
    switch (option) {
    case 'c': keys->conf_file = optarg; break;
    case 'f': keys->ring_file = optarg; break;
    case 'j': keys->given |= OPTION_JSON; break;
    case 'y': keys->given |= OPTION_YES; break;
    case 'F': keys->given |= OPTION_FORCE; break;
    case 'a':
      keys->given |= OPTION_AT;
      keys->at = optarg;
      break;
    case 'b':
      keys->given |= OPTION_BEFORE;
      keys->before = optarg;
      break;
    case 'n':
      keys->given |= OPTION_AHEAD;
      keys->ahead = strtoul(optarg, &end, 10);
      if (optarg[0] < '0' || optarg[0] > '9' || *end != 0 || keys->ahead > 1000) return false;
      break;
    default: return false;
    }
  }
  return true;
}

static int verb_run(struct keys *keys, const struct verb *verb) {
  keys->conf = cmd_conf_open(keys->conf_file, false);
  if (keys->conf == NULL) return 2;
  if (keys->ring_file == NULL && verb->writes && keys->conf->keys.credential != NULL) {
    snprintf(keys->why, sizeof keys->why, "a credential is read-only: name the file that systemd loads with --file");
    return keys_fail(keys, 2);
  }
  if (!keyring_source_set(&keys->source, keys->ring_file != NULL ? keys->ring_file : keys->conf->keys.file,
                          keys->ring_file != NULL ? NULL : keys->conf->keys.credential, keys->why, sizeof keys->why))
    return keys_fail(keys, 2);
  keys->now_s = cmd_now_s();
  return verb->run(keys);
}

int cmd_keys(int argc, char **argv) {
  struct keys keys = { 0 };
  int         status = 2;
  if (!options_read(&keys, argc, argv) || optind == argc) return keys_usage();
  keys.ids = argv + optind + 1;
  keys.id_count = argc - optind - 1;
  for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
    const struct verb *verb = &verbs[i];
    if (strcmp(verb->name, argv[optind]) != 0) continue;
    if ((keys.given & ~verb->options) != 0 || (keys.id_count > 0 && !verb->ids)) return keys_usage();
    status = verb_run(&keys, verb);
    keyring_wipe(&keys.ring);
    conf_free(keys.conf);
    if (fflush(stdout) != 0) status = 2;
    return status;
  }
  return keys_usage();
}
