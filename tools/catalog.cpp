#include "tools/catalog.h"

#include "runtime/base/suggest.h"
#include "tools/builtin/factories.h"

#include <algorithm>

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

bool gives_several(const ToolSettings& settings) {
  if (settings.type == "plugin") return settings.tool.empty();
  return std::ranges::any_of(kTypes,
                             [&](const ToolType& row) { return row.name == settings.type && row.several; });
}

Result<ToolTable> make_section(const ToolSettings& settings, const ToolServices& services) {
  std::vector<std::string> known;
  for (const ToolType& type : kTypes) {
    known.emplace_back(type.name);
    if (type.name != settings.type) continue;
    if (type.several) return type.several(settings, services);
    auto tool = type.one(settings, services);
    if (!tool) return fail(std::move(tool.error()));
    return ToolTable{{settings.name, std::move(*tool)}};
  }
  return fail(
      ErrorCode::not_found,
      fmt::format("there is no tool type `{}`{} Types: {}", settings.type,
                  did_you_mean(settings.type, known).empty() ? "." : did_you_mean(settings.type, known),
                  fmt::join(known, ", ")));
}

Result<std::shared_ptr<Tool>> make_tool(const ToolSettings& settings, const ToolServices& services) {
  auto made = make_section(settings, services);
  if (!made) return fail(std::move(made.error()));
  const auto one = made->find(settings.name);
  if (one == made->end())
    return fail(ErrorCode::invalid,
                fmt::format("`{}` gives several tools: {}", settings.name, fmt::join(names_of(*made), ", ")));
  return one->second;
}

Result<ToolTable> make_tools(std::span<const ToolSettings> settings, const ToolServices& services) {
  ToolTable table;
  for (const ToolSettings& one : settings) {
    if (one.type == "chain" || one.type == "plugin") continue;  // made by the floors that have them
    auto made = make_section(one, services);
    if (!made) return within(fmt::format("tool `{}`", one.name), made.error());
    for (auto& [name, tool] : *made)
      if (!table.emplace(name, std::move(tool)).second)
        return fail(ErrorCode::conflict, fmt::format("tool `{}` is configured twice", name));
  }
  return table;
}

}  // namespace troupe::tools
