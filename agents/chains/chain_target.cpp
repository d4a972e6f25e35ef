#include "agents/chains/chain_target.h"

#include "agents/chains/chain_run.h"
#include "agents/forks/grant.h"

#include <utility>

namespace troupe::agents {

namespace {

class ChainStart final : public RunStart {
 public:
  ChainStart(std::shared_ptr<const Chain> chain, Json inputs, RecordedChain recorded)
      : chain_(std::move(chain)), inputs_(std::move(inputs)), recorded_(std::move(recorded)) {}

  std::unique_ptr<RunDriver> begin(RunServices services, store::RunRow row, bool started,
                                   Stop& stop) override {
    recorded_.started = recorded_.started || started;
    return std::make_unique<ChainRun>(std::move(services), std::move(chain_), std::move(row),
                                      std::move(inputs_), stop, std::move(recorded_));
  }

 private:
  std::shared_ptr<const Chain> chain_;
  Json inputs_;
  RecordedChain recorded_;
};

}  // namespace

Result<std::unique_ptr<RunStart>> ChainTarget::accept(const std::string& text, const Json& inputs) const {
  auto all = complete_inputs(*chain_, text, inputs);
  if (!all) return fail(std::move(all.error()));
  return std::make_unique<ChainStart>(chain_, std::move(*all), RecordedChain{});
}

Result<std::unique_ptr<RunStart>> ChainTarget::take_up(const store::RunRow& row, const Json& inputs,
                                                       const std::vector<store::Fact>& facts,
                                                       const std::vector<Frame>& events) const {
  auto recorded = fold_chain(facts, events);
  if (!recorded) return fail(std::move(recorded.error()));
  auto all = complete_inputs(*chain_, row.input, inputs);
  if (!all) return fail(std::move(all.error()));
  return std::make_unique<ChainStart>(granted(chain_, row), std::move(*all), std::move(*recorded));
}

}  // namespace troupe::agents
