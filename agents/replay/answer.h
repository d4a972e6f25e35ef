#pragma once

#include "models/model.h"
#include "runtime/base/clock.h"
#include "runtime/base/event.h"
#include "runtime/base/json.h"

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace troupe::agents {

/// Something that a run asked of the world outside of the engine, and what the record has of what came.
struct Answer {
  enum class Kind {
    step,    ///< a model, for the next step of an agent
    judge,   ///< the model of a rule
    chain,   ///< a model, from a chain
    search,  ///< a knowledge base, from a chain
    tool,    ///< a tool
    person,  ///< somebody who decides about a call
  };
  enum class End {
    came,     ///< an answer
    failed,   ///< an error
    lost,     ///< a crash, or a stop of the daemon, took it: the next start asked again
    stopped,  ///< nothing: the run ended, or was told that its time is over, while it waited
    open,     ///< nothing yet: the record ends here
  };
  static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

  Kind kind = Kind::step;
  End end = End::open;
  std::string run;
  int step = 0;
  std::string call;           ///< tool, person: the call; chain, search: the place in the chain
  std::string name;           ///< the entry of `models:`, the tool, or the knowledge base
  std::string entry;          ///< of `models:`, that was asked first instead of that model; ""
  Json asked;                 ///< the messages, the arguments, or the query
  std::int64_t asked_at = 0;  ///< place in the log
  std::int64_t at = kNever;   ///< of what came, or of what shows that nothing did
  Json came;                  ///< as the fact or event of it has it
  Json more;                  ///< tool: facts about the observation, by kind
  std::int64_t written = 0;   ///< failed, stopped: tokens that came before
  std::vector<Event> told;    ///< warnings and usage that were told while it was at work
  bool given = false;         ///< somebody has it already
};

}  // namespace troupe::agents
