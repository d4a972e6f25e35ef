#include "runtime/store/log_appender.h"

#include "runtime/base/limits.h"
#include "runtime/base/sha256.h"
#include "runtime/store/chain.h"
#include "runtime/store/gap.h"
#include "runtime/store/rows.h"

#include <cstdlib>

#include <fmt/format.h>

namespace troupe::store {

namespace {

constexpr char kInsertRow[] =
    "INSERT INTO log(stream, n, run, step, type, chain, body) VALUES(?, ?, ?, ?, ?, ?, ?)";
constexpr char kEnd[] =
    "SELECT n, CASE WHEN type = 'log.dropped' THEN json_extract(body, '$.chain') ELSE chain END FROM log "
    "WHERE stream = ? ORDER BY n DESC LIMIT 1";

constexpr char kFindSession[] = "SELECT n FROM sessions WHERE id = ?";
constexpr char kBareSession[] =
    "INSERT INTO sessions(id, tenant, target, created_ms, updated_ms) VALUES(?, '', '', ?, ?)";
constexpr char kSession[] =
    "INSERT INTO sessions(id, tenant, target, created_ms, updated_ms) VALUES(?, ?, ?, ?, ?) "
    "ON CONFLICT(id) DO UPDATE SET target = excluded.target, updated_ms = max(updated_ms, "
    "excluded.updated_ms), "
    "tenant = CASE WHEN tenant = '' THEN excluded.tenant ELSE tenant END";
constexpr char kTouchSession[] =
    "UPDATE sessions SET updated_ms = max(updated_ms, ?), runs = runs + ? WHERE n = ?";

// Negative when the row only reserves the number.
constexpr char kFindRun[] = "SELECT CASE WHEN session IS NULL THEN -n ELSE n END FROM runs WHERE id = ?";
constexpr char kBareRun[] = "INSERT INTO runs(id) VALUES(?)";
constexpr char kRun[] =
    "UPDATE runs SET session = ?, tenant = ?, target = ?, agent = ?, parent = ?, message_id = ?, input = ?, "
    "answer = ?, status = ?, reason = ?, steps = ?, input_tokens = ?, output_tokens = ?, cost = ?, "
    "created_ms = ?, finished_ms = ?, config = ?, extra = ?, "
    "first_seq = CASE WHEN first_seq > 0 THEN first_seq ELSE ? END, last_seq = max(last_seq, ?) WHERE n = ?";
constexpr char kFirstSeq[] = "UPDATE runs SET first_seq = ? WHERE n = ? AND first_seq = 0";
constexpr char kLastSeq[] = "UPDATE runs SET last_seq = ? WHERE n = ?";

constexpr char kSpending[] =
    "INSERT INTO usage(day, tenant, session, agent, target, model, calls, input_tokens, output_tokens, "
    "cached_tokens, cost) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT(day, tenant, session, agent, target, model) DO UPDATE SET calls = calls + excluded.calls, "
    "input_tokens = input_tokens + excluded.input_tokens, "
    "output_tokens = output_tokens + excluded.output_tokens, "
    "cached_tokens = cached_tokens + excluded.cached_tokens, cost = cost + excluded.cost";

constexpr char kDeadLetter[] =
    "INSERT INTO dead_letters(session, id, tenant, run, reason, detail, body, resend_id, at_ms, resent_ms) "
    "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(session, id) DO UPDATE SET tenant = excluded.tenant, "
    "run = excluded.run, reason = excluded.reason, detail = excluded.detail, body = excluded.body, "
    "resend_id = excluded.resend_id, at_ms = excluded.at_ms, "
    "resent_ms = max(resent_ms, excluded.resent_ms)";

constexpr char kUnfinished[] = "SELECT id FROM runs WHERE session = ? AND finished_ms = 0 LIMIT 1";
constexpr char kForgetFacts[] =
    "DELETE FROM log WHERE stream IN (SELECT n * 2 + 1 FROM runs WHERE session = ?)";
constexpr char kForgetEvents[] = "DELETE FROM log WHERE stream = ?";
constexpr char kForgetDeadLetters[] = "DELETE FROM dead_letters WHERE session = ?";
constexpr char kForgetRuns[] = "DELETE FROM runs WHERE session = ?";
constexpr char kForgetSession[] = "DELETE FROM sessions WHERE n = ?";

constexpr char kBlob[] = "INSERT OR IGNORE INTO blobs(hash, body) VALUES(?, ?)";

bool begins(const Event& event) {
  return event.type == "run.queued" || event.type == "run.started";
}
bool ends(const Event& event) {
  return event.type == "run.finished";
}

std::int64_t events_of(std::int64_t session) {
  return session * 2;
}
std::int64_t facts_of(std::int64_t run) {
  return run * 2 + 1;
}

}  // namespace

Result<> LogAppender::write(Entry& entry) {
  entry.frames.clear();
  if (sessions_.size() + runs_.size() > limits::kJournalTails) forget();
  if (entry.blob) return write_blob(entry);
  return write_append(entry.append, entry);
}

void LogAppender::forget() {
  sessions_.clear();
  runs_.clear();
}

Result<> LogAppender::write_append(Append& append, Entry& entry) {
  if (!append.forget.empty()) {
    if (auto done = forget_session(append.forget); !done) return done;
  }
  if (append.session) {
    if (auto done = write_session(*append.session, entry.wall_ms); !done) return done;
  }
  for (const RunRow& other : append.others) {
    if (auto done = write_run(other, {}, entry.wall_ms); !done) return done;
  }
  const RunRow* row = append.run ? &*append.run : nullptr;
  if (row) {
    auto home = session(row->session, entry.wall_ms);
    if (!home) return fail(std::move(home.error()));
    if (auto done = write_run(*row, planned(append, **home), entry.wall_ms); !done) return done;
  }
  entry.frames.reserve(append.events.size());
  for (const Event& event : append.events) {
    if (auto done = write_event(event, row, entry); !done) return done;
  }
  for (const Fact& fact : append.facts) {
    if (auto done = write_fact(fact); !done) return done;
  }
  for (const Spending& spending : append.spent) {
    if (auto done = write_spending(spending); !done) return done;
  }
  for (const DeadLetterRow& letter : append.dead) {
    if (auto done = write_dead_letter(letter, entry.wall_ms); !done) return done;
  }
  return {};
}

Result<> LogAppender::forget_session(const std::string& id) {
  auto number = find(kFindSession, id);
  if (!number) return fail(std::move(number.error()));
  if (*number == 0) return fail(ErrorCode::not_found, fmt::format("there is no session `{}`", id));
  auto open = one_row<std::string>(database_, kUnfinished, first_text, *number);
  if (!open) return fail(std::move(open.error()));
  if (*open)
    return fail(ErrorCode::busy,
                fmt::format("session {}: run {} is not finished; cancel it first", id, **open));
  forget();  // numbers may be given anew
  if (auto done = change(database_, kForgetFacts, *number); !done) return done;
  if (auto done = change(database_, kForgetEvents, events_of(*number)); !done) return done;
  if (auto done = change(database_, kForgetDeadLetters, *number); !done) return done;
  if (auto done = change(database_, kForgetRuns, *number); !done) return done;
  return change(database_, kForgetSession, *number);
}

Result<> LogAppender::write_blob(Entry& entry) {
  entry.outcome = sha256_hex(*entry.blob);
  return change(database_, kBlob, *entry.outcome, *entry.blob);
}

Result<> LogAppender::write_session(const SessionRow& row, std::int64_t wall_ms) {
  const std::int64_t created = row.created_ms > 0 ? row.created_ms : wall_ms;
  const std::int64_t updated = row.updated_ms > 0 ? row.updated_ms : wall_ms;
  return change(database_, kSession, row.id, row.tenant, row.target, created, updated);
}

/// Where the run of this append begins and ends, seen from the end of its session before the append.
LogAppender::Seqs LogAppender::planned(const Append& append, const Tail& session) const {
  Seqs seqs;
  std::int64_t seq = session.last;
  for (const Event& event : append.events) {
    if (event.session != append.run->session) continue;
    ++seq;
    if (event.run != append.run->id) continue;
    if (begins(event) && seqs.first == 0) seqs.first = seq;
    if (ends(event)) seqs.last = seq;
  }
  return seqs;
}

Result<> LogAppender::write_run(const RunRow& row, const Seqs& seqs, std::int64_t wall_ms) {
  auto home = session(row.session, wall_ms);
  if (!home) return fail(std::move(home.error()));
  auto tail = run(row.id);
  if (!tail) return fail(std::move(tail.error()));

  auto statement = database_.statement(kRun);
  if (!statement) return fail(std::move(statement.error()));
  (*statement)
      ->bind((*home)->number, row.tenant, row.target, row.agent, row.parent, row.message_id, row.input,
             row.answer, row.status, row.reason, row.steps, row.input_tokens, row.output_tokens, row.cost,
             row.created_ms, row.finished_ms, row.config, row.extra, seqs.first, seqs.last, (*tail)->number);
  if (row.message_id.empty()) (*statement)->bind_null(6);
  if (auto done = (*statement)->run(); !done) {
    if (!database_.broke_unique()) return done;
    return fail(ErrorCode::conflict, fmt::format("session {}: message id `{}` belongs to another run already",
                                                 row.session, row.message_id));
  }

  const int fresh = (*tail)->listed || !row.parent.empty() ? 0 : 1;  // what somebody asked for counts
  (*tail)->listed = true;
  return change(database_, kTouchSession, wall_ms, fresh, (*home)->number);
}

Result<> LogAppender::write_event(const Event& event, const RunRow* row, Entry& entry) {
  auto tail = session(event.session, entry.wall_ms);
  if (!tail) return fail(std::move(tail.error()));
  std::int64_t run_number = 0;
  if (!event.run.empty()) {
    auto owner = run(event.run);
    if (!owner) return fail(std::move(owner.error()));
    run_number = (*owner)->number;
  }

  const std::int64_t seq = (*tail)->last + 1;
  auto text = std::make_shared<const std::string>(render(event, seq, entry.wall_ms));
  if (text->size() > limits::kJsonBytes)
    return fail(ErrorCode::too_large, fmt::format("event {} of run {} has {} bytes; an event may have {}",
                                                  event.type, event.run, text->size(), limits::kJsonBytes));
  auto done = write_row(events_of((*tail)->number), **tail, run_number, event.step, event.type, *text);
  if (!done) return done;
  entry.frames.push_back({.text = std::move(text), .seq = seq, .type = event.type, .step = event.step});
  const bool planned = row && row->id == event.run && row->session == event.session;
  return planned || run_number == 0 ? Result<>() : mark_run(event, seq);
}

/// Notes where a run begins or ends when its own row is not part of the append.
Result<> LogAppender::mark_run(const Event& event, std::int64_t seq) {
  if (begins(event)) return change(database_, kFirstSeq, seq, runs_.find(event.run)->second.number);
  if (ends(event)) return change(database_, kLastSeq, seq, runs_.find(event.run)->second.number);
  return {};
}

Result<> LogAppender::write_fact(const Fact& fact) {
  // The end of the stream stays where it is, with the same checksum for the next row.
  if (fact.kind == kGap) return drop(database_, fact);
  auto tail = run(fact.run);
  if (!tail) return fail(std::move(tail.error()));
  return write_row(facts_of((*tail)->number), **tail, (*tail)->number, fact.step, fact.kind, fact.body);
}

Result<> LogAppender::write_spending(const Spending& spending) {
  const Used& used = spending.used;
  return change(database_, kSpending, spending.day, spending.tenant, spending.session, spending.agent,
                spending.target, spending.model, used.calls, used.input_tokens, used.output_tokens,
                used.cached_tokens, used.cost);
}

Result<> LogAppender::write_dead_letter(const DeadLetterRow& letter, std::int64_t wall_ms) {
  auto home = session(letter.session, wall_ms);
  if (!home) return fail(std::move(home.error()));
  return change(database_, kDeadLetter, (*home)->number, letter.id, letter.tenant, letter.run, letter.reason,
                letter.detail, letter.body, letter.resend_id, letter.at_ms, letter.resent_ms);
}

Result<> LogAppender::write_row(std::int64_t stream, Tail& tail, std::int64_t run, int step,
                                std::string_view type, std::string_view body) {
  const std::uint32_t chain = link(tail.chain, tail.last + 1, step, type, body);
  auto statement = database_.statement(kInsertRow);
  if (!statement) return fail(std::move(statement.error()));
  (*statement)->bind(stream, tail.last + 1, run, step, type, chain, body);
  if (run == 0) (*statement)->bind_null(3);
  if (auto done = (*statement)->run(); !done) return done;
  ++tail.last;
  tail.chain = chain;
  return {};
}

Result<LogAppender::Tail*> LogAppender::session(const std::string& id, std::int64_t wall_ms) {
  if (auto found = sessions_.find(id); found != sessions_.end()) return &found->second;
  auto number = find(kFindSession, id);
  if (!number) return fail(std::move(number.error()));
  Tail tail{.number = *number};
  if (tail.number == 0) {
    if (auto done = change(database_, kBareSession, id, wall_ms, wall_ms); !done)
      return fail(std::move(done.error()));
    tail.number = database_.last_row();
  } else if (auto done = load_end(events_of(tail.number), tail); !done) {
    return fail(std::move(done.error()));
  }
  return &sessions_.emplace(id, tail).first->second;
}

Result<LogAppender::Tail*> LogAppender::run(const std::string& id) {
  if (auto found = runs_.find(id); found != runs_.end()) return &found->second;
  auto number = find(kFindRun, id);
  if (!number) return fail(std::move(number.error()));
  Tail tail{.number = std::abs(*number), .listed = *number > 0};
  if (tail.number == 0) {
    if (auto done = change(database_, kBareRun, id); !done) return fail(std::move(done.error()));
    tail.number = database_.last_row();
  } else if (auto done = load_end(facts_of(tail.number), tail); !done) {
    return fail(std::move(done.error()));
  }
  return &runs_.emplace(id, tail).first->second;
}

/// The number that `sql` finds for an id; 0 when there is none.
Result<std::int64_t> LogAppender::find(const char* sql, const std::string& id) {
  auto number = one_row<std::int64_t>(database_, sql, first_integer, id);
  if (!number) return fail(std::move(number.error()));
  return number->value_or(0);
}

Result<> LogAppender::load_end(std::int64_t stream, Tail& tail) {
  auto end = database_.statement(kEnd);
  if (!end) return fail(std::move(end.error()));
  Rows rows((*end)->bind(stream));
  auto row = rows.next();
  if (!row) return fail(std::move(row.error()));
  if (*row) {
    tail.last = (*end)->integer(0);
    tail.chain = static_cast<std::uint32_t>((*end)->integer(1));
  }
  return {};
}

}  // namespace troupe::store
