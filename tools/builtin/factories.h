#pragma once

#include "tools/catalog.h"

#include <memory>

/// One factory for each line of tools/catalog.def. Errors: invalid, not_found (settings that cannot be used).
namespace troupe::tools {

Result<std::unique_ptr<Tool>> make_ask_human(const ToolSettings& settings, const ToolServices& services);
Result<std::unique_ptr<Tool>> make_calculator(const ToolSettings& settings, const ToolServices& services);
Result<std::unique_ptr<Tool>> make_clock(const ToolSettings& settings, const ToolServices& services);
Result<std::unique_ptr<Tool>> make_code(const ToolSettings& settings, const ToolServices& services);
Result<ToolTable> make_files(const ToolSettings& settings, const ToolServices& services);
Result<std::unique_ptr<Tool>> make_http(const ToolSettings& settings, const ToolServices& services);
Result<std::unique_ptr<Tool>> make_image(const ToolSettings& settings, const ToolServices& services);
Result<ToolTable> make_mcp(const ToolSettings& settings, const ToolServices& services);
Result<ToolTable> make_openapi(const ToolSettings& settings, const ToolServices& services);
Result<std::unique_ptr<Tool>> make_retriever(const ToolSettings& settings, const ToolServices& services);
Result<std::unique_ptr<Tool>> make_tavily(const ToolSettings& settings, const ToolServices& services);
Result<std::unique_ptr<Tool>> make_wikipedia(const ToolSettings& settings, const ToolServices& services);

}  // namespace troupe::tools
