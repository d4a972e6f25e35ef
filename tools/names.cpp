#include "tools/names.h"

#include <algorithm>
#include <cctype>

namespace troupe::tools {

namespace {

constexpr std::string_view kJoint = "__";
constexpr std::size_t kPartMin = 8;  // bytes that a tool's own name has, however long its section's is

std::string plain(std::string_view wanted) {
  std::string name(wanted);
  std::ranges::replace_if(
      name, [](unsigned char c) { return c >= 0x80 || (!std::isalnum(c) && c != '_' && c != '-'); }, '_');
  const auto from = name.find_first_not_of('_');
  return from == std::string::npos ? "tool" : name.substr(from, name.find_last_not_of('_') + 1 - from);
}

}  // namespace

std::string call_name(std::string_view name) {
  std::string called(name);
  if (const auto slash = called.find('/'); slash != std::string::npos) called.replace(slash, 1, kJoint);
  return called;
}

bool covers(std::string_view written, std::string_view name) {
  return name.starts_with(written) && (name.size() == written.size() || name[written.size()] == '/');
}

std::vector<std::string> tools_meant(const ToolTable& table, std::string_view written) {
  std::vector<std::string> names;
  // Names that begin alike stand together, but `crm-old` between `crm` and `crm/get`.
  for (auto it = table.lower_bound(written); it != table.end() && it->first.starts_with(written); ++it)
    if (covers(written, it->first)) names.push_back(it->first);
  return names;
}

std::string_view section_of(std::string_view name) {
  return name.substr(0, name.find('/'));
}

std::string PartNames::next(std::string_view wanted) {
  const std::size_t used = section_.size() + kJoint.size();
  const std::size_t most = used + kPartMin < kCallNameMax ? kCallNameMax - used : kPartMin;
  const std::string whole = plain(wanted);
  std::string name = whole.substr(0, most);
  for (std::size_t i = 2; std::ranges::find(taken_, name) != taken_.end(); ++i) {
    const std::string number = "_" + std::to_string(i);
    name = whole.substr(0, most - number.size()) + number;
  }
  taken_.push_back(name);
  return section_ + "/" + name;
}

}  // namespace troupe::tools
