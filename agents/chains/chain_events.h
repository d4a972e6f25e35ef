#pragma once

#include "agents/chains/chain_run.h"
#include "models/fallback.h"

#include <string>
#include <utility>

namespace troupe::agents {

/// What calls of a run report while they are at work. A warning is journaled: who waits for a pause or a
/// fallback sees why while it lasts. What a search used is counted.
class ChainRun::Events final : public EventSink {
 public:
  /// The run outlives it.
  explicit Events(ChainRun& run) : run_(run) {}

  void publish(Event event) override {
    run_.record_.stamp(event);
    if (event.type == "usage") return run_.note_use(std::move(event));
    if (event.type != "warning") return run_.record_.publish(event);
    const std::string text = string_or(event.fields, "text");
    const bool known = !run_.recorded_.warned.insert(remark_key(text)).second;
    // Which models are beyond a budget is the same at each step, and told once.
    if (known && text.contains(models::kBeyondBudget)) return;
    store::Append append;
    append.events.push_back(std::move(event));
    run_.journal_.post(std::move(append));
  }

 private:
  ChainRun& run_;
};

}  // namespace troupe::agents
