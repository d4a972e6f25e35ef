#include "models/providers/anthropic_state.h"

#include <algorithm>

namespace troupe::models {

namespace {
constexpr std::string_view kOwner = "anthropic";
}

void AnthropicState::add_text(std::size_t bytes) {
  if (!parts_.empty() && parts_.back().is_number())
    parts_.back() = parts_.back().get<std::size_t>() + bytes;
  else if (bytes)
    parts_.push_back(bytes);
}

std::string AnthropicState::text() const {
  if (std::ranges::none_of(parts_, [](const Json& part) { return part.is_object(); })) return {};
  Json state = Json::object();
  state[kOwner] = parts_;
  return dump(state);
}

std::vector<Json> AnthropicState::parts_of(std::string_view state) {
  if (state.empty()) return {};
  auto parsed = parse_json(state);
  const Json* parts = parsed ? find(*parsed, kOwner) : nullptr;
  if (!parts || !parts->is_array()) return {};
  return parts->get<std::vector<Json>>();
}

}  // namespace troupe::models
