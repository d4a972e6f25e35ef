#pragma once

#include "runtime/async/one_shot.h"
#include "runtime/store/journal.h"
#include "tests/fakes/memory_journal.h"
#include "tests/simulation/dice.h"

#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace troupe::simulation {

/// The journal of one process of a simulation, over a disk that outlives it. Appends wait their turn and are
/// written in groups, after a while that chance decides; a crash loses those that were not written yet.
/// Reads are those of the disk.
class SimJournal final : public store::Journal {
 public:
  /// `loop`, `disk` and `dice` outlive it.
  SimJournal(Loop& loop, fakes::MemoryJournal& disk, Dice& dice, bool unclean)
      : loop_(loop), disk_(disk), dice_(dice), unclean_(unclean) {}

  /// The process is gone: nothing more is written, whoever waits is told so.
  void crash();
  bool crashed() const { return crashed_; }
  /// Groups that were written.
  std::size_t groups() const { return groups_; }

  Task<Result<>> commit(store::Append append) override;
  void post(store::Append append) override;
  void publish(const Event& event) override {
    if (!crashed_) disk_.publish(event);
  }
  std::unique_ptr<Subscription> subscribe(const std::string& session,
                                          store::Subscriber& subscriber) override {
    return disk_.subscribe(session, subscriber);
  }
  Task<Result<std::vector<Frame>>> read_events(std::string session, std::int64_t after,
                                               std::size_t limit) override {
    return disk_.read_events(std::move(session), after, limit);
  }
  Task<Result<std::vector<Frame>>> read_run_events(std::string run) override {
    return disk_.read_run_events(std::move(run));
  }
  Task<Result<std::vector<store::Fact>>> read_facts(std::string run) override {
    return disk_.read_facts(std::move(run));
  }
  Task<Result<std::vector<store::Fact>>> session_facts(std::string session, std::string kind) override {
    return disk_.session_facts(std::move(session), std::move(kind));
  }
  Task<Result<std::optional<store::SessionRow>>> find_session(std::string id) override {
    return disk_.find_session(std::move(id));
  }
  Task<Result<std::optional<store::RunRow>>> find_run(std::string id) override {
    return disk_.find_run(std::move(id));
  }
  Task<Result<std::optional<store::RunRow>>> find_message(std::string session, std::string id) override {
    return disk_.find_message(std::move(session), std::move(id));
  }
  Task<Result<std::vector<store::SessionRow>>> list_sessions(std::string tenant, std::size_t limit) override {
    return disk_.list_sessions(std::move(tenant), limit);
  }
  Task<Result<std::vector<store::RunRow>>> list_runs(std::string tenant, std::string session,
                                                     std::size_t limit) override {
    return disk_.list_runs(std::move(tenant), std::move(session), limit);
  }
  Task<Result<std::vector<store::RunRow>>> unfinished_runs() override { return disk_.unfinished_runs(); }
  Task<Result<std::vector<store::RunRow>>> turns(std::string session, std::string agent,
                                                 std::size_t limit) override {
    return disk_.turns(std::move(session), std::move(agent), limit);
  }
  Task<Result<std::vector<store::UsageRow>>> usage(store::UsageQuery query) override {
    return disk_.usage(std::move(query));
  }
  Task<Result<std::vector<store::DeadLetterRow>>> dead_letters(std::string tenant,
                                                               std::size_t limit) override {
    return disk_.dead_letters(std::move(tenant), limit);
  }
  Task<Result<std::optional<store::DeadLetterRow>>> find_dead_letter(std::string tenant,
                                                                     std::string id) override {
    return disk_.find_dead_letter(std::move(tenant), std::move(id));
  }
  Task<Result<std::string>> put_blob(std::string text) override { return disk_.put_blob(std::move(text)); }
  Task<Result<std::string>> get_blob(std::string hash) override { return disk_.get_blob(std::move(hash)); }
  Task<Result<std::int64_t>> last_seq(std::string session) override {
    return disk_.last_seq(std::move(session));
  }
  bool paused(std::string* reason) const override;
  const std::string& instance() const override { return disk_.instance(); }
  bool unclean_start() const override { return unclean_; }
  Task<> close() override;

 private:
  struct Waiting {
    explicit Waiting(Loop& loop) : turn(loop) {}
    OneShot<bool> turn;  // true: it is written now
  };

  void queue(std::shared_ptr<Waiting> entry);
  void write_group();
  Task<Result<>> write(std::shared_ptr<Waiting> entry, store::Append append);

  Loop& loop_;
  fakes::MemoryJournal& disk_;
  Dice& dice_;
  const bool unclean_;
  bool crashed_ = false;
  bool full_ = false;  // the disk takes nothing now
  std::size_t groups_ = 0;
  std::deque<std::shared_ptr<Waiting>> queue_;
  std::size_t posts_ = 0;  // on their way
  Loop::Alarm next_;
};

}  // namespace troupe::simulation
