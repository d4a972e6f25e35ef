#include "agents/teams/conversation/named_member.h"

#include "agents/react/parser/action_text.h"
#include "agents/react/parser/bytes.h"
#include "agents/teams/conversation/limits.h"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace troupe::agents {

namespace {

bool same(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

std::optional<std::string> name_alone(std::string_view text, std::span<const std::string> names) {
  constexpr std::string_view kAround = " \t\r\n\"'`*.:";
  const std::size_t begin = text.find_first_not_of(kAround);
  if (begin == text.npos) return std::nullopt;
  text = text.substr(begin, text.find_last_not_of(kAround) + 1 - begin);
  for (const std::string& name : names)
    if (text == name) return name;
  if (const std::size_t slash = text.rfind('/'); slash != text.npos) text.remove_prefix(slash + 1);
  for (const std::string& name : names)
    if (same(text, name)) return name;
  return std::nullopt;
}

bool mentions(std::string_view text, std::string_view name) {
  const auto part_of_word = [](char c) { return is_letter(c) || is_digit(c) || c == '_' || c == '-'; };
  for (std::size_t at = 0; at + name.size() <= text.size(); ++at) {
    if (!same(text.substr(at, name.size()), name)) continue;
    const std::size_t after = at + name.size();
    if ((at == 0 || !part_of_word(text[at - 1])) && (after == text.size() || !part_of_word(text[after])))
      return true;
  }
  return false;
}

std::optional<std::string> only_mention(std::string_view text, std::span<const std::string> names) {
  std::optional<std::string> only;
  for (const std::string& name : names) {
    if (!mentions(text, name)) continue;
    if (only) return std::nullopt;
    only = name;
  }
  return only;
}

}  // namespace

Json object_of(const Reply& reply, bool strict) {
  if (reply.data.is_object()) return reply.data;
  const std::string_view text = std::string_view(reply.text).substr(0, limits::kReadReplyBytes);
  const std::size_t begin = text.find('{');
  const std::size_t end = text.rfind('}');
  if (begin != text.npos && end != text.npos && begin < end)
    if (auto object = parse_json(text.substr(begin, end + 1 - begin)); object && object->is_object())
      return *object;
  if (strict) return nullptr;
  std::vector<std::string> repairs;
  Json mended = input_of_text(text, repairs);
  return mended.is_object() ? mended : Json(nullptr);
}

std::optional<std::string> named_member(const Reply& reply, std::span<const std::string> names) {
  const Json object = object_of(reply, false);
  if (object.is_object()) {
    // One that names nobody is not looked through for names: they may stand in its reasons.
    for (const std::string_view key : {"speaker", "name", "next", "agent"})
      if (const Json* named = find(object, key); named && named->is_string())
        return name_alone(named->get_ref<const std::string&>(), names);
    return std::nullopt;
  }
  if (reply.data.is_string())
    if (auto name = name_alone(reply.data.get_ref<const std::string&>(), names)) return name;
  if (auto name = name_alone(reply.text, names)) return name;
  return only_mention(std::string_view(reply.text).substr(0, limits::kReadReplyBytes), names);
}

}  // namespace troupe::agents
