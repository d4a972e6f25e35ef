#pragma once

#include "memory/knowledge/knowledge.h"
#include "runtime/async/offload.h"
#include "runtime/base/clock.h"
#include "runtime/config/collections.h"
#include "runtime/net/http_client.h"
#include "runtime/sandbox/support.h"
#include "runtime/store/artifacts.h"
#include "tools/builtin/web_service.h"
#include "tools/mcp/server_settings.h"
#include "tools/settings.h"
#include "tools/tool.h"

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::tools {

namespace mcp {
class Servers;
}

/// What built-in tools are given. Outlives them.
struct ToolServices {
  const Clock& clock;
  net::HttpClient& http;  ///< guarded: what tools fetch must not reach private addresses
  std::string user_agent =
      "Troupe (self-hosted agent daemon)";         ///< with version and contact, as MediaWiki asks
  Patience patience{};                             ///< with services that are busy
  std::shared_ptr<memory::Knowledge> knowledge{};  ///< what retrievers search; null: nothing
  Workers* workers = nullptr;                      ///< for what blocks; null: it is done where it is called
  mcp::Servers* mcp = nullptr;                     ///< null: no MCP server can be reached
  config::Entries<mcp::ServerSettings> mcp_servers{};  ///< that sections of type mcp may name
  /// What this machine confines code with, looked at when it is first asked for; null: no code is run.
  std::function<const sandbox::Support&()> support{};
  std::shared_ptr<store::Artifacts> artifacts{};  ///< where files may be written to; null: nowhere
};

/// A row of tools/catalog.def: a type of section that is one tool, or one that gives several.
struct ToolType {
  using MakeOne = Result<std::unique_ptr<Tool>> (*)(const ToolSettings&, const ToolServices&);
  /// By the names of the table (tools/names.h: PartNames makes them).
  using MakeSeveral = Result<ToolTable> (*)(const ToolSettings&, const ToolServices&);

  constexpr ToolType(std::string_view type, MakeOne make) : name(type), one(make) {}
  constexpr ToolType(std::string_view type, MakeSeveral make) : name(type), several(make) {}

  std::string_view name;  ///< `type:` in the configuration
  MakeOne one = nullptr;
  MakeSeveral several = nullptr;
};

/// All built-in types, in the order of the table.
std::span<const ToolType> tool_types();

/// Whether this section gives several tools, which are named `section/tool`.
bool gives_several(const ToolSettings& settings);

/// The tools of one section. Errors: not_found (unknown type, with a suggestion), or what its factory says of
/// the settings.
Result<ToolTable> make_section(const ToolSettings& settings, const ToolServices& services);
/// The tool of a section that is one. Errors: as above; invalid when it gives several.
Result<std::shared_ptr<Tool>> make_tool(const ToolSettings& settings, const ToolServices& services);
/// Everything under `tools:` but chains and plugins, which higher floors make. Errors: of the first that
/// cannot be made, naming it; conflict (a name twice).
Result<ToolTable> make_tools(std::span<const ToolSettings> settings, const ToolServices& services);

}  // namespace troupe::tools
