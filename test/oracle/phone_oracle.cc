// tamis against libphonenumber: numbers of every region, in spellings that people and devices use, as they are read in every default
// region. What libphonenumber parses as a valid number must fold to the same E.164 value; every other answer is counted below.
//
// Then the whole detector: each spelling that is valid to both in a line where nothing says that it is a number, and behind a key that
// does. What is hidden of it is counted by spelling; behind a key all must be.
//
//   phone_oracle [SPELLINGS [SEED]]
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <phonenumbers/phonenumberutil.h>

extern "C" {
#include "filters/filters.h"
#include "test/oracle/then.h"
const struct phone_region *phone_region_find(const char *iso);
}
using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberUtil;
using std::string;

// Answers that differ from libphonenumber's, each with its reason. A difference that no row explains fails the test.
enum Class { SAME, OWN_CODE, UNEXPLAINED, CLASSES };
static const struct {
  const char *name, *why;
} classes[CLASSES] = {
  { "same", "the same E.164 value" },
  { "own code", "a region's own country code without plus, where national numbers have a trunk prefix and this has none: SIP trunks send "
                "international numbers so; libphonenumber prefers a local number that happens to fit" },
  { "unexplained", "a fault" },
};

struct Spelling {
  const char *name;
  string      text;
};

static string grouped(const string &digits, const string &mark, uint64_t &seed) {
  string out;
  for (size_t i = 0; i < digits.size();) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    size_t size = std::min(digits.size() - i, (size_t)2 + (seed >> 40) % 3);
    out += (i > 0 ? mark : "") + digits.substr(i, size);
    i += size;
  }
  return out;
}

static std::vector<Spelling> spellings(const phone_region *from, const phone_region *to, const string &nsn, uint64_t &seed) {
  string                code = std::to_string(to->code), trunk = to->trunk, idd = from->idd[0] ? from->idd : "00";
  string                spaced = grouped(nsn, " ", seed), dashed = grouped(nsn, "-", seed), dotted = grouped(nsn, ".", seed);
  std::vector<Spelling> all = {
    { "plus", "+" + code + nsn },
    { "plus, spaces", "+" + code + " " + spaced },
    { "plus, (trunk)", "+" + code + " (" + trunk + ")" + spaced },
    { "tel: URI", "tel:+" + code + "-" + dashed },
    { "international prefix", idd + code + nsn },
    { "international prefix, spaces", idd + " " + code + " " + spaced },
    { "code alone", code + nsn },
  };
  if (trunk.empty()) all[2].text = all[1].text;
  if (from->code == to->code) {
    all.push_back({ "national", trunk + nsn });
    all.push_back({ "national, spaces", trunk + spaced });
    all.push_back({ "national, dots", trunk + dotted });
    all.push_back({ "national, dashes", trunk + dashed });
    all.push_back({ "national without trunk prefix", nsn });
    all.push_back({ "extension", trunk + spaced + " ext. 123" });
  }
  all.push_back({ "phone-context", "tel:" + trunk + nsn + ";phone-context=+" + code });
  return all;
}

static string digits_of(const string &text, bool &plus) {
  size_t end = std::min(text.find(" ext"), text.find(';'));
  string out;
  plus = text.substr(0, end).find('+') != string::npos;
  for (char c : text.substr(0, end))
    if (c >= '0' && c <= '9') out += c;
  return out;
}

typedef bool Fold(const phone_region *, const char *, unsigned, bool, phone_number *);
typedef bool FoldLocal(const phone_region *, struct text, const char *, unsigned, phone_number *);

static string fold(Fold *one, FoldLocal *local, const phone_region *region, const string &text, phone_form &form, bool &possible) {
  bool         plus;
  string       digits = digits_of(text, plus);
  size_t       context = text.find(";phone-context=+");
  phone_number number;
  bool         found;
  if (context != string::npos) {
    string code = text.substr(context + 16);
    found = local(region, { code.data(), code.size() }, digits.data(), (unsigned)digits.size(), &number);
  } else {
    found = one(region, digits.data(), (unsigned)digits.size(), plus, &number);
  }
  form = found ? number.form : PHONE_NONE;
  possible = found && number.possible;
  return found ? "+" + string(number.digits, number.count) : "";
}

static string oracle(const string &text, const char *region) {
  const PhoneNumberUtil *util = PhoneNumberUtil::GetInstance();
  PhoneNumber            number;
  string                 out;
  if (util->Parse(text, region, &number) != PhoneNumberUtil::NO_PARSING_ERROR || !util->IsValidNumber(number)) return "";
  number.clear_extension();
  util->Format(number, PhoneNumberUtil::E164, &out);
  return out;
}

static Class explain(const phone_region *region, const string &text, phone_form form) {
  bool   plus;
  string digits = digits_of(text, plus), code = std::to_string(region->code);
  if (form == PHONE_OWN_CODE && !region->bare && region->trunk[0] != 0 && digits.compare(0, code.size(), code) == 0) return OWN_CODE;
  return UNEXPLAINED;
}

enum { ALONE, KEYED, PLACES };
struct Recall {
  long asked, alone_asked, hidden[PLACES];
};

static void complain(void *, size_t, const char *, long, const char *message) { fprintf(stderr, "%s\n", message); }

static struct filter *filter_of(const char *region) {
  static std::map<string, struct filter *> filters;
  struct filter                          *&filter = filters[region];
  if (filter != NULL) return filter;
  struct filter_options options = {};
  struct rule_spec      spec = {};
  options.region = region;
  options.key = (const uint8_t *)"0123456789abcdef0123456789abcdef";
  options.epoch = "1";
  options.match_limit = options.depth_limit = options.heap_limit_kib = 1000;
  spec.name = spec.detect = "phone";
  spec.action = ACTION_STRIP;
  spec.tag = "#";
  struct ruleset *rules = ruleset_new(&spec, 1, &options, complain, NULL);
  filter = rules != NULL ? filter_new(rules, 512) : NULL;
  ruleset_unref(rules);
  if (filter == NULL) exit(2);
  return filter;
}

// What looks exactly like something else is taken for that, everywhere: four dotted numbers, none above 255, are an IPv4 address, a fifth
// above 255 its port as BSD writes it; four digits and twice two, joined by dashes, are a date where they can be one, and may begin a stamp.
static bool is_other(const string &text) {
  unsigned part[4], port = 256;
  int      used = 0, all = 0;
  char     mark = '-';
  if (sscanf(text.c_str(), "%3u.%3u.%3u.%3u%n.%5u%n", &part[0], &part[1], &part[2], &part[3], &used, &port, &all) >= 4 &&
      ((size_t)used == text.size() || (size_t)all == text.size()))
    return part[0] < 256 && part[1] < 256 && part[2] < 256 && part[3] < 256 && port > 255 && port < 65536;
  if (text[0] == '0' || sscanf(text.c_str(), "%4u-%2u-%2u%n%c", &part[0], &part[1], &part[2], &used, &mark) < 3) return false;
  return used == 10 && mark == '-' && part[0] < 3000 && part[1] >= 1 && part[1] <= 12 && part[2] < 40;
}

// No digit of the number is left, but its extension and its phone-context.
static bool hidden(struct filter *filter, const string &before, const string &number, const string &after) {
  struct filter_context context = {};
  string                text = before + number + after, rest = number.substr(std::min({ number.find(" ext"), number.find(";phone"), number.size() }));
  char                  out[1024];
  size_t                size;
  unsigned              rule;
  if (filter_text(filter, &context, { text.data(), text.size() }, out, sizeof out, &size, &rule) != FILTER_OK) return false;
  string got(out, size);
  for (const char *lead : { "", "tel:", "(" })
    for (const char *plus : { "", "+" })
      if (got == before + lead + plus + "#" + rest + after) return true;
  return false;
}

int main(int argc, char **argv) {
  long                     most = argc > 1 ? atol(argv[1]) : 100000, count = 0, valid = 0, folded = 0;
  uint64_t                 seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
  long                     by_class[CLASSES] = { 0 }, shown = 0, leaks = 0;
  std::map<string, long>   by_spelling, own, changed;
  std::map<string, Recall> recall;
  unsigned                 regions = 0;
  std::map<string, bool>   asked;
  while (then_region_name(regions) != NULL) regions++;
  while (count < most) {
    unsigned from_index = (unsigned)(count * 7919 + (long)(seed % regions)) % regions, to_index;
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    from_index = (unsigned)(seed >> 35) % regions;
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    to_index = (seed >> 60) % 3 > 0 ? from_index : (unsigned)(seed >> 35) % regions;
    const phone_region *from = then_region_find(then_region_name(from_index));
    const phone_region *to = then_region_find(then_region_name(to_index));
    if (from == NULL || to == NULL) continue; // codes that are no country's: reached below by their own code alone
    char     nsn[32];
    unsigned size = then_random(to_index, &seed, nsn);
    if ((seed >> 50) % 5 == 0) nsn[(seed >> 40) % size] = (char)('0' + (seed >> 44) % 10); // perhaps no valid number any more
    asked[from->iso] = true;
    for (const Spelling &spelling : spellings(from, to, nsn, seed)) {
      phone_form form, form_now;
      bool       possible;
      string     want = oracle(spelling.text, from->iso), got = fold(then_fold, then_fold_local, from, spelling.text, form, possible);
      string     now = fold(phone_fold, phone_fold_local, phone_region_find(from->iso), spelling.text, form_now, possible);
      count++;
      folded += want.empty() && !got.empty();
      if (want.empty()) continue;
      if (now != got) changed[to->iso]++;
      if (now == want && possible && want.size() > 8 && want.size() <= 16 && !is_other(spelling.text)) { // 7 to 15 digits: E.164 has no more
        bool    plus;
        size_t  digits = digits_of(spelling.text, plus).size();
        Recall &row = recall[spelling.name];
        if (digits > 18) continue; // E.164's 15 and an international prefix
        row.asked += digits >= 7;
        row.alone_asked += digits >= 9;
        bool alone = hidden(filter_of(from->iso), "event [", spelling.text, "] done"),
             keyed = hidden(filter_of(from->iso), "callerid: ", spelling.text, ", x");
        row.hidden[ALONE] += digits >= 9 && alone;
        row.hidden[KEYED] += digits >= 7 && keyed;
        if (digits >= 7 && !keyed && leaks++ < 40)
          printf("not hidden behind a key in %s: %s (%s)\n", from->iso, spelling.text.c_str(), spelling.name);
      }
      valid++;
      by_spelling[spelling.name]++;
      Class c = want == got ? SAME : explain(from, spelling.text, form);
      by_class[c]++;
      if (c == OWN_CODE) own[from->iso]++;
      if (c == UNEXPLAINED && shown++ < 40)
        printf("%s (%s) in %s: libphonenumber %s, tamis %s form %d\n", spelling.text.c_str(), spelling.name, from->iso, want.c_str(), got.c_str(),
               form);
    }
  }
  printf("%ld spellings in %zu default regions: %ld valid to libphonenumber; of the others %ld fold to a possible number\n", count, asked.size(),
         valid, folded);
  for (int c = 0; c < CLASSES; c++) printf("  %-12s %8ld  %s\n", classes[c].name, by_class[c], classes[c].why);
  for (const auto &row : by_spelling) printf("  %8ld  %s\n", row.second, row.first.c_str());
  printf("hidden alone (9 digits and more), behind a key (7 and more):\n");
  for (const auto &row : recall)
    printf("  %7.3f %%  %7.3f %%  %s\n", 100.0 * (double)row.second.hidden[ALONE] / (double)row.second.alone_asked,
           100.0 * (double)row.second.hidden[KEYED] / (double)row.second.asked, row.first.c_str());
  printf("own code:");
  for (const auto &row : own) printf(" %s %ld", row.first.c_str(), row.second);
  printf("\nchanged between the oracle's metadata and ours:");
  for (const auto &row : changed) printf(" %s %ld", row.first.c_str(), row.second);
  printf("\n");
  return by_class[UNEXPLAINED] > 0 || leaks > 0 || asked.size() < 30;
}
