#pragma once

#include "agents/chains/chain_run.h"

namespace troupe::agents {

/// What calls of a run report while they are at work. A warning is journaled: who waits for a pause or a
/// fallback sees why while it lasts.
class ChainRun::Events final : public EventSink {
 public:
  /// Both outlive it.
  Events(store::Journal& journal, const store::RunRow& row) : journal_(journal), row_(row) {}

  void publish(Event event) override {
    event.session = row_.session;
    event.run = row_.id;
    event.agent = row_.agent;
    event.parent = row_.parent;
    if (event.type != "warning") return journal_.publish(event);
    store::Append append;
    append.events.push_back(std::move(event));
    journal_.post(std::move(append));
  }

 private:
  store::Journal& journal_;
  const store::RunRow& row_;
};

}  // namespace troupe::agents
