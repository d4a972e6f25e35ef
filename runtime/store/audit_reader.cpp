#include "runtime/store/audit_reader.h"

#include "runtime/store/moment.h"
#include "runtime/store/open_for_reading.h"
#include "runtime/store/queries.h"
#include "runtime/store/rows.h"

#include <limits>
#include <utility>

#include <fmt/format.h>

namespace troupe::store {

namespace {

constexpr char kLogAfter[] =
    "SELECT pos, stream, n, coalesce(run, 0), step, type, chain, body FROM log WHERE (stream, n) > (?, ?) "
    "ORDER BY stream, n LIMIT ?";
constexpr char kSessionName[] = "SELECT id FROM sessions WHERE n = ?";
constexpr char kRunName[] =
    "SELECT r.id, coalesce(s.id, '') FROM runs r LEFT JOIN sessions s ON s.n = r.session WHERE r.n = ?";
constexpr char kPlace[] = "SELECT id, coalesce(session, 0), first_seq, last_seq FROM runs WHERE n = ?";
constexpr char kRunsOf[] = "SELECT n FROM runs WHERE session = ? AND n > ? ORDER BY n LIMIT ?";
constexpr char kUsageOfNoRun[] =
    "SELECT body FROM log WHERE stream = ? AND run IS NULL AND type = 'usage' ORDER BY n";
constexpr char kWithoutRow[] =
    "SELECT id FROM runs r WHERE session IS NULL AND EXISTS (SELECT 1 FROM log WHERE stream = r.n * 2 + 1) "
    "ORDER BY n LIMIT ?";
constexpr char kRunId[] = "SELECT id, coalesce(session, 0) FROM runs WHERE n = ?";
constexpr char kRunEvents[] =
    "SELECT pos, n, step, type, body FROM log WHERE stream = ? AND n >= ? AND n <= ? AND run = ? ORDER BY n "
    "LIMIT ?";
constexpr char kRunFacts[] = "SELECT pos, n, step, type, body FROM log WHERE stream = ? ORDER BY n LIMIT ?";
constexpr char kSessions[] =
    "SELECT n, id, tenant, target, created_ms, updated_ms, runs, "
    "coalesce((SELECT max(n) FROM log WHERE stream = s.n * 2), 0), "
    "(SELECT count(*) FROM runs r WHERE r.session = s.n AND r.parent = '') "
    "FROM sessions s WHERE n > ? ORDER BY n LIMIT ?";
constexpr char kLedger[] =
    "SELECT coalesce(sum(calls), 0), coalesce(sum(input_tokens), 0), coalesce(sum(output_tokens), 0), "
    "coalesce(sum(cached_tokens), 0), coalesce(sum(cost), 0) FROM usage WHERE session = ?";
constexpr char kDeadLetters[] =
    "SELECT d.n, d.id, coalesce(s.id, ''), d.tenant, d.run, d.reason, d.detail, d.body, d.resend_id, "
    "d.at_ms, "
    "d.resent_ms FROM dead_letters d LEFT JOIN sessions s ON s.n = d.session WHERE d.n > ? ORDER BY d.n "
    "LIMIT ?";
constexpr char kEndedRuns[] =
    "SELECT r.n, r.id, r.parent, r.finished_ms, r.reason, r.session, "
    "EXISTS (SELECT 1 FROM runs u INDEXED BY runs_unfinished WHERE u.finished_ms = 0 AND u.session = "
    "r.session) FROM runs r "
    "WHERE r.n > ? AND r.session IS NOT NULL AND r.finished_ms > 0 ORDER BY r.n LIMIT ?";
constexpr char kParent[] = "SELECT n, id, parent, finished_ms, reason, session, 0 FROM runs WHERE id = ?";
constexpr char kFactKinds[] = "SELECT DISTINCT type FROM log WHERE stream = ?";
constexpr char kConfigs[] = "SELECT DISTINCT config FROM runs WHERE session = ? AND config <> ''";
constexpr char kBlobs[] = "SELECT n, hash, body FROM blobs WHERE n > ? ORDER BY n LIMIT ?";

/// Puts two lists that are in order into one.
std::vector<AuditReader::RunLog::Line> merged(std::vector<AuditReader::RunLog::Line> events,
                                              std::vector<AuditReader::RunLog::Line> facts) {
  std::vector<AuditReader::RunLog::Line> all;
  all.reserve(events.size() + facts.size());
  auto fact = facts.begin();
  for (auto& event : events) {
    while (fact != facts.end() && fact->pos < event.pos) all.push_back(std::move(*fact++));
    all.push_back(std::move(event));
  }
  std::move(fact, facts.end(), std::back_inserter(all));
  return all;
}

AuditReader::EndedRun ended_row(const Statement& row) {
  return {.number = row.integer(0),
          .id = std::string(row.text(1)),
          .parent = std::string(row.text(2)),
          .finished_ms = row.integer(3),
          .reason = std::string(row.text(4)),
          .session = row.integer(5),
          .at_work_beside = row.integer(6) != 0};
}

std::string quoted(const std::string& name) {
  std::string text = "'";
  for (const char c : name) text += c == '\'' ? "''" : std::string(1, c);
  return text + "'";
}

}  // namespace

Result<AuditReader> AuditReader::open(const std::string& directory) {
  auto database = open_for_reading(directory);
  if (!database) return fail(std::move(database.error()));
  return AuditReader(std::move(*database));
}

Result<std::vector<std::string>> AuditReader::structure(bool beside) {
  std::vector<std::string> faults;
  const auto take = [&faults](const Statement& row) -> Result<> {
    if (row.text(0) != "ok") faults.emplace_back(row.text(0));
    return {};
  };
  std::vector<std::string> checks;
  if (!beside) {
    checks.push_back(fmt::format("PRAGMA integrity_check({})", kStructureFaults));
  } else {
    auto tables = all_rows<std::string>(
        database_, "SELECT name FROM sqlite_schema WHERE type = 'table' UNION SELECT 'sqlite_schema'",
        first_text);
    if (!tables) return fail(std::move(tables.error()));
    for (const std::string& table : *tables)
      checks.push_back(fmt::format("PRAGMA integrity_check({})", quoted(table)));
  }
  for (const std::string& check : checks)
    if (auto done = for_each_row(database_, check, take); !done) return fail(std::move(done.error()));
  const auto lost = [&faults](const Statement& row) -> Result<> {
    faults.push_back(fmt::format("row {} of table {} refers to a row of table {} that is not there",
                                 row.integer(1), row.text(0), row.text(2)));
    return {};
  };
  if (auto done = for_each_row(database_, "PRAGMA foreign_key_check", lost); !done)
    return fail(std::move(done.error()));
  if (faults.size() > kStructureFaults) faults.resize(kStructureFaults);
  return faults;
}

Result<AuditReader::Totals> AuditReader::totals() {
  Totals totals;
  const auto count = [this](const char* sql, std::int64_t& into) -> Result<> {
    auto found = database_.integer(sql);
    if (!found) return fail(std::move(found.error()));
    into = found->value_or(0);
    return {};
  };
  if (auto done = count("SELECT max(pos) FROM log", totals.log); !done) return fail(std::move(done.error()));
  if (auto done = count("SELECT count(*) FROM runs", totals.runs); !done)
    return fail(std::move(done.error()));
  if (auto done = count("SELECT count(*) FROM sessions", totals.sessions); !done)
    return fail(std::move(done.error()));
  return totals;
}

Result<std::optional<AuditReader::Place>> AuditReader::log_after(
    Place after, std::size_t limit, const std::function<void(const LoggedRow&)>& each) {
  std::optional<Place> last;
  auto done = for_each_row(
      database_, kLogAfter,
      [&](const Statement& row) -> Result<> {
        const LoggedRow logged{.pos = row.integer(0),
                               .stream = row.integer(1),
                               .n = row.integer(2),
                               .run = row.integer(3),
                               .step = static_cast<int>(row.integer(4)),
                               .type = row.text(5),
                               .chain = static_cast<std::uint32_t>(row.integer(6)),
                               .body = row.text(7)};
        last = {logged.stream, logged.n};
        each(logged);
        return {};
      },
      after.stream, after.n, limit);
  if (!done) return fail(std::move(done.error()));
  return last;
}

Result<StreamName> AuditReader::name(std::int64_t stream) {
  if (stream % 2 == 0) {
    auto session = one_row<std::string>(database_, kSessionName, first_text, stream / 2);
    if (!session) return fail(std::move(session.error()));
    return StreamName{.session = session->value_or("")};
  }
  auto found = one_row<StreamName>(
      database_, kRunName,
      +[](const Statement& row) {
        return StreamName{.session = std::string(row.text(1)), .run = std::string(row.text(0))};
      },
      stream / 2);
  if (!found) return fail(std::move(found.error()));
  return found->value_or(StreamName{});
}

Result<std::optional<RunPlace>> AuditReader::place_of_run(std::int64_t number) {
  return one_row<RunPlace>(
      database_, kPlace,
      +[](const Statement& row) {
        return RunPlace{std::string(row.text(0)), row.integer(1), row.integer(2), row.integer(3)};
      },
      number);
}

Result<std::vector<std::int64_t>> AuditReader::runs_of(std::int64_t session, std::int64_t after,
                                                       std::size_t limit) {
  return all_rows<std::int64_t>(database_, kRunsOf, first_integer, session, after, limit);
}

Result<> AuditReader::usage_of_no_run(std::int64_t session,
                                      const std::function<void(std::string_view body)>& each) {
  const auto take = [&each](const Statement& row) -> Result<> {
    each(row.text(0));
    return {};
  };
  return for_each_row(database_, kUsageOfNoRun, take, session * 2);
}

Result<std::vector<std::string>> AuditReader::runs_without_row(std::size_t limit) {
  return all_rows<std::string>(database_, kWithoutRow, first_text, limit);
}

Result<std::optional<AuditReader::RunLog>> AuditReader::run(std::int64_t number) {
  Moment moment(database_);
  if (!moment.begun()) return fail(moment.begun().error());
  struct Owner {
    std::string id;
    std::int64_t session;
  };
  auto owner = one_row<Owner>(
      database_, kRunId,
      +[](const Statement& row) { return Owner{std::string(row.text(0)), row.integer(1)}; }, number);
  if (!owner) return fail(std::move(owner.error()));
  if (!*owner) return std::optional<RunLog>();
  auto row = queries::run(database_, (*owner)->id);
  if (!row) return fail(std::move(row.error()));
  if (!*row) return std::optional<RunLog>();

  RunLog log{.row = std::move(**row)};
  const auto into = [](std::vector<RunLog::Line>& lines, bool fact) {
    return [&lines, fact](const Statement& line) -> Result<> {
      lines.push_back({.pos = line.integer(0),
                       .n = line.integer(1),
                       .step = static_cast<int>(line.integer(2)),
                       .fact = fact,
                       .type = std::string(line.text(3)),
                       .body = std::string(line.text(4))});
      return {};
    };
  };
  std::vector<RunLog::Line> events;
  std::vector<RunLog::Line> facts;
  const std::int64_t last =
      log.row.last_seq > 0 ? log.row.last_seq : std::numeric_limits<std::int64_t>::max();
  auto done = for_each_row(database_, kRunEvents, into(events, false), (*owner)->session * 2,
                           log.row.first_seq, last, number, kRunLines);
  if (done) done = for_each_row(database_, kRunFacts, into(facts, true), number * 2 + 1, kRunLines);
  if (!done) return fail(std::move(done.error()));
  log.cut = events.size() == kRunLines || facts.size() == kRunLines;
  log.lines = merged(std::move(events), std::move(facts));
  return std::optional(std::move(log));
}

Result<std::vector<AuditReader::EndedRun>> AuditReader::ended_runs_after(std::int64_t after,
                                                                         std::size_t limit) {
  return all_rows<EndedRun>(database_, kEndedRuns, ended_row, after, limit);
}

Result<std::optional<AuditReader::EndedRun>> AuditReader::ended_run(const std::string& id) {
  return one_row<EndedRun>(database_, kParent, ended_row, id);
}

Result<std::vector<std::string>> AuditReader::fact_kinds(std::int64_t run) {
  return all_rows<std::string>(database_, kFactKinds, first_text, run * 2 + 1);
}

Result<std::vector<std::string>> AuditReader::configurations_of(std::int64_t session) {
  return all_rows<std::string>(database_, kConfigs, first_text, session);
}

Result<std::vector<AuditReader::SessionFigures>> AuditReader::sessions_after(std::int64_t after,
                                                                             std::size_t limit) {
  Moment moment(database_);
  if (!moment.begun()) return fail(moment.begun().error());
  auto figures = all_rows<SessionFigures>(
      database_, kSessions,
      +[](const Statement& row) {
        return SessionFigures{.row = {.id = std::string(row.text(1)),
                                      .tenant = std::string(row.text(2)),
                                      .target = std::string(row.text(3)),
                                      .created_ms = row.integer(4),
                                      .updated_ms = row.integer(5),
                                      .last_seq = row.integer(7),
                                      .runs = row.integer(6)},
                              .number = row.integer(0),
                              .roots = row.integer(8),
                              .ledger = {}};
      },
      after, limit);
  if (!figures) return figures;
  for (SessionFigures& one : *figures) {
    auto used = one_row<Used>(
        database_, kLedger,
        +[](const Statement& row) {
          return Used{row.integer(0), row.integer(1), row.integer(2), row.integer(3), row.real(4)};
        },
        one.row.id);
    if (!used) return fail(std::move(used.error()));
    one.ledger = used->value_or(Used{});
  }
  return figures;
}

Result<std::optional<std::string>> AuditReader::blob(const std::string& hash) {
  auto text = queries::blob(database_, hash);
  if (text) return std::optional(std::move(*text));
  if (text.error().code == ErrorCode::not_found) return std::optional<std::string>();
  return fail(std::move(text.error()));
}

Result<std::int64_t> AuditReader::blobs_after(
    std::int64_t after, std::size_t limit,
    const std::function<void(std::string_view hash, std::string_view body)>& each) {
  std::int64_t last = 0;
  auto done = for_each_row(
      database_, kBlobs,
      [&](const Statement& row) -> Result<> {
        last = row.integer(0);
        each(row.text(1), row.text(2));
        return {};
      },
      after, limit);
  if (!done) return fail(std::move(done.error()));
  return last;
}

Result<std::int64_t> AuditReader::dead_letters_after(std::int64_t after, std::size_t limit,
                                                     const std::function<void(DeadLetterRow)>& each) {
  std::int64_t last = 0;
  const auto take = [&](const Statement& row) -> Result<> {
    const auto text = [&row](int column) { return std::string(row.text(column)); };
    last = row.integer(0);
    each({.id = text(1),
          .session = text(2),
          .tenant = text(3),
          .run = text(4),
          .reason = text(5),
          .detail = text(6),
          .body = text(7),
          .resend_id = text(8),
          .at_ms = row.integer(9),
          .resent_ms = row.integer(10)});
    return {};
  };
  if (auto done = for_each_row(database_, kDeadLetters, take, after, limit); !done)
    return fail(std::move(done.error()));
  return last;
}

}  // namespace troupe::store
