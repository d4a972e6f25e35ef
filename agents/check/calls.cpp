#include "agents/check/run_checks.h"
#include "agents/compaction/compacted.h"
#include "agents/runs/fact_fields.h"
#include "agents/runs/unknown_outcome.h"

#include <map>
#include <set>
#include <string>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

class Calls {
 public:
  explicit Calls(RunFindings& findings) : findings_(findings) {}

  void take(const Record& fact, bool asks_models) {
    if (fact.type == "model.reply") replied_.insert(fact.step);
    if (fact.type == "tool.intent") intent(fact, asks_models);
    if (fact.type == "tool.dispatched") dispatched(fact);
    if (fact.type == "approval.decided" && flag(fact.body, kAgainField) && flag(fact.body, "approved"))
      allowed_again_.insert(string_or(fact.body, "call"));
  }

 private:
  void intent(const Record& fact, bool asks_models) {
    const std::string call = string_or(fact.body, "call");
    keys_[call] = string_or(fact.body, "key");
    if (asks_models && !replied_.contains(fact.step))
      findings_.add("I4", 0,
                    fmt::format("fact {}: call {} of step {} was decided without a reply of the model that "
                                "asks for it",
                                fact.n, call, fact.step),
                    "a tool may have been called for a reply that a crash took");
  }

  void dispatched(const Record& fact) {
    const std::string call = string_or(fact.body, "call");
    const std::string key = string_or(fact.body, "key");
    const auto known = keys_.find(call);
    if (known == keys_.end())
      findings_.add("I3", 0,
                    fmt::format("fact {}: call {} was made without having been decided", fact.n, call),
                    "a tool was called that nobody had let through");
    else if (known->second != key)
      findings_.add("I3", 0,
                    fmt::format("fact {}: call {} was made under the key {} and decided under {}", fact.n,
                                call, key, known->second),
                    "a tool that tells repetitions by their key would not have known this one");
    if (!dispatched_.insert(key).second && !allowed_again_.contains(call))
      findings_.add("I3", 0,
                    fmt::format("fact {}: call {} was made a second time (key {})", fact.n, call, key),
                    "a tool that must not be called twice was, and nobody had allowed it");
    allowed_again_.erase(call);
  }

  RunFindings& findings_;
  std::set<int> replied_;                    // steps
  std::map<std::string, std::string> keys_;  // by call
  std::set<std::string> dispatched_;         // keys
  std::set<std::string> allowed_again_;      // calls, by a person
};

}  // namespace

void check_calls(const History& history, RunFindings& findings) {
  if (compacted_in(history)) return;
  bool asks_models = history.row.parent.empty();
  for (const Record& record : history.records)
    if (record.fact && record.type.starts_with("model.") && record.type != "model.broken") asks_models = true;
  Calls calls(findings);
  for (const Record& record : history.records)
    if (record.fact) calls.take(record, asks_models);
}

}  // namespace troupe::agents
