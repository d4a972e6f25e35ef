#include "agents/react/loop.h"

#include "agents/limits.h"
#include "agents/react/observation_note.h"
#include "agents/strategies/json_steps.h"
#include "models/limits.h"
#include "tools/idempotency.h"
#include "tools/observation.h"

#include <fmt/format.h>

namespace troupe::agents {

namespace {

using models::Message;
using models::Role;

constexpr std::string_view kBestAnswer =
    "No more tools can be called and no more steps can be taken. Reply now with your final answer, in a few "
    "sentences: the best you can say from what you have found so far. Say what is missing.";

// The limits that counts decide about.
std::string_view counted_limit(const std::string& word) {
  return word == "max_cost" ? "max_cost" : "max_tokens";
}

}  // namespace

ReactLoop::ReactLoop(AgentLimits limits, LoopStart start, std::unique_ptr<Strategy> strategy,
                     std::shared_ptr<const StructuredOutput> output, LoopRules rules, PromptRules prompt)
    : limits_(limits),
      strategy_(strategy ? std::move(strategy) : std::make_unique<JsonSteps>()),
      output_(std::move(output)),
      rules_(rules),
      prompt_(std::move(prompt)),
      budget_(limits, rules.on_limit, rules.price, prompt_.tokens),
      fitter_(start.history.size()) {
  budget_.set_overhead(rules.overhead);
  budget_.add_fallbacks(rules.fallbacks);
  budget_.keep_back(rules.judging_tokens, rules.judging_cost);
  transcript_->add({.role = Role::system, .content = std::move(start.system)});
  // An answer in another form than the one asked for would teach the model to write that one. Steps have it.
  for (std::size_t at : start.answers)
    start.history[at].content = strategy_->answered(start.history[at].content);
  for (Message& message : start.history) transcript_->add(std::move(message));
  transcript_->add(std::move(start.user));
}

Step ReactLoop::start() {
  return next_model_call();
}

// With on_limit: answer, the last step is the one that asks for it. A run of a single step has none to spare.
int ReactLoop::ordinary_steps() const {
  return rules_.on_limit == OnLimit::answer && limits_.steps > 1 ? limits_.steps - 1 : limits_.steps;
}

Step ReactLoop::next_model_call() {
  if (repeated_too_often_)
    return at_limit(
        {"repeated_action",
         fmt::format("the same call was made again and again, beyond `repeats: {}`", limits_.repeats)});
  if (step_ >= ordinary_steps())
    return at_limit({"max_steps", fmt::format("{} steps were used without a final answer", step_)});
  if (auto full = fit()) return std::move(*full);
  const AskedBefore* before = asked_before();
  auto allowance = budget_.next(*transcript_, before ? std::optional(before->input) : std::nullopt);
  if (before && !before->limit.empty()) return at_limit({counted_limit(before->limit), before->detail});
  if (before && !allowance) allowance = Allowance{.input = before->input, .output = 1};
  if (!allowance) return at_limit(std::move(allowance.error()));
  ++step_;
  asked_with_ = transcript_->size();
  return AskModel{.allowance = *allowance};
}

const AskedBefore* ReactLoop::asked_before() const {
  auto found = prompt_.asked.find(step_ + 1);
  return found == prompt_.asked.end() ? nullptr : &found->second;
}

// What is too large for the model is left out before it is asked; where that is not enough, the run ends.
std::optional<Finish> ReactLoop::fit() {
  leave_out_as_before();
  if (!prompt_.window || asked_before()) return std::nullopt;  // what was answered had been sent
  const auto limit = prompt_.window->prompt_max();
  const std::int64_t before = budget_.prompt_tokens(*transcript_);
  if (!limit || before <= *limit) return std::nullopt;
  (void)leave_out(*limit, false);
  // What is beyond the room for a prompt only makes that for a reply smaller; and of what nobody has counted
  // yet, the provider may say that it fits.
  const std::int64_t least = budget_.prompt_tokens(*transcript_);
  const std::int64_t context = *prompt_.window->tokens();
  if (static_cast<double>(least) * (budget_.counter().tried() ? 1 : limits::kTokenRatioMin) <
      static_cast<double>(context))
    return std::nullopt;
  return Finish{.status = "limit", .reason = "context_full", .detail = what_is_too_large(least, context)};
}

std::string ReactLoop::what_is_too_large(std::int64_t least, std::int64_t context) const {
  const models::TokenCounter& counter = budget_.counter();
  const auto size = [&](std::size_t at) { return counter.corrected(budget_.sizes()[at]); };
  return fmt::format(
      "the request has {}{} tokens with all left out that can be, and the model reads {}: the system prompt "
      "has {}, "
      "what is declared of tools {}, the user's message {}; take a model with a larger `context`, or shorten "
      "them",
      counter.exact() ? "" : "about ", least, context, size(0), budget_.beside(), size(fitter_.user()));
}

// Another process may count otherwise, so what was left out then is left out again.
void ReactLoop::leave_out_as_before() {
  auto recorded = prompt_.fitted.find(step_ + 1);
  if (recorded == prompt_.fitted.end()) return;
  std::deque<Fitting>& made = recorded->second;
  for (; !made.empty() && made.front().messages == transcript_->size(); made.pop_front()) {
    if (made.front().exceeded) exceeded_ = step_ + 1;
    replace_by(made.front());
  }
}

bool ReactLoop::leave_out(std::int64_t limit, bool exceeded) {
  (void)budget_.prompt_tokens(*transcript_);
  Fitting fitting =
      fitter_.decide(*transcript_, *strategy_, budget_.counter(),
                     {.sizes = budget_.sizes(), .scale = budget_.scale(), .beside = budget_.beside()}, limit);
  if (fitting.nothing()) return false;
  fitting.exceeded = exceeded;
  replace_by(fitting);
  fitting.after = budget_.prompt_tokens(*transcript_);
  fitted_.push_back(std::move(fitting));
  return true;
}

void ReactLoop::replace_by(const Fitting& fitting) {
  (void)budget_.prompt_tokens(*transcript_);
  transcript_ = fitter_.apply(fitting, *transcript_, *strategy_);
  asked_with_ -= std::min(asked_with_, fitting.turn_messages + fitting.step_messages);
  budget_.fitted(fitting, *transcript_, asked_with_);
}

Step ReactLoop::on_too_large(const Error& error, bool own) {
  if (exceeded_ == step_) return on_model_error(error);
  exceeded_ = step_;
  const models::ExceededContext said = models::read_exceeded(error.message);
  models::ContextWindow unknown;
  models::ContextWindow& window = prompt_.window ? *prompt_.window : unknown;
  if (said.max && own) window.learn(*said.max);
  if (said.prompt) budget_.refused_at(*said.prompt);
  const std::int64_t refused = budget_.prompt_tokens(*transcript_);
  std::int64_t limit = said.max ? window.prompt_max(*said.max) : refused / 2;
  if (limit >= refused) limit = refused / 2;  // it has more tokens than anybody said
  if (!leave_out(limit, true)) return on_model_error(error);
  if (said.max && budget_.prompt_tokens(*transcript_) >= *said.max) return on_model_error(error);
  asked_with_ = transcript_->size();
  return ask_anew();
}

Step ReactLoop::at_limit(LimitReached reached) {
  const bool may_ask =
      rules_.on_limit == OnLimit::answer && !reached_ && !reached.shared && step_ < limits_.steps;
  reached_ = std::move(reached);
  if (!may_ask) return end_at_limit("");
  strategy_->last_call();
  const Message note{.role = Role::user, .content = dump(Json{{"limit_reached", kBestAnswer}})};
  transcript_->add(note);
  if (auto full = fit()) return end_at_limit(full->detail);
  const AskedBefore* before = asked_before();
  auto allowance = budget_.last(*transcript_);
  left_unread_ = before ? before->left_out : !allowance && asked_with_ > 0;
  if (left_unread_) {
    leave_out_unread();
    transcript_->add(note);
    allowance = budget_.last(*transcript_);
  }
  if (before) allowance = Allowance{.input = before->input, .output = limits::kBestAnswerTokensMin};
  if (!allowance) return end_at_limit("nothing was left for a last answer");
  ++step_;
  asked_with_ = transcript_->size();
  return AskModel{.allowance = *allowance, .last = true, .at = *reached_, .left_out = left_unread_};
}

Step ReactLoop::end_at_limit(std::string remark) {
  Finish end{.status = "limit", .reason = reached_->reason};
  end.detail = remark.empty() ? reached_->detail : fmt::format("{}; {}", reached_->detail, remark);
  return end;
}

Step ReactLoop::on_last_reply() {
  auto* final = std::get_if<FinalStep>(&reading_.outcome);
  if (!final) return end_at_limit("asked for a last answer, the model gave none that could be used");
  return Finish{.status = "limit",
                .reason = reached_->reason,
                .answer = final->answer,
                .data = final->data,
                .detail = reached_->detail};
}

// What came in since the last request can be of any size; what was kept back for the last answer is enough
// for the conversation up to there.
void ReactLoop::leave_out_unread() {
  auto shorter = std::make_shared<models::Transcript>();
  const auto& messages = transcript_->messages();
  for (std::size_t i = 0; i + 1 < messages.size(); ++i) {
    Message message = messages[i];
    if (i >= asked_with_ && message.role == Role::assistant) {
      message.content = tools::beginning(message.content, limits::kLeftOutReplyBytes);
      for (models::ToolCall& call : message.tool_calls)
        if (call.arguments.size() > limits::kLeftOutReplyBytes) call.arguments.clear();
    } else if (i >= asked_with_) {
      message.content = dump(Json{{"note", "left out: there is no room for it any more"}});
    }
    shorter->add(std::move(message));
  }
  transcript_ = std::move(shorter);
  budget_.forget_beyond(asked_with_);
}

Step ReactLoop::on_reply(const models::ModelReply& reply, const ParsedStep& parsed, double cost) {
  budget_.spent(reply.usage, cost);
  reading_ = strategy_->read(reply, parsed);
  hold_against_schema(reply);
  if (reached_) return on_last_reply();
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
    return at_limit({"max_steps", fmt::format("{} steps were used without a final answer", limits_.steps)});
  remember_reply(reply, parsed.consumed);
  RunTools run;
  for (const ParsedAction& wanted : action.actions) {
    PlannedCall call{.id = fmt::format("c_{}", ++calls_),
                     .index = static_cast<int>(run.calls.size()),
                     .tool = wanted.tool,
                     .input = wanted.input};
    if (run.calls.size() >= limits::kCallsPerStep)
      call.refused = fmt::format("at most {} calls are made in one step; ask again in the next one",
                                 limits::kCallsPerStep);
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
  int times = ++seen_calls_[call.tool + '\0' + tools::canonical_json(call.input)];
  if (times < limits_.repeats || times == 1) return;
  if (times == limits_.repeats)
    call.note = fmt::format("you have now made this very call {} times; its result will not change", times);
  else
    call.refused = fmt::format(
        "not called: this very call was made {} times before; use its result or do something else",
        times - 1);
  if (times > limits_.repeats + 1) repeated_too_often_ = true;
}

void ReactLoop::add_observations(std::vector<Observation> observations) {
  std::vector<SeenOutputs::Seen> seen;
  for (Observation& observation : observations) {
    std::string about_repeats = std::move(notes_[observation.call]);
    observation.note = note_of(observation, about_repeats);
    seen.push_back({observation, std::move(about_repeats)});
  }
  notes_.clear();
  const std::size_t from = transcript_->size();
  strategy_->observed(*transcript_, observations);
  fitter_.observed(from, transcript_->size(), std::move(seen));
}

Step ReactLoop::on_observations(std::vector<Observation> observations) {
  for (const Observation& observation : observations)
    if (observation.stop || (observation.denied && rules_.on_deny == OnDeny::stop))
      return Finish{.status = "denied",
                    .reason = observation.stop ? kUnanswered : "denied",
                    .detail = fmt::format("the call {} of `{}`: {}", observation.call, observation.tool,
                                          observation.error)};
  for (const Observation& observation : observations)
    if (observation.unknown && rules_.on_unknown == OnUnknown::fail)
      return Finish{.status = "failed",
                    .reason = "tool_error",
                    .detail = fmt::format("the call {} of `{}`: {}", observation.call, observation.tool,
                                          observation.error)};
  for (const Observation& observation : observations)
    if (observation.ends) return Finish{.status = "done", .reason = "handoff", .answer = observation.output};
  add_observations(std::move(observations));
  return next_model_call();
}

Step ReactLoop::on_refused(const models::ModelReply& reply, const std::string& note, Finish end) {
  if (reached_) return end_at_limit(fmt::format("its last answer was not let through: {}", end.detail));
  if (note.empty()) return end;
  remember_reply(reply, tools::beginning(reply.text, kRefusedReplyBytes).size());
  transcript_->add(strategy_->corrected(note));
  return next_model_call();
}

Step ReactLoop::on_cut(const models::ModelReply& reply, double cost, LimitReached reached) {
  budget_.spent(reply.usage, cost);
  if (reached_) return end_at_limit("the last answer was cut off, too");
  return at_limit(std::move(reached));
}

Step ReactLoop::on_budget(LimitReached reached, bool begun) {
  if (!begun) --step_;
  if (reached_) return end_at_limit(std::move(reached.detail));
  return at_limit(std::move(reached));
}

Step ReactLoop::on_lost(const models::Usage& usage, double cost) {
  budget_.lost_untold(usage, cost);
  return ask_anew();
}

// The same step, with what is left now.
Step ReactLoop::ask_anew() {
  if (reached_) {
    auto allowance = budget_.last(*transcript_);
    if (!allowance) return end_at_limit("nothing was left for a last answer");
    return AskModel{.allowance = *allowance, .last = true, .at = *reached_, .left_out = left_unread_};
  }
  auto allowance = budget_.next(*transcript_);
  if (!allowance) return at_limit(std::move(allowance.error()));
  return AskModel{.allowance = *allowance};
}

Step ReactLoop::on_model_error(const Error& error) {
  return Finish{.status = "failed", .reason = "model_error", .detail = error.message};
}

Step ReactLoop::on_interrupt(Interrupt why, std::vector<Observation> observations) {
  switch (why) {
    case Interrupt::cancelled:
      return Finish{.status = "cancelled", .reason = "cancelled"};
    case Interrupt::deadline:
      if (reached_) return end_at_limit("the time for a last answer is over");
      if (!observations.empty()) add_observations(std::move(observations));
      return at_limit({"max_time", fmt::format("the run's time of {} ms is over", limits_.time.count())});
    case Interrupt::shutdown:
      return Finish{.status = "failed", .reason = "shutdown", .detail = "the process was stopped"};
  }
  return Finish{.status = "failed", .reason = "shutdown"};
}

}  // namespace troupe::agents
