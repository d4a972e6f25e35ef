// `troupe store` on a real store, beside the daemon that writes it and without.
#include "runtime/store/schema.h"
#include "runtime/store/sqlite.h"
#include "tests/e2e/daemon.h"
#include "tests/fakes/chat_client.h"
#include "tests/fakes/run_loop.h"

#include <sstream>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::e2e;
using fakes::ChatClient;

namespace {

namespace fs = std::filesystem;

constexpr const char* kClerk = R"(
models: { local: { provider: builtin } }
tools: { calculator: { type: calculator } }
agents: { clerk: { model: local, tools: [calculator] } }
)";

fakes::Outcome store_command(Daemon& daemon, std::vector<std::string> words) {
  words.insert(words.begin(), "store");
  words.insert(words.end(), {"-c", daemon.config()});
  return daemon.run(std::move(words));
}

void ask(Daemon& daemon, const std::string& text = "What is 6*7?") {
  const auto asked = daemon.run({"ask", "-c", daemon.config(), text});
  REQUIRE_MESSAGE(asked.exit_code == 0, asked.err);
}

std::size_t runs_in(Daemon& daemon) {
  const auto listed = daemon.run({"runs", "list", "-c", daemon.config(), "--json"});
  return static_cast<std::size_t>(std::ranges::count(listed.out, '\n'));
}

void edit(Daemon& daemon, const char* sql) {
  auto file = store::Database::open(daemon.store() + "/journal.db", store::Database::Mode::write);
  REQUIRE(file.has_value());
  REQUIRE(file->execute(sql).has_value());
}

}  // namespace

TEST_CASE("a store is checked beside the daemon that writes it and afterwards, and what is wrong is named") {
  Daemon daemon(kClerk);
  daemon.start();
  ask(daemon);
  auto checked = store_command(daemon, {"check"});
  CHECK_MESSAGE(checked.exit_code == 0, checked.out);
  CHECK(checked.out.contains("1 runs, 1 sessions"));
  CHECK(checked.out.contains("nothing found"));
  CHECK(daemon.stop().exit_code == 0);
  CHECK(store_command(daemon, {"check", "--deep"}).exit_code == 0);

  edit(daemon, "UPDATE runs SET status = 'failed'");
  checked = store_command(daemon, {"check"});
  CHECK(checked.exit_code == 1);
  CHECK(checked.out.starts_with("I7: run r_"));
  CHECK(checked.out.contains("its row has the status `failed`, its event run.finished says `done`; "));
  checked = store_command(daemon, {"check", "--json"});
  CHECK(checked.exit_code == 1);
  auto finding = parse_json(checked.out.substr(0, checked.out.find('\n')));
  REQUIRE(finding.has_value());
  CHECK((*finding)["invariant"] == "I7");
  CHECK(string_or(*finding, "run").starts_with("r_"));
  CHECK((*finding)["seq"].is_number());
}

TEST_CASE("a store that cannot be opened or is damaged ends a check with 4, and so it ends the daemon") {
  Daemon daemon(kClerk);
  auto none = store_command(daemon, {"check"});
  CHECK(none.exit_code == 4);
  CHECK(none.err.contains("there is no store"));
  ask(daemon);
  SUBCASE("a newer schema") {
    edit(daemon, "UPDATE meta SET value = 99 WHERE key = 'schema'");
    for (const std::vector<std::string>& words :
         {std::vector<std::string>{"store", "check"}, {"runs", "list"}, {"serve"}}) {
      std::vector<std::string> command = words;
      command.insert(command.end(), {"-c", daemon.config()});
      const auto refused = daemon.run(std::move(command));
      CHECK(refused.exit_code == 4);
      CHECK(refused.err.contains("schema 99"));
      CHECK(refused.err.contains("newer version"));
    }
    edit(daemon,
         fmt::format("UPDATE meta SET value = {} WHERE key = 'schema'", store::newest_schema()).c_str());
    CHECK(store_command(daemon, {"check"}).exit_code == 0);
  }
  SUBCASE("no database at all") {
    std::ofstream(daemon.store() + "/journal.db", std::ios::trunc) << std::string(8192, 'x');
    for (const char* word : {"check", "backup"}) {
      std::vector<std::string> words = {word};
      if (words.front() == "backup") words.push_back(daemon.store() + "/../b");
      const auto refused = store_command(daemon, words);
      CHECK(refused.exit_code == 4);
      CHECK(refused.err.contains(daemon.store() + "/journal.db"));
    }
    CHECK(daemon.run({"serve", "-c", daemon.config()}).exit_code == 4);
  }
}

TEST_CASE("a backup is made beside a daemon, is not put back over its head, and is a day later") {
  Daemon daemon(kClerk);
  daemon.start();
  ask(daemon);
  const std::string backup = daemon.store() + "/../backup";
  auto made = store_command(daemon, {"backup", backup});
  CHECK_MESSAGE(made.exit_code == 0, made.err);
  CHECK(made.out.contains("journal.db"));
  CHECK(store_command(daemon, {"backup", backup}).exit_code == 1);
  CHECK(daemon.run({"store", "check", "--store", backup}).exit_code == 0);
  ask(daemon);
  CHECK(runs_in(daemon) == 2);

  auto refused = store_command(daemon, {"restore", backup, "--force"});
  CHECK(refused.exit_code == 4);
  CHECK(
      refused.err.contains(fmt::format("in use by process {} at {}", daemon.process().pid(), daemon.url())));
  CHECK(daemon.stop().exit_code == 0);
  refused = store_command(daemon, {"restore", backup});
  CHECK(refused.exit_code == 1);
  CHECK(refused.err.contains("--force"));
  CHECK(runs_in(daemon) == 2);

  const auto restored = store_command(daemon, {"restore", backup, "--force"});
  CHECK_MESSAGE(restored.exit_code == 0, restored.err);
  CHECK(restored.out.contains("set aside: " + daemon.store() + "/journal.db.before-"));
  CHECK(runs_in(daemon) == 1);
  daemon.start();
  ask(daemon);
  CHECK(runs_in(daemon) == 2);
  CHECK(daemon.stop().exit_code == 0);
  CHECK(store_command(daemon, {"check"}).exit_code == 0);
}

TEST_CASE(
    "a store is compacted when nobody has it, and a conversation that was deleted leaves no space behind") {
  Daemon daemon(kClerk);
  daemon.start();
  for (int i = 0; i < 2; ++i) ask(daemon);
  CHECK(store_command(daemon, {"compact"}).exit_code == 4);
  const auto listed = daemon.run({"sessions", "list", "-c", daemon.config(), "--json", "-n", "1"});
  auto session = parse_json(listed.out);
  REQUIRE(session.has_value());
  CHECK(daemon.run({"sessions", "delete", "-c", daemon.config(), string_or(*session, "session")}).exit_code ==
        0);
  CHECK(daemon.stop().exit_code == 0);
  const auto compacted = store_command(daemon, {"compact"});
  CHECK_MESSAGE(compacted.exit_code == 0, compacted.err);
  CHECK(compacted.out.contains("MiB, before"));
  CHECK(runs_in(daemon) == 1);
  CHECK(store_command(daemon, {"check"}).exit_code == 0);
}

TEST_CASE("stores of every released schema go on under this version, and are whole then") {
  int schema = 0;
  SUBCASE("1") {
    schema = 1;
  }
  SUBCASE("2") {
    schema = 2;
  }
  SUBCASE("3") {
    schema = 3;
  }
  SUBCASE("4") {
    schema = 4;
  }
  Daemon daemon(kClerk);
  fs::create_directories(daemon.store());
  {
    std::ostringstream text;
    text << std::ifstream(fmt::format("{}/store/schema{}.sql", TROUPE_FIXTURES, schema)).rdbuf();
    auto file = store::Database::open(daemon.store() + "/journal.db", store::Database::Mode::create);
    REQUIRE(file->execute(text.str().c_str()));
    REQUIRE(file->execute(fmt::format("PRAGMA application_id = {}", store::kApplicationId).c_str()));
  }
  daemon.start();
  REQUIRE_FALSE(daemon.url().empty());
  if (schema == 3) {  // the run that waits for a person gets its answer
    SystemClock clock;
    Loop loop(clock);
    ChatClient chat(loop);
    fakes::run(loop, chat.connect(daemon.url()));
    auto file = store::Database::open(daemon.store() + "/journal.db", store::Database::Mode::read);
    const std::string session =
        file->text("SELECT s.id FROM sessions s JOIN runs r ON r.session = s.n WHERE r.finished_ms = 0")
            ->value_or("");
    const Json opened = fakes::run(loop, chat.open(fmt::format(R"(,"session":"{}")", session)));
    if (!find(opened, "waiting")) fakes::run(loop, chat.until("approval.required"));
    fakes::run(loop, chat.send(R"({"type":"approve","id":"a1","call":"c_1"})"));
    const Json end = fakes::run(loop, chat.until("run.finished")).back();
    CHECK(end["status"] == "done");
  }
  ask(daemon);
  CHECK(daemon.stop().exit_code == 0);
  const auto checked = store_command(daemon, {"check", "--deep"});
  CHECK_MESSAGE(checked.exit_code == 0, checked.out);
}

TEST_CASE("a second daemon on a store is told who has it, at once") {
  Daemon daemon(kClerk);
  daemon.start();
  const auto began = std::chrono::steady_clock::now();
  const auto second = daemon.run({"serve", "-c", daemon.config()});
  const auto ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began);
  MESSAGE("the second daemon ended after ", ms.count(), " ms");
  CHECK(second.exit_code == 4);
  CHECK(second.err.contains(fmt::format("process {} at {}", daemon.process().pid(), daemon.url())));
  ask(daemon);
  CHECK(daemon.stop().exit_code == 0);
}
