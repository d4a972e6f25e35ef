#pragma once

#include "agents/runs/run_desk.h"
#include "runtime/async/loop.h"
#include "tests/fakes/memory_journal.h"

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace troupe::fakes {

/// A RunDesk without agents: it opens sessions, turns messages into runs that do nothing by themselves, and
/// leaves what they say to the test.
class FakeRunDesk final : public agents::RunDesk {
 public:
  explicit FakeRunDesk(Loop& loop) : journal_(loop), loop_(loop) {}

  // What the test decides.
  std::set<std::string> targets{"hello"};  ///< others are not_found; "" is "hello"
  std::optional<Error> refuse_submit;      ///< what submit answers
  std::function<Task<>()> before_submit;   ///< awaited before anything is committed
  std::function<Task<>()> after_commit;    ///< awaited between run.started and the return of submit
  Status reported{.admitting = true};
  std::optional<Error> refuse_decision;          ///< what decide answers
  std::optional<Error> refuse_fork;              ///< what fork answers
  std::vector<agents::PendingApproval> waiting;  ///< of every session

  // What the test looks at.
  std::vector<agents::Submission> submissions;
  std::vector<std::pair<std::string, agents::CancelMode>> cancels;
  std::vector<agents::Decision> decisions;
  std::vector<agents::ForkOrder> forks;

  // What a run says.
  Task<> say(std::string run, std::string_view type, std::string text, int step = 1);  ///< journaled
  void delta(std::string run, std::string_view type, std::string text, int step = 1);
  Task<> finish(std::string run);
  /// A whole run of `events` thoughts; returns its id.
  Task<std::string> whole_run(std::string session, int events);
  /// A session of another tenant, or of this one, made without a connection.
  Task<std::string> make_session(std::string tenant = "default");

  Task<Result<store::SessionRow>> open_session(Principal principal, std::string session,
                                               std::string target) override;
  Task<Result<agents::Accepted>> submit(agents::Submission submission) override;
  Task<Result<>> cancel(Principal principal, std::string run, agents::CancelMode mode) override;
  Task<Result<>> decide(agents::Decision decision) override;
  std::vector<agents::PendingApproval> pending(const Principal&, const std::string& session) const override;
  Task<Result<agents::Forked>> fork(agents::ForkOrder order) override;
  Task<Result<store::RunRow>> find_run(Principal principal, std::string run) override;
  Task<Result<>> forget(Principal principal, std::string session) override;
  MemoryJournal& journal() override { return journal_; }
  Status status() const override { return reported; }

 private:
  Event event_of(const std::string& run, std::string_view type, std::string text, int step);

  MemoryJournal journal_;
  Loop& loop_;
  int made_ = 0;
  std::map<std::string, std::string> session_of_;  // by run
};

}  // namespace troupe::fakes
