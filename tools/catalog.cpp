#include "tools/catalog.h"

#include "runtime/base/suggest.h"
#include "tools/builtin/factories.h"

#include <fmt/format.h>

namespace troupe::tools {

namespace {

constexpr ToolType kTypes[] = {
#define TROUPE_TOOL(type, factory) {#type, factory},
#include "tools/catalog.def"
#undef TROUPE_TOOL
};

// A type named twice would make two enumerators of one name: the build stops.
enum class Declared {
#define TROUPE_TOOL(type, factory) type,
#include "tools/catalog.def"
#undef TROUPE_TOOL
};

}  // namespace

std::span<const ToolType> tool_types() {
  return kTypes;
}

Result<std::unique_ptr<Tool>> make_tool(const ToolSettings& settings, const ToolServices& services) {
  std::vector<std::string> known;
  for (const ToolType& type : kTypes) {
    if (type.name == settings.type) return type.make(settings, services);
    known.emplace_back(type.name);
  }
  return fail(
      ErrorCode::not_found,
      fmt::format("there is no tool type `{}`{} Types: {}", settings.type,
                  did_you_mean(settings.type, known).empty() ? "." : did_you_mean(settings.type, known),
                  fmt::join(known, ", ")));
}

Result<ToolTable> make_tools(std::span<const ToolSettings> settings, const ToolServices& services) {
  ToolTable table;
  for (const ToolSettings& one : settings) {
    if (one.type == "chain") continue;  // made by the floor that has chains
    auto tool = make_tool(one, services);
    if (!tool) return within(fmt::format("tool `{}`", one.name), tool.error());
    if (!table.emplace(one.name, std::move(*tool)).second)
      return fail(ErrorCode::conflict, fmt::format("tool `{}` is configured twice", one.name));
  }
  return table;
}

}  // namespace troupe::tools
