#include "runtime/store/queries.h"

#include "runtime/store/chain.h"
#include "runtime/store/gap.h"
#include "runtime/store/rows.h"
#include "runtime/store/type_names.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

namespace troupe::store::queries {

namespace {

// Columns of a row of the log, as every query below selects them.
enum LogColumn { kN, kStep, kType, kChain, kBody, kOwner };

#define TROUPE_RUN_COLUMNS                                                                              \
  "r.id, s.id, r.tenant, r.target, r.agent, r.parent, coalesce(r.message_id, ''), r.input, r.answer, "  \
  "r.status, "                                                                                          \
  "r.reason, r.steps, r.input_tokens, r.output_tokens, r.cost, r.first_seq, r.last_seq, r.created_ms, " \
  "r.finished_ms, r.config, r.extra FROM runs r JOIN sessions s ON s.n = r.session "
#define TROUPE_SESSION_COLUMNS                         \
  "id, tenant, target, created_ms, updated_ms, runs, " \
  "coalesce((SELECT max(n) FROM log WHERE stream = sessions.n * 2), 0) FROM sessions "

// The row before the first one wanted comes along, because its checksum is where the chain goes on.
constexpr char kEvents[] =
    "SELECT l.n, l.step, l.type, l.chain, l.body, coalesce(r.id, '') FROM log l LEFT JOIN runs r ON r.n = "
    "l.run "
    "WHERE l.stream = (SELECT n * 2 FROM sessions WHERE id = ?) AND l.n >= ? ORDER BY l.n LIMIT ?";
constexpr char kRunPlace[] =
    "SELECT r.n, coalesce(r.session, 0), r.first_seq, r.last_seq, coalesce(s.id, '') FROM runs r "
    "LEFT JOIN sessions s ON s.n = r.session WHERE r.id = ?";
constexpr char kRunEvents[] =
    "SELECT n, step, type, chain, body, coalesce(run, 0) FROM log WHERE stream = ? AND n >= ? AND n <= ? "
    "ORDER BY n";
constexpr char kFacts[] =
    "SELECT n, step, type, chain, body FROM log WHERE stream = (SELECT n * 2 + 1 FROM runs WHERE id = ?) "
    "ORDER BY n";
// With the checksum of the row before each, since those between are not read; a gap says which one it is.
constexpr char kSessionFacts[] =
    "SELECT l.n, l.step, l.type, l.chain, l.body, r.id, "
    "CASE WHEN p.type = 'log.dropped' THEN json_extract(p.body, '$.chain') ELSE coalesce(p.chain, 0) END "
    "FROM sessions s "
    "JOIN runs r ON r.session = s.n JOIN log l ON l.stream = r.n * 2 + 1 "
    "LEFT JOIN log p ON p.stream = l.stream AND p.n = l.n - 1 WHERE s.id = ? AND l.type = ? ORDER BY l.pos";
constexpr char kLastSeq[] =
    "SELECT coalesce(max(n), 0) FROM log WHERE stream = (SELECT n * 2 FROM sessions WHERE id = ?)";
constexpr char kSession[] = "SELECT " TROUPE_SESSION_COLUMNS "WHERE id = ?";
constexpr char kSessions[] = "SELECT " TROUPE_SESSION_COLUMNS "ORDER BY n DESC LIMIT ?";
constexpr char kTenantSessions[] =
    "SELECT " TROUPE_SESSION_COLUMNS "WHERE tenant = ? ORDER BY n DESC LIMIT ?";
constexpr char kSessionsBefore[] =
    "SELECT " TROUPE_SESSION_COLUMNS
    "WHERE (?1 = '' OR tenant = ?1) AND (?2 = '' OR id < ?2) ORDER BY id DESC LIMIT ?3";
constexpr char kSessionsAfter[] =
    "SELECT " TROUPE_SESSION_COLUMNS "WHERE (?1 = '' OR tenant = ?1) AND id > ?2 ORDER BY id LIMIT ?3";
constexpr char kRun[] = "SELECT " TROUPE_RUN_COLUMNS "WHERE r.id = ?";
constexpr char kMessage[] = "SELECT " TROUPE_RUN_COLUMNS "WHERE s.id = ? AND r.message_id = ?";
constexpr char kRuns[] =
    "SELECT " TROUPE_RUN_COLUMNS
    "WHERE (?1 = '' OR r.tenant = ?1) AND (?2 OR r.parent = '') ORDER BY r.n DESC LIMIT ?3";
constexpr char kSessionRuns[] =
    "SELECT " TROUPE_RUN_COLUMNS
    "WHERE s.id = ?2 AND (?1 = '' OR r.tenant = ?1) AND (?3 OR r.parent = '') ORDER BY r.n DESC LIMIT ?4";
constexpr char kUnfinished[] = "SELECT " TROUPE_RUN_COLUMNS "WHERE r.finished_ms = 0 ORDER BY r.n";
constexpr char kTurns[] = "SELECT " TROUPE_RUN_COLUMNS
                          "WHERE s.id = ? AND r.agent = ? AND r.finished_ms > 0 ORDER BY r.n DESC LIMIT ?";
constexpr char kRunIds[] =
    "SELECT id FROM runs WHERE id >= ?1 AND id < ?1 || char(1114111) AND session IS NOT NULL ORDER BY id "
    "LIMIT ?2";
constexpr char kSessionIds[] =
    "SELECT id FROM sessions WHERE id >= ?1 AND id < ?1 || char(1114111) ORDER BY id LIMIT ?2";

// Sent again by its own mark, or by the run that its id for that made.
#define TROUPE_DEAD_LETTERS                                                                         \
  "SELECT d.id, s.id, d.tenant, d.run, d.reason, d.detail, d.body, d.resend_id, d.at_ms, "          \
  "coalesce(nullif(d.resent_ms, 0), r.created_ms, 0) FROM dead_letters d JOIN sessions s ON s.n = " \
  "d.session "                                                                                      \
  "LEFT JOIN runs r ON r.session = d.session AND r.message_id = d.resend_id "
constexpr char kDeadLetters[] = TROUPE_DEAD_LETTERS "ORDER BY d.at_ms DESC, d.n DESC LIMIT ?";
constexpr char kTenantDeadLetters[] =
    TROUPE_DEAD_LETTERS "WHERE d.tenant = ? ORDER BY d.at_ms DESC, d.n DESC LIMIT ?";
constexpr char kDeadLetter[] = TROUPE_DEAD_LETTERS
    "WHERE d.id = ?2 AND (?1 = '' OR d.tenant = ?1) ORDER BY d.at_ms DESC, d.n DESC LIMIT 1";

// The literal for each word: by day in order, by others the most expensive first. The second list finds the
// lines of one session by their index.
#define TROUPE_DEAREST "sum(cost) DESC, sum(input_tokens + output_tokens) DESC, 1"
#define TROUPE_USAGE(word, where, order)                                                               \
  "SELECT " word                                                                                       \
  ", sum(calls), sum(input_tokens), sum(output_tokens), sum(cached_tokens), sum(cost) FROM usage "     \
  "WHERE " where                                                                                       \
  " AND day >= ?1 AND (?2 = '' OR day <= ?2) AND (?3 = '' OR tenant = ?3) AND (?4 = '' OR agent = ?4)" \
  " GROUP BY 1 ORDER BY " order " LIMIT ?6"
#define TROUPE_USAGE_BY(where)                     \
  {TROUPE_USAGE("day", where, "1"),                \
   TROUPE_USAGE("tenant", where, TROUPE_DEAREST),  \
   TROUPE_USAGE("session", where, TROUPE_DEAREST), \
   TROUPE_USAGE("agent", where, TROUPE_DEAREST),   \
   TROUPE_USAGE("target", where, TROUPE_DEAREST),  \
   TROUPE_USAGE("model", where, TROUPE_DEAREST)}
constexpr const char* kUsage[] = TROUPE_USAGE_BY("?5 = ''");
constexpr const char* kSessionUsage[] = TROUPE_USAGE_BY("session = ?5");
#undef TROUPE_USAGE_BY
#undef TROUPE_USAGE
#undef TROUPE_DEAREST

constexpr char kBlob[] = "SELECT body FROM blobs WHERE hash = ?";

#undef TROUPE_RUN_COLUMNS
#undef TROUPE_SESSION_COLUMNS

std::int64_t sql_limit(std::size_t limit) {
  return static_cast<std::int64_t>(std::min<std::size_t>(limit, std::numeric_limits<std::int32_t>::max()));
}

SessionRow session_row(const Statement& row) {
  return {.id = std::string(row.text(0)),
          .tenant = std::string(row.text(1)),
          .target = std::string(row.text(2)),
          .created_ms = row.integer(3),
          .updated_ms = row.integer(4),
          .last_seq = row.integer(6),
          .runs = row.integer(5)};
}

DeadLetterRow dead_letter_row(const Statement& row) {
  const auto text = [&row](int column) { return std::string(row.text(column)); };
  return {.id = text(0),
          .session = text(1),
          .tenant = text(2),
          .run = text(3),
          .reason = text(4),
          .detail = text(5),
          .body = text(6),
          .resend_id = text(7),
          .at_ms = row.integer(8),
          .resent_ms = row.integer(9)};
}

RunRow run_row(const Statement& row) {
  const auto text = [&row](int column) { return std::string(row.text(column)); };
  return {.id = text(0),
          .session = text(1),
          .tenant = text(2),
          .target = text(3),
          .agent = text(4),
          .parent = text(5),
          .message_id = text(6),
          .input = text(7),
          .answer = text(8),
          .status = text(9),
          .reason = text(10),
          .steps = static_cast<int>(row.integer(11)),
          .input_tokens = row.integer(12),
          .output_tokens = row.integer(13),
          .cost = row.real(14),
          .first_seq = row.integer(15),
          .last_seq = row.integer(16),
          .created_ms = row.integer(17),
          .finished_ms = row.integer(18),
          .config = text(19),
          .extra = text(20)};
}

std::unexpected<Error> broken(const Database& database, const std::string& stream, const std::string& what) {
  return fail(ErrorCode::store,
              fmt::format("{}: {}: number {}: the file was damaged after it was written; restore a backup",
                          database.file(), stream, what));
}

/// Follows the chain of one stream row by row.
class Chain {
 public:
  Chain(Database& database, std::string stream) : database_(database), stream_(std::move(stream)) {}

  /// The row that the first wanted one follows, or that one itself when it is the first of its stream.
  Result<> take(const Statement& row) {
    const std::int64_t n = row.integer(kN);
    const auto chain = static_cast<std::uint32_t>(row.integer(kChain));
    const auto gap = gap_of(row.text(kType), row.text(kBody));
    const std::int64_t first = gap ? gap->from : n;  // that the row stands for
    if (before_ && first != *before_ + 1)
      return broken(database_, stream_, fmt::format("{} follows on {}", first, *before_));
    if (before_ || first == 1) {
      const auto expected = link(chain_, n, row.integer(kStep), row.text(kType), row.text(kBody));
      if (chain != expected)
        return broken(database_, stream_, fmt::format("{} does not match its checksum", n));
    }
    before_ = n;
    chain_ = gap ? gap->chain : chain;
    return {};
  }

 private:
  Database& database_;
  std::string stream_;
  std::optional<std::int64_t> before_;
  std::uint32_t chain_ = 0;
};

Frame frame(const Statement& row, const std::string& session, std::string run) {
  return {.text = std::make_shared<const std::string>(row.text(kBody)),
          .seq = row.integer(kN),
          .session = session,
          .run = std::move(run),
          .type = keep_type(row.text(kType)),
          .step = static_cast<int>(row.integer(kStep))};
}

}  // namespace

Result<std::vector<Frame>> events(Database& database, const std::string& session, std::int64_t after,
                                  std::size_t limit) {
  std::vector<Frame> frames;
  if (limit == 0) return frames;
  after = std::max<std::int64_t>(after, 0);
  Chain chain(database, "events of session " + session);
  const std::int64_t rows = sql_limit(limit) + (after > 0 ? 1 : 0);
  auto done = for_each_row(
      database, kEvents,
      [&](const Statement& row) -> Result<> {
        if (auto linked = chain.take(row); !linked) return linked;
        if (row.integer(kN) > after) frames.push_back(frame(row, session, std::string(row.text(kOwner))));
        return {};
      },
      session, after, rows);
  if (!done) return fail(std::move(done.error()));
  if (frames.size() > limit) frames.resize(limit);  // the row at `after` was not there to be left out
  return frames;
}

Result<std::vector<Frame>> run_events(Database& database, const std::string& run) {
  struct Place {
    std::int64_t run;
    std::int64_t stream;
    std::int64_t first;
    std::int64_t last;
    std::string session;
  };
  auto place = one_row<Place>(
      database, kRunPlace,
      +[](const Statement& row) {
        return Place{row.integer(0), row.integer(1) * 2, row.integer(2), row.integer(3),
                     std::string(row.text(4))};
      },
      run);
  if (!place) return fail(std::move(place.error()));
  std::vector<Frame> frames;
  if (!*place) return frames;

  // What other runs of the session wrote in between is read as well: the chain runs through it.
  const Place& at = **place;
  const std::int64_t last = at.last > 0 ? at.last : std::numeric_limits<std::int64_t>::max();
  Chain chain(database, "events of session " + at.session);
  auto done = for_each_row(
      database, kRunEvents,
      [&](const Statement& row) -> Result<> {
        if (auto linked = chain.take(row); !linked) return linked;
        if (row.integer(kOwner) == at.run) frames.push_back(frame(row, at.session, run));
        return {};
      },
      at.stream, std::max<std::int64_t>(at.first - 1, 1), last);
  if (!done) return fail(std::move(done.error()));
  return frames;
}

Result<std::vector<Fact>> facts(Database& database, const std::string& run) {
  std::vector<Fact> found;
  Chain chain(database, "facts of run " + run);
  auto done = for_each_row(
      database, kFacts,
      [&](const Statement& row) -> Result<> {
        if (auto linked = chain.take(row); !linked) return linked;
        if (row.text(kType) == kGap) return {};
        found.push_back({run, keep_type(row.text(kType)), static_cast<int>(row.integer(kStep)),
                         std::string(row.text(kBody))});
        return {};
      },
      run);
  if (!done) return fail(std::move(done.error()));
  return found;
}

Result<std::vector<Fact>> session_facts(Database& database, const std::string& session,
                                        const std::string& kind) {
  constexpr int kBefore = kOwner + 1;
  std::vector<Fact> found;
  auto done = for_each_row(
      database, kSessionFacts,
      [&](const Statement& row) -> Result<> {
        const std::string run(row.text(kOwner));
        const auto before = static_cast<std::uint32_t>(row.integer(kBefore));
        const auto chain =
            link(before, row.integer(kN), row.integer(kStep), row.text(kType), row.text(kBody));
        if (static_cast<std::uint32_t>(row.integer(kChain)) != chain)
          return broken(database, "facts of run " + run,
                        fmt::format("{} does not match its checksum", row.integer(kN)));
        found.push_back({run, keep_type(row.text(kType)), static_cast<int>(row.integer(kStep)),
                         std::string(row.text(kBody))});
        return {};
      },
      session, kind);
  if (!done) return fail(std::move(done.error()));
  return found;
}

Result<std::int64_t> last_seq(Database& database, const std::string& session) {
  auto found = one_row<std::int64_t>(database, kLastSeq, first_integer, session);
  if (!found) return fail(std::move(found.error()));
  return found->value_or(0);
}

Result<std::optional<SessionRow>> session(Database& database, const std::string& id) {
  return one_row<SessionRow>(database, kSession, session_row, id);
}

Result<std::optional<RunRow>> run(Database& database, const std::string& id) {
  return one_row<RunRow>(database, kRun, run_row, id);
}

Result<std::optional<RunRow>> message(Database& database, const std::string& session,
                                      const std::string& message_id) {
  if (message_id.empty()) return std::optional<RunRow>();
  return one_row<RunRow>(database, kMessage, run_row, session, message_id);
}

Result<std::vector<SessionRow>> sessions(Database& database, const std::string& tenant, std::size_t limit) {
  if (tenant.empty()) return all_rows<SessionRow>(database, kSessions, session_row, sql_limit(limit));
  return all_rows<SessionRow>(database, kTenantSessions, session_row, tenant, sql_limit(limit));
}

Result<std::vector<SessionRow>> sessions_before(Database& database, const std::string& tenant,
                                                const std::string& id, std::size_t limit) {
  return all_rows<SessionRow>(database, kSessionsBefore, session_row, tenant, id, sql_limit(limit));
}

Result<std::vector<SessionRow>> sessions_after(Database& database, const std::string& tenant,
                                               const std::string& id, std::size_t limit) {
  return all_rows<SessionRow>(database, kSessionsAfter, session_row, tenant, id, sql_limit(limit));
}

Result<std::vector<RunRow>> runs(Database& database, const std::string& tenant, const std::string& session,
                                 std::size_t limit, RunsOf which) {
  const int all = which == RunsOf::all ? 1 : 0;
  if (session.empty()) return all_rows<RunRow>(database, kRuns, run_row, tenant, all, sql_limit(limit));
  return all_rows<RunRow>(database, kSessionRuns, run_row, tenant, session, all, sql_limit(limit));
}

Result<std::vector<RunRow>> unfinished_runs(Database& database) {
  return all_rows<RunRow>(database, kUnfinished, run_row);
}

Result<std::vector<RunRow>> turns(Database& database, const std::string& session, const std::string& agent,
                                  std::size_t limit) {
  auto found = all_rows<RunRow>(database, kTurns, run_row, session, agent, sql_limit(limit));
  if (found)
    std::reverse(found->begin(), found->end());  // the newest were selected, the oldest of them comes first
  return found;
}

Result<std::vector<std::string>> run_ids(Database& database, const std::string& prefix, std::size_t limit) {
  return all_rows<std::string>(database, kRunIds, first_text, prefix, sql_limit(limit));
}

Result<std::vector<std::string>> session_ids(Database& database, const std::string& prefix,
                                             std::size_t limit) {
  return all_rows<std::string>(database, kSessionIds, first_text, prefix, sql_limit(limit));
}

Result<std::vector<UsageRow>> usage(Database& database, const UsageQuery& query) {
  const auto& statements = query.session.empty() ? kUsage : kSessionUsage;
  const auto row = [](const Statement& found) -> UsageRow {
    return {.key = std::string(found.text(0)),
            .used = {.calls = found.integer(1),
                     .input_tokens = found.integer(2),
                     .output_tokens = found.integer(3),
                     .cached_tokens = found.integer(4),
                     .cost = found.real(5)}};
  };
  return all_rows<UsageRow>(database, statements[static_cast<std::size_t>(query.by)], +row, query.since,
                            query.until, query.tenant, query.agent, query.session, sql_limit(query.limit));
}

Result<std::vector<DeadLetterRow>> dead_letters(Database& database, const std::string& tenant,
                                                std::size_t limit) {
  if (tenant.empty())
    return all_rows<DeadLetterRow>(database, kDeadLetters, dead_letter_row, sql_limit(limit));
  return all_rows<DeadLetterRow>(database, kTenantDeadLetters, dead_letter_row, tenant, sql_limit(limit));
}

Result<std::optional<DeadLetterRow>> dead_letter(Database& database, const std::string& tenant,
                                                 const std::string& id) {
  return one_row<DeadLetterRow>(database, kDeadLetter, dead_letter_row, tenant, id);
}

Result<std::string> blob(Database& database, const std::string& hash) {
  auto found = one_row<std::string>(database, kBlob, first_text, hash);
  if (!found) return fail(std::move(found.error()));
  if (!*found) return fail(ErrorCode::not_found, "no stored text has the hash " + hash);
  return std::move(**found);
}

}  // namespace troupe::store::queries
