#pragma once

#include "tools/tool.h"

#include <string>
#include <string_view>
#include <vector>

namespace troupe::tools {

/// Names of tools, of which a section of `tools:` gives one or several. Pure; any thread.
///
/// A section that is one tool is known by its key (`calculator`). One that gives several has each of them in
/// the tool table as `section/tool`, which is also how configurations and people name it; `section` alone
/// means all of them. Models, which take no `/` in the name of a function, know it as `section__tool`.

/// What the longest name of a function may be for the providers of models.
inline constexpr std::size_t kCallNameMax = 64;

/// What models, events and the journal call the tool that the table has as `name`.
std::string call_name(std::string_view name);

/// Whether who wrote `written` ("crm", "crm/get") means the tool `name` of the table.
bool covers(std::string_view written, std::string_view name);

/// The names in the table that `written` means, in the table's order; none when there is no such tool.
std::vector<std::string> tools_meant(const ToolTable& table, std::string_view written);

/// The section of a name: "crm" of "crm" and of "crm/get".
std::string_view section_of(std::string_view name);

/// Gives the tools of one section names of their own, made of what a document or a server calls them.
class PartNames {
 public:
  explicit PartNames(std::string section) : section_(std::move(section)) {}
  /// `section/tool` for what is called `wanted` elsewhere: other characters than letters, digits, `_` and `-`
  /// become `_`, and what would be too long or is taken ends in a number. Never the same twice.
  std::string next(std::string_view wanted);

 private:
  const std::string section_;
  std::vector<std::string> taken_;
};

}  // namespace troupe::tools
