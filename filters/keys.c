/* keys: what a key says of its value. One table; look-ups go through a hash of it that a filter makes once. */
#include "filters/scan.h"

struct key_row {
  uint8_t     size;
  const char *key; /* lower case, '-' written as '_' */
  uint32_t    kind;
};
#define KEY(literal, kind)                                                                                                                           \
  { sizeof(literal) - 1, literal, kind }

static const struct key_row key_rows[] = {
  KEY("ci", KEY_CALLID),
  KEY("callid", KEY_CALLID),
  KEY("call_id", KEY_CALLID),
  KEY("id", KEY_ID),
  KEY("ts", KEY_ID),
  KEY("pid", KEY_ID),
  KEY("ref", KEY_ID),
  KEY("seq", KEY_ID),
  KEY("cseq", KEY_ID),
  KEY("port", KEY_ID),
  KEY("size", KEY_ID),
  KEY("time", KEY_ID),
  KEY("bytes", KEY_ID),
  KEY("epoch", KEY_ID),
  KEY("rport", KEY_ID),
  KEY("msgsize", KEY_ID),
  KEY("uniqueid", KEY_ID),
  KEY("timestamp", KEY_ID),
  KEY("to", KEY_PHONE),
  KEY("ani", KEY_PHONE),
  KEY("aor", KEY_PHONE),
  KEY("cid", KEY_PHONE),
  KEY("did", KEY_PHONE),
  KEY("dst", KEY_PHONE),
  KEY("num", KEY_PHONE),
  KEY("pai", KEY_PHONE),
  KEY("sms", KEY_PHONE),
  KEY("src", KEY_PHONE),
  KEY("tel", KEY_PHONE),
  KEY("cell", KEY_PHONE),
  KEY("clid", KEY_PHONE),
  KEY("dnis", KEY_PHONE),
  KEY("from", KEY_PHONE),
  KEY("peer", KEY_PHONE),
  KEY("rpid", KEY_PHONE),
  KEY("exten", KEY_PHONE),
  KEY("phone", KEY_PHONE),
  KEY("called", KEY_PHONE),
  KEY("callee", KEY_PHONE),
  KEY("caller", KEY_PHONE),
  KEY("dialed", KEY_PHONE),
  KEY("mobile", KEY_PHONE),
  KEY("msisdn", KEY_PHONE),
  KEY("number", KEY_PHONE),
  KEY("calling", KEY_PHONE),
  KEY("contact", KEY_PHONE),
  KEY("callerid", KEY_PHONE),
  KEY("refer_to", KEY_PHONE),
  KEY("diversion", KEY_PHONE),
  KEY("extension", KEY_PHONE),
  KEY("callee_num", KEY_PHONE),
  KEY("caller_num", KEY_PHONE),
  KEY("subscriber", KEY_PHONE),
  KEY("calleridnum", KEY_PHONE),
  KEY("connectedid", KEY_PHONE),
  KEY("destination", KEY_PHONE),
  KEY("history_info", KEY_PHONE),
  KEY("phone_number", KEY_PHONE),
  KEY("caller_id_num", KEY_PHONE),
  KEY("callerid(all)", KEY_PHONE),
  KEY("callerid(num)", KEY_PHONE),
  KEY("cdr(userfield)", KEY_PHONE),
  KEY("remote_party_id", KEY_PHONE),
  KEY("caller_id_number", KEY_PHONE),
  KEY("connectedlinenum", KEY_PHONE),
  KEY("destination_number", KEY_PHONE),
  KEY("p_asserted_identity", KEY_PHONE),
  KEY("effective_caller_id_number", KEY_PHONE),
  KEY("origination_caller_id_number", KEY_PHONE),
  KEY("ua", KEY_AGENT),
  KEY("agent", KEY_AGENT),
  KEY("server", KEY_AGENT),
  KEY("useragent", KEY_AGENT),
  KEY("user_agent", KEY_AGENT),
  KEY("mac", KEY_MAC),
  KEY("macaddr", KEY_MAC),
  KEY("mac_address", KEY_MAC),
  KEY("pwd", KEY_SECRET),
  KEY("pass", KEY_SECRET),
  KEY("token", KEY_SECRET),
  KEY("apikey", KEY_SECRET),
  KEY("cookie", KEY_SECRET),
  KEY("passwd", KEY_SECRET),
  KEY("secret", KEY_SECRET),
  KEY("api_key", KEY_SECRET),
  KEY("password", KEY_SECRET),
  KEY("md5_secret", KEY_SECRET),
  KEY("set_cookie", KEY_SECRET),
  KEY("access_token", KEY_SECRET),
  KEY("session_token", KEY_SECRET),
  KEY("tag", KEY_TOKEN),
  KEY("ssrc", KEY_TOKEN),
  KEY("branch", KEY_TOKEN),
  KEY("to_tag", KEY_TOKEN),
  KEY("from_tag", KEY_TOKEN),
  KEY("user", KEY_USER | KEY_PHONE),
  KEY("account", KEY_USER | KEY_PHONE),
  KEY("authuser", KEY_USER | KEY_PHONE),
  KEY("dst_user", KEY_USER | KEY_PHONE),
  KEY("src_user", KEY_USER | KEY_PHONE),
  KEY("username", KEY_USER | KEY_PHONE),
  KEY("accountid", KEY_USER | KEY_PHONE),
  KEY("auth_user", KEY_USER | KEY_PHONE),
  KEY("from_user", KEY_USER | KEY_PHONE),
  KEY("caller_user", KEY_USER | KEY_PHONE),
  KEY("auth_username", KEY_USER | KEY_PHONE),
  KEY("login", KEY_USER),
  KEY("nonce", KEY_DIGEST),
  KEY("cnonce", KEY_DIGEST),
  KEY("opaque", KEY_DIGEST),
  KEY("response", KEY_DIGEST),
  KEY("challenge", KEY_DIGEST),
  KEY("aniname", KEY_NAME),
  KEY("fullname", KEY_NAME),
  KEY("callee_name", KEY_NAME),
  KEY("caller_name", KEY_NAME),
  KEY("calleridname", KEY_NAME),
  KEY("display_name", KEY_NAME),
  KEY("caller_id_name", KEY_NAME),
  KEY("callerid(name)", KEY_NAME),
  KEY("connectedlinename", KEY_NAME),
  KEY("effective_caller_id_name", KEY_NAME),
  KEY("origination_caller_id_name", KEY_NAME),
  KEY("authorization", KEY_SCHEME),
  KEY("proxy_authorization", KEY_SCHEME),
};
enum { KEY_ROWS = sizeof key_rows / sizeof key_rows[0] };

enum { FOLD = 0x20 }; /* set in every byte of a key: letters of both cases agree, and no two other bytes of keys become one */

/* A key in two words that tell all its bytes up to 16, and the ends of a longer one. */
static inline void key_words(const char *key, size_t size, uint64_t words[2]) {
  uint32_t short_first, short_last;
  if (size >= 8) {
    memcpy(&words[0], key, 8);
    memcpy(&words[1], key + size - 8, 8);
  } else if (size >= 4) {
    memcpy(&short_first, key, 4);
    memcpy(&short_last, key + size - 4, 4);
    words[0] = short_first | (uint64_t)short_last << 32;
    words[1] = 0;
  } else { /* 2 or 3 */
    words[0] = (unsigned char)key[0] | (uint64_t)(unsigned char)key[1] << 8 | (uint64_t)(unsigned char)key[size - 1] << 16;
    words[1] = 0;
  }
  words[0] |= UINT64_C(0x0101010101010101) * FOLD;
  words[1] |= UINT64_C(0x0101010101010101) * FOLD;
}

static inline uint32_t key_hash(const uint64_t words[2], size_t size) {
  uint64_t hash = (words[0] ^ (words[1] << 29 | words[1] >> 35) ^ size) * UINT64_C(0x9e3779b97f4a7c15);
  return (uint32_t)(hash >> 32) % KEY_SLOTS;
}

static void slot_add(struct key_index *index, const char *key, size_t size, uint32_t kind) {
  struct key_slot slot = { .size = (uint32_t)size, .kind = kind };
  uint32_t        at;
  key_words(key, size, slot.words);
  if (size > 16) memcpy(slot.middle, key + 8, size - 16);
  for (size_t i = 0; size > 16 && i < size - 16; i++) slot.middle[i] |= FOLD;
  for (at = key_hash(slot.words, size); index->slots[at].kind != 0; at = (at + 1) % KEY_SLOTS) continue;
  index->slots[at] = slot;
}

/* Each key as it stands, and with '-' for '_'. */
void keys_index(struct key_index *index) {
  _Static_assert(KEY_ROWS < KEY_SLOTS / 4, "the table is more than half full");
  *index = (struct key_index){ 0 };
  for (size_t i = 0; i < KEY_ROWS; i++) {
    const struct key_row *row = &key_rows[i];
    char                  dashed[KEY_MOST];
    for (size_t k = 0; k < row->size; k++) dashed[k] = row->key[k] == '_' ? '-' : row->key[k];
    slot_add(index, row->key, row->size, row->kind);
    if (memchr(row->key, '_', row->size) != NULL) slot_add(index, dashed, row->size, row->kind);
    index->ends[row->size][row->key[0] & 31] |= 1u << (row->key[row->size - 1] & 31);
  }
}

static bool middle_fits(const struct key_slot *slot, struct text key) {
  for (size_t i = 8; i + 8 < key.size; i++)
    if ((key.at[i] | FOLD) != slot->middle[i - 8]) return false;
  return true;
}

uint32_t key_kind_of(const struct key_index *index, struct text key) {
  uint64_t words[2];
  if (key.size < 2 || key.size > KEY_MOST) return KEY_NONE;
  /* letters of both cases agree in their low five bits */
  if (!(index->ends[key.size][key.at[0] & 31] >> (key.at[key.size - 1] & 31) & 1)) return KEY_NONE;
  key_words(key.at, key.size, words);
  for (uint32_t at = key_hash(words, key.size); index->slots[at].kind != 0; at = (at + 1) % KEY_SLOTS) {
    const struct key_slot *slot = &index->slots[at];
    if (slot->words[0] == words[0] && slot->words[1] == words[1] && slot->size == key.size && middle_fits(slot, key)) return slot->kind;
  }
  return KEY_NONE;
}
