#include "agents/react/loop.h"

#include <fmt/format.h>

namespace troupe::agents {

namespace {

using models::Message;
using models::Role;

// Each observation is one JSON object: whatever stands in a web page, it cannot end its string, pose as
// another message or as an instruction of ours.
Json to_json(const Observation& observation, const std::string& note) {
  Json json = {{"call", observation.call}, {"tool", observation.tool}, {"ok", observation.ok}};
  if (observation.ok)
    json["output"] = observation.output;
  else
    json["error"] = observation.error;
  if (observation.truncated) json["truncated"] = true;
  if (!note.empty()) json["note"] = note;
  return json;
}

Finish limit(std::string_view reason, std::string detail) {
  return Finish{.status = "limit", .reason = reason, .detail = std::move(detail)};
}

}  // namespace

ReactLoop::ReactLoop(AgentLimits limits, LoopStart start) : limits_(limits) {
  transcript_->add({.role = Role::system, .content = std::move(start.system)});
  for (Message& message : start.history) transcript_->add(std::move(message));
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
  if (auto* malformed = std::get_if<Malformed>(&parsed.outcome)) return ask_again(reply, *malformed);

  corrections_ = 0;
  if (auto* final = std::get_if<FinalStep>(&parsed.outcome))
    return Finish{.status = "done", .reason = "final_answer", .answer = final->answer, .data = final->data};
  return plan(reply, parsed, std::get<ActionStep>(parsed.outcome));
}

void ReactLoop::remember_reply(const models::ModelReply& reply, std::size_t consumed) {
  // What the model wrote after the construct that decided (a made-up observation) is not part of the
  // conversation.
  transcript_->add({.role = Role::assistant,
                    .content = reply.text.substr(0, consumed),
                    .provider_state = reply.provider_state});
}

Step ReactLoop::ask_again(const models::ModelReply& reply, const Malformed& malformed) {
  if (++corrections_ > limits::kCorrections)
    return Finish{
        .status = "failed",
        .reason = "unparsable",
        .detail = fmt::format("the model's reply could not be read {} times in a row; the last time: {}",
                              corrections_, malformed.reason)};
  remember_reply(reply, reply.text.size());
  transcript_->add({.role = Role::user, .content = dump(Json{{"correction", malformed.reason}})});
  return next_model_call();
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
  Json message;
  if (observations.size() == 1) {
    message["observation"] = to_json(observations[0], notes_[observations[0].call]);
  } else {
    Json& list = message["observations"] = Json::array();
    for (const Observation& observation : observations)
      list.push_back(to_json(observation, notes_[observation.call]));
  }
  notes_.clear();
  transcript_->add({.role = Role::user, .content = dump(message)});
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
