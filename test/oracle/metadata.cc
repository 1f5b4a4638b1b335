// Writes the metadata that Debian's libphonenumber carries, in the form of libphonenumber-js: what phone_table_make.py reads.
#include <cstdio>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include <phonenumbers/phonemetadata.pb.h>

namespace i18n {
namespace phonenumbers {
int         metadata_size();
const void *metadata_get();
} // namespace phonenumbers
} // namespace i18n
using namespace i18n::phonenumbers;

static std::string quoted(const std::string &text) {
  if (text.empty()) return "0";
  std::string out = "\"";
  for (char c : text) {
    if (c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

static std::string lengths(const PhoneNumberDesc &desc) {
  std::string out;
  for (int n : desc.possible_length()) out += (out.empty() ? "" : ",") + std::to_string(n);
  return "[" + out + "]";
}

static std::string type(const PhoneNumberDesc &desc) {
  if (!desc.has_national_number_pattern() || (desc.possible_length_size() == 1 && desc.possible_length(0) == -1)) return "0";
  return "[" + quoted(desc.national_number_pattern()) + (desc.possible_length_size() > 0 ? "," + lengths(desc) : "") + "]";
}

static std::string plan(const PhoneMetadata &m) {
  std::string trunk_rule, out = "[\"" + std::to_string(m.country_code()) + "\"," + quoted(m.international_prefix()) + "," +
                                quoted(m.general_desc().national_number_pattern()) + "," + lengths(m.general_desc()) + ",[";
  for (int i = 0; i < m.number_format_size(); i++)
    out += (i > 0 ? "," : "") + std::string("[0,0,0,") + quoted(m.number_format(i).national_prefix_formatting_rule()) + "]";
  out += "]," + quoted(m.national_prefix()) + ",0," + quoted(m.national_prefix_for_parsing()) + "," + quoted(m.national_prefix_transform_rule()) +
         ",0," + quoted(m.leading_digits()) + ",[";
  const PhoneNumberDesc *types[] = { &m.fixed_line(), &m.mobile(), &m.toll_free(), &m.premium_rate(), &m.personal_number(),
                                     &m.voicemail(),  &m.uan(),    &m.pager(),     &m.voip(),         &m.shared_cost() };
  for (size_t i = 0; i < 10; i++) out += (i > 0 ? "," : "") + type(*types[i]);
  return out + "]," + quoted(m.preferred_international_prefix()) + "]";
}

int main() {
  PhoneMetadataCollection                all;
  std::map<int, std::deque<std::string>> codes;
  std::string                            countries, others, lists;
  if (!all.ParseFromArray(metadata_get(), metadata_size())) return 1;
  for (const PhoneMetadata &m : all.metadata()) {
    if (m.id() == "001") {
      others += (others.empty() ? "\"" : ",\n\"") + std::to_string(m.country_code()) + "\":" + plan(m);
      continue;
    }
    countries += (countries.empty() ? "\"" : ",\n\"") + m.id() + "\":" + plan(m);
    if (m.main_country_for_code()) codes[m.country_code()].push_front(m.id());
    else codes[m.country_code()].push_back(m.id());
  }
  for (const auto &code : codes) {
    std::string list;
    for (const std::string &id : code.second) list += (list.empty() ? "\"" : ",\"") + id + "\"";
    lists += (lists.empty() ? "\"" : ",\"") + std::to_string(code.first) + "\":[" + list + "]";
  }
  printf("{\"country_calling_codes\":{%s},\n\"countries\":{%s},\n\"nonGeographic\":{%s}}\n", lists.c_str(), countries.c_str(), others.c_str());
}
