#include "agents/strategies/native_tools.h"

#include "agents/react/parser/json_repair.h"
#include "agents/strategies/factories.h"
#include "agents/strategies/text_labels.h"
#include "agents/strategies/untrusted.h"
#include "tools/observation.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

constexpr std::size_t kQuotedArguments = 200;

bool blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == text.npos;
}

// A call's arguments as the model wrote them. What was cut off at the output limit is not mended: half an
// input must not be acted on.
ParsedAction action_of(const models::ToolCall& call, bool cut) {
  ParsedAction action{.tool = call.name, .input = Json::object()};
  if (blank(call.arguments)) return action;
  auto exact = parse_json(call.arguments);
  if (exact) {
    action.input = std::move(*exact);
    return action;
  }
  auto mended = cut ? fail(exact.error()) : repair_json(call.arguments);
  if (mended && mended->value.is_object()) {
    action.input = std::move(mended->value);
    return action;
  }
  action.input = call.arguments;
  action.problem =
      fmt::format("not called: the arguments are {} ({}): {}",
                  cut ? "cut off at the model's output limit; write shorter ones" : "no JSON object",
                  exact.error().message, tools::beginning(call.arguments, kQuotedArguments));
  return action;
}

// JSON that is no object reaches no server's template.
std::string whole_arguments(const std::string& arguments) {
  auto input = parse_json(arguments);
  return input && input->is_object() ? arguments : "{}";
}

// The call and its tool stand beside it.
std::string result_text(const Observation& observation) {
  Json content = observation_json(observation);
  content.erase("call");
  content.erase("tool");
  return untrusted_json(content);
}

void add_results(models::Transcript& transcript, const std::vector<models::ToolCall>& calls,
                 const std::vector<Observation>& observations) {
  for (std::size_t i = 0; i < calls.size(); ++i)
    transcript.add({.role = models::Role::tool,
                    .content = result_text(observations[i]),
                    .tool_call_id = calls[i].id,
                    .name = calls[i].name});
}

}  // namespace

Reading NativeTools::read(const models::ModelReply& reply, const ParsedStep& parsed) {
  calls_.clear();
  Reading reading = JsonSteps::read(reply, parsed);
  if (reply.tool_calls.empty()) return reading;

  // What the text was taken for without the calls beside it.
  if (auto* text = std::get_if<FinalStep>(&reading.outcome)) reading.thought = text->answer;
  ActionStep step;
  const bool cut = reply.finish == models::FinishReason::length;
  for (const models::ToolCall& call : reply.tool_calls) {
    step.actions.push_back(action_of(call, cut));
    // An answer is matched to its call by this id, so it must be one, and the arguments must be JSON wherever
    // a server puts them into its template.
    models::ToolCall kept = call;
    bool taken = std::ranges::find(calls_, kept.id, &models::ToolCall::id) != calls_.end();
    if (kept.id.empty() || taken) kept.id = fmt::format("call_troupe_{}", ++made_up_ids_);
    kept.arguments = step.actions.back().problem.empty() ? dump(step.actions.back().input) : "{}";
    calls_.push_back(std::move(kept));
  }
  reading.outcome = std::move(step);
  return reading;
}

models::Message NativeTools::said(const models::ModelReply& reply, std::size_t consumed) const {
  models::Message message = JsonSteps::said(reply, calls_.empty() ? consumed : reply.text.size());
  message.tool_calls = calls_;
  return message;
}

void NativeTools::observed(models::Transcript& transcript,
                           const std::vector<Observation>& observations) const {
  if (calls_.size() != observations.size())  // the call was written as text
    return JsonSteps::observed(transcript, observations);
  add_results(transcript, calls_, observations);
}

void NativeTools::retold(models::Transcript& transcript, const std::string& thought,
                         const std::vector<models::ToolCall>& calls,
                         const std::vector<Observation>& observations) const {
  if (calls.size() != observations.size()) return;  // none may be without its result
  models::Message said{.role = models::Role::assistant, .content = thought, .tool_calls = calls};
  for (models::ToolCall& call : said.tool_calls) call.arguments = whole_arguments(call.arguments);
  transcript.add(std::move(said));
  add_results(transcript, calls, observations);
}

models::Message NativeTools::rewritten(models::Message message,
                                       const std::vector<Observation>& observations) const {
  if (message.role == models::Role::tool) {
    message.content = result_text(observations.front());
    return message;
  }
  models::Transcript written;
  JsonSteps::observed(written, observations);
  message.content = written.messages().front().content;
  return message;
}

std::string NativeTools::example(const Example& example) const {
  std::string text = "Question: " + example.question;
  for (const ExampleStep& step : example.steps) {
    if (!step.thought.empty()) text += "\n" + step.thought;
    text += fmt::format("\n[calls {} with {}, which returns: {}]", step.tool, dump(step.input),
                        untrusted_lines(step.observation));
  }
  if (!example.thought.empty()) text += "\n" + example.thought;
  return text + "\nAnswer: " + answer_text(example);
}

Result<std::unique_ptr<Strategy>> make_tools(const Declarations&) {
  return std::make_unique<NativeTools>();
}

}  // namespace troupe::agents
