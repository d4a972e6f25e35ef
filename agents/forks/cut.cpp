#include "agents/forks/cut.h"

#include "agents/budgets/past_decisions.h"
#include "agents/runs/fact_fields.h"
#include "agents/runs/resume_count.h"
#include "agents/runs/stop_fact.h"
#include "agents/runs/unknown_outcome.h"
#include "runtime/base/limits.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

constexpr std::size_t kEditedOutputs = 64;

// What says how the run was stopped, taken up and remembered, or what budgets had no room for, is not so of
// the one that goes on, nor does that end of a call that the other ended of; what was said of its message is
// asked again, and so is what a rule's model could not say.
bool is_left_behind(const store::Fact& fact) {
  static constexpr std::array kAlways = {kStoppedFact,
                                         kTakenUpFact,
                                         kWaitsFact,
                                         kStoodFact,
                                         kUnknownFact,
                                         kRefusedFact,
                                         std::string_view("tool.stopped")};
  if (std::ranges::find(kAlways, fact.kind) != kAlways.end()) return true;
  if (!fact.kind.starts_with("guard.")) return false;
  const auto body = parse_json(fact.body);
  return !body || string_or(*body, "side") != "output" || flag(*body, "undecided");
}

bool is_lifecycle(std::string_view type) {
  return type == "run.queued" || type == "run.started" || type == "run.finished";
}

std::string field_of(const std::string& text, std::string_view name) {
  auto json = parse_json(text);
  return json ? string_or(*json, name) : "";
}

/// An agent's run or a chain's: everything in it says of which step it is.
class Steps {
 public:
  explicit Steps(PastRun& run) : run_(run) {
    for (const store::Fact& fact : run_.facts) {
      if (fact.kind != kRefusedFact) last_ = std::max(last_, fact.step);  // of a step that was not made
      is_chain_ = is_chain_ || fact.kind.starts_with("chain.");
    }
  }

  Result<int> cut(const ForkOrder& order) {
    const int from = order.from ? *order.from : first_open();
    // Of a run at work nothing is kept that is not through.
    const int most = run_.row.finished() ? last_ + 1 : first_open();
    if (from < 1 || from > most)
      return fail(ErrorCode::invalid,
                  most == 1
                      ? fmt::format("run {} has no step {}: it can be forked from step 1", run_.row.id, from)
                      : fmt::format("run {} has no step {}: it can be forked from step 1 to {}", run_.row.id,
                                    from, most));
    std::erase_if(run_.facts,
                  [&](const store::Fact& fact) { return fact.step >= from || is_left_behind(fact); });
    std::erase_if(run_.events, [&](const PastEvent& event) {
      return event.step >= from || is_lifecycle(event.type) || event.type == "answer";
    });
    if (order.resumes && run_.row.status == "denied") ask_again();
    if (is_chain_) search_again();
    return from - 1;
  }

 private:
  // A step that brought something, or may have done something, is kept; one that ended the run is done anew.
  int first_open() const {
    std::set<std::string> open;
    bool brought = false;
    for (const PastEvent& event : run_.events) {
      if (event.step != last_) continue;
      if (event.type == "action") open.insert(field_of(event.text, "call"));
      if (event.type != "observation") continue;
      open.erase(field_of(event.text, "call"));
      const auto json = parse_json(event.text);
      brought = brought || !is_chain_ || (json && flag(*json, "ok"));
    }
    if (!run_.row.finished()) return brought && open.empty() ? last_ + 1 : std::max(last_, 1);
    const bool left = std::ranges::any_of(run_.facts, [&](const store::Fact& fact) {
      return fact.kind == "tool.dispatched" && fact.step == last_;
    });
    return brought || left ? last_ + 1 : std::max(last_, 1);
  }

  // Of the calls whose denial ended the run nobody is to have decided.
  void ask_again() {
    std::set<std::string> denied;
    std::erase_if(run_.facts, [&](const store::Fact& fact) {
      if (fact.kind != "approval.decided" || fact.step != last_) return false;
      const auto body = parse_json(fact.body);
      if (!body || flag(*body, "approved")) return false;  // made, perhaps, and then asked about once more
      denied.insert(string_or(*body, "call"));
      return true;
    });
    std::erase_if(run_.events, [&](const PastEvent& event) {
      return (event.type == "observation" || event.type == "approval.denied") &&
             denied.contains(field_of(event.text, "call"));
    });
  }

  // What failed or was cut off is no reply to go on with.
  void search_again() {
    std::erase_if(run_.facts, [&](const store::Fact& fact) {
      return (fact.kind == "chain.found" && !field_of(fact.body, "error").empty()) ||
             (fact.kind == "chain.reply" && !field_of(fact.body, "cut").empty());
    });
  }

  PastRun& run_;
  int last_ = 0;
  bool is_chain_ = false;
};

/// A team's: its tasks are the runs right below it.
class Tasks {
 public:
  explicit Tasks(PastTree& tree) : tree_(tree) {
    for (const store::Fact& fact : tree_.root().facts)
      if (fact.kind == "team.began") order_.push_back(field_of(fact.body, "run"));
  }

  Result<int> cut(const ForkOrder& order) {
    if (order.from && (*order.from < 1 || static_cast<std::size_t>(*order.from) > order_.size() + 1))
      return fail(ErrorCode::invalid, fmt::format("run {} has {} tasks: it can be forked from task 1 to {}",
                                                  root().row.id, order_.size(), order_.size() + 1));
    std::set<std::string> kept;
    for (std::size_t i = 0; i < order_.size(); ++i)
      if (is_kept(order, i)) kept.insert(order_[i]);
    drop_others(kept);
    return static_cast<int>(kept.size());
  }

 private:
  PastRun& root() { return tree_.root(); }

  bool is_kept(const ForkOrder& order, std::size_t place) const {
    const PastRun* run = find(order_[place]);
    if (!run || !run->row.finished()) return false;
    if (!order.from) return run->row.status == "done";
    const auto anew = static_cast<std::size_t>(*order.from) - 1;
    if (place >= anew) return false;
    // One that was at work when that task was given, the one who gave it say, is not through without it.
    return anew >= order_.size() || run->row.last_seq < told_at(order_[anew]);
  }
  const PastRun* find(const std::string& id) const {
    const auto found = std::ranges::find_if(tree_.runs, [&](const PastRun& run) { return run.row.id == id; });
    return found == tree_.runs.end() ? nullptr : &*found;
  }

  void drop_others(const std::set<std::string>& kept) {
    std::set<std::string> messages;  // of the tasks that are kept
    std::set<std::string> gone;
    for (const PastRun& run : tree_.runs) {
      const bool below = run.row.parent == root().row.id;
      if ((below && !kept.contains(run.row.id)) || gone.contains(run.row.parent)) gone.insert(run.row.id);
      if (below && kept.contains(run.row.id)) messages.insert(run.row.message_id);
    }
    const auto first = first_dropped(kept);
    drop_facts(kept, first);
    drop_events(messages, first ? told_at(order_[*first]) : 0);
    std::erase_if(tree_.runs, [&](const PastRun& run) { return gone.contains(run.row.id); });
  }
  std::optional<std::size_t> first_dropped(const std::set<std::string>& kept) const {
    for (std::size_t i = 0; i < order_.size(); ++i)
      if (!kept.contains(order_[i])) return i;
    return std::nullopt;
  }
  // When the message that asked for it was sent.
  std::int64_t told_at(const std::string& id) const {
    const PastRun* run = find(id);
    for (const PastEvent& event : tree_.root().events)
      if (run && event.type == "message" && field_of(event.text, "id") == run->row.message_id)
        return event.seq;
    return run ? run->row.first_seq : 0;
  }

  // What was decided, told or written after the first that is dropped began may follow from it.
  void drop_facts(const std::set<std::string>& kept, std::optional<std::size_t> first) {
    bool after = false;
    std::erase_if(root().facts, [&](const store::Fact& fact) {
      if (fact.kind != "team.began") return after || is_left_behind(fact);
      const std::string run = field_of(fact.body, "run");
      after = after || (first && run == order_[*first]);
      return !kept.contains(run);
    });
  }
  void drop_events(const std::set<std::string>& messages, std::int64_t before) {
    std::erase_if(root().events, [&](const PastEvent& event) {
      if (is_lifecycle(event.type) || event.type == "answer") return true;
      const bool early = before == 0 || event.seq < before;
      if (event.type != "message" || field_of(event.text, "kind") == "note") return !early;
      const std::string id = field_of(event.text, "id");
      const std::string answers = field_of(event.text, "reply_to");
      return !messages.contains(answers.empty() ? id : answers);
    });
  }

  PastTree& tree_;
  std::vector<std::string> order_;  // runs of its members, as they began
};

bool is_team(const PastRun& run) {
  return std::ranges::any_of(run.facts,
                             [](const store::Fact& fact) { return fact.kind.starts_with("team."); });
}

Result<> put_output(PastRun& run, const EditedOutput& edited) {
  for (PastEvent& event : run.events) {
    if (event.type != "observation") continue;
    auto json = parse_json(event.text);
    if (!json || string_or(*json, "call") != edited.call) continue;
    for (const char* key : {"error", "truncated"}) json->erase(key);
    (*json)["ok"] = true;
    (*json)["output"] = edited.output;
    (*json)["edited"] = true;
    event.text = dump(*json);
    std::erase_if(run.facts, [&](const store::Fact& fact) {
      const bool of_output =
          fact.kind == "tool.more" || fact.kind == "tool.sources" || fact.kind == "approval.decided";
      return of_output && field_of(fact.body, "call") == edited.call;
    });
    return {};
  }
  return fail(ErrorCode::invalid,
              fmt::format("no call `{}` with an observation is among the steps that are kept", edited.call));
}

// Also where the first request tells of it.
void put_input(PastRun& run, const std::string& input) {
  for (store::Fact& fact : run.facts) {
    if (fact.kind != "model.intent") continue;
    auto body = parse_json(fact.body);
    if (!body) continue;
    for (Json& message : (*body)["tail"])
      if (string_or(message, "role") == "user" && string_or(message, "content") == run.row.input)
        message["content"] = input;
    fact.body = dump(*body);
    break;
  }
  run.row.input = input;
}

}  // namespace

Result<> check_sizes(const ForkOrder& order) {
  const auto too_large = [](std::string_view what, std::size_t bytes) {
    return fail(ErrorCode::too_large,
                fmt::format("{} has {} bytes; at most {} are taken", what, bytes, limits::kInputBytes));
  };
  if (order.input && order.input->size() > limits::kInputBytes)
    return too_large("the message", order.input->size());
  if (order.outputs.size() > kEditedOutputs)
    return fail(ErrorCode::too_large, fmt::format("{} outputs are edited; at most {} may be",
                                                  order.outputs.size(), kEditedOutputs));
  for (const EditedOutput& edited : order.outputs)
    if (edited.output.size() > limits::kInputBytes)
      return too_large(fmt::format("the output for call {}", edited.call.substr(0, 40)),
                       edited.output.size());
  return {};
}

Result<int> cut(PastTree& tree, const ForkOrder& order) {
  PastRun& root = tree.root();
  if (order.resumes && root.row.finished() && root.row.status == "done")
    return fail(ErrorCode::invalid,
                fmt::format("run {} came to its answer: there is nothing to resume; fork it from a step",
                            root.row.id));
  auto kept = is_team(root) ? Tasks(tree).cut(order) : Steps(root).cut(order);
  if (!kept) return kept;
  for (const EditedOutput& edited : order.outputs)
    if (auto put = put_output(root, edited); !put) return fail(std::move(put.error()));
  if (order.input) put_input(root, *order.input);
  return kept;
}

}  // namespace troupe::agents
