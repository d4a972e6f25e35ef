#include "models/providers/gemini_state.h"

#include <algorithm>

namespace troupe::models {

namespace {
constexpr std::string_view kOwner = "gemini";
}

void GeminiState::add(Part part) {
  bytes_ += part.signature.size();
  const bool goes_on = !parts_.empty() && !part.call && !parts_.back().call && part.signature.empty() &&
                       parts_.back().signature.empty();
  if (goes_on)
    parts_.back().bytes += part.bytes;
  else
    parts_.push_back(std::move(part));
}

std::string GeminiState::text() const {
  if (std::ranges::none_of(parts_, [](const Part& part) { return part.has_id || !part.signature.empty(); }))
    return {};
  Json list = Json::array();
  for (const Part& part : parts_) {
    Json entry = Json::object();
    if (part.call)
      entry["call"] = part.has_id ? "id" : "";
    else
      entry["text"] = part.bytes;
    if (!part.signature.empty()) entry["signature"] = part.signature;
    list.push_back(std::move(entry));
  }
  Json state = Json::object();
  state[kOwner] = std::move(list);
  return dump(state);
}

std::vector<GeminiState::Part> GeminiState::parts_of(std::string_view state) {
  std::vector<Part> parts;
  if (state.empty()) return parts;
  auto parsed = parse_json(state);
  const Json* list = parsed ? find(*parsed, kOwner) : nullptr;
  if (!list || !list->is_array()) return parts;
  for (const Json& entry : *list) {
    const Json* text = find(entry, "text");
    parts.push_back({.call = find(entry, "call") != nullptr,
                     .has_id = string_or(entry, "call") == "id",
                     .bytes = text && text->is_number_unsigned() ? text->get<std::size_t>() : 0,
                     .signature = string_or(entry, "signature")});
  }
  return parts;
}

}  // namespace troupe::models
