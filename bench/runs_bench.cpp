// What a durable run costs, and how soon one is stopped: `runs_bench [directory] [runs] [rounds] [cancels]`.
// Runs of an agent that asks its model, calls a tool and answers, over SQLite, so many at once; the model and
// the tool answer at once. Beside them, in turn, plain SQLite: one thread and one transaction a group, as
// many rows of the same size as those runs left in the journal. Then the cancel of one of 200 runs at work,
// until run.finished.
#include "agents/agent.h"
#include "bench/desk_world.h"
#include "runtime/async/nursery.h"

#include <algorithm>
#include <deque>

#include <sqlite3.h>

using namespace troupe;
using namespace troupe::agents;
using namespace troupe::bench;

namespace {

constexpr std::size_t kAtWork = 200;
constexpr double kMost = 50;  // ms

/// Calls its tool, then answers; or says nothing until it is stopped.
class Mock final : public models::Model {
 public:
  bool silent = false;
  std::size_t at_work = 0;

  Task<Result<models::ModelReply>> complete(models::ModelRequest request, models::TokenSink& sink,
                                            CallContext& context) override {
    if (silent) {
      ++at_work;
      (void)co_await context.loop.sleep_for(std::chrono::hours(1), context.stop);
      --at_work;
      co_return fail(stopped("the model", context.stop.reason()));
    }
    const bool called = request.transcript->messages().back().content.contains("forty-two");
    models::ModelReply reply{
        .text = called ? R"({"thought":"I have what I need","final_answer":"It is forty-two."})"
                       : R"({"thought":"I look it up","action":"look","action_input":{"x":1}})",
        .usage = {.input_tokens = 400, .output_tokens = 30},
        .model = name_};
    sink.on_text(reply.text);
    co_return reply;
  }
  const std::string& name() const override { return name_; }

 private:
  std::string name_ = "mock";
};

class Look final : public tools::Tool {
 public:
  Look() {
    spec_.declaration = {
        .name = "look",
        .description = "looks it up",
        .schema = R"({"type":"object","properties":{"x":{"type":"integer"}},"required":["x"]})"};
    spec_.effect = tools::Effect::pure;
  }
  const tools::ToolSpec& spec() const override { return spec_; }
  Task<Result<tools::ToolOutput>> call(tools::ToolInput, CallContext&) override {
    co_return tools::ToolOutput{.text = "forty-two"};
  }

 private:
  tools::ToolSpec spec_;
};

std::shared_ptr<const Catalog> catalog_of(const std::shared_ptr<Mock>& model) {
  const std::vector<AgentSettings> agents{{.name = "a", .role = "clerk", .model = "m", .tools = {"look"}}};
  auto prompts = prompts::PromptSet::load("");
  expect(prompts.has_value(), "prompts");
  auto table = make_agents(agents, {{.name = "m"}}, {{"m", model}}, {{"look", std::make_shared<Look>()}},
                           *prompts, {});
  expect(table.has_value(), "agents");
  auto made = std::make_shared<Catalog>();
  made->agents = std::move(*table);
  made->config = "bench";
  return made;
}

struct Figures {
  double per_second = 0;
  std::size_t rows = 0;   // of the journal's log, a run
  std::size_t bytes = 0;  // of such a row
};

/// Sessions side by side, all their messages at once: the desk holds those that wait.
Figures durable(const std::string& root, std::size_t runs, std::size_t at_once) {
  World world(root, runs + 1, catalog_of(std::make_shared<Mock>()));
  Figures figures;
  world.run([&]() -> Task<> {
    co_await world.desk->resume({});
    std::vector<std::string> sessions;
    for (std::size_t i = 0; i < at_once; ++i) sessions.push_back(co_await world.open("a"));
    const auto begin = SteadyClock::now();
    Nursery nursery(world.loop);
    for (const std::string& session : sessions)
      nursery.spawn("asking", [&, session]() -> Task<> {
        for (std::size_t i = 0; i < runs / at_once; ++i) (void)co_await world.submit(session, "What is it?");
      });
    co_await nursery.join();
    co_await world.quiet();
    figures.per_second = static_cast<double>(runs / at_once * at_once) / ms_since(begin) * 1e3;
  });
  world.end();
  sqlite3* db = nullptr;
  expect(sqlite3_open((root + "/journal.db").c_str(), &db) == SQLITE_OK, "the file");
  sqlite3_stmt* counted = nullptr;
  sqlite3_prepare_v2(db, "SELECT count(*), sum(length(body)) FROM log", -1, &counted, nullptr);
  expect(sqlite3_step(counted) == SQLITE_ROW, "its rows");
  const auto rows = static_cast<std::size_t>(sqlite3_column_int64(counted, 0));
  figures.rows = rows / (runs / at_once * at_once);
  figures.bytes = static_cast<std::size_t>(sqlite3_column_int64(counted, 1)) / std::max<std::size_t>(rows, 1);
  sqlite3_finalize(counted);
  sqlite3_close(db);
  return figures;
}

/// As many rows as so many runs leave, one transaction for what the runs that are at work at once write
/// together.
double plain(const std::string& root, std::size_t runs, std::size_t at_once, const Figures& like) {
  std::filesystem::create_directories(root);
  const std::string file = root + "/plain.db";
  for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(file + suffix);
  sqlite3* db = nullptr;
  const auto run = [&db](const char* sql) {
    expect(sqlite3_exec(db, sql, nullptr, nullptr, nullptr) == SQLITE_OK, sql);
  };
  expect(sqlite3_open(file.c_str(), &db) == SQLITE_OK, "the file");
  run("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; CREATE TABLE log(a INTEGER PRIMARY KEY, b, c, d);"
      "CREATE UNIQUE INDEX i ON log(b, c)");
  sqlite3_stmt* insert = nullptr;
  sqlite3_prepare_v2(db, "INSERT INTO log(b, c, d) VALUES(?, ?, ?)", -1, &insert, nullptr);
  const std::string body(like.bytes, 'x');
  constexpr std::size_t kCommits = 5;  // of a run: accepted, asked, replied, asked again, finished
  const std::size_t whole = runs / at_once * at_once;
  const auto begin = SteadyClock::now();
  std::size_t n = 0;
  for (std::size_t done = 0; done < whole; done += at_once)
    for (std::size_t commit = 0; commit < kCommits; ++commit) {
      run("BEGIN IMMEDIATE");
      const std::size_t rows = at_once * like.rows / kCommits;
      for (std::size_t i = 0; i < rows; ++i) {
        sqlite3_bind_int64(insert, 1, static_cast<sqlite3_int64>(i % at_once));
        sqlite3_bind_int64(insert, 2, static_cast<sqlite3_int64>(++n));
        sqlite3_bind_text(insert, 3, body.data(), static_cast<int>(body.size()), SQLITE_STATIC);
        expect(sqlite3_step(insert) == SQLITE_DONE, "a row");
        sqlite3_reset(insert);
      }
      run("COMMIT");
    }
  const double per_second = static_cast<double>(whole) / ms_since(begin) * 1e3;
  sqlite3_finalize(insert);
  sqlite3_close(db);
  return per_second;
}

void compare(const std::string& root, std::size_t runs, std::size_t at_once, int rounds) {
  std::vector<double> ours;
  std::vector<double> theirs;
  Figures last;
  for (int round = 0; round < rounds; ++round) {
    last = durable(root + "/runs", runs, at_once);
    ours.push_back(last.per_second);
    theirs.push_back(plain(root, runs, at_once, last));
  }
  std::ranges::sort(ours);
  std::ranges::sort(theirs);
  std::printf(
      "%4zu at once: %6.0f runs/s (%.0f to %.0f), plain SQLite %6.0f (%.0f to %.0f), ratio %.2f; %zu rows of "
      "%zu "
      "bytes a run\n",
      at_once, ours[ours.size() / 2], ours.front(), ours.back(), theirs[theirs.size() / 2], theirs.front(),
      theirs.back(), ours[ours.size() / 2] / theirs[theirs.size() / 2], last.rows, last.bytes);
  std::fflush(stdout);
}

// One after the other, each replaced by another, so that so many are always at work.
void cancels(const std::string& root, int times) {
  const auto model = std::make_shared<Mock>();
  model->silent = true;
  World world(root, 2 * kAtWork, catalog_of(model));
  std::vector<double> took;
  world.run([&]() -> Task<> {
    co_await world.desk->resume({});
    Stop never;
    std::deque<std::pair<std::string, std::string>> at_work;
    const auto begin_one = [&]() -> Task<> {
      const std::string session = co_await world.open("a");
      at_work.emplace_back(session, co_await world.submit(session, "Wait"));
    };
    for (std::size_t i = 0; i < kAtWork; ++i) co_await begin_one();
    for (int i = 0; i < times; ++i) {
      while (model->at_work < kAtWork) (void)co_await world.loop.sleep_for(Milliseconds(1), never);
      const auto [session, run] = std::move(at_work.front());
      at_work.pop_front();
      took.push_back(co_await cancelled(world, session, run));
      expect(model->at_work == kAtWork - 1, "its call of the model is over at run.finished");
      co_await begin_one();
    }
  });
  std::ranges::sort(took);
  const double p99 = took[took.size() * 99 / 100];
  std::printf("cancel with %zu runs at work, %d times: p50 %.2f ms, p99 %.2f ms, most %.2f ms\n", kAtWork,
              times, took[took.size() / 2], p99, took.back());
  expect(p99 <= kMost, "a cancel within 50 ms");
  world.run([&]() -> Task<> {
    world.desk->hurry();
    co_return;
  });
  world.end();
}

}  // namespace

int main(int argc, char** argv) {
  const std::string root =
      argc > 1 ? argv[1] : (std::filesystem::temp_directory_path() / "troupe-runs-bench").string();
  const std::size_t runs = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 4'000;
  const int rounds = argc > 3 ? std::atoi(argv[3]) : 5;
  const int times = argc > 4 ? std::atoi(argv[4]) : 1'000;
  expect(runs >= 256 && rounds > 0 && times > 0, "at least 256 runs, one round and one cancel");
  for (const std::size_t at_once : {std::size_t(1), std::size_t(16), std::size_t(256)})
    in_own_process([&] { compare(root, at_once == 1 ? runs / 8 : runs, at_once, rounds); });
  in_own_process([&] { cancels(root + "/cancels", times); });
  std::filesystem::remove_all(root);
}
