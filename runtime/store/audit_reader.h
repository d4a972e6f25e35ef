#pragma once

#include "runtime/base/result.h"
#include "runtime/store/dead_letter_row.h"
#include "runtime/store/journal.h"
#include "runtime/store/sqlite.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::store {

/// A row of the log as it is on disk, held against nothing. Texts live until the next row.
struct LoggedRow {
  std::int64_t pos = 0;     ///< in the whole log: commits come in this order
  std::int64_t stream = 0;  ///< twice a session's number for its events, twice a run's and one for its facts
  std::int64_t n = 0;       ///< within the stream
  std::int64_t run = 0;     ///< number of the run it is of; 0: none
  int step = 0;
  std::string_view type;
  std::uint32_t chain = 0;  ///< as stored
  std::string_view body;
  bool is_fact() const { return stream % 2 != 0; }
};

/// What a stream of the log is named by.
struct StreamName {
  std::string session;  ///< "": there is no such session, or the run has none
  std::string run;      ///< of facts; "": there is no such run
};

/// Where a run says its events are.
struct RunPlace {
  std::string id;
  std::int64_t session = 0;  ///< number; 0: the row only reserves the run's number
  std::int64_t first_seq = 0;
  std::int64_t last_seq = 0;
};

/// Reads a journal for whoever checks it: every row as it is, also those that no query shows. Beside a daemon
/// or on a store that nobody has; takes no lock, changes nothing. What is read is one page of the log or one
/// run at a time, each in a transaction of its own, so that neither memory nor the WAL grows with the store;
/// only structure() takes as long as the largest table is. Blocking, one thread at a time. Errors: store.
class AuditReader {
 public:
  /// Errors: as open_for_reading().
  static Result<AuditReader> open(const std::string& directory);

  const std::string& file() const { return database_.file(); }

  /// What SQLite finds wrong with the file, at most kStructureFaults of them, and references that lead
  /// nowhere. `beside`: a daemon has the store; then each table is checked for itself, so that no read lasts
  /// longer than one of them takes, and the list of free pages is left out. About a second a GiB.
  Result<std::vector<std::string>> structure(bool beside);

  struct Totals {
    std::int64_t log = 0;  ///< rows, as a bound: what was forgotten counts
    std::int64_t runs = 0;
    std::int64_t sessions = 0;
  };
  Result<Totals> totals();

  struct Place {
    std::int64_t stream = -1;
    std::int64_t n = 0;
  };
  /// Hands `each` at most `limit` rows of the log behind `after`, stream by stream and each in the order of
  /// its numbers. The last one's place, or nothing when there was none.
  Result<std::optional<Place>> log_after(Place after, std::size_t limit,
                                         const std::function<void(const LoggedRow&)>& each);

  Result<StreamName> name(std::int64_t stream);
  /// Nothing: no run has the number.
  Result<std::optional<RunPlace>> place_of_run(std::int64_t number);

  /// Numbers of the runs of a session behind `after`, ascending: a run that caused another one comes before
  /// it.
  Result<std::vector<std::int64_t>> runs_of(std::int64_t session, std::int64_t after, std::size_t limit);
  /// Hands `each` the usage events of a session that are of no run.
  Result<> usage_of_no_run(std::int64_t session, const std::function<void(std::string_view body)>& each);
  /// Rows of runs that only reserve a number although the log or dead letters have something of them; by id.
  Result<std::vector<std::string>> runs_without_row(std::size_t limit);

  struct RunLog {
    RunRow row;
    struct Line {
      std::int64_t pos = 0;
      std::int64_t n = 0;
      int step = 0;
      bool fact = false;
      std::string type;
      std::string body;
    };
    std::vector<Line> lines;  ///< events and facts in the order of the log
    bool cut = false;         ///< there were more than kRunLines
  };
  /// One run, whole, as of one moment. Nothing: it has been forgotten meanwhile.
  Result<std::optional<RunLog>> run(std::int64_t number);

  /// What a run says of itself that decides whether its facts may be dropped.
  struct EndedRun {
    std::int64_t number = 0;
    std::string id;
    std::string parent;
    std::int64_t finished_ms = 0;
    std::string reason;
    std::int64_t session = 0;     ///< number
    bool at_work_beside = false;  ///< another run of its session has not ended
  };
  /// Runs behind `after` by number that have ended, ascending.
  Result<std::vector<EndedRun>> ended_runs_after(std::int64_t after, std::size_t limit);
  /// One of them, without at_work_beside. Nothing: there is no such run.
  Result<std::optional<EndedRun>> ended_run(const std::string& id);
  /// Which kinds of facts the log has of a run, by its number.
  Result<std::vector<std::string>> fact_kinds(std::int64_t run);
  /// Hashes of the configurations that runs of a session bear, by its number.
  Result<std::vector<std::string>> configurations_of(std::int64_t session);

  struct SessionFigures {
    SessionRow row;
    std::int64_t number = 0;
    std::int64_t roots = 0;  ///< runs that nobody's run caused, counted
    Used ledger;             ///< what the ledger has of it
  };
  /// Sessions behind `after` by number, ascending, each as of one moment.
  Result<std::vector<SessionFigures>> sessions_after(std::int64_t after, std::size_t limit);

  /// The text, or nothing when there is none.
  Result<std::optional<std::string>> blob(const std::string& hash);
  /// Hands `each` the texts kept by content behind `after`; returns the last number, 0 when there was none.
  Result<std::int64_t> blobs_after(std::int64_t after, std::size_t limit,
                                   const std::function<void(std::string_view hash, std::string_view body)>&);
  /// The same for dead letters.
  Result<std::int64_t> dead_letters_after(std::int64_t after, std::size_t limit,
                                          const std::function<void(DeadLetterRow)>& each);

 private:
  explicit AuditReader(Database database) : database_(std::move(database)) {}
  Database database_;
};

inline constexpr int kStructureFaults = 100;
inline constexpr std::size_t kRunLines = 200'000;  ///< of one run, which is checked in memory

}  // namespace troupe::store
