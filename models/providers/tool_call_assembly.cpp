#include "models/providers/tool_call_assembly.h"

#include <utility>

namespace troupe::models {

namespace {

const Json& function_of(const Json& fragment) {
  const Json* function = find(fragment, "function");
  return function && function->is_object() ? *function : fragment;
}

}  // namespace

void ToolCallAssembly::add(const Json& fragments) {
  if (!fragments.is_array()) return;
  std::size_t position = 0;
  for (const Json& fragment : fragments) {
    if (!fragment.is_object()) continue;
    Slot& slot = slot_for(fragment, position++);
    std::string id = string_or(fragment, "id");
    if (slot.call.id.empty()) slot.call.id = std::move(id);
    fill(slot, function_of(fragment));
  }
}

void ToolCallAssembly::add_function(const Json& function) {
  if (!function.is_object()) return;
  if (slots_.empty()) open(std::nullopt);
  fill(slots_.front(), function);
}

ToolCallAssembly::Slot& ToolCallAssembly::slot_for(const Json& fragment, std::size_t position) {
  const std::string id = string_or(fragment, "id");
  const bool named = !string_or(function_of(fragment), "name").empty();
  if (const Json* member = find(fragment, "index"); member && member->is_number_integer()) {
    const auto index = member->get<long long>();
    for (auto slot = slots_.rbegin(); slot != slots_.rend(); ++slot) {
      if (slot->index != index) continue;
      // Another call under a used index: it has an id and a name of its own.
      bool another =
          named && !id.empty() && !slot->call.id.empty() && slot->call.id != id && !slot->call.name.empty();
      return another ? open(index) : *slot;
    }
    return open(index);
  }
  if (!id.empty()) {
    for (Slot& slot : slots_)
      if (slot.call.id == id) return slot;
    // A fragment without a name cannot begin a call: an id that changes on the way means nothing.
    return named || slots_.empty() ? open(std::nullopt) : slots_.back();
  }
  if (position >= slots_.size()) return open(std::nullopt);
  Slot& slot = slots_[position];
  bool another = named && !slot.call.name.empty() && !slot.call.arguments.empty();
  return another ? open(std::nullopt) : slot;
}

ToolCallAssembly::Slot& ToolCallAssembly::open(std::optional<long long> index) {
  if (slots_.size() >= kCallsMax) return slots_.back();
  return slots_.emplace_back(Slot{index, {}});
}

void ToolCallAssembly::fill(Slot& slot, const Json& function) {
  if (slot.call.name.empty()) slot.call.name = string_or(function, "name");
  const Json* arguments = find(function, "arguments");
  if (!arguments || arguments->is_null()) return;
  std::string text = arguments->is_string() ? arguments->get<std::string>() : dump(*arguments);
  bytes_ += text.size();
  slot.call.arguments += text;
}

std::vector<ToolCall> ToolCallAssembly::take() {
  std::vector<ToolCall> calls;
  for (Slot& slot : slots_)
    if (!slot.call.name.empty()) calls.push_back(std::move(slot.call));
  slots_.clear();
  return calls;
}

}  // namespace troupe::models
