#include "agents/react/parser/dialect_rules.h"

#include <utility>

namespace troupe::agents {

namespace {

using Prose = DialectRules::Prose;

constexpr DialectRules kJsonSteps{
    .prose = Prose::held,
    .weak_answers = true,
    .expected = "a JSON object with `action` and `action_input`, or with `final_answer`"};
constexpr DialectRules kTextLabels{.prose = Prose::thought,
                                   .expected = "`Action:` followed by `Action Input:`, or `Final Answer:`"};
constexpr DialectRules kNativeTools{
    .prose = Prose::answer, .prose_answers = true, .expected = "a tool call or an answer"};
constexpr DialectRules kConversational{.prose = Prose::held,
                                       .prose_answers = true,
                                       .expected = "an answer, or `Action:` followed by `Action Input:`"};
constexpr DialectRules kBrackets{.prose = Prose::thought,
                                 .bare_brackets = true,
                                 .needs_brackets = true,
                                 .expected = "`Action:` followed by Search[…], Lookup[…] or Finish[…]"};
constexpr DialectRules kSelfAsk{.prose = Prose::thought,
                                .expected = "`Follow up:` or `So the final answer is:`"};

}  // namespace

const DialectRules& rules_of(Dialect dialect) {
  switch (dialect) {
    case Dialect::json_steps:
      return kJsonSteps;
    case Dialect::text_labels:
      return kTextLabels;
    case Dialect::native_tools:
      return kNativeTools;
    case Dialect::conversational:
      return kConversational;
    case Dialect::brackets:
      return kBrackets;
    case Dialect::self_ask:
      return kSelfAsk;
  }
  std::unreachable();
}

}  // namespace troupe::agents
