#include "tools/builtin/http/request_template.h"

#include "runtime/base/ascii.h"
#include "tools/builtin/text/url_text.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::tools {

namespace {

bool has_header(const net::Headers& headers, std::string_view name) {
  return std::ranges::any_of(headers, [&](const auto& header) { return same_but_case(header.first, name); });
}

}  // namespace

TextTemplate::Lookup RequestTemplate::lookup_in(const Json& arguments, const Json& key) const {
  return [this, &arguments, &key](const std::string& name) -> const Json* {
    if (name == kKeyPlace) return &key;
    const Json* value = find(arguments, name);
    if (!value || value->is_null()) value = find(defaults_, name);
    return value && !value->is_null() ? value : nullptr;
  };
}

Result<net::HttpRequest> RequestTemplate::fill(const Json& arguments, std::string_view key) const {
  const Json key_text = std::string(key);
  const TextTemplate::Lookup lookup = lookup_in(arguments, key_text);
  net::HttpRequest request;
  request.method = method_;
  auto url = url_.fill(lookup);
  if (!url) return fail(std::move(url.error()));
  request.url = std::move(*url);
  if (auto added = add_headers(request, lookup); !added) return fail(std::move(added.error()));
  if (auto added = add_body(request, lookup, arguments); !added) return fail(std::move(added.error()));
  const bool written = has_header(request.headers, "idempotency-key");
  if (keyed_ && !written && !key.empty()) request.headers.emplace_back("Idempotency-Key", key);
  return request;
}

Result<std::optional<net::HttpRequest>> RequestTemplate::status(std::string_view key) const {
  if (!status_) return std::nullopt;
  const Json none = Json::object(), key_text = std::string(key);
  const TextTemplate::Lookup lookup = lookup_in(none, key_text);
  net::HttpRequest request;
  auto url = status_->fill(lookup);
  if (!url) return fail(std::move(url.error()));
  request.url = std::move(*url);
  if (auto added = add_headers(request, lookup); !added) return fail(std::move(added.error()));
  return std::optional(std::move(request));
}

Result<> RequestTemplate::add_headers(net::HttpRequest& request, const TextTemplate::Lookup& lookup) const {
  const TextTemplate::Write one_line = [](const std::string& name, const Json& value) -> Result<std::string> {
    std::string text = text_of(value);
    if (std::ranges::any_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; }))
      return fail(
          ErrorCode::invalid,
          fmt::format("`{}` must be one line without control characters: it goes into a header", name));
    return text;
  };
  for (const auto& [name, text] : headers_) {
    auto value = text.fill(lookup, one_line);
    if (!value) return fail(std::move(value.error()));
    if (*value) request.headers.emplace_back(name, std::move(**value));
  }
  return {};
}

Result<Json> RequestTemplate::json_body(const Json& part, const TextTemplate::Lookup& lookup) const {
  if (part.is_string()) {
    const auto text = TextTemplate::parse(part.get_ref<const std::string&>());
    if (!text) return fail(ErrorCode::internal, text.error().message);
    if (const auto name = text->alone()) {
      const Json* value = lookup(*name);
      return value ? *value : Json(Json::value_t::discarded);
    }
    auto filled = text->fill(
        [&](const std::string& name) {
          static const Json kNothing = "";
          const Json* value = lookup(name);
          return value ? value : &kNothing;
        },
        [](const std::string&, const Json& value) -> Result<std::string> { return text_of(value); });
    if (!filled) return fail(std::move(filled.error()));
    return Json(filled->value_or(""));
  }
  if (!part.is_structured()) return part;
  Json made = part.is_object() ? Json::object() : Json::array();
  for (const auto& [name, member] : part.items()) {
    auto value = json_body(member, lookup);
    if (!value) return value;
    if (value->is_discarded()) continue;
    if (part.is_object())
      made[name] = std::move(*value);
    else
      made.push_back(std::move(*value));
  }
  return made;
}

Result<> RequestTemplate::add_body(net::HttpRequest& request, const TextTemplate::Lookup& lookup,
                                   const Json& arguments) const {
  std::string type;
  if (body_kind_ == BodyKind::json && body_.is_null()) {
    Json rest = Json::object();
    for (const Json& values : {defaults_, arguments})
      for (const auto& [name, value] : values.items())
        if (std::ranges::find(placed_, name) == placed_.end()) rest[name] = value;
    request.body = dump(rest);
    type = "application/json";
  } else if (body_kind_ == BodyKind::json) {
    auto body = json_body(body_, lookup);
    if (!body) return fail(std::move(body.error()));
    request.body = body->is_discarded() ? "" : dump(*body);
    type = "application/json";
  } else if (body_kind_ == BodyKind::text) {
    const auto text = TextTemplate::parse(body_.get_ref<const std::string&>());
    auto filled = text ? text->fill(lookup,
                                    [](const std::string&, const Json& value) -> Result<std::string> {
                                      return text_of(value);
                                    })
                       : fail(ErrorCode::internal, text.error().message);
    if (!filled) return fail(std::move(filled.error()));
    request.body = filled->value_or("");
    type = "text/plain; charset=utf-8";
  } else if (body_kind_ == BodyKind::form) {
    std::vector<std::pair<std::string, std::string>> fields;
    for (const auto& [name, text] : form_) {
      auto value = text.fill(
          lookup, [](const std::string&, const Json& one) -> Result<std::string> { return text_of(one); });
      if (!value) return fail(std::move(value.error()));
      if (*value) fields.emplace_back(name, std::move(**value));
    }
    request.body = query_string(fields);
    type = "application/x-www-form-urlencoded";
  }
  const bool typed = has_header(request.headers, "content-type");
  if (!type.empty() && !typed) request.headers.emplace_back("Content-Type", type);
  return {};
}

}  // namespace troupe::tools
