#include "runtime/store/store_reader.h"

#include "runtime/store/open_for_reading.h"
#include "runtime/store/queries.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::store {

namespace {

/// The one id that `wanted` stands for.
Result<std::string> pick(Result<std::vector<std::string>> ids, std::string_view what,
                         const std::string& wanted) {
  if (!ids) return fail(std::move(ids.error()));
  // The whole id of one thing may be the beginning of another's. It sorts first then.
  if (!ids->empty() && ids->front() == wanted) return wanted;
  if (ids->empty() || wanted.empty())
    return fail(ErrorCode::not_found, fmt::format("there is no {} `{}`", what, wanted));
  if (ids->size() == 1) return std::move(ids->front());
  std::string some;
  for (const std::string& id : *ids) some += (some.empty() ? "" : ", ") + id;
  return fail(ErrorCode::conflict,
              fmt::format("several {}s begin with `{}`: {} …; write more of the id", what, wanted, some));
}

constexpr std::size_t kNamed = 4;  // of the candidates, in a message

}  // namespace

Result<std::vector<SessionRow>> StoreReader::sessions(const std::string& tenant, std::size_t limit) {
  return queries::sessions(database_, tenant, limit);
}

Result<std::vector<SessionRow>> StoreReader::sessions(const std::string& tenant, const SessionPage& page) {
  if (page.after.empty()) return queries::sessions_before(database_, tenant, page.before, page.limit);
  auto rows = queries::sessions_after(database_, tenant, page.after, page.limit);
  if (rows) std::ranges::reverse(*rows);
  return rows;
}

Result<std::vector<RunRow>> StoreReader::runs(const std::string& tenant, const std::string& session,
                                              std::size_t limit, RunsOf which) {
  return queries::runs(database_, tenant, session, limit, which);
}

Result<RunRow> StoreReader::run(const std::string& id_or_prefix) {
  auto id = pick(queries::run_ids(database_, id_or_prefix, kNamed), "run", id_or_prefix);
  if (!id) return fail(std::move(id.error()));
  auto row = queries::run(database_, *id);
  if (!row) return fail(std::move(row.error()));
  if (!*row) return fail(ErrorCode::not_found, fmt::format("there is no run `{}`", *id));
  return std::move(**row);
}

Result<SessionRow> StoreReader::session(const std::string& id_or_prefix) {
  auto id = pick(queries::session_ids(database_, id_or_prefix, kNamed), "session", id_or_prefix);
  if (!id) return fail(std::move(id.error()));
  auto row = queries::session(database_, *id);
  if (!row) return fail(std::move(row.error()));
  if (!*row) return fail(ErrorCode::not_found, fmt::format("there is no session `{}`", *id));
  return std::move(**row);
}

Result<std::vector<Frame>> StoreReader::events(const std::string& session, std::int64_t after,
                                               std::size_t limit) {
  return queries::events(database_, session, after, limit);
}

Result<std::vector<Frame>> StoreReader::run_events(const std::string& run) {
  return queries::run_events(database_, run);
}

Result<std::vector<Fact>> StoreReader::facts(const std::string& run) {
  return queries::facts(database_, run);
}

Result<std::vector<Fact>> StoreReader::session_facts(const std::string& session, const std::string& kind) {
  return queries::session_facts(database_, session, kind);
}

Result<std::vector<RunRow>> StoreReader::turns(const std::string& session, const std::string& agent,
                                               std::size_t limit) {
  return queries::turns(database_, session, agent, limit);
}

Result<std::vector<UsageRow>> StoreReader::usage(const UsageQuery& query) {
  return queries::usage(database_, query);
}

Result<std::vector<DeadLetterRow>> StoreReader::dead_letters(const std::string& tenant, std::size_t limit) {
  return queries::dead_letters(database_, tenant, limit);
}

Result<DeadLetterRow> StoreReader::dead_letter(const std::string& id) {
  auto row = queries::dead_letter(database_, "", id);
  if (!row) return fail(std::move(row.error()));
  if (!*row) return fail(ErrorCode::not_found, fmt::format("there is no dead letter `{}`", id));
  return std::move(**row);
}

Result<std::string> StoreReader::blob(const std::string& hash) {
  return queries::blob(database_, hash);
}

Result<StoreReader> open_store_reader(const std::string& directory) {
  auto database = open_for_reading(directory);
  if (!database) return fail(std::move(database.error()));
  return StoreReader(std::move(*database));
}

}  // namespace troupe::store
