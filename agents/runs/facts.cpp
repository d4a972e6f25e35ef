#include "agents/runs/facts.h"

#include "agents/forks/lineage.h"
#include "agents/runs/attachments.h"
#include "agents/runs/fact_fields.h"
#include "memory/knowledge/search/citations.h"
#include "models/picture.h"

#include <algorithm>
#include <set>

namespace troupe::agents {

namespace {

models::FinishReason finish_from(std::string_view name) {
  using models::FinishReason;
  for (FinishReason reason : {FinishReason::stop, FinishReason::length, FinishReason::tool_calls,
                              FinishReason::content_filter, FinishReason::closed_early})
    if (name == word(reason)) return reason;
  return FinishReason::other;
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
  if (reply.usage.cache_write_tokens > 0) fact["usage"]["cache_write"] = reply.usage.cache_write_tokens;
  if (reply.usage.estimated) fact["usage"]["estimated"] = true;
  if (!reply.reasoning.empty()) fact["reasoning"] = reply.reasoning;
  if (!reply.provider_state.empty()) fact["state"] = reply.provider_state;
  if (reply.cache_hit) fact["cache_hit"] = true;
  if (!reply.entry.empty()) fact["entry"] = reply.entry;
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
  for (const models::Image& image : message.images) fact["images"].push_back(models::brief(image));
  if (!message.provider_state.empty()) fact["state"] = message.provider_state;
  return fact;
}

models::Message message_from_fact(const Json& fact) {
  models::Message message{.content = string_or(fact, "content"),
                          .tool_call_id = string_or(fact, "tool_call_id"),
                          .name = string_or(fact, "name"),
                          .provider_state = string_or(fact, "state")};
  const std::string role = string_or(fact, "role");
  for (models::Role known :
       {models::Role::system, models::Role::user, models::Role::assistant, models::Role::tool})
    if (role == word(known)) message.role = known;
  if (const Json* calls = find(fact, "tool_calls"); calls && calls->is_array())
    for (const Json& call : *calls)
      message.tool_calls.push_back(
          {string_or(call, "id"), string_or(call, "name"), string_or(call, "arguments")});
  if (const Json* images = find(fact, "images"); images && images->is_array())
    for (const Json& url : *images)
      if (url.is_string()) message.images.push_back({url.get<std::string>()});
  return message;
}

Event usage_event(Event event, const models::ModelReply& reply, const std::string& model, double cost,
                  std::int64_t ms) {
  const std::string& served = reply.entry.empty() ? model : reply.entry;
  event.fields = {{"model", reply.model.empty() ? served : reply.model},
                  {"input_tokens", reply.usage.input_tokens},
                  {"output_tokens", reply.usage.output_tokens}};
  if (reply.usage.cached_tokens > 0) event.fields["cached_tokens"] = reply.usage.cached_tokens;
  if (reply.usage.cache_write_tokens > 0) event.fields["cache_write_tokens"] = reply.usage.cache_write_tokens;
  if (reply.usage.estimated) event.fields["estimated"] = true;
  event.fields["cost"] = cost;
  event.fields["ms"] = ms;
  if (reply.cache_hit) event.fields["cache_hit"] = true;
  return event;
}

store::Used told_usage(const std::vector<Frame>& events) {
  store::Used used;
  for (const Frame& frame : events) {
    if (frame.type != "usage") continue;
    auto event = parse_json(*frame.text);
    if (!event) continue;
    used += store::Used{1, number_or(*event, "input_tokens"), number_or(*event, "output_tokens"),
                        number_or(*event, "cached_tokens"), amount_or(*event, "cost")};
  }
  return used;
}

models::ModelUse use_of(const Event& told) {
  const Json* cost = find(told.fields, "cost");
  return {.model = string_or(told.fields, "model"),
          .usage = {.input_tokens = number_or(told.fields, "input_tokens"),
                    .output_tokens = number_or(told.fields, "output_tokens"),
                    .cached_tokens = number_or(told.fields, "cached_tokens"),
                    .cache_write_tokens = number_or(told.fields, "cache_write_tokens"),
                    .estimated = flag(told.fields, "estimated")},
          .cost = cost && cost->is_number() ? cost->get<double>() : 0,
          .ms = number_or(told.fields, "ms"),
          .cache_hit = flag(told.fields, "cache_hit")};
}

RecordedReply reply_from_fact(const Json& fact) {
  RecordedReply known;
  known.reply.text = string_or(fact, "text");
  known.reply.reasoning = string_or(fact, "reasoning");
  known.reply.finish = finish_from(string_or(fact, "finish"));
  known.reply.model = string_or(fact, "model");
  known.reply.provider_state = string_or(fact, "state");
  known.reply.entry = string_or(fact, "entry");
  known.reply.cache_hit = flag(fact, "cache_hit");
  if (const Json* usage = find(fact, "usage"))
    known.reply.usage = {.input_tokens = number_or(*usage, "input"),
                         .output_tokens = number_or(*usage, "output"),
                         .cached_tokens = number_or(*usage, "cached"),
                         .cache_write_tokens = number_or(*usage, "cache_write"),
                         .estimated = flag(*usage, "estimated")};
  if (const Json* calls = find(fact, "tool_calls"); calls && calls->is_array())
    for (const Json& call : *calls)
      known.reply.tool_calls.push_back(
          {string_or(call, "id"), string_or(call, "name"), string_or(call, "arguments")});
  if (const Json* cost = find(fact, "cost"); cost && cost->is_number()) known.cost = cost->get<double>();
  known.ms = number_or(fact, "ms");
  known.cut = string_or(fact, "cut");
  known.budget = string_or(fact, "budget");
  return known;
}

Event run_event(const store::RunRow& row, std::string_view type) {
  Event event{.type = type, .session = row.session, .run = row.id, .agent = row.agent, .parent = row.parent};
  event.fields = {{"input", row.input}, {"target", row.target}, {"message_ids", Json::array()}};
  if (!row.message_id.empty()) event.fields["message_ids"].push_back(row.message_id);
  if (Json attachments = shown_attachments(row.extra); !attachments.is_null())
    event.fields["attachments"] = std::move(attachments);
  if (Json from = to_json(lineage_of(row)); !from.is_null()) event.fields["forked_from"] = std::move(from);
  return event;
}

Event warning_event(Event event, std::string_view code, std::string text) {
  event.fields = {{"code", code}, {"text", std::move(text)}};
  return event;
}

std::size_t passage_number(const tools::Source& source) {
  const Json* index = find(source.passage, "index");
  return index && index->is_number_unsigned() ? index->get<std::size_t>() : 0;
}

Json cited_sources(const std::vector<tools::Source>& sources, std::string_view answer) {
  Json cited = Json::array();
  std::set<std::size_t> numbers;
  for (const memory::CitationMarker& marker : memory::citation_markers(answer))
    for (const std::size_t number : marker.numbers) {
      if (number == 0 || !numbers.insert(number).second) continue;
      const auto passage = std::ranges::find(sources, number, passage_number);
      if (passage != sources.end()) cited.push_back(passage->passage);
    }
  std::set<std::string_view> told;
  for (const tools::Source& source : sources) {
    if (!source.passage.is_null()) continue;
    bool named = (!source.url.empty() && answer.contains(source.url)) ||
                 (!source.title.empty() && answer.contains(source.title));
    if (!named || !told.insert(source.url.empty() ? source.title : source.url).second) continue;
    cited.push_back({{"title", source.title}, {"url", source.url}});
  }
  return cited;
}

}  // namespace troupe::agents
