#include "runtime/store/schema.h"

#include "runtime/base/fault.h"
#include "runtime/store/database_copy.h"
#include "runtime/store/directory.h"

#include <unistd.h>

#include <fmt/format.h>

namespace troupe::store {

namespace {

// One append-only log for events and facts. A stream is the events of a session (twice its number) or the
// facts of a run (twice its number and one); n counts from 1 without a gap within it, and `chain` is the
// checksum of the row over that of the row before (chain.h).
//
// Why not two tables keyed by (session, seq) and (run, n), which read better? A commit writes whole pages.
// Clustered by session, each append of a group touches a page of its own: 57 µs an append in groups of 256,
// against 13 µs here, where the rows of a group share pages whatever session they belong to and the index
// holds three integers a row. With one append at a time it is 39 µs against 72 µs. (2 cores, an event of 250
// bytes and a fact of 700 bytes an append.) The views `events` and `facts` are for people with a sqlite3
// shell.
//
// A row of `runs` without a session only reserves the number of a run that facts or events came for first; it
// is not listed. `message_id` is NULL when the client gave none, so that the unique index does not compare
// those.
constexpr char kSchema1[] = R"sql(
CREATE TABLE meta(key TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;

CREATE TABLE sessions(
  n INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  tenant TEXT NOT NULL,
  target TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL,
  runs INTEGER NOT NULL DEFAULT 0);
CREATE INDEX sessions_by_tenant ON sessions(tenant);

CREATE TABLE runs(
  n INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  session INTEGER REFERENCES sessions(n),
  tenant TEXT NOT NULL DEFAULT '',
  target TEXT NOT NULL DEFAULT '',
  agent TEXT NOT NULL DEFAULT '',
  parent TEXT NOT NULL DEFAULT '',
  message_id TEXT,
  input TEXT NOT NULL DEFAULT '',
  answer TEXT NOT NULL DEFAULT '',
  status TEXT NOT NULL DEFAULT '',
  reason TEXT NOT NULL DEFAULT '',
  steps INTEGER NOT NULL DEFAULT 0,
  input_tokens INTEGER NOT NULL DEFAULT 0,
  output_tokens INTEGER NOT NULL DEFAULT 0,
  cost REAL NOT NULL DEFAULT 0,
  first_seq INTEGER NOT NULL DEFAULT 0,
  last_seq INTEGER NOT NULL DEFAULT 0,
  created_ms INTEGER NOT NULL DEFAULT 0,
  finished_ms INTEGER NOT NULL DEFAULT 0,
  config TEXT NOT NULL DEFAULT '',
  extra TEXT NOT NULL DEFAULT '');
CREATE UNIQUE INDEX runs_by_message ON runs(session, message_id);
CREATE INDEX runs_unfinished ON runs(n) WHERE finished_ms = 0;

CREATE TABLE log(
  pos INTEGER PRIMARY KEY,
  stream INTEGER NOT NULL,
  n INTEGER NOT NULL,
  run INTEGER,
  step INTEGER NOT NULL,
  type TEXT NOT NULL,
  chain INTEGER NOT NULL,
  body TEXT NOT NULL);
CREATE UNIQUE INDEX log_by_stream ON log(stream, n);

CREATE TABLE blobs(
  n INTEGER PRIMARY KEY,
  hash TEXT NOT NULL UNIQUE,
  body TEXT NOT NULL);

CREATE VIEW events AS
  SELECT s.id AS session, l.n AS seq, r.id AS run, l.step, l.type, l.body
  FROM sessions s JOIN log l ON l.stream = s.n * 2 LEFT JOIN runs r ON r.n = l.run;
CREATE VIEW facts AS
  SELECT r.id AS run, l.n, l.step, l.type AS kind, l.body
  FROM runs r JOIN log l ON l.stream = r.n * 2 + 1;
)sql";

// The ledger: what calls to models used, added up by day and by whose they were. It is written with the
// append that tells of a call, so it is exact after any crash; adding the log up instead would read all of
// it.
//
// What there was before is taken from the usage events. They do not say which entry of `models:` was asked;
// the first request of their run does.
constexpr char kSchema2[] = R"sql(
CREATE TABLE usage(
  day TEXT NOT NULL,
  tenant TEXT NOT NULL,
  session TEXT NOT NULL,
  agent TEXT NOT NULL,
  target TEXT NOT NULL,
  model TEXT NOT NULL,
  calls INTEGER NOT NULL,
  input_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  cached_tokens INTEGER NOT NULL,
  cost REAL NOT NULL,
  PRIMARY KEY(day, tenant, session, agent, target, model)) WITHOUT ROWID;
CREATE INDEX usage_by_session ON usage(session);

INSERT INTO usage
  SELECT substr(json_extract(l.body, '$.ts'), 1, 10), r.tenant, s.id, r.agent, r.target,
    coalesce((SELECT json_extract(i.body, '$.model') FROM log i
              WHERE i.stream = r.n * 2 + 1 AND i.type = 'model.intent' ORDER BY i.n LIMIT 1), '') AS model,
    count(*), sum(json_extract(l.body, '$.input_tokens')), sum(json_extract(l.body, '$.output_tokens')),
    sum(coalesce(json_extract(l.body, '$.cached_tokens'), 0)), sum(json_extract(l.body, '$.cost'))
  FROM log l JOIN runs r ON r.n = l.run JOIN sessions s ON s.n = r.session
  WHERE l.type = 'usage' AND l.stream = s.n * 2
    AND json_extract(l.body, '$.input_tokens') + json_extract(l.body, '$.output_tokens') > 0
  GROUP BY 1, 2, 3, 4, 5, 6;
)sql";

// What could not be delivered. A table of its own, because it is read across sessions and one of it is found
// by its id.
constexpr char kSchema3[] = R"sql(
CREATE TABLE dead_letters(
  n INTEGER PRIMARY KEY,
  session INTEGER NOT NULL REFERENCES sessions(n),
  id TEXT NOT NULL,
  tenant TEXT NOT NULL,
  run TEXT NOT NULL,
  reason TEXT NOT NULL,
  detail TEXT NOT NULL,
  body TEXT NOT NULL,
  resend_id TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  resent_ms INTEGER NOT NULL);
CREATE UNIQUE INDEX dead_letters_by_session ON dead_letters(session, id);
CREATE INDEX dead_letters_by_id ON dead_letters(id);
CREATE INDEX dead_letters_by_time ON dead_letters(at_ms);
CREATE INDEX dead_letters_by_tenant ON dead_letters(tenant, at_ms);
)sql";

// Facts of old runs may be dropped (gap.h). A version that does not know of gaps would take them for damage,
// so it is not to open such a file. For people a gap is no fact.
constexpr char kSchema4[] = R"sql(
DROP VIEW facts;
CREATE VIEW facts AS
  SELECT r.id AS run, l.n, l.step, l.type AS kind, l.body
  FROM runs r JOIN log l ON l.stream = r.n * 2 + 1 WHERE l.type <> 'log.dropped';
)sql";

constexpr Migration kMigrations[] = {{1, kSchema1}, {2, kSchema2}, {3, kSchema3}, {4, kSchema4}};

/// 0 for an empty file. Errors: another program's file, damage.
Result<int> schema_of(Database& database) {
  auto tables = database.integer("SELECT count(*) FROM sqlite_schema");
  if (!tables) return fail(std::move(tables.error()));
  if (tables->value_or(0) == 0) return 0;

  auto application = database.integer("PRAGMA application_id");
  if (!application) return fail(std::move(application.error()));
  if (application->value_or(0) != kApplicationId)
    return fail(ErrorCode::store,
                fmt::format("{}: this is a SQLite database of another program, not a journal of "
                            "Troupe; set store.path to another directory",
                            database.file()));

  auto version = database.integer("SELECT value FROM meta WHERE key = 'schema'");
  if (!version) return fail(std::move(version.error()));
  if (!*version)
    return fail(ErrorCode::store,
                fmt::format("{}: the journal does not say which schema it has; it is damaged: "
                            "restore a backup, or move the file away to begin anew",
                            database.file()));
  return static_cast<int>(**version);
}

Error newer(const Database& database, int version, int known) {
  return Error{
      ErrorCode::store,
      fmt::format("{}: the journal has schema {}, this troupe knows schemas up to {}: it was written by a "
                  "newer version. Run that version, or set store.path to another directory",
                  database.file(), version, known),
      false,
      0,
      {}};
}

/// A copy of the file as it is, before it is changed for good.
Result<> back_up(Database& database, int version) {
  const std::string copy = fmt::format("{}.schema-{}", database.file(), version);
  ::unlink(copy.c_str());  // an earlier attempt that did not get through
  if (auto ready = prepare_file(copy); !ready)
    return ready;  // VACUUM takes an empty file as it is, and keeps its mode
  auto vacuum = database.statement("VACUUM INTO ?");
  if (!vacuum) return fail(std::move(vacuum.error()));
  if (auto done = (*vacuum)->bind(copy).run(); !done)
    return within("cannot back the journal up before changing its schema", std::move(done.error()));
  return sync_to_disk(copy);
}

/// Where a test lets the disk be full, or the process end.
Result<> pass(const Database& database, std::string_view point) {
  if (fault_point(point) == Fault::none) return {};
  return fail(ErrorCode::store, fmt::format("{}: database or disk is full", database.file()));
}

Result<> migrate(Database& database, int from, std::span<const Migration> steps) {
  if (auto done = database.execute("BEGIN EXCLUSIVE"); !done) return done;
  for (const Migration& step : steps) {
    if (step.version <= from) continue;
    auto done = database.execute(step.sql);
    if (done) done = pass(database, "schema.step");
    if (!done) {
      database.rollback();
      return within(fmt::format("migration to schema {}", step.version), std::move(done.error()));
    }
  }
  const std::string mark = fmt::format(
      "INSERT INTO meta(key, value) VALUES('schema', {0}) "
      "ON CONFLICT(key) DO UPDATE SET value = excluded.value;"
      "PRAGMA application_id = {1}",
      steps.back().version, kApplicationId);
  auto done = database.execute(mark.c_str());
  if (done) done = pass(database, "schema.commit");
  if (done) done = database.execute("COMMIT");
  if (!done) database.rollback();
  return done;
}

}  // namespace

std::span<const Migration> migrations() {
  return kMigrations;
}
int newest_schema() {
  return migrations().back().version;
}

Result<> prepare_schema(Database& database, std::span<const Migration> steps) {
  auto version = schema_of(database);
  if (!version) return fail(std::move(version.error()));
  const int known = steps.back().version;
  if (*version > known) return fail(newer(database, *version, known));
  if (*version == known) return {};
  if (*version > 0) {
    if (auto done = back_up(database, *version); !done) return done;
    if (auto done = pass(database, "schema.copied"); !done) return done;
  }
  return migrate(database, *version, steps);
}

Result<> check_journal(Database& database) {
  auto version = schema_of(database);
  if (!version) return fail(std::move(version.error()));
  if (*version > newest_schema()) return fail(newer(database, *version, newest_schema()));
  if (*version == 0)
    return fail(ErrorCode::store, fmt::format("{}: there is nothing in this file", database.file()));
  return {};
}

Result<> check_schema(Database& database) {
  auto version = schema_of(database);
  if (!version) return fail(std::move(version.error()));
  if (*version > newest_schema()) return fail(newer(database, *version, newest_schema()));
  if (*version < newest_schema())
    return fail(ErrorCode::store,
                fmt::format("{}: the journal has schema {}, this troupe reads schema {}: start "
                            "`troupe serve` on it once, which brings it up to date",
                            database.file(), *version, newest_schema()));
  return {};
}

}  // namespace troupe::store
