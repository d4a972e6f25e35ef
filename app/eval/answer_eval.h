#pragma once

#include "app/eval/answer_figures.h"
#include "app/eval/sample_file.h"
#include "app/talk/connect.h"
#include "memory/evaluation/cases.h"
#include "runtime/async/loop.h"
#include "runtime/base/json.h"

#include <cstddef>
#include <string>
#include <vector>

namespace troupe::app {

/// Questions for an agent, a team or a chain.
struct AnswerWork {
  std::vector<memory::AnswerCase> cases;
  std::string target;  ///< "": the configuration's default
  std::size_t jobs = 1;
};

/// What came of them.
struct AnswerReport {
  std::vector<AnswerSample> samples;  ///< in the order of the cases, without those that were not asked
  std::vector<memory::Measure> measures;
  AnswerTotals totals;
  double seconds = 0;
};

/// Asks every question in a session of its own and scores the answers. What is done is shown on standard
/// error. Returns an exit code: kFailed when a run failed, kUsage for a target that is not there,
/// kInterrupted after SIGINT; `report` has then what was done until then.
Task<int> ask_cases(Loop& loop, PeerMaker make_peer, const AnswerWork& work, SampleFile& samples,
                    AnswerReport& report);

/// The table for people, ends in a line break; and for programs. Pure.
std::string as_text(const AnswerReport& report);
Json to_json(const AnswerReport& report);

}  // namespace troupe::app
