#pragma once

#include "runtime/async/loop.h"
#include "runtime/async/task.h"
#include "runtime/base/event.h"
#include "runtime/base/result.h"
#include "runtime/store/dead_letter_row.h"
#include "runtime/store/usage.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::store {

/// What only the engine needs to fold and resume a run: never sent, no seq, numbered n = 1… within its run.
/// Those of a run that has ended may be dropped: gap.h.
struct Fact {
  std::string run;
  std::string_view kind;  ///< a literal: "accepted", "model.intent", "model.reply", "tool.intent", …
  int step = 0;
  std::string body;  ///< JSON text
};

/// A session as listed. A projection: folded from the journal, kept in the same transactions.
struct SessionRow {
  std::string id;
  std::string tenant;
  std::string target;
  std::int64_t created_ms = 0;
  std::int64_t updated_ms = 0;
  std::int64_t last_seq = 0;
  std::int64_t runs = 0;
};

/// A run as listed. `status` is queued | running | done | failed | cancelled | limit | denied.
struct RunRow {
  std::string id;
  std::string session;
  std::string tenant;
  std::string target;
  std::string agent;
  std::string parent;      ///< run that caused it, or ""
  std::string message_id;  ///< the client's own, unique in its session; or ""
  std::string input;       ///< the user's text
  std::string answer;      ///< of a finished run
  std::string status;
  std::string reason;
  int steps = 0;
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
  double cost = 0;
  std::int64_t first_seq = 0;  ///< of its run.queued or run.started
  std::int64_t last_seq = 0;   ///< of its run.finished; 0 before
  std::int64_t created_ms = 0;
  std::int64_t finished_ms = 0;  ///< 0 before
  std::string config;            ///< hash of the configuration snapshot it runs under
  std::string extra;             ///< JSON text: inputs, attachments, target settings of the submission
  bool finished() const { return finished_ms != 0; }
};

/// Which runs are listed: those that somebody asked for, or also those of the members of teams.
enum class RunsOf { roots, all };

/// One atomic append. Everything in it is on disk, or nothing is.
struct Append {
  std::vector<Event> events;  ///< journaled events, in order; each gets the next seq of its session
  std::vector<Fact> facts;
  std::optional<SessionRow> session;  ///< inserted, or updated (target, updated_ms)
  std::optional<RunRow> run;    ///< inserted or replaced by id; first_seq/last_seq are filled by the journal
  std::vector<RunRow> others;   ///< further runs, each as `run` is: for what is copied whole
  std::vector<Spending> spent;  ///< added to the ledger
  std::vector<DeadLetterRow> dead;  ///< inserted, or replaced by session and id; resent once, it stays so
  /// "": none; else a session that goes before the rest of the append comes: its row, its runs, all events
  /// and facts of them, its dead letters. Texts that were kept by content stay, and so does what the ledger
  /// says of it.
  std::string forget;
  bool barrier = false;  ///< with `sync: barriers`: fsynced before it counts as committed
};

enum class Sync { normal, barriers, full };

/// Called on the loop thread for every frame of one session: journaled ones once committed, in seq order,
/// and volatile ones as they come. Must not block and must not throw.
class Subscriber {
 public:
  virtual ~Subscriber() = default;
  virtual void on_frame(const Frame& frame) = 0;
};

/// The journal: an append-only log of events per session, engine facts per run, and the rows folded from
/// them. One writer thread commits in groups; a frame with a seq that anybody saw is committed. Loop thread
/// only, except where stated. A second implementation (PostgreSQL) follows, so callers never assume that
/// they share memory or a file with it.
class Journal {
 public:
  virtual ~Journal() = default;

  /// Commits one append, then publishes its events to the subscribers of their session, then returns. Appends
  /// of one caller commit in call order. On a full disk or an I/O error it waits and tries again: it returns
  /// an error only when the store is closed or damaged (ErrorCode::store), or when the append itself cannot
  /// be stored, alone and wholly: invalid (an event without a session, a fact without a run, a row without an
  /// id, a spending without a day or a session, a dead letter without an id or a session), conflict (the
  /// message id of its run belongs to another run of the session), too_large; of a session to forget:
  /// not_found, busy (a run of it is unfinished). A session or run that is not known yet is made by the first
  /// append that names it.
  virtual Task<Result<>> commit(Append append) = 0;

  /// Queues an append without waiting; publication follows the commit all the same. For what nobody depends
  /// on.
  virtual void post(Append append) = 0;

  /// Hands a volatile event (no seq) to the subscribers of its session now. Never stored.
  virtual void publish(const Event& event) = 0;

  /// Subscribes to what is published for a session from now on. Destroying the handle unsubscribes; the
  /// subscriber must outlive the handle.
  class Subscription {
   public:
    virtual ~Subscription() = default;
  };
  virtual std::unique_ptr<Subscription> subscribe(const std::string& session, Subscriber& subscriber) = 0;

  /// Committed events of a session with after < seq, at most `limit`, ascending. An empty list is not an
  /// error.
  virtual Task<Result<std::vector<Frame>>> read_events(std::string session, std::int64_t after,
                                                       std::size_t limit) = 0;
  /// Committed events of one run, ascending.
  virtual Task<Result<std::vector<Frame>>> read_run_events(std::string run) = 0;
  /// Facts of one run in the order they were committed.
  virtual Task<Result<std::vector<Fact>>> read_facts(std::string run) = 0;
  /// Facts of one kind of all runs of a session, in the order they were committed. Reads through what kind
  /// each fact of the session is: for what there is little of.
  virtual Task<Result<std::vector<Fact>>> session_facts(std::string session, std::string kind) = 0;

  virtual Task<Result<std::optional<SessionRow>>> find_session(std::string id) = 0;
  virtual Task<Result<std::optional<RunRow>>> find_run(std::string id) = 0;
  virtual Task<Result<std::optional<RunRow>>> find_message(std::string session, std::string message_id) = 0;
  /// Newest first. tenant "" = all.
  virtual Task<Result<std::vector<SessionRow>>> list_sessions(std::string tenant, std::size_t limit) = 0;
  /// Newest first; session "" = all sessions, tenant "" = all tenants.
  virtual Task<Result<std::vector<RunRow>>> list_runs(std::string tenant, std::string session,
                                                      std::size_t limit) = 0;
  /// Oldest first: what a start resumes.
  virtual Task<Result<std::vector<RunRow>>> unfinished_runs() = 0;
  /// Runs of (session, agent) that have ended, however they ended: the newest `limit` of them, oldest first.
  /// What memory folds.
  virtual Task<Result<std::vector<RunRow>>> turns(std::string session, std::string agent,
                                                  std::size_t limit) = 0;

  /// The ledger, added up: of each key what calls to models used that are committed. Days come in order,
  /// other keys with the highest cost first, then the most tokens. A session that was never spent for has no
  /// row.
  virtual Task<Result<std::vector<UsageRow>>> usage(UsageQuery query) = 0;

  /// What could not be delivered, the newest first; tenant "" = all.
  virtual Task<Result<std::vector<DeadLetterRow>>> dead_letters(std::string tenant, std::size_t limit) = 0;
  /// The newest one with this id; tenant "" = of any.
  virtual Task<Result<std::optional<DeadLetterRow>>> find_dead_letter(std::string tenant, std::string id) = 0;

  /// Text kept once by content: configuration snapshots, system prompts, large bodies. Returns its SHA-256 in
  /// hex.
  virtual Task<Result<std::string>> put_blob(std::string text) = 0;
  virtual Task<Result<std::string>> get_blob(std::string hash) = 0;

  /// Last committed seq of a session; 0 for an unknown one. Its event may still be on its way to subscribers:
  /// who subscribes first and asks then drops what comes live with a seq up to this one.
  virtual Task<Result<std::int64_t>> last_seq(std::string session) = 0;

  /// True while appends wait for the disk (full, I/O error); `reason` says why. New runs are refused
  /// meanwhile.
  virtual bool paused(std::string* reason = nullptr) const = 0;

  /// The id of this store, made with it and kept by every copy: what is named by a run of it is told apart
  /// from what another store, whose ids may be the same, names.
  virtual const std::string& instance() const = 0;

  /// True when the last process that had the journal did not close it (crash, kill, power cut). The caller
  /// then runs quick_check() once it listens, and admits runs after it.
  virtual bool unclean_start() const { return false; }
  /// Reads the whole file and checks its structure, beside the writer. Errors: store, naming the file, when
  /// it is damaged; appends then fail and paused() says so. Takes about a second a GiB.
  virtual Task<Result<>> quick_check() { co_return Result<>(); }

  /// From now on appends that the disk does not take are tried once more and then fail with
  /// ErrorCode::store, instead of waiting until it does: the process is about to end.
  virtual void give_up() {}

  /// Commits what is queued and stops the writer. Further appends fail with ErrorCode::store.
  virtual Task<> close() = 0;

  /// How often this store was opened for writing, this time included: what an earlier process wrote bears a
  /// smaller number.
  virtual std::int64_t epoch() const { return 1; }
};

struct StoreSettings {
  std::string path;  ///< directory, created 0700
  Sync sync = Sync::normal;
  /// Of sessions that nobody went on with for so long: whoever keeps the store may forget them. 0: never.
  std::chrono::milliseconds forget_after{0};
  /// Of runs that ended so long ago: what only the engine needs of them may be dropped. 0: never.
  std::chrono::milliseconds compact_after{0};
};

/// The lock of a store directory: one daemon at a time. Its file holds the owner's pid and address, so that
/// commands find the daemon. The lock itself is flock(2): it dies with its process.
class StoreLock {
 public:
  /// Takes the lock, or says who holds it: ErrorCode::busy with pid and address in the message.
  static Result<StoreLock> acquire(const std::string& directory);
  /// Address written by the daemon that holds the lock now ("http://127.0.0.1:7420"), or nothing when nobody
  /// does.
  static std::optional<std::string> holder(const std::string& directory);
  /// Publishes where we listen.
  Result<> announce(const std::string& address);

  StoreLock(StoreLock&& other) noexcept;
  StoreLock& operator=(StoreLock&& other) noexcept;
  ~StoreLock();

 private:
  StoreLock(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  int fd_ = -1;
  std::string path_;
};

/// Opens or creates the SQLite journal in `settings.path`. The directory must be locked by the caller.
/// Errors: store (cannot open, damaged, newer schema than this binary knows), each naming the file.
Result<std::unique_ptr<Journal>> open_sqlite_journal(Loop& loop, StoreSettings settings);

}  // namespace troupe::store
