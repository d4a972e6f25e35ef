#pragma once

#include "memory/conversation/step_source.h"
#include "runtime/base/event.h"
#include "runtime/base/result.h"
#include "runtime/store/journal.h"

#include <map>
#include <string>
#include <vector>

namespace troupe::agents {

/// The tool steps of one run as its model was shown them, from what is kept of its requests: of each step
/// that has observations the assistant's message and what came of it. What was sent back to be written again,
/// and what no model was asked with any more, is none. Secrets are masked. Of a turn that was imported, as
/// its agent's strategy would have shown them. Errors: store (a fact that does not parse). Pure.
Result<std::vector<models::Message>> tool_steps(const std::vector<store::Fact>& facts,
                                                const std::vector<Frame>& events);

/// Reads them from the journal, which outlives it.
class JournaledSteps final : public memory::StepSource {
 public:
  explicit JournaledSteps(store::Journal& journal) : journal_(journal) {}
  Task<Result<std::map<std::string, std::vector<models::Message>>>> steps(
      std::vector<std::string> runs) override;

 private:
  store::Journal& journal_;
};

}  // namespace troupe::agents
