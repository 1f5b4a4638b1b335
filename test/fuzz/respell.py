#!/usr/bin/env python3
"""Re-spells the personal values of truth lines and demands that none survives `tamis filter`.

  respell.py --tamis build/tamis --conf conf/tamis.yaml [--lines 20000] [--seed N] [--seconds 60] [--show 2]

A line is a generated one (test/data/gen_telephony.py), a captured one, or a value in another plausible place. Each of its
values is spelled anew: characters in one or two encodings (percent, JSON, C, entities, quoted-printable, full-width and
other digits, base64), soft and invisible characters between, other separators and letter case; then the whole line may be
a JSON string, a query's value, HTML or quoted-printable. The filter's output is decoded by the decoders of this file, which
know nothing of the filter's, step by step, and each step is searched for the value. A value that survives when nothing but
its place was changed is a failure too: "plain". The output must also still be valid in the encoding of its line, and have
the pseudonyms that the plain spelling gives. A line with more layers of encoding than the filter takes away is withheld as a
whole; more than one such line in a thousand is a failure.

The same seed and number of lines give the same lines; with --seconds the seeds after it follow until the time is over.
Failures are counted by type, spelling and place, and shown: test data is invented. Exit status 1: some.
"""
import argparse
import base64
import collections
import gzip
import html
import json
import os
import random
import re
import subprocess
import sys
import time
import unicodedata
from urllib.parse import quote, unquote

HERE = os.path.dirname(os.path.abspath(__file__))
DATA = os.path.join(HERE, "..", "data")
sys.path.insert(0, DATA)
import gen_telephony  # noqa: E402
import score  # noqa: E402

PSEUDONYM = re.compile(r"(?:tel_(?:[A-Z]{2}_)?|sip_|mac_)[a-z2-7]{13}")
KINDS = {"phone", "ip", "ipv6", "email", "sip_user", "mac", "name", "auth"}

# ---- spellings: a character to its escape ------------------------------------------------------------------------


def utf16(c, form):
    units = c.encode("utf-16-be")
    return "".join(form % int.from_bytes(units[i:i + 2], "big") for i in range(0, len(units), 2))


def octets(form):
    return lambda c: "".join(form % b for b in c.encode())


NAMED = {"@": "&commat;", "+": "&plus;", ".": "&period;", ":": "&colon;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "&": "&amp;", "'": "&apos;",
         "-": "&hyphen;", "(": "&lpar;", ")": "&rpar;", "/": "&sol;", "_": "&lowbar;", " ": "&nbsp;"}


def digit_of(zero):
    return lambda c: chr(zero + ord(c) - 48) if c in "0123456789" else c


ESCAPES = {
    "percent": octets("%%%02X"),
    "percent-small": octets("%%%02x"),
    "percent-u": lambda c: utf16(c, "%%u%04X"),
    "json": lambda c: utf16(c, "\\u%04x"),
    "json-capital": lambda c: utf16(c, "\\u%04X"),
    "c-hex": octets("\\x%02x"),
    "c-octal": octets("\\%03o"),
    "braces": lambda c: "\\u{%x}" % ord(c),
    "entity": lambda c: "&#%d;" % ord(c),
    "entity-hex": lambda c: "&#x%04X;" % ord(c),
    "entity-zeros": lambda c: "&#%07d;" % ord(c),
    "entity-name": lambda c: NAMED.get(c, c),
    "quoted-printable": octets("=%02X"),
    "backslash": lambda c: "\\" + c if not c.isalnum() and 32 < ord(c) < 127 else c,
    "full-width": lambda c: chr(ord(c) + 0xFEE0) if 33 <= ord(c) < 127 else c,
    "arabic-digits": digit_of(0x660),
    "devanagari-digits": digit_of(0x966),
    "math-digits": digit_of(0x1D7CE),
}
RAW = {"full-width", "arabic-digits", "devanagari-digits", "math-digits", "entity-name", "backslash"}  # change some characters only
INTRODUCERS = {"%": ["%25", "&#37;", "\\u0025"], "\\": ["\\\\", "%5C", "&#92;"], "&": ["&amp;", "%26", "\\u0026"], "=": ["=3D", "%3D", "&#61;"]}
INVISIBLE = ["\u00ad", "\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u202d", "\u200e"]
BLANKS = [" ", "\u00a0", "\u202f", "\u2007", "\u2009", "\u3000"]
DASHES = ["-", "\u2010", "\u2011", "\u2012", "\u2013", "\u2212"]


def spell(r, value, escape):
    """The value with some of its characters escaped."""
    mode = r.choice(["all", "marks", "some", "one", "digits"])
    if escape == "quoted-printable":  # what its writers do; one digit alone is key=value
        mode = "marks" if mode == "marks" and not value.isalnum() else "all"
    chosen = [mode == "all" or (mode == "marks" and not c.isalnum()) or (mode == "some" and r.random() < .5) or (mode == "digits" and c.isdigit())
              for c in value]
    if mode == "one" or not any(chosen):
        marks = [i for i, c in enumerate(value) if not c.isalnum()]
        chosen[r.choice(marks or range(len(value)))] = True
    return "".join(ESCAPES[escape](c) if hit else c for c, hit in zip(value, chosen)), f"{escape} {mode}"


def nest(r, text):
    """Each character that starts an escape is escaped itself."""
    form = {c: r.choice(ways) for c, ways in INTRODUCERS.items()}
    return "".join(form.get(c, c) for c in text)


def phone_forms(r, canon):
    code = next(c for c in score.CODES if canon.startswith("+" + c))
    nsn = canon[1 + len(code):]
    mark = r.choice(BLANKS + DASHES + ["."])
    groups = [nsn[0]] + [nsn[i:i + 2] for i in range(1, len(nsn), 2)]
    forms = [canon, "00" + code + nsn, f"+{code}{mark}" + mark.join(groups)]
    if code == "33":
        forms += ["0" + nsn, "0" + mark.join(groups), "00" + code + mark + mark.join(groups)]
    return r.choice(forms)


def respelled(r, kind, surface, canon, separators=True):
    """A value in another spelling, and the spelling's name."""
    names = []
    value = surface
    if kind == "phone" and separators and r.random() < .5:
        value = phone_forms(r, canon)
        names.append("separators")
    if kind in ("email", "mac", "ipv6") and r.random() < .3:
        value = "".join(r.choice((c.lower(), c.upper())) for c in value)
        names.append("case")
    c = r.random()
    if c < .08 and kind in ("email", "sip_user") and len(value) >= 10 and "\\" not in value and "%" not in value:
        return base64.b64encode((value + " " * (len(value.encode()) % 3 == 0)).encode()).decode(), ["base64"]
    if c < .2:
        mark = r.choice(INVISIBLE)
        at = r.randrange(0, len(value) + 1)
        written = r.choice([mark, mark, quote(mark), utf16(mark, "\\u%04x"), "&#%d;" % ord(mark)])
        names.append("invisible %04x" % ord(mark) + ("" if written == mark else " escaped"))
        if r.random() < .2:
            return written.join([""] + list(value) + [""]), names + ["everywhere"]
        return value[:at] + written + value[at:], names
    if c < .25 and kind == "name":
        if r.random() < .5:
            return "=?utf-8?B?" + base64.b64encode(value.encode()).decode() + "?=", ["encoded word base64"]
        return "=?UTF-8?Q?" + "".join(c if c.isascii() and c.isalnum() else "_" if c == " " else octets("=%02X")(c) for c in value) + "?=", ["encoded word"]
    if c < .25 and kind == "email":
        token = base64.urlsafe_b64encode(json.dumps({"sub": "7", "email": value}, separators=(",", ":")).encode()).decode().rstrip("=")
        return "eyJhbGciOiJIUzI1NiJ9." + token + ".c2lnbmF0dXJl", ["base64 of a JWT"]
    if c < .95:
        escape = r.choice(list(ESCAPES))
        value, name = spell(r, value, escape)
        names.append(name)
        if escape not in RAW and r.random() < .3:
            value = nest(r, value)
            names.append("nested")
            if r.random() < .3:
                value = nest(r, value)
                names.append("again")
    return value, names or ["plain"]


# ---- places --------------------------------------------------------------------------------------------------------

PLACES = {
    "phone": ["call from {} to 201", '{{"event":"ring","from":"{}","to":"201"}}', "GET /click2call?callee={}&x=1 HTTP/1.1", "From: <sip:{}@pbx.example.com>;tag=1",
              "To: <tel:{}>", "subscriber number=[{}] seq=823020", "src_user={};src_ip=x", "x|support|NONE|ENTERQUEUE||{}|1", "Called PJSIP/{}@trunk-ovh-0000002a"],
    "email": ["to=<{}>, relay=mx", "GET /q?mail={}&ref=ORD1", '{{"email":"{}","id":7}}', "Sent voicemail to {} (12 s)", "mailto:{}"],
    "sip_user": ["From: <sip:{}>;tag=1", '{{"uri":"sip:{}"}}', "INVITE sip:{} SIP/2.0", "GET /q?u=sip:{}&x=1"],
    "ip": ["from {} port 4022 ssh2", "src={}:5060", "Via: SIP/2.0/UDP {}:5060;branch=z9hG4bK1", '{{"ip":"{}"}}', "c=IN IP4 {}", "GET /q?ip={}&x=1", "[{}]"],
    "ipv6": ["from {} port 4022 ssh2", "src=[{}]:5060", "c=IN IP6 {}", '{{"ip":"{}"}}', "GET /q?ip={}&x=1"],
    "mac": ["DHCPACK to {} via eth0", '{{"mac":"{}"}}', "GET /q?mac={}&x=1", "mac {}"],
    "name": ['From: "{}" <sip:201@pbx.example.com>', 'caller_name="{}" x', '{{"display_name":"{}"}}', 'Processing {} <+33199001234>->201 in context', "From: {} <sip:201@x>"],
    "auth": ['Digest username="201",nonce="{}",realm="x"', 'response="{}",algorithm=MD5', '{{"nonce":"{}"}}', "password={} x"],
}


# What stands around a value in a place where blanks or quotes may: glued to it, and spelled.
WRAPS = [("%20", "%20"), ("%22", "%22"), ('\\"', '\\"'), ("\\u0022", "\\u0022"), ("\\u0020", "\\n"), ("&quot;", "&quot;"), ("&lt;", "&gt;"), ("&#32;", "&#10;"),
         ("=20", "=20"), ("=22", "=22"), ("#011", "#015#012"), ("\\t", "\\t"), ("\\x09", "\\x0a"), ("%2520", "%250A"), ("\u00a0", "\u00a0"), ("\u200b", "\u200b"),
         ("%3C", "%3E"), ("\\\\u003c", "\\\\u003e"), ("&amp;lt;", "&amp;gt;"), ("\uff1c", "\uff1e"), (" 0D  0A ", " 0D  0A "), ("%0D%0A", "%0D%0A")]
WRAPPED = {"phone": ["call from {} to 201", "number:{}"], "email": ["mail from {} to 7", "seen{}here", "mail:{}"], "ip": ["from {} port 22", "seen{}here"],
           "ipv6": ["from {} port 22", "seen{}here"], "mac": ["DHCPACK to {} via eth0", "seen{}here"]}
# A header or a key that begins where a spelled line end ends.
ENDS = ["\\r\\n", "\\n", "#015#012", "#012", "%0D%0A", "&#13;&#10;", " 0D  0A ", "\\u000d\\u000a", "\\x0d\\x0a", "=0D=0A", "\\\\r\\\\n", "%250D%250A", "\\015\\012", "\\t"]


class Case:
    __slots__ = ("line", "values", "place", "whole", "plain")

    def __init__(self, line, values, place, whole, plain):
        self.line, self.values, self.place, self.whole, self.plain = line, values, place, whole, plain


def whole_json(text):
    return json.dumps({"message": text}, ensure_ascii=len(text) % 2 == 0)


WHOLE = {
    "json": whole_json,
    "json in json": lambda t: whole_json(whole_json(t)),
    "query": lambda t: "GET /log?m=" + quote(t, safe="") + "&x=1 HTTP/1.1",
    "query twice": lambda t: "GET /log?m=" + quote(quote(t, safe=""), safe="") + "&x=1 HTTP/1.1",
    "html": lambda t: "<p>" + html.escape(t) + "</p>",
    "json in query": lambda t: "GET /log?m=" + quote(whole_json(t)) + "&x=1 HTTP/1.1",
    "html in json": lambda t: whole_json(html.escape(t)),
    "quoted-printable": lambda t: "body: " + re.sub(r"[^ -<>-~]", lambda m: "".join("=%02X" % b for b in m.group().encode()), t),
    "rsyslog": lambda t: "x#015#012" + t + "#015#012y",
    "kamailio": lambda t: "x 0D  0A " + t + " 0D  0A y",
}
VALID = {
    "json": lambda t: json.loads(t),
    "json in json": lambda t: json.loads(json.loads(t)["message"]),
    "html in json": lambda t: json.loads(t),
    "query": lambda t: re.search(r"%(?![0-9A-Fa-f]{2})", t) and 1 / 0,
    "json in query": lambda t: json.loads(unquote(re.search(r"m=(.*)&x=1", t).group(1))),
}


class Maker:
    def __init__(self, seed):
        self.r = random.Random(seed)
        self.world = gen_telephony.World(seed)
        self.makers = [m for m, weight in gen_telephony.MIX for _ in range(weight)]
        self.captured = []
        for name in ("kamailio", "asterisk"):
            with gzip.open(os.path.join(DATA, name + ".log.gz"), "rt", encoding="utf-8", newline="\n") as log, \
                    gzip.open(os.path.join(DATA, name + ".truth.jsonl.gz"), "rt", encoding="utf-8") as truth:
                for line, about in zip(log, truth):
                    about = json.loads(about)
                    if about["pii"] and len(line) < 600 and self.r.random() < .1:
                        self.captured.append((line.rstrip("\n"), [p for p in about["pii"] if p[0] in KINDS]))

    def source(self):
        """A line and its values: (kind, surface, canonical)."""
        if self.r.random() < .25:
            return self.r.choice(self.captured)
        while True:
            line = self.makers[int(self.r.random() * len(self.makers))](self.world)
            pii = [p for p in line.pii if p[0] in KINDS]
            if pii:
                return "".join(line.parts), pii

    def case(self):
        r = self.r
        text, pii = self.source()
        values = []
        plain = text
        if r.random() < .5:
            kind, surface, canon = r.choice([p for p in pii if p[0] != "sip_user" or "@" in p[1]] or [("ip", "192.0.2.7", "192.0.2.7")])
            if kind == "email":
                surface = canon
            if kind == "ip" or (kind == "mac" and ":" not in surface):
                surface = canon if kind == "ip" else ":".join(canon[i:i + 2] for i in range(0, 12, 2))
            place = r.choice(PLACES[kind])
            new, names = respelled(r, kind, surface, canon)
            if place in ("mac {}", "password={} x") and new[:1] in '[<("':
                new = surface
            values.append((kind, surface, canon, " + ".join(names)))
            c = r.random()
            if c < .3 and kind in WRAPPED and "base64" not in names[0]:
                place, (left, right) = r.choice(WRAPPED[kind]), r.choice(WRAPS)
                if kind == "phone":  # others need a context
                    surface = canon
                    new, names = respelled(r, kind, canon, canon, False)
                if left[0] == "=":  # beside digits it is key=value, unless another one is near
                    new, names = surface, []
                    if kind == "ipv6":
                        left, right = "%20", "%20"
                names.append(f"between {left} and {right}")
                text, plain = place.format(left + new + right), place.format(" " + surface + " ")
            elif c < .5:
                end = r.choice(ENDS)
                if end[0] == "=" and "=" in place:
                    end = "%0A"
                names.append(f"between {end}")
                text, plain = f"x{end}{place.format(new)}{end}y", f"x {place.format(surface)} y"
            else:
                text, plain = place.format(new), place.format(surface)
            values[-1] = (kind, surface, canon, " + ".join(names))
        else:
            place = "in place"
            done = set()
            separators = not any(p[0] == "name" for p in pii)  # a name before <01 99 00 12 34> is not found yet
            for kind, surface, canon in pii:
                if kind == "email" and surface != canon:
                    text = text.replace(surface, canon)
                    surface = canon
                if surface in done or any(surface in d or d in surface for d in done):
                    continue
                done.add(surface)
                new, names = respelled(r, kind, surface, canon, separators) if r.random() < .7 else (surface, ["plain"])
                if kind == "mac" and ":" not in surface:
                    new, names = surface, ["plain"]
                text = text.replace(surface, new)
                values.append((kind, surface, canon, " + ".join(names)))
        whole = r.choice(list(WHOLE)) if r.random() < .35 else ""
        if whole:
            text = WHOLE[whole](text)
            plain = WHOLE[whole](plain)
        return Case(text.replace("\n", " "), values, place, whole, plain)


# ---- decoders: by other means than the filter's -------------------------------------------------------------------

def runs(pattern, base, text):
    """Each run of escapes of bytes, as UTF-8."""
    def back(m):
        return bytes(int(d, base) & 255 for d in re.findall(pattern, m.group())).decode("utf-8", "replace")
    return re.sub("(?:" + pattern.replace("(", "(?:") + ")+", back, text)


def surrogates(text):
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def un_json(text):
    text = surrogates(re.sub(r"\\u([0-9a-fA-F]{4})", lambda m: chr(int(m.group(1), 16)), text))
    text = re.sub(r"\\u\{([0-9a-fA-F]{1,6})\}", lambda m: chr(min(int(m.group(1), 16), 0x10ffff)), text)
    return re.sub(r"\\([nrt])", " ", re.sub(r'\\([^\w\s])', r"\1", text))


def un_base64(text):
    def back(m):
        try:
            plain = base64.b64decode(m.group()).decode()
            return plain if plain.isprintable() else m.group()
        except ValueError:
            return m.group()
    return re.sub(r"(?<![\w+/])[A-Za-z0-9+/]{12,}={1,2}", back, text)


def un_unicode(text):
    text = "".join(" " if c in "\u00a0\u202f\u2007" else c for c in text if unicodedata.category(c) != "Cf")
    text = re.sub("[\u2010-\u2015\u2212]", "-", text)
    return unicodedata.normalize("NFKC", "".join(str(unicodedata.digit(c)) if unicodedata.category(c) == "Nd" else c for c in text))


DECODERS = [
    (re.compile("%"), lambda t: unquote(surrogates(re.sub(r"%u([0-9a-fA-F]{4})", lambda m: chr(int(m.group(1), 16)), t)), errors="replace")),
    (re.compile(r"\\x"), lambda t: runs(r"\\x([0-9a-fA-F]{2})", 16, t)),
    (re.compile(r"\\[0-7]"), lambda t: runs(r"\\([0-3][0-7]{2})", 8, t)),
    (re.compile(r"\\"), un_json),
    (re.compile("&"), html.unescape),
    (re.compile("=[0-9A-F]"), lambda t: runs(r"=([0-9A-F]{2})", 16, t)),
    (re.compile("#[0-3]"), lambda t: runs(r"#([0-3][0-7]{2})", 8, t)),
    (re.compile(" 0D  0A "), lambda t: t.replace(" 0D  0A ", " ")),
    (re.compile("="), un_base64),
    (re.compile("[^\x00-\x7f]"), un_unicode),
]


def forms(text):
    """The text, and all that it decodes to: each decoder alone, and all of them, as long as something changes."""
    seen = {text: None}
    for trigger, decode in DECODERS:
        if trigger.search(text):
            seen.setdefault(decode(text))
    for _ in range(6):
        before = text
        for trigger, decode in DECODERS:
            if trigger.search(text):
                text = decode(text)
        if text == before:
            break
        seen.setdefault(text)
    return "\n".join(seen)


def run(tamis, conf, lines):
    out = subprocess.run([tamis, "filter", "-c", conf], input="".join(t + "\n" for t in lines).encode("utf-8", "surrogatepass"), stdout=subprocess.PIPE, check=True)
    return out.stdout.decode("utf-8", "replace").split("\n")[:-1]


class Failures:
    def __init__(self):
        self.deep = 0
        self.count, self.examples = collections.Counter(), {}

    def add(self, kind, spelling, case, got):
        failure = (kind, spelling, case.place, case.whole)
        self.count[failure] += 1
        self.examples.setdefault(failure, []).append((case.line, got))

    def show(self, most):
        for failure, n in self.count.most_common():
            kind, spelling, place, whole = failure
            print(f"{n:5} {kind}: {spelling} | {place}" + (f" | whole line: {whole}" if whole else ""))
            for line, got in self.examples[failure][:most]:
                print(f"        in  {line[:400]}\n        out {got[:400]}")


def is_valid(case, text):
    try:
        VALID[case.whole](text)
        return True
    except (ValueError, ZeroDivisionError, AttributeError, TypeError):
        return False


TOO_DEEP = "[withheld: hidden-too-deep,"


def judge(failures, case, got, plain):
    """What is wrong with one line of output; plain is that of the same line with its values as they were."""
    if got.startswith(TOO_DEEP):  # by design: more layers than the filter takes away
        failures.deep += 1
        return
    view = score.View(forms(got))
    for kind, surface, canon, spelling in case.values:
        if not score.survived(kind, surface, canon, view):
            continue
        if score.survived(kind, surface, canon, score.View(forms(plain))):
            spelling = "plain"
        failures.add(kind, spelling, case, got)
    names = [v[0] + ": " + v[3] for v in case.values]
    if not set(PSEUDONYM.findall(plain)) <= set(PSEUDONYM.findall(got)) and not any(word in n for n in names for word in ("base64", "separators", "between =")):
        failures.add("another pseudonym", names[0], case, got + "   plain: " + plain)
    if case.whole in VALID and not is_valid(case, got) and is_valid(case, case.line):
        failures.add("invalid", names[0], case, got)


def round_of(o, seed):
    maker, failures = Maker(seed), Failures()
    cases = [maker.case() for _ in range(o.lines)]
    out = run(o.tamis, o.conf, [c.line for c in cases])
    out_plain = run(o.tamis, o.conf, [c.plain for c in cases])
    if len(out) != len(cases) or len(out_plain) != len(cases):
        sys.exit(f"{len(cases)} lines in, {len(out)} and {len(out_plain)} out")
    for case, got, plain in zip(cases, out, out_plain):
        judge(failures, case, got, plain)
    print(f"seed {seed}: {len(cases)} lines, {sum(len(c.values) for c in cases)} values, {sum(failures.count.values())} failures "
          f"of {len(failures.count)} kinds, {failures.deep} lines withheld as too deep", flush=True)
    failures.show(o.show)
    return bool(failures.count) or failures.deep * 1000 > len(cases)


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--tamis", default="build/tamis")
    a.add_argument("--conf", default="conf/tamis.yaml")
    a.add_argument("--lines", type=int, default=20000)
    a.add_argument("--seed", type=int, help="a random one when left out")
    a.add_argument("--seconds", type=float, default=0)
    a.add_argument("--show", type=int, default=2, help="examples printed per kind of failure")
    o = a.parse_args()
    seed = o.seed if o.seed is not None else random.randrange(10 ** 6)
    end = time.monotonic() + o.seconds
    bad = round_of(o, seed)
    while time.monotonic() < end:
        seed += 1
        bad |= round_of(o, seed)
    return int(bad)


if __name__ == "__main__":
    sys.exit(main())
