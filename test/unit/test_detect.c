/* Detectors of long numbers, codes, credentials and typed digits, one table each: what must go and what must stay. Values
 * are published examples or fictions with a check digit: account and card numbers of banks that do not exist. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "test/unit/engine.h"

enum { ROOM = 1 << 16 };

/* A filter with these detectors, ended by NULL. Found values become the detector's tag. */
static struct filter *filter_of(const char *const *names) {
  struct rule_spec specs[64] = { 0 };
  size_t           count = 0;
  for (; names[count] != NULL; count++)
    specs[count] = (struct rule_spec){ .name = names[count], .detect = names[count], .action = ACTION_STRIP, .ipv4_bits = 24, .ipv6_bits = 48 };
  return engine_filter(specs, count, ROOM);
}

static void run(struct filter *filter, const char *in, char *out) {
  size_t size;
  assert_int_equal(engine_run(filter, text_of(in), out, ROOM, &size), FILTER_OK);
  out[size] = 0;
}

struct row {
  const char *says, *in, *out; /* out NULL: stays as it is */
};

/* Each row through the detector alone, with and without wide instructions, and once more through its own result. */
static void check(const char *detector, const struct row *rows, size_t count) {
  static char       out[ROOM + 1], twice[ROOM + 1];
  const char *const names[] = { detector, NULL };
  struct filter    *filter = filter_of(names), *portable = filter_of(names);
  unsigned          bad = 0;
  filter_width(portable, 0);
  for (size_t i = 0; i < count; i++) {
    const char *want = rows[i].out != NULL ? rows[i].out : rows[i].in;
    run(filter, rows[i].in, out);
    if (strcmp(out, want) != 0) {
      print_error("%s: %s\n  in   %s\n  want %s\n  got  %s\n", detector, rows[i].says, rows[i].in, want, out);
      bad++;
    }
    run(portable, rows[i].in, twice);
    assert_string_equal(out, twice);
    run(filter, out, twice);
    if (strcmp(out, twice) != 0) {
      print_error("%s: %s: filtered again\n  once  %s\n  twice %s\n", detector, rows[i].says, out, twice);
      bad++;
    }
  }
  filter_free(filter);
  filter_free(portable);
  assert_int_equal(bad, 0);
}
#define CHECK(detector, rows) check(detector, rows, sizeof(rows) / sizeof((rows)[0]))

static void pins(void **state) {
  static const struct row rows[] = {
    { "a voicemail password", "mailbox 209: password entered '29208'", "mailbox 209: password entered '[pin]'" },
    { "a wrong one", "Incorrect password '1234' for user '201' (context = default)",
      "Incorrect password '[pin]' for user '201' (context = default)" },
    { "a changed one", "User 201 set password to 4711 of length 4", "User 201 set password to [pin] of length 4" },
    { "Asterisk's DTMF begin", "DTMF begin '5' received on PJSIP/201-00000001", "DTMF begin '[pin]' received on PJSIP/201-00000001" },
    { "Asterisk's DTMF end", "DTMF end '5' received on SIP/201-00000001, duration 120 ms",
      "DTMF end '[pin]' received on SIP/201-00000001, duration 120 ms" },
    { "DTMF accepted", "DTMF end accepted with begin '5' on PJSIP/201-00000001", "DTMF end accepted with begin '[pin]' on PJSIP/201-00000001" },
    { "DTMF passed on", "DTMF begin passthrough '#' on x, DTMF end passthrough '5' on PJSIP/2",
      "DTMF begin passthrough '#' on x, DTMF end passthrough '[pin]' on PJSIP/2" },
    { "DTMF emulated", "DTMF end emulation of '5' queued on PJSIP/201-00000001", "DTMF end emulation of '[pin]' queued on PJSIP/201-00000001" },
    { "an INFO relayed", "* DTMF-relay event received: 5", "* DTMF-relay event received: [pin]" },
    { "Read()", "VERBOSE[12][C-00000001] app_read.c: User entered '1234'", "VERBOSE[12][C-00000001] app_read.c: User entered '[pin]'" },
    { "digits sent", "Executing [s@out:3] SendDTMF(\"PJSIP/trunk-00000001\", \"1234#\") in new stack",
      "Executing [s@out:3] SendDTMF(\"PJSIP/trunk-00000001\", \"[pin]\") in new stack" },
    { "a password in the dialplan", "Authenticate(\"PJSIP/201-00000001\", \"4711\")", "Authenticate(\"PJSIP/201-00000001\", \"[pin]\")" },
    { "an RFC 2833 event", "Got  RTP RFC2833 from   192.0.2.7:4000 (type 101, seq 1, ts 160, len 4, mark 1, event 050a0320, end 0)",
      "Got  RTP RFC2833 from   192.0.2.7:4000 (type 101, seq 1, ts 160, len 4, mark 1, event [pin], end 0)" },
    { "FreeSWITCH receives", "switch_rtp.c:5201 RTP RECV DTMF 5:960", "switch_rtp.c:5201 RTP RECV DTMF [pin]:960" },
    { "FreeSWITCH sends", "switch_channel.c:509 SEND DTMF 5:2000", "switch_channel.c:509 SEND DTMF [pin]:2000" },
    { "FreeSWITCH's INFO", "sofia.c:9921 INFO DTMF(5)", "sofia.c:9921 INFO DTMF([pin])" },
    { "in-band", "mod_spandsp_dsp.c:104 DTMF DETECTED: [5]", "mod_spandsp_dsp.c:104 DTMF DETECTED: [[pin]]" },
    { "digits of a menu", "switch_ivr_menu.c:512 digits '1234'", "switch_ivr_menu.c:512 digits '[pin]'" },
    { "digits typed, with their end", "digits \"1234#\"", "digits \"[pin]\"" },
    { "send_dtmf", "EXECUTE sofia/internal/201@example.com send_dtmf(1234@100)", "EXECUTE sofia/internal/201@example.com send_dtmf([pin]@100)" },
    { "a digit sent", "sent digit 5", "sent digit [pin]" },
    { "a digit received", "pjsua: received digit 5, duration=160", "pjsua: received digit [pin], duration=160" },
    { "AMI", "Event: DTMFEnd\r\nDigit: 5\r\nDirection: Received", "Event: DTMFEnd\r\nDigit: [pin]\r\nDirection: Received" },
    { "ARI", "{\"type\":\"ChannelDtmfReceived\",\"digit\":\"5\",\"duration_ms\":120}",
      "{\"type\":\"ChannelDtmfReceived\",\"digit\":\"[pin]\",\"duration_ms\":120}" },
    { "rtpengine's event", "{\"type\":\"DTMF\",\"event\":5,\"duration\":150}", "{\"type\":\"DTMF\",\"event\":[pin],\"duration\":150}" },
    { "SIP INFO", "Signal=5#015#012Duration=160", "Signal=[pin]#015#012Duration=160" },
    { "SIP INFO, a line of its own", "Signal=5", "Signal=[pin]" },
    { "SIP INFO of a star", "Signal=*", "Signal=[pin]" },
    { "GET DATA of AGI", "AGI Tx >> 200 result=1234 (timeout)", "AGI Tx >> 200 result=[pin] (timeout)" },
    { "PIN by key", "PIN: 1234", "PIN: [pin]" },
    { "pin by key", "conference 8001 pin=4711 admin=1", "conference 8001 pin=[pin] admin=1" },
    { "PIN in prose", "caller gave PIN 471100", "caller gave PIN [pin]" },
    { "CVV", "cvv=123", "cvv=[pin]" },
    { "a card number typed", "User entered '4111111111111111'", "User entered '[pin]'" },
    { "a PIN typed in JSON", "{\"pin\":\"0000\"}", "{\"pin\":\"[pin]\"}" },
    { "rtpengine's packet", "DTMF event packet: event 5, volume 10, end 0", "DTMF event packet: event [pin], volume 10, end 0" },
    { "the last of a line", "Incoming DTMF on call 0: 5", "Incoming DTMF on call 0: [pin]" },
    { "Cisco", "cc_api_call_digit_begin: Relaying Digit 5 to dstCallId 0x1D", "cc_api_call_digit_begin: Relaying Digit [pin] to dstCallId 0x1D" },
    { "a caller", "Caller entered 4711# for conference 8001", "Caller entered [pin] for conference 8001" },
    { "a channel's variable", "variable_digits_dialed: 1234", "variable_digits_dialed: [pin]" },
    { "an inherited variable", "Set(\"PJSIP/201-00000001\", \"__PIN=4711\")", "Set(\"PJSIP/201-00000001\", \"__PIN=[pin]\")" },
    { "a field of the CDR", "CDR(pin)=4711", "CDR(pin)=[pin]" },
    { "most digits", "max_digits=4 n_digits: 12", NULL },
    { "which digits", "digits [0-9] and (0-9)", NULL },
    { "how many digits", "play_and_get_digits(4 8 3 7000 # ivr/pin.wav)", NULL },
    { "in a message of one line", "INFO sip:x SIP/2.0#015#012Signal=5#015#012Duration=160",
      "INFO sip:x SIP/2.0#015#012Signal=[pin]#015#012Duration=160" },
    { "behind an escaped line's end", "Event: DTMFEnd\\r\\nDigit: 5\\r\\nDirection: x", "Event: DTMFEnd\\r\\nDigit: [pin]\\r\\nDirection: x" },
    { "a digit read out", "<PJSIP/201-00000001> Playing 'digits/5.gsm' (language 'en')",
      "<PJSIP/201-00000001> Playing 'digits/[pin].gsm' (language 'en')" },
    { "a digit that was received", "DIGIT received: 5", "DIGIT received: [pin]" },
    { "digits that were collected", "digits collected: 4711", "digits collected: [pin]" },
    { "a modem", "AT^DTMF=1,5", "AT^DTMF=[pin]" },
    { "in stars", "***  DTMF 5  ***", "***  DTMF [pin]  ***" },
    { "in the voice", "* Detected inband DTMF '5' on 'PJSIP/201-00000001'", "* Detected inband DTMF '[pin]' on 'PJSIP/201-00000001'" },
    { "a star in front", "DTMF: '*98'", "DTMF: '[pin]'" },
    { "pin of a connector", "pin 5 of the connector is high", NULL },
    { "GPIO", "gpio: pin=13 high", NULL },
    { "a session of root", "session 732 of user root", NULL },
    { "code=200", "code=200 reason=OK", NULL },
    { "an error code", "exited with code 1234", NULL },
    { "a payload type", "a=rtpmap:101 telephone-event/8000 DTMF payload 101", NULL },
    { "a payload type alone", "DTMF 101", NULL },
    { "the mode", "dtmfmode=rfc2833 dtmf_mode: 1", NULL },
    { "a duration", "DTMF duration 120 ms", NULL },
    { "an account's port", "Failed password for root from 192.0.2.7 port 40022 ssh2", NULL },
    { "a signal of the kernel", "killed by signal=9", NULL },
    { "a crash", "asterisk: Signal: 11 caught", NULL },
    { "radio", "rssi=-71 signal=23", NULL },
    { "a result", "result=1 rows=12", NULL },
    { "AGI says yes", "200 result=1", NULL },
    { "an event's number", "{\"event\":5,\"name\":\"call\"}", NULL },
    { "ping", "ping 1234 ms", NULL },
    { "digits of a checksum", "digit 5 of the checksum", NULL },
    { "a count of digits", "expects digits 4", NULL },
    { "an origin", "origin '12345'", NULL },
    { "spin", "spin: 1234", NULL },
    { "a port", "listening on port 5060", NULL },
  };
  (void)state;
  CHECK("pin", rows);
}

static void equipment(void **state) {
  static const struct row imei[] = {
    { "by key", "modem gsm3 imei=352095118878002 rssi=-71", "modem gsm3 imei=[imei] rssi=-71" },
    { "with spaces and a colon", "IMEI: 35 209511 887800 2", "IMEI: [imei]" },
    { "with dashes", "IMEI 35-209511-887800-2 x imei:35-209511-887800-2", "IMEI 35-209511-887800-2 x imei:[imei]" },
    { "as URN", "+sip.instance=\"<urn:gsma:imei:90420156-025763-0>\"", "+sip.instance=\"<urn:gsma:imei:[imei]>\"" },
    { "the software's version", "imeisv=3520951188780011", "imeisv=[imei]" },
    { "without check digit", "\"imei\":\"35209511887800\"", "\"imei\":\"[imei]\"" },
    { "after its word", "handset 490154203237518 attached", "handset [imei] attached" },
    { "a wrong check digit after its word", "handset 490154203237519 attached", NULL },
    { "an order", "order 490154203237518", NULL },
    { "digits alone", "490154203237518", NULL },
    { "a fraction", "device 0.490154203237518", NULL },
    { "a stamp", "device 20260312143015", NULL },
    { "an epoch of microseconds", "ts=1778157177123456", NULL },
    { "hexadecimal", "handset 4901542032375180ab", NULL },
    { "cut off by the text's end", "attached imei=35209511", "attached imei=[imei]" },
    { "no number", "imei=unknown", NULL },
  };
  static const struct row imsi[] = {
    { "by key", "imsi=208015986446400 rssi", "imsi=[imsi] rssi" },
    { "14 digits", "IMSI: 31041012345678", "IMSI: [imsi]" },
    { "a SUPI", "supi imsi-001010000000001", "supi imsi-[imsi]" },
    { "in prose", "attach of IMSI 208015986446400 accepted", "attach of IMSI [imsi] accepted" },
    { "no country in prose", "IMSI 100015986446400", NULL },
    { "a ticket", "ticket 208015986446400", NULL },
    { "an SSRC", "ssrc=2080159864", NULL },
  };
  static const struct row iccid[] = {
    { "alone", "SIM 8933010000000000002 inserted", "SIM [iccid] inserted" },
    { "by key", "iccid=89330100000000000061", "iccid=[iccid]" },
    { "filled", "ccid: 8933010000000000002F", "ccid: [iccid]" },
    { "a wrong check digit alone", "8933010000000000003", NULL },
    { "another head", "7933010000000000002", NULL },
    { "nanoseconds", "ts=1778157177123456789", NULL },
  };
  static const struct row card[] = {
    { "by key", "card=4111111111111111 ok", "card=[card] ok" },
    { "grouped", "paid with 4111 1111 1111 1111 today", "paid with [card] today" },
    { "grouped by dashes", "5555-5555-5555-4444", "[card]" },
    { "after its word", "visa 4111111111111111", "visa [card]" },
    { "a wrong check digit", "visa 4111111111111112", NULL },
    { "digits alone", "4111111111111111", NULL },
    { "zeros", "0000 0000 0000 0000", NULL },
    { "groups that do not check", "4111 1111 1111 1112", NULL },
    { "a hex dump", "4500 0034 4111 1111 1111 1111 7f00 0001", NULL },
    { "five groups", "4111 1111 1111 1111 1111", NULL },
    { "a sound card", "card=0 device=3", NULL },
    { "a UUID", "41111111-1111-4111-8111-111111111111", NULL },
  };
  static const struct row serial[] = {
    { "a phone's", "SerialNumber: SIP42X0012345 model=T46", "SerialNumber: [serial] model=T46" },
    { "in JSON", "\"serial_number\":\"0A12345678\"", "\"serial_number\":\"[serial]\"" },
    { "a zone's", "zone example.com/IN: loaded serial 2026031201", NULL },
    { "a zone's by key", "serial=2026031201", NULL },
    { "none", "serial_number=none", NULL },
  };
  (void)state;
  CHECK("imei", imei);
  CHECK("imsi", imsi);
  CHECK("iccid", iccid);
  CHECK("card", card);
  CHECK("serial", serial);
}

static void accounts(void **state) {
  static const struct row iban[] = {
    { "in one piece", "pays FR7630006000011234567890189 now", "pays [iban] now" },
    { "in groups", "IBAN DE75 5121 0800 1245 1261 99, BIC", "IBAN [iban], BIC" },
    { "by key", "iban=GB33BUKB20201555555555;x", "iban=[iban];x" },
    { "by key, mistyped", "iban: GB34BUKB20201555555555 x", "iban: [iban] x" },
    { "in a query", "/pay?iban=BE71%200961%202345%206769&x", "/pay?iban=[iban]&x" },
    { "in JSON", "{\"iban\":\"NL02ABNA0123456789\"}", "{\"iban\":\"[iban]\"}" },
    { "with letters", "MT31MALT01100000000000000000123", "[iban]" },
    { "a wrong check", "FR7630006000011234567890188", NULL },
    { "an order", "ref ORD823020838 SO20260312", NULL },
    { "a queue id", "4BF2A81D3E7: removed, 3C0FE1234567890", NULL },
    { "cut off behind its key", "iban=FR76 3000 6", "iban=[iban]" },
    { "a short one", "FR76 3000", NULL },
    { "hexadecimal", "DE7512108001245126199AB", NULL },
  };
  static const struct row vat[] = {
    { "France, alone", "invoice for FR40303265045 sent", "invoice for [vat] sent" },
    { "France, by key in groups", "tva: FR 40 303 265 045", "tva: [vat]" },
    { "France, after its word", "VAT no FR40303265045", "VAT no [vat]" },
    { "France, a wrong SIREN", "FR40303265046", NULL },
    { "France, a wrong key", "FR41303265045", NULL },
    { "Belgium", "vat=BE0428759497", "vat=[vat]" },
    { "Germany in prose", "USt-IdNr. DE136695976", "USt-IdNr. [vat]" },
    { "Germany by key", "ust-idnr: DE136695976", "ust-idnr: [vat]" },
    { "Germany alone", "DE136695976", NULL },
    { "Italy", "\"vat_number\":\"IT00743110157\"", "\"vat_number\":\"[vat]\"" },
    { "Spain", "nif=ESB58378431", "nif=[vat]" },
    { "Netherlands", "btw NL004495445B01", "btw [vat]" },
    { "Austria", "VAT number: ATU13585627", "VAT number: [vat]" },
    { "Luxembourg", "tva LU15027442", "tva [vat]" },
    { "Ireland", "VAT IE6433435F", "VAT [vat]" },
    { "Great Britain", "vat: GB 980 7806 84", "vat: [vat]" },
    { "Switzerland", "vat: CHE-107.787.577 MWST", "vat: [vat]" },
    { "Denmark, by its check", "company number DK13585628", "company number [vat]" },
    { "Denmark, a wrong check", "company number DK13585629", NULL },
    { "Finland, by its check", "number FI20774740", "number [vat]" },
    { "Finland, a wrong check", "number FI20774741", NULL },
    { "Sweden, by its check", "number SE556188840401", "number [vat]" },
    { "Sweden, a wrong check", "number SE556188840501", NULL },
    { "Poland, by its check", "number PL8567346215", "number [vat]" },
    { "Poland, a wrong check", "number PL8567346216", NULL },
    { "Portugal, by its check", "number PT501964843", "number [vat]" },
    { "Portugal, a wrong check", "number PT501964842", NULL },
    { "Estonia, by its check", "number EE100931558", "number [vat]" },
    { "Estonia, a wrong check", "number EE100931557", NULL },
    { "Hungary, by its check", "number HU12892312", "number [vat]" },
    { "Hungary, a wrong check", "number HU12892313", NULL },
    { "Malta, by its check", "number MT11679112", "number [vat]" },
    { "Malta, a wrong check", "number MT11679113", NULL },
    { "Slovenia, by its check", "number SI50223054", "number [vat]" },
    { "Slovenia, a wrong check", "number SI50223055", NULL },
    { "Slovakia, by its check", "number SK2022749619", "number [vat]" },
    { "Slovakia, a wrong check", "number SK2022749618", NULL },
    { "Greece, by its check", "number EL094259216", "number [vat]" },
    { "Greece, a wrong check", "number EL094259215", NULL },
    { "Croatia, by its check", "number HR33392005961", "number [vat]" },
    { "Croatia, a wrong check", "number HR33392005962", NULL },
    { "Germany, by its check", "number DE136695976", "number [vat]" },
    { "Germany, a wrong check", "number DE136695975", NULL },
    { "Norway, by its check", "number NO995525828MVA", "number [vat]" },
    { "Northern Ireland, by its check", "number XI980780684", "number [vat]" },
    { "Belgium, alone", "invoice BE0428759497", "invoice [vat]" },
    { "Austria, alone", "invoice ATU13585627", "invoice [vat]" },
    { "Netherlands, alone", "invoice NL004495445B01", "invoice [vat]" },
    { "Netherlands, a wrong check", "invoice NL004495446B01", NULL },
    { "Italy, alone", "invoice IT00743110157", "invoice [vat]" },
    { "Bulgaria, whose check is not told", "number BG175074752", NULL },
    { "without its country", "vat_id=40303265045", "vat_id=[vat]" },
    { "a rate", "vat=20 total=120.00", NULL },
    { "a rate with decimals", "tva: 19.6", NULL },
    { "a build", "build SE556012345601", NULL },
    { "an article", "article NL004495445", NULL },
    { "an encoding", "charset=UTF-8 ISO8859", NULL },
  };
  (void)state;
  CHECK("iban", iban);
  CHECK("vat", vat);
}

#define HEAD "eyJhbGciOiJIUzI1NiJ9"
#define BODY "eyJzdWIiOiIxMjM0In0"

static void web(void **state) {
  static const struct row jwt[] = {
    { "a token", "token " HEAD "." BODY ".c2lnbmF0dXJl-_x end", "token [jwt] end" },
    { "in a query", "/a?t=" HEAD "." BODY ".c2ln&b=1", "/a?t=[jwt]&b=1" },
    { "cut off", HEAD "." BODY, "[jwt]" },
    { "in JSON", "{\"t\":\"" HEAD "." BODY ".c2ln\"}", "{\"t\":\"[jwt]\"}" },
    { "a file", "keyring.eyaml loaded", NULL },
    { "a host", "mail.eye.example.com", NULL },
    { "a version", "v1.2.3", NULL },
  };
  static const struct row cookie[] = {
    { "names stay", "Cookie: sid=abc123; theme=dark", "Cookie: sid=[cookie]; theme=[cookie]" },
    { "attributes stay", "Set-Cookie: id=a3fWa; Path=/; HttpOnly; Secure", "Set-Cookie: id=[cookie]; Path=/; HttpOnly; Secure" },
    { "in an access log", "\"GET /\" cookie=\"a=1; b=2\" 200", "\"GET /\" cookie=\"a=[cookie]; b=[cookie]\" 200" },
    { "a session's id", "PHPSESSID=r2t5uvjq435r4q7ib3vtdjq120", "PHPSESSID=[cookie]" },
    { "in a path", "/app;jsessionid=1A530637289A03B07199A44E8D531427?x=1", "/app;jsessionid=[cookie]?x=1" },
    { "by key", "session_id=9f8a7b6c5d4e3f2a1b0c", "session_id=[cookie]" },
    { "none", "cookie: -", NULL },
    { "prose", "cookie: fixed exit condition", NULL },
    { "hidden already", "cookie=[cookie]", NULL },
    { "a session's number", "session_id=732 of user root", NULL },
    { "a started session", "Started Session 732 of User root.", NULL },
    { "tracing", "X-Session-ID: 9f8a7b6c5d4e3f2a1b0c", NULL },
    { "Diameter", "Session-Id: pgw.example.com;1876543210;102", NULL },
    { "AudioCodes", "[S=812] [SID=1a2b3c:4:12345]", NULL },
    { "Asterisk's", "SessionID=\"9f8a7b6c5d4e3f2a1b0c9f8a7b6c5d4e\"", NULL },
    { "SIP timers", "Session-Expires: 1800;refresher=uac", NULL },
    { "a session's end", "session=closed", NULL },
  };
  static const struct row url_query[] = {
    { "a token", "GET /a?token=abc&x=1 HTTP/1.1", "GET /a?token=[secret]&x=1 HTTP/1.1" },
    { "a code of OAuth", "/cb?code=4%2F0Ab&state=x", "/cb?code=[secret]&state=x" },
    { "a signature", "/o?X-Amz-Signature=0a1b2c", "/o?X-Amz-Signature=[secret]" },
    { "the second one", "/o?a=1&sig=0a1b2c&b=2", "/o?a=1&sig=[secret]&b=2" },
    { "as an entity", "/o?a=1&amp;key=0a1b2c&amp;b=2", "/o?a=1&amp;key=[secret]&amp;b=2" },
    { "in JSON of Go", "\"/o?a=1\\u0026sig=0a1b2c\\u0026b=2\"", "\"/o?a=1\\u0026sig=[secret]\\u0026b=2\"" },
    { "a status", "code=200 key=value auth=yes", NULL },
    { "an id", "GET /path?id=5 HTTP/1.1", NULL },
    { "a header", "session: 12", NULL },
    { "from=", "from=<sip:201@example.com> reply-code=200", NULL },
  };
  static const struct row adid[] = {
    { "IDFA", "idfa=6D92078A-8246-4BA4-AE5B-76104861E7DC&x", "idfa=[adid]&x" },
    { "GAID", "\"gaid\":\"cdda802e-fb9c-47ad-9866-0794d394c912\"", "\"gaid\":\"[adid]\"" },
    { "an Android id", "android_id=9774d56d682e549c", "android_id=[adid]" },
    { "tracking is off", "idfa=00000000-0000-0000-0000-000000000000", NULL },
    { "a job", "job 6f88333d-01de-4a42-a44b-9063dd1d43c2", NULL },
    { "an advertisement's number", "ad_id=4711", NULL },
  };
  (void)state;
  CHECK("jwt", jwt);
  CHECK("cookie", cookie);
  CHECK("url_query", url_query);
  CHECK("adid", adid);
}

static void people(void **state) {
  static const struct row login[] = {
    { "a failed password", "Failed password for invalid user mdupont from 192.0.2.7 port 40022 ssh2",
      "Failed password for invalid user [user] from 192.0.2.7 port 40022 ssh2" },
    { "a key", "sshd[812]: Accepted publickey for mdupont from 192.0.2.7 port 40022 ssh2: RSA SHA256:x",
      "sshd[812]: Accepted publickey for [user] from 192.0.2.7 port 40022 ssh2: RSA SHA256:x" },
    { "an unknown user", "sshd[812]: Invalid user mdupont from 192.0.2.7 port 40022", "sshd[812]: Invalid user [user] from 192.0.2.7 port 40022" },
    { "PAM", "pam_unix(sshd:session): session opened for user mdupont(uid=1000) by (uid=0)",
      "pam_unix(sshd:session): session opened for user [user](uid=1000) by (uid=0)" },
    { "a closed connection", "Connection closed by authenticating user mdupont 192.0.2.7 port 40022 [preauth]",
      "Connection closed by authenticating user [user] 192.0.2.7 port 40022 [preauth]" },
    { "a disconnected user", "Disconnected from user mdupont 192.0.2.7 port 40022", "Disconnected from user [user] 192.0.2.7 port 40022" },
    { "a session", "systemd-logind[1]: New session 732 of user mdupont.", "systemd-logind[1]: New session 732 of user [user]." },
    { "a started session", "systemd[1]: Started Session 732 of User mdupont.", "systemd[1]: Started Session 732 of User [user]." },
    { "sudo", "sudo:  mdupont : TTY=pts/0 ; PWD=/srv ; USER=root ; COMMAND=/bin/ls",
      "sudo:  [user] : TTY=pts/0 ; PWD=/srv ; USER=root ; COMMAND=/bin/ls" },
    { "su", "su[12]: (to root) mdupont on pts/1", "su[12]: (to root) [user] on pts/1" },
    { "cron", "CRON[812]: (mdupont) CMD (/usr/local/bin/x)", "CRON[812]: ([user]) CMD (/usr/local/bin/x)" },
    { "dovecot", "imap-login: Login: user=<mdupont>, method=PLAIN", "imap-login: Login: user=<[user]>, method=PLAIN" },
    { "by whom", "pam_unix(sudo:session): session opened for user root(uid=0) by mdupont(uid=1000)",
      "pam_unix(sudo:session): session opened for user root(uid=0) by [user](uid=1000)" },
    { "sudo refuses", "sudo:  mdupont : 3 incorrect password attempts ; TTY=pts/0 ; USER=root",
      "sudo:  [user] : 3 incorrect password attempts ; TTY=pts/0 ; USER=root" },
    { "a service of dovecot", "imap(mdupont)<812><k3Hj5w>: Logged out", "imap([user])<812><k3Hj5w>: Logged out" },
    { "dovecot's passwords", "auth: passwd-file(mdupont,192.0.2.7): unknown user", "auth: passwd-file([user],192.0.2.7): unknown user" },
    { "MySQL", "Access denied for user 'mdupont'@'192.0.2.7'", "Access denied for user '[user]'@'192.0.2.7'" },
    { "PostgreSQL", "FATAL:  password authentication failed for user \"mdupont\"", "FATAL:  password authentication failed for user \"[user]\"" },
    { "a new user", "useradd[812]: new user: name=mdupont, UID=1001, home=/home/mdupont, shell=/bin/sh",
      "useradd[812]: new user: name=[user], UID=1001, home=/home/[user], shell=/bin/sh" },
    { "a message repeated", "sshd[1]: message repeated 5 times: [ Failed password for mdupont from 192.0.2.7 port 40022 ssh2]",
      "sshd[1]: message repeated 5 times: [ Failed password for [user] from 192.0.2.7 port 40022 ssh2]" },
    { "an access log", "192.0.2.7 - mdupont [12/Mar/2026:14:30:15 +0100] \"GET / HTTP/1.1\" 200",
      "192.0.2.7 - [user] [12/Mar/2026:14:30:15 +0100] \"GET / HTTP/1.1\" 200" },
    { "an access log without user", "192.0.2.7 - - [12/Mar/2026:14:30:15 +0100] \"GET / HTTP/1.1\" 200", NULL },
    { "no access log", "192.0.2.7 - reachable again after 12 seconds, 3 of 4 answers", NULL },
    { "root", "Started Session 732 of User root.", NULL },
    { "root again", "Accepted password for root from 192.0.2.7 port 40022 ssh2", NULL },
    { "admin", "Failed password for invalid user admin from 192.0.2.7 port 40022 ssh2", NULL },
    { "prose", "Failed to look for updates from cache", NULL },
    { "a user who did", "User logged in from the web", NULL },
    { "an agent", "User-Agent: Yealink", NULL },
    { "a failure", "app: Failed lookup for example.com after 3 s", NULL },
    { "a connection", "Connection closed by foreign host", NULL },
  };
  static const struct row postal[] = {
    { "a code", "cp=75002 pays=FR", "cp=[postal] pays=FR" },
    { "a city", "ville=Saint-Denis, pays=FR", "ville=[postal], pays=FR" },
    { "an address", "address=\"12 rue de la Paix\" x", "address=\"[postal]\" x" },
    { "an address without quotes", "street: 12 rue de la Paix; zip: 75002", "street: [postal]; zip: [postal]" },
    { "a network's address", "address=192.0.2.7 address: sip:201@example.com address=/run/x.sock", NULL },
    { "IPv6", "address=[2001:db8::7]:5060", NULL },
    { "a copy", "cp /a /b", NULL },
  };
  static const struct row plate[] = {
    { "France", "immat=AB-123-CD gate", "immat=[plate] gate" },
    { "Germany", "kennzeichen: B MW 1234", "kennzeichen: [plate]" },
    { "a number", "plate=12", NULL },
    { "a word", "plate=hot", NULL },
  };
  static const struct row name[] = {
    { "two words", "caller_id_name=Camille Rousselet x=1", "caller_id_name=[name] x=1" },
    { "particles", "nom=Charlotte de la Tour d'Auvergne age=41", "nom=[name] age=41" },
    { "spaces around the sign", "account.1.display_name = Camille Rousselet", "account.1.display_name = [name]" },
    { "a key follows", "prenom=Camille Nom=Rousselet", "prenom=[name] Nom=[name]" },
    { "in quotes", "full_name=\"Camille Rousselet\" Then", "full_name=\"[name]\" Then" },
    { "first and last", "\"first_name\":\"Camille\",\"nom\":\"Rousselet\"", "\"first_name\":\"[name]\",\"nom\":\"[name]\"" },
    { "a host's name", "hostname=pbx3 name=sip", NULL },
  };
  (void)state;
  CHECK("login", login);
  CHECK("postal", postal);
  CHECK("plate", plate);
  CHECK("name", name);
}

/* Every spelling of a value gives one pseudonym. */
static void one_value_one_pseudonym(void **state) {
  static const struct {
    const char *detector, *one, *other;
  } rows[] = {
    { "imei", "imei=352095118878002", "IMEI: 35-209511-887800-2" },
    { "imei", "imei=352095118878002", "imeisv=3520951188780011" },
    { "imsi", "imsi=208015986446400", "IMSI 208015986446400" },
    { "iban", "iban=FR7630006000011234567890189", "IBAN: FR76 3000 6000 0112 3456 7890 189" },
    { "iban", "iban=fr7630006000011234567890189", "?iban=FR76%203000%206000%200112%203456%207890%20189" },
    { "vat", "vat=FR40303265045", "tva: FR 40 303 265 045" },
    { "adid", "idfa=6D92078A-8246-4BA4-AE5B-76104861E7DC", "idfa=6d92078a82464ba4ae5b76104861e7dc" },
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    const struct rule_spec spec = { .name = "a", .detect = rows[i].detector, .action = ACTION_HASH };
    struct filter         *filter = engine_filter(&spec, 1, ROOM);
    static char            one[ROOM + 1], other[ROOM + 1];
    const char            *a, *b;
    char                   head[16];
    run(filter, rows[i].one, one);
    run(filter, rows[i].other, other);
    snprintf(head, sizeof head, "%s_", rows[i].detector);
    a = strstr(one, head);
    b = strstr(other, head);
    if (a == NULL || b == NULL || strncmp(a, b, strlen(head) + 13) != 0) print_error("%s and %s\n", one, other);
    assert_true(a != NULL && b != NULL && strncmp(a, b, strlen(head) + 13) == 0);
    filter_free(filter);
  }
}

/* A JSON value comes alone, with its key as the field. */
static void fields(void **state) {
  static const char *const names[] = { "pin", "imei", "cookie", "subject", "url_query", "iban", NULL };
  static const struct {
    const char *field, *in, *out;
  } rows[] = {
    { "digit", "5", "[pin]" },
    { "pin", "1234", "[pin]" },
    { "imei", "352095118878002", "[imei]" },
    { "iban", "FR76 3000 6000 0112 3456 7890 189", "[iban]" },
    { "session_id", "9f8a7b6c5d4e3f2a1b0c", "[cookie]" },
    { "cookie", "a=1; b=2", "a=[cookie]; b=[cookie]" },
    { "subject", "Votre rendez-vous: demain", "[subject]" },
    { "session-id", "9f8a7b6c5d4e3f2a1b0c", NULL },
    { "code", "200", NULL },
    { "event", "5", NULL },
    { "signal", "5", NULL },
    { "message", "5", NULL },
  };
  static char    out[ROOM + 1];
  struct filter *filter = filter_of(names);
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    const struct filter_context context = { .field = text_of(rows[i].field), .keyed = true };
    const char                 *want = rows[i].out != NULL ? rows[i].out : rows[i].in;
    size_t                      size;
    unsigned                    rule;
    if (filter_text(filter, &context, text_of(rows[i].in), out, ROOM, &size, &rule) == FILTER_SAME) size = strlen(strcpy(out, rows[i].in));
    out[size] = 0;
    if (strcmp(out, want) != 0) print_error("field %s: want %s, got %s\n", rows[i].field, want, out);
    assert_string_equal(out, want);
  }
  filter_free(filter);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(pins),   cmocka_unit_test(equipment), cmocka_unit_test(accounts),
    cmocka_unit_test(web),    cmocka_unit_test(people),    cmocka_unit_test(one_value_one_pseudonym),
    cmocka_unit_test(fields),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
