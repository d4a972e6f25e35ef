// What the journal says to files that are not as it left them.
#include "runtime/store/journal.h"
#include "runtime/store/schema.h"
#include "runtime/store/sqlite.h"
#include "runtime/telemetry/log.h"
#include "tests/runtime/store/journal_contract.h"
#include "tests/runtime/store/temp_store.h"

#include <fcntl.h>
#include <fstream>
#include <random>
#include <sstream>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::store;

namespace {

Result<std::unique_ptr<Journal>> open(Loop& loop, const TempStore& store) {
  return open_sqlite_journal(loop, {.path = store.directory()});
}

/// Opens, appends `appends` times two events to s_a, and closes.
void fill(const TempStore& store, int appends, std::size_t text = 100) {
  SystemClock clock;
  Loop loop(clock);
  auto journal = open(loop, store);
  REQUIRE_MESSAGE(journal.has_value(), journal.error().message);
  for (int i = 0; i < appends; ++i) {
    Append append = contract::events_of("s_a", "r_a", 2);
    append.facts.push_back({"r_a", "model.reply", i, std::string(text, 'x')});
    REQUIRE(fakes::run(loop, (*journal)->commit(std::move(append))).has_value());
  }
  fakes::run(loop, (*journal)->close());
}

/// The same in a process that is killed before it closes anything.
void fill_and_die(const TempStore& store, int appends, std::size_t text = 100) {
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    SystemClock clock;
    Loop loop(clock);
    auto journal = open(loop, store);
    for (int i = 0; journal && i < appends; ++i) {
      Append append = contract::events_of("s_a", "r_a", 2);
      append.facts.push_back({"r_a", "model.reply", i, std::string(text, 'x')});
      if (!fakes::run(loop, (*journal)->commit(std::move(append)))) _exit(1);
    }
    raise(SIGKILL);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
}

void overwrite(const std::string& file, std::int64_t at, const std::string& bytes) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  REQUIRE(stream.good());
  stream.seekp(at);
  stream << bytes;
  REQUIRE(stream.good());
}

void change(const TempStore& store, const char* sql) {
  auto database = Database::open(store.file(), Database::Mode::write);
  REQUIRE(database.has_value());
  REQUIRE(database->execute(sql).has_value());
}

mode_t mode_of(const std::string& path) {
  struct stat status{};
  REQUIRE(stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

Error refusal(const TempStore& store) {
  SystemClock clock;
  Loop loop(clock);
  auto journal = open(loop, store);
  REQUIRE_FALSE(journal.has_value());
  CHECK(journal.error().code == ErrorCode::store);
  CHECK(journal.error().message.find(store.file()) != std::string::npos);
  return journal.error();
}

bool mentions(const Error& error, const std::string& text) {
  return error.message.find(text) != std::string::npos;
}

/// Errors of the log that a test provokes are not for the reader of the test's output.
struct Quiet {
  Quiet() { log::configure(log::Level::off, log::Format::text); }
  ~Quiet() { log::configure(log::Level::error, log::Format::text); }
};

std::size_t events_in(const TempStore& store, const std::string& session) {
  SystemClock clock;
  Loop loop(clock);
  auto journal = open(loop, store);
  REQUIRE_MESSAGE(journal.has_value(), journal.error().message);
  auto frames = fakes::run(loop, (*journal)->read_events(session, 0, 100'000));
  REQUIRE_MESSAGE(frames.has_value(), frames.error().message);
  fakes::run(loop, (*journal)->close());
  return frames->size();
}

/// A store as an earlier version left it.
void fill_from(const TempStore& store, const char* dump) {
  std::filesystem::create_directories(store.directory());
  std::ostringstream text;
  text << std::ifstream(fmt::format("{}/store/{}", TROUPE_FIXTURES, dump)).rdbuf();
  auto old = Database::open(store.file(), Database::Mode::create);
  REQUIRE(old.has_value());
  REQUIRE(old->execute(text.str().c_str()).has_value());
  REQUIRE(old->execute(fmt::format("PRAGMA application_id = {}", kApplicationId).c_str()).has_value());
}

}  // namespace

TEST_CASE("a store is its owner's alone, whatever the umask, and one file when it is closed") {
  TempStore store;
  const mode_t before = umask(0);
  SystemClock clock;
  Loop loop(clock);
  {
    auto journal = open(loop, store);
    REQUIRE(journal.has_value());
    REQUIRE(fakes::run(loop, (*journal)->commit(contract::events_of("s_a", "r_a", 1))).has_value());
    REQUIRE(fakes::run(loop, (*journal)->last_seq("s_a")) == 1);
    for (const char* suffix : {"", "-wal", "-shm"}) CHECK(mode_of(store.file() + suffix) == 0600);
    CHECK(mode_of(store.directory()) == 0700);
    fakes::run(loop, (*journal)->close());
  }
  umask(before);
  CHECK(std::filesystem::exists(store.file()));
  CHECK_FALSE(std::filesystem::exists(store.file() + "-wal"));
}

TEST_CASE("a store that was open to others is closed to them") {
  TempStore store;
  fill(store, 1);
  REQUIRE(chmod(store.directory().c_str(), 0755) == 0);
  REQUIRE(chmod(store.file().c_str(), 0644) == 0);

  CHECK(events_in(store, "s_a") == 2);

  CHECK(mode_of(store.directory()) == 0700);
  CHECK(mode_of(store.file()) == 0600);
}

TEST_CASE("what was stored is there after a restart, and numbering goes on") {
  TempStore store;
  fill(store, 3);
  fill(store, 2);
  CHECK(events_in(store, "s_a") == 10);
}

TEST_CASE("a newer schema is refused: which file, which versions, what to do") {
  TempStore store;
  fill(store, 1);
  change(store, "UPDATE meta SET value = 99 WHERE key = 'schema'");

  const Error error = refusal(store);

  CHECK(mentions(error, "schema 99"));
  CHECK(mentions(error, "up to " + std::to_string(newest_schema())));
  CHECK(mentions(error, "newer version"));
  change(store, fmt::format("UPDATE meta SET value = {} WHERE key = 'schema'", newest_schema()).c_str());
  CHECK(events_in(store, "s_a") == 2);
}

TEST_CASE("another program's database is left alone") {
  TempStore store;
  std::filesystem::create_directories(store.directory());
  {
    auto other = Database::open(store.file(), Database::Mode::create);
    REQUIRE(other.has_value());
    REQUIRE(other->execute("CREATE TABLE recipes(name)").has_value());
  }
  CHECK(mentions(refusal(store), "another program"));
}

TEST_CASE("a file that is no database, and one whose beginning is broken, are named") {
  TempStore store;
  SUBCASE("text") {
    std::filesystem::create_directories(store.directory());
    std::ofstream(store.file()) << std::string(10'000, 'x');
  }
  SUBCASE("the header is gone") {
    fill(store, 5);
    overwrite(store.file(), 0, std::string(100, '\xff'));
  }
  SUBCASE("the first page is gone") {
    fill(store, 5);
    overwrite(store.file(), 100, std::string(3996, '\xff'));
  }
  SUBCASE("the file is cut in the middle") {
    fill(store, 200);
    std::filesystem::resize_file(store.file(), std::filesystem::file_size(store.file()) / 2);
  }
  refusal(store);
}

TEST_CASE("an empty file becomes a journal") {
  TempStore store;
  std::filesystem::create_directories(store.directory());
  std::ofstream(store.file()).flush();
  CHECK(events_in(store, "s_a") == 0);
}

TEST_CASE("a store has an id of its own, which stays, and which an older store is given") {
  const auto instance = [](const TempStore& store) {
    SystemClock clock;
    Loop loop(clock);
    auto journal = open(loop, store);
    REQUIRE(journal.has_value());
    const std::string id = (*journal)->instance();
    fakes::run(loop, (*journal)->close());
    return id;
  };
  TempStore one, other;
  const std::string id = instance(one);
  CHECK(id.size() == 32);
  CHECK(instance(one) == id);
  CHECK(instance(other) != id);
  fill_and_die(one, 1);
  CHECK(instance(one) == id);
  change(one, "DELETE FROM meta WHERE key = 'instance'");
  const std::string given = instance(one);
  CHECK(given.size() == 32);
  CHECK(instance(one) == given);
}

TEST_CASE("an unclean stop is known at the next start, a clean one is not taken for one") {
  TempStore store;
  const auto unclean = [&store] {
    SystemClock clock;
    Loop loop(clock);
    auto journal = open(loop, store);
    REQUIRE(journal.has_value());
    const bool was = (*journal)->unclean_start();
    auto checked = fakes::run(loop, (*journal)->quick_check());
    CHECK_MESSAGE(checked.has_value(), checked.error().message);
    fakes::run(loop, (*journal)->close());
    return was;
  };
  CHECK_FALSE(unclean());
  CHECK_FALSE(unclean());
  fill_and_die(store, 3);
  CHECK(unclean());
  CHECK_FALSE(unclean());
}

TEST_CASE("quick_check finds a damaged page; appends fail from then on, and say why") {
  TempStore store;
  fill(store, 300, 300);
  // Every page but the first few: tables are found, their rows are not.
  const auto size = static_cast<std::int64_t>(std::filesystem::file_size(store.file()));
  for (std::int64_t page = 30 * 4096; page < size; page += 4096)
    overwrite(store.file(), page, std::string(64, '\x7f'));

  SystemClock clock;
  Loop loop(clock);
  auto journal = open(loop, store);
  REQUIRE(journal.has_value());
  auto checked = fakes::run(loop, (*journal)->quick_check());
  REQUIRE_FALSE(checked.has_value());
  CHECK(checked.error().code == ErrorCode::store);
  CHECK(mentions(checked.error(), store.file()));

  std::string reason;
  CHECK((*journal)->paused(&reason));
  CHECK(reason.find("damaged") != std::string::npos);
  auto appended = fakes::run(loop, (*journal)->commit(contract::events_of("s_new", "r_new", 1)));
  REQUIRE_FALSE(appended.has_value());
  CHECK(appended.error().code == ErrorCode::store);
  CHECK(mentions(appended.error(), "damaged"));
  fakes::run(loop, (*journal)->close());
}

TEST_CASE("damage that is met while appending fails what waits and what follows") {
  Quiet quiet;
  TempStore store;
  fill(store, 300, 300);
  const auto size = static_cast<std::int64_t>(std::filesystem::file_size(store.file()));
  for (std::int64_t page = 30 * 4096; page < size; page += 4096)
    overwrite(store.file(), page, std::string(64, '\x7f'));

  SystemClock clock;
  Loop loop(clock);
  auto journal = open(loop, store);
  REQUIRE(journal.has_value());
  auto appended = fakes::run(loop, (*journal)->commit(contract::events_of("s_a", "r_a", 1)));
  REQUIRE_FALSE(appended.has_value());
  CHECK(appended.error().code == ErrorCode::store);
  CHECK(mentions(appended.error(), store.file()));
  std::string reason;
  CHECK((*journal)->paused(&reason));
  CHECK(reason.find("damaged") != std::string::npos);
  fakes::run(loop, (*journal)->close());
}

TEST_CASE("a row that was changed behind our back is an error that names it, never data") {
  TempStore store;
  fill(store, 5);
  SUBCASE("its text") {
    change(store, "UPDATE log SET body = replace(body, 'said', 'sang') WHERE stream % 2 = 0 AND n = 4");
  }
  SUBCASE("it is gone") {
    change(store, "DELETE FROM log WHERE stream % 2 = 0 AND n = 4");
  }
  SUBCASE("it was swapped") {
    change(store,
           "UPDATE log SET n = -4 WHERE stream % 2 = 0 AND n = 4;"
           "UPDATE log SET n = 4 WHERE stream % 2 = 0 AND n = 5;"
           "UPDATE log SET n = 5 WHERE stream % 2 = 0 AND n = -4");
  }

  SystemClock clock;
  Loop loop(clock);
  auto journal = open(loop, store);
  REQUIRE(journal.has_value());
  auto frames = fakes::run(loop, (*journal)->read_events("s_a", 0, 100));
  REQUIRE_FALSE(frames.has_value());
  CHECK(frames.error().code == ErrorCode::store);
  CHECK(mentions(frames.error(), "session s_a"));
  CHECK(fakes::run(loop, (*journal)->read_events("s_a", 0, 3)).has_value());  // what is whole can be read
  CHECK(fakes::run(loop, (*journal)->read_events("s_a", 6, 100)).has_value());
  CHECK(fakes::run(loop, (*journal)->read_facts("r_a")).has_value());
  fakes::run(loop, (*journal)->close());
}

TEST_CASE("a bit that flipped in the write-ahead log does not silently take what follows with it") {
  TempStore store;
  fill_and_die(store, 50);
  const std::string wal = store.file() + "-wal";
  const auto size = static_cast<std::int64_t>(std::filesystem::file_size(wal));

  SUBCASE("in a frame") {
    overwrite(wal, 32 + (size - 32) / 2 / 4120 * 4120 + 1000, "\x55\xaa");
  }
  SUBCASE("in its header") {
    overwrite(wal, 8, "\x55");
  }

  const Error error = refusal(store);
  CHECK(mentions(error, wal));
  CHECK(mentions(error, "truncate -s"));
}

TEST_CASE(
    "wherever a write-ahead log is damaged, nothing is left out without a word but its last transaction") {
  Quiet quiet;
  TempStore store;
  fill_and_die(store, 20);
  const std::string wal = store.file() + "-wal";
  const auto bytes_of = [](const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  const std::string good = bytes_of(wal);
  const std::string journal = bytes_of(store.file());
  std::mt19937 random(20261129);
  int refused = 0;
  constexpr int kFlips = 60;
  for (int i = 0; i < kFlips; ++i) {
    const std::size_t at = std::uniform_int_distribution<std::size_t>(0, good.size() - 1)(random);
    CAPTURE(at);
    std::string bad = good;
    const bool last = i == 0;  // the end of the last transaction, which may as well never have been finished
    bad[last ? good.size() - 10 : at] ^= 0x10;
    std::filesystem::remove(store.file() + "-shm");
    std::ofstream(store.file(), std::ios::binary | std::ios::trunc) << journal;
    std::ofstream(wal, std::ios::binary | std::ios::trunc) << bad;
    SystemClock clock;
    Loop loop(clock);
    auto opened = open(loop, store);
    if (!opened) {
      ++refused;
      CHECK_FALSE(last);
      CHECK(mentions(opened.error(), wal));
      continue;
    }
    auto events = fakes::run(loop, (*opened)->read_events("s_a", 0, 1'000));
    REQUIRE(events.has_value());
    CHECK(events->size() >= 38);
    if (last) CHECK(events->size() == 38);
    fakes::run(loop, (*opened)->close());
  }
  MESSAGE("of ", kFlips, " flips ", refused, " were refused");
  CHECK(refused > kFlips / 2);
}

TEST_CASE("what the message about a damaged write-ahead log says can be done") {
  TempStore store;
  fill_and_die(store, 50);
  const std::string wal = store.file() + "-wal";
  const auto size = static_cast<std::int64_t>(std::filesystem::file_size(wal));
  overwrite(wal, 32 + (size - 32) / 2 / 4120 * 4120 + 1000, "\x55\xaa");
  const Error error = refusal(store);

  std::istringstream words(error.message.substr(error.message.find("truncate -s ") + 12));
  std::int64_t bytes = 0;
  words >> bytes;
  std::filesystem::resize_file(wal, static_cast<std::uintmax_t>(bytes));

  const std::size_t events = events_in(store, "s_a");
  CHECK(events >= 2);
  CHECK(events < 100);
  CHECK(events % 2 == 0);
}

TEST_CASE("after a power cut the journal goes on with what is whole, and keeps the rest aside") {
  Quiet quiet;
  TempStore store;
  fill_and_die(store, 50);
  const std::string wal = store.file() + "-wal";
  std::ofstream(store.directory() + "/boot") << "another start of the machine\n";
  const auto size = static_cast<std::int64_t>(std::filesystem::file_size(wal));
  // After the last whole commit comes one that lost a page, and another behind it.
  std::ifstream in(wal, std::ios::binary);
  in.seekg(size - 4120);
  std::string last(4120, '\0');
  in.read(last.data(), 4120);
  std::string torn = last;
  torn[2000] = static_cast<char>(torn[2000] ^ 1);
  std::ofstream(wal, std::ios::app | std::ios::binary) << torn << last;

  CHECK(events_in(store, "s_a") == 100);
  CHECK(std::filesystem::exists(wal + ".damaged"));
}

TEST_CASE(
    "an older schema is brought up to date in one step, after a copy was made; a failing step changes "
    "nothing") {
  TempStore store;
  fill(store, 2);
  const int old = newest_schema();
  std::vector<Migration> good(migrations().begin(), migrations().end());
  std::vector<Migration> bad = good;
  good.push_back({old + 1, "ALTER TABLE sessions ADD COLUMN title TEXT; CREATE TABLE extra(a)"});
  good.push_back({old + 2, "UPDATE sessions SET title = 'old'"});
  bad.push_back({old + 1, "ALTER TABLE sessions ADD COLUMN title TEXT"});
  bad.push_back({old + 2, "UPDATE nothing SET a = 1"});
  auto database = Database::open(store.file(), Database::Mode::write);
  REQUIRE(database.has_value());

  auto failed = prepare_schema(*database, bad);
  REQUIRE_FALSE(failed.has_value());
  CHECK(mentions(failed.error(), fmt::format("schema {}", old + 2)));
  CHECK(database->integer("SELECT value FROM meta WHERE key = 'schema'").value() == old);
  CHECK(
      database->integer("SELECT count(*) FROM pragma_table_info('sessions') WHERE name = 'title'").value() ==
      0);

  REQUIRE(prepare_schema(*database, good).has_value());
  CHECK(database->integer("SELECT value FROM meta WHERE key = 'schema'").value() == old + 2);
  CHECK(database->text("SELECT title FROM sessions").value() == "old");

  const std::string copied = fmt::format("{}.schema-{}", store.file(), old);
  auto copy = Database::open(copied, Database::Mode::read);
  REQUIRE(copy.has_value());
  CHECK(copy->integer("SELECT value FROM meta WHERE key = 'schema'").value() == old);
  CHECK(copy->integer("SELECT count(*) FROM log").value() == 6);
  CHECK(mode_of(copied) == 0600);
  refusal(store);  // this binary knows nothing of the schema after its own
}

TEST_CASE("a store of schema 1 gets a ledger of what its runs had used, those that are at work too") {
  TempStore store;
  fill_from(store, "schema1.sql");

  SystemClock clock;
  Loop loop(clock);
  auto journal = open(loop, store);
  REQUIRE_MESSAGE(journal.has_value(), journal.error().message);
  const auto told = [&](UsageBy by) {
    std::string all;
    auto rows = fakes::run(loop, (*journal)->usage({.by = by}));
    REQUIRE(rows.has_value());
    for (const UsageRow& row : *rows)
      all += fmt::format("{}:{}/{}/{}/{}/{:.3f} ", row.key, row.used.calls, row.used.input_tokens,
                         row.used.output_tokens, row.used.cached_tokens, row.used.cost);
    return all;
  };
  CHECK(told(UsageBy::day) == "2026-11-29:3/400/31/50/0.685 ");
  CHECK(told(UsageBy::tenant) == "default:3/400/31/50/0.685 ");
  CHECK(told(UsageBy::model) == "small:3/400/31/50/0.685 ");
  CHECK(told(UsageBy::agent) == "a:3/400/31/50/0.685 ");
  CHECK(told(UsageBy::session).find(":2/300/21/50/0.485 ") != std::string::npos);
  CHECK(std::filesystem::exists(store.file() + ".schema-1"));
  fakes::run(loop, (*journal)->close());
}

TEST_CASE("a store of schema 2 keeps its ledger, and can keep dead letters of the sessions it has") {
  TempStore store;
  fill_from(store, "schema2.sql");

  SystemClock clock;
  Loop loop(clock);
  auto journal = open(loop, store);
  REQUIRE_MESSAGE(journal.has_value(), journal.error().message);
  const std::string session = "s_01m8je7xsr47mfs44f";
  CHECK(fakes::run(loop, (*journal)->usage({.session = session}))->front().used.calls == 2);
  CHECK(fakes::run(loop, (*journal)->dead_letters("", 10))->empty());
  Append append;
  append.dead.push_back({.id = "m1", .session = session, .tenant = "default", .at_ms = 7});
  REQUIRE(fakes::run(loop, (*journal)->commit(std::move(append))).has_value());
  CHECK(fakes::run(loop, (*journal)->dead_letters("default", 10))->front().session == session);
  CHECK(std::filesystem::exists(store.file() + ".schema-2"));
  fakes::run(loop, (*journal)->close());
}
