#pragma once

#include "runtime/base/result.h"
#include "tools/mcp/section_settings.h"
#include "tools/mcp/server.h"
#include "tools/tool.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace troupe::tools::mcp {

/// The tools of one section: those of the server's list that it wants, and what its resources and prompts are
/// reached with. They are as the list is now; calls go to the server as it is then. While the list is not
/// known there is one tool, which says why.
ToolTable section_tools(const std::string& section, const SectionSettings& settings,
                        std::shared_ptr<Server> server);

/// What stands in for the tool `name` of the table, which is not to be had: every call says why.
std::shared_ptr<Tool> unavailable_tool(std::string_view name, std::string why);

/// Why the table has none of the tools that the server of this section has: "the server is not reachable: …".
/// Nothing where it has some, and where the section is no MCP server's.
std::optional<std::string> why_none(const ToolTable& table, std::string_view section);

}  // namespace troupe::tools::mcp
