#include "tests/crash/plan_model.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include <fmt/format.h>

namespace troupe::crash {

using fakes::PeerReply;
using fakes::PeerRequest;

namespace {

std::string id_of(std::size_t step, std::size_t call) {
  return fmt::format("id_{}_{}", step, call);
}

Json input_of(const Plan& plan, const PlannedCall& call) {
  return {{"case", plan.name}, {"x", call.x}};
}

std::string text_step(const Plan& plan, std::size_t step) {
  const bool lines = plan.agent.starts_with("lines");
  if (step >= plan.steps.size())
    return lines ? "Thought: done\nFinal Answer: all done"
                 : R"({"thought":"done","final_answer":"all done"})";
  const PlannedCall& call = plan.steps[step].front();
  if (lines)
    return fmt::format("Thought: on\nAction: {}\nAction Input: {}\n", call.tool, dump(input_of(plan, call)));
  return dump(Json{{"thought", "on"}, {"action", call.tool}, {"action_input", input_of(plan, call)}});
}

// The delta of a stream, or the message of a whole reply.
Json message_of(const Plan& plan, std::size_t step) {
  Json message = {{"role", "assistant"}, {"content", "all done"}};
  if (!plan.agent.starts_with("native")) {
    message["content"] = text_step(plan, step);
  } else if (step < plan.steps.size()) {
    message["content"] = nullptr;
    Json calls = Json::array();
    for (std::size_t i = 0; i < plan.steps[step].size(); ++i) {
      const PlannedCall& call = plan.steps[step][i];
      calls.push_back({{"index", i},
                       {"id", id_of(step, i)},
                       {"type", "function"},
                       {"function", {{"name", call.tool}, {"arguments", dump(input_of(plan, call))}}}});
    }
    message["tool_calls"] = std::move(calls);
  }
  return message;
}

PeerReply reply_to(const Plan& plan, std::size_t step, bool streams) {
  const Json message = message_of(plan, step);
  const char* finish = find(message, "tool_calls") ? "tool_calls" : "stop";
  const Json usage = {{"prompt_tokens", 10}, {"completion_tokens", 5}};
  if (!streams)
    return PeerReply::json(
        dump(Json{{"model", "m"},
                  {"choices", {{{"index", 0}, {"message", message}, {"finish_reason", finish}}}},
                  {"usage", usage}}));
  const Json first = {{"choices", {{{"index", 0}, {"delta", message}, {"finish_reason", nullptr}}}}};
  const Json last = {{"choices", {{{"index", 0}, {"delta", Json::object()}, {"finish_reason", finish}}}},
                     {"usage", usage}};
  return PeerReply::sse({dump(first), dump(last), "[DONE]"});
}

// Every native call of the conversation has its result behind it.
std::string dangling(const Json& messages) {
  std::set<std::string> open;
  for (const Json& message : messages) {
    if (string_or(message, "role") == "tool") {
      open.erase(string_or(message, "tool_call_id"));
      continue;
    }
    if (!open.empty()) break;
    if (const Json* calls = find(message, "tool_calls"); calls && calls->is_array())
      for (const Json& call : *calls) open.insert(string_or(call, "id"));
  }
  return open.empty() ? "" : *open.begin();
}

}  // namespace

struct PlanModel::Plans {
  PeerReply answer(const PeerRequest& request) {
    const std::scoped_lock lock(mutex);
    const std::size_t at = request.body.find("case-");
    const std::size_t end = request.body.find_first_of(" \"\\", at);
    const std::string name = at == request.body.npos ? "" : request.body.substr(at, end - at);
    const auto plan = plans.find(name);
    const auto body = parse_json(request.body);
    if (plan == plans.end() || !body) return problem("there is no plan `" + name + "`");
    ++requests;
    const Json& messages = (*body)["messages"];
    std::size_t step = 0;
    for (const Json& message : messages) step += string_or(message, "role") == "assistant";
    if (const std::string id = dangling(messages); !id.empty())
      return problem(name + ": the call " + id + " has no result");
    if (step > plan->second.steps.size()) return problem(name + ": asked for a step beyond its answer");
    if (which && which(name)) {
      ++stalled;
      PeerReply cut = PeerReply(200);
      cut.header("content-type", "text/event-stream").chunked().write(": wait\n\n").stall();
      return cut;
    }
    const Json* stream = find(*body, "stream");
    const int most = plan->second.model_ms;
    return reply_to(plan->second, step, stream && *stream == true)
        .after(std::chrono::milliseconds(most == 0 ? 0 : requests * 7 % most));
  }

  PeerReply problem(std::string text) {
    problems.push_back(text);
    return PeerReply::json(dump(Json{{"error", {{"message", std::move(text)}}}}), 400);
  }

  mutable std::mutex mutex;
  std::map<std::string, Plan> plans;
  std::function<bool(const std::string&)> which;
  int requests = 0;
  std::size_t stalled = 0;
  std::vector<std::string> problems;
};

PlanModel::PlanModel()
    : plans_(std::make_shared<Plans>()),
      peer_(std::make_unique<fakes::HttpPeer>(
          [plans = plans_](const PeerRequest& request) { return plans->answer(request); })) {}

PlanModel::~PlanModel() = default;

std::string PlanModel::url() const {
  return peer_->url("/v1");
}

void PlanModel::add(Plan plan) {
  const std::scoped_lock lock(plans_->mutex);
  std::string name = plan.name;
  plans_->plans.insert_or_assign(std::move(name), std::move(plan));
}

std::vector<std::string> PlanModel::problems() const {
  const std::scoped_lock lock(plans_->mutex);
  return plans_->problems;
}

void PlanModel::stall(std::function<bool(const std::string& plan)> which) {
  const std::scoped_lock lock(plans_->mutex);
  plans_->which = std::move(which);
}

std::size_t PlanModel::stalled() const {
  const std::scoped_lock lock(plans_->mutex);
  return plans_->stalled;
}

}  // namespace troupe::crash
