#include "agents/check/run_machine.h"

#include "agents/forks/copy.h"
#include "agents/runs/fact_fields.h"
#include "agents/runs/unknown_outcome.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

/// What may be written of a run that has ended: its agent's memory, and messages that it is through with.
bool follows_the_end(std::string_view kind) {
  return kind.starts_with("memory.") || kind.starts_with("bus.");
}

}  // namespace

std::string_view word(NextAction action) {
  switch (action) {
    case NextAction::begin:
      return "begins";
    case NextAction::ask_model:
      return "asks its model";
    case NextAction::make_calls:
      return "makes its calls";
    case NextAction::wait_for_person:
      return "waits on for a person";
    case NextAction::judge:
      return "is held against its rules";
    case NextAction::walk_chain:
      return "walks through its chain";
    case NextAction::lead_team:
      return "leads its team";
    case NextAction::nothing:
      return "has ended";
  }
  return "";
}

std::optional<std::string> RunMachine::take(const Record& record) {
  if (record.body.is_null()) return "its text is no JSON object";
  return record.fact ? fact(record) : event(record);
}

std::optional<std::string> RunMachine::event(const Record& record) {
  if (record.type == "run.queued" && std::exchange(accepted_, true)) return "it was accepted before";
  if (record.type == "run.started" && std::exchange(started_, true)) return "it had begun before";
  accepted_ = accepted_ || started_;
  if (!accepted_) return "it was not accepted before";
  const Call call(record.step, string_or(record.body, "call"));
  if (record.type == "action") actions_.insert(call);
  if (record.type == "observation" && !retold_) {
    if (!actions_.contains(call)) return fmt::format("nobody had asked for the call {}", call.second);
    // A search of a chain that another branch's failure stopped is made, and told, again.
    if (!observed_.insert(call).second && !chain_)
      return fmt::format("the call {} had come to its end before", call.second);
  }
  if (record.type == "approval.required") {
    asked_.insert(call.second);
    // Whether it is made again. Facts of what was copied stand behind its events.
    if (dispatched_.contains(call.second) || flag(record.body, kCopied)) decided_.erase(call.second);
  }
  if (record.type == "approval.given" || record.type == "approval.denied") {
    if (!asked_.contains(call.second)) return fmt::format("nobody was asked about the call {}", call.second);
    if (!decided_.insert(call.second).second)
      return fmt::format("the call {} was decided before", call.second);
  }
  if (record.type == "run.finished") {
    finished_ = true;
    end_ = record.pos;
    copied_ = flag(record.body, kCopied);
  }
  return std::nullopt;
}

std::optional<std::string> RunMachine::fact(const Record& record) {
  // Facts stand behind the events of their commit.
  const bool of_the_end = finished_ && record.pos == end_ + 1;
  if (of_the_end) end_ = record.pos;
  if (finished_ && !of_the_end && !copied_ && !follows_the_end(record.type))
    return "the run had ended before";
  if (record.type.starts_with("team.")) team_ = true;
  if (record.type == "guard.intent") ++open_verdicts_;
  if (record.type == "guard.verdict" || record.type == "guard.lost")
    open_verdicts_ = std::max(0, open_verdicts_ - 1);
  if (record.type.starts_with("chain.")) return chain_fact(record);
  if (record.type.starts_with("model.")) return model_fact(record);
  return call_fact(record);
}

std::optional<std::string> RunMachine::model_fact(const Record& record) {
  if (record.type == "model.intent") {
    const std::int64_t attempt = number_or(record.body, "attempt", 1);
    const bool again = record.step == step_;
    if (record.step < step_) return fmt::format("step {} had been asked for before", step_);
    if (attempt != (again ? attempt_ + 1 : 1))
      return fmt::format("it is attempt {} at step {}, after attempt {} at step {}", attempt, record.step,
                         attempt_, step_);
    step_ = record.step;
    attempt_ = attempt;
    open_request_ = true;
  }
  if (record.type == "model.reply") {
    if (!open_request_ || record.step != step_) return "the model had not been asked for it";
    open_request_ = false;
  }
  return std::nullopt;
}

std::optional<std::string> RunMachine::call_fact(const Record& record) {
  std::string call = string_or(record.body, "call");
  if (record.type == "tool.intent") intents_.insert(std::move(call));
  if (record.type == "tool.dispatched") dispatched_.insert(call);
  if (record.type == "approval.pending") {
    if (flag(record.body, kAgainField)) {
      if (dispatched_.erase(call) == 0) return fmt::format("the call {} had not been made before", call);
      settled_.erase(call);
    }
    pending_.insert(std::move(call));
  }
  if (record.type == "approval.decided") {
    if (!pending_.contains(call)) return fmt::format("nobody was asked about the call {}", call);
    if (!settled_.insert(call).second) return fmt::format("the call {} was decided before", call);
  }
  return std::nullopt;
}

std::optional<std::string> RunMachine::chain_fact(const Record& record) {
  chain_ = true;
  std::string key = string_or(record.body, "key");
  if (record.type == "chain.intent")
    open_chain_calls_.insert(std::move(key));
  else if (record.type == "chain.search")
    searches_.insert(std::move(key));
  else if (record.type == "chain.reply" || record.type == "chain.broken") {
    if (open_chain_calls_.erase(key) == 0) return fmt::format("no model had been asked at `{}`", key);
  } else if (record.type == "chain.found" && !searches_.contains(key)) {
    return fmt::format("nothing had been searched for at `{}`", key);
  }
  return std::nullopt;
}

bool RunMachine::waits() const {
  return std::ranges::any_of(pending_, [&](const std::string& call) { return !settled_.contains(call); });
}

bool RunMachine::calls_open() const {
  return std::ranges::any_of(actions_, [&](const Call& call) { return !observed_.contains(call); });
}

NextAction RunMachine::next() const {
  if (finished_) return NextAction::nothing;
  if (!started_) return NextAction::begin;
  if (team_) return NextAction::lead_team;
  if (chain_) return NextAction::walk_chain;
  if (waits()) return NextAction::wait_for_person;
  if (calls_open()) return NextAction::make_calls;
  return open_verdicts_ > 0 ? NextAction::judge : NextAction::ask_model;
}

}  // namespace troupe::agents
