#include "agents/replay/answers.h"

#include "agents/budgets/past_decisions.h"
#include "agents/runs/fact_fields.h"
#include "agents/runs/resume_count.h"
#include "agents/runs/unknown_outcome.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

using Kind = Answer::Kind;
using End = Answer::End;

// What the engine itself warns of. All other warnings are told by models, tools and searches.
constexpr auto kOwnWarnings = std::to_array<std::string_view>(
    {"repaired_reply", "unreadable_reply", "invalid_answer", "reply_cut", "reply_broken", "guardrail",
     "repaired_arguments", "context_fitted", "context_exceeded", "search_remark", "unknown_citation",
     "notes_shortened", "answer_shortened"});

bool from_outside(const Json& warning) {
  return std::ranges::find(kOwnWarnings, string_or(warning, "code")) == kOwnWarnings.end();
}

Event told_event(const store::LogLine& line, const Json& body) {
  Event event{.type = line.type, .step = line.step};
  for (const auto& [key, value] : body.items())
    if (key != "type" && key != "seq" && key != "ts" && key != "session" && key != "run" && key != "agent" &&
        key != "step" && key != "parent")
      event.fields[key] = value;
  return event;
}

/// What one run waits for, as its lines go by.
class RunLines {
 public:
  RunLines(Answers& answers, std::string run) : answers_(answers), run_(std::move(run)) {}

  void take(const store::LogLine& line, const Json& body) {
    line_ = &line;
    if (line.is_event())
      event(body);
    else
      fact(body);
  }
  // Of what a fork copied only what is still to come is asked for here. Its events stand before its facts.
  void take_given(const store::LogLine& line, const Json& body) {
    const std::string call = string_or(body, "call");
    if (line.is_event()) {
      note_action(line.type, body);
      if (line.type == "observation") settled_.insert(call);
    } else if (line.type == "approval.decided") {
      decided_.insert(call);
    } else if (line.type == "tool.intent" || line.type == "approval.pending") {
      left_[{std::string(line.type), call}] = {&line, body};
    }
  }
  void begin_here() {
    for (const auto& [what, left] : left_) {
      line_ = left.line;
      if (settled_.contains(what.second)) continue;
      if (what.first == "tool.intent")
        call(left.body);
      else if (!decided_.contains(what.second))
        begin(Kind::person, what.second, "", Json());
    }
    left_.clear();
  }

  // A new process goes on with the tree: what an earlier one had asked models for is lost. A search that was
  // announced is made again without a word.
  void lose(const store::LogLine& taken_up) {
    line_ = &taken_up;
    for (std::size_t i = open_.size(); i > 0; --i)
      if (Answer* one = open_[i - 1];
          one->kind == Kind::step || one->kind == Kind::judge || one->kind == Kind::chain)
        close(one, End::lost, Json());
  }

  // Facts stand after the events of their append, so that the reply of the last step comes after its end.
  void end() {
    if (finished_) close_all(End::stopped);
  }

 private:
  Answer& begin(Kind kind, std::string key, std::string name, Json asked) {
    failed_search_ = nullptr;
    Answer& answer = answers_.all.emplace_back();
    answer.kind = kind;
    answer.run = run_;
    answer.step = line_->step;
    answer.call = std::move(key);
    answer.name = std::move(name);
    answer.asked = std::move(asked);
    answer.asked_at = line_->at;
    open_.push_back(&answer);
    return answer;
  }

  Answer* open(Kind kind, const std::string& key) {
    for (Answer* answer : open_)
      if (answer->kind == kind && answer->call == key) return answer;
    return nullptr;
  }

  void close(Answer* answer, End end, const Json& came) {
    if (!answer) return;
    answer->end = end;
    answer->at = line_->at;
    answer->came = came;
    std::erase(open_, answer);
  }

  void close_all(End end) {
    while (!open_.empty()) close(open_.front(), end, Json());
  }

  void note_action(std::string_view type, const Json& body) {
    if (type == "action")
      actions_[string_or(body, "call")] = body;
    else if (type == "approval.given")  // its input may be another one
      actions_[string_or(body, "call")]["input"] = body.value("input", Json());
  }

  void event(const Json& body) {
    const std::string_view type = line_->type;
    note_action(type, body);
    if (type == "observation") {
      observed(body);
    } else if (type == "warning" && from_outside(body)) {
      if (!open_.empty()) open_.front()->told.push_back(told_event(*line_, body));
    } else if (type == "usage") {
      usage_ = told_event(*line_, body);
    } else if (type == "run.finished") {
      finished_ = true;
    }
  }

  void fact(const Json& body) {
    const std::string_view kind = line_->type;
    const std::string key = string_or(body, "key");
    if (kind == "model.intent")
      ask_for_step(body);
    else if (kind == "model.reply")
      close(open(Kind::step, ""), End::came, body);
    else if (kind == "model.failed")
      failed(open(Kind::step, ""), body);
    else if (kind == "model.broken")
      broken(body);
    else if (kind == "guard.intent")
      ask_again(Kind::judge, judge_key(body), body);
    else if (kind == "guard.verdict")
      close(open(Kind::judge, judge_key(body)), End::came, body);
    else if (kind == "guard.lost")
      judge_lost(body);
    else if (kind == "chain.intent")
      ask_again(Kind::chain, key, body);
    else if (kind == "chain.reply")
      close(open(Kind::chain, key), End::came, body);
    else if (kind == "chain.failed")
      failed(open(Kind::chain, key), body);
    else if (kind == "chain.broken")
      chain_broken(open(Kind::chain, key), body);
    else if (kind == "chain.search")
      search(key);
    else if (kind == "chain.found")
      found(open(Kind::search, key), body);
    else if (kind == "chain.used")
      tell_use(Kind::search);
    else if (kind == "tool.intent")
      call(body);
    else if (kind == "tool.sources" || kind == "tool.more" || kind == "tool.ends" || kind == "tool.stopped")
      about_observation(kind, body);
    else if (kind == "approval.pending")
      ask_person(body);
    else if (kind == "approval.decided")
      decided(body);
    else if (kind == kRefusedFact)
      refused(body);
    else if (kind == kStoppedFact)
      stopped(body);
  }

  // One request at a time; a new one says that nothing came of the one before, and nobody stopped it.
  void ask_for_step(const Json& body) {
    close(open(Kind::step, ""), End::lost, Json());
    begin(Kind::step, "", string_or(body, "model"), Json()).entry = string_or(body, "entry");
  }

  void ask_again(Kind kind, const std::string& key, const Json& body) {
    close(open(kind, key), End::lost, Json());
    const Json* messages = find(body, "messages");
    begin(kind, key, string_or(body, "model"), messages ? *messages : Json()).entry =
        string_or(body, "entry");
  }

  void failed(Answer* answer, const Json& body) {
    if (answer) answer->written = number_or(body, "written");
    close(answer, End::failed, body);
  }

  // Of a request that is still open; else of a tool that asks models itself.
  void broken(const Json& body) {
    if (Answer* step = open(Kind::step, ""))
      step->written = number_or(body, "output");
    else
      tell_use(Kind::tool);
  }

  void chain_broken(Answer* answer, const Json& body) {
    if (answer && flag(body, "crash")) return close(answer, End::lost, Json());
    if (answer) answer->written = number_or(body, "output");
  }

  static std::string judge_key(const Json& body) {
    return fmt::format("{}.{}", string_or(body, "side"), number_or(body, "place"));
  }

  void judge_lost(const Json& body) {
    Answer* answer = open(Kind::judge, judge_key(body));
    if (flag(body, "crash")) return close(answer, End::lost, Json());
    if (const Json* usage = find(body, "usage"); usage && answer)
      answer->written = number_or(*usage, "output");
    failed_judge_ = answer;
    close(answer, End::failed, body);
  }

  void tell_use(Kind kind) {
    if (!usage_) return;
    for (Answer* answer : open_)
      if (answer->kind == kind) return answer->told.push_back(*std::exchange(usage_, std::nullopt));
  }

  void search(const std::string& key) {
    const Json& action = actions_["c_" + key];
    std::string base = string_or(action, "tool");
    base.erase(0, std::min(base.size(), base.find(':') + 1));
    const Json* input = find(action, "input");
    begin(Kind::search, key, std::move(base), input ? Json(string_or(*input, "query")) : Json());
  }

  // One whose time was over has failed like any other.
  void found(Answer* answer, const Json& body) {
    close(answer, End::came, body);
    failed_search_ = find(body, "error") ? answer : nullptr;
  }

  void call(const Json& body) {
    const std::string id = string_or(body, "call");
    const Json* input = find(actions_[id], "input");
    begin(Kind::tool, id, string_or(body, "tool"), input ? *input : Json());
    by_call_[id] = &answers_.all.back();
  }

  // Whether a call that a process took with it is made again.
  void ask_person(const Json& body) {
    const std::string call = string_or(body, "call");
    if (flag(body, kAgainField)) close(open(Kind::tool, call), End::lost, Json());
    begin(Kind::person, call, "", Json());
  }

  void decided(const Json& body) {
    const std::string call = string_or(body, "call");
    close(open(Kind::person, call), End::came, body);
    const auto before = by_call_.find(call);
    if (before == by_call_.end() || !flag(body, kAgainField) || !flag(body, "approved")) return;
    before->second = &begin(Kind::tool, call, before->second->name, before->second->asked);
  }

  void observed(const Json& body) {
    Answer* answer = open(Kind::tool, string_or(body, "call"));
    if (!answer) return;
    const bool unknown = string_or(body, "error").starts_with(kOutcomeUnknown);
    close(answer, unknown ? End::lost : End::came, body);
  }

  void about_observation(std::string_view kind, const Json& body) {
    const auto found = by_call_.find(string_or(body, "call"));
    if (found == by_call_.end()) return;
    Answer& answer = *found->second;
    answer.more[std::string(kind)] = body;
    if (kind != "tool.stopped") return;
    answer.end = End::stopped;
    std::erase(open_, &answer);
    answer.at = std::min(answer.at, line_->at);
  }

  void refused(const Json& body) {
    const bool cost = string_or(body, "reason") == "max_cost";
    answers_.refusals.push_back(
        {.run = run_,
         .step = line_->step,
         .of = string_or(body, "of"),
         .budget = {cost ? "max_cost" : "max_tokens", string_or(body, "detail"), true},
         .at = line_->at});
  }

  void stopped(const Json& body) {
    if (failed_judge_ && was_stopped(failed_judge_->came)) failed_judge_->end = End::stopped;
    if (failed_search_) failed_search_->end = End::stopped;
    answers_.stops.push_back({run_, stopped_from_fact(body), line_->at});
    close_all(End::stopped);
  }

  static bool was_stopped(const Json& lost) {
    const Json* error = find(lost, "error");
    const std::string code = error ? string_or(*error, "code") : "";
    return code == word(ErrorCode::cancelled) || code == word(ErrorCode::timeout);
  }

  Answers& answers_;
  const std::string run_;
  const store::LogLine* line_ = nullptr;
  std::vector<Answer*> open_;  // in the order they were asked
  std::map<std::string, Json> actions_;
  struct Given {
    const store::LogLine* line;
    Json body;
  };
  std::map<std::pair<std::string, std::string>, Given> left_;  // calls that were given, by fact and id
  std::set<std::string> settled_;                              // those of them that brought something
  std::set<std::string> decided_;                              // … that a person decided about
  std::map<std::string, Answer*> by_call_;
  std::optional<Event> usage_;       // told last
  Answer* failed_search_ = nullptr;  // the last one, where it brought an error
  Answer* failed_judge_ = nullptr;   // the last one whose model brought no verdict
  bool finished_ = false;
};

// Outputs that were too long and of which only what the agent read is there.
std::string incomplete(const Answers& answers) {
  for (const Answer& answer : answers.all)
    if (answer.kind == Kind::tool && answer.end == End::came && flag(answer.came, "ok") &&
        flag(answer.came, "truncated") && !find(answer.more, "tool.more"))
      return fmt::format("the output of call {} of run {} was too long to be kept whole", answer.call,
                         answer.run);
  return "";
}

// Versions before this one did not say which request a shared budget had no room for.
std::string untold_budget(const Recording& recording, const Answers& answers) {
  const auto cut = [](const Answer& answer) { return find(answer.came, "budget") != nullptr; };
  if (!answers.refusals.empty() || std::ranges::any_of(answers.all, cut)) return "";
  for (const store::LogLine& line : recording.lived()) {
    if (line.type != "run.finished") continue;
    const auto body = parse_json(line.body);
    const std::string error = body ? string_or(*body, "error") : "";
    if (error.contains("`budgets.") || error.contains("of all runs of the team together"))
      return fmt::format(
          "run {} met a budget that it shares with others, and the version that recorded it did "
          "not keep where ({})",
          line.run, error);
  }
  return "";
}

// Versions before this one did not say where a run was stopped.
std::string untold_stop(const Recording& recording, const Answers& answers) {
  for (const store::RunRow& row : recording.runs)
    if (row.parent.empty() && (row.reason == "cancelled" || row.reason == "max_time") &&
        answers.stops.empty() &&
        std::ranges::any_of(answers.all, [](const Answer& answer) { return answer.end == End::stopped; }))
      return fmt::format("run {} was stopped, and the version that recorded it did not keep when", row.id);
  return "";
}

}  // namespace

Result<Answers> read_answers(const Recording& recording) {
  Answers answers;
  std::map<std::string, RunLines> runs;
  const auto lines_of = [&](const std::string& run) -> RunLines& {
    return runs.try_emplace(run, answers, run).first->second;
  };
  for (std::size_t i = 0; i < recording.lines.size(); ++i) {
    const store::LogLine& line = recording.lines[i];
    auto body = parse_json(line.body);
    if (!body)
      return within(fmt::format("journal, run {}, {}", line.run, line.type), std::move(body.error()));
    if (line.type == kTakenUpFact)
      for (auto& [run, lines] : runs) lines.lose(line);
    if (i == recording.given)
      for (auto& [run, lines] : runs) lines.begin_here();
    i < recording.given ? lines_of(line.run).take_given(line, *body) : lines_of(line.run).take(line, *body);
  }
  for (auto& [run, lines] : runs) lines.end();
  if (answers.inexact.empty()) answers.inexact = incomplete(answers);
  if (answers.inexact.empty()) answers.inexact = untold_budget(recording, answers);
  if (answers.inexact.empty()) answers.inexact = untold_stop(recording, answers);
  return answers;
}

}  // namespace troupe::agents
