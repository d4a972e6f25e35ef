#include "models/request_match.h"

#include "models/intent_word.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace troupe::models {

namespace {

constexpr std::size_t kShownBytes = 40;

std::string line_feeds(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    out += text[i];
  }
  return out;
}

// Through a type that sorts its keys.
Json sorted(const Json& value) {
  return Json::parse(nlohmann::json::parse(dump(value)).dump());
}

Json schema_value(const std::string& text) {
  auto parsed = parse_json(text);
  return parsed ? std::move(*parsed) : Json(text);
}

Json message_value(const Message& message) {
  Json value = {{"role", word(message.role)}, {"content", line_feeds(message.content)}};
  if (!message.tool_calls.empty()) {
    Json calls = Json::array();
    for (const ToolCall& call : message.tool_calls)
      calls.push_back({{"id", call.id}, {"name", call.name}, {"arguments", call.arguments}});
    value["tool_calls"] = std::move(calls);
  }
  if (!message.tool_call_id.empty()) value["tool_call_id"] = message.tool_call_id;
  if (!message.name.empty()) value["name"] = message.name;
  if (!message.images.empty()) {
    Json images = Json::array();
    for (const Image& image : message.images) images.push_back(image.url);
    value["images"] = std::move(images);
  }
  return value;
}

std::string shown(const Json& value) {
  std::string text = value.is_string() ? value.get<std::string>() : dump(value);
  if (text.size() <= kShownBytes) return text;
  std::size_t end = kShownBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "…";
}

std::string text_difference(const std::string& path, const std::string& a, const std::string& b) {
  std::size_t at = static_cast<std::size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
  std::size_t from = at > 10 ? at - 10 : 0;  // a little of what leads up to it
  auto cut = [](const std::string& text, std::size_t place) {
    while (place > 0 && place < text.size() && (static_cast<unsigned char>(text[place]) & 0xC0) == 0x80)
      --place;
    return shown(text.substr(std::min(place, text.size())));
  };
  return fmt::format("{}: at byte {} recorded “{}” but asked “{}”", path, at, cut(a, from), cut(b, from));
}

std::optional<std::string> difference(const std::string& path, const Json& a, const Json& b) {
  if (a == b) return std::nullopt;
  if (a.is_string() && b.is_string())
    return text_difference(path, a.get<std::string>(), b.get<std::string>());
  if (a.is_array() && b.is_array()) {
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i)
      if (auto found = difference(fmt::format("{}[{}]", path, i), a[i], b[i])) return found;
    return fmt::format("{}: {} recorded but {} asked", path, a.size(), b.size());
  }
  if (a.is_object() && b.is_object()) {
    // In the order a person would look: roles before contents, messages before the rest.
    std::set<std::string> keys;
    for (auto& [key, value] : a.items()) keys.insert(key);
    for (auto& [key, value] : b.items()) keys.insert(key);
    for (const std::string& key : keys) {
      std::string inner = path.empty() ? key : path + "." + key;
      const Json* left = find(a, key);
      const Json* right = find(b, key);
      if (!left) return fmt::format("{}: not recorded but asked: {}", inner, shown(*right));
      if (!right) return fmt::format("{}: recorded but not asked: {}", inner, shown(*left));
      if (auto found = difference(inner, *left, *right)) return found;
    }
  }
  return fmt::format("{}: recorded {} but asked {}", path, shown(a), shown(b));
}

}  // namespace

Json normalized_request(const ModelRequest& request) {
  Json messages = Json::array();
  for (const Message& message : request.transcript->messages()) messages.push_back(message_value(message));
  Json tools = Json::array();
  for (const ToolDeclaration& tool : *request.tools)
    tools.push_back(
        {{"name", tool.name}, {"description", tool.description}, {"schema", schema_value(tool.schema)}});
  Json value = {{"messages", std::move(messages)}, {"tools", std::move(tools)}};
  value["tool_mode"] = request.tool_mode == ToolMode::native ? "native" : "prompted";
  value["intent"] = word(request.intent);
  if (!request.schema.empty()) value["schema"] = schema_value(request.schema);
  if (!request.stop.empty()) value["stop"] = request.stop;
  return sorted(value);
}

std::optional<std::string> first_difference(const Json& recorded, const Json& asked) {
  return difference("", recorded, asked);
}

std::size_t likeness(const Json& recorded, const Json& asked) {
  const Json* a = find(recorded, "messages");
  const Json* b = find(asked, "messages");
  std::size_t score = 0;
  if (a && b && a->is_array() && b->is_array()) {
    std::size_t shorter = std::min(a->size(), b->size());
    std::size_t same = 0;
    while (same < shorter && (*a)[same] == (*b)[same]) ++same;
    score = same * 16 + (a->size() == b->size() ? 4 : 0);
    if (same < shorter && string_or((*a)[same], "role") == string_or((*b)[same], "role")) ++score;
  }
  for (auto& [key, value] : asked.items())
    if (const Json* other = find(recorded, key); other && key != "messages" && *other == value) ++score;
  return score;
}

}  // namespace troupe::models
