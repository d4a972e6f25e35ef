#include "agents/runs/reply_sink.h"

#include <utility>

namespace troupe::agents {

ReplySink::ReplySink(RunRecord& record, const Strategy& strategy, int step, std::int64_t tokens_max,
                     int attempt, bool hold_answers)
    : record_(record),
      strategy_(strategy),
      step_(step),
      budget_(tokens_max),
      hold_answers_(hold_answers),
      parser_(make_step_parser(strategy.parser())),
      attempt_(attempt) {}

bool ReplySink::on_text(std::string_view text) {
  const bool more = parser_->feed(text, deltas_);
  flush();
  const bool within = take(text);
  if (more && !within) cut_ = true;
  return more && within;
}

bool ReplySink::take(std::string_view text) {
  const bool own = budget_.take(text);
  const bool shared = !room || room(budget_.tokens());
  return own && shared;
}

void ReplySink::on_reasoning(std::string_view text) {
  if (cut_ || take(text)) return;
  cut_ = true;
  if (spent_on_reasoning) spent_on_reasoning();
}

void ReplySink::on_reset(int attempt) {
  parser_ = make_step_parser(strategy_.parser());
  deltas_.clear();
  attempt_ = attempt;
  shown_ = false;
  answer_.clear();
  Event reset = record_.event("stream.reset", step_);
  reset.fields["attempt"] = attempt;
  record_.publish(reset);
}

bool ReplySink::on_entry(const std::string& entry) {
  if (allowed_at) {
    const auto allowed = allowed_at(entry);
    if (!allowed) return false;
    budget_.set(*allowed);
  }
  entry_ = entry;
  return true;
}

ParsedStep ReplySink::finish() {
  ParsedStep parsed = parser_->finish(deltas_);
  flush();
  return parsed;
}

void ReplySink::settle(const Reading& made) {
  auto* final = std::get_if<FinalStep>(&made.outcome);
  const bool malformed = std::holds_alternative<Malformed>(made.outcome);
  const bool stands = malformed ? !shown_ : answer_.empty() || (final && final->answer == answer_);
  if (!stands) on_reset(attempt_ + 1);
}

void ReplySink::take_back() {
  if (shown_) on_reset(attempt_ + 1);
}

void ReplySink::flush() {
  for (StepDelta& delta : deltas_) {
    if (delta.kind != StepDelta::Kind::thought && delta.kind != StepDelta::Kind::answer) continue;
    const bool answer = delta.kind == StepDelta::Kind::answer && strategy_.answering();
    if (answer && hold_answers_) continue;
    Event event = record_.event(answer ? "answer.delta" : "thought.delta", step_);
    shown_ = true;
    if (answer) answer_ += delta.text;
    event.fields["text"] = std::move(delta.text);
    record_.publish(event);
  }
  deltas_.clear();
}

}  // namespace troupe::agents
