#pragma once

#include "agents/chains/chain.h"
#include "agents/chains/chain_budget.h"
#include "agents/chains/chain_calls.h"
#include "agents/runs/slots.h"
#include "runtime/base/context.h"
#include "tools/tool.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe::agents {

/// The calls of a chain that is a tool: made at once, kept nowhere, with a `usage` event to the context of
/// each and of what searches use. Loop thread only; lives as long as the tool's call.
class DirectCalls final : public ChainCalls {
 public:
  /// Both outlive it.
  DirectCalls(const Chain& chain, CallContext& context);
  ~DirectCalls() override;

  Task<Chained<models::ModelReply>> ask(ChainCall call, Stop& stop) override;
  Task<Chained<std::vector<memory::Hit>>> search(ChainSearch search, Stop& stop) override;
  Task<Chained<std::vector<models::Message>>> history() override;
  std::optional<Json> decided(const std::string&) const override { return std::nullopt; }
  void decide(const std::string&, int, Json) override {}
  void warn(const std::string& key, int step, std::string_view code, std::string text) override;

  /// What searches did otherwise than asked for, each once.
  const std::vector<std::string>& remarks() const { return remarks_; }

 private:
  class Counting;

  Task<Chained<models::ModelReply>> ask_now(const ChainCall& call, Stop& stop);
  CallContext context_for(Stop& stop) const;

  const Chain& chain_;
  CallContext& context_;
  ChainBudget budget_;
  Slots slots_;
  std::unique_ptr<Counting> events_;
  std::vector<std::string> remarks_;
  int calls_ = 0;
};

}  // namespace troupe::agents
