#include "agents/teams/team_run.h"

#include "agents/runs/facts.h"
#include "agents/runs/stop_fact.h"
#include "agents/teams/reply_message.h"
#include "runtime/telemetry/log.h"

#include <algorithm>
#include <exception>
#include <utility>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

/// Of the row of a run that has ended: the member that had the conversation then.
constexpr const char* kHolder = "held_by";

std::string with_holder(std::string extra, const std::string& member) {
  if (member.empty()) return extra;
  auto json = extra.empty() ? Result<Json>(Json::object()) : parse_json(extra);
  if (!json || !json->is_object()) return extra;
  (*json)[kHolder] = member;
  return dump(*json);
}

// "r_1: send, r_2: send": whose calls they are.
std::string who_waits(const std::vector<PendingApproval>& calls) {
  constexpr std::size_t kShown = 8;
  std::string list;
  for (std::size_t i = 0; i < std::min(calls.size(), kShown); ++i)
    list += fmt::format("{}{}: {}", i == 0 ? "" : ", ", calls[i].run, calls[i].tool);
  return calls.size() > kShown ? list + ", …" : list;
}

}  // namespace

TeamRun::TeamRun(RunServices services, std::shared_ptr<const Team> team, store::RunRow row, Json inputs,
                 Stop& stop, RecordedTeam recorded)
    : services_(std::move(services)),
      loop_(services_.loop),
      journal_(services_.journal),
      team_(std::move(team)),
      inputs_(std::move(inputs)),
      stop_(stop),
      work_(stop),
      recorded_(std::move(recorded)),
      record_(journal_, std::move(row)),
      tree_({team_->settings.limits.tokens, team_->settings.limits.cost},
            fmt::format("teams.{}.limits", team_->settings.name), services_.account),
      purse_(tree_, loop_.clock(), record_.row()),
      clock_(loop_, team_->settings.limits.time, recorded_.used),
      board_([this](const BoardWrite& write) { post("team.board", to_json(write)); }),
      nursery_(loop_) {}

TeamRun::~TeamRun() = default;

Task<> TeamRun::run() {
  clock_.start([this] { work_.request(StopReason::deadline); });
  Teamed<TeamAnswer> answer = std::unexpected(TeamEnd{});
  if (auto begun = co_await begin(); !begun) {
    answer = std::unexpected(TeamEnd{"failed", "internal", begun.error().message});
  } else {
    const auto pattern = make_pattern(team_->settings);
    try {
      answer = co_await pattern->run(
          {.text = record_.row().input, .inputs = inputs_, .resume_with = co_await held_before()}, *this,
          loop_, work_);
    } catch (const std::exception& e) {  // such as no memory: it ends this run, not the daemon
      log::error("an exception escaped from a team", {{"run", record_.row().id}, {"what", e.what()}});
      answer = std::unexpected(
          TeamEnd{"failed", "internal", fmt::format("the team failed unexpectedly ({})", e.what())});
    }
  }
  co_await close_house();
  co_await finish(std::move(answer));
}

Task<Result<>> TeamRun::begin() {
  store::RunRow& row = record_.row();
  Amount spent;
  if (recorded_.taken_up) {
    auto before = co_await spent_before();
    if (!before) co_return fail(std::move(before.error()));
    spent = *before;
    for (BoardWrite& write : recorded_.board) board_.recall(std::move(write));
    for (const auto& [id, said] : recorded_.said) ++said_[said];
    used_.notes = static_cast<int>(recorded_.notes.size());
    used_.messages += used_.notes;
  }
  // What the session has spent is asked of the ledger for the account around; for the tree it is known.
  Purse around(services_.account, loop_.clock(), row);
  if (auto opened = co_await around.open(journal_); !opened) co_return fail(std::move(opened.error()));
  tree_.know_session(row.session, spent);
  if (recorded_.started && row.status != "running") list_as("running");  // until it waits again
  if (!recorded_.started) {
    store::Append append;
    append.events.push_back(run_event(row, "run.started"));
    row.status = "running";
    append.run = row;
    if (!co_await record_.commit(std::move(append)))
      co_return fail(ErrorCode::store, "the journal is closed");
  }
  auto entered = co_await services_.bus.enter({row.tenant, row.session, row.id}, !recorded_.taken_up);
  entered_ = entered.has_value();
  if (!entered) co_return entered;
  co_return open_readers();
}

// Of all runs below this one, in earlier processes. A team's own row adds up those of its members.
Task<Result<Amount>> TeamRun::spent_before() {
  constexpr std::size_t kAll = 100'000;
  const store::RunRow& own = record_.row();
  auto rows = co_await journal_.list_runs(own.tenant, own.session, kAll);
  if (!rows) co_return fail(std::move(rows.error()));
  std::multimap<std::string, const store::RunRow*> children;
  for (const store::RunRow& row : *rows)
    if (!row.parent.empty()) children.emplace(row.parent, &row);
  Amount spent;
  std::vector<std::string> open = {own.id};
  while (!open.empty()) {
    const std::string id = std::move(open.back());
    open.pop_back();
    const auto [first, last] = children.equal_range(id);
    for (auto at = first; at != last; ++at) {
      const store::RunRow& child = *at->second;
      if (id == own.id) recall(child);
      if (children.contains(child.id)) {
        open.push_back(child.id);
      } else if (child.finished()) {
        spent.tokens += child.input_tokens + child.output_tokens;
        spent.cost += child.cost;
      } else {
        auto events = co_await journal_.read_run_events(child.id);
        if (!events) co_return fail(std::move(events.error()));
        const store::Used used = told_usage(*events);
        spent.tokens += used.input_tokens + used.output_tokens;
        spent.cost += used.cost;
      }
    }
  }
  co_return spent;
}

void TeamRun::recall(const store::RunRow& child) {
  const std::size_t own = team_->settings.name.size() + 1;
  if (child.finished()) {
    count(child);
    if (!got_through(child))
      std::erase_if(recorded_.read_in, [&](const auto& one) { return one.second == child.id; });
  } else {
    left_open_.emplace(child.message_id, child);
  }
  if (child.agent.size() <= own ||
      !team_->members.contains(Team::member_of(std::string_view(child.agent).substr(own))))
    return;  // a call of a tool, which is asked for again
  if (!asked_before_.insert(child.message_id).second) return;
  ++used_.turns;
  used_.messages += kTurnMessages;
}

// Also of those whose reply nobody waits for any more.
void TeamRun::count(const store::RunRow& ended) {
  if (!counted_.insert(ended.id).second) return;
  used_.tokens += ended.input_tokens + ended.output_tokens;
  in_tokens_ += ended.input_tokens;
  used_.cost += ended.cost;
}

// While this run is unfinished that is the one before it, also for who takes it up again.
Task<std::string> TeamRun::held_before() const {
  if (team_->settings.pattern != PatternKind::handoff) co_return "";
  const store::RunRow& own = record_.row();
  auto before = co_await journal_.turns(own.session, own.agent, 1);
  if (!before || before->empty()) co_return "";
  auto extra = parse_json(before->back().extra);
  co_return extra ? string_or(*extra, kHolder) : "";
}

// Nobody takes messages any more, and nothing of the tree is at work.
Task<> TeamRun::close_house() {
  hosting_.request(StopReason::cancelled);
  for (auto& [message, flight] : flights_)
    flight->stop.request(StopReason::cancelled);  // that nobody asked for
  co_await nursery_.join();
  hosts_.clear();
  flights_.clear();
  if (!leaves_off()) co_await end_left_open();
  const store::RunRow& row = record_.row();
  if (entered_) co_await services_.bus.leave({row.tenant, row.session, row.id}, !leaves_off());
}

TeamEnd TeamRun::why_stopped() const {
  if (stop_.reason() == StopReason::deadline)
    return {"limit", "max_time", "the time of the run around this team was over"};
  if (work_.reason() == StopReason::deadline)
    return {"limit", "max_time",
            fmt::format("the {} ms of the team were over", team_->settings.limits.time.count())};
  return {"cancelled", "cancelled", ""};
}

Task<> TeamRun::finish(Teamed<TeamAnswer> answer) {
  if (record_.lost() || leaves_off()) co_return;
  TeamEnd end;
  if (answer) end = {answer->status, answer->reason, answer->detail};
  if (!answer) end = work_.requested() ? why_stopped() : std::move(answer.error());
  if (!answer && (work_.requested() || after_step_))
    record_.pending().facts.push_back(stopped_fact(record_, 0,
                                                   {.deadline = work_.reason() == StopReason::deadline,
                                                    .after_step = after_step_,
                                                    .used = clock_.used()}));
  store::RunRow& row = record_.row();
  store::Append append = record_.take_pending();
  if (answer) {
    append.events.push_back(record_.event("answer", 0));
    Json& fields = append.events.back().fields;
    fields["text"] = answer->text;
    if (!answer->data.is_null()) fields["data"] = answer->data;
    if (!answer->citations.is_null()) fields["citations"] = answer->citations;
    row.answer = std::move(answer->text);
    row.extra = with_holder(std::move(row.extra), answer->by);
  }
  record_.finish({.status = end.status,
                  .reason = end.reason,
                  .detail = end.detail,
                  .steps = used_.turns,
                  .input_tokens = in_tokens_,
                  .output_tokens = used_.tokens - in_tokens_,
                  .cost = used_.cost},
                 loop_.clock().wall_ms(), append);
  co_await record_.commit(std::move(append));
}

void TeamRun::finish_after_step() {
  after_step_ = true;
  for (auto& [message, flight] : flights_)
    if (flight->driver) flight->driver->finish_after_step();
}

RunDriver* TeamRun::driver_of(std::string_view run) {
  if (run == record_.row().id) return this;
  for (auto& [message, flight] : flights_)
    if (flight->driver)
      if (RunDriver* found = flight->driver->driver_of(run)) return found;
  return nullptr;
}

Result<Approvals::Receipt> TeamRun::decide(const Decision& decision) {
  std::vector<PendingApproval> meant;
  for (PendingApproval& one : waiting())
    if (one.call == decision.call &&
        (decision.run.empty() || one.run == decision.run || decision.run == record_.row().id))
      meant.push_back(std::move(one));
  if (meant.size() > 1)
    return fail(ErrorCode::invalid,
                fmt::format("{} calls `{}` wait in this team: say which with `run`, as approval.required has "
                            "it ({})",
                            meant.size(), decision.call, who_waits(meant)));
  const std::string& run = meant.empty() ? decision.run : meant.front().run;
  RunDriver* driver = run.empty() ? nullptr : driver_of(run);
  if (driver && driver != this) {
    Decision narrowed = decision;
    narrowed.run = run;
    return driver->decide(narrowed);
  }
  // Nothing waits under that id. Who comes late is told by the member that the call was of.
  const bool any = run.empty() || driver == this;
  for (auto& [message, flight] : flights_)
    if (any && flight->driver)
      if (auto told = flight->driver->decide(decision); !told && told.error().code == ErrorCode::conflict)
        return told;
  return fail(ErrorCode::not_found, fmt::format("no call `{}` waits for an approval", decision.call));
}

std::vector<PendingApproval> TeamRun::waiting() const {
  std::vector<PendingApproval> all;
  for (const auto& [message, flight] : flights_)
    if (flight->driver) std::ranges::move(flight->driver->waiting(), std::back_inserter(all));
  return all;
}

// Members that wait for one another wait for what the last of them waits for.
bool TeamRun::only_waits() const {
  bool any = false;
  for (const auto& [message, flight] : flights_) {
    if (!flight->driver) continue;
    if (!flight->driver->only_waits()) return false;
    any = true;
  }
  return any && !waiting().empty();
}

void TeamRun::child_waits_changed() {
  const bool stands = only_waits();
  if (stands == clock_stands_) return;
  clock_stands_ = stands;
  stands ? clock_.pause() : clock_.resume();
  if (!leaves_off()) list_as(stands ? "waiting" : "running");
  if (services_.waits_changed) services_.waits_changed();
}

void TeamRun::list_as(std::string_view status) {
  record_.row().status = status;
  store::Append append;
  append.run = record_.row();
  journal_.post(std::move(append));
}

std::optional<Json> TeamRun::decided(const std::string& key) const {
  const auto known = recorded_.decisions.find(key);
  return known == recorded_.decisions.end() ? std::nullopt : std::optional(known->second);
}

void TeamRun::decide(const std::string& key, Json what) {
  recorded_.decisions.insert_or_assign(key, what);
  post("team.decided", {{"key", key}, {"what", std::move(what)}, {"used_ms", clock_.used().count()}});
}

void TeamRun::warn(const std::string& key, std::string_view code, std::string text) {
  if (!recorded_.told.insert("warn." + key).second) return;
  post("team.told", {{"key", "warn." + key}},
       warning_event(record_.event("warning", 0), code, std::move(text)));
}

void TeamRun::handed_over(const std::string& key, const std::string& from, const Handoff& handoff) {
  if (!recorded_.told.insert("handoff." + key).second) return;
  Event event = record_.event("handoff", 0);
  event.fields = {{"from", address(from)}, {"to", address(handoff.to)}, {"reason", handoff.reason}};
  post("team.told", {{"key", "handoff." + key}}, std::move(event));
}

// Appends of one caller are committed in their order: what this leads to comes after it.
void TeamRun::post(std::string_view kind, Json body, std::optional<Event> event) {
  store::Append append;
  append.facts.push_back(record_.fact(kind, 0, body));
  if (event) append.events.push_back(std::move(*event));
  journal_.post(std::move(append));
}

TeamUse TeamRun::used() const {
  TeamUse use = used_;
  use.time = clock_.used();
  return use;
}

std::string TeamRun::address(std::string_view member) const {
  return member.empty() ? team_->settings.name : fmt::format("{}/{}", team_->settings.name, member);
}

Task<Teamed<void>> TeamRun::write_file(std::string key, std::string path, std::string text) {
  if (recorded_.files.contains(key)) co_return Teamed<void>();
  if (!team_->artifacts)
    co_return std::unexpected(
        TeamEnd{"failed", "output_file", "`artifacts` names no folder, so no file may be written"});
  // Each tenant has a folder of its own, but for those without one.
  const std::string& tenant = record_.row().tenant;
  if (tenant != Principal{}.tenant) path = tenant + "/" + path;
  if (auto done = co_await team_->artifacts->write(path, std::move(text)); !done)
    co_return std::unexpected(TeamEnd{"failed", "output_file", done.error().message});
  post("team.file", {{"key", std::move(key)}, {"path", std::move(path)}});
  co_return Teamed<void>();
}

}  // namespace troupe::agents
