#include "agents/runs/run_record.h"

#include "agents/runs/unknown_outcome.h"
#include "runtime/telemetry/log.h"

#include <algorithm>
#include <utility>

namespace troupe::agents {

Event RunRecord::event(std::string_view type, int step) const {
  return Event{.type = type,
               .session = row_.session,
               .run = row_.id,
               .agent = row_.agent,
               .parent = row_.parent,
               .step = step};
}

void RunRecord::stamp(Event& event) const {
  event.session = row_.session;
  event.run = row_.id;
  event.agent = row_.agent;
  event.parent = row_.parent;
}

void RunRecord::finish(const RunEnd& end, std::int64_t now, store::Append& append) {
  Event finished = event("run.finished", 0);
  finished.fields = {{"status", end.status}, {"reason", end.reason}};
  if (!end.detail.empty()) finished.fields["error"] = end.detail;
  finished.fields["steps"] = end.steps;
  finished.fields["input_tokens"] = end.input_tokens;
  finished.fields["output_tokens"] = end.output_tokens;
  finished.fields["cost"] = end.cost;
  finished.fields["ms"] = std::max<std::int64_t>(0, now - row_.created_ms);
  append.events.push_back(std::move(finished));
  row_.status = end.status;
  row_.reason = end.reason;
  row_.steps = end.steps;
  row_.input_tokens = end.input_tokens;
  row_.output_tokens = end.output_tokens;
  row_.cost = end.cost;
  row_.finished_ms = now;
  append.run = row_;
  append.barrier = true;
}

store::Fact RunRecord::fact(std::string_view kind, int step, const Json& body) const {
  return {.run = row_.id, .kind = kind, .step = step, .body = dump(body)};
}

void RunRecord::add(const Observation& observation, int step, store::Append& append) const {
  Event seen = event("observation", step);
  seen.fields = {{"call", observation.call}, {"tool", observation.tool}, {"ok", observation.ok}};
  if (observation.ok)
    seen.fields["output"] = observation.output;
  else
    seen.fields["error"] = observation.error;
  seen.fields["ms"] = observation.ms;
  if (observation.truncated) seen.fields["truncated"] = true;
  if (observation.more) seen.fields["bytes"] = observation.more->bytes;
  append.events.push_back(std::move(seen));
  if (observation.ends) append.facts.push_back(fact("tool.ends", step, {{"call", observation.call}}));
  if (observation.unknown) append.facts.push_back(fact(kUnknownFact, step, {{"call", observation.call}}));
  if (observation.sources.empty()) return;
  Json sources = {{"call", observation.call}, {"sources", Json::array()}};
  for (const tools::Source& source : observation.sources) {
    sources["sources"].push_back({{"title", source.title}, {"url", source.url}});
    if (!source.passage.is_null()) sources["sources"].back()["passage"] = source.passage;
  }
  append.facts.push_back(fact("tool.sources", step, sources));
}

Task<bool> RunRecord::commit(store::Append append) {
  auto done = co_await journal_.commit(std::move(append));
  if (!done) {
    lost_ = true;
    log::error("a run stops: the journal takes no more", {{"run", row_.id}, {"error", done.error().message}});
  }
  co_return done.has_value();
}

}  // namespace troupe::agents
