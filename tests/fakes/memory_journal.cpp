#include "tests/fakes/memory_journal.h"

#include "runtime/async/one_shot.h"

#include <algorithm>
#include <iterator>
#include <tuple>

#include <fmt/format.h>
#include <openssl/sha.h>

namespace troupe::fakes {

using store::Append;
using store::RunRow;
using store::SessionRow;

namespace {

// Everything comes back on a later turn of the loop, as from a store thread.
Task<> turn(Loop& loop) {
  OneShot<bool> next(loop);
  loop.post([&next] { next.set(true); });
  co_await next.wait();
}

const std::string& word_of(const store::Spending& line, store::UsageBy by) {
  switch (by) {
    case store::UsageBy::day:
      return line.day;
    case store::UsageBy::tenant:
      return line.tenant;
    case store::UsageBy::session:
      return line.session;
    case store::UsageBy::agent:
      return line.agent;
    case store::UsageBy::target:
      return line.target;
    case store::UsageBy::model:
      break;
  }
  return line.model;
}

bool wanted(const store::Spending& line, const store::UsageQuery& query) {
  const auto fits = [](const std::string& asked, const std::string& word) {
    return asked.empty() || asked == word;
  };
  return fits(query.tenant, line.tenant) && fits(query.session, line.session) &&
         fits(query.agent, line.agent) && line.day >= query.since &&
         (query.until.empty() || line.day <= query.until);
}

template <class Row>
Result<std::vector<Row>> first(std::vector<std::pair<std::int64_t, Row>> ordered, std::size_t limit,
                               bool newest_first) {
  std::ranges::sort(ordered, [&](const auto& a, const auto& b) {
    return newest_first ? a.first > b.first : a.first < b.first;
  });
  std::vector<Row> rows;
  for (auto& [order, row] : ordered)
    if (rows.size() < limit) rows.push_back(std::move(row));
  return rows;
}

}  // namespace

class MemoryJournal::Handle final : public Subscription {
 public:
  Handle(MemoryJournal& journal, std::int64_t id) : journal_(journal), id_(id) {}
  ~Handle() override { journal_.subscribers_.erase(id_); }

 private:
  MemoryJournal& journal_;
  const std::int64_t id_;
};

std::unique_ptr<store::Journal::Subscription> MemoryJournal::subscribe(const std::string& session,
                                                                       store::Subscriber& subscriber) {
  const std::int64_t id = ++handles_;
  subscribers_.emplace(id, std::pair(session, &subscriber));
  return std::make_unique<Handle>(*this, id);
}

// Subscribers come and go while they are told.
void MemoryJournal::deliver(const Frame& frame) {
  const std::int64_t last = handles_;
  for (auto it = subscribers_.begin(); it != subscribers_.end() && it->first <= last;) {
    const std::int64_t id = it->first;
    const auto [session, subscriber] = it->second;
    if (session == frame.session) subscriber->on_frame(frame);
    it = subscribers_.upper_bound(id);
  }
}

void MemoryJournal::forget_upto(const std::string& id, std::int64_t seq) {
  std::erase_if(session(id).events, [&](const Frame& frame) { return frame.seq <= seq; });
}

MemoryJournal::Session& MemoryJournal::session(const std::string& id) {
  auto [it, made] = sessions_.try_emplace(id);
  if (made) it->second.row.id = id;
  return it->second;
}

MemoryJournal::Run& MemoryJournal::run(const std::string& id) {
  auto [it, made] = runs_.try_emplace(id);
  if (made) it->second.row.id = id;
  if (made) it->second.made = ++order_;
  return it->second;
}

Result<> MemoryJournal::check(const Append& append) const {
  if (closed_) return fail(ErrorCode::store, "the journal is closed");
  const auto invalid = [](std::string message) { return fail(ErrorCode::invalid, std::move(message)); };
  for (const Event& event : append.events)
    if (event.session.empty() || event.type.empty()) return invalid("an event needs a session and a type");
  for (const store::Fact& fact : append.facts)
    if (fact.run.empty() || fact.kind.empty()) return invalid("a fact needs a run and a kind");
  for (const store::Spending& spending : append.spent)
    if (spending.day.empty() || spending.session.empty())
      return invalid("what is spent needs a day and a session");
  for (const store::DeadLetterRow& letter : append.dead)
    if (letter.id.empty() || letter.session.empty())
      return invalid("a dead letter needs an id and a session");
  if (!append.forget.empty() && !sessions_.contains(append.forget))
    return fail(ErrorCode::not_found, fmt::format("there is no session {}", append.forget));
  for (const auto& [id, known] : runs_)
    if (!append.forget.empty() && known.row.session == append.forget && !known.row.finished())
      return fail(ErrorCode::busy, fmt::format("run {} is not finished", id));
  if (append.session && append.session->id.empty()) return invalid("a session needs an id");
  for (const RunRow& other : append.others)
    if (other.id.empty() || other.session.empty()) return invalid("a run needs an id and a session");
  if (!append.run) return {};
  if (append.run->id.empty() || append.run->session.empty())
    return invalid("a run needs an id and a session");
  for (const auto& [id, known] : runs_)
    if (id != append.run->id && known.row.session == append.run->session && !append.run->message_id.empty() &&
        known.row.message_id == append.run->message_id)
      return fail(ErrorCode::conflict,
                  fmt::format("message id {} belongs to run {}", append.run->message_id, id));
  return {};
}

Result<> MemoryJournal::apply(Append append) {
  if (write_failure) return fail(*write_failure);
  if (auto sound = check(append); !sound) return sound;
  if (!append.forget.empty()) {
    std::erase_if(runs_, [&](const auto& run) { return run.second.row.session == append.forget; });
    std::erase_if(dead_, [&](const auto& letter) { return letter.session == append.forget; });
    sessions_.erase(append.forget);
  }
  if (append.session) {
    Session& entry = session(append.session->id);
    if (entry.row.tenant.empty()) {
      const std::int64_t last_seq = entry.row.last_seq;  // a session is made by the first event that names it
      const std::int64_t runs = entry.row.runs;
      entry.row = *append.session;
      entry.row.last_seq = last_seq;
      entry.row.runs = runs;
    } else {
      entry.row.target = append.session->target;
      entry.row.updated_ms = append.session->updated_ms;
    }
    if (entry.touched == 0) entry.touched = ++order_;
  }
  std::vector<RunRow> rows = std::move(append.others);
  if (append.run) rows.push_back(*append.run);
  for (RunRow& row : rows) {
    Run& entry = run(row.id);
    row.first_seq = entry.row.first_seq;
    row.last_seq = entry.row.last_seq;
    if (row.message_id.empty()) row.message_id = entry.row.message_id;
    if (entry.row.session.empty()) ++session(row.session).row.runs;
    entry.row = std::move(row);
  }
  for (store::Fact& fact : append.facts) run(fact.run).facts.push_back(std::move(fact));
  std::ranges::move(append.spent, std::back_inserter(ledger_));
  for (store::DeadLetterRow& letter : append.dead) bury(std::move(letter));
  std::vector<Frame> published;
  for (const Event& event : append.events) {
    Session& entry = session(event.session);
    const std::int64_t seq = ++entry.row.last_seq;
    auto text = std::make_shared<const std::string>(render(event, seq, loop_.clock().wall_ms()));
    entry.events.push_back({std::move(text), seq, event.session, event.run, event.type, event.step});
    published.push_back(entry.events.back());
    if (event.run.empty()) continue;
    RunRow& row = run(event.run).row;
    if (row.first_seq == 0) row.first_seq = seq;
    if (event.type == "run.finished") row.last_seq = seq;
  }
  for (const Frame& frame : published) deliver(frame);
  return {};
}

Task<Result<>> MemoryJournal::commit(Append append) {
  if (before_commit) co_await before_commit();
  co_await turn(loop_);
  co_return apply(std::move(append));
}

void MemoryJournal::post(Append append) {
  loop_.post([this, append = std::move(append)]() mutable { (void)apply(std::move(append)); });
}

void MemoryJournal::publish(const Event& event) {
  auto text = std::make_shared<const std::string>(render(event, 0, loop_.clock().wall_ms()));
  deliver({std::move(text), 0, event.session, event.run, event.type, event.step});
}

Task<Result<std::vector<Frame>>> MemoryJournal::read_events(std::string id, std::int64_t after,
                                                            std::size_t limit) {
  co_await turn(loop_);
  ++reads;
  std::vector<Frame> page;
  if (auto it = sessions_.find(id); it != sessions_.end())
    for (const Frame& frame : it->second.events)
      if (frame.seq > after && page.size() < limit) page.push_back(frame);
  largest_page = std::max(largest_page, page.size());
  if (during_read) co_await during_read();
  if (read_failure) co_return fail(*read_failure);
  co_return page;
}

Task<Result<std::vector<Frame>>> MemoryJournal::read_run_events(std::string id) {
  co_await turn(loop_);
  std::vector<Frame> frames;
  for (const auto& [name, entry] : sessions_)
    for (const Frame& frame : entry.events)
      if (frame.run == id) frames.push_back(frame);
  co_return frames;
}

Task<Result<std::vector<store::Fact>>> MemoryJournal::read_facts(std::string id) {
  co_await turn(loop_);
  auto it = runs_.find(id);
  co_return it == runs_.end() ? std::vector<store::Fact>() : it->second.facts;
}

Task<Result<std::vector<store::Fact>>> MemoryJournal::session_facts(std::string id, std::string kind) {
  co_await turn(loop_);
  std::vector<const Run*> runs;
  for (const auto& [name, run] : runs_)
    if (run.row.session == id) runs.push_back(&run);
  std::ranges::sort(runs, {}, &Run::made);
  std::vector<store::Fact> found;
  for (const Run* run : runs)
    std::ranges::copy_if(run->facts, std::back_inserter(found),
                         [&](const store::Fact& fact) { return fact.kind == kind; });
  co_return found;
}

Task<Result<std::optional<SessionRow>>> MemoryJournal::find_session(std::string id) {
  co_await turn(loop_);
  auto it = sessions_.find(id);
  if (it == sessions_.end()) co_return std::nullopt;
  co_return it->second.row;
}

Task<Result<std::optional<RunRow>>> MemoryJournal::find_run(std::string id) {
  co_await turn(loop_);
  auto it = runs_.find(id);
  if (it == runs_.end()) co_return std::nullopt;
  co_return it->second.row;
}

Task<Result<std::optional<RunRow>>> MemoryJournal::find_message(std::string id, std::string message_id) {
  co_await turn(loop_);
  for (const auto& [name, entry] : runs_)
    if (!message_id.empty() && entry.row.session == id && entry.row.message_id == message_id)
      co_return entry.row;
  co_return std::nullopt;
}

Task<Result<std::vector<SessionRow>>> MemoryJournal::list_sessions(std::string tenant, std::size_t limit) {
  co_await turn(loop_);
  std::vector<std::pair<std::int64_t, SessionRow>> rows;
  for (const auto& [name, entry] : sessions_)
    if (tenant.empty() || entry.row.tenant == tenant) rows.emplace_back(entry.touched, entry.row);
  co_return first(std::move(rows), limit, true);
}

Task<Result<std::vector<RunRow>>> MemoryJournal::list_runs(std::string tenant, std::string id,
                                                           std::size_t limit) {
  co_await turn(loop_);
  std::vector<std::pair<std::int64_t, RunRow>> rows;
  for (const auto& [name, entry] : runs_)
    if ((tenant.empty() || entry.row.tenant == tenant) && (id.empty() || entry.row.session == id))
      rows.emplace_back(entry.made, entry.row);
  co_return first(std::move(rows), limit, true);
}

Task<Result<std::vector<RunRow>>> MemoryJournal::unfinished_runs() {
  co_await turn(loop_);
  std::vector<std::pair<std::int64_t, RunRow>> rows;
  for (const auto& [name, entry] : runs_)
    if (!entry.row.session.empty() && !entry.row.finished()) rows.emplace_back(entry.made, entry.row);
  const std::size_t all = rows.size();
  co_return first(std::move(rows), all, false);
}

Task<Result<std::vector<RunRow>>> MemoryJournal::turns(std::string id, std::string agent, std::size_t limit) {
  co_await turn(loop_);
  std::vector<std::pair<std::int64_t, RunRow>> rows;
  for (const auto& [name, entry] : runs_)
    if (entry.row.finished() && entry.row.session == id && entry.row.agent == agent)
      rows.emplace_back(entry.made, entry.row);
  auto newest = first(std::move(rows), limit, true);
  std::ranges::reverse(*newest);
  co_return newest;
}

Task<Result<std::vector<store::UsageRow>>> MemoryJournal::usage(store::UsageQuery query) {
  co_await turn(loop_);
  std::map<std::string, store::Used> sums;
  for (const store::Spending& line : ledger_)
    if (wanted(line, query)) sums[word_of(line, query.by)] += line.used;
  std::vector<store::UsageRow> rows;
  for (const auto& [key, used] : sums) rows.push_back({key, used});
  if (query.by != store::UsageBy::day)
    std::ranges::sort(rows, [](const store::UsageRow& a, const store::UsageRow& b) {
      const auto tokens = [](const store::Used& used) { return used.input_tokens + used.output_tokens; };
      return std::tuple(-a.used.cost, -tokens(a.used), a.key) <
             std::tuple(-b.used.cost, -tokens(b.used), b.key);
    });
  if (rows.size() > query.limit) rows.resize(query.limit);
  co_return rows;
}

void MemoryJournal::bury(store::DeadLetterRow letter) {
  (void)session(letter.session);
  auto known = std::ranges::find_if(dead_, [&](const store::DeadLetterRow& other) {
    return other.session == letter.session && other.id == letter.id;
  });
  if (known == dead_.end()) return dead_.push_back(std::move(letter));
  letter.resent_ms = std::max(letter.resent_ms, known->resent_ms);
  *known = std::move(letter);
}

Task<Result<std::vector<store::DeadLetterRow>>> MemoryJournal::dead_letters(std::string tenant,
                                                                            std::size_t limit) {
  co_await turn(loop_);
  using Placed = std::pair<std::size_t, const store::DeadLetterRow*>;
  std::vector<Placed> found;
  for (const store::DeadLetterRow& letter : dead_)
    if (tenant.empty() || letter.tenant == tenant) found.emplace_back(found.size(), &letter);
  std::ranges::sort(found, std::greater(),
                    [](const Placed& letter) { return std::pair(letter.second->at_ms, letter.first); });
  std::vector<store::DeadLetterRow> rows;
  for (const auto& [place, letter] : found)
    if (rows.size() < limit) rows.push_back(*letter);
  for (store::DeadLetterRow& letter : rows)
    for (const auto& [id, run] : runs_)
      if (letter.resent_ms == 0 && run.row.session == letter.session &&
          run.row.message_id == letter.resend_id && !letter.resend_id.empty())
        letter.resent_ms = run.row.created_ms;
  co_return rows;
}

Task<Result<std::optional<store::DeadLetterRow>>> MemoryJournal::find_dead_letter(std::string tenant,
                                                                                  std::string id) {
  auto rows = co_await dead_letters(std::move(tenant), dead_.size());
  for (store::DeadLetterRow& letter : *rows)
    if (letter.id == id) co_return std::move(letter);
  co_return std::nullopt;
}

Task<Result<std::string>> MemoryJournal::put_blob(std::string text) {
  co_await turn(loop_);
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  std::string hash;
  for (unsigned char byte : digest) hash += fmt::format("{:02x}", byte);
  blobs_[hash] = std::move(text);
  co_return hash;
}

Task<Result<std::string>> MemoryJournal::get_blob(std::string hash) {
  co_await turn(loop_);
  auto it = blobs_.find(hash);
  if (it == blobs_.end()) co_return fail(ErrorCode::not_found, fmt::format("no text with hash {}", hash));
  co_return it->second;
}

Task<Result<std::int64_t>> MemoryJournal::last_seq(std::string id) {
  co_await turn(loop_);
  auto it = sessions_.find(id);
  co_return it == sessions_.end() ? 0 : it->second.row.last_seq;
}

bool MemoryJournal::paused(std::string* reason) const {
  if (reason) *reason = pause_reason;
  return !pause_reason.empty();
}

Task<> MemoryJournal::close() {
  co_await turn(loop_);
  closed_ = true;
}

}  // namespace troupe::fakes
