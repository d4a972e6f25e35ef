#pragma once

#include "agents/agent.h"
#include "agents/budgets/account.h"
#include "runtime/async/loop.h"
#include "runtime/async/nursery.h"
#include "runtime/async/stop.h"
#include "runtime/async/task.h"
#include "runtime/store/journal.h"

#include <map>
#include <memory>
#include <string>
#include <utility>

namespace troupe::agents {

/// What memories do about a conversation once an answer is out: nobody waits for it, neither the client that
/// was answered nor the next run of the session. One at a time for a session and agent; a run that ends
/// meanwhile is seen to afterwards. What comes of it are events of the session without a run, since the run
/// has ended. Loop thread only.
class Settlements {
 public:
  /// All outlive it. stop() and join() come before its end.
  Settlements(Loop& loop, store::Journal& journal, Account& account)
      : loop_(loop), journal_(journal), account_(account), nursery_(loop) {}

  /// After the end of a run is on disk. Nothing where the agent's memory has nothing to do then.
  void begin(std::shared_ptr<const Agent> agent, store::RunRow run);
  /// Ends what is at work, and begins nothing more. What is not done is done after the next run.
  void stop();
  /// Returns when nothing is at work.
  Task<> join() { return nursery_.join(); }
  bool at_work_on(const std::string& session) const;
  std::size_t at_work() const { return open_.size(); }

 private:
  struct One {
    std::shared_ptr<const Agent> agent;
    store::RunRow run;
    bool again = false;
  };
  class Events;
  using Key = std::pair<std::string, std::string>;  // session, agent

  Task<> work(Key key);
  Task<> settle(const One& one);

  Loop& loop_;
  store::Journal& journal_;
  Account& account_;
  Nursery nursery_;
  Stop stop_;
  std::map<Key, One> open_;
};

}  // namespace troupe::agents
