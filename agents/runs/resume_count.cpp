#include "agents/runs/resume_count.h"

#include "agents/runs/fact_fields.h"
#include "runtime/base/json.h"

#include <algorithm>
#include <array>
#include <utility>

namespace troupe::agents {

namespace {

constexpr std::size_t kPage = 256;  // events read at a time

template <std::size_t N>
bool any_of(const std::array<std::string_view, N>& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

}  // namespace

bool is_progress(const store::Fact& fact) {
  static constexpr std::array<std::string_view, 12> kFurther = {
      "model.reply",  "approval.decided", "guard.verdict", "chain.reply", "chain.found", "chain.decided",
      "team.decided", "team.board",       "team.file",     "bus.done",    "tool.more",   kWaitsFact};
  return any_of(kFurther, fact.kind);
}

bool is_progress(const Frame& event) {
  static constexpr std::array<std::string_view, 8> kFurther = {
      "thought",         "action", "observation", "approval.given",
      "approval.denied", "answer", "handoff",     "run.finished"};
  return any_of(kFurther, event.type);
}

Result<ResumeCount> resume_count(const std::vector<store::Fact>& facts) {
  ResumeCount count;
  for (const store::Fact& fact : facts) {
    if (is_progress(fact)) count.times = 0;
    if (fact.kind == kStoodFact) count.stood = true;
    if (fact.kind != kTakenUpFact) continue;
    auto body = parse_json(fact.body);
    if (!body) return within("journal, run " + fact.run + ", fact " + std::string(fact.kind), body.error());
    count.epoch = number_or(*body, "epoch");
    count.times = static_cast<int>(number_or(*body, "times"));
    count.seq = number_or(*body, "seq");
    count.stood = false;
  }
  return count;
}

Task<Result<ResumeCount>> hold_against(store::Journal& journal, std::string session, ResumeCount count) {
  for (std::int64_t after = count.seq;;) {
    auto page = co_await journal.read_events(session, after, kPage);
    if (!page) co_return fail(std::move(page.error()));
    if (std::ranges::any_of(*page, [](const Frame& event) { return is_progress(event); })) count.times = 0;
    if (count.times == 0 || page->size() < kPage) co_return count;
    after = page->back().seq;
  }
}

store::Fact to_fact(const ResumeCount& count, const std::string& run) {
  return {.run = run,
          .kind = kTakenUpFact,
          .body = dump(Json{{"epoch", count.epoch}, {"times", count.times}, {"seq", count.seq}})};
}

bool only_waited(const std::vector<store::Fact>& facts) {
  const auto last = std::ranges::find_if(facts.rbegin(), facts.rend(), [](const store::Fact& fact) {
    return fact.kind != kTakenUpFact && fact.kind != kStoodFact;
  });
  return last != facts.rend() && last->kind == kWaitsFact;
}

store::Fact waits_fact(const std::string& run) {
  return {.run = run, .kind = kWaitsFact, .body = "{}"};
}

}  // namespace troupe::agents
