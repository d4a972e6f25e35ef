#include "plugins/host/description.h"

#include "memory/knowledge/loaders/external.h"
#include "plugins/host/message.h"
#include "tools/json_schema.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

namespace troupe::plugins {

namespace {

constexpr std::size_t kNameMost = 64;
constexpr std::size_t kDescriptionMost = 16u << 10;
constexpr std::size_t kFeaturesMost = 1u << 10;
constexpr std::int64_t kTimeoutMost = 24ll * 3600 * 1000;

bool good_name(std::string_view name, bool capitals) {
  return !name.empty() && name.size() <= kNameMost && std::ranges::all_of(name, [capitals](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           (capitals && c >= 'A' && c <= 'Z');
  });
}

const Json& or_null(const Json& object, std::string_view key) {
  static const Json null;
  const Json* value = find(object, key);
  return value ? *value : null;
}

void check_schema(const Json& schema, const std::string& what, std::vector<std::string>& problems) {
  if (schema.is_null()) return;
  if (!schema.is_object()) {
    problems.push_back(what + " is no JSON object");
  } else if (auto compiled = tools::JsonSchema::compile(schema); !compiled) {
    problems.push_back(what + ": " + compiled.error().message);
  }
}

void check_service(const ServiceDescription& service, std::vector<std::string>& problems) {
  const std::string what = fmt::format("{} `{}`", service.kind, service.name);
  if (!good_name(service.kind, false)) problems.push_back(what + ": a kind is [a-z0-9_-], at most 64");
  if (!good_name(service.name, true)) problems.push_back(what + ": a name is [A-Za-z0-9_-], at most 64");
  if (service.kind == "tool" && service.description.empty())
    problems.push_back(what + " has no description: a model would not know when to call it");
  if (service.description.size() > kDescriptionMost)
    problems.push_back(fmt::format("{}: its description has {} bytes, at most {} are taken", what,
                                   service.description.size(), kDescriptionMost));
  if (service.version.empty() || service.version.size() > kNameMost)
    problems.push_back(what + ": a version has 1 to 64 bytes");
  if (service.features.size() > kFeaturesMost)
    problems.push_back(fmt::format("{}: its features have {} bytes, at most {} are taken", what,
                                   service.features.size(), kFeaturesMost));
  if (service.timeout.count() < 0 || service.timeout.count() > kTimeoutMost)
    problems.push_back(what + ": a timeout is at most a day");
  check_schema(service.input_schema, what + ": its input schema", problems);
  if (service.kind == "loader" && service.features.size() <= kFeaturesMost) {
    if (auto formats = memory::loaders::read_formats(service.features); !formats)
      problems.push_back(fmt::format("{}: {}", what, formats.error().message));
  }
}

Json to_json(const ServiceDescription& service) {
  return {{"kind", service.kind},
          {"name", service.name},
          {"description", service.description},
          {"version", service.version},
          {"input_schema", service.input_schema},
          {"effect", tools::word(service.effect)},
          {"status", service.can("status")},
          {"timeout_ms", service.timeout.count()},
          {"features", service.features}};
}

Result<ServiceDescription> read_service(const Json& json) {
  ServiceDescription service{.kind = string_or(json, "kind"),
                             .name = string_or(json, "name"),
                             .description = string_or(json, "description"),
                             .version = string_or(json, "version", "1"),
                             .input_schema = or_null(json, "input_schema"),
                             .timeout = std::chrono::milliseconds(number_or(json, "timeout_ms", 0)),
                             .features = string_or(json, "features")};
  const std::string effect = string_or(json, "effect");
  for (const auto one : {tools::Effect::pure, tools::Effect::idempotent, tools::Effect::at_most_once})
    if (tools::word(one) == effect) {
      service.effect = one;
      return service;
    }
  return fail(ErrorCode::protocol, "the service `" + service.name + "` has no effect that is known");
}

}  // namespace

bool ServiceDescription::can(std::string_view feature) const {
  for (std::string_view left = features; !left.empty();) {
    const std::size_t end = std::min(left.find(' '), left.size());
    if (left.substr(0, end) == feature) return true;
    left.remove_prefix(std::min(end + 1, left.size()));
  }
  return false;
}

const ServiceDescription* PluginDescription::find(std::string_view kind, std::string_view service) const {
  for (const ServiceDescription& one : services)
    if (one.kind == kind && one.name == service) return &one;
  return nullptr;
}

std::vector<std::string> PluginDescription::names_of(std::string_view kind) const {
  std::vector<std::string> names;
  for (const ServiceDescription& one : services)
    if (one.kind == kind) names.push_back(one.name);
  return names;
}

Json to_json(const PluginDescription& description) {
  Json services = Json::array();
  for (const ServiceDescription& service : description.services) services.push_back(to_json(service));
  return {{"name", description.name},
          {"version", description.version},
          {"description", description.description},
          {"config_schema", description.config_schema},
          {"permissions", description.permissions},
          {"concurrent", description.concurrent},
          {"services", std::move(services)}};
}

Result<PluginDescription> read_description(const Json& json) {
  PluginDescription description{
      .name = string_or(json, "name"),
      .version = string_or(json, "version"),
      .description = string_or(json, "description"),
      .config_schema = or_null(json, "config_schema"),
      .permissions = or_null(json, "permissions"),
      .concurrent = static_cast<std::size_t>(std::clamp<std::int64_t>(
          number_or(json, "concurrent", 1), 1, static_cast<std::int64_t>(kConcurrentMost)))};
  const Json& services = or_null(json, "services");
  if (!services.is_array() || services.size() > kServicesMost)
    return fail(ErrorCode::protocol,
                fmt::format("a plugin has a list of at most {} services", kServicesMost));
  for (const Json& one : services) {
    auto service = read_service(one);
    if (!service) return fail(std::move(service.error()));
    description.services.push_back(std::move(*service));
  }
  if (const auto problems = problems_of(description); !problems.empty())
    return fail(ErrorCode::protocol, fmt::format("{}", fmt::join(problems, "; ")));
  return description;
}

std::vector<std::string> problems_of(const PluginDescription& description) {
  std::vector<std::string> problems;
  if (!good_name(description.name, false))
    problems.push_back(fmt::format("the plugin's name `{}` is not [a-z0-9_-], at most 64", description.name));
  if (description.version.empty() || description.version.size() > kNameMost)
    problems.push_back("the plugin's version has 1 to 64 bytes");
  if (description.description.size() > kDescriptionMost)
    problems.push_back(fmt::format("the plugin's description has at most {} bytes", kDescriptionMost));
  if (!description.permissions.is_null() && !description.permissions.is_object())
    problems.push_back("the plugin's permissions are no JSON object");
  check_schema(description.config_schema, "the plugin's config schema", problems);
  std::set<std::pair<std::string_view, std::string_view>> seen;
  for (const ServiceDescription& service : description.services) {
    check_service(service, problems);
    if (!seen.emplace(service.kind, service.name).second)
      problems.push_back(fmt::format("there are two services `{}` of kind `{}`", service.name, service.kind));
  }
  if (description.services.empty()) problems.push_back("the plugin offers nothing");
  return problems;
}

}  // namespace troupe::plugins
