#include "runtime/base/ascii.h"
#include "runtime/base/suggest.h"
#include "tools/builtin/http/allowed_hosts.h"
#include "tools/builtin/http/answer_text.h"
#include "tools/builtin/http/request_template.h"
#include "tools/json_schema.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace troupe::tools {

namespace {

bool has_body(std::string_view method) {
  return method == "POST" || method == "PUT" || method == "PATCH";
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
      if (name == kKeyPlace || !members_known || members.contains(name)) continue;
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
  bool members_known = false;  // there is a schema, and it can be used
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
  members_known = true;
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
      settings.headers, [](const auto& header) { return same_but_case(header.first, "content-type"); });
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
  if (lost == members.end() || !problems.empty()) return;  // a misspelt place has lost its argument, too
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
