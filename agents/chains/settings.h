#pragma once

#include "memory/knowledge/search/overrides.h"
#include "runtime/base/json.h"
#include "runtime/base/limits.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace troupe::agents {

enum class ChainStepKind { prompt, model, parse, retrieve, rewrite, combine, parallel };

/// How a reply is read.
enum class ParseAs {
  json,    ///< any JSON value
  list,    ///< a list of texts: as JSON, as marked or numbered lines, or between commas
  lines,   ///< its lines, without blank ones
  regex,   ///< what a pattern, or a group of it, matches
  schema,  ///< JSON that fits a JSON Schema
};

/// How passages become an answer.
enum class CombineBy {
  stuff,       ///< one call with all of them
  map_reduce,  ///< notes on each part of them at once, then an answer from the notes
  refine,      ///< an answer from the first part, made better with each further one
};

struct ChainBranch;

/// One step of a chain. Which fields apply depends on the kind.
struct ChainStepSettings {
  ChainStepKind kind = ChainStepKind::prompt;
  std::string name;  ///< later prompts have its output as {name}; ""

  std::string prompt;       ///< prompt: the user's message
  std::string prompt_file;  ///< prompt: the same, read from a file
  std::string system;       ///< prompt: the system message

  std::string model;  ///< model, rewrite, combine: key in `models:`; "": the chain's

  ParseAs parse = ParseAs::json;
  std::string pattern;         ///< parse: regex
  std::optional<int> group;    ///< parse: regex; nothing: its first group, or all of a match without groups
  Json schema;                 ///< parse: schema
  std::optional<int> retries;  ///< parse: how often the model is told what was wrong; nothing: the chain's

  std::string knowledge;           ///< retrieve: key in `knowledge:`
  memory::SearchOverrides search;  ///< retrieve: without its filter
  Json filter;                     ///< retrieve

  CombineBy combine = CombineBy::stuff;
  std::string instructions;  ///< combine: for the one who answers
  int passages = 0;          ///< combine: that one call reads at most; 0: as many as fit

  std::vector<ChainBranch> parallel;  ///< in the order they are written
};

/// Steps that run beside others.
struct ChainBranch {
  std::string name;
  std::vector<ChainStepSettings> steps;
};

/// What one run of a chain may use.
struct ChainLimits {
  std::int64_t tokens = limits::kTokens;  ///< input + output over the run
  double cost = 0;                        ///< 0 = none
  std::chrono::milliseconds time = limits::kRunTime;
  int parallel = static_cast<int>(limits::kParallelCalls);  ///< calls at work at once
};

/// One entry of `chains:`.
struct ChainSettings {
  std::string name;  ///< its key
  std::string description;
  std::vector<std::string> inputs;  ///< that a run must bring; empty: those that its prompts name
  std::string model;                ///< of steps that name none; ""
  int retries = 2;                  ///< of parsers that say nothing else
  ChainLimits limits;
  std::vector<ChainStepSettings> steps;
};

/// The inputs a run must bring: `inputs`, or without them what the prompts name and no step is called.
std::vector<std::string> inputs_of(const ChainSettings& chain);

/// The model of a step that asks one; "" where neither the step nor the chain names one.
const std::string& model_of(const ChainStepSettings& step, const ChainSettings& chain);

/// Of all steps, each once.
std::vector<std::string> models_of(const ChainSettings& chain);

}  // namespace troupe::agents
