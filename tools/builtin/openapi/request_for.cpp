#include "runtime/base/suggest.h"
#include "tools/builtin/http/text_template.h"
#include "tools/builtin/openapi/document.h"
#include "tools/builtin/openapi/operation.h"
#include "tools/builtin/text/url_text.h"

#include <algorithm>
#include <functional>

#include <fmt/format.h>

namespace troupe::tools::openapi {

namespace {

using Encode = std::function<std::string(std::string_view)>;
using Pairs = std::vector<std::pair<std::string, std::string>>;

std::string base64(std::string_view bytes) {
  static constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    unsigned group = 0;
    for (std::size_t k = 0; k < 3; ++k)
      group = (group << 8) | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    const std::size_t whole = std::min<std::size_t>(bytes.size() - i, 3) + 1;
    for (std::size_t k = 0; k < 4; ++k) out += k < whole ? kAlphabet[(group >> (18 - 6 * k)) & 63] : '=';
  }
  return out;
}

// Elements of a list, or names and values of an object in turn; one element for anything else.
std::string joined(const Json& value, bool explode, const std::string& separator, const Encode& encode) {
  if (!value.is_structured()) return encode(text_of(value));
  std::string out;
  for (const auto& [name, member] : value.items()) {
    if (!out.empty()) out += separator;
    if (value.is_object()) out += encode(name) + (explode ? "=" : separator);
    out += encode(text_of(member));
  }
  return out;
}

std::string encoded(std::string_view text) {
  return percent_encode(text);
}

// 3.1, 4.8.12.3
void add_to_query(const Parameter& parameter, const Json& value, Pairs& query) {
  const std::string name = percent_encode(parameter.name);
  if (parameter.style == "json") {
    query.emplace_back(name, percent_encode(dump(value)));
  } else if (parameter.style == "deepObject" && value.is_object()) {
    for (const auto& [key, member] : value.items())
      query.emplace_back(percent_encode(fmt::format("{}[{}]", parameter.name, key)),
                         percent_encode(text_of(member)));
  } else if (value.is_structured() && parameter.explode) {
    for (const auto& [key, member] : value.items())
      query.emplace_back(value.is_object() ? percent_encode(key) : name, percent_encode(text_of(member)));
  } else {
    const char* separator = parameter.style == "spaceDelimited"  ? "%20"
                            : parameter.style == "pipeDelimited" ? "%7C"
                                                                 : ",";
    query.emplace_back(name, joined(value, false, separator, encoded));
  }
}

const Parameter* path_parameter(const Operation& operation, std::string_view name) {
  for (const Parameter& parameter : operation.parameters)
    if (parameter.in == Parameter::In::path && parameter.name == name) return &parameter;
  return nullptr;
}

Result<std::string> filled_path(const Operation& operation, const Json& arguments) {
  std::string path;
  std::string_view rest = operation.path;
  while (!rest.empty()) {
    if (rest.front() == '/') rest.remove_prefix(1);
    std::string_view segment = rest.substr(0, rest.find('/'));
    rest.remove_prefix(segment.size());
    std::string text, argument;
    while (!segment.empty()) {
      const auto open = segment.find('{');
      text += percent_encode(segment.substr(0, open), "!$&'()*+,;=:@%");
      if (open == segment.npos) break;
      const auto close = segment.find('}', open);
      const Parameter* parameter = path_parameter(operation, segment.substr(open + 1, close - open - 1));
      const Json* value = parameter ? find(arguments, parameter->argument) : nullptr;
      if (!value) return fail(ErrorCode::invalid, "an argument that stands in the path is missing");
      argument = parameter->argument;
      text += parameter->style == "json" ? percent_encode(dump(*value))
                                         : joined(*value, parameter->explode, ",", encoded);
      segment.remove_prefix(close + 1);
    }
    if (!argument.empty() && (text.empty() || text == "." || text == ".."))
      return fail(
          ErrorCode::invalid,
          fmt::format("`{}` must be a name or a number that stands in a path, not `{}`", argument, text));
    path += "/" + text;
  }
  return path.empty() ? "/" : path;
}

Result<> add_header(net::HttpRequest& request, const Parameter& parameter, const Json& value) {
  std::string text =
      parameter.style == "json"
          ? dump(value)
          : joined(value, parameter.explode, ",", [](std::string_view one) { return std::string(one); });
  if (std::ranges::any_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; }))
    return fail(ErrorCode::invalid,
                fmt::format("`{}` must be one line without control characters: it goes into a "
                            "header",
                            parameter.argument));
  request.headers.emplace_back(parameter.name, std::move(text));
  return {};
}

void add_body(net::HttpRequest& request, const Operation& operation, const Json& body) {
  if (!operation.form_body) {
    request.body = dump(body);
    request.headers.emplace_back("Content-Type", operation.body_type);
    return;
  }
  Pairs fields;
  for (const auto& [name, value] : object_or_empty(&body).items()) {
    if (!value.is_array())
      fields.emplace_back(name, text_of(value));
    else
      for (const Json& one : value) fields.emplace_back(name, text_of(one));
  }
  request.body = query_string(fields);
  request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
}

/// The first set of schemes that all have something to show; one that asks for nothing only where there is no
/// other.
const std::vector<std::string>* usable(const Operation& operation, const Credentials& credentials) {
  const std::vector<std::string>* nothing = nullptr;
  for (const auto& set : operation.security) {
    if (!std::ranges::all_of(set, [&](const std::string& scheme) { return credentials.contains(scheme); }))
      continue;
    if (!set.empty()) return &set;
    nothing = &set;
  }
  return nothing;
}

Result<Credential> credential(const Json& scheme, const std::string& given) {
  const std::string type = string_or(scheme, "type"), how = string_or(scheme, "scheme");
  if (type == "apiKey") {
    const std::string in = string_or(scheme, "in");
    if (in != "header" && in != "query")
      return fail(ErrorCode::invalid, "is a key in a cookie; tools send none");
    return Credential{.in_query = in == "query", .name = string_or(scheme, "name"), .value = given};
  }
  if (type == "http" && same_but_case(how, "basic"))
    return Credential{.name = "Authorization", .value = "Basic " + base64(given)};
  if (type == "http" && !same_but_case(how, "bearer"))
    return Credential{.name = "Authorization", .value = how + " " + given};
  if (type == "http" || type == "oauth2" || type == "openIdConnect")
    return Credential{.name = "Authorization", .value = "Bearer " + given};
  return fail(ErrorCode::invalid, fmt::format("is of the type `{}`, which tools do not have", type));
}

}  // namespace

Result<Credentials> read_credentials(const Json& document, const std::map<std::string, std::string>& given) {
  Credentials made;
  const Json* components = find(document, "components");
  const Json* schemes = components ? find(*components, "securitySchemes") : nullptr;
  const References references(document);
  for (const auto& [name, value] : given) {
    const Json* written = schemes ? find(*schemes, name) : nullptr;
    if (!written) {
      std::vector<std::string> known;
      for (const auto& [one, scheme] : object_or_empty(schemes).items()) known.push_back(one);
      const std::string hint = did_you_mean(name, known);
      return fail(ErrorCode::invalid,
                  fmt::format("the document has no security scheme `{}`{}", name,
                              !hint.empty()   ? hint
                              : known.empty() ? ""
                                              : fmt::format("; it has {}", fmt::join(known, ", "))));
    }
    const auto scheme = references.follow(*written);
    if (!scheme) return fail(scheme.error());
    auto one = credential(**scheme, value);
    if (!one)
      return fail(ErrorCode::invalid, fmt::format("the security scheme `{}` {}", name, one.error().message));
    made.emplace(name, std::move(*one));
  }
  return made;
}

Result<net::HttpRequest> request_for(const Operation& operation, std::string_view base, const Json& arguments,
                                     const Credentials& credentials) {
  net::HttpRequest request;
  request.method = operation.method;
  auto path = filled_path(operation, arguments);
  if (!path) return fail(std::move(path.error()));
  while (base.ends_with('/')) base.remove_suffix(1);
  request.url = std::string(base) + *path;

  Pairs query;
  for (const Parameter& parameter : operation.parameters) {
    const Json* value = find(arguments, parameter.argument);
    if (!value || value->is_null()) continue;
    if (parameter.in == Parameter::In::query) add_to_query(parameter, *value, query);
    if (parameter.in == Parameter::In::header)
      if (auto added = add_header(request, parameter, *value); !added) return fail(std::move(added.error()));
  }
  if (const auto* set = usable(operation, credentials))
    for (const std::string& scheme : *set) {
      const Credential& shown = credentials.at(scheme);
      if (shown.in_query)
        query.emplace_back(percent_encode(shown.name), percent_encode(shown.value));
      else
        request.headers.emplace_back(shown.name, shown.value);
    }
  char joint = '?';
  for (const auto& [name, value] : query) {
    request.url += fmt::format("{}{}={}", joint, name, value);
    joint = '&';
  }
  const Json* body = operation.body_argument.empty() ? nullptr : find(arguments, operation.body_argument);
  if (body) add_body(request, operation, *body);
  return request;
}

}  // namespace troupe::tools::openapi
