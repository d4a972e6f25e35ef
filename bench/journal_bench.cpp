// What an append costs: `journal_bench [directory] [appends] [at once]`. Each append is what a step of an
// agent writes, an event of about 400 bytes and a fact of about 700. Plain SQLite, one thread and one
// transaction a group, is the yardstick.
#include "runtime/store/journal.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <sys/resource.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <sqlite3.h>

using namespace troupe;

namespace {

const std::string kText(250, 'e');
const std::string kBody = R"({"reply":")" + std::string(680, 'f') + "\"}";

struct Usage {
  double cpu;
  std::chrono::steady_clock::time_point wall;
};

Usage now() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](timeval t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return {seconds(usage.ru_utime) + seconds(usage.ru_stime), std::chrono::steady_clock::now()};
}

void report(const char* what, int group, int appends, const Usage& before) {
  const Usage after = now();
  const double wall = std::chrono::duration<double>(after.wall - before.wall).count();
  std::printf("%-14s %4d at once %9.0f /s %7.1f us wall %7.1f us CPU each\n", what, group, appends / wall,
              wall / appends * 1e6, (after.cpu - before.cpu) / appends * 1e6);
  std::fflush(stdout);
}

store::Append one(const std::string& session, const std::string& run, int step) {
  store::Append append;
  Event event{.type = "observation", .session = session, .run = run, .agent = "bench", .step = step};
  event.fields["call"] = "c_1";
  event.fields["tool"] = "calculator";
  event.fields["ok"] = true;
  event.fields["output"] = kText;
  event.fields["ms"] = 1;
  append.events.push_back(std::move(event));
  append.facts.push_back({run, "model.reply", step, kBody});
  return append;
}

/// One conversation after the other, forty appends each.
Task<> produce(store::Journal& journal, int producer, int appends, int& left) {
  std::string session, run;
  for (int i = 0; i < appends; ++i) {
    if (i % 40 == 0) {
      session = "s_01jd3v" + std::to_string(100'000'000 + producer * 100'000 + i);
      run = "r" + session.substr(1);
    }
    auto append = one(session, run, i);
    auto done = co_await journal.commit(std::move(append));
    if (!done) std::fprintf(stderr, "%s\n", done.error().message.c_str()), std::abort();
  }
  --left;
}

void journal(const std::string& root, int group, int total, store::Sync sync, const char* name) {
  const std::string directory = root + "/journal";
  std::filesystem::remove_all(directory);
  SystemClock clock;
  Loop loop(clock);
  auto opened = store::open_sqlite_journal(loop, {.path = directory, .sync = sync});
  if (!opened) std::fprintf(stderr, "%s\n", opened.error().message.c_str()), std::abort();
  auto& journal = **opened;
  int left = group;
  const Usage before = now();
  for (int p = 0; p < group; ++p)
    boost::asio::co_spawn(loop.context(), produce(journal, p, total / group, left), boost::asio::detached);
  loop.run();
  report(name, group, total / group * group, before);
  if (left != 0) std::abort();
}

Task<> look_up(store::Journal& journal, int count) {
  for (int i = 0; i < count; ++i) {
    auto found = co_await journal.find_message("s_01jd3v100000000", "m" + std::to_string(i));
    if (!found) std::abort();
  }
}

void look_ups(const std::string& root, int count) {
  SystemClock clock;
  Loop loop(clock);
  auto opened = store::open_sqlite_journal(loop, {.path = root + "/journal"});
  if (!opened) std::abort();
  const Usage before = now();
  boost::asio::co_spawn(loop.context(), look_up(**opened, count), boost::asio::detached);
  loop.run();
  report("find_message", 1, count, before);
}

void plain(const std::string& root, int group, int total) {
  const std::string file = root + "/plain.db";
  for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(file + suffix);
  sqlite3* db = nullptr;
  const auto run = [&db](const char* sql) {
    if (sqlite3_exec(db, sql, nullptr, nullptr, nullptr) != SQLITE_OK) std::abort();
  };
  if (sqlite3_open(file.c_str(), &db) != SQLITE_OK) std::abort();
  run("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; CREATE TABLE log(a INTEGER PRIMARY KEY, b, c, d);"
      "CREATE INDEX i ON log(b, c)");
  sqlite3_stmt* insert = nullptr;
  sqlite3_prepare_v2(db, "INSERT INTO log(b, c, d) VALUES(?, ?, ?)", -1, &insert, nullptr);
  SystemClock clock;
  const Usage before = now();
  int seq = 0;
  for (int done = 0; done < total; done += group) {
    run("BEGIN");
    for (int i = 0; i < group; ++i) {
      const auto append = one("s_01jd3v100000000", "r_01jd3v100000000", ++seq);
      const auto text = render(append.events[0], seq, clock.wall_ms());
      for (const std::string* body : {&text, &append.facts[0].body}) {
        sqlite3_bind_int(insert, 1, body == &text ? i * 2 : i * 2 + 1);
        sqlite3_bind_int(insert, 2, seq);
        sqlite3_bind_text(insert, 3, body->data(), static_cast<int>(body->size()), SQLITE_STATIC);
        if (sqlite3_step(insert) != SQLITE_DONE) std::abort();
        sqlite3_reset(insert);
      }
    }
    run("COMMIT");
  }
  report("plain SQLite", group, total, before);
  sqlite3_finalize(insert);
  sqlite3_close(db);
}

}  // namespace

int main(int argc, char** argv) {
  std::string root =
      argc > 1 ? argv[1] : (std::filesystem::temp_directory_path() / "troupe-journal-bench").string();
  const int total = argc > 2 ? std::atoi(argv[2]) : 40'000;
  std::filesystem::create_directories(root);
  const int only = argc > 3 ? std::atoi(argv[3]) : 0;
  for (const int group : {1, 16, 64, 256}) {
    if (only != 0 && only != group) continue;
    plain(root, group, total);
    journal(root, group, total, store::Sync::normal, "journal");
  }
  if (only == 0) journal(root, 64, total / 10, store::Sync::full, "journal, full");
  look_ups(root, total / 4);
  std::filesystem::remove_all(root);
}
