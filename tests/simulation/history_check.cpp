#include "tests/simulation/history_check.h"

#include "agents/runs/recorded_run.h"
#include "agents/teams/recorded_team.h"
#include "runtime/base/json.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

namespace troupe::simulation {

namespace {

class Check {
 public:
  explicit Check(const History& history) : history_(history) {}

  void client(const Conversation& conversation) {
    if (history_.events.size() != conversation.seen.size())
      return wrong(conversation.session, fmt::format("has {} events, its client saw {}",
                                                     history_.events.size(), conversation.seen.size()));
    for (std::size_t i = 0; i < history_.events.size(); ++i) {
      if (history_.events[i].seq != static_cast<std::int64_t>(i) + 1)
        wrong(conversation.session, fmt::format("has no event {}", i + 1));
      if (*history_.events[i].text != *conversation.seen[i].text)
        wrong(conversation.session, fmt::format("has another event {} than its client saw", i + 1));
    }
    for (const Conversation::Message& message : conversation.messages) {
      const auto of = std::ranges::count(history_.runs, message.id, &store::RunRow::message_id);
      if (of != 1) wrong(conversation.session, fmt::format("message {} has {} runs", message.id, of));
    }
  }

  void run(const store::RunRow& row) {
    std::vector<Json> events;
    for (const Frame& frame : history_.events)
      if (frame.run == row.id) events.push_back(*parse_json(*frame.text));
    lifecycle(row, events);
    usage(row, events);
    calls(row, events);
    facts(row);
  }

  std::vector<std::string> take() { return std::move(wrong_); }

 private:
  void wrong(const std::string& who, std::string what) { wrong_.push_back(who + ": " + std::move(what)); }

  static std::size_t count(const std::vector<Json>& events, std::string_view type) {
    return static_cast<std::size_t>(
        std::ranges::count_if(events, [&](const Json& event) { return event["type"] == type; }));
  }

  void lifecycle(const store::RunRow& row, const std::vector<Json>& events) {
    if (!row.finished()) wrong(row.id, "is not finished");
    if (count(events, "run.finished") != 1)
      return wrong(row.id, fmt::format("has {} ends", count(events, "run.finished")));
    if (count(events, "run.started") > 1) wrong(row.id, "was started twice");
    if (events.back()["type"] != "run.finished")
      wrong(row.id, "goes on after its end: " + dump(events.back()));
    for (const char* field : {"status", "reason"})
      if (events.back()[field] != (std::string_view(field) == "status" ? row.status : row.reason))
        wrong(row.id,
              fmt::format("its row says {} {}, its end {}", row.status, row.reason, dump(events.back())));
    if (count(events, "answer") > 1) wrong(row.id, "answered twice");
  }

  // Whoever has members adds up theirs; everybody ends after those below.
  void usage(const store::RunRow& row, const std::vector<Json>& events) {
    std::int64_t input = 0;
    std::int64_t output = 0;
    for (const Json& event : events) {
      if (event["type"] != "usage") continue;
      input += event["input_tokens"].get<std::int64_t>();
      output += event["output_tokens"].get<std::int64_t>();
    }
    for (const store::RunRow& other : history_.runs) {
      if (other.parent != row.id) continue;
      input += other.input_tokens;
      output += other.output_tokens;
      if (other.last_seq > row.last_seq) wrong(row.id, "ends before " + other.id + ", which is below it");
    }
    if (row.input_tokens != input || row.output_tokens != output)
      wrong(row.id, fmt::format("used {} and {} tokens by its events, {} and {} by its row", input, output,
                                row.input_tokens, row.output_tokens));
  }

  // Each call is told before its observation, and has one; but for what a run that was set aside was at.
  void calls(const store::RunRow& row, const std::vector<Json>& events) {
    std::map<std::string, int> open;
    for (const Json& event : events) {
      if (event["type"] == "action" && !open.emplace(event["call"], 0).second)
        wrong(row.id, "tells a call twice: " + dump(event));
      if (event["type"] != "observation") continue;
      const auto call = open.find(event["call"]);
      if (call == open.end())
        wrong(row.id, "observes what was not called: " + dump(event));
      else if (++call->second > 1)
        wrong(row.id, "observes a call twice: " + dump(event));
    }
    if (row.reason == "quarantined") return;
    for (const auto& [call, observations] : open)
      if (observations == 0) wrong(row.id, fmt::format("call {} has no observation", call));
  }

  void facts(const store::RunRow& row) {
    const auto known = history_.facts.find(row.id);
    if (known == history_.facts.end()) return;
    std::set<std::string> intents;
    std::set<std::string> dispatched;
    std::set<std::string> allowed;  // to be made again
    bool replied = false;
    for (const store::Fact& fact : known->second) {
      replied = replied || fact.kind == "model.reply";
      if (fact.kind != "tool.intent" && fact.kind != "tool.dispatched" && fact.kind != "approval.decided")
        continue;
      const Json body = *parse_json(fact.body);
      if (fact.kind == "approval.decided" && body.contains("again") && body["approved"] == true)
        allowed.insert(string_or(body, "call"));
      if (fact.kind == "tool.intent") {
        if (!replied && body.contains("call") && row.agent != row.target)
          wrong(row.id, "intends a call before a reply");
        intents.insert(string_or(body, "call"));
      }
      if (fact.kind == "tool.dispatched") {
        const std::string call = string_or(body, "call");
        if (!intents.contains(call)) wrong(row.id, fmt::format("call {} left without an intent", call));
        if (!dispatched.insert(call).second && allowed.erase(call) == 0)
          wrong(row.id, fmt::format("call {} left twice", call));
      }
    }
    prefix(row, known->second);
  }

  // One of them, another in each run, of some runs: over all seeds all come up.
  void prefix(const store::RunRow& row, std::vector<store::Fact> facts) {
    const std::size_t any = std::hash<std::string>()(row.id);
    if (any % 4 != 0) return;
    facts.resize(any / 4 % (facts.size() + 1));
    const bool team = std::ranges::any_of(facts, [](auto& fact) { return fact.kind.starts_with("team."); });
    if (auto folded = agents::fold_run(facts, {}); !team && !folded)
      wrong(row.id, "a prefix does not fold: " + folded.error().message);
    if (auto folded = agents::fold_team(facts, {}); team && !folded)
      wrong(row.id, "a prefix does not fold: " + folded.error().message);
  }

  const History& history_;
  std::vector<std::string> wrong_;
};

}  // namespace

Task<History> read_history(store::Journal& journal, std::string session) {
  History history;
  auto events = co_await journal.read_events(session, 0, 1'000'000);
  if (events) history.events = std::move(*events);
  auto runs = co_await journal.list_runs("", session, 1'000'000);
  if (runs) history.runs = std::move(*runs);
  for (const store::RunRow& row : history.runs) {
    auto facts = co_await journal.read_facts(row.id);
    if (facts) history.facts.emplace(row.id, std::move(*facts));
  }
  co_return history;
}

std::vector<std::string> check_history(const History& history, const Conversation& conversation) {
  Check check(history);
  check.client(conversation);
  for (const store::RunRow& row : history.runs) check.run(row);
  return check.take();
}

}  // namespace troupe::simulation
