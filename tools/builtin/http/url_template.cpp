#include "runtime/net/url.h"
#include "tools/builtin/http/request_template.h"
#include "tools/builtin/text/url_text.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::tools {

namespace {

std::string_view taken_to(std::string_view& rest, char end) {
  const auto at = rest.find(end);
  const std::string_view part = rest.substr(0, at);
  rest.remove_prefix(at == rest.npos ? rest.size() : at + 1);
  return part;
}

Result<std::string> encoded(const std::string&, const Json& value) {
  return percent_encode(text_of(value));
}

Result<std::vector<std::string>> parameter_values(const TextTemplate& text,
                                                  const TextTemplate::Lookup& lookup) {
  std::vector<std::string> values;
  if (const auto name = text.alone()) {
    const Json* value = lookup(*name);
    if (value && value->is_array()) {
      for (const Json& one : *value) values.push_back(percent_encode(text_of(one)));
      return values;
    }
  }
  auto filled = text.fill(lookup, encoded);
  if (!filled) return fail(std::move(filled.error()));
  if (*filled) values.push_back(std::move(**filled));
  return values;
}

}  // namespace

Result<UrlTemplate> UrlTemplate::parse(std::string_view text) {
  const auto refuse = [](std::string_view why) { return fail(ErrorCode::invalid, std::string(why)); };
  const auto mark = text.find("://");
  if (!text.starts_with("http://") && !text.starts_with("https://"))
    return refuse("must begin with http:// or https://");
  if (text.find('#') != text.npos) return refuse("has a fragment (`#`), which is never sent");
  UrlTemplate made;
  const auto end = text.find_first_of("/?", mark + 3);
  made.origin_ = text.substr(0, end);
  if (made.origin_.find('{') != std::string::npos)
    return refuse("has a place for a value in its host; what a model says must not decide who is asked");
  if (made.origin_.find('@') != std::string::npos)
    return refuse("has a user before its host; write `headers: { Authorization: … }`");
  auto origin = net::Url::parse(made.origin_ + "/");
  if (!origin) return refuse(origin.error().message);
  made.host_ = origin->host();

  std::string_view rest = end == text.npos ? "" : text.substr(end);
  std::string_view path = taken_to(rest, '?');
  if (path.starts_with('/')) path.remove_prefix(1);
  for (bool more = true; more;) {
    more = path.find('/') != path.npos;
    auto segment = TextTemplate::parse(taken_to(path, '/'));
    if (!segment) return refuse(segment.error().message);
    const bool filled = !segment->names().empty();
    made.segments_.push_back({std::move(*segment), filled});
  }
  while (!rest.empty()) {
    std::string_view parameter = taken_to(rest, '&');
    const bool bare = parameter.find('=') == parameter.npos;
    const std::string_view name = taken_to(parameter, '=');
    if (name.find_first_of("{}") != name.npos) return refuse("has a place for a value in a parameter's name");
    auto value = TextTemplate::parse(parameter);
    if (!value) return refuse(value.error().message);
    made.parameters_.emplace_back(name, bare ? std::nullopt : std::optional(std::move(*value)));
  }
  return made;
}

std::vector<std::string> UrlTemplate::path_names() const {
  std::vector<std::string> names;
  for (const Segment& segment : segments_) std::ranges::copy(segment.text.names(), std::back_inserter(names));
  return names;
}

std::vector<std::string> UrlTemplate::names() const {
  std::vector<std::string> names = path_names();
  for (const auto& [name, value] : parameters_)
    if (value) std::ranges::copy(value->names(), std::back_inserter(names));
  return names;
}

void UrlTemplate::add_parameter(std::string name, TextTemplate value) {
  parameters_.emplace_back(percent_encode(name), std::move(value));
}

Result<std::string> UrlTemplate::fill(const TextTemplate::Lookup& lookup) const {
  std::string url = origin_;
  for (const Segment& segment : segments_) {
    auto text = segment.text.fill(lookup, encoded);
    if (!text) return fail(std::move(text.error()));
    const std::string part = text->value_or("");
    if (segment.filled && (part.empty() || part == "." || part == ".."))
      return fail(ErrorCode::invalid,
                  fmt::format("`{}` must be a name or a number that stands in a path, not `{}`",
                              segment.text.names().front(), part));
    url += "/" + part;
  }
  char joint = '?';
  for (const auto& [name, value] : parameters_) {
    if (!value) {
      url += joint + name;
      joint = '&';
      continue;
    }
    auto values = parameter_values(*value, lookup);
    if (!values) return fail(std::move(values.error()));
    for (const std::string& one : *values) {
      url += fmt::format("{}{}={}", joint, name, one);
      joint = '&';
    }
  }
  return url;
}

}  // namespace troupe::tools
