#pragma once

#include "agents/replay/recording.h"
#include "agents/replay/run_names.h"
#include "runtime/async/loop.h"
#include "runtime/async/one_shot.h"
#include "runtime/store/journal.h"
#include "runtime/store/store_reader.h"

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace troupe::agents {

/// The journal of a replay: what was in the store when the recorded run began, read only, and in memory what
/// the replay writes. It begins with the run as it was accepted, unfinished, so that an engine that takes up
/// what it finds begins with it; where it is a fork, with what that copied. Messages between agents are
/// committed in the order in which they were when the run was recorded. Nobody watches. Loop thread only;
/// reading the store blocks it.
class RehearsalJournal final : public store::Journal {
 public:
  /// All outlive it. `names` learns which run of the replay is which recorded one.
  RehearsalJournal(Loop& loop, const Recording& recording, store::StoreReader& reader, RunNames& names);

  /// What was written, in the order of its commits.
  const std::vector<store::LogLine>& lines() const { return lines_; }
  bool root_finished() const;

  /// Whether something that waits came before this place of the record. Null: nothing does.
  std::function<bool(std::int64_t at)> comes_before;
  /// Told of each commit, before who waits for it goes on. Null: nobody.
  std::function<Task<>()> on_commit;
  /// Where in the record the first of the messages stands that are to be committed next; Answer::kNever:
  /// there is none. Each waits until it is released.
  std::int64_t held_at() const;
  /// Commits it. False: none waits.
  bool release();

  Task<Result<>> commit(store::Append append) override;
  void post(store::Append append) override;
  void publish(const Event&) override {}
  std::unique_ptr<Subscription> subscribe(const std::string&, store::Subscriber&) override;
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
  bool paused(std::string* reason = nullptr) const override;
  const std::string& instance() const override { return recording_.instance; }
  Task<> close() override;

 private:
  struct Own {
    store::RunRow row;
    std::vector<Frame> events;
    std::vector<store::Fact> facts;
  };

  void seed();
  void seed_given();
  void keep(const store::LogLine& line);
  std::int64_t place_of(const store::Append& append) const;
  Result<> apply(store::Append append);
  void know(const store::RunRow& row);
  void add(const Event& event);
  void add(store::Fact fact);
  bool was_before(const store::RunRow& row) const;

  Loop& loop_;
  const Recording& recording_;
  store::StoreReader& reader_;
  RunNames& names_;
  std::int64_t seq_ = 0;
  std::vector<store::LogLine> lines_;
  std::vector<std::string> made_;  // runs, in the order they came
  std::map<std::string, Own> own_;
  std::vector<Frame> events_;
  std::vector<store::DeadLetterRow> dead_;
  std::map<std::string, std::string> blobs_;
  std::map<std::string, std::int64_t> messages_;  // of the record: id → place
  std::set<std::int64_t> awaited_;                // those that were not committed yet
  std::map<std::int64_t, OneShot<bool>*> held_;   // who waits to commit one, by place
};

}  // namespace troupe::agents
