#pragma once

#include "agents/chains/chain.h"
#include "agents/chains/chain_calls.h"
#include "memory/knowledge/search/hit.h"
#include "runtime/async/loop.h"
#include "runtime/async/stop.h"
#include "runtime/async/task.h"
#include "runtime/base/json.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::agents {

/// What a chain came to.
struct ChainAnswer {
  std::string text;
  Json data;                          ///< null: the answer is a text
  std::vector<memory::Hit> passages;  ///< it was written from: [1], [2] … of its text
};

/// Goes through the steps of a chain: fills prompts, has replies parsed, and asks for what is needed. It has
/// no state of its own that outlives a process: with the same replies it goes the same way again. Loop thread
/// only; lives as long as its work.
class ChainWalk {
 public:
  /// `inputs`: all that the chain needs. References outlive the walk.
  ChainWalk(Loop& loop, std::shared_ptr<const Chain> chain, ChainCalls& calls, std::string message,
            Json inputs);

  /// To the end. `stop` ends it as cancelled.
  Task<Chained<ChainAnswer>> run(Stop& stop);

  /// Ends as cancelled before the next step.
  void finish_after_step() { after_step_ = true; }
  /// The step it is at, from 1.
  int step() const { return step_; }

 private:
  /// What goes from step to step.
  struct Flow {
    Json value;
    Json data;           // the value, where a parser made data of a reply
    std::string system;  // for the next model
    std::string query;   // that the passages were found by
    std::vector<memory::Hit> passages;
    ChainCall asked;    // of the last model, for who sends its reply back
    std::string reply;  // of it
  };
  struct Place {
    std::string key;
    int number = 0;
    bool last = false;  // what the step gives is the answer
  };

  Task<Chained<Flow>> go(const std::vector<ChainStep>& steps, std::string path, int number, Flow flow,
                         Json names, Stop& stop);
  Task<Chained<Flow>> take(const ChainStep& step, Place place, Flow flow, Json names, Stop& stop);
  Chained<Flow> fill(const ChainStep& step, const Place& place, Flow flow, Json names) const;
  Task<Chained<Flow>> ask(const ChainStep& step, Place place, Flow flow, Stop& stop);
  Task<Chained<Flow>> parse(const ChainStep& step, Place place, Flow flow, Stop& stop);
  Task<Chained<Flow>> retrieve(const ChainStep& step, Place place, Flow flow, Stop& stop);
  Task<Chained<Flow>> rewrite(const ChainStep& step, Place place, Flow flow, Stop& stop);
  Task<Chained<Flow>> combine(const ChainStep& step, Place place, Flow flow, Stop& stop);
  Task<Chained<Flow>> branch_out(const ChainStep& step, Place place, Flow flow, Json names, Stop& stop);
  Task<> branch(const std::vector<ChainStep>& steps, Place place, Flow flow, Json names,
                Chained<Flow>& result, Stop& together);

  Loop& loop_;
  const std::shared_ptr<const Chain> chain_;
  ChainCalls& calls_;
  const std::string message_;
  const Json inputs_;
  int step_ = 0;
  bool after_step_ = false;
};

/// A value as a text: a text itself, the only text of an object, else compact JSON.
std::string text_of_value(const Json& value);

}  // namespace troupe::agents
