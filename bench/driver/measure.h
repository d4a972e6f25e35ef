#pragma once

#include "bench/driver/report.h"

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace troupe::bench {

struct Programs {
  std::string troupe;
  std::string mock_model;
  std::string folder;  ///< for configurations, logs and stores
};

/// Model calls of one run; the calculator calls are one fewer.
inline constexpr int kStepsPerRun = 4;

/// One line of the load table: this latency, this many conversations at once.
struct Cell {
  double latency_ms = 0;
  int conversations = 1;
  int runs = 0;
  Figure cpu_ms_per_step;    ///< user + system time of the daemon
  Figure added_ms_per_step;  ///< median run, less the model's latency
  Figure runs_per_second;
  Figure p99_run_ms;
};

/// Fills the samples of each cell once per call; call again for more samples, so that slow drifts of the
/// machine spread over all cells.
void measure_load(const Programs& programs, double tokens_per_second, std::vector<Cell>& cells);

struct Start {
  Figure listening_ms;     ///< exec → "listening"
  Figure first_answer_ms;  ///< exec → first answer, on the builtin model
  Figure idle_rss_mb;      ///< after that answer
};
void measure_start(const Programs& programs, int times, Start& start);

struct Memory {
  int conversations = 0;
  Figure rss_kb_per_conversation;  ///< connected, one run finished, nothing going on
};
void measure_memory(const Programs& programs, Memory& memory);

}  // namespace troupe::bench
