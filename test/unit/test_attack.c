/* Attempts to get a value through, and harmless text that looks like one. In each row what stands between « and » is a value that must
 * be gone; every other byte must be left, in its order, and filtering again must change nothing. One row a class of spelling. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "test/unit/engine.h"

enum { ROOM = 1 << 14, VALUES_MOST = 16 };

struct row {
  const char *says, *in;
};

static size_t run(struct filter *filter, struct text in, char *out) {
  size_t size;
  assert_int_equal(engine_run(filter, in, out, ROOM, &size), FILTER_OK);
  out[size] = 0;
  return size;
}

/* The row without its marks: parts[0] value[0] parts[1] …; returns how many values. */
static size_t row_read(const char *marked, char *plain, char parts[][1024], char values[][1024]) {
  size_t count = 0, size = 0;
  char  *into = parts[0];
  for (const char *at = marked; *at != 0; at++) {
    bool open = strncmp(at, "«", 2) == 0, close = strncmp(at, "»", 2) == 0;
    if (open || close) {
      *into = 0;
      into = open ? values[count] : parts[++count];
      at++;
      continue;
    }
    *into++ = plain[size++] = *at;
  }
  *into = plain[size] = 0;
  return count;
}

/* Every part stands in out in its order, at both ends where it begins and ends the row, and no value stands between. */
static bool row_holds(const char *out, size_t count, char parts[][1024], char values[][1024]) {
  const char *at = out;
  size_t      last = strlen(parts[count]);
  if (strncmp(out, parts[0], strlen(parts[0])) != 0) return false;
  at += strlen(parts[0]);
  for (size_t i = 0; i < count; i++) {
    const char *next = i + 1 == count ? out + strlen(out) - last : strstr(at, parts[i + 1]);
    if (next == NULL || next < at || strcmp(out + strlen(out) - last, parts[count]) != 0) return false;
    for (const char *value = at; value < next; value++)
      if (strncmp(value, values[i], strlen(values[i])) == 0 && (size_t)(next - value) >= strlen(values[i])) return false;
    at = next + strlen(parts[i + 1]);
  }
  return count > 0 || out[strlen(parts[0])] == 0;
}

static void check_rows(const struct row *rows, size_t count) {
  static char    out[ROOM + 1], twice[ROOM + 1], plain[ROOM], parts[VALUES_MOST + 1][1024], values[VALUES_MOST][1024];
  struct filter *filter = engine_filter_all(ROOM);
  size_t         failed = 0;
  for (size_t i = 0; i < count; i++) {
    size_t found = row_read(rows[i].in, plain, parts, values), size = run(filter, text_of(plain), out);
    bool   holds = row_holds(out, found, parts, values);
    run(filter, (struct text){ out, size }, twice);
    if (!holds || strcmp(out, twice) != 0) print_error("%s\n  in    %s\n  out   %s\n  twice %s\n", rows[i].says, rows[i].in, out, twice);
    failed += !holds || strcmp(out, twice) != 0;
  }
  filter_free(filter);
  assert_int_equal(failed, 0);
}

static void hides_names(void **state) {
  static const struct row rows[] = {
    { "a session named after a person", "s=«Camille Rousselet»" },
    { "a session named after a product", "s=SIP Call" },
    { "a session without a name", "s=-" },
    { "a name in parentheses behind its address", "NEW INVITE from sip:201@pbx.example.com (\"«O'Brien, Siobhan»\") to x" },
    { "a name with a comma behind a caller", "CALL caller=«0199001234» name=\"«O'Brien, Siobhan»\" callee=«0199001235»" },
    { "a name with a number in it", "CALL caller=«0199001234» name=\"«BUREAU 12 Camille»\" x" },
    { "a name of something else", "queue name=\"support desk\" calls=5" },
    { "by a key of many words", "variable_effective_caller_id_name: «Camille Rousselet»" },
    { "by a key in capitals and small letters", "DestCallerIDName: «Camille Rousselet»" },
    { "by a key of two words in prose", "(Calling Name=«Camille Rousselet»)(TON=National)" },
    { "both names behind '='", "CALLERID(name)=«Camille Rousselet») in new stack" },
    { "up to the next key", "name from=x cidname=«Camille Rousselet» number=12" },
    { "by the object that holds it", "\"caller\":{\"name\":\"«Camille Rousselet»\",\"number\":\"201\"}" },
    { "an element of XML", "<caller_id_name>«Camille Rousselet»</caller_id_name>" },
    { "name and value of XML", "<variable name=\"effective_caller_id_name\" value=\"«Camille Rousselet»\"/>" },
    { "before a mail address", "From: «Camille Rousselet» <«camille@example.com»>" },
    { "an encoded word", "From: «=?utf-8?B?Q2FtaWxsZQ==?=» <sip:201@example.com>" },
    { "digits in a name", "From: «Bureau 12 Camille» <sip:201@example.com>" },
    { "before a number in parentheses", "Incoming call from «Camille Rousselet» («0199001234»)" },
    { "quoted, before a number", "Incoming call from \"«Camille Rousselet»\" «0199001234»" },
    { "before a user", "Processing «Camille Rousselet» <1001>->«0199001234» in context default" },
    { "an agent of queue_log", "1778157175|1778157175.1314|support|«Camille Rousselet»|RINGNOANSWER|1000" },
    { "cut before its quote closes", "From: \"«Camille Rous»" },
    { "cut without quotes", "From: «Camille Rous»" },
    { "a subject", "Subject: «Rendez-vous avec Camille»" },
    { "a tag in its place stays", "CallerIDName: [name]" },
    { "an unknown name stays", "CallerIDName: <unknown>" },
    { "no name: a queue", "1778157175|1778157175.1314|support|NONE|ENTERQUEUE||1" },
    { "no name: a certificate", "subject=CN = pbx.example.com" },
    { "no name: prose before parentheses", "Registered from cache (1778157177)" },
    { "no name: an interface", "name=eth0 \"name\":\"eth0\"" },
  };
  (void)state;
  check_rows(rows, sizeof rows / sizeof rows[0]);
}

static void hides_credentials(void **state) {
  static const struct row rows[] = {
    { "by a key of many words", "variable_sip_auth_password: «hunter2»" },
    { "by a key in capitals", "PGPASSWORD=«hunter2»" },
    { "by a key with a number", "password1=«hunter2»" },
    { "an arrow", "secret => «hunter2»" },
    { "a dump's brackets", "[sip_secret] => «hunter2»" },
    { "prose and quotes", "for password '«hunter2»'" },
    { "an option", "mysql --user=«camille» --password=«hunter2»" },
    { "with separators in it", "auth_pass=«hun,ter;2», user=201" },
    { "in a URL", "postgres://«kam:hunter2»@db.example.com:5432/kamailio" },
    { "in a URL, with @ in it", "ftp://«camille:hun@ter2»@prov.example.com/cfg" },
    { "in a URL without a user", "redis://«:hunter2»@cache.example.com:6379/0" },
    { "an element", "<authPassword>«hunter2»</authPassword>" },
    { "name and value", "<param name=\"password\" value=\"«hunter2»\"/>" },
    { "a scheme nobody knows", "Authorization: Token «abcdef0123456»" },
    { "a header", "X-Auth-Token: «abcdef0123456»" },
    { "an SRTP key", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:«PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR»|2^20|1:4" },
    { "an ICE password", "a=ice-pwd:«x9cml/YzichV2+XlhiMu8g»" },
    { "digest parts of a reply",
      "Authentication-Info: nextnonce=\"«47364c23432d2e131a5fb210812c»\", rspauth=\"«6629fae49393a05397450978507c4ef1»\"" },
    { "what was calculated", "check_response(): Our result = '«702f87e99532509088e0c17bb41427ee»'" },
    { "the rest of a digest value", "«a767779673f778aa»\", uri=\"sip:example.com\", qop=auth" },
    { "FreeRADIUS", "Login incorrect (mschap: FAILED): [«camille/hunter2»] (from client ap1 port 0)" },
    { "no secret: stars", "password: ********" },
    { "no secret: none", "password=(null) password=<hidden>" },
    { "no secret: prose", "Failed password for root, password authentication failed, token bucket full" },
    { "no digest: a status", "response: 200 OK" },
    { "no digest: a word", "Response: Success" },
    { "no digest: a result", "result: 20260312" },
    { "no scheme: prose", "Authorization: denied by policy" },
    { "a directory, no password", "PWD=/root ; USER=root" },
    { "a token of OAuth, no query", "{\"refresh_token\":\"«abcdef0123456»\",\"client_secret\":\"«hunter2abc»\"}" },
    { "a header of FreeSWITCH", "X-FS-Display-Name: «Camille Rousselet»" },
  };
  (void)state;
  check_rows(rows, sizeof rows / sizeof rows[0]);
}

static void hides_users_by_place(void **state) {
  static const struct row rows[] = {
    { "a caller that is a user", "CALL caller=«f.grosjean» callee=«0199001234»" },
    { "a caller that is a host", "from=pbx.local to=voicemail src=trunk.example" },
    { "a user in prose, first.last", "check_stun_auth: user «f.grosjean» credentials are incorrect" },
    { "a file behind the word user", "see the user manual.pdf and user settings.conf" },
    { "a peer named after a person", "Peer '«f.grosjean812»' is now UNREACHABLE!" },
    { "a user of TURN", "cannot find credentials of user <«1778157177:camille»>" },
    { "a peer that is a trunk stays", "Peer 'trunk-ovh' is now UNREACHABLE!" },
    { "a level in angles stays", "Yealink: SIP <6+info> [000] Reg user:«camille», server:pbx.example.com:5060" },
    { "an address of record and its contact", "Contact «camille»/sip:«camille»@«192.0.2.7»:5060 is now Reachable" },
    { "quoted, behind a word", "Registered SIP '«camille»' at «192.0.2.7»:5060" },
    { "quoted, behind two words", "auth_db: credentials for '«camille»' found" },
    { "in angles, behind a word", "realm <example.com> user <«camille.r»>: incoming packet" },
    { "in angles, behind a name", "\"«Camille Rousselet»\" <«camille»> calls" },
    { "in angles, before a number", "Processing «Camille» <«camille»>->«0199001234» in context default" },
    { "in angles, behind a key", "imap-login: Login: user=<«camille»>, method=PLAIN" },
    { "a domain before it", "user=«EXAMPLE\\camille», ip=«192.0.2.7»" },
    { "of a session description", "o=«crousselet» 3906123456 1 IN IP4 «192.0.2.7»" },
    { "of one in an escaped dump", "\"v=0#015#012o=«crousselet» 1 1 IN IP4 «192.0.2.7»#015#012\"" },
    { "mail without a dot", "to=<«camille@localhost»>, relay=local" },
    { "mail cut behind @", "call to «camille.rousselet@»" },
    { "mail cut in its domain", "mail=«camille.rousselet@exa»" },
    { "a URI cut before @", "INFO: call from sip:«camille»" },
    { "a URI cut behind an open angle", "To: <sip:«camille.rouss»" },
    { "a number cut behind its scheme", "INFO: call from sip:«+3319900»" },
    { "the rest of a number", "«1234»>;tag=as58f4201b" },
    { "a stack, no user", "o=FreeSWITCH 1 1 IN IP4 «192.0.2.7»" },
    { "another stack", "o=CiscoSystemsCCM-SIP 2000 1 IN IP4 «192.0.2.7»" },
    { "a host at the line's end, no user", "REGISTER sip:pbx.example.com" },
    { "an extension at the line's end", "call from sip:201" },
    { "a key of topos, no user", "Contact: <sip:btpsh-65f1-1@«192.0.2.7»>" },
    { "a Message-ID, no mail", "message-id=<20260312100000.4A1B2C3D4E@mail.example.com>" },
    { "a dialog, no mail", "Target-Dialog: fa77as7dad8-sd98ajzz@host.example.com;local-tag=kkaz-" },
    { "an organisation, no user", "ou=people,dc=example" },
    { "mail cut behind a dot", "to=<«camille.rousselet@example.c»" },
    { "mail cut before @", "to=<«camille.rous»" },
    { "the rest of a string of JSON", "«ille Rousselet»\",\"number\":\"201\"}" },
    { "the rest of a string that ends the line", "«2fb710734986e86cb»\"" },
    { "a CSV line is whole", "from-internal,\"Dial\",\"x\"" },
    { "a call is whole", "Set(\"x\"}" },
  };
  (void)state;
  check_rows(rows, sizeof rows / sizeof rows[0]);
}

static void hides_addresses_in_disguise(void **state) {
  static const struct row rows[] = {
    { "BSD's port", "IP «192.0.2.7».5060 > «192.0.2.9».5061: UDP, length 512" },
    { "BSD's port behind IPv6", "IP «2001:db8::7».5060 > x" },
    { "one number", "src_ip=«3221225991»" },
    { "hexadecimal", "remote_addr=0x«C0000207»" },
    { "a foundation of PJSIP", "a=candidate:H«c0000207» 1 UDP 2130706431 «192.0.2.7» 53006 typ host" },
    { "nibbles", "query[PTR] «7.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2».ip6.arpa from x" },
    { "a host's name behind a number", "ec2-«198-51-100-9».compute.example.com" },
    { "a host's name behind numbers", "lfbn-par-1-2-«192-0-2-7».w90-0.abo.example.net" },
    { "a host's name with more behind", "static-«192-0-2-7»-static.example.net" },
    { "a host's name from its end", "«7-2-0-192».pool.example.net" },
    { "glued to letters", "ip«192.0.2.7» h_«192.0.2.7»" },
    { "a zone in a URL", "http://[«2001:db8::7»%25eth0]:8080/x" },
    { "of a key that ends in ip", "variable_sip_received_ip: «192.0.2.7»" },
    { "behind a user agent on the same line", "server: _, request: \"GET / HTTP/1.1\", host: \"«198.51.100.9»\"" },
    { "behind a user agent and a word", "User-Agent: Zoiper v2.10.19.7, src «192.0.2.7»" },
    { "the head of IPv6", "INFO: src=«2001:db8:1:2»" },
    { "the rest of IPv6", "«8:1::7»]:5060;branch=z9hG4bK776" },
    { "the rest of IPv4", ".«7»:5060;branch=z9hG4bK776" },
    { "more of the rest", "2.«7»>;tag=1" },
    { "a head says no more than truncation", "INFO: src=192.0.2" },
    { "no address: an object id", "SNMP OID 1.3.6.1.4.1.22736" },
    { "no address: a date in a file's name", "2026-03-12-10-15-30.wav" },
    { "no address: a pointer", "addr: 0x7f1a2b3c4d5e id=1/8190" },
    { "no address: numbers of a foundation", "a=candidate:1467250027 1 udp 2122260223 «192.0.2.7» 46243 typ host" },
    { "no address: a version of two products", "User-Agent: Linphone-Desktop/5.0.2.1 (belle-sip/5.0.57.3)" },
    { "no address: a version behind =", "ua=Bria 6.5.1.2 from «192.0.2.7»" },
    { "no address: FreePBX", "FPBX-15.0.16.81(16.13.0)" },
  };
  (void)state;
  check_rows(rows, sizeof rows / sizeof rows[0]);
}

static void hides_hardware(void **state) {
  static const struct row rows[] = {
    { "a frame of iptables", "MAC=«00:00:5e:00:53:af:00:00:5e:00:53:01:08:00» SRC=«192.0.2.7»" },
    { "a client's identifier", "client-id 01:«00:00:5e:00:53:af»" },
    { "a DUID", "duid «00:01:00:01:2a:3b:4c:5d:00:00:5e:00:53:af»" },
    { "a Cisco phone", "device SEP«00005E0053AF» unregistered" },
    { "a directory", "GET /p/«00005e0053af»/config.xml" },
    { "the end of a user agent", "User-Agent: Grandstream GXP2170 1.0.11.64 («00005E0053AF»)" },
    { "the head of an address", "DHCPACK to «00:00:5e:00:5»" },
    { "the rest of an address", "«e:00:53:af» via eth0" },
    { "the head of a digest value", "Digest nonce=\"«a66b0d»" },
    { "no device: a clock at the start", "12:34:56 up 3 days" },
    { "no device: a call's GUID", "//123/A1B2C3D4E5F6/SIP/Msg/ccsipDisplayMsg: Received:" },
    { "no device: a commit", "commit 1a2b3c4d5e6f tag=1a2b3c4d5e6f" },
    { "no device: a model's file", "GET /prov/y000000000123.cfg" },
    { "no device: a fingerprint", "SHA1 Fingerprint=AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD" },
  };
  (void)state;
  check_rows(rows, sizeof rows / sizeof rows[0]);
}

static void hides_accounts(void **state) {
  static const struct row rows[] = {
    { "IAX2", "Host «192.0.2.44» failed to authenticate as '«mdupont»'" },
    { "IAX2's answers",
      "Host «192.0.2.44» failed MD5 authentication for '«mdupont»' («e7df7cd2ca07f4f1ab415d457a6e1c13» != «53ac4bc41ee4ec77888ed4aa50677247»)" },
    { "a user at an IPv6 address", "Can't find user [«mdupont»@::1] from «192.0.2.5»" },
    { "PAM through sshd", "error: PAM: Authentication failure for «mdupont» from «192.0.2.6»" },
    { "PAM's unknown user", "error: PAM: User not known to the underlying authentication module for illegal user «mdupont» from «192.0.2.6»" },
    { "an id of Solaris before it", "sshd[2]: [ID 800047 auth.info] Failed keyboard-interactive for «mdupont» from «192.0.2.6» port 42742 ssh2" },
    { "Exim", "535 Incorrect authentication data (set_id=«mdupont»)" },
    { "ProFTPD", "proftpd[1] h.example.com («192.0.2.1»[«192.0.2.1»]): USER «mdupont» (Login failed): no" },
    { "Apache", "[client «192.0.2.1»] user «mdupont»: authentication failure for \"/x\": Password Mismatch" },
    { "Apache's digest", "[client «192.0.2.1»] AH01790: user `«mdupont»' in realm `x y' not found: /z" },
    { "Apache's owner", "AH01637: Authorization of user «mdupont» to access /x failed" },
    { "su, both", "Successful su for «mdupont» by «cmartin»" },
    { "su to somebody", "su: (to «mdupont») root on pts/0" },
    { "a change of users", "Change of username or service not allowed: («mdupont»,ssh-connection) -> («cmartin»,ssh-connection) [preauth]" },
    { "PAM's empty values", "authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=«192.0.2.112»  user=«mdupont»" },
    { "no user: a dash", "{\"user\":\"--\",\"app\":\"x\"} user=- tty=-" },
    { "no password: a phase of PAM", "pam_unix(passwd:chauthtok): done" },
    { "no mail: an algorithm", "Their offer: chacha20-poly1305@openssh.com,rijndael-cbc@lysator.liu.se,zlib@openssh.com" },
    { "no address: a version in JSON", "{\"version\":\"27.1.0.7\",\"url\":\"/\"}" },
    { "no mail: a unit of systemd", "Started getty@tty1.service - Getty on tty1. Stopping user@1000.service" },
    { "no number: nginx's process and thread", "[error] 2125866#1880241: *123 open() failed" },
    { "a number behind a service's code", "dialed *21*«0199001234»# and #31#«0199001234»" },
    { "no number: a count of bytes", "wrote 33768136201 bytes, sent 33199001234 packets" },
    { "no user: a dialog's id", "Record-Route: <sip:«192.0.2.7»;lr;did=feb.cdf7>" },
    { "no user: a file", "src=\"home.png\" peer 'voicemail.wav'" },
    { "no user: a mailbox for all, a service", "mailbox='INBOX' user 'polkitd'" },
    { "no cookie", "cookies=None" },
    { "no number: a date in a version", "libkmod2:amd64 30+20221128-1 librtmp1 2.4+20151223.gitfa8646d.1-2+b2 0.35.0+20060710.6" },
    { "a number behind a digit and a plus", "to extension '0«+441632960085»' rejected" },
    { "an address behind a quoted agent", "\"curl build\" \"«192.0.2.7»\"" },
  };
  (void)state;
  check_rows(rows, sizeof rows / sizeof rows[0]);
}

static void leaves_harmless_lines(void **state) {
  static const struct row rows[] = {
    { "angles of code", "if (a < b && c > d) return <x>;" },
    { "elements without a key", "<b>bold</b> <i>x</i>" },
    { "a parser's error", "unexpected token '}'" },
    { "a header's name", "get_hdr_field(): cseq <CSeq>: <102> <INVITE>" },
    { "a display of X", "display=:0 DISPLAY=:0.0" },
    { "a JSON logger", "{\"caller\":\"server/handler.go:123\",\"msg\":\"started\",\"name\":\"worker-1\"}" },
    { "a logger's name", "{\"name\":\"sip\",\"hostname\":\"pbx1\",\"pid\":123,\"level\":30}" },
    { "a status in words", "response: 200 OK response=404 result=ok key=abc" },
    { "a session", "session opened for user root(uid=0) by (uid=0)" },
    { "columns of a CDR", "\"Dial\",\"\",\"2026-03-12 10:00:00\",\"ANSWERED\",\"DOCUMENTATION\",\"1778157175.1314\"" },
    { "an offset of UTC at a line's end", "Date: Thu, 12 Mar 2026 10:00:00 +0100" },
    { "another, glued", "2026-03-12T10:00:00+0100" },
    { "prose that closes a quote", "handling\", see the notes" },
  };
  (void)state;
  check_rows(rows, sizeof rows / sizeof rows[0]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(hides_names),           cmocka_unit_test(hides_credentials),
    cmocka_unit_test(hides_users_by_place),  cmocka_unit_test(hides_addresses_in_disguise),
    cmocka_unit_test(hides_hardware),        cmocka_unit_test(hides_accounts),
    cmocka_unit_test(leaves_harmless_lines),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
