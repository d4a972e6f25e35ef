#include "runtime/base/ascii.h"
#include "tools/builtin/http/text_template.h"
#include "tools/builtin/openapi/document.h"
#include "tools/builtin/openapi/operation.h"
#include "tools/json_schema.h"
#include "tools/observation.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

namespace troupe::tools::openapi {

namespace {

constexpr std::size_t kAboutBytes = 1'000;
constexpr std::size_t kArgumentBytes = 64;
constexpr std::size_t kTypesBytes = 200;  // of the media types in a message
constexpr const char* kMethods[] = {"get", "put", "post", "delete", "head", "patch", "options", "trace"};
constexpr std::string_view kNotMade[] = {"options", "trace"};  // they ask about a service, not for something

bool flag(const Json& value, std::string_view name) {
  const Json* member = find(value, name);
  return member && member->is_boolean() && member->get<bool>();
}

// The first server, its variables at their defaults.
std::string server_of(const Json& holder) {
  const Json* servers = find(holder, "servers");
  if (!servers || !servers->is_array() || servers->empty()) return "";
  std::string url = string_or((*servers)[0], "url");
  if (const Json* variables = find((*servers)[0], "variables"); variables && variables->is_object())
    for (const auto& [name, variable] : variables->items()) {
      const Json* usual = find(variable, "default");
      const std::string place = "{" + name + "}", value = usual ? text_of(*usual) : "";
      for (std::size_t at = 0; (at = url.find(place, at)) != url.npos; at += value.size())
        url.replace(at, place.size(), value);
    }
  while (url.ends_with('/')) url.pop_back();
  return url;
}

/// Reads one operation; what is wrong with it is its obstacle.
class OperationReader {
 public:
  OperationReader(const Json& document, Operation& into)
      : references_(document), schemas_(document), operation_(into) {
    operation_.input = {{"type", "object"}, {"properties", Json::object()}};
  }

  void name(const Json& written) {
    operation_.id = string_or(written, "operationId");
    if (operation_.id.empty()) operation_.id = lower(operation_.method) + " " + operation_.path;
    if (const Json* tags = find(written, "tags"); tags && tags->is_array())
      for (const Json& tag : *tags)
        if (tag.is_string()) operation_.tags.push_back(tag.get<std::string>());
  }

  void read(const Json& item, const Json& written) {
    about(item, written);
    parameters(item, written);
    if (const Json* body = find(written, "requestBody")) request_body(*body);
    if (!required_.empty()) operation_.input["required"] = required_;
    operation_.input["additionalProperties"] = false;
    if (auto compiled = JsonSchema::compile(operation_.input); !compiled)
      obstacle("its schema cannot be enforced: " + compiled.error().message);
  }

 private:
  void obstacle(std::string why) {
    if (operation_.obstacle.empty()) operation_.obstacle = std::move(why);
  }

  void about(const Json& item, const Json& written) {
    std::string summary = string_or(written, "summary", string_or(item, "summary"));
    const std::string description = string_or(written, "description", string_or(item, "description"));
    if (!description.empty() && description != summary)
      summary += (summary.empty() ? "" : "\n") + description;
    if (summary.empty()) summary = operation_.method + " " + operation_.path;
    if (flag(written, "deprecated")) summary = "Deprecated. " + summary;
    operation_.about = beginning(summary, kAboutBytes);
  }

  // Those of the operation stand over those of its path (3.1, 4.8.9).
  void parameters(const Json& item, const Json& written) {
    std::vector<const Json*> found;
    for (const Json* holder : {&written, &item}) {
      const Json* list = find(*holder, "parameters");
      if (!list || !list->is_array()) continue;
      for (const Json& one : *list) {
        const auto parameter = references_.follow(one);
        if (!parameter) {
          obstacle(parameter.error().message);
          continue;
        }
        const auto same = [&](const Json* other) {
          return string_or(*other, "name") == string_or(**parameter, "name") &&
                 string_or(*other, "in") == string_or(**parameter, "in");
        };
        if (std::ranges::none_of(found, same)) found.push_back(*parameter);
      }
    }
    for (const Json* one : found) parameter(*one);
    for (std::size_t at = 0; (at = operation_.path.find('{', at)) != std::string::npos; ++at) {
      const std::string name = operation_.path.substr(at + 1, operation_.path.find('}', at) - at - 1);
      if (std::ranges::none_of(operation_.parameters, [&](const Parameter& p) {
            return p.in == Parameter::In::path && p.name == name;
          }))
        obstacle(fmt::format("its path has `{{{}}}`, which is no parameter", name));
    }
  }

  void parameter(const Json& written) {
    Parameter made{.name = string_or(written, "name"), .required = flag(written, "required")};
    const std::string in = string_or(written, "in");
    if (in == "cookie") {
      if (made.required) obstacle(fmt::format("it wants the cookie `{}`; tools send none", made.name));
      return;
    }
    if (in == "header") {
      const std::string name = lower(made.name);
      if (name == "accept" || name == "content-type" || name == "authorization") return;  // 3.1, 4.8.12.2
    }
    if (in != "path" && in != "query" && in != "header")
      return obstacle(fmt::format("its parameter `{}` is in `{}`", made.name, in));
    made.in = in == "path"    ? Parameter::In::path
              : in == "query" ? Parameter::In::query
                              : Parameter::In::header;
    made.required = made.required || made.in == Parameter::In::path;
    made.style = string_or(written, "style", made.in == Parameter::In::query ? "form" : "simple");
    const Json* explode = find(written, "explode");
    made.explode = explode ? *explode == true : made.style == "form";
    const Json* schema = find(written, "schema");
    if (const Json* content = find(written, "content");
        content && content->is_object() && !content->empty()) {
      made.style = "json";
      schema = find(content->begin().value(), "schema");
    }
    const bool query = made.in == Parameter::In::query;
    static constexpr std::string_view kOfQueries[] = {"form", "spaceDelimited", "pipeDelimited", "deepObject",
                                                      "json"};
    const bool known = query ? std::ranges::find(kOfQueries, made.style) != std::end(kOfQueries)
                             : made.style == "simple" || made.style == "json";
    if (!known) return obstacle(fmt::format("its parameter `{}` has the style `{}`", made.name, made.style));
    made.argument = argument(made.name, schema, string_or(written, "description"), made.required);
    operation_.parameters.push_back(std::move(made));
  }

  void request_body(const Json& written) {
    const auto body = references_.follow(written);
    if (!body) return obstacle(body.error().message);
    const Json* content = find(**body, "content");
    const bool required = flag(**body, "required");
    const Json* chosen = nullptr;
    std::string others;
    for (const auto& [type, media] : object_or_empty(content).items()) {
      const std::string plain = lower(type.substr(0, type.find(';')));
      const bool json = plain == "application/json" || plain.ends_with("+json") || plain == "*/*" ||
                        plain == "application/*";
      const bool form = plain == "application/x-www-form-urlencoded";
      if (!json && !form) others += (others.empty() ? "" : ", ") + plain;
      if (!json && (!form || chosen)) continue;
      if (chosen && !operation_.form_body && plain != "application/json") continue;  // the first of them
      chosen = &media;
      operation_.form_body = form;
      operation_.body_type = plain.ends_with("+json") ? plain : "application/json";
      if (plain == "application/json") break;
    }
    if (!chosen) {
      // Also one that may be left out: without it a request says nothing of what the operation is there for.
      if (!others.empty())
        obstacle(fmt::format("its body is neither JSON nor a form, but {}", beginning(others, kTypesBytes)));
      else if (required)
        obstacle("its body is required, and has no `content` that says what it is");
      return;
    }
    operation_.body_argument =
        argument("body", find(*chosen, "schema"), string_or(**body, "description"), required);
  }

  // A name that providers take, of this argument only.
  std::string argument(const std::string& wanted, const Json* schema, const std::string& about,
                       bool required) {
    std::string name = wanted.substr(0, kArgumentBytes);
    std::ranges::replace_if(
        name,
        [](unsigned char c) { return c >= 0x80 || (!std::isalnum(c) && c != '_' && c != '-' && c != '.'); },
        '_');
    Json& properties = operation_.input["properties"];
    const std::string first = name;
    for (int i = 2; name.empty() || properties.contains(name); ++i)
      name = first.substr(0, kArgumentBytes - 4) + "_" + std::to_string(i);
    Json read = schema ? schemas_.read(*schema) : Json::object();
    if (!schemas_.problem().empty()) obstacle(fmt::format("its argument `{}`: {}", name, schemas_.problem()));
    if (!about.empty()) read["description"] = beginning(about, kAboutBytes);
    properties[name] = std::move(read);
    if (required) required_.push_back(name);
    return name;
  }

  References references_;
  SchemaReader schemas_;
  Operation& operation_;
  std::vector<std::string> required_;
};

std::vector<std::vector<std::string>> security_of(const Json& written) {
  std::vector<std::vector<std::string>> sets;
  if (!written.is_array()) return sets;
  for (const Json& set : written) {
    std::vector<std::string> schemes;
    for (const auto& [name, scopes] : object_or_empty(&set).items()) schemes.push_back(name);
    sets.push_back(std::move(schemes));
  }
  return sets;
}

}  // namespace

Result<std::vector<Operation>> read_operations(const Json& document,
                                               const std::function<bool(const Operation&)>& wanted) {
  std::vector<Operation> operations;
  const References references(document);
  const Json* security = find(document, "security");
  for (const auto& [path, written] : document["paths"].items()) {
    const auto item = references.follow(written);
    if (!item) return within("`" + path + "`", std::move(item.error()));
    for (const char* method : kMethods) {
      const Json* one = find(**item, method);
      if (!one || !one->is_object()) continue;
      Operation operation{.method = method, .path = path};
      std::ranges::transform(operation.method, operation.method.begin(),
                             [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
      for (const Json* holder : {one, *item, &document})
        if (operation.server.empty()) operation.server = server_of(*holder);
      const Json* own = find(*one, "security");
      operation.security = security_of(own ? *own : security ? *security : Json(nullptr));
      OperationReader reader(document, operation);
      reader.name(*one);
      if (std::ranges::find(kNotMade, std::string_view(method)) != std::end(kNotMade))
        operation.obstacle = fmt::format("{} requests are not made", operation.method);
      else if (wanted(operation))
        reader.read(**item, *one);
      operations.push_back(std::move(operation));
    }
  }
  return operations;
}

}  // namespace troupe::tools::openapi
