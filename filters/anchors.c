/* anchors: the one pass over a text that finds where a value can start, and the keys that say what a value is. */
#include "filters/scan.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

enum byte_class { BYTE_OTHER, BYTE_DIGIT, BYTE_AT, BYTE_COLON, BYTE_EQUAL, BYTE_ANGLE, BYTE_DASH, BYTE_DOT, BYTE_HIDDEN };

static const uint8_t classes[256] = {
  ['0'] = BYTE_DIGIT, ['1'] = BYTE_DIGIT, ['2'] = BYTE_DIGIT,  ['3'] = BYTE_DIGIT,   ['4'] = BYTE_DIGIT,  ['5'] = BYTE_DIGIT, ['6'] = BYTE_DIGIT,
  ['7'] = BYTE_DIGIT, ['8'] = BYTE_DIGIT, ['9'] = BYTE_DIGIT,  ['@'] = BYTE_AT,      [':'] = BYTE_COLON,  ['='] = BYTE_EQUAL, ['<'] = BYTE_ANGLE,
  ['-'] = BYTE_DASH,  ['.'] = BYTE_DOT,   ['%'] = BYTE_HIDDEN, ['\\'] = BYTE_HIDDEN, ['&'] = BYTE_HIDDEN,
};

struct key_row {
  uint8_t     size;
  const char *key; /* lower case, '-' written as '_' */
  uint32_t    kind;
};
#define KEY(literal, kind)                                                                                                                           \
  { sizeof(literal) - 1, literal, kind }

/* Sorted by size, so that a look-up reads one block. */
static const struct key_row key_rows[] = {
  KEY("ci", KEY_CALLID),
  KEY("id", KEY_ID),
  KEY("to", KEY_PHONE),
  KEY("ts", KEY_ID),
  KEY("ua", KEY_AGENT),
  KEY("ani", KEY_PHONE),
  KEY("aor", KEY_PHONE),
  KEY("cid", KEY_PHONE),
  KEY("did", KEY_PHONE),
  KEY("dst", KEY_PHONE),
  KEY("mac", KEY_MAC),
  KEY("num", KEY_PHONE),
  KEY("pai", KEY_PHONE),
  KEY("pid", KEY_ID),
  KEY("pwd", KEY_SECRET),
  KEY("ref", KEY_ID),
  KEY("seq", KEY_ID),
  KEY("sms", KEY_PHONE),
  KEY("src", KEY_PHONE),
  KEY("tag", KEY_TOKEN),
  KEY("tel", KEY_PHONE),
  KEY("cell", KEY_PHONE),
  KEY("clid", KEY_PHONE),
  KEY("cseq", KEY_ID),
  KEY("dnis", KEY_PHONE),
  KEY("from", KEY_PHONE),
  KEY("pass", KEY_SECRET),
  KEY("peer", KEY_PHONE),
  KEY("port", KEY_ID),
  KEY("rpid", KEY_PHONE),
  KEY("size", KEY_ID),
  KEY("ssrc", KEY_TOKEN),
  KEY("time", KEY_ID),
  KEY("user", KEY_USER | KEY_PHONE),
  KEY("agent", KEY_AGENT),
  KEY("bytes", KEY_ID),
  KEY("epoch", KEY_ID),
  KEY("exten", KEY_PHONE),
  KEY("login", KEY_USER),
  KEY("nonce", KEY_DIGEST),
  KEY("phone", KEY_PHONE),
  KEY("rport", KEY_ID),
  KEY("token", KEY_SECRET),
  KEY("apikey", KEY_SECRET),
  KEY("branch", KEY_TOKEN),
  KEY("called", KEY_PHONE),
  KEY("callee", KEY_PHONE),
  KEY("caller", KEY_PHONE),
  KEY("to_tag", KEY_TOKEN),
  KEY("callid", KEY_CALLID),
  KEY("cnonce", KEY_DIGEST),
  KEY("cookie", KEY_SECRET),
  KEY("dialed", KEY_PHONE),
  KEY("mobile", KEY_PHONE),
  KEY("msisdn", KEY_PHONE),
  KEY("number", KEY_PHONE),
  KEY("opaque", KEY_DIGEST),
  KEY("passwd", KEY_SECRET),
  KEY("secret", KEY_SECRET),
  KEY("server", KEY_AGENT),
  KEY("account", KEY_USER | KEY_PHONE),
  KEY("aniname", KEY_NAME),
  KEY("api_key", KEY_SECRET),
  KEY("call_id", KEY_CALLID),
  KEY("calling", KEY_PHONE),
  KEY("contact", KEY_PHONE),
  KEY("macaddr", KEY_MAC),
  KEY("msgsize", KEY_ID),
  KEY("authuser", KEY_USER | KEY_PHONE),
  KEY("callerid", KEY_PHONE),
  KEY("dst_user", KEY_USER | KEY_PHONE),
  KEY("from_tag", KEY_TOKEN),
  KEY("fullname", KEY_NAME),
  KEY("password", KEY_SECRET),
  KEY("refer_to", KEY_PHONE),
  KEY("response", KEY_DIGEST),
  KEY("src_user", KEY_USER | KEY_PHONE),
  KEY("uniqueid", KEY_ID),
  KEY("username", KEY_USER | KEY_PHONE),
  KEY("accountid", KEY_USER | KEY_PHONE),
  KEY("auth_user", KEY_USER | KEY_PHONE),
  KEY("challenge", KEY_DIGEST),
  KEY("diversion", KEY_PHONE),
  KEY("extension", KEY_PHONE),
  KEY("from_user", KEY_USER | KEY_PHONE),
  KEY("timestamp", KEY_ID),
  KEY("useragent", KEY_AGENT),
  KEY("callee_num", KEY_PHONE),
  KEY("caller_num", KEY_PHONE),
  KEY("md5_secret", KEY_SECRET),
  KEY("set_cookie", KEY_SECRET),
  KEY("subscriber", KEY_PHONE),
  KEY("user_agent", KEY_AGENT),
  KEY("callee_name", KEY_NAME),
  KEY("caller_name", KEY_NAME),
  KEY("caller_user", KEY_USER | KEY_PHONE),
  KEY("calleridnum", KEY_PHONE),
  KEY("connectedid", KEY_PHONE),
  KEY("destination", KEY_PHONE),
  KEY("mac_address", KEY_MAC),
  KEY("access_token", KEY_SECRET),
  KEY("calleridname", KEY_NAME),
  KEY("display_name", KEY_NAME),
  KEY("history_info", KEY_PHONE),
  KEY("phone_number", KEY_PHONE),
  KEY("auth_username", KEY_USER | KEY_PHONE),
  KEY("caller_id_num", KEY_PHONE),
  KEY("callerid(all)", KEY_PHONE),
  KEY("callerid(num)", KEY_PHONE),
  KEY("session_token", KEY_SECRET),
  KEY("caller_id_name", KEY_NAME),
  KEY("callerid(name)", KEY_NAME),
  KEY("cdr(userfield)", KEY_PHONE),
  KEY("remote_party_id", KEY_PHONE),
  KEY("caller_id_number", KEY_PHONE),
  KEY("connectedlinenum", KEY_PHONE),
  KEY("connectedlinename", KEY_NAME),
  KEY("destination_number", KEY_PHONE),
  KEY("p_asserted_identity", KEY_PHONE),
  KEY("effective_caller_id_name", KEY_NAME),
  KEY("effective_caller_id_number", KEY_PHONE),
  KEY("origination_caller_id_name", KEY_NAME),
  KEY("origination_caller_id_number", KEY_PHONE),
};
enum {
  KEY_ROWS = sizeof key_rows / sizeof key_rows[0],
  VALUE_MOST = 8192, /* bytes looked at for a value's end: keeps the whole pass linear */
  NESTED_MOST = 16,
};

static struct text value_window(struct text text, size_t from) {
  return text.size - from > VALUE_MOST ? (struct text){ text.at, from + VALUE_MOST } : text;
}

void anchors_index_keys(struct key_index *index) {
  *index = (struct key_index){ 0 };
  for (size_t i = KEY_ROWS; i-- > 0;) {
    const struct key_row *row = &key_rows[i];
    index->first[row->size] = (uint8_t)i;
    index->begins[row->size] |= 1u << (row->key[0] & 31);
    index->ends[row->size] |= 1u << (row->key[row->size - 1] & 31);
  }
}

static uint32_t key_kind_of(const struct key_index *index, struct text key) {
  char lower[KEY_MOST];
  if (key.size < 2 || key.size > KEY_MOST) return KEY_NONE;
  if (!(index->begins[key.size] >> (key.at[0] & 31) & 1)) return KEY_NONE; /* letters of both cases agree in these bits, '-' is none */
  for (size_t i = 0; i < key.size; i++) lower[i] = key.at[i] == '-' ? '_' : to_lower(key.at[i]);
  if (!(index->ends[key.size] >> (lower[key.size - 1] & 31) & 1)) return KEY_NONE;
  for (size_t i = index->first[key.size]; i < KEY_ROWS && key_rows[i].size == key.size; i++)
    if (key_rows[i].key[0] == lower[0] && memcmp(key_rows[i].key, lower, key.size) == 0) return key_rows[i].kind;
  return KEY_NONE;
}

static bool key_byte(char c) { return is_alnum(c) || c == '_' || c == '-'; }

/* The key that ends before byte end: quotes of JSON, also escaped ones, and one pair of parentheses may close it. */
static struct text key_before(struct text text, size_t end) {
  size_t start;
  while (end > 0 && text.at[end - 1] == ' ') end--;
  if (end > 0 && (text.at[end - 1] == '"' || text.at[end - 1] == '\'')) end--;
  if (end > 0 && text.at[end - 1] == '\\') end--;
  start = end;
  if (start > 0 && text.at[start - 1] == ')') {
    start--;
    while (start > 0 && key_byte(text.at[start - 1]) && end - start < KEY_MOST) start--;
    if (start == 0 || text.at[start - 1] != '(') return TEXT_NONE;
    start--;
  }
  while (start > 0 && key_byte(text.at[start - 1]) && end - start <= KEY_MOST) start--;
  return (struct text){ text.at + start, end - start };
}

/* The end of a value that was opened by quote (after any backslash); from is its first byte. */
static size_t quoted_end(struct text text, size_t from, char quote, bool escaped) {
  for (size_t i = from; i < text.size; i++) {
    if (escaped && text.at[i] == '\\' && i + 1 < text.size && text.at[i + 1] == quote) return i;
    if (!escaped && text.at[i] == '\\') i++;
    else if (text.at[i] == quote) return i;
  }
  return text.size;
}

static size_t header_end(struct text text, size_t from) {
  for (size_t i = from; i < text.size; i++) {
    char c = text.at[i];
    if (c == '\r' || c == '\n' || (c == '#' && STARTS(text, i, "#015")) || (c == '#' && STARTS(text, i, "#012"))) return i;
    if (c == '\\' && i + 1 < text.size && (text.at[i + 1] == 'r' || text.at[i + 1] == 'n')) return i;
  }
  return text.size;
}

static size_t bare_end(struct text text, size_t from) {
  for (size_t i = from; i < text.size; i++)
    if (memchr(" \t\r\n,;&)]}>|\"'", text.at[i], 15) != NULL || STARTS(text, i, "#015") || STARTS(text, i, "#012")) return i;
  return text.size;
}

static void keyed_add(struct anchors *anchors, struct text text, size_t mark) {
  uint32_t kind = key_kind_of(&anchors->keys, key_before(text, mark));
  size_t   start = mark + 1, end;
  bool     escaped = false;
  if (kind == KEY_NONE) return;
  text = value_window(text, mark);
  while (start < text.size && text.at[start] == ' ') start++;
  if (start < text.size && text.at[start] == '[' && start + 1 < text.size && text.at[start + 1] != '"') start++;
  if (start + 1 < text.size && text.at[start] == '\\' && (text.at[start + 1] == '"' || text.at[start + 1] == '\'')) {
    escaped = true;
    start++;
  }
  if (start < text.size && (text.at[start] == '"' || text.at[start] == '\'')) {
    end = quoted_end(text, start + 1, text.at[start], escaped);
    start++;
  } else if (text.at[mark] == ':' && (kind & (KEY_AGENT | KEY_NAME | KEY_PHONE))) {
    end = header_end(text, start);
  } else {
    end = bare_end(text, start);
  }
  if (start < end) anchors->keyed[anchors->keyed_count++] = (struct keyed){ (uint32_t)start, (uint32_t)end, kind };
}

static void positions_add(struct positions *positions, size_t at) { positions->at[positions->count++] = (uint32_t)at; }

static inline void anchor_add(struct anchors *anchors, struct text text, size_t at) {
  switch ((enum byte_class)classes[(unsigned char)text.at[at]]) {
  case BYTE_OTHER: break;
  case BYTE_DIGIT: positions_add(&anchors->digit, at); break;
  case BYTE_AT: positions_add(&anchors->at, at); break;
  case BYTE_COLON:
    positions_add(&anchors->colon, at);
    keyed_add(anchors, text, at);
    break;
  case BYTE_EQUAL: keyed_add(anchors, text, at); break;
  case BYTE_ANGLE: positions_add(&anchors->angle, at); break;
  case BYTE_DASH: positions_add(&anchors->dash, at); break;
  case BYTE_DOT: positions_add(&anchors->dot, at); break;
  case BYTE_HIDDEN: positions_add(&anchors->percent, at); break;
  }
}

static void walk_portable(struct anchors *anchors, struct text text) {
  for (size_t i = 0; i < text.size; i++) {
    if (classes[(unsigned char)text.at[i]] == BYTE_OTHER) continue;
    anchor_add(anchors, text, i);
    if (is_digit(text.at[i]))
      while (i + 1 < text.size && is_digit(text.at[i + 1])) i++;
  }
}

#ifdef __x86_64__
/* Which of 32 bytes have a class, and which are digits. A byte has a class where the tables of its low and its high nibble
 * share a bit: bit 0 for 0x2., bit 1 for 0x3., bit 2 for 0x4., bit 3 for 0x5. */
__attribute__((target("avx2"))) static inline uint32_t classes_of(__m256i bytes, uint32_t *digits) {
  const __m256i low = _mm256_setr_epi8(6, 2, 2, 2, 2, 3, 3, 2, 2, 2, 2, 0, 10, 3, 1, 0, 6, 2, 2, 2, 2, 3, 3, 2, 2, 2, 2, 0, 10, 3, 1, 0);
  const __m256i high = _mm256_setr_epi8(0, 0, 1, 2, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  const __m256i nibble = _mm256_set1_epi8(15), nine = _mm256_set1_epi8(9);
  __m256i       both = _mm256_and_si256(_mm256_shuffle_epi8(low, _mm256_and_si256(bytes, nibble)),
                                        _mm256_shuffle_epi8(high, _mm256_and_si256(_mm256_srli_epi16(bytes, 4), nibble)));
  __m256i       value = _mm256_sub_epi8(bytes, _mm256_set1_epi8('0'));
  *digits = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_min_epu8(value, nine), value));
  return ~(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(both, _mm256_setzero_si256()));
}

__attribute__((target("avx2"))) static void walk_avx2(struct anchors *anchors, struct text text) {
  char     last[32];
  uint32_t carry = 0, digits;
  for (size_t at = 0; at < text.size; at += 32) {
    const char *block = text.at + at;
    if (text.size - at < 32) {
      memset(last, 0, sizeof last);
      memcpy(last, block, text.size - at);
      block = last;
    }
    uint32_t found = classes_of(_mm256_loadu_si256((const __m256i *)block), &digits);
    found = (found & ~digits) | (digits & ~(digits << 1 | carry)); /* of a run of digits its first */
    carry = digits >> 31;
    for (; found != 0; found &= found - 1) anchor_add(anchors, text, at + (size_t)__builtin_ctz(found));
  }
}
#endif

void anchors_find(struct anchors *anchors, struct text text, struct text field) {
  uint32_t kind = key_kind_of(&anchors->keys, field);
  anchors->at.count = anchors->colon.count = anchors->angle.count = anchors->dash.count = 0;
  anchors->dot.count = anchors->digit.count = anchors->percent.count = anchors->keyed_count = 0;
  if (kind != KEY_NONE && text.size > 0) anchors->keyed[anchors->keyed_count++] = (struct keyed){ 0, (uint32_t)text.size, kind };
#ifdef __x86_64__
  if (anchors->wide) {
    walk_avx2(anchors, text);
    return;
  }
#endif
  walk_portable(anchors, text);
}

bool anchors_wide_possible(void) {
#ifdef __x86_64__
  return __builtin_cpu_supports("avx2");
#else
  return false;
#endif
}

const struct keyed *anchors_key_at(const struct anchors *anchors, size_t at) {
  uint32_t low = 0, high = anchors->keyed_count;
  while (low < high) { /* the first value that starts after at */
    uint32_t middle = low + (high - low) / 2;
    if (anchors->keyed[middle].start <= at) low = middle + 1;
    else high = middle;
  }
  for (uint32_t back = 0; back < NESTED_MOST && low > 0; back++) /* a header's value may hold others */
    if (at < anchors->keyed[--low].end) return &anchors->keyed[low];
  return NULL;
}
