/* What detectors see of one text, and how they report spans. Private to filters/.
 *
 *   text ──anchors_find── positions where a value can start ──▶ detector_scan × n ──scan_add──▶ spans
 */
#ifndef TAMIS_FILTERS_SCAN_H
#define TAMIS_FILTERS_SCAN_H

#include "filters/blocks.h"
#include "filters/filters.h"

/* A list of byte positions in ascending order. */
struct positions {
  uint32_t *at;
  uint32_t  count;
};

/* What a key says of its value: key=value, key: value, "key":"value". */
enum key_kind {
  KEY_NONE = 0,
  KEY_PHONE = 1,   /* a subscriber's number, or a SIP address that has one */
  KEY_USER = 2,    /* an account's name */
  KEY_NAME = 4,    /* a person's name */
  KEY_DIGEST = 8,  /* digest authentication: long opaque values */
  KEY_SECRET = 16, /* passwords and tokens, whatever they look like */
  KEY_AGENT = 32,  /* user agents: products and versions */
  KEY_CALLID = 64, /* Call-ID */
  KEY_MAC = 128,   /* a hardware address, perhaps without separators */
  KEY_ID = 256,    /* numbers that are no telephone numbers */
  KEY_TOKEN = 512, /* hexadecimal tokens, which may have digits alone by chance */
  KEY_PIN = 1 << 10,
  KEY_IMEI = 1 << 11,
  KEY_IMSI = 1 << 12,
  KEY_ICCID = 1 << 13,
  KEY_CARD = 1 << 14, /* a payment card's number */
  KEY_IBAN = 1 << 15,
  KEY_VAT = 1 << 16,
  KEY_ADID = 1 << 17,
  KEY_COOKIE = 1 << 18,  /* a Cookie or Set-Cookie header: names, values, attributes */
  KEY_SESSION = 1 << 19, /* a session's id */
  KEY_QUERY = 1 << 20,   /* a credential, where the key stands in a URL's query */
  KEY_SERIAL = 1 << 21,  /* a device's serial number */
  KEY_POSTAL = 1 << 22,
  KEY_PLATE = 1 << 23,
  KEY_SUBJECT = 1 << 25, /* of a mail */
  KEY_SYSTEM = 1 << 24,  /* a user of this system stands before the key: uid, TTY */
  KEY_SCHEME = 1 << 26,  /* Authorization: a scheme's name and credentials */
  KEY_ADDRESS = 1 << 28, /* an IP address, perhaps as one number */
  KEY_TAIL = 1 << 29,    /* in the table alone: means the same as the last words of a longer key */
};

struct keyed {
  uint32_t start, end; /* of the value, quotes left out */
  uint32_t kind;       /* enum key_kind, or-ed */
};

/* Says of most words that they are no key, before the table is read. By the key's size. */
enum { KEY_MOST = 32, KEY_SLOTS = 2048 };
struct key_slot {
  uint64_t    words[2];   /* the first and the last bytes, in lower case */
  const char *key;        /* in the table */
  uint32_t    size, kind; /* kind 0: empty */
};
struct key_index {
  uint32_t        ends[KEY_MOST + 1][32]; /* by size and the first byte's low five bits; bit n: some key's last byte has these low five bits */
  uint32_t        tail_ends[2][32];       /* by a tail's last byte; bit n: the byte before, the second before, has these low five bits */
  struct key_slot slots[KEY_SLOTS];
  struct key_slot field; /* the last field's */
};

/* Four dotted octets, and no more than four: an IPv4 address or a version. */
struct quad {
  uint32_t start, end;
  uint8_t  octet[4];
};

/* What was seen in a text: lists of the anchors that are not empty, and signs that a detector asks for before it looks. */
enum sight {
  SEES_AT = 1,
  SEES_ANGLE = 2,
  SEES_HIDDEN = 4,
  SEES_URI = 8,
  SEES_ADDRESS = 16,
  SEES_NUMBER = 32,
  SEES_MAC = 64,
  SEES_CODE = 128,    /* two letters and two digits */
  SEES_LONG = 256,    /* a run of LONG_DIGITS or more */
  SEES_GROUPS = 512,  /* four groups of four digits */
  SEES_SPOKEN = 1024, /* a word such as DTMF, digit, PIN, password */
  SEES_LOGIN = 2048,  /* a word such as user, ssh2, su, CMD */
  SEES_TOKEN = 4096,  /* ".ey", as between the parts of a JSON Web Token */
  SEES_ACCESS = 8192, /* an access log's line, with a user */
  SEES_URL = 1 << 15, /* "://", and '@' somewhere */
  SEES_CUT = 1 << 14, /* the text may begin inside a value */
  SEES_ALWAYS = 1 << 30,
};
enum { LONG_DIGITS = 14 };

/* What one look at the text finds; each list has room for every byte of the longest text, in ascending order. */
struct anchors {
  struct blocks     blocks;  /* the text's bitmaps */
  struct positions  at;      /* '@' */
  struct positions  angle;   /* '<' */
  struct positions  percent; /* '%', '\\', '&' and '#': where a hidden spelling may start */
  struct positions  uri;     /* the ':' of sip: and sips: */
  struct positions  colon;   /* ':' with another one at most four hexadecimal digits behind, clocks left out */
  struct positions  digit;   /* first byte of each run of digits that alone, or with the groups around it, is long enough for a number;
                               dates, clocks, quads and UUIDs left out */
  struct positions  dashed;  /* the first '-' of four numbers joined by dashes */
  struct positions  code;    /* the first of two digits behind two letters */
  struct positions  mac;     /* the first separator of what has the shape of a MAC address */
  struct positions  uuid;    /* the first '-' of three with four bytes between */
  struct positions  file;    /* twelve hexadecimal digits with '.' behind, or with neither more of them nor '-' beside */
  struct quad      *quads;
  uint32_t          quad_count;
  bool              urls;   /* "://" stands in the text */
  uint32_t          longer; /* 0, or one more than a dot of more than four numbers joined by dots */
  struct keyed     *keyed;  /* values whose key is known */
  uint32_t          keyed_count;
  uint32_t          kinds;      /* enum key_kind of all keyed, or-ed */
  uint32_t          sights;     /* enum sight, or-ed */
  size_t            reach_left; /* bytes that may still be looked at for values */
  bool              heavy;      /* there were more: values in one another, the text is to be withheld */
  bool              plain;      /* blocks_plain: nothing but SEES_ALWAYS, the bitmaps are not there */
  struct key_index  keys;       /* made once by keys_index */
  enum blocks_width width;      /* finds the same */
};

/* A phrase of the login detector may stand at the text's begin. */
bool     login_begins(struct text text);
/* SEES_SPOKEN, SEES_LOGIN and SEES_TOKEN: pieces of words that stand somewhere in text. */
uint32_t words_see(struct text text, enum blocks_width width);

bool anchors_new(struct anchors *anchors, size_t most); /* for texts of up to most bytes; false: no memory, call anchors_free */
void anchors_free(struct anchors *anchors);
/* Fills anchors from text. */
void anchors_find(struct anchors *anchors, struct text text, struct text field);

struct phone_region;
struct phone_memo;

struct spans {
  struct span *list;
  uint32_t     count, room;
  bool         full; /* more spans than room: the text is withheld */
};

struct notes {
  struct filter_note *list; /* FILTER_NOTES_MOST; NULL: nobody asks */
  uint32_t            count;
};

struct scan {
  struct text                  text;
  const struct filter_context *context;
  const struct anchors        *anchors;
  const struct phone_region   *region;
  bool                         strict;
  uint16_t                     rule;
  struct spans                *spans;
  struct notes                *notes;
  struct phone_memo           *memo;
};

static inline void scan_add(struct scan *scan, size_t start, size_t end, unsigned piece) {
  struct spans *spans = scan->spans;
  if (end <= start) return;
  if (spans->count == spans->room) {
    spans->full = true;
    return;
  }
  spans->list[spans->count++] = (struct span){ .start = (uint32_t)start, .end = (uint32_t)end, .rule = scan->rule, .piece = (uint16_t)piece };
}

/* For `tamis try`: the bytes from start to end looked like a value and are left alone, for this reason (constant text). */
static inline void scan_note(struct scan *scan, size_t start, size_t end, const char *why) {
  struct notes *notes = scan->notes;
  if (notes->list == NULL || notes->count == FILTER_NOTES_MOST) return;
  notes->list[notes->count++] = (struct filter_note){ .start = (uint32_t)start, .end = (uint32_t)end, .rule = scan->rule, .why = why };
}

void                 keys_index(struct key_index *index);
uint32_t             key_kind_of(const struct key_index *index, struct text key); /* enum key_kind, or-ed */
uint32_t             field_kind_of(struct key_index *index, struct text field);   /* the same; fields repeat */
/* What stands before a key and is none of it: FreeSWITCH's variable_, Asterisk's inherited __, the tail of an escape as in
 * #012Digit, \nDigit, \u0026token. Its size; 0: nothing. */
size_t               key_prefix(struct text key);
/* The next byte of the class at or after byte at; the text's size where there is none. For any text, a plain one too. */
static inline size_t anchors_next(const struct anchors *anchors, enum byte_class of, size_t at, size_t size) {
  return anchors->plain ? size : class_next(&anchors->blocks, of, at, size);
}

/* The keyed value that holds byte at, or NULL. */
const struct keyed *anchors_key_at(const struct anchors *anchors, size_t at);

/* The tag of some detector, "[name]", stands at byte at: what is filtered once stays. */
bool               tag_at(struct text text, size_t at);
/* A word that stands before and behind names and addresses, and is none. */
bool               word_is_stop(struct text word);
/* words holds this one, in any case: small letters, a space around each. */
static inline bool words_hold(const char *words, struct text word) {
  for (const char *at = words + 1; *at != 0; at++) {
    size_t i = 0;
    while (i < word.size && (word.at[i] >= 'A' && word.at[i] <= 'Z' ? word.at[i] + 32 : word.at[i]) == at[i]) i++;
    if (i == word.size && at[i] == ' ') return true;
    for (at += at[i] == 0 ? 0 : i; *at != ' '; at++) continue;
  }
  return false;
}
/* Where user:password begins, which scheme:// precedes and the '@' at byte at ends; at: there is none. */
size_t userinfo_start(const struct scan *scan, size_t at);
/* The end of what stands at byte at in the form first.last or f.last12, as no word of a language does; at where it is not so, or
 * the last part is a file's or a domain's. */
size_t person_end(struct text text, size_t at);
/* Names of services and of nobody: no account of a person. */
bool   user_is_nobody(struct text user);
/* True for what filter_text itself writes: type_[CC_]base32. Such a token is never taken for a value again. */
bool   pseudonym_is(struct text token);
/* The pseudonym that holds byte at, its size in *end; false where there is none. */
bool   pseudonym_at(struct text text, size_t at, size_t *start, size_t *end);

struct detector {
  const char *name;
  void (*scan)(struct scan *scan);
  uint32_t           sights, kinds; /* run only where one of these was seen */
  enum filter_action action;        /* default */
  const char        *as;            /* type in the pseudonym */
  const char        *tag;           /* what strip leaves */
  /* What every spelling of the value has in common, hashed; country ("FR") goes into the pseudonym or is empty.
   * Returns the size, 0 when room is too small. NULL: the bytes as they are. */
  size_t (*canonical)(const struct scan *scan, const struct span *span, char *out, size_t room, char country[3]);
  /* ACTION_TRUNCATE; NULL: the detector's values cannot be truncated. */
  size_t (*truncate)(const struct scan *scan, const struct span *span, unsigned ipv4_bits, unsigned ipv6_bits, char *out, size_t room);
};

const struct detector *detector_find(const char *name);
const struct detector *detector_row(size_t row); /* NULL past the end */

void     auth_scan(struct scan *scan);
void     name_scan(struct scan *scan);
void     mac_scan(struct scan *scan);
size_t   mac_canonical(const struct scan *scan, const struct span *span, char *out, size_t room, char country[3]);
void     email_scan(struct scan *scan);
size_t   email_canonical(const struct scan *scan, const struct span *span, char *out, size_t room, char country[3]);
void     sip_scan(struct scan *scan);
size_t   sip_canonical(const struct scan *scan, const struct span *span, char *out, size_t room, char country[3]);
void     ip_scan(struct scan *scan);
size_t   ip_canonical(const struct scan *scan, const struct span *span, char *out, size_t room, char country[3]);
size_t   ip_truncate(const struct scan *scan, const struct span *span, unsigned ipv4_bits, unsigned ipv6_bits, char *out, size_t room);
/* The piece that ip_truncate and ip_canonical need for a value that a pattern found. */
unsigned ip_piece_of(struct text value);
void     phone_scan(struct scan *scan);
size_t   phone_canonical(const struct scan *scan, const struct span *span, char *out, size_t room, char country[3]);

void   pin_scan(struct scan *scan);
void   card_scan(struct scan *scan);
void   imei_scan(struct scan *scan);
void   imsi_scan(struct scan *scan);
void   iccid_scan(struct scan *scan);
void   iban_scan(struct scan *scan);
void   vat_scan(struct scan *scan);
void   jwt_scan(struct scan *scan);
void   cookie_scan(struct scan *scan);
void   url_query_scan(struct scan *scan);
void   adid_scan(struct scan *scan);
void   serial_scan(struct scan *scan);
void   login_scan(struct scan *scan);
void   subject_scan(struct scan *scan);
void   postal_scan(struct scan *scan);
void   plate_scan(struct scan *scan);
size_t imei_canonical(const struct scan *scan, const struct span *span, char *out, size_t room, char country[3]);
/* Letters in upper case and digits alone, at most 64. */
size_t code_canonical(const struct scan *scan, const struct span *span, char *out, size_t room, char country[3]);
/* Letters in lower case, the rest as it is. */
size_t lower_canonical(const struct scan *scan, const struct span *span, char *out, size_t room, char country[3]);

/* The user part of a URI or an address: a number that phone_scan takes there (then sip and email leave it alone). */
bool                       phone_user_is_number(const struct scan *scan, struct text user);
const struct phone_region *phone_region_find(const char *iso);

/* ---- bytes ---- */
static inline bool     is_digit(char c) { return (unsigned)c - '0' < 10; }
static inline bool     is_lower(char c) { return (unsigned)c - 'a' < 26; }
static inline bool     is_upper(char c) { return (unsigned)c - 'A' < 26; }
static inline bool     is_alpha(char c) { return ((unsigned)c | 32) - 'a' < 26; }
static inline bool     is_alnum(char c) { return is_digit(c) || is_alpha(c); }
static inline bool     is_hex(char c) { return is_digit(c) || ((unsigned)c | 32) - 'a' < 6; }
static inline bool     is_utf8(char c) { return (unsigned char)c >= 0x80; }
static inline char     to_lower(char c) { return is_upper(c) ? (char)(c + 32) : c; }
static inline unsigned hex_value(char c) { return is_digit(c) ? (unsigned)(c - '0') : ((unsigned)c | 32) - 'a' + 10; }

/* Of the bare name of an account: letters, digits, - _ . + ~ ! ' and 8-bit bytes. */
static inline bool is_account(char c) {
  const uint64_t low =
      UINT64_C(0x3ff) << '0' | UINT64_C(1) << '!' | UINT64_C(1) << '\'' | UINT64_C(1) << '+' | UINT64_C(1) << '-' | UINT64_C(1) << '.';
  const uint64_t high = UINT64_C(0x3ffffff) << ('A' - 64) | UINT64_C(0x3ffffff) << ('a' - 64) | UINT64_C(1) << ('_' - 64) | UINT64_C(1) << ('~' - 64);
  return is_utf8(c) || ((c < 64 ? low : high) >> (c & 63) & 1);
}

/* text at from starts with the lower-case literal, in any case. */
static inline bool starts_nocase(struct text text, size_t from, const char *lower, size_t size) {
  if (from > text.size || text.size - from < size) return false;
  for (size_t i = 0; i < size; i++)
    if (to_lower(text.at[from + i]) != lower[i]) return false;
  return true;
}
#define STARTS(text, from, literal) starts_nocase((text), (from), "" literal, sizeof(literal) - 1)
/* text ends, before byte end, with the literal. */
#define ENDS(text, end, literal)                                                                                                                     \
  ((end) >= sizeof(literal) - 1 && starts_nocase((text), (end) - (sizeof(literal) - 1), "" literal, sizeof(literal) - 1))

#endif
