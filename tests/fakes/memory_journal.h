#pragma once

#include "runtime/store/journal.h"

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace troupe::fakes {

/// A Journal in memory that keeps the whole contract (tests/runtime/store/journal_contract.h) and that a test
/// can slow down, fail and look into.
class MemoryJournal final : public store::Journal {
 public:
  explicit MemoryJournal(Loop& loop) : loop_(loop) {}

  /// Awaited inside of read_events, after the page was taken and before it is returned: what is committed
  /// meanwhile is newer than the page.
  std::function<Task<>()> during_read;
  /// Awaited before an append is applied.
  std::function<Task<>()> before_commit;
  /// What commit answers instead of storing anything; what is posted is lost.
  std::optional<Error> write_failure;
  /// What read_events answers instead of a page.
  std::optional<Error> read_failure;
  /// Why appends are said to wait; "" = they do not.
  std::string pause_reason;
  std::size_t reads = 0;
  std::size_t largest_page = 0;  ///< frames

  /// Forgets the events of a session up to `seq`, as retention would.
  void forget_upto(const std::string& session, std::int64_t seq);
  std::size_t subscribers() const { return subscribers_.size(); }

  Task<Result<>> commit(store::Append append) override;
  void post(store::Append append) override;
  void publish(const Event& event) override;
  std::unique_ptr<Subscription> subscribe(const std::string& session, store::Subscriber& subscriber) override;
  Task<Result<std::vector<Frame>>> read_events(std::string session, std::int64_t after,
                                               std::size_t limit) override;
  Task<Result<std::vector<Frame>>> read_run_events(std::string run) override;
  Task<Result<std::vector<store::Fact>>> read_facts(std::string run) override;
  Task<Result<std::vector<store::Fact>>> session_facts(std::string session, std::string kind) override;
  Task<Result<std::optional<store::SessionRow>>> find_session(std::string id) override;
  Task<Result<std::optional<store::RunRow>>> find_run(std::string id) override;
  Task<Result<std::optional<store::RunRow>>> find_message(std::string session,
                                                          std::string message_id) override;
  Task<Result<std::vector<store::SessionRow>>> list_sessions(std::string tenant, std::size_t limit) override;
  Task<Result<std::vector<store::RunRow>>> list_runs(std::string tenant, std::string session,
                                                     std::size_t limit) override;
  Task<Result<std::vector<store::RunRow>>> unfinished_runs() override;
  Task<Result<std::vector<store::RunRow>>> turns(std::string session, std::string agent,
                                                 std::size_t limit) override;
  Task<Result<std::vector<store::UsageRow>>> usage(store::UsageQuery query) override;
  Task<Result<std::vector<store::DeadLetterRow>>> dead_letters(std::string tenant,
                                                               std::size_t limit) override;
  Task<Result<std::optional<store::DeadLetterRow>>> find_dead_letter(std::string tenant,
                                                                     std::string id) override;
  Task<Result<std::string>> put_blob(std::string text) override;
  Task<Result<std::string>> get_blob(std::string hash) override;
  Task<Result<std::int64_t>> last_seq(std::string session) override;
  const std::string& instance() const override { return instance_; }
  bool paused(std::string* reason = nullptr) const override;
  Task<> close() override;

 private:
  class Handle;
  struct Session {
    store::SessionRow row;
    std::int64_t touched = 0;  // order of the newest change
    std::vector<Frame> events;
  };
  struct Run {
    store::RunRow row;
    std::int64_t made = 0;
    std::vector<store::Fact> facts;
  };

  Result<> check(const store::Append& append) const;
  Result<> apply(store::Append append);
  void bury(store::DeadLetterRow letter);
  Session& session(const std::string& id);
  Run& run(const std::string& id);
  void deliver(const Frame& frame);

  Loop& loop_;
  std::string instance_ = "in-memory";
  bool closed_ = false;
  std::int64_t order_ = 0;
  std::map<std::string, Session> sessions_;
  std::map<std::string, Run> runs_;
  std::map<std::string, std::string> blobs_;
  std::vector<store::Spending> ledger_;
  std::vector<store::DeadLetterRow> dead_;                                          // oldest first
  std::map<std::int64_t, std::pair<std::string, store::Subscriber*>> subscribers_;  // by handle, oldest first
  std::int64_t handles_ = 0;
};

}  // namespace troupe::fakes
