#pragma once

#include "memory/knowledge/knowledge.h"
#include "runtime/base/clock.h"
#include "runtime/net/http_client.h"
#include "tools/builtin/web_service.h"
#include "tools/settings.h"
#include "tools/tool.h"

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::tools {

/// What built-in tools are given. Outlives them.
struct ToolServices {
  const Clock& clock;
  net::HttpClient& http;  ///< guarded: what tools fetch must not reach private addresses
  std::string user_agent =
      "Troupe (self-hosted agent daemon)";         ///< with version and contact, as MediaWiki asks
  Patience patience{};                             ///< with services that are busy
  std::shared_ptr<memory::Knowledge> knowledge{};  ///< what retrievers search; null: nothing
};

/// A row of tools/catalog.def.
struct ToolType {
  std::string_view name;  ///< `type:` in the configuration
  Result<std::unique_ptr<Tool>> (*make)(const ToolSettings&, const ToolServices&);
};

/// All built-in types, in the order of the table.
std::span<const ToolType> tool_types();

/// One tool. Errors: not_found (unknown type, with a suggestion), or what its factory says of the settings.
Result<std::unique_ptr<Tool>> make_tool(const ToolSettings& settings, const ToolServices& services);
/// Everything under `tools:`. Errors: of the first that cannot be made, naming it; conflict (a name twice).
Result<ToolTable> make_tools(std::span<const ToolSettings> settings, const ToolServices& services);

}  // namespace troupe::tools
