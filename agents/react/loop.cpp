#include "agents/react/loop.h"

#include "agents/strategies/json_steps.h"
#include "tools/observation.h"

#include <fmt/format.h>

namespace troupe::agents {

namespace {

using models::Message;
using models::Role;

Finish limit(std::string_view reason, std::string detail) {
  return Finish{.status = "limit", .reason = reason, .detail = std::move(detail)};
}

}  // namespace

ReactLoop::ReactLoop(AgentLimits limits, LoopStart start, std::unique_ptr<Strategy> strategy,
                     std::shared_ptr<const StructuredOutput> output)
    : limits_(limits),
      strategy_(strategy ? std::move(strategy) : std::make_unique<JsonSteps>()),
      output_(std::move(output)) {
  transcript_->add({.role = Role::system, .content = std::move(start.system)});
  for (Message& message : start.history) {
    // An answer in another form than the one asked for would teach the model to write that one.
    if (message.role == Role::assistant) message.content = strategy_->answered(message.content);
    transcript_->add(std::move(message));
  }
  transcript_->add(std::move(start.user));
}

Step ReactLoop::start() {
  return next_model_call();
}

Step ReactLoop::next_model_call() {
  if (repeated_too_often_)
    return limit(
        "repeated_action",
        fmt::format("the same call was made again and again, beyond `repeats: {}`", limits_.repeats));
  if (step_ >= limits_.steps)
    return limit("max_steps", fmt::format("{} steps were used without a final answer", limits_.steps));
  if (input_tokens_ + output_tokens_ >= limits_.tokens)
    return limit("max_tokens",
                 fmt::format("{} tokens of {} are used", input_tokens_ + output_tokens_, limits_.tokens));
  if (limits_.cost > 0 && cost_ >= limits_.cost)
    return limit("max_cost", fmt::format("{} of {} is spent", cost_, limits_.cost));
  ++step_;
  return AskModel{};
}

Step ReactLoop::on_reply(const models::ModelReply& reply, const ParsedStep& parsed, double cost) {
  input_tokens_ += reply.usage.input_tokens;
  output_tokens_ += reply.usage.output_tokens;
  cost_ += cost;
  reading_ = strategy_->read(reply, parsed);
  hold_against_schema(reply);
  if (auto* malformed = std::get_if<Malformed>(&reading_.outcome)) return ask_again(reply, *malformed);

  corrections_ = prose_ = 0;
  if (auto* final = std::get_if<FinalStep>(&reading_.outcome))
    return Finish{.status = "done", .reason = "final_answer", .answer = final->answer, .data = final->data};
  if (auto* onward = std::get_if<Onward>(&reading_.outcome)) {
    remember_reply(reply, parsed.consumed);
    transcript_->add({.role = Role::user, .content = onward->message});
    return next_model_call();
  }
  return plan(reply, parsed, std::get<ActionStep>(reading_.outcome));
}

void ReactLoop::hold_against_schema(const models::ModelReply& reply) {
  if (!output_) return;
  auto* malformed = std::get_if<Malformed>(&reading_.outcome);
  if (!malformed && !std::holds_alternative<FinalStep>(reading_.outcome)) return;
  // What the schema asks for is an answer, also where it was written without the step around it.
  auto* final = std::get_if<FinalStep>(&reading_.outcome);
  auto fitting = output_->read(final, reply.text);
  if (fitting)
    reading_.outcome = std::move(*fitting);
  else if (final)
    reading_.outcome = Malformed{fitting.error().message, Malformed::Kind::answer};
}

void ReactLoop::remember_reply(const models::ModelReply& reply, std::size_t consumed) {
  Message said = strategy_->said(reply, consumed);
  if (!said.content.empty() || !said.tool_calls.empty()) transcript_->add(std::move(said));
}

Step ReactLoop::ask_again(const models::ModelReply& reply, const Malformed& malformed) {
  if (std::string why = too_many_corrections(malformed); !why.empty())
    return Finish{.status = "failed", .reason = "unparsable", .detail = std::move(why)};
  remember_reply(reply, tools::beginning(reply.text, kRefusedReplyBytes).size());
  transcript_->add(strategy_->corrected(malformed.reason));
  return next_model_call();
}

// What ends the run; "" while the model may try again.
std::string ReactLoop::too_many_corrections(const Malformed& malformed) {
  if (malformed.kind == Malformed::Kind::answer) {
    corrections_ = prose_ = 0;
    if (++wrong_answers_ <= output_->retries()) return "";
    return fmt::format("no answer fitted `output.schema`, {} of them were sent back; the last one: {}",
                       output_->retries(), malformed.reason);
  }
  ++corrections_;
  prose_ = malformed.kind == Malformed::Kind::prose ? prose_ + 1 : 0;
  if (corrections_ <= limits::kCorrections && prose_ <= kProseCorrections) return "";
  return fmt::format("the model's reply could not be read {} times in a row; the last time: {}", corrections_,
                     malformed.reason);
}

Step ReactLoop::plan(const models::ModelReply& reply, const ParsedStep& parsed, const ActionStep& action) {
  // A call whose observation nobody could read any more is not worth its side effects.
  if (step_ >= limits_.steps)
    return limit("max_steps", fmt::format("{} steps were used without a final answer", limits_.steps));
  remember_reply(reply, parsed.consumed);
  RunTools run;
  for (const ParsedAction& wanted : action.actions) {
    PlannedCall call{.id = fmt::format("c_{}", ++calls_),
                     .index = static_cast<int>(run.calls.size()),
                     .tool = wanted.tool,
                     .input = wanted.input};
    if (run.calls.size() >= limits::kParallelCalls)
      call.refused = fmt::format("at most {} calls are made in one step; ask again in the next one",
                                 limits::kParallelCalls);
    else
      judge_repeat(call);
    if (call.refused.empty()) call.refused = wanted.problem;
    if (!call.note.empty()) notes_[call.id] = call.note;
    run.calls.push_back(std::move(call));
  }
  return run;
}

// Warn, then block, then stop: a model that repeats itself after being told twice will not come out of it by
// itself.
void ReactLoop::judge_repeat(PlannedCall& call) {
  int times = ++seen_calls_[call.tool + '\0' + dump(call.input)];
  if (times < limits_.repeats) return;
  if (times == limits_.repeats)
    call.note = fmt::format("you have now made this very call {} times; its result will not change", times);
  else
    call.refused = fmt::format(
        "not called: this very call was made {} times before; use its result or do something else",
        times - 1);
  if (times > limits_.repeats + 1) repeated_too_often_ = true;
}

Step ReactLoop::on_observations(std::vector<Observation> observations) {
  for (Observation& observation : observations) observation.note = std::move(notes_[observation.call]);
  notes_.clear();
  strategy_->observed(*transcript_, observations);
  return next_model_call();
}

Step ReactLoop::on_model_error(const Error& error) {
  return Finish{.status = "failed", .reason = "model_error", .detail = error.message};
}

Step ReactLoop::on_interrupt(Interrupt why) {
  switch (why) {
    case Interrupt::cancelled:
      return Finish{.status = "cancelled", .reason = "cancelled"};
    case Interrupt::deadline:
      return limit("max_time", fmt::format("the run's time of {} ms is over", limits_.time.count()));
    case Interrupt::shutdown:
      return Finish{.status = "failed", .reason = "shutdown", .detail = "the process was stopped"};
  }
  return Finish{.status = "failed", .reason = "shutdown"};
}

}  // namespace troupe::agents
