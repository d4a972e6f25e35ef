#pragma once

#include "runtime/store/journal.h"
#include "runtime/store/sqlite.h"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

/// What is read from a journal file, by the daemon's reader threads and by commands: SQL in, rows out. Every
/// event and fact is held against its checksum as it is read; a row that does not match is an error that
/// names it, never data. All on the thread of the given connection. Errors: store; timeout when the
/// connection's time limit interrupts it.
namespace troupe::store::queries {

Result<std::vector<Frame>> events(Database& database, const std::string& session, std::int64_t after,
                                  std::size_t limit);
Result<std::vector<Frame>> run_events(Database& database, const std::string& run);
Result<std::vector<Fact>> facts(Database& database, const std::string& run);
Result<std::vector<Fact>> session_facts(Database& database, const std::string& session,
                                        const std::string& kind);
Result<std::int64_t> last_seq(Database& database, const std::string& session);

Result<std::optional<SessionRow>> session(Database& database, const std::string& id);
Result<std::optional<RunRow>> run(Database& database, const std::string& id);
Result<std::optional<RunRow>> message(Database& database, const std::string& session,
                                      const std::string& message_id);
Result<std::vector<SessionRow>> sessions(Database& database, const std::string& tenant, std::size_t limit);
/// By id: those before `id` ("": all), descending; those after it, ascending.
Result<std::vector<SessionRow>> sessions_before(Database& database, const std::string& tenant,
                                                const std::string& id, std::size_t limit);
Result<std::vector<SessionRow>> sessions_after(Database& database, const std::string& tenant,
                                               const std::string& id, std::size_t limit);
Result<std::vector<RunRow>> runs(Database& database, const std::string& tenant, const std::string& session,
                                 std::size_t limit, RunsOf which);
Result<std::vector<RunRow>> unfinished_runs(Database& database);
Result<std::vector<RunRow>> turns(Database& database, const std::string& session, const std::string& agent,
                                  std::size_t limit);
/// At most `limit` ids that begin with `prefix`, ascending.
Result<std::vector<std::string>> run_ids(Database& database, const std::string& prefix, std::size_t limit);
Result<std::vector<std::string>> session_ids(Database& database, const std::string& prefix,
                                             std::size_t limit);

Result<std::vector<UsageRow>> usage(Database& database, const UsageQuery& query);

Result<std::vector<DeadLetterRow>> dead_letters(Database& database, const std::string& tenant,
                                                std::size_t limit);
Result<std::optional<DeadLetterRow>> dead_letter(Database& database, const std::string& tenant,
                                                 const std::string& id);

Result<std::string> blob(Database& database, const std::string& hash);

}  // namespace troupe::store::queries
