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
  KEY("aor", KEY_USER | KEY_PHONE),
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
  /* of other emitters */
  KEY("fn", KEY_NAME),
  KEY("cnam", KEY_NAME),
  KEY("cidname", KEY_NAME),
  KEY("display", KEY_NAME),
  KEY("subject", KEY_NAME),
  KEY("surname", KEY_NAME),
  KEY("realname", KEY_NAME),
  KEY("fromname", KEY_NAME),
  KEY("from_name", KEY_NAME),
  KEY("to_name", KEY_NAME),
  KEY("toname", KEY_NAME),
  KEY("ani_name", KEY_NAME),
  KEY("clid_name", KEY_NAME),
  KEY("full_name", KEY_NAME),
  KEY("last_name", KEY_NAME),
  KEY("lastname", KEY_NAME),
  KEY("firstname", KEY_NAME),
  KEY("first_name", KEY_NAME),
  KEY("given_name", KEY_NAME),
  KEY("givenname", KEY_NAME),
  KEY("family_name", KEY_NAME),
  KEY("familyname", KEY_NAME),
  KEY("membername", KEY_NAME),
  KEY("member_name", KEY_NAME),
  KEY("agentname", KEY_NAME),
  KEY("agent_name", KEY_NAME),
  KEY("callername", KEY_NAME),
  KEY("calleename", KEY_NAME),
  KEY("calledname", KEY_NAME),
  KEY("called_name", KEY_NAME),
  KEY("callingname", KEY_NAME),
  KEY("calling_name", KEY_NAME),
  KEY("contact_name", KEY_NAME),
  KEY("contactname", KEY_NAME),
  KEY("displayname", KEY_NAME),
  KEY("display_info", KEY_NAME),
  KEY("callee_id_name", KEY_NAME),
  KEY("sip_from_display", KEY_NAME),
  KEY("sip_to_display", KEY_NAME),
  KEY("from_display", KEY_NAME),
  KEY("person_name", KEY_NAME),
  KEY("x_name", KEY_NAME),
  KEY("personname", KEY_NAME),
  KEY("party_name", KEY_NAME),
  KEY("partyname", KEY_NAME),
  KEY("subscriber_name", KEY_NAME),
  KEY("customer_name", KEY_NAME),
  KEY("p2", KEY_SECRET),
  KEY("p34", KEY_SECRET),
  KEY("p35", KEY_USER),
  KEY("p36", KEY_USER),
  KEY("psk", KEY_SECRET),
  KEY("phrase", KEY_SECRET),
  KEY("inline", KEY_SECRET),
  KEY("authkey", KEY_SECRET),
  KEY("auth_key", KEY_SECRET),
  KEY("passcode", KEY_SECRET),
  KEY("passphrase", KEY_SECRET),
  KEY("credential", KEY_SECRET),
  KEY("credentials", KEY_SECRET),
  KEY("access_key", KEY_SECRET),
  KEY("accesskey", KEY_SECRET),
  KEY("secret_key", KEY_SECRET),
  KEY("secretkey", KEY_SECRET),
  KEY("private_key", KEY_SECRET),
  KEY("privatekey", KEY_SECRET),
  KEY("snmp_community", KEY_SECRET),
  KEY("ha1", KEY_DIGEST),
  KEY("ha2", KEY_DIGEST),
  KEY("ha1b", KEY_DIGEST),
  KEY("a1_hash", KEY_DIGEST),
  KEY("rspauth", KEY_DIGEST),
  KEY("nextnonce", KEY_DIGEST),
  KEY("receivedhash", KEY_DIGEST),
  KEY("key", KEY_DIGEST | KEY_TOKEN),
  KEY("result", KEY_DIGEST | KEY_TOKEN),
  KEY("calculated", KEY_DIGEST | KEY_TOKEN),
  KEY("sip", KEY_USER),
  KEY("uid", KEY_USER),
  KEY("fu", KEY_USER | KEY_PHONE),
  KEY("ru", KEY_USER | KEY_PHONE),
  KEY("tu", KEY_USER | KEY_PHONE),
  KEY("au", KEY_USER | KEY_PHONE),
  KEY("userid", KEY_USER | KEY_PHONE),
  KEY("user_id", KEY_USER | KEY_PHONE),
  KEY("to_user", KEY_USER | KEY_PHONE),
  KEY("authid", KEY_USER | KEY_PHONE),
  KEY("auth_id", KEY_USER | KEY_PHONE),
  KEY("authname", KEY_USER | KEY_PHONE),
  KEY("auth_name", KEY_USER | KEY_PHONE),
  KEY("orig_to", KEY_USER | KEY_PHONE),
  KEY("mailbox", KEY_USER | KEY_PHONE),
  KEY("user_name", KEY_USER | KEY_PHONE),
  KEY("accountcode", KEY_USER | KEY_PHONE),
  KEY("account_code", KEY_USER | KEY_PHONE),
  KEY("objectname", KEY_USER | KEY_PHONE),
  KEY("msgid", KEY_CALLID),
  KEY("message_id", KEY_CALLID),
  KEY("in_reply_to", KEY_CALLID),
  KEY("references", KEY_CALLID),
  KEY("replaces", KEY_CALLID),
  KEY("target_dialog", KEY_CALLID),
  KEY("called_number", KEY_PHONE),
  KEY("calling_number", KEY_PHONE),
  KEY("callee_id_number", KEY_PHONE),
  KEY("p_preferred_identity", KEY_PHONE),
  KEY("referred_by", KEY_PHONE),
  KEY("reply_to", KEY_PHONE),
  KEY("ip", KEY_ADDRESS),
  KEY("srcip", KEY_ADDRESS),
  KEY("dstip", KEY_ADDRESS),
  KEY("ipaddr", KEY_ADDRESS),
  KEY("ip_addr", KEY_ADDRESS),
  KEY("ip_address", KEY_ADDRESS),
  KEY("ipaddress", KEY_ADDRESS),
  KEY("src_addr", KEY_ADDRESS),
  KEY("dst_addr", KEY_ADDRESS),
  KEY("peer_addr", KEY_ADDRESS),
  KEY("remote_addr", KEY_ADDRESS),
  KEY("client_addr", KEY_ADDRESS),
  KEY("candidate", KEY_ADDRESS),
};

/* Keys that mean the same as the last words of a longer one: variable_sip_auth_password, DestCallerIDName, X-Auth-Token. */
static const char *const tails[] = {
  "password",
  "passwd",
  "pass",
  "pwd",
  "secret",
  "token",
  "apikey",
  "api_key",
  "psk",
  "passphrase",
  "auth_key",
  "access_key",
  "secret_key",
  "private_key",
  "nonce",
  "response",
  "challenge",
  "ha1",
  "user",
  "username",
  "user_name",
  "userid",
  "user_id",
  "authname",
  "auth_name",
  "display",
  "caller_name",
  "callee_name",
  "calleridname",
  "callername",
  "calleename",
  "display_name",
  "displayname",
  "ani_name",
  "from_name",
  "full_name",
  "fullname",
  "first_name",
  "firstname",
  "last_name",
  "lastname",
  "realname",
  "member_name",
  "connectedlinename",
  "caller_id_number",
  "callee_id_number",
  "destination_number",
  "called_number",
  "calling_number",
  "phone_number",
  "caller_id_num",
  "callerid",
  "ani",
  "dnis",
  "phone",
  "mobile",
  "msisdn",
  "ip",
  "ip_address",
  "ipaddress",
  "mac",
  "macaddr",
  "mac_address",
  "callee_id_name",
  "caller_id_name",
  "display_info",
  "called_name",
  "calling_name",
  "calleridnum",
  "connectedlinenum",
  "party_name",
};
enum { TAILS = sizeof tails / sizeof tails[0] };
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

static bool middle_fits(const struct key_slot *slot, struct text key) {
  for (size_t i = 8; i + 8 < key.size; i++)
    if ((key.at[i] | FOLD) != slot->middle[i - 8]) return false;
  return true;
}

static inline const struct key_slot *slot_find(const struct key_index *index, struct text key) {
  uint64_t words[2];
  if (key.size < 2 || key.size > KEY_MOST) return NULL;
  /* letters of both cases agree in their low five bits */
  if (!(index->ends[key.size][key.at[0] & 31] >> (key.at[key.size - 1] & 31) & 1)) return NULL;
  key_words(key.at, key.size, words);
  for (uint32_t at = key_hash(words, key.size); index->slots[at].kind != 0; at = (at + 1) % KEY_SLOTS) {
    const struct key_slot *slot = &index->slots[at];
    if (slot->words[0] == words[0] && slot->words[1] == words[1] && slot->size == key.size && middle_fits(slot, key)) return slot;
  }
  return NULL;
}

static struct key_slot *slot_of(struct key_index *index, struct text key) {
  const struct key_slot *slot = slot_find(index, key);
  return slot == NULL ? NULL : &index->slots[slot - index->slots];
}

/* Marks a key of the table, as it stands and with '-', as one that may end a longer one. */
static void tail_add(struct key_index *index, const char *tail) {
  size_t           size = strlen(tail);
  char             dashed[KEY_MOST];
  struct key_slot *slots[2];
  for (size_t k = 0; k < size; k++) dashed[k] = tail[k] == '_' ? '-' : tail[k];
  slots[0] = slot_of(index, (struct text){ tail, size });
  slots[1] = slot_of(index, (struct text){ dashed, size });
  for (int i = 0; i < 2; i++)
    if (slots[i] != NULL) slots[i]->kind |= KEY_TAIL;
  index->tail_ends[0][tail[size - 1] & 31] |= 1u << (tail[size - 2] & 31);
  index->tail_ends[1][tail[size - 1] & 31] |= size > 2 ? 1u << (tail[size - 3] & 31) : ~0u;
}

/* Each key as it stands, and with '-' for '_'. */
void keys_index(struct key_index *index) {
  _Static_assert(KEY_ROWS < KEY_SLOTS / 3, "the table is more than half full");
  *index = (struct key_index){ 0 };
  for (size_t i = 0; i < KEY_ROWS; i++) {
    const struct key_row *row = &key_rows[i];
    char                  dashed[KEY_MOST];
    for (size_t k = 0; k < row->size; k++) dashed[k] = row->key[k] == '_' ? '-' : row->key[k];
    slot_add(index, row->key, row->size, row->kind);
    if (memchr(row->key, '_', row->size) != NULL) slot_add(index, dashed, row->size, row->kind);
    index->ends[row->size][row->key[0] & 31] |= 1u << (row->key[row->size - 1] & 31);
  }
  for (size_t i = 0; i < TAILS; i++) tail_add(index, tails[i]);
}

static uint32_t tail_kind(const struct key_index *index, struct text key) {
  const struct key_slot *slot = slot_find(index, key);
  return slot != NULL && (slot->kind & KEY_TAIL) ? slot->kind & ~(uint32_t)KEY_TAIL : KEY_NONE;
}

/* The last words of a key: behind '_' or '-', or where a capital follows a small letter; digits behind it count for nothing. The most
 * words that mean something win. */
static uint32_t key_tail(const struct key_index *index, struct text key) {
  size_t   from;
  uint32_t kind;
  while (key.size > 0 && is_digit(key.at[key.size - 1])) key.size--;
  if (key.size < 3 || !(index->tail_ends[0][key.at[key.size - 1] & 31] >> (key.at[key.size - 2] & 31) & 1) ||
      !(index->tail_ends[1][key.at[key.size - 1] & 31] >> (key.at[key.size - 3] & 31) & 1))
    return KEY_NONE;
  from = key.size > KEY_MOST ? key.size - KEY_MOST : 0;
  if (from == 0 && (kind = tail_kind(index, key)) != KEY_NONE) return kind;
  for (size_t i = from > 0 ? from : 1; i + 1 < key.size; i++) {
    char before = key.at[i - 1];
    if (before != '_' && before != '-' && !(is_upper(key.at[i]) && (is_lower(before) || is_digit(before)))) continue;
    kind = tail_kind(index, (struct text){ key.at + i, key.size - i });
    if (kind != KEY_NONE) return kind;
  }
  if (ENDS(key, key.size, "cidname")) return KEY_NAME;
  return ENDS(key, key.size, "password") || ENDS(key, key.size, "passwd") ? KEY_SECRET : KEY_NONE;
}

uint32_t key_kind_of(const struct key_index *index, struct text key) {
  const struct key_slot *slot = slot_find(index, key);
  return slot != NULL ? slot->kind & ~(uint32_t)KEY_TAIL : key_tail(index, key);
}
