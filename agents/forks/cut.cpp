#include "agents/forks/cut.h"

#include "agents/runs/fact_fields.h"
#include "agents/runs/stop_fact.h"
#include "runtime/base/limits.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

// Why the run was stopped is not so of the one that goes on.
bool is_stop(const store::Fact& fact) {
  return fact.kind == kStoppedFact || fact.kind == "tool.stopped";
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
    for (const store::Fact& fact : run_.facts) last_ = std::max(last_, fact.step);
  }

  Result<int> cut(const ForkOrder& order) {
    const int from = order.from ? *order.from : first_open();
    if (from < 1 || from > last_ + 1)
      return fail(ErrorCode::invalid,
                  last_ == 0
                      ? fmt::format("run {} has no step {}: it can be forked from step 1", run_.row.id, from)
                      : fmt::format("run {} has no step {}: it can be forked from step 1 to {}", run_.row.id,
                                    from, last_ + 1));
    std::erase_if(run_.facts, [&](const store::Fact& fact) { return fact.step >= from || is_stop(fact); });
    std::erase_if(run_.events,
                  [&](const PastEvent& event) { return event.step >= from || is_lifecycle(event.type); });
    return from - 1;
  }

 private:
  // A step that brought something, or may have done something, is kept; one that ended the run is done anew.
  int first_open() const {
    const auto brought = [&](const PastEvent& event) {
      return event.type == "observation" && event.step == last_;
    };
    const auto left = [&](const store::Fact& fact) {
      return fact.kind == "tool.dispatched" && fact.step == last_;
    };
    const bool kept = std::ranges::any_of(run_.events, brought) || std::ranges::any_of(run_.facts, left);
    return kept ? last_ + 1 : std::max(last_, 1);
  }

  PastRun& run_;
  int last_ = 0;
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
    if (order.from) return place + 1 < static_cast<std::size_t>(*order.from);
    return run->row.status == "done";
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
  std::int64_t told_at(const std::string& id) {
    const PastRun* run = find(id);
    for (const PastEvent& event : root().events)
      if (run && event.type == "message" && field_of(event.text, "id") == run->row.message_id)
        return event.seq;
    return run ? run->row.first_seq : 0;
  }

  // What was decided, told or written after the first that is dropped began may follow from it.
  void drop_facts(const std::set<std::string>& kept, std::optional<std::size_t> first) {
    bool after = false;
    std::erase_if(root().facts, [&](const store::Fact& fact) {
      if (fact.kind != "team.began") return after || is_stop(fact);
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
      return (fact.kind == "tool.more" || fact.kind == "tool.sources") &&
             field_of(fact.body, "call") == edited.call;
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
