#pragma once

#include "runtime/base/json.h"

#include <cstdint>
#include <string>
#include <vector>

namespace troupe::agents {

/// When a rule is held against a text: before anything goes on, or beside it.
enum class RuleMode { blocking, parallel };
/// What becomes of an answer that a rule refused: the model may write another one, or the run ends.
enum class OnRefusal { retry, stop };

/// One rule of an agent's `guardrails`. It checks one thing: a pattern, a length, a schema, or what a model
/// or a plugin says.
struct RuleSettings {
  std::string name;             ///< "": from its place and kind
  std::string deny;             ///< regular expression that may not match
  std::string require;          ///< regular expression that must match
  std::int64_t min_length = 0;  ///< characters (code points); 0: none
  std::int64_t max_length = 0;  ///< 0: none
  Json schema;                  ///< JSON Schema of the text read as JSON; null: none
  std::string model;            ///< key in `models:` of who judges by `prompt`; "": nobody is asked
  std::string prompt;
  std::string message;  ///< what the user is told; "": which rule, and why
  RuleMode mode = RuleMode::blocking;
  OnRefusal on_fail = OnRefusal::retry;  ///< output only
  int retries = 2;                       ///< output only: answers of a run that are sent back
  std::string plugin;  ///< key in `plugins:` of who judges by its guardrail `rule`; "": none
  std::string rule;    ///< of the plugin's guardrails; "": the only one that it has
  Json plugin_settings = Json::object();  ///< what that guardrail is told each time
};

struct GuardrailSettings {
  std::vector<RuleSettings> input;
  std::vector<RuleSettings> output;
  bool empty() const { return input.empty() && output.empty(); }
};

}  // namespace troupe::agents
