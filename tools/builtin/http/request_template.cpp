#include "tools/builtin/http/request_template.h"

#include "runtime/base/suggest.h"
#include "tools/builtin/http/allowed_hosts.h"
#include "tools/builtin/http/answer_text.h"
#include "tools/builtin/text/url_text.h"
#include "tools/json_schema.h"

#include <algorithm>
#include <cctype>
#include <set>

#include <fmt/format.h>

namespace troupe::tools {

namespace {

bool has_body(std::string_view method) {
  return method == "POST" || method == "PUT" || method == "PATCH";
}

bool same_word(std::string_view a, std::string_view b) {
  return std::ranges::equal(
      a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

// What arguments there are, as far as a schema says so at its top.
void add_members(const Json& schema, std::set<std::string>& names, Json& defaults) {
  if (const Json* properties = find(schema, "properties"); properties && properties->is_object())
    for (const auto& [name, member] : properties->items()) {
      names.insert(name);
      if (const Json* value = find(member, "default")) defaults[name] = *value;
    }
  for (const char* word : {"allOf", "anyOf", "oneOf"})
    if (const Json* parts = find(schema, word); parts && parts->is_array())
      for (const Json& part : *parts) add_members(part, names, defaults);
}

bool requires_member(const Json& schema, const std::string& name) {
  const Json* wanted = find(schema, "required");
  return wanted && wanted->is_array() && std::ranges::find(*wanted, Json(name)) != wanted->end();
}

}  // namespace

/// Takes settings apart and notes what is wrong with them.
struct RequestTemplate::Reading {
  explicit Reading(const ToolSettings& from) : settings(from) {}

  void problem(std::string field, std::string text) {
    problems.push_back({std::move(field), std::move(text)});
  }
  // Not the text: it may hold a secret.
  std::optional<TextTemplate> text(const std::string& field, std::string_view from) {
    auto parsed = TextTemplate::parse(from);
    if (!parsed) return problem(field, parsed.error().message), std::nullopt;
    used(field, parsed->names());
    return std::move(*parsed);
  }
  void used(const std::string& field, const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      places.insert(name);
      if (name == kKeyPlace || settings.input.is_null() || members.contains(name)) continue;
      const std::vector<std::string> known(members.begin(), members.end());
      const std::string hint = did_you_mean(name, known);
      problem(field, fmt::format("has a place for `{}`, which `input` does not have{}", name,
                                 !hint.empty()   ? hint
                                 : known.empty() ? "; it has no properties"
                                                 : fmt::format("; it has {}", fmt::join(known, ", "))));
    }
  }
  void body(const std::string& field, const Json& part) {
    if (part.is_string()) {
      (void)text(field, part.get_ref<const std::string&>());
    } else if (part.is_object()) {
      for (const auto& [name, member] : part.items()) body(field + "." + name, member);
    } else if (part.is_array()) {
      for (std::size_t i = 0; i < part.size(); ++i) body(fmt::format("{}[{}]", field, i), part[i]);
    }
  }

  RequestTemplate read();
  void read_input(RequestTemplate& made);
  void read_url(RequestTemplate& made);
  void read_headers(RequestTemplate& made);
  void read_body(RequestTemplate& made);
  void finish(RequestTemplate& made);

  const ToolSettings& settings;
  std::vector<SettingsProblem> problems;
  std::set<std::string> members;
  std::set<std::string> places;
};

void RequestTemplate::Reading::read_input(RequestTemplate& made) {
  if (settings.input.is_null()) return;
  made.input_ = settings.input;
  if (!made.input_.is_object()) return problem("input", "is a JSON Schema of an object");
  if (!find(made.input_, "type")) made.input_["type"] = "object";
  if (made.input_["type"] != "object")
    return problem("input", "describes the arguments of a tool: its `type` must be object");
  if (auto compiled = JsonSchema::compile(made.input_); !compiled)
    return problem("input", compiled.error().message);
  add_members(made.input_, members, made.defaults_);
}

void RequestTemplate::Reading::read_url(RequestTemplate& made) {
  if (auto url = UrlTemplate::parse(settings.url.text)) {
    made.url_ = std::move(*url);
    used("url", made.url_.names());
    for (const std::string& name : made.url_.path_names())
      if (members.contains(name) && !requires_member(made.input_, name) && !made.defaults_.contains(name))
        problem("input", fmt::format("must require `{0}`, which stands in the path of `url`: add "
                                     "`required: [{0}]`, or give it a default",
                                     name));
  } else {
    problem("url", url.error().message);
  }
  for (const auto& [name, value] : settings.query)
    if (auto text_of_it = text("query." + name, value.text))
      made.url_.add_parameter(name, std::move(*text_of_it));
  auto hosts = AllowedHosts::make(settings.allow_hosts);
  if (!hosts)
    problem("allow_hosts", hosts.error().message);
  else if (!hosts->empty() && !made.url_.host().empty() && !hosts->allows(made.url_.host()))
    problem("allow_hosts", fmt::format("does not have `{}`, the host of `url`", made.url_.host()));
  if (settings.status.url.text.empty()) return;
  auto status = UrlTemplate::parse(settings.status.url.text);
  if (!status) return problem("status.url", status.error().message);
  for (const std::string& name : status->names())
    if (name != kKeyPlace)
      problem("status.url", fmt::format("can have a place for `{}` only, not for `{}`: the arguments of the "
                                        "call are not at hand any more",
                                        kKeyPlace, name));
  if (status->names().empty())
    problem("status.url", fmt::format("has no place for the key of a call: write `{{{}}}`", kKeyPlace));
  if (hosts && status->host() != made.url_.host() && !hosts->allows(status->host()))
    problem("status.url", fmt::format("its host `{}` is not in `allow_hosts`", status->host()));
  made.status_ = std::move(*status);
}

void RequestTemplate::Reading::read_headers(RequestTemplate& made) {
  for (const auto& [name, value] : settings.headers)
    if (auto text_of_it = text("headers." + name, value.text))
      made.headers_.emplace_back(name, std::move(*text_of_it));
}

void RequestTemplate::Reading::read_body(RequestTemplate& made) {
  const bool given = !settings.body.value.is_null() || !settings.form.empty();
  if (given && !has_body(made.method_) && made.method_ != "DELETE")
    problem(settings.form.empty() ? "body" : "form",
            fmt::format("a {} has no body; write `query`, or another `method`", made.method_));
  if (!settings.body.value.is_null() && !settings.form.empty())
    problem("form", "is one body too many beside `body`");
  for (const auto& [name, value] : settings.form)
    if (auto text_of_it = text("form." + name, value.text))
      made.form_.emplace_back(name, std::move(*text_of_it));
  made.body_ = settings.body.value;
  body("body", settings.body.value);
  const auto type = std::ranges::find_if(
      settings.headers, [](const auto& header) { return same_word(header.first, "content-type"); });
  const bool json = type == settings.headers.end() || type->second.text.find("json") != std::string::npos;
  const bool one_place = settings.body.value.is_string() && [&] {
    auto parsed = TextTemplate::parse(settings.body.value.get_ref<const std::string&>());
    return parsed && parsed->alone();
  }();
  if (!settings.form.empty()) {
    made.body_kind_ = BodyKind::form;
  } else if (settings.body.value.is_string() && !(one_place && json)) {
    made.body_kind_ = BodyKind::text;
    if (type != settings.headers.end() && json)
      problem("body", "is pasted text, which a value could turn into other JSON; write it as a map");
  } else if (!settings.body.value.is_null()) {
    made.body_kind_ = BodyKind::json;
  }
}

// What has no place of its own is the body, where there can be one.
void RequestTemplate::Reading::finish(RequestTemplate& made) {
  places.erase(std::string(kKeyPlace));
  made.placed_.assign(places.begin(), places.end());
  if (settings.input.is_null()) {
    made.input_ = {{"type", "object"}, {"properties", Json::object()}};
    for (const std::string& name : made.placed_) made.input_["properties"][name] = {{"type", "string"}};
    if (!made.placed_.empty()) made.input_["required"] = made.placed_;
    made.input_["additionalProperties"] = false;
  }
  const auto unplaced = [&](const std::string& name) { return !places.contains(name); };
  const auto lost = std::ranges::find_if(members, unplaced);
  if (lost == members.end()) return;
  if (made.body_kind_ == BodyKind::none && has_body(made.method_))
    made.body_kind_ = BodyKind::json;
  else
    problem("input", fmt::format("has `{0}`, which goes nowhere: write `{{{0}}}` where it belongs in `url`, "
                                 "`query`, `headers` or `body`",
                                 *lost));
}

RequestTemplate RequestTemplate::Reading::read() {
  RequestTemplate made;
  made.method_ = settings.method;
  made.keyed_ = effect_of(settings) != Effect::pure;
  read_input(made);
  read_url(made);
  read_headers(made);
  read_body(made);
  finish(made);
  if (auto parts = read_answer_parts(settings.response); !parts) problem("response", parts.error().message);
  if (auto parts = read_answer_parts(settings.status.response); !parts)
    problem("status.response", parts.error().message);
  return made;
}

std::vector<SettingsProblem> RequestTemplate::problems(const ToolSettings& settings) {
  Reading reading(settings);
  (void)reading.read();
  return std::move(reading.problems);
}

Result<RequestTemplate> RequestTemplate::make(const ToolSettings& settings) {
  Reading reading(settings);
  RequestTemplate made = reading.read();
  if (reading.problems.empty()) return made;
  const SettingsProblem& first = reading.problems.front();
  return fail(ErrorCode::invalid, fmt::format("`{}` {}", first.field, first.text));
}

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
  const bool written = std::ranges::any_of(
      request.headers, [](const auto& header) { return same_word(header.first, "idempotency-key"); });
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
  const bool typed = std::ranges::any_of(
      request.headers, [](const auto& header) { return same_word(header.first, "content-type"); });
  if (!type.empty() && !typed) request.headers.emplace_back("Content-Type", type);
  return {};
}

Effect effect_of(const ToolSettings& settings) {
  for (const Effect effect : {Effect::pure, Effect::idempotent, Effect::at_most_once})
    if (word(effect) == settings.effect) return effect;
  return effect_of_method(settings.method);
}

Effect effect_of_method(std::string_view method) {
  if (method == "GET" || method == "HEAD") return Effect::pure;
  return method == "PUT" || method == "DELETE" ? Effect::idempotent : Effect::at_most_once;
}

}  // namespace troupe::tools
