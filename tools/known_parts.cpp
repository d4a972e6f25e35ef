#include "tools/known_parts.h"

#include "tools/builtin/files/files_tool.h"
#include "tools/builtin/openapi/document.h"
#include "tools/builtin/openapi/openapi_tool.h"

namespace troupe::tools {

std::optional<std::vector<std::string>> known_parts(const ToolSettings& settings,
                                                    const config::Environment& environment) {
  if (settings.type == "files") return FilesTool::names(settings);
  if (settings.type != "openapi") return std::nullopt;
  auto text = environment.read_file(settings.document, openapi::kDocumentBytes);
  if (!text) return std::nullopt;
  openapi::Chosen chosen = openapi::choose(settings, *text);
  if (!chosen.problems.empty()) return std::nullopt;
  return std::move(chosen.names);
}

}  // namespace troupe::tools
