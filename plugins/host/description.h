#pragma once

#include "runtime/base/json.h"
#include "runtime/base/result.h"
#include "tools/tool.h"

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::plugins {

inline constexpr std::size_t kServicesMost = 256;
inline constexpr std::size_t kConcurrentMost = 1024;

/// One thing that a plugin offers, as it says (plugins/troupe_plugin.h).
struct ServiceDescription {
  std::string kind;  ///< tool | …; may be one that this daemon does not know
  std::string name;
  std::string description;
  std::string version = "1";
  Json input_schema;  ///< null: none
  tools::Effect effect = tools::Effect::at_most_once;
  std::chrono::milliseconds timeout{0};  ///< 0: as the agent says
  std::string features;                  ///< words, separated by blanks

  /// Whether `feature` is among its words.
  bool can(std::string_view feature) const;
};

/// A plugin as it describes itself.
struct PluginDescription {
  std::string name;
  std::string version;
  std::string description;
  Json config_schema;  ///< null: it takes no configuration
  Json permissions;    ///< what it asks for; null: nothing
  std::size_t concurrent = 1;
  std::vector<ServiceDescription> services;

  /// Null when there is none.
  const ServiceDescription* find(std::string_view kind, std::string_view service) const;
  /// Of its services of that kind, in their order.
  std::vector<std::string> names_of(std::string_view kind) const;
};

Json to_json(const PluginDescription& description);
/// What a process says of the plugin it has loaded. It may run anybody's code: everything is checked. Errors:
/// protocol, naming the first thing that is wrong.
Result<PluginDescription> read_description(const Json& json);

/// Everything that is wrong with a description, one sentence each; empty: nothing. Names, sizes, schemas that
/// do not compile.
std::vector<std::string> problems_of(const PluginDescription& description);

}  // namespace troupe::plugins
