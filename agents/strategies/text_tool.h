#pragma once

#include "models/message.h"
#include "runtime/base/json.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::agents {

/// How a tool with a schema is asked by a text alone: `Search[x]`, `Follow up: x`.
struct TextTool {
  std::string name;
  std::string argument;         ///< where the text goes
  Json fixed = Json::object();  ///< further arguments ({"operation": "lookup"})

  /// A text goes into its argument; an object keeps what it says.
  Json input(const Json& written) const;
};

/// The tool that answers a question: the first with an argument for one (query, question, search …), else the
/// only tool there is when it takes one text. Nothing when there is none.
std::optional<TextTool> search_tool(const std::vector<models::ToolDeclaration>& tools);

/// The tool that finds words in the page a search brought: an operation `lookup` of a tool, else a tool that
/// is named so. Nothing when there is none.
std::optional<TextTool> lookup_tool(const std::vector<models::ToolDeclaration>& tools);

/// The names of the tools, for messages.
std::string tool_names(const std::vector<models::ToolDeclaration>& tools);

}  // namespace troupe::agents
