#include "agents/runs/facts.h"

#include "agents/runs/agent_run.h"

#include <set>

namespace troupe::agents {

namespace {

std::int64_t number_or(const Json& value, std::string_view key, std::int64_t fallback = 0) {
  const Json* member = find(value, key);
  return member && member->is_number_integer() ? member->get<std::int64_t>() : fallback;
}

bool flag(const Json& value, std::string_view key) {
  const Json* member = find(value, key);
  return member && member->is_boolean() && member->get<bool>();
}

models::FinishReason finish_from(std::string_view name) {
  using models::FinishReason;
  for (FinishReason reason : {FinishReason::stop, FinishReason::length, FinishReason::tool_calls,
                              FinishReason::content_filter, FinishReason::closed_early})
    if (name == word(reason)) return reason;
  return FinishReason::other;
}

Observation observation_from(const Json& event) {
  return Observation{.call = string_or(event, "call"),
                     .tool = string_or(event, "tool"),
                     .ok = flag(event, "ok"),
                     .output = string_or(event, "output"),
                     .error = string_or(event, "error"),
                     .truncated = flag(event, "truncated"),
                     .ms = number_or(event, "ms")};
}

}  // namespace

Json reply_to_fact(const models::ModelReply& reply, double cost, std::int64_t ms) {
  Json fact = {{"text", reply.text},
               {"finish", word(reply.finish)},
               {"model", reply.model},
               {"cost", cost},
               {"ms", ms}};
  fact["usage"] = {{"input", reply.usage.input_tokens},
                   {"output", reply.usage.output_tokens},
                   {"cached", reply.usage.cached_tokens}};
  if (reply.usage.estimated) fact["usage"]["estimated"] = true;
  if (!reply.reasoning.empty()) fact["reasoning"] = reply.reasoning;
  if (!reply.provider_state.empty()) fact["state"] = reply.provider_state;
  if (reply.cache_hit) fact["cache_hit"] = true;
  for (const models::ToolCall& call : reply.tool_calls)
    fact["tool_calls"].push_back({{"id", call.id}, {"name", call.name}, {"arguments", call.arguments}});
  return fact;
}

Json message_to_fact(const models::Message& message) {
  Json fact = {{"role", word(message.role)}, {"content", message.content}};
  for (const models::ToolCall& call : message.tool_calls)
    fact["tool_calls"].push_back({{"id", call.id}, {"name", call.name}, {"arguments", call.arguments}});
  if (!message.tool_call_id.empty()) fact["tool_call_id"] = message.tool_call_id;
  if (!message.name.empty()) fact["name"] = message.name;
  return fact;
}

RecordedReply reply_from_fact(const Json& fact) {
  RecordedReply known;
  known.reply.text = string_or(fact, "text");
  known.reply.reasoning = string_or(fact, "reasoning");
  known.reply.finish = finish_from(string_or(fact, "finish"));
  known.reply.model = string_or(fact, "model");
  known.reply.provider_state = string_or(fact, "state");
  known.reply.cache_hit = flag(fact, "cache_hit");
  if (const Json* usage = find(fact, "usage"))
    known.reply.usage = {number_or(*usage, "input"), number_or(*usage, "output"), number_or(*usage, "cached"),
                         flag(*usage, "estimated")};
  if (const Json* calls = find(fact, "tool_calls"); calls && calls->is_array())
    for (const Json& call : *calls)
      known.reply.tool_calls.push_back(
          {string_or(call, "id"), string_or(call, "name"), string_or(call, "arguments")});
  if (const Json* cost = find(fact, "cost"); cost && cost->is_number()) known.cost = cost->get<double>();
  known.ms = number_or(fact, "ms");
  return known;
}

Event run_event(const store::RunRow& row, std::string_view type) {
  Event event{.type = type, .session = row.session, .run = row.id, .agent = row.agent, .parent = row.parent};
  event.fields = {{"input", row.input}, {"target", row.target}, {"message_ids", Json::array()}};
  if (!row.message_id.empty()) event.fields["message_ids"].push_back(row.message_id);
  return event;
}

Event warning_event(Event event, std::string_view code, std::string text) {
  event.fields = {{"code", code}, {"text", std::move(text)}};
  return event;
}

Json cited_sources(const std::vector<tools::Source>& sources, std::string_view answer) {
  Json cited = Json::array();
  std::set<std::string_view> told;
  for (const tools::Source& source : sources) {
    bool named = (!source.url.empty() && answer.contains(source.url)) ||
                 (!source.title.empty() && answer.contains(source.title));
    if (!named || !told.insert(source.url.empty() ? source.title : source.url).second) continue;
    cited.push_back({{"title", source.title}, {"url", source.url}});
  }
  return cited;
}

Result<RecordedRun> fold_run(const std::vector<store::Fact>& facts, const std::vector<Frame>& events) {
  RecordedRun run;
  for (const Frame& frame : events) {
    if (frame.type == "run.started") run.started = true;
    if (frame.type != "observation") continue;
    auto event = parse_json(*frame.text);
    if (!event) return within("journal, run " + frame.run + ", an observation", event.error());
    Observation seen = observation_from(*event);
    run.observations.emplace(seen.call, std::move(seen));
  }
  for (const store::Fact& fact : facts) {
    auto body = parse_json(fact.body);
    if (!body) return within("journal, run " + fact.run + ", fact " + std::string(fact.kind), body.error());
    if (fact.kind == "model.reply")
      run.replies.push_back(std::move(*body));
    else if (fact.kind == "tool.dispatched")
      run.dispatched.insert(string_or(*body, "call"));
    else if (fact.kind == "tool.sources") {
      if (auto seen = run.observations.find(string_or(*body, "call")); seen != run.observations.end())
        if (const Json* sources = find(*body, "sources"); sources && sources->is_array())
          for (const Json& source : *sources)
            seen->second.sources.push_back({string_or(source, "title"), string_or(source, "url")});
    } else if (fact.kind == "model.intent") {
      run.last_intent_step = fact.step;
      run.last_intent_attempt = static_cast<int>(number_or(*body, "attempt", 1));
      run.journaled_messages = static_cast<std::size_t>(number_or(*body, "messages"));
    }
  }
  return run;
}

}  // namespace troupe::agents
