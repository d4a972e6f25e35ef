#include "tools/builtin/ask_human/ask_human_tool.h"

#include "tools/question.h"

#include <utility>

namespace troupe::tools {

AskHumanTool::AskHumanTool(const ToolSettings& settings) {
  spec_.declaration = {
      settings.name,
      settings.description.empty()
          ? "Asks a person and waits for the answer. Use it for what only a person can know or "
            "decide, one question at a time."
          : settings.description,
      question_schema()};
  spec_.effect = Effect::pure;
  spec_.asks = true;
  spec_.default_answer = settings.default_answer;
}

Task<Result<ToolOutput>> AskHumanTool::call(ToolInput input, CallContext& context) {
  if (context.stop.requested()) co_return fail(stopped("the question", context.stop.reason()));
  std::string answer = answer_of(input.arguments);
  if (answer.empty())
    co_return fail(ErrorCode::invalid,
                   "nobody has answered: only a run asks a person, and waits for the answer");
  co_return ToolOutput{.text = std::move(answer), .sources = {}};
}

}  // namespace troupe::tools
