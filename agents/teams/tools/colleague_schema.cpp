#include "agents/teams/tools/colleague_schema.h"

#include <utility>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

constexpr std::size_t kKeyChars = 20;  // of an idempotency key: 100 bits

}  // namespace

Json to_of(const Colleagues& colleagues) {
  Json names = Json::array();
  for (const MemberView& one : colleagues) names.push_back(one.name);
  return {{"type", "string"}, {"enum", std::move(names)}};
}

std::string who(const Colleagues& colleagues) {
  std::string list;
  for (const MemberView& one : colleagues)
    list += fmt::format("{}{}{}", list.empty() ? "" : "; ", one.name,
                        one.description.empty() ? "" : ": " + one.description);
  return list;
}

Json text_of(const char* about, std::size_t most) {
  return {{"type", "string"}, {"description", about}, {"minLength", 1}, {"maxLength", most}};
}

tools::ToolSpec spec_of(std::string name, std::string description, Json properties, Json required) {
  return {.declaration = {.name = std::move(name),
                          .description = std::move(description),
                          .schema = dump({{"type", "object"},
                                          {"properties", std::move(properties)},
                                          {"required", std::move(required)},
                                          {"additionalProperties", false}})},
          .effect = tools::Effect::idempotent};
}

std::string crew_key(const tools::ToolSpec& spec, const tools::ToolInput& input) {
  return spec.declaration.name + "." + input.idempotency_key.substr(0, kKeyChars);
}

}  // namespace troupe::agents
