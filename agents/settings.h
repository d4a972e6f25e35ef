#pragma once

#include "memory/conversation/memory.h"
#include "runtime/base/limits.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace troupe::agents {

struct AgentLimits {
  int steps = limits::kSteps;             ///< model calls, corrections and the final answer included
  std::int64_t tokens = limits::kTokens;  ///< input + output over the run
  double cost = 0;                        ///< 0 = none
  std::chrono::milliseconds time = limits::kRunTime;
  std::chrono::milliseconds tool_time = limits::kToolTime;  ///< per call
  int repeats = limits::kRepeats;                           ///< identical calls
  std::size_t observation = limits::kObservation;           ///< bytes of one observation
};

using MemorySettings = memory::MemorySettings;

/// One entry of `agents:`.
struct AgentSettings {
  std::string name;  ///< its key
  std::string description;
  std::string role;
  std::string goal;
  std::string backstory;
  std::string instructions;
  std::string model;  ///< key in `models:`
  std::string strategy = "react";
  std::vector<std::string> tools;  ///< keys in `tools:`
  MemorySettings memory;
  AgentLimits limits;
};

}  // namespace troupe::agents
