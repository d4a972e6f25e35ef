#include "runtime/base/suggest.h"
#include "tools/builtin/factories.h"
#include "tools/mcp/server_tools.h"
#include "tools/mcp/servers.h"
#include "tools/names.h"

#include <fmt/format.h>

namespace troupe::tools {

namespace {

Result<mcp::ServerSettings> server_of(const ToolSettings& settings, const ToolServices& services) {
  if (settings.mcp.server.empty()) {
    mcp::ServerSettings own = settings.mcp.own;
    own.name = settings.name;
    return own;
  }
  const auto found = services.mcp_servers.find(settings.mcp.server);
  if (found == services.mcp_servers.end())
    return fail(ErrorCode::not_found,
                fmt::format("there is no MCP server `{}`{}", settings.mcp.server,
                            did_you_mean(settings.mcp.server, names_of(services.mcp_servers))));
  return found->second;
}

}  // namespace

Result<ToolTable> make_mcp(const ToolSettings& settings, const ToolServices& services) {
  auto server = server_of(settings, services);
  if (!server) return fail(std::move(server.error()));
  const std::string why = server->disabled ? fmt::format("`mcpServers.{}` is disabled", server->name)
                          : !services.mcp  ? "no MCP server is reached from here"
                                           : "";
  if (!why.empty()) {
    const std::string name = PartNames(settings.name).next("status");
    return ToolTable{{name, mcp::unavailable_tool(name, why)}};
  }
  return mcp::section_tools(settings.name, settings.mcp, services.mcp->use(*server));
}

}  // namespace troupe::tools
