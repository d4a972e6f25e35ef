#pragma once

#include "agents/teams/blackboard.h"
#include "agents/teams/crew.h"
#include "agents/teams/pattern.h"
#include "runtime/async/loop.h"
#include "tests/fakes/run_loop.h"

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace troupe::agents::testing {

/// What a process wrote down, in order. The beginning of it is what a crash leaves.
struct Outcome {
  enum class Kind { reply, decision, warning, handoff };
  Kind kind = Kind::reply;
  std::string key;
  Ask ask;
  Teamed<Reply> reply;
  Json decision;
  std::string word;  // the code of a warning
};

/// A crew whose members say what a test has written for them, and which goes on from outcomes of an earlier
/// process without asking again.
class ConversationCrew final : public Crew {
 public:
  using Rule = std::function<Teamed<Reply>(const Ask&)>;

  ConversationCrew(TeamSettings settings, std::vector<MemberView> members, std::vector<Outcome> before = {})
      : settings_(std::move(settings)), members_(std::move(members)), outcomes(std::move(before)) {
    for (const Outcome& outcome : outcomes) known_.insert(outcome.key);
  }

  // what a test says
  std::map<std::string, Rule> rules;  // by member
  Loop* loop = nullptr;               // asks take turns of it
  TeamUse use;
  std::function<void(const Ask&)> on_ask;

  static Reply done(std::string from, std::string text) {
    return {.from = std::move(from), .text = std::move(text), .status = "done", .reason = "final_answer"};
  }
  static Reply hands_over(std::string from, std::string to, std::string reason, std::string text = "") {
    Reply reply = done(std::move(from), std::move(text));
    reply.handoff = Handoff{std::move(to), std::move(reason)};
    return reply;
  }
  static Reply broke(std::string from, std::string status = "failed", std::string reason = "model_error") {
    return {
        .from = std::move(from), .status = std::move(status), .reason = std::move(reason), .detail = "why"};
  }

  // what a test sees
  std::vector<Ask> asked;  // by this process
  int at_once = 0;         // the most that were asked at once
  std::vector<std::string> keys() const {
    std::vector<std::string> keys;
    for (const Outcome& outcome : outcomes)
      if (outcome.kind == Outcome::Kind::reply) keys.push_back(outcome.key);
    return keys;
  }
  std::vector<std::string> speakers() const {
    std::vector<std::string> names;
    for (const Outcome& outcome : outcomes)
      if (outcome.kind == Outcome::Kind::reply) names.push_back(outcome.ask.to);
    return names;
  }
  std::vector<std::string> warnings() const { return words(Outcome::Kind::warning); }
  std::vector<std::string> handoffs() const { return words(Outcome::Kind::handoff); }

  const TeamSettings& settings() const override { return settings_; }
  const std::vector<MemberView>& members() const override { return members_; }

  Task<Teamed<Reply>> ask(Ask ask, Stop& stop) override {
    if (const Outcome* known = find(Outcome::Kind::reply, ask.key)) {
      CHECK(known->ask.to == ask.to);
      CHECK(known->ask.text == ask.text);
      co_return known->reply;
    }
    CHECK_MESSAGE(known_.insert(ask.key).second, "asked twice: " << ask.key);
    CHECK(ask.key.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
          std::string::npos);
    asked.push_back(ask);
    if (on_ask) on_ask(ask);
    at_once = std::max(at_once, ++now_);
    if (loop) co_await loop->sleep_for(Milliseconds(0), stop);
    --now_;
    if (stop.requested()) co_return std::unexpected(TeamEnd{.status = "cancelled", .reason = "cancelled"});
    const auto rule = rules.find(ask.to);
    Teamed<Reply> reply =
        std::unexpected(TeamEnd{.status = "failed", .reason = "no_member", .detail = ask.to});
    if (rule != rules.end()) reply = rule->second(ask);
    ++use.turns;
    use.messages += 2;
    outcomes.push_back({.kind = Outcome::Kind::reply, .key = ask.key, .ask = ask, .reply = reply});
    co_return reply;
  }
  Task<Teamed<Readers>> tell(Note, Stop&) override { co_return Readers{}; }
  Task<Teamed<Reply>> call_tool(ToolAsk, Stop&) override { co_return Reply{}; }
  Task<Teamed<void>> write_file(std::string, std::string, std::string) override { co_return Teamed<void>(); }

  std::optional<Json> decided(const std::string& key) const override {
    const Outcome* known = find(Outcome::Kind::decision, key);
    return known ? std::optional(known->decision) : std::nullopt;
  }
  void decide(const std::string& key, Json what) override {
    CHECK_MESSAGE(!decided(key), "decided twice: " << key);
    outcomes.push_back({.kind = Outcome::Kind::decision, .key = key, .decision = std::move(what)});
  }
  void warn(const std::string& key, std::string_view code, std::string text) override {
    CHECK(!text.empty());
    if (!find(Outcome::Kind::warning, key))
      outcomes.push_back({.kind = Outcome::Kind::warning, .key = key, .word = std::string(code)});
  }
  void handed_over(const std::string& key, const std::string& from, const Handoff& handoff) override {
    if (!find(Outcome::Kind::handoff, key))
      outcomes.push_back({.kind = Outcome::Kind::handoff, .key = key, .word = from + ">" + handoff.to});
  }
  Blackboard& board() override { return board_; }
  TeamUse used() const override { return use; }

 private:
  const Outcome* find(Outcome::Kind kind, const std::string& key) const {
    const auto found = std::ranges::find_if(
        outcomes, [&](const Outcome& outcome) { return outcome.kind == kind && outcome.key == key; });
    return found == outcomes.end() ? nullptr : &*found;
  }
  std::vector<std::string> words(Outcome::Kind kind) const {
    std::vector<std::string> words;
    for (const Outcome& outcome : outcomes)
      if (outcome.kind == kind) words.push_back(outcome.word);
    return words;
  }

  TeamSettings settings_;
  std::vector<MemberView> members_;
  std::set<std::string> known_;
  int now_ = 0;
  Blackboard board_;

 public:
  std::vector<Outcome> outcomes;
};

/// A team of a test: its settings, its members, and what they say. Rules depend on the ask alone, so that a
/// second process says the same.
struct TestTeam {
  TeamSettings settings;
  std::vector<MemberView> members;
  std::map<std::string, ConversationCrew::Rule> rules;
  std::unique_ptr<Pattern> (*make)(const TeamSettings&) = nullptr;
  TeamTask task{.text = "Write a poem."};
  TeamUse use;

  std::unique_ptr<ConversationCrew> crew(std::vector<Outcome> before = {}) const {
    auto crew = std::make_unique<ConversationCrew>(settings, members, std::move(before));
    crew->rules = rules;
    crew->use = use;
    return crew;
  }
  Teamed<TeamAnswer> run(ConversationCrew& crew) const {
    SystemClock clock;
    Loop loop(clock);
    Stop stop;
    return run(crew, loop, stop);
  }
  Teamed<TeamAnswer> run(ConversationCrew& crew, Loop& loop, Stop& stop) const {
    auto pattern = make(crew.settings());
    return fakes::run(loop, pattern->run(task, crew, loop, stop));
  }
};

/// A rule that says the text of a key: "turn.1" → text. Other keys: the last one of the list.
inline ConversationCrew::Rule by_key(std::map<std::string, std::string> texts, std::string otherwise) {
  return [texts = std::move(texts), otherwise = std::move(otherwise)](const Ask& ask) -> Teamed<Reply> {
    const auto text = texts.find(ask.key);
    return ConversationCrew::done(ask.to, text == texts.end() ? otherwise : text->second);
  };
}

inline bool same_end(const Teamed<TeamAnswer>& a, const Teamed<TeamAnswer>& b) {
  if (a.has_value() != b.has_value()) return false;
  if (!a) return a.error().status == b.error().status && a.error().reason == b.error().reason;
  return a->text == b->text && a->reason == b->reason && a->status == b->status && a->by == b->by &&
         a->data == b->data;
}

/// Goes the whole way once, then again from each beginning of what was written down, at a time and with a use
/// that are much later: it ends the same, asks what was not asked yet, and nothing a second time.
inline void check_resumes(const TestTeam& team) {
  const auto whole = team.crew();
  const auto end = team.run(*whole);
  const std::vector<std::string> keys = whole->keys();
  REQUIRE(!keys.empty());
  for (std::size_t n = 0; n <= whole->outcomes.size(); ++n) {
    std::vector<Outcome> before(whole->outcomes.begin(),
                                whole->outcomes.begin() + static_cast<std::ptrdiff_t>(n));
    const auto known = static_cast<std::size_t>(std::ranges::count_if(
        before, [](const Outcome& outcome) { return outcome.kind == Outcome::Kind::reply; }));
    const auto again = team.crew(std::move(before));
    if (n == whole->outcomes.size())
      again->use = {
          .tokens = 1'000'000'000, .cost = 1e9, .time = Milliseconds(1'000'000'000), .turns = 1'000'000};
    else
      again->use.turns += static_cast<int>(known);
    CAPTURE(n);
    CHECK(same_end(team.run(*again), end));
    CHECK(again->asked.size() == keys.size() - known);
    CHECK(again->keys().size() == keys.size());
  }
}

/// Each ask of the whole way fails in turn, in a way that is the team's end: there is no ask after it.
inline void check_each_failure_ends(const TestTeam& team, bool at_once = false) {
  const auto whole = team.crew();
  team.run(*whole);
  const std::vector<std::string> keys = whole->keys();
  for (const std::string& key : keys) {
    CAPTURE(key);
    auto crew = team.crew();
    for (auto& [name, rule] : crew->rules)
      rule = [inner = rule, &key](const Ask& ask) -> Teamed<Reply> {
        if (ask.key == key) return ConversationCrew::broke(ask.to);
        return inner(ask);
      };
    const auto end = team.run(*crew);
    REQUIRE(!end);
    CHECK(end.error().status == "failed");
    CHECK(end.error().reason == "member_failed");
    CHECK(!end.error().detail.empty());
    if (!at_once) CHECK(crew->asked.back().key == key);
  }
}

/// The stop comes during each ask in turn: there is no ask after it.
inline void check_stops_anywhere(const TestTeam& team) {
  const auto whole = team.crew();
  team.run(*whole);
  for (const std::string& key : whole->keys()) {
    CAPTURE(key);
    SystemClock clock;
    Loop loop(clock);
    Stop stop;
    auto crew = team.crew();
    std::size_t after = 0;
    crew->on_ask = [&](const Ask& ask) {
      if (stop.requested()) ++after;
      if (ask.key == key) stop.request(StopReason::cancelled);
    };
    const auto end = team.run(*crew, loop, stop);
    REQUIRE(!end);
    CHECK(end.error().status == "cancelled");
    CHECK(after == 0);
  }
}

}  // namespace troupe::agents::testing
