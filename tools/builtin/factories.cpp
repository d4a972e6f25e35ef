#include "tools/builtin/factories.h"

#include "tools/builtin/ask_human/ask_human_tool.h"
#include "tools/builtin/calculator/calculator_tool.h"
#include "tools/builtin/clock/clock_tool.h"
#include "tools/builtin/code/code_tool.h"
#include "tools/builtin/files/files_tool.h"
#include "tools/builtin/http/http_tool.h"
#include "tools/builtin/image/image_tool.h"
#include "tools/builtin/openapi/openapi_tool.h"
#include "tools/builtin/retriever/retriever_tool.h"
#include "tools/builtin/tavily/tavily_tool.h"
#include "tools/builtin/wikipedia/wikipedia_tool.h"

namespace troupe::tools {

Result<std::unique_ptr<Tool>> make_ask_human(const ToolSettings& settings, const ToolServices&) {
  return std::make_unique<AskHumanTool>(settings);
}

Result<std::unique_ptr<Tool>> make_calculator(const ToolSettings& settings, const ToolServices&) {
  return std::make_unique<CalculatorTool>(settings);
}

Result<std::unique_ptr<Tool>> make_clock(const ToolSettings& settings, const ToolServices& services) {
  return ClockTool::make(settings, services.clock);
}

Result<std::unique_ptr<Tool>> make_code(const ToolSettings& settings, const ToolServices& services) {
  return CodeTool::make(settings, services);
}

Result<ToolTable> make_files(const ToolSettings& settings, const ToolServices& services) {
  return FilesTool::make(settings, services);
}

Result<std::unique_ptr<Tool>> make_http(const ToolSettings& settings, const ToolServices& services) {
  return HttpTool::make(settings, services);
}

Result<std::unique_ptr<Tool>> make_image(const ToolSettings& settings, const ToolServices& services) {
  return ImageTool::make(settings, services);
}

Result<ToolTable> make_openapi(const ToolSettings& settings, const ToolServices& services) {
  return OpenApiTool::make(settings, services);
}

Result<std::unique_ptr<Tool>> make_retriever(const ToolSettings& settings, const ToolServices& services) {
  return RetrieverTool::make(settings, services.knowledge);
}

Result<std::unique_ptr<Tool>> make_tavily(const ToolSettings& settings, const ToolServices& services) {
  return TavilyTool::make(settings, services.http, services.user_agent, services.patience);
}

Result<std::unique_ptr<Tool>> make_wikipedia(const ToolSettings& settings, const ToolServices& services) {
  return WikipediaTool::make(settings, services.http, services.user_agent, services.patience);
}

}  // namespace troupe::tools
