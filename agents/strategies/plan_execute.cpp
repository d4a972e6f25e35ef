#include "agents/strategies/plan_execute.h"

#include "agents/react/parser/json_repair.h"
#include "agents/react/parser/step_object.h"
#include "agents/strategies/factories.h"
#include "agents/strategies/untrusted.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

constexpr std::string_view kPlanForm = R"({"thought": "…", "plan": ["first step", "second step"]})";

std::string trimmed(std::string_view text) {
  std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == text.npos) return "";
  return std::string(text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1));
}

// "2. Look it up", "- Look it up"
std::string without_number(std::string_view line) {
  std::size_t text = line.find_first_not_of(" \t0123456789.)-*");
  return text == line.npos ? "" : trimmed(line.substr(text));
}

std::string step_text(const Json& step) {
  if (step.is_string()) return trimmed(step.get<std::string>());
  for (std::string_view key : {"task", "step", "description", "title", "text"})
    if (std::string text = string_or(step, key); !text.empty()) return trimmed(text);
  return step.is_null() ? "" : dump(step);
}

std::vector<std::string> plan_of(const Json& value) {
  std::vector<std::string> plan;
  if (value.is_array())
    for (const Json& step : value) plan.push_back(step_text(step));
  else if (value.is_string())
    for (std::string_view rest = value.get_ref<const std::string&>(); !rest.empty();) {
      std::size_t end = std::min(rest.find('\n'), rest.size());
      plan.push_back(without_number(rest.substr(0, end)));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  std::erase(plan, "");
  return plan;
}

// The plan that a reply consists of; nothing when it is a step of another kind, in which models like to note
// their plan as well.
std::optional<std::vector<std::string>> read_plan(std::string_view reply) {
  auto object = repair_json(reply);
  if (!object || !object->value.is_object()) return std::nullopt;
  for (const auto& [key, value] : object->value.items()) {
    StepKey kind = step_key(key);
    bool step = kind == StepKey::action || kind == StepKey::actions || kind == StepKey::command ||
                kind == StepKey::answer;
    if (step && !value.is_null()) return std::nullopt;
  }
  for (std::string_view key : {"plan", "steps"})
    if (const Json* value = find(object->value, key); value && (value->is_array() || value->is_string()))
      return plan_of(*value);
  return std::nullopt;
}

std::string numbered(const std::vector<std::string>& plan) {
  std::string text = "Plan:";
  for (std::size_t i = 0; i < plan.size(); ++i) text += fmt::format("\n{}. {}", i + 1, plan[i]);
  return text;
}

void add_line(std::string& text, const std::string& line) {
  if (!text.empty() && !line.empty()) text += '\n';
  text += line;
}

}  // namespace

Reading PlanExecute::read(const models::ModelReply& reply, const ParsedStep& parsed) {
  Reading reading = JsonSteps::read(reply, parsed);
  if (phase_ == Phase::answering) return reading;
  if (auto plan = read_plan(reply.text)) return take_plan(std::move(*plan), std::move(reading.thought));

  auto* final = std::get_if<FinalStep>(&reading.outcome);
  if (phase_ == Phase::working && final) {
    add_line(reading.thought, final->answer);
    ++done_;
    reading.outcome = next();
  } else if (phase_ == Phase::planning && std::holds_alternative<ActionStep>(reading.outcome)) {
    phase_ = Phase::answering;
  } else if (auto* malformed = std::get_if<Malformed>(&reading.outcome);
             malformed && phase_ == Phase::planning) {
    malformed->reason += fmt::format("; a plan is written {}", kPlanForm);
  }
  return reading;
}

Reading PlanExecute::take_plan(std::vector<std::string> plan, std::string thought) {
  auto refuse = [&](std::string why) { return Reading{thought, Malformed{std::move(why)}}; };
  if (plan.size() > kPlanSteps)
    return refuse(fmt::format("the plan has {} steps; at most {} are worked on", plan.size(), kPlanSteps));
  if (phase_ == Phase::planning && plan.empty())
    return refuse(
        fmt::format("the plan is empty; write {}, or answer at once with `final_answer`", kPlanForm));
  if (phase_ == Phase::working && replanned_)
    return refuse("the plan was changed once already; work on the step you were given");
  replanned_ = phase_ == Phase::working;
  plan_ = std::move(plan);
  done_ = 0;
  add_line(thought, plan_.empty() ? "Plan: nothing is left to do" : numbered(plan_));
  return {std::move(thought), next()};
}

Onward PlanExecute::next() {
  if (done_ < plan_.size()) {
    phase_ = Phase::working;
    Json step = {{"number", done_ + 1}, {"of", plan_.size()}, {"task", plan_[done_]}};
    return {untrusted_json(
        {{"step", std::move(step)}, {"reply", "an action, or this step's result as final_answer"}})};
  }
  phase_ = Phase::answering;
  return {untrusted_json(
      {{"steps_done", done_}, {"reply", "the answer to the user's question as final_answer"}})};
}

std::string PlanExecute::example(const Example& example) const {
  if (example.steps.empty()) return JsonSteps::example(example);
  Json plan = Json::array();
  for (const ExampleStep& step : example.steps)
    plan.push_back(step.thought.empty() ? "use " + step.tool : step.thought);
  PlanExecute sample;
  sample.plan_ = plan.get<std::vector<std::string>>();
  std::string text = example.question + "\n" + dump({{"plan", plan}});
  for (const ExampleStep& step : example.steps) {
    text += "\n" + sample.next().message;
    text += "\n" + dump({{"action", step.tool}, {"action_input", step.input}});
    text += "\n" + dump({{"observation", {{"tool", step.tool}, {"ok", true}, {"output", step.observation}}}});
    text += "\n" + dump({{"final_answer", step.observation}});
    ++sample.done_;
  }
  text += "\n" + sample.next().message;
  Json last = Json::object();
  if (!example.thought.empty()) last["thought"] = example.thought;
  last["final_answer"] = example.answer;
  return text + "\n" + dump(last);
}

Result<std::unique_ptr<Strategy>> make_plan_execute(const Declarations&) {
  return std::make_unique<PlanExecute>();
}

}  // namespace troupe::agents
