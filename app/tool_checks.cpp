#include "app/tool_checks.h"

#include "runtime/base/suggest.h"
#include "runtime/config/text_check.h"
#include "tools/catalog.h"
#include "tools/known_parts.h"
#include "tools/names.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

namespace troupe::app {

namespace {

using config::Check;

/// Looks at names of tools that have a `/`. What the tools of a section are called may only be known when a
/// server was asked; that a section is one tool is known before.
class PartCheck {
 public:
  PartCheck(const Configuration& all, const Check& check) : all_(all), environment_(check.environment()) {}

  void look_at(const std::string& written, Check& here, const std::string& place) {
    const std::string section(tools::section_of(written));
    const auto found = all_.tools.find(section);
    if (written == section || found == all_.tools.end()) return;
    if (!tools::gives_several(found->second))
      return here.error(
          place, fmt::format("`{0}` is one tool, of type {1}; write `{0}`", section, found->second.type));
    if (!known_.contains(section)) known_[section] = tools::known_parts(found->second, environment_);
    const auto& names = known_[section];
    if (!names || std::ranges::find(*names, written) != names->end()) return;
    std::vector<std::string> parts;
    for (const std::string& name : *names) parts.push_back(name.substr(section.size() + 1));
    const std::string hint = did_you_mean(written.substr(section.size() + 1), parts);
    here.error(place,
               fmt::format("`{}` gives no tool `{}`{}", section, written.substr(section.size() + 1),
                           hint.empty() ? fmt::format("; there is {}", config::enumerate(parts)) : hint));
  }

 private:
  const Configuration& all_;
  const config::Environment& environment_;
  std::map<std::string, std::optional<std::vector<std::string>>> known_;
};

}  // namespace

void check_tool_names(const Configuration& all, config::Check& check) {
  PartCheck parts(all, check);
  for (const auto& [name, agent] : all.agents) {
    Check here = check.entry("agents", name, "agent");
    for (std::size_t i = 0; i < agent.tools.size(); ++i)
      parts.look_at(agent.tools[i], here, fmt::format("tools[{}]", i));
    for (std::size_t i = 0; i < agent.approve.size(); ++i)
      parts.look_at(agent.approve[i], here, fmt::format("approve[{}]", i));
  }
  for (const auto& [name, team] : all.teams) {
    Check here = check.entry("teams", name, "team");
    for (const auto& [node, settings] : team.nodes) {
      parts.look_at(settings.tool, here, fmt::format("nodes.{}.tool", node));
      const auto found = all.tools.find(settings.tool);
      if (found != all.tools.end() && tools::gives_several(found->second))
        here.error(fmt::format("nodes.{}.tool", node),
                   fmt::format("`{0}` gives several tools; write one of them, as `{0}/NAME`", settings.tool));
    }
  }
}

void check_tool_files(const Configuration& all, config::Check& check) {
  if (!all.artifacts.empty()) return;
  for (const auto& [name, tool] : all.tools)
    if (tool.type == "image")
      check.entry("tools", name, "tool")
          .error("",
                 "there is no folder that pictures may be written to; add `artifacts: ./out` to the "
                 "configuration");
}

}  // namespace troupe::app
