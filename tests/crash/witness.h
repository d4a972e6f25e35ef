#pragma once

#include "runtime/async/loop.h"
#include "runtime/async/task.h"
#include "runtime/base/json.h"
#include "tests/crash/plan.h"
#include "tests/fakes/chat_client.h"
#include "tests/fakes/ledger.h"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace troupe::crash {

/// A client that asks for one plan and sees it through, over as many lives of the daemon as it takes; it
/// lets every call through that waits for a person. It remembers what it was told, and holds the end against
/// it.
class Witness {
 public:
  Witness(Loop& loop, Plan plan) : loop_(loop), plan_(std::move(plan)) {}

  const Plan& plan() const { return plan_; }
  bool finished() const { return finished_; }

  /// Connects to the daemon there, goes on after what was seen, and returns when the run has finished or the
  /// connection is gone.
  Task<> follow(std::string url);

  /// Reads the whole session again over a new connection.
  Task<> read_again(std::string url);
  /// What must hold once the run is over and was read again: "" or what does not. See docs/reliability.md.
  std::vector<std::string> violations(const fakes::Ledger& ledger) const;

  const std::string& run() const { return run_; }
  /// The session as it was read again.
  const std::vector<Json>& events() const { return events_; }
  /// How many calls were told as unknown.
  std::size_t unknown() const;

 private:
  Task<> open(fakes::ChatClient& chat);
  Task<> take(fakes::ChatClient& chat, const Json& frame);
  Task<> approve(fakes::ChatClient& chat, const std::string& call);
  void keep(const Json& frame, const std::string& text);
  void check_calls(const fakes::Ledger& ledger, std::vector<std::string>& wrong) const;

  Loop& loop_;
  const Plan plan_;
  std::string session_;
  std::string run_;
  bool accepted_ = false;
  bool finished_ = false;
  int frames_ = 0;
  std::map<std::int64_t, std::string> seen_;  // by seq
  std::map<std::string, std::string> asked_;  // approvals: call by the id of the frame
  std::set<std::string> approved_;            // the daemon said so
  std::vector<std::string> wrong_;
  std::map<std::int64_t, std::string> whole_;  // as read again
  std::vector<Json> events_;
};

}  // namespace troupe::crash
