#include "runtime/config/collections.h"

#include <algorithm>

namespace troupe::config {

namespace {

bool letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool name_char(char c) {
  return letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

constexpr std::size_t kNameMax = 64;

}  // namespace

bool valid_name(std::string_view name) {
  return !name.empty() && name.size() <= kNameMax && letter(name[0]) &&
         std::all_of(name.begin(), name.end(), name_char);
}

void check_name(const Member& member, Reader& reader) {
  if (valid_name(member.key)) return;
  reader.error(member.place,
               fmt::format("a name is a letter, then at most {} letters, digits, `_` and `-`", kNameMax - 1));
}

bool is_map(const Node& node, Reader& reader, std::string_view expected) {
  if (node.kind == Node::Kind::map || node.kind == Node::Kind::null) return true;
  reader.wrong_kind(node, expected);
  return false;
}

bool is_list(const Node& node, Reader& reader, std::string_view expected) {
  if (node.kind == Node::Kind::sequence || node.kind == Node::Kind::null) return true;
  if (node.kind == Node::Kind::scalar)
    reader.error(node.place,
                 fmt::format("expected {}, got a single value; a list of one is written `[ … ]`", expected));
  else
    reader.wrong_kind(node, expected);
  return false;
}

Json list_schema(Json element, std::size_t most) {
  return Json{{"type", {"array", "null"}}, {"items", std::move(element)}, {"maxItems", most}};
}

Json entries_schema(Json entry) {
  return Json{{"type", {"object", "null"}},
              {"propertyNames", {{"pattern", fmt::format("^[A-Za-z][A-Za-z0-9_-]{{0,{}}}$", kNameMax - 1)}}},
              {"maxProperties", limits::kConfigEntries},
              {"additionalProperties", std::move(entry)}};
}

Json map_schema(Json value) {
  return Json{{"type", {"object", "null"}}, {"additionalProperties", std::move(value)}};
}

}  // namespace troupe::config
