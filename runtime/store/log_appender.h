#pragma once

#include "runtime/store/entry.h"
#include "runtime/store/sqlite.h"

#include <cstdint>
#include <string>
#include <unordered_map>

namespace troupe::store {

/// Turns appends into rows, inside a transaction that the caller opens and ends: numbers events within their
/// session and facts within their run, renders, chains the checksums, keeps `sessions` and `runs` up to date.
///
/// Numbers are given here rather than when an append is handed over. A session that nobody has written to
/// since the start needs no look-up before its first append is queued, an append that the schema refuses
/// leaves no gap, and rendering costs the loop nothing. Nobody can tell: a number is shown only once it is
/// committed.
///
/// Writer thread only.
class LogAppender {
 public:
  explicit LogAppender(Database& database) : database_(database) {}

  /// Writes one entry and fills in its frames and its outcome. On an error the entry may be half written: the
  /// caller rolls back (all or to a savepoint) and calls forget(). Errors: conflict, too_large and store; for
  /// store, Database::trouble() says what it means. The append itself is left as it was, so that it can be
  /// tried again.
  Result<> write(Entry& entry);

  /// Forgets how far sessions and runs are, because a rollback undid what was written.
  void forget();

 private:
  /// The end of a stream: what the next row follows on.
  struct Tail {
    std::int64_t number = 0;  ///< of the session or run, n in its table
    std::int64_t last = 0;
    std::uint32_t chain = 0;
    bool listed = true;  ///< runs: false while the row only reserves the number
  };
  struct Seqs {
    std::int64_t first = 0;
    std::int64_t last = 0;
  };

  Result<> write_append(Append& append, Entry& entry);
  Result<> forget_session(const std::string& id);
  Result<> write_blob(Entry& entry);
  Result<> write_session(const SessionRow& row, std::int64_t wall_ms);
  Result<> write_run(const RunRow& row, const Seqs& seqs, std::int64_t wall_ms);
  Result<> write_event(const Event& event, const RunRow* row, Entry& entry);
  Result<> write_fact(const Fact& fact);
  Result<> write_spending(const Spending& spending);
  Result<> write_dead_letter(const DeadLetterRow& letter, std::int64_t wall_ms);
  Result<> write_row(std::int64_t stream, Tail& tail, std::int64_t run, int step, std::string_view type,
                     std::string_view body);
  Result<> mark_run(const Event& event, std::int64_t seq);

  Result<Tail*> session(const std::string& id, std::int64_t wall_ms);
  Result<Tail*> run(const std::string& id);
  Result<std::int64_t> find(const char* sql, const std::string& id);
  Result<> load_end(std::int64_t stream, Tail& tail);
  Seqs planned(const Append& append, const Tail& session) const;

  Database& database_;
  std::unordered_map<std::string, Tail> sessions_;
  std::unordered_map<std::string, Tail> runs_;
};

}  // namespace troupe::store
