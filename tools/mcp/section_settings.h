#pragma once

#include "tools/mcp/server_settings.h"

#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace troupe::tools::mcp {

/// What a section `type: mcp` says.
struct SectionSettings {
  std::string server;                          ///< key in `mcpServers:`; "": `own`
  ServerSettings own;                          ///< written in the section itself
  std::vector<std::string> tools;              ///< only those, by the server's names; none: all
  std::vector<std::string> except;             ///< not those
  std::map<std::string, std::string> effects;  ///< by the server's names: pure | idempotent | at_most_once
  bool resources = false;                      ///< tools to list and read its resources
  bool prompts = false;                        ///< tools to list and fill in its prompts
  std::chrono::milliseconds timeout{0};        ///< of a call without progress; 0: bounds::kIdle
  std::chrono::milliseconds timeout_max{0};    ///< of a call; 0: the agent's `tool_time`
};

}  // namespace troupe::tools::mcp
