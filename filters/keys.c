/* keys: what a key says of its value. One table; look-ups go through a hash of it that a filter makes once. */
#include "filters/scan.h"

/* Lower case, '-' written as '_', a space between two. */
static const struct key_row {
  uint32_t    kind;
  const char *keys;
} key_rows[] = {
  { KEY_CALLID, "ci callid call_id msgid message_id in_reply_to references replaces target_dialog" },
  { KEY_ID, "id ts pid ref seq cseq port size time bytes epoch rport msgsize uniqueid timestamp" },
  { KEY_PHONE,
    "to ani cid did dst num pai sms src tel cell clid dnis from peer rpid exten phone called callee caller dialed mobile msisdn number "
    "calling contact callerid refer_to diversion extension callee_num caller_num subscriber calleridnum connectedid destination history_info "
    "phone_number caller_id_num callerid(all) callerid(num) cdr(userfield) remote_party_id caller_id_number connectedlinenum "
    "destination_number p_asserted_identity effective_caller_id_number origination_caller_id_number calling_station_id called_station_id "
    "called_number calling_number callee_id_number p_preferred_identity referred_by reply_to" },
  { KEY_USER | KEY_PHONE,
    "aor user account authuser dst_user src_user username accountid auth_user from_user caller_user auth_username acct sip_from_user "
    "sip_to_user sip_req_user sip_contact_user sip_auth_username user_name sasl_username login_name owner_user fu ru tu au userid user_id "
    "to_user authid auth_id authname auth_name set_id orig_to mailbox accountcode account_code objectname" },
  { KEY_AGENT, "ua agent server useragent user_agent" },
  { KEY_MAC, "mac macaddr mac_address" },
  { KEY_SECRET | KEY_QUERY, "pwd pass token apikey passwd secret api_key password access_token session_token" },
  { KEY_SECRET, "md5_secret p2 p34 psk phrase inline authkey passphrase accesskey secretkey privatekey snmp_community" },
  { KEY_TOKEN, "tag ssrc branch to_tag from_tag" },
  { KEY_USER, "login uname ruser logname p35 p36 sip" },
  { KEY_DIGEST, "nonce cnonce opaque response challenge ha1 ha2 ha1b a1_hash rspauth nextnonce receivedhash" },
  { KEY_NAME,
    "aniname fullname callee_name caller_name calleridname display_name caller_id_name callerid(name) connectedlinename "
    "effective_caller_id_name origination_caller_id_name sip_from_display sip_to_display nom prenom first_name firstname last_name lastname "
    "full_name fn cnam cidname display surname realname fromname from_name to_name toname ani_name clid_name given_name givenname "
    "family_name familyname middle_name middlename maiden_name birth_name nom_complet nom_famille nom_de_famille nom_usage nom_prenom "
    "real_name person_name customer_name client_name contact_name employee_name patient_name guest_name holder_name card_holder cardholder "
    "cardholder_name account_holder sender_name recipient_name agent_name subscriber_name nachname vorname apellido apellidos cognome "
    "achternaam voornaam nickname displayname gecos membername member_name agentname callername calleename calledname called_name "
    "callingname calling_name contactname display_info callee_id_name from_display x_name personname party_name partyname" },
  { KEY_SCHEME, "authorization proxy_authorization" },
  { KEY_PIN,
    "pin puk pin1 puk1 pin2 puk2 pin_code pincode pin_number vm_pin vmpin voicemail_pin mailbox_pin conference_pin conf_pin admin_pin "
    "user_pin dtmf vts dtmf_digit dtmf_digits digit digits signal event digits_dialed read_result access_code cvv cvc cvv2 otp totp otp_code "
    "one_time_code verification_code mfa_code sms_code code_pin" },
  { KEY_PIN | KEY_DIGEST | KEY_TOKEN, "result" },
  { KEY_PIN | KEY_SECRET, "passcode" },
  { KEY_IMEI | KEY_ID, "imei imeisv imei_sv meid device_imei pei" },
  { KEY_IMSI | KEY_ID, "imsi supi sim_imsi subscriber_imsi" },
  { KEY_ICCID | KEY_ID, "iccid icc_id ccid sim_serial sim_serial_number simserial sim_id sim eid uicc uicc_id" },
  { KEY_CARD | KEY_ID, "pan card card_number cardnumber card_no cardno card_num cardnum cc_number ccnumber ccnum cc_num credit_card creditcard "
                       "credit_card_number numero_carte num_carte carte kartennummer" },
  { KEY_IBAN | KEY_ID, "iban account_iban debtor_iban creditor_iban debit_iban iban_number payer_iban beneficiary_iban" },
  { KEY_VAT | KEY_ID,
    "vat tva vat_no vat_nr vat_id vat_num vatid vatno vatin vat_number vatnumber vat_code vatcode vat_reg_no ust_idnr ustidnr ust_id ustid "
    "num_tva numero_tva tva_intra n_tva partita_iva piva p_iva btw btw_nr btw_nummer btwnr moms momsnr moms_nr cif nif nip mva tax_id taxid "
    "mwst_nr siren siret" },
  { KEY_ADID, "idfa idfv gaid adid aaid oaid maid rdid waid ifa android_id androidid advertising_id advertisingid advertiser_id ad_id "
              "google_advertising_id gps_adid apple_idfa device_ifa ios_ifa aifa" },
  { KEY_COOKIE, "cookie cookies set_cookie http_cookie set_cookie2 request_cookie sent_cookie" },
  { KEY_SESSION, "phpsessid jsessionid aspsessionid sid sessid session_id session_key sessionkey net_sessionid connect_sid cfid cftoken xsrf_token "
                 "csrf_token csrftoken _session_id laravel_session" },
  { KEY_QUERY | KEY_DIGEST | KEY_TOKEN, "key" },
  { KEY_QUERY, "sig auth code hmac session sessionid signature ticket samlresponse samlrequest relaystate x_amz_signature x_amz_credential "
               "x_amz_security_token x_goog_signature x_goog_credential awsaccesskeyid policy reset temp_url_sig otpauth" },
  /* secrets wherever they stand */
  { KEY_QUERY | KEY_SECRET, "id_token authtoken auth_token refresh_token client_secret client_assertion assertion subscription_key jwt code_verifier "
                            "reset_token confirmation_token private_token" },
  { KEY_QUERY | KEY_SECRET, "auth_key credential credentials access_key secret_key private_key" },
  { KEY_SERIAL,
    "serial_number serialnumber serial_no serialno device_serial deviceserial serial_num serialnum phone_serial hw_serial hardware_serial "
    "device_serial_number" },
  { KEY_POSTAL,
    "cp zip plz zipcode zip_code postcode post_code postal postalcode postal_code code_postal codepostal address address1 address2 address_1 "
    "address_2 addr1 addr2 address_line1 address_line2 adresse street street_address streetaddress street1 street2 postal_address "
    "billing_address shipping_address home_address delivery_address rue voie ville city town locality commune anschrift strasse direccion "
    "indirizzo" },
  { KEY_PLATE, "plate license_plate licence_plate plate_number number_plate plate_no immat immatriculation kennzeichen matricula targa" },
  { KEY_SUBJECT, "subject" },
  { KEY_SUBJECT, "mail_subject email_subject msg_subject thread_topic" },
  { KEY_SYSTEM, "tty home" },
  { KEY_SYSTEM | KEY_USER, "uid" },
  { KEY_DIGEST | KEY_TOKEN, "calculated" },
  { KEY_ADDRESS, "ip srcip dstip ipaddr ip_addr ip_address ipaddress src_addr dst_addr peer_addr remote_addr client_addr candidate" },
};
enum { KEY_ROWS = sizeof key_rows / sizeof key_rows[0] };

/* Keys that mean the same as the last words of a longer one: variable_sip_auth_password, DestCallerIDName, X-Auth-Token. */
static const char tails[] =
    "password passwd pass pwd secret token apikey api_key psk passphrase auth_key access_key secret_key private_key nonce response challenge "
    "ha1 user username user_name userid user_id authname auth_name display caller_name callee_name calleridname callername calleename "
    "display_name displayname ani_name from_name full_name fullname first_name firstname last_name lastname realname member_name "
    "connectedlinename caller_id_number callee_id_number destination_number called_number calling_number phone_number caller_id_num callerid "
    "ani dnis phone mobile msisdn ip ip_address ipaddress mac macaddr mac_address callee_id_name caller_id_name display_info called_name "
    "calling_name calleridnum connectedlinenum party_name x_name";

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

/* key, found under the spelling. */
static void slot_add(struct key_index *index, struct text spelling, struct text key, uint32_t kind) {
  struct key_slot slot = { .key = key.at, .size = (uint32_t)key.size, .kind = kind };
  uint32_t        at;
  key_words(spelling.at, key.size, slot.words);
  for (at = key_hash(slot.words, key.size); index->slots[at].kind != 0; at = (at + 1) % KEY_SLOTS) continue;
  index->slots[at] = slot;
}

/* The bytes of a long key that its words leave out. */
static bool middle_fits(const char *row, struct text key) {
  for (size_t i = 8; i + 8 < key.size; i++)
    if ((key.at[i] | FOLD) != (row[i] | FOLD) && !(key.at[i] == '-' && row[i] == '_')) return false;
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
    if (slot->words[0] == words[0] && slot->words[1] == words[1] && slot->size == key.size && middle_fits(slot->key, key)) return slot;
  }
  return NULL;
}

static uint32_t kind_of(const struct key_index *index, struct text key) {
  const struct key_slot *slot = slot_find(index, key);
  return slot != NULL ? slot->kind & ~(uint32_t)KEY_TAIL : KEY_NONE;
}

static struct key_slot *slot_of(struct key_index *index, struct text key) {
  const struct key_slot *slot = slot_find(index, key);
  return slot == NULL ? NULL : &index->slots[slot - index->slots];
}

/* The key with '-' for '_'. */
static struct text dashed_into(struct text key, char out[KEY_MOST]) {
  for (size_t i = 0; i < key.size; i++) out[i] = key.at[i] == '_' ? '-' : key.at[i];
  return (struct text){ out, key.size };
}

static void key_add(struct key_index *index, struct text key, uint32_t kind) {
  char dashed[KEY_MOST];
  slot_add(index, key, key, kind);
  if (memchr(key.at, '_', key.size) != NULL) slot_add(index, dashed_into(key, dashed), key, kind);
  index->ends[key.size][key.at[0] & 31] |= 1u << (key.at[key.size - 1] & 31);
}

/* Marks a key of the table, as it stands and with '-', as one that may end a longer one. */
static void tail_add(struct key_index *index, struct text tail, uint32_t kind) {
  char             dashed[KEY_MOST];
  struct key_slot *slots[2] = { slot_of(index, tail), slot_of(index, dashed_into(tail, dashed)) };
  for (int i = 0; i < 2; i++)
    if (slots[i] != NULL) slots[i]->kind |= kind;
  index->tail_ends[0][tail.at[tail.size - 1] & 31] |= 1u << (tail.at[tail.size - 2] & 31);
  index->tail_ends[1][tail.at[tail.size - 1] & 31] |= tail.size > 2 ? 1u << (tail.at[tail.size - 3] & 31) : ~0u;
}

static void each_word(struct key_index *index, const char *words, uint32_t kind, void (*add)(struct key_index *, struct text, uint32_t)) {
  while (*words != 0) {
    size_t size = strcspn(words, " ");
    add(index, (struct text){ words, size }, kind);
    words += size + (words[size] == ' ');
  }
}

void keys_index(struct key_index *index) {
  *index = (struct key_index){ 0 };
  for (size_t i = 0; i < KEY_ROWS; i++) each_word(index, key_rows[i].keys, key_rows[i].kind, key_add);
  each_word(index, tails, KEY_TAIL, tail_add);
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

size_t key_prefix(struct text key) {
  if (key.size < 4) return 0;
  if (key.at[0] == '0' && key.at[1] == '1' && is_digit(key.at[2]) && is_alpha(key.at[3])) return 3;
  if ((key.at[0] == 'n' || key.at[0] == 'r' || key.at[0] == 't') && is_upper(key.at[1])) return 1;
  if (key.at[0] == '_' && key.at[1] == '_') return 2;
  if (key.size > 5 && key.at[0] == 'u' && (STARTS(key, 0, "u0026") || STARTS(key, 0, "u003f"))) return 5;
  return key.at[0] == 'v' && STARTS(key, 0, "variable_") ? 9 : 0;
}

uint32_t key_kind_of(const struct key_index *index, struct text key) {
  uint32_t kind = kind_of(index, key);
  size_t   cut = 0;
  if (kind != KEY_NONE || key.size < 4) return kind;
  if (key.at[key.size - 1] == ')') { /* CDR(pin), SIP_HEADER(token) */
    while (cut < key.size && key.at[cut] != '(') cut++;
    return cut < key.size ? key_kind_of(index, (struct text){ key.at + cut + 1, key.size - cut - 2 }) : kind;
  }
  cut = key_prefix(key);
  if (cut > 0) kind = kind_of(index, (struct text){ key.at + cut, key.size - cut });
  return kind != KEY_NONE ? kind : key_tail(index, key);
}

uint32_t field_kind_of(struct key_index *index, struct text field) {
  uint64_t words[2];
  if (field.size == 0) return KEY_NONE;
  if (field.size < 2 || field.size > 16) return key_kind_of(index, field);
  key_words(field.at, field.size, words); /* all of it, without case */
  if (index->field.size == field.size && index->field.words[0] == words[0] && index->field.words[1] == words[1]) return index->field.kind;
  index->field = (struct key_slot){ .words = { words[0], words[1] }, .size = (uint32_t)field.size, .kind = key_kind_of(index, field) };
  return index->field.kind;
}
