#include "bench/driver/measure.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

using namespace troupe::bench;

namespace {

struct Options {
  Programs programs;
  std::string json;
  std::vector<double> latencies{0, 20, 200};
  std::vector<int> conversations{1, 16, 256, 1000};
  double tokens_per_second = 0;
  int repeat = 5;
  int starts = 20;
  int idle = 1000;
  double scale = 1;
};

/// Enough runs for about three seconds, as far as the latency alone decides.
int runs_for(double latency_ms, int conversations, double scale) {
  const double rounds = latency_ms == 0 ? (conversations == 1 ? 400 : 3200.0 / conversations)
                                        : std::max(2.0, 3000 / (latency_ms * kStepsPerRun));
  return std::max(conversations * 2, static_cast<int>(rounds * conversations * scale));
}

std::vector<Cell> make_cells(const Options& options) {
  std::vector<Cell> cells;
  for (const double latency : options.latencies) {
    for (const int conversations : options.conversations) {
      Cell cell;
      cell.latency_ms = latency;
      cell.conversations = conversations;
      cell.runs = runs_for(latency, conversations, options.scale);
      cells.push_back(std::move(cell));
    }
  }
  return cells;
}

void print_load(const std::vector<Cell>& cells) {
  std::vector<std::vector<std::string>> rows{
      {"model latency", "conversations", "runs/s", "CPU ms/step", "added ms/step", "p99 run ms"}};
  for (const auto& cell : cells) {
    rows.push_back({fmt::format("{:g} ms", cell.latency_ms), std::to_string(cell.conversations),
                    cell.runs_per_second.text(0), cell.cpu_ms_per_step.text(3),
                    cell.added_ms_per_step.text(3), cell.p99_run_ms.text(1)});
  }
  std::cout << table(rows) << '\n';
}

void print_start(const Start& start, const Memory& memory) {
  std::cout << table({{"figure", "median (least–greatest)"},
                      {"exec → listening, ms", start.listening_ms.text(1)},
                      {"exec → first answer (builtin), ms", start.first_answer_ms.text(1)},
                      {"resident memory, idle, MB", start.idle_rss_mb.text(1)},
                      {fmt::format("resident memory per idle conversation (of {}), KB", memory.conversations),
                       memory.rss_kb_per_conversation.text(1)}})
            << '\n';
}

nlohmann::json to_json(const Options& options, const std::vector<Cell>& cells, const Start& start,
                       const Memory& memory) {
  auto load = nlohmann::json::array();
  for (const auto& cell : cells) {
    load.push_back({{"latency_ms", cell.latency_ms},
                    {"conversations", cell.conversations},
                    {"runs", cell.runs},
                    {"runs_per_second", cell.runs_per_second.json()},
                    {"cpu_ms_per_step", cell.cpu_ms_per_step.json()},
                    {"added_ms_per_step", cell.added_ms_per_step.json()},
                    {"p99_run_ms", cell.p99_run_ms.json()}});
  }
  return {{"steps_per_run", kStepsPerRun},
          {"tokens_per_second", options.tokens_per_second},
          {"load", load},
          {"start",
           {{"listening_ms", start.listening_ms.json()},
            {"first_answer_ms", start.first_answer_ms.json()},
            {"idle_rss_mb", start.idle_rss_mb.json()}}},
          {"memory",
           {{"conversations", memory.conversations},
            {"rss_kb_per_conversation", memory.rss_kb_per_conversation.json()}}}};
}

/// A thousand conversations are a thousand descriptors here and twice that in the daemon, which inherits
/// this.
void raise_descriptor_limit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

void measure_all(const Options& options) {
  std::filesystem::create_directories(options.programs.folder);
  auto cells = make_cells(options);
  Start start;
  Memory memory;
  memory.conversations = options.idle;
  for (int i = 0; i < options.repeat; ++i) {
    std::fprintf(stderr, "round %d of %d\n", i + 1, options.repeat);
    measure_start(options.programs, std::max(1, options.starts / options.repeat), start);
    if (options.idle > 0) measure_memory(options.programs, memory);
    measure_load(options.programs, options.tokens_per_second, cells);
  }
  std::cout << "A run is " << kStepsPerRun << " model calls and " << kStepsPerRun - 1
            << " calculator calls. Medians of " << options.repeat << " rounds (least–greatest).\n\n";
  print_load(cells);
  print_start(start, memory);
  if (!options.json.empty())
    std::ofstream(options.json) << to_json(options, cells, start, memory).dump(2) << '\n';
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"Measures a Troupe daemon over real WebSockets against the mock model server."};
  app.add_option("--troupe", options.programs.troupe, "the daemon's binary, of preset release")->required();
  app.add_option("--mock-model", options.programs.mock_model, "the mock model's binary")->required();
  app.add_option("--folder", options.programs.folder, "folder for stores and logs; its store is deleted")
      ->required();
  app.add_option("--json", options.json, "file for all samples");
  app.add_option("--latency-ms", options.latencies, "latencies of the model")->delimiter(',');
  app.add_option("--conversations", options.conversations, "conversations at once")->delimiter(',');
  app.add_option("--tokens-per-second", options.tokens_per_second, "0: each reply comes at once");
  app.add_option("--repeat", options.repeat, "rounds over all cells")->check(CLI::Range(1, 100));
  app.add_option("--starts", options.starts, "cold starts, of all rounds");
  app.add_option("--idle", options.idle, "idle conversations for the memory figure; 0 leaves it out");
  app.add_option("--scale", options.scale, "more or fewer runs per cell");
  CLI11_PARSE(app, argc, argv);
  raise_descriptor_limit();
  try {
    measure_all(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench: %s\n", error.what());
    return 1;
  }
  return 0;
}
