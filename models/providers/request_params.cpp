#include "models/providers/request_params.h"

#include "runtime/base/json.h"

#include <algorithm>

namespace troupe::models {

void append_field(std::string& out, std::string_view name, std::string_view raw) {
  out += out.back() == '{' ? "\"" : ",\"";
  out += name;
  out += "\":";
  out += raw;
}

RequestParams::RequestParams(std::string head, const std::vector<std::string>& drop_params,
                             const Json& extra_body)
    : head_(std::move(head)), settled_(drop_params) {
  if (drop_params.empty() && !extra_body.is_object()) return;
  auto params = parse_json(head_ + "}");
  if (!params) return;
  for (const std::string& name : drop_params) params->erase(name);
  if (extra_body.is_object()) {
    for (const auto& [name, value] : extra_body.items()) settled_.push_back(name);
    params->merge_patch(extra_body);
  }
  head_ = dump(*params);
  head_.pop_back();
}

bool RequestParams::takes(std::string_view name) const {
  return std::ranges::find(settled_, name) == settled_.end();
}

}  // namespace troupe::models
