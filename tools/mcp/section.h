#pragma once

#include "runtime/config/collections.h"
#include "runtime/config/record.h"
#include "tools/mcp/server_settings.h"
#include "tools/settings.h"

namespace troupe::tools::mcp {

/// The `mcpServers:` section, in the form in which other hosts of MCP write it; its names are the namespace
/// "mcpServers".
config::ShapePtr<config::Entries<ServerSettings>> servers_section();

/// The keys of a tool section `type: mcp`.
config::Record<ToolSettings> tools_section();

}  // namespace troupe::tools::mcp
