// tamis against libphonenumber: numbers of every region, in spellings that people and devices use, as they are read in every default
// region. What libphonenumber parses as a valid number must fold to the same E.164 value; every other answer is counted below.
//
//   compare SPELLINGS [SEED]
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <phonenumbers/phonenumberutil.h>

extern "C" {
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

static string fold(Fold *one, FoldLocal *local, const phone_region *region, const string &text, phone_form &form) {
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

int main(int argc, char **argv) {
  long                   most = argc > 1 ? atol(argv[1]) : 100000, count = 0, valid = 0, folded = 0;
  uint64_t               seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
  long                   by_class[CLASSES] = { 0 }, shown = 0;
  std::map<string, long> by_spelling, own, changed;
  unsigned               regions = 0;
  std::map<string, bool> asked;
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
      string     want = oracle(spelling.text, from->iso), got = fold(then_fold, then_fold_local, from, spelling.text, form);
      string     now = fold(phone_fold, phone_fold_local, phone_region_find(from->iso), spelling.text, form_now);
      count++;
      folded += want.empty() && !got.empty();
      if (want.empty()) continue;
      if (now != got) changed[to->iso]++;
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
  printf("own code:");
  for (const auto &row : own) printf(" %s %ld", row.first.c_str(), row.second);
  printf("\nchanged between the oracle's metadata and ours:");
  for (const auto &row : changed) printf(" %s %ld", row.first.c_str(), row.second);
  printf("\n");
  return by_class[UNEXPLAINED] > 0 || asked.size() < 30;
}
