#pragma once

#include "runtime/base/json.h"
#include "runtime/base/result.h"

#include <string>
#include <string_view>
#include <vector>

namespace troupe::app {

/// The formats of `troupe runs export`, in the order they are shown.
std::vector<std::string> export_formats();

/// A run's events as training or chat data, one JSON object a line:
/// events: the events themselves; openai-chat: {"messages": […]} with tool_calls and tool messages;
/// alpaca: {"instruction","input","output"}; sharegpt: {"conversations": [{"from","value"}, …]}.
/// A run without an answer has no output to learn from: for alpaca and sharegpt that is ErrorCode::invalid.
Result<std::string> export_run(const std::vector<Json>& events, std::string_view format);

}  // namespace troupe::app
