#include "gateway/protocol/fields.h"

#include "models/picture.h"
#include "runtime/base/limits.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::gateway {

namespace {

bool printable(std::string_view text) {
  return std::ranges::all_of(text, [](unsigned char c) { return c > 0x20 && c < 0x7f; });
}

bool without_controls(std::string_view text) {
  return std::ranges::none_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

}  // namespace

std::string Fields::id(std::string_view name, bool required) {
  return text(name, required, limits::kIdChars, printable, "printable ASCII characters without blanks");
}

std::string Fields::name(std::string_view name) {
  return text(name, false, limits::kNameBytes, without_controls, "bytes without control characters");
}

std::string Fields::any_text(std::string_view name, bool required) {
  const Json* value = get(name, required);
  if (!value) return {};
  if (value->is_string()) return value->get<std::string>();
  complain(name, "must be a string");
  return {};
}

std::optional<std::int64_t> Fields::seq(std::string_view name) {
  const Json* value = get(name, false);
  if (!value) return std::nullopt;
  // Unsigned is what the parser makes of every integer that is not negative.
  if (value->is_number_unsigned() && value->get<std::uint64_t>() <= INT64_MAX)
    return value->get<std::int64_t>();
  complain(name, "must be an integer, 0 or more");
  return std::nullopt;
}

std::optional<int> Fields::step(std::string_view name) {
  const Json* value = get(name, false);
  if (!value) return std::nullopt;
  if (value->is_number_unsigned() && *value > 0u && *value <= 1'000'000u) return value->get<int>();
  complain(name, "must be the number of a step, 1 or more");
  return std::nullopt;
}

bool Fields::flag(std::string_view name) {
  const Json* value = get(name, false);
  if (!value) return false;
  if (value->is_boolean()) return value->get<bool>();
  complain(name, "must be true or false");
  return false;
}

Json Fields::object(std::string_view name) {
  const Json* value = get(name, false);
  if (!value) return Json::object();
  if (value->is_object()) return *value;
  complain(name, "must be an object");
  return Json::object();
}

std::optional<Json> Fields::edited_input(std::string_view name) {
  const Json* value = find(frame_, name);
  if (!value) return std::nullopt;
  if (value->is_object()) return *value;
  complain(name, "must be an object; leave it out to approve the call as it is");
  return std::nullopt;
}

void Fields::nothing_but(std::initializer_list<std::string_view> known) {
  for (const auto& [name, value] : frame_.items())
    if (std::ranges::find(known, name) == known.end())
      complain(name.substr(0, 40), "is not known here, and nothing is approved that is not understood");
}

std::vector<models::Image> Fields::images(std::string_view name) {
  std::vector<models::Image> images;
  const Json* value = get(name, false);
  if (!value) return images;
  if (!value->is_array() || value->size() > limits::kAttachments) {
    complain(name, fmt::format("must be an array of at most {} objects", limits::kAttachments));
    return images;
  }
  for (const Json& item : *value) images.push_back(image(name, item));
  return images;
}

agents::CancelMode Fields::cancel_mode(std::string_view name) {
  const Json* value = get(name, false);
  if (!value || (value->is_string() && *value == "now")) return agents::CancelMode::now;
  if (value->is_string() && *value == "after_step") return agents::CancelMode::after_step;
  complain(name, "must be \"now\" or \"after_step\"");
  return agents::CancelMode::now;
}

// null counts as absent: many clients serialise an option that is not set that way.
const Json* Fields::get(std::string_view name, bool required) {
  const Json* value = find(frame_, name);
  if (value && !value->is_null()) return value;
  if (required) complain(name, "is missing");
  return nullptr;
}

std::string Fields::text(std::string_view name, bool required, std::size_t bytes_max,
                         bool (*sane)(std::string_view), std::string_view rule) {
  const Json* value = get(name, required);
  if (!value) return {};
  if (value->is_string()) {
    auto text = value->get<std::string>();
    if (!text.empty() && text.size() <= bytes_max && sane(text)) return text;
  }
  complain(name, fmt::format("must be a string of 1 to {} {}", bytes_max, rule));
  return {};
}

models::Image Fields::image(std::string_view name, const Json& item) {
  const std::string url = string_or(item, "url");
  const std::string data = string_or(item, "data");
  const std::string media_type = string_or(item, "media_type");
  if (string_or(item, "type") != "image" || url.empty() == data.empty()) {
    complain(name, R"(must hold objects {"type":"image"} with either `url` or `data`)");
    return {};
  }
  auto picture = url.empty() ? models::picture_of(data, media_type) : models::picture_at(url);
  if (picture) return std::move(*picture);
  complain(name, picture.error().message);
  return {};
}

void Fields::complain(std::string_view name, std::string_view what) {
  if (problem_.empty()) problem_ = fmt::format("`{}` {}", name, what);
}

bool sane_id(std::string_view text) {
  return !text.empty() && text.size() <= limits::kIdChars && printable(text);
}

}  // namespace troupe::gateway
