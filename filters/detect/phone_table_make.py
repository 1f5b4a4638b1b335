#!/usr/bin/env python3
"""Makes phone_table.inc: what libphonenumber's metadata says of every numbering plan, in a form that C reads without regular expressions.

  npm pack libphonenumber-js && tar xzf libphonenumber-js-*.tgz
  phone_table_make.py package/metadata.full.json >phone_table.inc

The same metadata gives the same bytes. libphonenumber and its metadata are licensed under the Apache License 2.0.

The patterns of a country code's regions become one automaton over digits. It ends in leaves: how many digits more make a valid
number, and of which region of the code. A leaf or a node is named by a number; 0 is none, then come the leaves, then the nodes by
the count of their edges, so that a node's number says where its edges are. An edge is 23 bits: the set of its digits (10), and
where it leads. It is written as four characters of six bits each, '#' + value, lowest bits first: a third of what C's numbers take.

The few national prefixes and international prefixes that are no plain digits become programs for the small matcher in phone_region.c.
"""
import json
import os
import sys

sys.setrecursionlimit(10000)

# Ranges that regulators keep for films and manuals. Not all are valid to libphonenumber; here they are, so that what is tested with
# them is what happens to everybody's numbers.
FICTION = {
    "FR": ["19900\\d{4}|26191\\d{4}|35301\\d{4}|46571\\d{4}|53649\\d{4}|63998\\d{4}"],
    "GB": ["1632960\\d{3}|2079460\\d{3}|7700900\\d{3}"],
    "DE": ["3023125\\d{3}|6990009\\d{3}|4066969\\d{3}|2214710\\d{3}|8999998\\d{3}"],
    "AU": ["[2378]5550\\d{4}|[2378]7010\\d{4}|491570\\d{3}"],
    "SE": ["8465004\\d\\d|7017406\\d\\d"],
}

# ---- expressions, shared: ('e',) nothing, ('0',) never, ('c', mask), ('.', a, b), ('|', frozenset)
EMPTY, NEVER = ("e",), ("0",)
interned, nullables, derivatives = {}, {}, {}


def intern(expression):
    return interned.setdefault(expression, expression)


def cat(a, b):
    if a is NEVER or b is NEVER:
        return NEVER
    if a is EMPTY:
        return b
    if b is EMPTY:
        return a
    return cat(a[1], cat(a[2], b)) if a[0] == "." else intern((".", a, b))


def alt(*parts):
    flat = set()
    for part in parts:
        if part is not NEVER:
            flat |= part[1] if part[0] == "|" else {part}
    if len(flat) < 2:
        return next(iter(flat), NEVER)
    return intern(("|", frozenset(flat)))


def nullable(x):
    if x not in nullables:
        nullables[x] = x is EMPTY or (x[0] == "." and nullable(x[1]) and nullable(x[2])) or (x[0] == "|" and any(map(nullable, x[1])))
    return nullables[x]


def derivative(x, digit):
    key = (x, digit)
    if key not in derivatives:
        if x[0] == "c":
            out = EMPTY if x[1] >> digit & 1 else NEVER
        elif x[0] == ".":
            out = cat(derivative(x[1], digit), x[2])
            if nullable(x[1]):
                out = alt(out, derivative(x[2], digit))
        elif x[0] == "|":
            out = alt(*(derivative(y, digit) for y in x[1]))
        else:
            out = NEVER
        derivatives[key] = out
    return derivatives[key]


# ---- the metadata's regular expressions: digits, \d, [classes], groups, |, ?, {n}, {n,m}, $
def parse(source):
    """A tree: ('set', mask) ('seq', [..]) ('or', [..]) ('opt', x) ('rep', x, least, most) ('group', n, x) ('end',)"""
    at, groups = 0, 0

    def peek():
        return source[at] if at < len(source) else ""

    def choice():
        nonlocal at
        branches = [sequence()]
        while peek() == "|":
            at += 1
            branches.append(sequence())
        return branches[0] if len(branches) == 1 else ("or", branches)

    def sequence():
        items = []
        while peek() not in ("", "|", ")"):
            items.append(atom())
        return ("seq", items)

    def members():
        nonlocal at
        mask = 0
        while source[at] != "]":
            if source[at] == "\\":
                at, mask = at + 2, 1023
                continue
            low = high = int(source[at])
            at += 1
            if source[at] == "-":
                high, at = int(source[at + 1]), at + 2
            mask |= sum(1 << d for d in range(low, high + 1))
        at += 1
        return ("set", mask)

    def atom():
        nonlocal at, groups
        c = source[at]
        at += 1
        if c == "(":
            number = 0
            if source.startswith("?:", at):
                at += 2
            else:
                groups += 1
                number = groups
            item = ("group", number, choice())
            at += 1
        elif c == "[":
            item = members()
        elif c == "\\":
            assert source[at] == "d", source
            at += 1
            item = ("set", 1023)
        elif c == "$":
            item = ("end",)
        else:
            item = ("set", 1 << int(c))
        if peek() == "?":
            at += 1
            item = ("opt", item)
        elif peek() == "{":
            close = source.index("}", at)
            bounds = [int(n) for n in source[at + 1:close].split(",")]
            item = ("rep", item, bounds[0], bounds[-1])
            at = close + 1
        return item

    tree = choice()
    assert at == len(source), source
    return tree


def expression(tree):
    kind = tree[0]
    if kind == "set":
        return intern(("c", tree[1]))
    if kind == "seq":
        out = EMPTY
        for item in reversed(tree[1]):
            out = cat(expression(item), out)
        return out
    if kind == "end":
        return EMPTY
    if kind == "or":
        return alt(*(expression(x) for x in tree[1]))
    if kind == "opt":
        return alt(expression(tree[1]), EMPTY)
    if kind == "group":
        return expression(tree[2])
    item, out = expression(tree[1]), EMPTY
    for i in range(tree[3]):
        out = alt(cat(item, out), EMPTY) if i < tree[3] - tree[2] else cat(item, out)
    return out


# ---- programs of the matcher; the opcodes are phone_region.c's
SET, ANY, SPLIT, JUMP, OPEN, CLOSE, END, MATCH = range(10, 18)


def program(tree, group):
    kind = tree[0]
    if kind == "set":
        digits = [d for d in range(10) if tree[1] >> d & 1]
        return [ANY] if len(digits) == 10 else digits if len(digits) == 1 else [SET, tree[1] & 255, tree[1] >> 8]
    if kind == "seq":
        return [op for item in tree[1] for op in program(item, group)]
    if kind == "or":
        out = program(tree[1][-1], group)
        for branch in reversed(tree[1][:-1]):
            code = program(branch, group)
            over, rest = len(code) + 3, len(out)
            out = [SPLIT, over & 255, over >> 8] + code + [JUMP, rest & 255, rest >> 8] + out
        return out
    if kind == "opt":
        code = program(tree[1], group)
        return [SPLIT, len(code) & 255, len(code) >> 8] + code
    if kind == "rep":
        code = program(tree[1], group) * tree[2]
        tail = []
        for _ in range(tree[3] - tree[2]):
            item = program(tree[1], group) + tail
            tail = [SPLIT, len(item) & 255, len(item) >> 8] + item
        return code + tail
    if kind == "group":
        code = program(tree[2], group)
        return [OPEN] + code + [CLOSE] if tree[1] == group and group else code
    return [END]


class Programs:
    def __init__(self):
        self.bytes, self.known = [MATCH], {}

    def add(self, source, group):
        key = (source, group)
        if key not in self.known:
            self.known[key] = len(self.bytes)
            self.bytes += program(parse(source), group) + [MATCH]
        return self.known[key]


# ---- automata: nodes are (label, children); equal ones are one
class Nodes:
    def __init__(self):
        self.ids, self.list, self.leaves = {}, [], {0: {}}

    def add(self, label, children):
        if label == 0 and not any(children):
            return 0
        key = (label, children)
        if key not in self.ids:
            self.list.append(key)
            self.ids[key] = len(self.list)
        return self.ids[key]

    def leaf(self, node):
        """{digits more: label} where the count alone decides, else None."""
        if node not in self.leaves:
            label, children = self.list[node - 1]
            below = self.leaf(children[0]) if len(set(children)) == 1 else None
            self.leaves[node] = None if below is None else {**{n + 1: v for n, v in below.items()}, **({0: label} if label else {})}
        return self.leaves[node]

    def accepting(self, x):
        """Whatever matches the expression."""
        memo = {}

        def build(x):
            if x is NEVER:
                return 0
            if x not in memo:
                memo[x] = self.add(1 if nullable(x) else 0, tuple(build(derivative(x, d)) for d in range(10)))
            return memo[x]

        return build(x)

    def numbers_of(self, regions):
        """The valid numbers of a code; the label is 1 + the region's place: the first that has the number, or whose leading digits have."""
        memo = {}
        leads = [bool(r.leading) for r in regions]

        def label(state, depth):
            for i, (general, types, lead) in enumerate(state):
                valid = nullable(general) and any(nullable(t) and depth in lengths for t, lengths in types)
                if lead == "met" or (valid and not leads[i]):
                    return i + 1 if valid else 0
            return 0

        def step(part, digit, depth):
            general, types, lead = part
            types = tuple((x, lengths) for x, lengths in ((derivative(t, digit), n) for t, n in types) if x is not NEVER and max(lengths) > depth)
            general = derivative(general, digit) if types else NEVER
            if lead not in (None, "met") and lead is not NEVER:
                lead = derivative(lead, digit)
                if nullable(lead):
                    lead = "met"
            return general, types if general is not NEVER else (), lead

        def build(state, depth):
            key = (state, depth)
            if key not in memo:
                children = []
                for digit in range(10):
                    after = tuple(step(part, digit, depth) for part in state)
                    children.append(build(after, depth + 1) if any(types for _, types, _ in after) else 0)
                memo[key] = self.add(label(state, depth), tuple(children))
            return memo[key]

        return build(tuple((expression(parse(r.general)), r.types, expression(parse(r.leading)) if r.leading else None) for r in regions), 0)


class Region:
    def __init__(self, name, row, main):
        row, main = row + [0] * 14, main + [0] * 14
        self.name, self.code, self.general, self.lengths = name, int(row[0]), row[2], row[3]
        self.trunk = row[5] or ""
        self.prefix, self.transform = row[7] or "", row[8] or ""
        self.idd = row[1] or ""
        preferred = (row[12] or "").replace("~", "")
        self.idd_plain = preferred or (self.idd if self.idd.isdigit() else "00" if self.idd else "")
        self.leading = row[10]
        self.types = tuple((expression(parse(t[0])), frozenset(t[1] if len(t) > 1 and t[1] else self.lengths)) for t in row[11] or [] if t and t[0])
        self.types += tuple((expression(parse(t)), frozenset(self.lengths)) for t in FICTION.get(name, ()))
        rules = [(f[3] if len(f) > 3 and f[3] else main[6]) or "" for f in main[4] or []]
        self.bare = not self.trunk or 2 * sum(r.lstrip("(").startswith(main[5] or "-") for r in rules) < len(rules)
        self.program = self.idd_program = 0

    def begins(self):
        """Digits with which a number may begin as it is dialled: by the international, the national prefix, or itself."""
        starts = [self.idd, self.prefix or self.trunk] + ([self.general] if self.bare else [])
        return sum(1 << d for d in range(10) if any(derivative(expression(parse(x)), d) is not NEVER for x in starts if x))

    def compile(self, programs, nodes):
        self.root = nodes.accepting(expression(parse(self.general)))
        group = int(self.transform[self.transform.index("$") + 1]) if self.transform else 0
        self.put = self.transform[:self.transform.index("$")] if self.transform else ""
        assert not group or self.transform == self.put + "$" + str(group), self.transform
        if self.prefix and (self.prefix != self.trunk or self.transform):
            self.program = programs.add(self.prefix, group)
        if self.idd and self.idd != self.idd_plain:
            self.idd_program = programs.add(self.idd, 0)


def lines_of(items, width=148):
    line = ""
    for item in items:
        if len(line) + len(item) > width:
            yield line
            line = ""
        line += item
    if line:
        yield line


def character(value):
    return {"\\": "\\\\", '"': '\\"', "?": "\\?"}.get(chr(35 + value), chr(35 + value))


def bits(lengths):
    return sum(1 << n for n in lengths)


def main(path):
    data = json.load(open(path, encoding="utf-8"))
    package = os.path.join(os.path.dirname(path), "package.json")
    source = "the metadata given"
    if os.path.exists(package):
        about = json.load(open(package, encoding="utf-8"))
        source = about["name"] + " " + about["version"]
    by_code = {int(code): [(n, data["countries"][n]) for n in names] for code, names in data["country_calling_codes"].items()}
    by_code.update({int(code): [("001", row)] for code, row in data["nonGeographic"].items()})
    nodes, programs, codes, regions = Nodes(), Programs(), [], []
    for code in sorted(by_code, key=str):
        rows = [Region(name, row, by_code[code][0][1]) for name, row in by_code[code]]
        for row in rows:
            row.compile(programs, nodes)
            row.place = len(codes)
        codes.append((code, len(regions), len(rows), nodes.numbers_of(rows)))
        regions += rows

    # names: 0, leaves, nodes by degree
    reached, todo = set(), [c[3] for c in codes] + [r.root for r in regions]
    while todo:
        node = todo.pop()
        if node and node not in reached:
            reached.add(node)
            if nodes.leaf(node) is None:
                todo += nodes.list[node - 1][1]
    leaves = sorted({tuple(sorted(nodes.leaf(n).items())) for n in reached if nodes.leaf(n) is not None})
    names, inner = {0: 0}, []
    for n in sorted(reached):
        if nodes.leaf(n) is not None:
            names[n] = 1 + leaves.index(tuple(sorted(nodes.leaf(n).items())))
        else:
            assert nodes.list[n - 1][0] == 0, "a number ends where another goes on in its own way: the table has no room for that"
            inner.append((len({k for k in nodes.list[n - 1][1] if k}), n))
    inner.sort()
    for i, (_, n) in enumerate(inner):
        names[n] = 1 + len(leaves) + i
    assert len(names) < 1 << 13
    edges = []
    for _, n in inner:
        masks = {}
        for digit, child in enumerate(nodes.list[n - 1][1]):
            if child:
                masks[child] = masks.get(child, 0) | 1 << digit
        edges += [mask | names[child] << 10 for child, mask in sorted(masks.items(), key=lambda x: (-bin(x[1]).count("1"), x[1]))]
    degrees = [sum(1 for d, _ in inner if d == degree) for degree in range(11)]

    out = ["/* Made by phone_table_make.py from " + source + ": not to be edited.",
           " * The metadata is libphonenumber's, Copyright The Libphonenumber Authors, licensed under the Apache License, Version 2.0. */",
           '#define PHONE_TABLE_SOURCE "%s"' % source,
           "enum { LEAVES = %d, NODES = %d, EDGES = %d };" % (len(leaves), len(inner), len(edges)), "",
           "/* By count of edges, 0 to 11: the first node with so many, counted from 0, and its first edge. */",
           "static const uint16_t node_from[12] = { %s };" % ", ".join(str(sum(degrees[:d])) for d in range(12)),
           "static const uint16_t edge_from[12] = { %s };" % ", ".join(str(sum(n * k for n, k in enumerate(degrees[:d]))) for d in range(12)), "",
           "static const char edges[] ="]
    out += ['  "%s"' % line for line in lines_of("".join(character(e >> s & 63) for s in (0, 6, 12, 18)) for e in edges)]
    out[-1] += ";"
    out += ["", "/* How many digits more (bits) make a number of which region of the code (its place); twice. */", "static const struct leaf leaves[] = {"]
    texts = []
    for leaf in leaves:
        labels = sorted({label for _, label in leaf})
        pairs = [(bits(n for n, v in leaf if v == label), label - 1) for label in labels] + [(0, 0)]
        assert len(labels) < 3
        texts.append("{%d,%d,%d,%d}," % (pairs[0][0], pairs[1][0], pairs[0][1], pairs[1][1]))
    out += ["  " + line for line in lines_of(texts)] + ["};", "", "static const uint8_t programs[] = {"]
    out += ["  " + line for line in lines_of("%d," % b for b in programs.bytes)]
    out += ["};", "", "static const struct phone_region regions[] = {"]
    out += ['  {"%s","%s","%s","%s",%d,%d,%d,%d,%d,%d,%d,%d},' %
            (r.name, r.trunk, r.idd_plain, r.put, r.code, r.place, r.program, r.idd_program, names[r.root], r.begins(), bits(r.lengths), r.bare) for r in regions]
    out += ["};", "", "static const struct phone_code codes[] = {"]
    out += ["  " + line for line in lines_of("{%d,%d,%d,%d}," % (c, first, count, names[root]) for c, first, count, root in codes)]
    starts = [next((i + 1 for i, c in enumerate(codes) if str(c[0]).startswith(p) or p.startswith(str(c[0]))), 0) for p in map("{:02d}".format, range(100))]
    out += ["};", "", "/* By a number's first two digits: the first row that may be its code, plus 1; 0: none. */", "static const uint8_t codes_from[100] = {"]
    out += ["  " + line for line in lines_of("%d," % s for s in starts)] + ["};"]
    print("\n".join(out))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
