#pragma once

#include "runtime/base/result.h"
#include "runtime/store/journal.h"
#include "runtime/store/log_line.h"
#include "runtime/store/sqlite.h"

#include <cstddef>
#include <string>
#include <vector>

namespace troupe::store {

/// A part of the sessions, by id, which is by the time they were made: newest first. At most one of the two
/// is set; neither has to be the id of a session that is still there.
struct SessionPage {
  std::size_t limit = 0;
  std::string before;  ///< those made before this one
  std::string after;   ///< those made after it: the oldest of them, newest first all the same
};

/// Reads a journal without owning it: for commands that list, show and export while a daemon writes, and on a
/// store that nobody has open. It takes no lock and changes nothing. Every call sees what is committed at
/// that moment. Blocking: not for the loop thread. One thread at a time.
class StoreReader {
 public:
  /// Newest first. tenant "" = all.
  Result<std::vector<SessionRow>> sessions(const std::string& tenant, std::size_t limit);
  Result<std::vector<SessionRow>> sessions(const std::string& tenant, const SessionPage& page);
  /// Newest first; session "" = all sessions, tenant "" = all tenants.
  Result<std::vector<RunRow>> runs(const std::string& tenant, const std::string& session, std::size_t limit,
                                   RunsOf which = RunsOf::roots);

  /// The run or session with this id, or the only one whose id begins so. Errors: not_found; conflict when
  /// several begin so, naming some of them.
  Result<RunRow> run(const std::string& id_or_prefix);
  Result<SessionRow> session(const std::string& id_or_prefix);

  /// Events of a session with after < seq, at most `limit`, ascending. An empty list is not an error.
  Result<std::vector<Frame>> events(const std::string& session, std::int64_t after, std::size_t limit);
  /// Events of one run, ascending.
  Result<std::vector<Frame>> run_events(const std::string& run);
  /// Facts of one run in the order they were committed.
  Result<std::vector<Fact>> facts(const std::string& run);
  /// Facts of one kind of all runs of a session, in the order they were committed.
  Result<std::vector<Fact>> session_facts(const std::string& session, const std::string& kind);
  /// Finished runs of (session, agent), the newest `limit` of them, oldest first.
  Result<std::vector<RunRow>> turns(const std::string& session, const std::string& agent, std::size_t limit);
  Result<std::vector<UsageRow>> usage(const UsageQuery& query);
  /// What could not be delivered, the newest first. tenant "" = all.
  Result<std::vector<DeadLetterRow>> dead_letters(const std::string& tenant, std::size_t limit);
  /// The newest one with this id. Errors: not_found.
  Result<DeadLetterRow> dead_letter(const std::string& id);
  Result<std::string> blob(const std::string& hash);

  /// A run and all below it, each after the one that caused it.
  Result<std::vector<RunRow>> run_tree(const RunRow& root);
  /// Events and facts of the runs of a tree, in the order of their commits. Errors: too_large (more than
  /// `lines_max`).
  Result<std::vector<LogLine>> run_log(const std::vector<RunRow>& tree, std::size_t lines_max);
  /// See Journal::instance().
  Result<std::string> instance();

 private:
  friend Result<StoreReader> open_store_reader(const std::string& directory);
  explicit StoreReader(Database database) : database_(std::move(database)) {}
  Database database_;
};

/// Opens the journal in `directory` for reading. Errors: not_found when there is none; store when it is
/// damaged, newer or older than this binary reads, or cannot be read by this user.
Result<StoreReader> open_store_reader(const std::string& directory);

}  // namespace troupe::store
