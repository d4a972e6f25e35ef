#include "bench/driver/measure.h"

#include "bench/driver/load.h"
#include "bench/driver/process.h"

#include <filesystem>
#include <fstream>
#include <thread>
#include <unistd.h>

#include <fmt/format.h>

namespace troupe::bench {

namespace fs = std::filesystem;

namespace {

constexpr const char* kModelMock =
    "{{ provider: openai, model: mock, base_url: \"{}\", api_key: bench, concurrency: 4096 }}";
constexpr const char* kModelBuiltin = "{ provider: builtin }";

/// Writes a configuration with a store of its own and returns its path.
std::string write_configuration(const Programs& programs, const std::string& model) {
  const fs::path folder = programs.folder;
  fs::remove_all(folder / "store");
  const auto path = (folder / "troupe.yaml").string();
  std::ofstream(path) << "version: 1\n"
                      << "server: { limits: { connections: 20000, runs: 5000, runs_per_tenant: 5000, "
                         "calls_per_tenant: 5000 } }\n"
                      << "store: { path: \"" << (folder / "store").string() << "\" }\n"
                      << "log: { level: warn }\n"
                      << "models: { main: " << model << " }\n"
                      << "tools: { calculator: { type: calculator } }\n"
                      << "agents:\n"
                      << "  bench:\n"
                      << "    role: Calculating clerk\n"
                      << "    goal: Add up what the user asks for, one part at a time.\n"
                      << "    model: main\n"
                      << "    tools: [calculator]\n"
                      << "    memory: { type: none }\n"
                      << "default: bench\n";
  return path;
}

std::vector<std::string> serve(const Programs& programs, const std::string& configuration) {
  return {programs.troupe, "serve", "-c", configuration, "--listen", "127.0.0.1:0"};
}

unsigned short port_of(const std::string& url) {
  return static_cast<unsigned short>(std::stoi(url.substr(url.find(':', url.find("//")) + 1)));
}

unsigned short await_port(Process& daemon) {
  return port_of(daemon.await_line("troupe: listening on "));
}

Process start_mock(const Programs& programs, double latency_ms, double tokens_per_second) {
  return Process({programs.mock_model, "--latency-ms", fmt::format("{}", latency_ms), "--tokens-per-second",
                  fmt::format("{}", tokens_per_second), "--tool-steps", std::to_string(kStepsPerRun - 1)},
                 programs.folder + "/mock.log");
}

std::string mock_model(Process& mock) {
  return fmt::format(fmt::runtime(kModelMock), mock.await_line("mock model: listening on "));
}

double milliseconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

void measure_cell(Process& daemon, unsigned short port, Cell& cell) {
  const double before = daemon.cpu_seconds();
  const auto result = run_load({port, cell.conversations, cell.runs});
  const double cpu = daemon.cpu_seconds() - before;
  const Figure runs(result.run_seconds);
  cell.cpu_ms_per_step.add(cpu * 1000 / cell.runs / kStepsPerRun);
  cell.added_ms_per_step.add(runs.median() * 1000 / kStepsPerRun - cell.latency_ms);
  cell.runs_per_second.add(cell.runs / result.seconds);
  cell.p99_run_ms.add(runs.quantile(0.99) * 1000);
}

}  // namespace

void measure_load(const Programs& programs, double tokens_per_second, std::vector<Cell>& cells) {
  for (std::size_t i = 0; i < cells.size();) {
    const double latency = cells[i].latency_ms;
    auto mock = start_mock(programs, latency, tokens_per_second);
    const auto configuration = write_configuration(programs, mock_model(mock));
    Process daemon(serve(programs, configuration), programs.folder + "/daemon.log");
    const auto port = await_port(daemon);
    run_load({port, 4, 8});  // the first runs pay for what is made once
    for (; i < cells.size() && cells[i].latency_ms == latency; ++i) measure_cell(daemon, port, cells[i]);
  }
}

void measure_start(const Programs& programs, int times, Start& start) {
  for (int i = 0; i < times; ++i) {
    const auto configuration = write_configuration(programs, kModelBuiltin);
    Process daemon(serve(programs, configuration), programs.folder + "/daemon.log");
    const auto port = await_port(daemon);
    start.listening_ms.add(milliseconds_since(daemon.started()));
    ask_once(port, "What is (17.5% of 2480) + 12^3?");
    start.first_answer_ms.add(milliseconds_since(daemon.started()));
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    start.idle_rss_mb.add(daemon.rss_mb());
  }
}

void measure_memory(const Programs& programs, Memory& memory) {
  auto mock = start_mock(programs, 0, 0);
  const auto configuration = write_configuration(programs, mock_model(mock));
  Process daemon(serve(programs, configuration), programs.folder + "/daemon.log");
  const auto port = await_port(daemon);
  run_load({port, 16, 64});
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  const double before = daemon.rss_mb();
  const IdleConversations idle(port, memory.conversations);
  std::this_thread::sleep_for(std::chrono::milliseconds(1000));
  memory.rss_kb_per_conversation.add((daemon.rss_mb() - before) * 1024 / memory.conversations);
}

}  // namespace troupe::bench
