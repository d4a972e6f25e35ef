#include "agents/react/step_parser.h"

#include "agents/react/parser/reply_reader.h"

namespace troupe::agents {

std::unique_ptr<StepParser> make_step_parser(StepParserOptions options) {
  return std::make_unique<ReplyReader>(std::move(options));
}

}  // namespace troupe::agents
