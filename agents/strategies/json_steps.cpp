#include "agents/strategies/json_steps.h"

#include "agents/strategies/factories.h"
#include "agents/strategies/untrusted.h"

namespace troupe::agents {

using models::Message;
using models::Role;

void JsonSteps::observed(models::Transcript& transcript, const std::vector<Observation>& observations) const {
  Json message;
  if (observations.size() == 1) {
    message["observation"] = observation_json(observations[0]);
  } else {
    Json& list = message["observations"] = Json::array();
    for (const Observation& observation : observations) list.push_back(observation_json(observation));
  }
  transcript.add({.role = Role::user, .content = untrusted_json(message)});
}

Message JsonSteps::corrected(const std::string& reason) const {
  return {.role = Role::user, .content = untrusted_json({{"correction", reason}})};
}

std::string JsonSteps::answered(const std::string& text) const {
  return dump({{"final_answer", text}});
}

std::string JsonSteps::called(const ExampleStep& step) const {
  Json object = Json::object();
  if (!step.thought.empty()) object["thought"] = step.thought;
  object["action"] = step.tool;
  object["action_input"] = step.input;
  return dump(object);
}

std::string JsonSteps::example(const Example& example) const {
  std::string text = example.question;
  for (const ExampleStep& step : example.steps) {
    text += "\n" + called(step);
    text += "\n" + dump({{"observation", {{"tool", step.tool}, {"ok", true}, {"output", step.observation}}}});
  }
  Json last = Json::object();
  if (!example.thought.empty()) last["thought"] = example.thought;
  last["final_answer"] = example.answer;
  return text + "\n" + dump(last);
}

Result<std::unique_ptr<Strategy>> make_react(const Declarations&) {
  return std::make_unique<JsonSteps>();
}

}  // namespace troupe::agents
