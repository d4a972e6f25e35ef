#include "runtime/async/one_shot.h"
#include "runtime/store/batch_faults.h"
#include "runtime/store/directory.h"
#include "runtime/store/health.h"
#include "runtime/store/journal.h"
#include "runtime/store/queries.h"
#include "runtime/store/reader_pool.h"
#include "runtime/store/recovery.h"
#include "runtime/store/restore.h"
#include "runtime/store/schema.h"
#include "runtime/store/subscribers.h"
#include "runtime/store/upkeep.h"
#include "runtime/store/writer.h"
#include "runtime/telemetry/log.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>
#include <sqlite3.h>

namespace troupe::store {

namespace {

/// What no store could keep, found before it is queued.
Result<> admissible(const Append& append) {
  for (const Event& event : append.events) {
    if (event.session.empty() || event.type.empty())
      return fail(ErrorCode::invalid,
                  fmt::format("an event `{}` without a type or a session was to be journaled", event.type));
  }
  for (const Fact& fact : append.facts) {
    if (fact.run.empty()) return fail(ErrorCode::invalid, fmt::format("a fact `{}` names no run", fact.kind));
  }
  for (const Spending& spending : append.spent) {
    if (spending.day.empty() || spending.session.empty())
      return fail(ErrorCode::invalid, "what was spent names no day or no session");
  }
  for (const DeadLetterRow& letter : append.dead) {
    if (letter.id.empty() || letter.session.empty())
      return fail(ErrorCode::invalid,
                  fmt::format("the dead letter `{}` names no message or no session", letter.id));
  }
  if (append.session && append.session->id.empty())
    return fail(ErrorCode::invalid, "a session row has no id");
  if (append.run && (append.run->id.empty() || append.run->session.empty()))
    return fail(ErrorCode::invalid,
                fmt::format("the row of run `{}` names no run or no session", append.run->id));
  for (const RunRow& other : append.others)
    if (other.id.empty() || other.session.empty())
      return fail(ErrorCode::invalid,
                  fmt::format("the row of run `{}` names no run or no session", other.id));
  return {};
}

std::unexpected<Error> closed() {
  return fail(ErrorCode::store, "the journal is closed: nothing more is stored or read");
}

/// What the journal says of itself when it is opened.
struct Start {
  bool clean = true;  ///< the last process closed it
  std::string instance;
  std::int64_t epoch = 1;
};

class SqliteJournal final : public Journal {
 public:
  SqliteJournal(Loop& loop, Database database, Sync sync, Start start)
      : loop_(loop),
        start_(std::move(start)),
        upkeep_(database.file(), health_),
        readers_(loop, database.file()),
        writer_(loop, std::move(database), sync, subscribers_, health_, upkeep_) {}

  ~SqliteJournal() override { release(); }

  Task<Result<>> commit(Append append) override {
    if (auto ok = admissible(append); !ok) co_return ok;
    OneShot<Result<std::string>> done(loop_);
    if (!queue(std::move(append), &done)) co_return closed();
    auto outcome = co_await done.wait();
    if (!outcome) co_return fail(std::move(outcome.error()));
    co_return Result<>();
  }

  void post(Append append) override {
    auto ok = admissible(append);
    if (ok && !queue(std::move(append), nullptr)) ok = closed();
    if (!ok) log::error("an append was not stored", {{"error", ok.error().message}});
  }

  void publish(const Event& event) override {
    if (!subscribers_->any(event.session)) return;
    auto text = std::make_shared<const std::string>(render(event, 0, loop_.clock().wall_ms()));
    subscribers_->publish({.text = std::move(text),
                           .seq = 0,
                           .session = event.session,
                           .run = event.run,
                           .type = event.type,
                           .step = event.step});
  }

  std::unique_ptr<Subscription> subscribe(const std::string& session, Subscriber& subscriber) override {
    return subscribers_->add(session, subscriber);
  }

  Task<Result<std::vector<Frame>>> read_events(std::string session, std::int64_t after,
                                               std::size_t limit) override {
    return read([session = std::move(session), after, limit](Database& database) {
      return queries::events(database, session, after, limit);
    });
  }
  Task<Result<std::vector<Frame>>> read_run_events(std::string run) override {
    return read([run = std::move(run)](Database& database) { return queries::run_events(database, run); });
  }
  Task<Result<std::vector<Fact>>> read_facts(std::string run) override {
    return read([run = std::move(run)](Database& database) { return queries::facts(database, run); });
  }
  Task<Result<std::vector<Fact>>> session_facts(std::string session, std::string kind) override {
    return read([session = std::move(session), kind = std::move(kind)](Database& database) {
      return queries::session_facts(database, session, kind);
    });
  }
  Task<Result<std::optional<SessionRow>>> find_session(std::string id) override {
    return read([id = std::move(id)](Database& database) { return queries::session(database, id); });
  }
  Task<Result<std::optional<RunRow>>> find_run(std::string id) override {
    return read([id = std::move(id)](Database& database) { return queries::run(database, id); });
  }
  Task<Result<std::optional<RunRow>>> find_message(std::string session, std::string message_id) override {
    return read([session = std::move(session), message_id = std::move(message_id)](Database& database) {
      return queries::message(database, session, message_id);
    });
  }
  Task<Result<std::vector<SessionRow>>> list_sessions(std::string tenant, std::size_t limit) override {
    return read([tenant = std::move(tenant), limit](Database& database) {
      return queries::sessions(database, tenant, limit);
    });
  }
  Task<Result<std::vector<RunRow>>> list_runs(std::string tenant, std::string session,
                                              std::size_t limit) override {
    return read([tenant = std::move(tenant), session = std::move(session), limit](Database& database) {
      return queries::runs(database, tenant, session, limit, RunsOf::all);
    });
  }
  Task<Result<std::vector<RunRow>>> unfinished_runs() override {
    return read([](Database& database) { return queries::unfinished_runs(database); });
  }
  Task<Result<std::vector<RunRow>>> turns(std::string session, std::string agent,
                                          std::size_t limit) override {
    return read([session = std::move(session), agent = std::move(agent), limit](Database& database) {
      return queries::turns(database, session, agent, limit);
    });
  }
  Task<Result<std::vector<UsageRow>>> usage(UsageQuery query) override {
    return read([query = std::move(query)](Database& database) { return queries::usage(database, query); });
  }
  Task<Result<std::vector<DeadLetterRow>>> dead_letters(std::string tenant, std::size_t limit) override {
    return read([tenant = std::move(tenant), limit](Database& database) {
      return queries::dead_letters(database, tenant, limit);
    });
  }
  Task<Result<std::optional<DeadLetterRow>>> find_dead_letter(std::string tenant, std::string id) override {
    return read([tenant = std::move(tenant), id = std::move(id)](Database& database) {
      return queries::dead_letter(database, tenant, id);
    });
  }
  Task<Result<std::int64_t>> last_seq(std::string session) override {
    return read(
        [session = std::move(session)](Database& database) { return queries::last_seq(database, session); });
  }
  Task<Result<std::string>> get_blob(std::string hash) override {
    return read([hash = std::move(hash)](Database& database) { return queries::blob(database, hash); });
  }

  Task<Result<std::string>> put_blob(std::string text) override {
    OneShot<Result<std::string>> done(loop_);
    auto entry = std::make_unique<Entry>();
    entry->blob = std::move(text);
    entry->waiter = &done;
    if (!writer_.add(std::move(entry))) co_return closed();
    co_return co_await done.wait();
  }

  bool paused(std::string* reason) const override { return health_.paused(reason); }
  const std::string& instance() const override { return start_.instance; }
  bool unclean_start() const override { return !start_.clean; }
  std::int64_t epoch() const override { return start_.epoch; }
  void give_up() override { writer_.give_up(); }

  Task<Result<>> quick_check() override {
    if (closing_) co_return closed();
    OneShot<Result<>> done(loop_);
    upkeep_.quick_check([this, &done](Result<> result) {
      loop_.post([&done, result = std::move(result)]() mutable { done.set(std::move(result)); });
    });
    co_return co_await done.wait();
  }

  Task<> close() override {
    if (std::exchange(closing_, true)) co_return;
    OneShot<bool> drained(loop_);
    writer_.close([&drained] { drained.set(true); });
    co_await drained.wait();
    release();
  }

 private:
  /// The writer's connection is to be the last one, so that it takes the WAL away when it closes.
  void release() {
    readers_.close();
    upkeep_.close();
  }

  bool queue(Append append, OneShot<Result<std::string>>* waiter) {
    auto entry = std::make_unique<Entry>();
    entry->append = std::move(append);
    entry->wall_ms = loop_.clock().wall_ms();
    entry->waiter = waiter;
    BatchFaults faults;
    faults.read(entry->append);
    faults.reach("journal.queue");
    return writer_.add(std::move(entry));
  }

  template <class Query>
  auto read(Query query) -> Task<std::invoke_result_t<Query&, Database&>> {
    if (closing_) co_return closed();
    co_return co_await readers_.read(std::move(query));
  }

  Loop& loop_;
  const Start start_;
  Health health_;
  bool closing_ = false;
  std::shared_ptr<Subscribers> subscribers_ = std::make_shared<Subscribers>();
  Upkeep upkeep_;
  ReaderPool readers_;
  Writer writer_;  // last: its thread uses the others
};

constexpr char kWriterSettings[] =
    "PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0;"
    "PRAGMA cache_size = -4096; PRAGMA secure_delete = ON";

/// Counts this start, notes that the file is in use from now on, and gives it an id when it has none.
Result<Start> note_start(Database& database) {
  if (auto done = database.execute("BEGIN IMMEDIATE"); !done) return fail(std::move(done.error()));
  auto clean = database.integer("SELECT value FROM meta WHERE key = 'clean'");
  if (!clean) return fail(std::move(clean.error()));
  auto done = database.execute(
      "INSERT INTO meta(key, value) VALUES('clean', 0), ('epoch', 1) ON CONFLICT(key) DO UPDATE "
      "SET value = CASE key WHEN 'clean' THEN 0 ELSE value + 1 END;"
      "INSERT OR IGNORE INTO meta(key, value) VALUES('instance', lower(hex(randomblob(16)))); COMMIT");
  if (!done) return fail(std::move(done.error()));
  auto instance = database.text("SELECT value FROM meta WHERE key = 'instance'");
  if (!instance) return fail(std::move(instance.error()));
  auto epoch = database.integer("SELECT value FROM meta WHERE key = 'epoch'");
  if (!epoch) return fail(std::move(epoch.error()));
  return Start{clean->value_or(1) != 0, instance->value_or(""), epoch->value_or(1)};
}

bool is_empty(const std::string& file) {
  std::error_code error;
  return std::filesystem::file_size(file, error) == 0 && !error;
}

Result<Database> open_for_writing(const std::string& file, Sync sync, Start& start) {
  // A file that is only being made holds nothing that a power cut could take. Syncing each stage of its
  // making is half of a first start; what `barriers` and `full` promise later stands on it, though.
  const bool hasty = sync == Sync::normal && is_empty(file);
  auto database = Database::open(file, Database::Mode::create);
  if (!database) return database;
  Result<> set = hasty ? database->execute("PRAGMA synchronous = OFF") : Result<>();
  if (set) set = database->execute(kWriterSettings);
  if (set && !hasty) set = database->execute("PRAGMA synchronous = NORMAL");
  if (!set) return fail(std::move(set.error()));
  if (auto done = prepare_schema(*database, migrations()); !done) return fail(std::move(done.error()));
  auto noted = note_start(*database);
  if (!noted) return fail(std::move(noted.error()));
  if (hasty) set = database->execute("PRAGMA synchronous = NORMAL");
  if (!set) return fail(std::move(set.error()));
  start = std::move(*noted);
  return database;
}

}  // namespace

Result<std::unique_ptr<Journal>> open_sqlite_journal(Loop& loop, StoreSettings settings) {
  // Saves a lock and two counters an allocation. Refused, harmlessly, when SQLite was used in this process
  // before.
  sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  if (auto ready = prepare_directory(settings.path); !ready) return fail(std::move(ready.error()));
  if (auto done = finish_restore(settings.path); !done) return fail(std::move(done.error()));
  const std::string file = settings.path + "/journal.db";
  if (auto ready = prepare_file(file); !ready) return fail(std::move(ready.error()));
  if (auto whole = examine_wal(settings.path); !whole) return fail(std::move(whole.error()));
  Start start;
  auto database = open_for_writing(file, settings.sync, start);
  if (!database) return within("the journal cannot be opened", std::move(database.error()));
  if (!start.clean) log::warn("the journal was not closed by the last process that had it", {{"file", file}});
  return std::make_unique<SqliteJournal>(loop, std::move(*database), settings.sync, std::move(start));
}

}  // namespace troupe::store
