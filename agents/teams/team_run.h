#pragma once

#include "agents/budgets/account.h"
#include "agents/budgets/purse.h"
#include "agents/runs/run_clock.h"
#include "agents/runs/run_driver.h"
#include "agents/runs/run_record.h"
#include "agents/teams/blackboard.h"
#include "agents/teams/crew.h"
#include "agents/teams/flight.h"
#include "agents/teams/pattern.h"
#include "agents/teams/recorded_team.h"
#include "agents/teams/team.h"
#include "runtime/async/nursery.h"
#include "runtime/async/stop.h"
#include "runtime/bus/bus.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::agents {

/// The driver of a team's run: the crew of its pattern. What a member is asked goes over the bus into the
/// mailbox of its address; who takes it there makes a run of the member, a child of this one, and replies
/// with what came of it. A child is found by the id of its message, so that what is asked again after a crash
/// finds the run it began, or its end. All of the tree share one stop, one budget and one clock. Loop thread
/// only.
class TeamRun final : public RunDriver, public Crew {
 public:
  /// `row` as committed; the references outlive the run.
  TeamRun(RunServices services, std::shared_ptr<const Team> team, store::RunRow row, Json inputs, Stop& stop,
          RecordedTeam recorded);
  ~TeamRun() override;

  Task<> run() override;
  void finish_after_step() override;
  void cancel() override { stop_.request(StopReason::cancelled); }
  RunDriver* driver_of(std::string_view run) override;
  Result<Approvals::Receipt> decide(const Decision& decision) override;
  std::vector<PendingApproval> waiting() const override;
  bool only_waits() const override;
  std::vector<Over> over() const override {
    return record_.row().finished() && !record_.lost() ? over_ : std::vector<Over>();
  }

  const TeamSettings& settings() const override { return team_->settings; }
  const std::vector<MemberView>& members() const override { return team_->views; }
  Task<Teamed<Reply>> ask(Ask ask, Stop& stop) override;
  Task<Teamed<Readers>> tell(Note note, Stop& stop) override;
  Task<Teamed<Reply>> call_tool(ToolAsk ask, Stop& stop) override;
  Task<Teamed<void>> write_file(std::string key, std::string path, std::string text) override;
  std::optional<Json> decided(const std::string& key) const override;
  void decide(const std::string& key, Json what) override;
  void warn(const std::string& key, std::string_view code, std::string text) override;
  void handed_over(const std::string& key, const std::string& from, const Handoff& handoff) override;
  Blackboard& board() override { return board_; }
  TeamUse used() const override;

 private:
  static constexpr int kTurnMessages = 2;  // of a turn: the task and its reply

  /// A member's mailbox, and who takes what comes into it: one task at a time. That of a tool's call goes
  /// with it.
  struct Host {
    explicit Host(Stop& hosting) : stop(hosting) {}
    Stop stop;
    std::string address;
    std::shared_ptr<const RunTarget> target;  // null: a member, whose target depends on the task
    std::unique_ptr<bus::Inbox> inbox;
    std::shared_ptr<Flight> current;
    std::vector<std::string> reading;  // ids of notes that its turn at work has
  };

  Task<Result<>> begin();
  Task<Result<Amount>> spent_before();
  void recall(const store::RunRow& child);
  void count(const store::RunRow& ended);
  Task<std::string> held_before() const;
  Task<> finish(Teamed<TeamAnswer> answer);
  Task<> close_house();
  TeamEnd why_stopped() const;
  TeamEnd end_of(const Error& error, const std::string& address) const;

  std::optional<TeamEnd> no_such_member(std::string_view name) const;
  std::optional<TeamEnd> may_send(const bus::Message& message, int messages);
  std::optional<TeamEnd> may_ask(const Flight* by, const std::string& address) const;
  Task<Teamed<Reply>> request(bus::Message message, std::shared_ptr<Flight> flight, Stop& stop);
  std::shared_ptr<Flight> flight_of_run(std::string_view run) const;
  std::shared_ptr<Flight> flight_for(const std::string& message, const std::string& address);
  bool waits_for(const Flight& one, const Flight& other) const;
  Result<Host*> open_host(const std::string& address, std::shared_ptr<const RunTarget> target);

  Result<> open_readers();
  Readers readers_of(const bus::Message& note, const std::vector<std::string>& receivers) const;
  std::vector<bus::Message> unread(Host& host) const;
  void go_on_reading(Host& host, const std::string& run) const;
  void put_away_notes(Host& host, const store::RunRow& ended);
  static bool got_through(const store::RunRow& ended);

  Task<> serve(Host& host);
  Task<> take(Host& host, bus::Message message);
  Task<Result<store::RunRow>> work(Host& host, Flight& flight, const bus::Message& message);
  Task<Result<std::unique_ptr<RunDriver>>> begin_child(Host& host, Flight& flight,
                                                       const bus::Message& message,
                                                       std::optional<store::RunRow> known);
  Task<Result<std::unique_ptr<RunDriver>>> take_up_child(const RunTarget& target, store::RunRow row,
                                                         Stop& stop);
  std::shared_ptr<const RunTarget> target_for(const Host& host, const Flight& flight) const;
  std::shared_ptr<const RunTarget> target_at(std::string_view address) const;
  std::string_view member_at(std::string_view address) const;
  Task<> end_left_open();
  /// The journal goes on without this process: nothing is ended, the next start takes it up.
  bool leaves_off() const { return work_.reason() == StopReason::shutdown; }
  Task<bool> tell_end(const bus::Message& message, Result<store::RunRow> ended);
  static bus::Message head_of_reply(const bus::Message& message);
  Task<Result<bus::Message>> reply_to(const bus::Message& message, Result<store::RunRow> ended);
  RunServices services_for_child();
  void child_waits_changed();
  void list_as(std::string_view status);

  bus::Message message_of(std::string key, std::string from, std::string to) const;
  std::string address(std::string_view member) const;
  void post(std::string_view kind, Json body, std::optional<Event> event = std::nullopt);

  RunServices services_;
  Loop& loop_;
  store::Journal& journal_;
  const std::shared_ptr<const Team> team_;
  const Json inputs_;
  Stop& stop_;
  Stop work_;     // of stop_: also requested when the time is over
  Stop hosting_;  // of those who take messages: they go last
  RecordedTeam recorded_;
  RunRecord record_;
  Account tree_;
  Purse purse_;
  RunClock clock_;
  bool clock_stands_ = false;
  Blackboard board_;
  Nursery nursery_;
  std::map<std::string, std::unique_ptr<Host>, std::less<>> hosts_;      // by address
  std::map<std::string, std::shared_ptr<Flight>, std::less<>> flights_;  // by message
  std::map<std::string, int> said_;  // how often the same went from and to the same
  std::set<std::string> counted_;    // members' runs whose use is in used_
  // Tasks that began in earlier processes and were not asked again yet. A colleague's tool that had its
  // answer does not ask again, so they count from the start.
  std::set<std::string> asked_before_;
  // Unfinished runs of earlier processes, by message, that nobody has asked for again yet.
  std::map<std::string, store::RunRow> left_open_;
  TeamUse used_;
  std::int64_t in_tokens_ = 0;  // of used_.tokens
  std::vector<Over> over_;
  bool entered_ = false;
  bool after_step_ = false;
};

}  // namespace troupe::agents
