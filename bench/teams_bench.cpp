// What teams cost, many at once: `teams_bench [directory] [teams] [cancels] [delay ms]`. Teams of five
// agents, half of them in sequence and half in parallel, beside five times as many runs of an agent alone,
// over SQLite: no call of the model is answered before all runs are at work, then each after a delay, with
// the secrets it heard. Then the cancel of trees of fifty agents at work, until run.finished. Each in a
// process of its own. Fails when an answer has not its own secret, or more, or when something is left.
#include "agents/runs/run_desk.h"
#include "agents/teams/make_teams.h"
#include "bench/desk_world.h"
#include "runtime/base/limits.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <set>

using namespace troupe;
using namespace troupe::agents;
using namespace troupe::bench;

namespace {

constexpr std::size_t kMembers = 5;
constexpr std::size_t kTree = 50;
constexpr std::string_view kSecret = "secret-";
constexpr std::size_t kDigits = 6;
constexpr std::size_t kReaderFiles = 3;  // of each thread that reads the journal, once it has to

std::set<std::string> secrets_in(std::string_view text) {
  std::set<std::string> found;
  for (auto at = text.find(kSecret); at != text.npos; at = text.find(kSecret, at + 1))
    found.emplace(text.substr(at, kSecret.size() + kDigits));
  return found;
}

/// Replies after a delay with the secrets that it heard; not before its gate is opened.
class Mock final : public models::Model {
 public:
  Milliseconds delay{0};
  Stop gate;  // requested: open
  std::size_t at_work = 0;

  Task<Result<models::ModelReply>> complete(models::ModelRequest request, models::TokenSink& sink,
                                            CallContext& context) override {
    ++at_work;
    if (!gate.requested()) {
      Stop opened(context.stop);
      const auto hook = gate.on_request([&opened] { opened.request(StopReason::cancelled); });
      (void)co_await context.loop.sleep_for(std::chrono::hours(1), opened);
    }
    const bool passed = co_await context.loop.sleep_for(delay, context.stop);
    --at_work;
    if (!passed) co_return fail(stopped("the model", context.stop.reason()));
    std::string told = "I heard";
    for (const std::string& secret : secrets_in(request.transcript->messages().back().content))
      told += " " + secret;
    models::ModelReply reply{.text = dump({{"thought", "I pass it on"}, {"final_answer", told}}),
                             .usage = {.input_tokens = 100, .output_tokens = 20},
                             .model = name_};
    sink.on_text(reply.text);
    co_return reply;
  }
  const std::string& name() const override { return name_; }

 private:
  std::string name_ = "mock";
};

std::shared_ptr<const Catalog> catalog_of(const std::shared_ptr<models::Model>& model) {
  std::vector<AgentSettings> agents;
  for (std::size_t i = 0; i < kTree; ++i)
    agents.push_back({.name = "a" + std::to_string(i), .role = "member", .model = "m"});
  const auto members = [](std::size_t from, std::size_t count) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < count; ++i) names.push_back("a" + std::to_string(from + i));
    return names;
  };
  std::vector<TeamSettings> teams;
  TeamSettings& line = teams.emplace_back(TeamSettings{.name = "line", .members = members(0, kMembers)});
  for (const std::string& agent : line.members)
    line.tasks.push_back({.agent = agent, .description = "Pass it on"});
  teams.push_back({.name = "panel", .pattern = PatternKind::parallel, .members = members(0, kMembers)});
  TeamSettings fifty{.name = "fifty", .pattern = PatternKind::parallel, .members = members(0, kTree)};
  fifty.limits.parallel = static_cast<int>(kTree);
  teams.push_back(fifty);
  TeamSettings nested{.name = "nested", .pattern = PatternKind::parallel};
  nested.limits.parallel = static_cast<int>(kTree);
  for (std::size_t i = 0; i < kTree / 10; ++i) {
    TeamSettings part{
        .name = "part" + std::to_string(i), .pattern = PatternKind::parallel, .members = members(10 * i, 10)};
    part.limits.parallel = 10;
    nested.members.push_back(part.name);
    teams.push_back(std::move(part));
  }
  teams.push_back(nested);

  auto made = std::make_shared<Catalog>();
  const std::vector<models::ModelSettings> entries{{.name = "m"}};
  const models::ModelTable models{{"m", model}};
  const tools::ToolTable tools;
  const MemorySources memory;
  auto prompts = prompts::PromptSet::load("");
  expect(prompts.has_value(), "prompts");
  auto table = make_agents(agents, entries, models, tools, *prompts, memory);
  expect(table.has_value(), "agents");
  auto teamed = make_teams(teams, {.agents = agents,
                                   .model_settings = entries,
                                   .models = models,
                                   .tools = tools,
                                   .prompts = *prompts,
                                   .memory = memory,
                                   .chains = made->chains,
                                   .artifacts = nullptr});
  expect(teamed.has_value(), teamed ? "" : teamed.error().message);
  made->agents = std::move(*table);
  made->teams = std::move(*teamed);
  made->config = "bench";
  return made;
}

struct Cost {
  double wall_ms = 0;
  double cpu_ms = 0;
  double before = 0;  // MB
  double peak = 0;
  double after = 0;
  std::map<std::string, std::size_t> counts;
};

/// Asks all targets at once, in sessions of their own, and looks at every answer.
struct Teams : World {
  Teams(const std::string& root, std::size_t runs, Milliseconds delay,
        std::shared_ptr<Mock> mock = std::make_shared<Mock>())
      : World(root, runs, catalog_of(mock)), model(std::move(mock)) {
    model->delay = delay;
  }
  Task<> until_at_work(std::size_t calls) {
    Stop never;
    while (model->at_work < calls) (void)co_await loop.sleep_for(Milliseconds(1), never);
  }
  std::shared_ptr<Mock> model;
};

Cost ask_all(Teams& world, const std::vector<std::string>& targets) {
  std::size_t first_calls = 0;  // of the model: those that are there when all are at work
  for (const std::string& target : targets) first_calls += target == "panel" ? kMembers : 1;
  std::vector<std::string> sessions, runs;
  world.run([&]() -> Task<> {
    co_await world.desk->resume({});
    for (const std::string& target : targets) sessions.push_back(co_await world.open(target));
  });
  Cost cost{.before = memory_mb("VmRSS:")};
  reset_peak();
  world.journal->counts.clear();
  const auto begin = SteadyClock::now();
  const double cpu = cpu_ms();
  world.run([&]() -> Task<> {
    for (std::size_t i = 0; i < sessions.size(); ++i)
      runs.push_back(co_await world.submit(sessions[i], fmt::format("{}{:0{}}", kSecret, i, kDigits)));
    co_await world.until_at_work(first_calls);
    world.model->gate.request(StopReason::cancelled);
    co_await world.quiet();
  });
  cost.wall_ms = ms_since(begin);
  cost.cpu_ms = cpu_ms() - cpu;
  cost.peak = memory_mb("VmHWM:");
  cost.after = memory_mb("VmRSS:");
  cost.counts = world.journal->counts;
  world.run([&]() -> Task<> {
    for (std::size_t i = 0; i < runs.size(); ++i) {
      auto row = co_await world.journal->find_run(runs[i]);
      expect(row && *row && (*row)->status == "done", "a run");
      expect(secrets_in((*row)->answer) == std::set{fmt::format("{}{:0{}}", kSecret, i, kDigits)},
             "an answer has its own secret and no other");
    }
  });
  expect(world.loop.alarms() == 0, "no timers are left");
  return cost;
}

void report(const char* what, std::size_t roots, std::size_t agents, const Cost& cost) {
  const auto each = static_cast<double>(agents);
  std::printf(
      "%-8s %6zu at once, %6zu runs of agents: %8.0f ms, %7.0f agents/s, %.3f ms CPU an agent, "
      "MB before %.0f peak %.0f after %.0f\n",
      what, roots, agents, cost.wall_ms, each / cost.wall_ms * 1e3, cost.cpu_ms / each, cost.before,
      cost.peak, cost.after);
  for (const auto& [name, count] : cost.counts)
    std::printf("           %-16s %6.2f an agent\n", name.c_str(), static_cast<double>(count) / each);
  std::fflush(stdout);
}

Task<> cancel_one(Teams& world, std::string target, std::vector<double>& took) {
  const std::string session = co_await world.open(std::move(target));
  const std::string run = co_await world.submit(session, "Wait");
  co_await world.until_at_work(kTree);
  took.push_back(co_await cancelled(world, session, run));
  expect(world.model->at_work == 0, "no call of the model is left at run.finished");
  co_await world.quiet();
  expect(world.loop.alarms() == 0, "no timers are left");
}

void cancels(const std::string& root, const char* target, int times) {
  Teams world(root, 10, Milliseconds(0));
  std::vector<double> took;
  std::size_t open = 0;
  world.run([&]() -> Task<> {
    co_await world.desk->resume({});
    for (int i = 0; i < times; ++i) {
      co_await cancel_one(world, target, took);
      if (i == 0) open = descriptors();
    }
  });
  expect(descriptors() <= open + kReaderFiles * limits::kReaders, "no descriptors are left");
  std::sort(took.begin(), took.end());
  std::printf(
      "cancel of %-8s %zu agents, %d times: p50 %.2f ms, p99 %.2f ms, most %.2f ms; resident %.0f MB\n",
      target, kTree, times, took[took.size() / 2], took[took.size() * 99 / 100], took.back(),
      memory_mb("VmRSS:"));
  std::fflush(stdout);
  world.end();
}

void scale(const std::string& root, const char* what, std::vector<std::string> targets, std::size_t agents,
           Milliseconds delay) {
  Teams world(root, targets.size(), delay);
  report(what, targets.size(), agents, ask_all(world, targets));
  world.end();
}

}  // namespace

int main(int argc, char** argv) {
  const std::string root =
      argc > 1 ? argv[1] : (std::filesystem::temp_directory_path() / "troupe-teams-bench").string();
  const std::size_t teams = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 1'000;
  const int times = argc > 3 ? std::atoi(argv[3]) : 200;
  const Milliseconds delay(argc > 4 ? std::atoi(argv[4]) : 20);
  std::vector<std::string> mixed;
  for (std::size_t i = 0; i < teams; ++i) mixed.push_back(i % 2 == 0 ? "line" : "panel");
  const std::vector<std::string> alone(teams * kMembers, "a0");
  in_own_process([&] { scale(root, "plain", alone, teams * kMembers, delay); });
  in_own_process([&] { scale(root, "teams", mixed, teams * kMembers, delay); });
  for (const char* target : {"fifty", "nested"}) in_own_process([&] { cancels(root, target, times); });
  std::filesystem::remove_all(root);
}
