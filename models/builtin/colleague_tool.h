#pragma once

#include "models/builtin/team_text.h"
#include "models/message.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::models::builtin {

/// A tool that reaches colleagues: `to` is one of their names, and the description says "NAME: description;
/// NAME: description" of them.
struct ColleagueTool {
  std::string name;
  std::vector<Listed> colleagues;  ///< in the order listed, never empty
};

/// Nothing where the declaration has no `to` of this kind.
std::optional<ColleagueTool> read_colleague_tool(const ToolDeclaration& declaration);

/// How well each of `colleagues` fits a text: the different words that it shares with the name and the
/// description, where "calculates" and the like fit a text that holds a calculation. Words of work itself
/// ("write", "report") count as others do.
std::vector<std::size_t> fitness(std::string_view text, const std::vector<Listed>& colleagues);

/// Those whom a task needs, in the order in which they are to have it: those that its words single out, else
/// all of them. Who writes, edits, reviews or sums up works from what others bring: such colleagues come
/// last, and where a task singles out only them, it goes to all.
std::vector<const Listed*> needed_for(std::string_view task, const std::vector<Listed>& colleagues);

/// Whether the description says that the colleague writes, edits, reviews or sums up.
bool works_from_material(const Listed& colleague);

}  // namespace troupe::models::builtin
