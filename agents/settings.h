#pragma once

#include "agents/guardrails/settings.h"
#include "agents/people/settings.h"
#include "memory/conversation/memory.h"
#include "models/message.h"
#include "runtime/base/json.h"
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
  int parallel = static_cast<int>(limits::kParallelCalls);  ///< calls of one step at work at once
};

/// What happens at a limit: the run ends, or the agent is asked once for a best answer from what it has.
enum class OnLimit { stop, answer };
/// What happens when a person denies a call: the agent is told, or the run ends.
enum class OnDeny { tell, stop };
/// What happens when a crash cut off a call that must not be made twice, and nobody can say what became of
/// it: the agent is told, a person is asked whether to make it again, or the run ends.
enum class OnUnknown { tell, ask, fail };

using MemorySettings = memory::MemorySettings;

/// A few-shot example, in no strategy's form: each renders it as it asks the model to write.
struct ExampleStep {
  std::string thought;
  std::string tool;
  Json input = Json::object();
  std::string observation;
};
struct Example {
  std::string question;
  std::vector<ExampleStep> steps;
  std::string thought;  ///< before the answer
  Json answer;          ///< a text, or what `output.schema` asks for
};

/// What an answer must be.
struct OutputSettings {
  Json schema;      ///< JSON Schema; null: any text
  int retries = 2;  ///< how often an answer that does not fit is sent back
};

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
  std::string prompt;              ///< path of a prompt file; "": the strategy's own
  std::vector<Example> examples;   ///< for the prompt
  std::vector<std::string> tools;  ///< keys in `tools:`
  MemorySettings memory;
  AgentLimits limits;
  OnLimit on_limit = OnLimit::stop;
  std::vector<std::string> approve;  ///< tools whose calls wait for a person
  OnDeny on_deny = OnDeny::tell;
  OnUnknown on_unknown = OnUnknown::tell;
  PeopleSettings approvals;  ///< how long calls wait for a person
  OutputSettings output;
  GuardrailSettings guardrails;
  models::Intent intent = models::Intent::step;  ///< what its model is asked for; not of `agents:`
};

}  // namespace troupe::agents
