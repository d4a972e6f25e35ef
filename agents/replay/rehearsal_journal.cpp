#include "agents/replay/rehearsal_journal.h"

#include "agents/replay/answer.h"
#include "agents/replay/limits.h"
#include "agents/runs/request_log.h"
#include "runtime/base/sha256.h"

#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/format.h>

namespace troupe::agents {

using store::Append;
using store::Fact;
using store::RunRow;

namespace {

// What is known of a run only from its end on.
constexpr const char* kLater[] = {"held_by", "withheld"};

class Unwatched final : public store::Journal::Subscription {};

// As from the thread of a store.
Task<> turn(Loop& loop) {
  OneShot<bool> next(loop);
  loop.post([&next] { next.set(true); });
  co_await next.wait();
}

RunRow as_accepted(RunRow row) {
  row.status = "running";
  row.answer.clear();
  row.reason.clear();
  row.steps = 0;
  row.input_tokens = row.output_tokens = 0;
  row.cost = 0;
  row.last_seq = row.finished_ms = 0;
  if (auto extra = parse_json(row.extra); extra && extra->is_object()) {
    for (const char* later : kLater) extra->erase(later);
    row.extra = extra->empty() ? "" : dump(*extra);
  }
  return row;
}

}  // namespace

RehearsalJournal::RehearsalJournal(Loop& loop, const Recording& recording, store::StoreReader& reader,
                                   RunNames& names)
    : loop_(loop), recording_(recording), reader_(reader), names_(names) {
  seed();
}

// The run with its first event, and what earlier runs gave it: of its conversation, and of how its model
// counts.
void RehearsalJournal::seed() {
  const RunRow& root = recording_.root();
  names_.pair(root.id, root.id);
  Own& own = own_[root.id];
  made_.push_back(root.id);
  own.row = as_accepted(root);
  seed_given();
  for (const store::LogLine& line : recording_.lived()) {
    if (line.type == "message")
      if (auto body = parse_json(line.body)) {
        messages_[string_or(*body, "id")] = line.at;
        awaited_.insert(line.at);
      }
    if (line.run != root.id) continue;
    if (line.is_event() && own.events.empty()) {
      own.row.status = line.type == "run.queued" ? "queued" : "running";
      keep(line);
    }
    if (line.type == kRecalledFact || line.type == kCountedFact)
      own.facts.push_back({root.id, line.type, line.step, line.body});
  }
}

// Whoever is below a fork from its beginning has ended where that was copied.
void RehearsalJournal::seed_given() {
  if (recording_.given == 0) return;
  own_[recording_.root().id].row.status = "queued";
  for (std::size_t i = 0; i < recording_.given; ++i) {
    const store::LogLine& line = recording_.lines[i];
    const RunRow* row = own_.contains(line.run) ? nullptr : recording_.find(line.run);
    if (row) {
      names_.pair(row->id, row->id);
      own_[row->id].row = *row;
      made_.push_back(row->id);
    }
    keep(line);
  }
}

void RehearsalJournal::keep(const store::LogLine& line) {
  lines_.push_back(line);
  if (!line.is_event()) {
    own_[line.run].facts.push_back({line.run, line.type, line.step, line.body});
    return;
  }
  const Frame frame{std::make_shared<const std::string>(line.body),
                    line.seq,
                    recording_.root().session,
                    line.run,
                    line.type,
                    line.step};
  seq_ = line.seq;
  own_[line.run].events.push_back(frame);
  events_.push_back(frame);
}

bool RehearsalJournal::root_finished() const {
  return own_.at(recording_.root().id).row.finished();
}

// Whether it was over before the recorded run began.
bool RehearsalJournal::was_before(const RunRow& row) const {
  const std::int64_t began = recording_.began_seq > 0 ? recording_.began_seq : recording_.root().first_seq;
  return !recording_.find(row.id) && row.finished() && row.last_seq < began;
}

// A run of a member does what the one that came of the same message did.
void RehearsalJournal::know(const RunRow& row) {
  if (own_.contains(row.id)) return;
  made_.push_back(row.id);
  const std::string message = names_.as_recorded(row.message_id);
  for (const RunRow& recorded : recording_.runs)
    if (!message.empty() && recorded.message_id == message) return names_.pair(recorded.id, row.id);
}

void RehearsalJournal::add(const Event& event) {
  const std::int64_t seq = ++seq_;
  auto text = std::make_shared<const std::string>(render(event, seq, loop_.clock().wall_ms()));
  const Frame frame{std::move(text), seq, event.session, event.run, event.type, event.step};
  events_.push_back(frame);
  lines_.push_back(
      {static_cast<std::int64_t>(lines_.size()), seq, event.run, event.type, event.step, *frame.text});
  if (event.run.empty()) return;
  Own& own = own_[event.run];
  if (own.row.first_seq == 0) own.row.first_seq = seq;
  if (event.type == "run.finished") own.row.last_seq = seq;
  own.events.push_back(frame);
}

void RehearsalJournal::add(Fact fact) {
  lines_.push_back({static_cast<std::int64_t>(lines_.size()), 0, fact.run, fact.kind, fact.step, fact.body});
  own_[fact.run].facts.push_back(std::move(fact));
}

Result<> RehearsalJournal::apply(Append append) {
  if (lines_.size() + append.events.size() + append.facts.size() > limits::kReplayLines)
    return fail(ErrorCode::store,
                fmt::format("the replay has written {} lines, the most that one may", lines_.size()));
  if (append.run) {
    know(*append.run);
    RunRow& row = own_[append.run->id].row;
    append.run->first_seq = row.first_seq;
    append.run->last_seq = row.last_seq;
    row = std::move(*append.run);
  }
  for (const Event& event : append.events) add(event);
  for (Fact& fact : append.facts) add(std::move(fact));
  std::ranges::move(append.dead, std::back_inserter(dead_));
  return {};
}

// Answer::kNever: it has no message that is on record.
std::int64_t RehearsalJournal::place_of(const Append& append) const {
  for (const Event& event : append.events) {
    if (event.type != "message") continue;
    const auto known = messages_.find(names_.as_recorded(string_or(event.fields, "id")));
    if (known != messages_.end()) return known->second;
  }
  return Answer::kNever;
}

std::int64_t RehearsalJournal::held_at() const {
  return held_.empty() ? Answer::kNever : held_.begin()->first;
}

bool RehearsalJournal::release() {
  if (held_.empty()) return false;
  held_.extract(held_.begin()).mapped()->set(true);
  return true;
}

Task<Result<>> RehearsalJournal::commit(Append append) {
  co_await turn(loop_);
  const std::int64_t at = place_of(append);
  const bool first = awaited_.empty() || *awaited_.begin() >= at;
  if (at != Answer::kNever && (!first || (comes_before && comes_before(at)))) {
    OneShot<bool> free(loop_);
    held_.emplace(at, &free);
    co_await free.wait();
  }
  awaited_.erase(at);
  auto applied = apply(std::move(append));
  if (on_commit) co_await on_commit();
  co_return applied;
}

void RehearsalJournal::post(Append append) {
  loop_.post([this, append = std::move(append)]() mutable { (void)apply(std::move(append)); });
}

std::unique_ptr<store::Journal::Subscription> RehearsalJournal::subscribe(const std::string&,
                                                                          store::Subscriber&) {
  return std::make_unique<Unwatched>();
}

Task<Result<std::vector<Frame>>> RehearsalJournal::read_events(std::string, std::int64_t after,
                                                               std::size_t limit) {
  co_await turn(loop_);
  std::vector<Frame> page;
  for (const Frame& frame : events_)
    if (frame.seq > after && page.size() < limit) page.push_back(frame);
  co_return page;
}

Task<Result<std::vector<Frame>>> RehearsalJournal::read_run_events(std::string run) {
  co_await turn(loop_);
  if (auto own = own_.find(run); own != own_.end()) co_return own->second.events;
  co_return reader_.run_events(run);
}

Task<Result<std::vector<Fact>>> RehearsalJournal::read_facts(std::string run) {
  co_await turn(loop_);
  if (auto own = own_.find(run); own != own_.end()) co_return own->second.facts;
  co_return reader_.facts(run);
}

Task<Result<std::vector<Fact>>> RehearsalJournal::session_facts(std::string session, std::string kind) {
  co_await turn(loop_);
  auto kept = reader_.session_facts(session, kind);
  if (!kept) co_return fail(std::move(kept.error()));
  std::vector<Fact> found;
  std::map<std::string, bool> before;
  for (Fact& fact : *kept) {
    auto known = before.find(fact.run);
    if (known == before.end()) {
      auto row = reader_.run(fact.run);
      known = before.emplace(fact.run, row && was_before(*row)).first;
    }
    if (known->second) found.push_back(std::move(fact));
  }
  for (const store::LogLine& line : lines_)
    if (!line.is_event() && line.type == kind) found.push_back({line.run, line.type, line.step, line.body});
  co_return found;
}

Task<Result<std::optional<store::SessionRow>>> RehearsalJournal::find_session(std::string id) {
  co_await turn(loop_);
  if (id != recording_.session.id) co_return std::nullopt;
  co_return recording_.session;
}

Task<Result<std::optional<RunRow>>> RehearsalJournal::find_run(std::string id) {
  co_await turn(loop_);
  const auto own = own_.find(id);
  if (own == own_.end()) co_return std::nullopt;
  co_return own->second.row;
}

Task<Result<std::optional<RunRow>>> RehearsalJournal::find_message(std::string, std::string message_id) {
  co_await turn(loop_);
  for (const auto& [id, own] : own_)
    if (!message_id.empty() && own.row.message_id == message_id) co_return own.row;
  co_return std::nullopt;
}

Task<Result<std::vector<store::SessionRow>>> RehearsalJournal::list_sessions(std::string, std::size_t limit) {
  co_await turn(loop_);
  std::vector<store::SessionRow> rows;
  if (limit > 0) rows.push_back(recording_.session);
  co_return rows;
}

Task<Result<std::vector<RunRow>>> RehearsalJournal::list_runs(std::string, std::string, std::size_t limit) {
  co_await turn(loop_);
  std::vector<RunRow> rows;
  for (auto id = made_.rbegin(); id != made_.rend() && rows.size() < limit; ++id)
    rows.push_back(own_.at(*id).row);
  co_return rows;
}

Task<Result<std::vector<RunRow>>> RehearsalJournal::unfinished_runs() {
  co_await turn(loop_);
  std::vector<RunRow> rows;
  for (const std::string& id : made_)
    if (!own_.at(id).row.finished()) rows.push_back(own_.at(id).row);
  co_return rows;
}

Task<Result<std::vector<RunRow>>> RehearsalJournal::turns(std::string session, std::string agent,
                                                          std::size_t limit) {
  co_await turn(loop_);
  auto kept = reader_.turns(session, agent, std::numeric_limits<std::int32_t>::max());
  if (!kept) co_return fail(std::move(kept.error()));
  std::erase_if(*kept, [this](const RunRow& row) { return !was_before(row); });
  for (const std::string& id : made_)
    if (const RunRow& row = own_.at(id).row; row.finished() && row.agent == agent) kept->push_back(row);
  if (kept->size() > limit) kept->erase(kept->begin(), kept->end() - static_cast<std::ptrdiff_t>(limit));
  co_return kept;
}

// What others spent is not what a replay is held against.
Task<Result<std::vector<store::UsageRow>>> RehearsalJournal::usage(store::UsageQuery) {
  co_await turn(loop_);
  co_return std::vector<store::UsageRow>();
}

Task<Result<std::vector<store::DeadLetterRow>>> RehearsalJournal::dead_letters(std::string,
                                                                               std::size_t limit) {
  co_await turn(loop_);
  std::vector<store::DeadLetterRow> rows(dead_.rbegin(), dead_.rend());
  if (rows.size() > limit) rows.resize(limit);
  co_return rows;
}

Task<Result<std::optional<store::DeadLetterRow>>> RehearsalJournal::find_dead_letter(std::string,
                                                                                     std::string id) {
  co_await turn(loop_);
  for (auto letter = dead_.rbegin(); letter != dead_.rend(); ++letter)
    if (letter->id == id) co_return *letter;
  co_return std::nullopt;
}

Task<Result<std::string>> RehearsalJournal::put_blob(std::string text) {
  co_await turn(loop_);
  std::string hash = sha256_hex(text);
  blobs_[hash] = std::move(text);
  co_return hash;
}

Task<Result<std::string>> RehearsalJournal::get_blob(std::string hash) {
  co_await turn(loop_);
  if (const auto own = blobs_.find(hash); own != blobs_.end()) co_return own->second;
  co_return reader_.blob(hash);
}

Task<Result<std::int64_t>> RehearsalJournal::last_seq(std::string) {
  co_await turn(loop_);
  co_return seq_;
}

bool RehearsalJournal::paused(std::string* reason) const {
  if (reason) reason->clear();
  return false;
}

Task<> RehearsalJournal::close() {
  co_return;
}

}  // namespace troupe::agents
