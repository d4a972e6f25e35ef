#pragma once

#include "agents/budgets/purse.h"
#include "agents/chains/chain.h"
#include "agents/chains/chain_budget.h"
#include "agents/chains/chain_calls.h"
#include "agents/chains/chain_sink.h"
#include "agents/chains/chain_walk.h"
#include "agents/chains/recorded_chain.h"
#include "agents/runs/facts.h"
#include "agents/runs/run_clock.h"
#include "agents/runs/run_driver.h"
#include "agents/runs/run_record.h"
#include "agents/runs/slots.h"
#include "runtime/base/context.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe::agents {

/// The driver of one run of a chain. What it asks is journaled before it is asked, and what came of it before
/// anything follows from it; the answer and the end are one append. Taken up again, it walks through the
/// chain anew with the replies that are there. Loop thread only.
class ChainRun final : public RunDriver, private ChainCalls {
 public:
  /// `inputs`: all that the chain needs. `recorded`: what an earlier process had of the run.
  ChainRun(RunServices services, std::shared_ptr<const Chain> chain, store::RunRow row, Json inputs,
           Stop& stop, RecordedChain recorded = {});
  ~ChainRun() override;

  Task<> run() override;
  void finish_after_step() override { walk_.finish_after_step(); }
  /// Nothing of a chain waits for a person.
  Result<Approvals::Receipt> decide(const Decision& decision) override;
  std::vector<PendingApproval> waiting() const override { return {}; }
  bool only_waits() const override { return false; }
  RunDriver* driver_of(std::string_view run) override { return run == record_.row().id ? this : nullptr; }
  void cancel() override { stop_.request(StopReason::cancelled); }

 private:
  class Events;
  struct Attempt;

  Task<Chained<models::ModelReply>> ask(ChainCall call, Stop& stop) override;
  Task<Chained<std::vector<memory::Hit>>> search(ChainSearch search, Stop& stop) override;
  Task<Chained<std::vector<models::Message>>> history() override;
  std::optional<Json> decided(const std::string& key) const override;
  void decide(const std::string& key, int step, Json what) override;
  void warn(const std::string& key, int step, std::string_view code, std::string text) override;

  Task<Chained<models::ModelReply>> ask_now(ChainCall call, Stop& stop);
  Task<Chained<Attempt>> attempt(const ChainCall& call, std::int64_t input, Stop& stop);
  std::optional<LimitReached> refusal(const ChainCall& call, std::int64_t input,
                                      const std::optional<models::Price>& price,
                                      std::optional<Account::Hold>& hold);
  store::Fact intent_fact(const ChainCall& call, std::int64_t input, const std::string& first,
                          int number) const;
  void show_answer(ChainSink& sink, int step);
  Task<Chained<models::ModelReply>> take_reply(const ChainCall& call, Attempt made);
  void note_failed(const ChainCall& call, const Attempt& made);
  void note_broken(const ChainCall& call, const Attempt& made);
  Task<Chained<std::vector<memory::Hit>>> take_hits(const ChainSearch& search,
                                                    Result<memory::Retrieved> found, std::int64_t ms);
  void note_use(Event told);
  static std::string remark_key(std::string_view remark);

  Task<Result<>> begin();
  void count_recorded();
  Task<> finish(Chained<ChainAnswer> answer);
  ChainEnd why_stopped() const;
  Event answer_event(const ChainAnswer& answer);
  std::string masked(const std::string& text) const;
  CallContext context(Stop& stop, int step);

  Loop& loop_;
  store::Journal& journal_;
  const Secrets secrets_;
  const std::shared_ptr<const Chain> chain_;
  Stop& stop_;
  Stop work_;  // of stop_: also requested when the time is over
  RecordedChain recorded_;
  RunRecord record_;
  Purse purse_;
  ChainBudget budget_;
  RunClock clock_;
  Slots slots_;
  std::unique_ptr<Events> events_;
  ChainWalk walk_;
};

}  // namespace troupe::agents
