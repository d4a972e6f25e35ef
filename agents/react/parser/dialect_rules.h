#pragma once

#include "agents/react/step_parser.h"

#include <string_view>

namespace troupe::agents {

/// In what the dialects differ. Labels, objects, brackets and tags are read in all of them.
struct DialectRules {
  enum class Prose {
    thought,  ///< the prompt ends in "Thought:", so the model goes on with it
    held,     ///< kept back: packaging around an object, or an answer if nothing else comes
    answer,   ///< the answer, from the first byte
  };
  Prose prose = Prose::thought;
  bool prose_answers = false;   ///< prose alone is the answer
  bool bare_brackets = false;   ///< a line `Search[…]` needs no label
  bool needs_brackets = false;  ///< an action without [argument] is none
  bool weak_answers = false;    ///< {"answer": …} is a step
  std::string_view expected;    ///< what a reply without a step should have had, for the model to read
};

const DialectRules& rules_of(Dialect dialect);

}  // namespace troupe::agents
