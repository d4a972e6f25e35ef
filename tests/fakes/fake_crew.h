#pragma once

#include "agents/teams/blackboard.h"
#include "agents/teams/crew.h"
#include "runtime/async/loop.h"
#include "runtime/async/one_shot.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace troupe::fakes {

/// What an ask or a call comes to.
using CrewOutcome = std::variant<agents::Reply, agents::TeamEnd>;

/// All that outlives a process, in the order it came. Given to another FakeCrew it is what that one finds.
struct CrewRecords {
  struct Record {
    std::string key;
    std::optional<CrewOutcome> outcome;  ///< of an ask or a call
    Json decision;                       ///< else
  };
  std::vector<Record> all;
  std::set<std::string> warnings;

  const Record* find(const std::string& key, bool decision) const {
    const auto it = std::ranges::find_if(
        all, [&](const Record& one) { return one.key == key && one.outcome.has_value() != decision; });
    return it == all.end() ? nullptr : &*it;
  }
  /// Those of a process that ended after `count` of them.
  CrewRecords first(std::size_t count) const {
    return {{all.begin(), all.begin() + static_cast<long>(count)}, {}};
  }
};

inline agents::Reply reply(std::string text, Json data = nullptr) {
  return {.text = std::move(text), .data = std::move(data), .status = "done"};
}
inline agents::Reply failed_reply(std::string detail, std::string status = "failed") {
  return {.status = std::move(status), .reason = "model_error", .detail = std::move(detail)};
}

/// Answers as it is told: by key, else by member, else "MEMBER on KEY". Keeps what it was asked, and what it
/// answered; what is in `records` already is answered with that, and not asked for again.
class FakeCrew final : public agents::Crew {
 public:
  FakeCrew(Loop& loop, const agents::TeamSettings& settings) : loop_(loop), settings_(settings) {}

  std::map<std::string, CrewOutcome> by_key;
  std::map<std::string, CrewOutcome> by_member;  ///< and by tool
  std::map<std::string, int> turns;              ///< of the loop that a key takes; 1 without
  std::set<std::string> held;                    ///< keys that only a stop ends
  std::string stop_at;                           ///< a key that requests `stop` once it is asked
  Stop* stop = nullptr;
  CrewRecords records;
  std::vector<agents::MemberView> views;

  std::vector<agents::Ask> asks;  ///< that were not in the records
  std::vector<agents::ToolAsk> calls;
  std::vector<std::string> keys;   ///< of all, also those in the records
  std::vector<std::string> twice;  ///< keys that were used for two things at least
  std::vector<std::string> late;   ///< keys that were asked for after the stop
  std::map<std::string, std::string> files;
  std::vector<std::string> codes;  ///< of warnings
  int at_work = 0;
  int most_at_work = 0;

  /// The text that was asked under a key; "" when nothing was.
  std::string text_of(const std::string& key) const {
    const auto it = std::ranges::find(asks, key, &agents::Ask::key);
    return it == asks.end() ? "" : it->text;
  }
  bool asked(const std::string& key) const { return std::ranges::find(keys, key) != keys.end(); }

  const agents::TeamSettings& settings() const override { return settings_; }
  const std::vector<agents::MemberView>& members() const override { return views; }

  Task<agents::Teamed<agents::Reply>> ask(agents::Ask ask, Stop& until) override {
    use(ask.key);
    if (const auto* known = records.find(ask.key, false)) co_return as_reply(*known->outcome);
    asks.push_back(ask);
    auto outcome = outcome_of(ask.key, ask.to);
    co_return co_await answer(std::move(ask.key), std::move(ask.to), std::move(outcome), until);
  }
  Task<agents::Teamed<agents::Readers>> tell(agents::Note, Stop&) override { co_return agents::Readers{}; }
  Task<agents::Teamed<agents::Reply>> call_tool(agents::ToolAsk ask, Stop& until) override {
    use(ask.key);
    if (const auto* known = records.find(ask.key, false)) co_return as_reply(*known->outcome);
    calls.push_back(ask);
    auto outcome = outcome_of(ask.key, ask.tool);
    co_return co_await answer(std::move(ask.key), std::move(ask.tool), std::move(outcome), until);
  }
  Task<agents::Teamed<void>> write_file(std::string key, std::string path, std::string text) override {
    use(key);
    if (const auto it = by_key.find(key); it != by_key.end()) {
      if (const auto* end = std::get_if<agents::TeamEnd>(&it->second)) co_return std::unexpected(*end);
    }
    files[path] = std::move(text);
    co_return agents::Teamed<void>();
  }

  std::optional<Json> decided(const std::string& key) const override {
    const auto* known = records.find(key, true);
    return known ? std::optional(known->decision) : std::nullopt;
  }
  void decide(const std::string& key, Json what) override {
    if (records.find(key, true)) twice.push_back(key);
    records.all.push_back({.key = key, .decision = std::move(what)});
  }
  void warn(const std::string& key, std::string_view code, std::string) override {
    if (records.warnings.insert(key).second) codes.emplace_back(code);
  }
  void handed_over(const std::string&, const std::string&, const agents::Handoff&) override {}
  agents::Blackboard& board() override { return board_; }
  agents::TeamUse used() const override { return {.turns = static_cast<int>(asks.size())}; }

 private:
  static agents::Teamed<agents::Reply> as_reply(const CrewOutcome& outcome) {
    if (const auto* end = std::get_if<agents::TeamEnd>(&outcome)) return std::unexpected(*end);
    return std::get<agents::Reply>(outcome);
  }
  void use(const std::string& key) {
    if (asked(key)) twice.push_back(key);
    keys.push_back(key);
  }
  CrewOutcome outcome_of(const std::string& key, const std::string& who) const {
    if (const auto it = by_key.find(key); it != by_key.end()) return it->second;
    if (const auto it = by_member.find(who); it != by_member.end()) return it->second;
    return reply(who + " on " + key);
  }

  Task<agents::Teamed<agents::Reply>> answer(std::string key, std::string who, CrewOutcome outcome,
                                             Stop& until) {
    if (until.requested()) late.push_back(key);
    most_at_work = std::max(most_at_work, ++at_work);
    if (key == stop_at && stop) stop->request(StopReason::cancelled);
    const int wanted = turns.contains(key) ? turns.at(key) : 1;
    bool stopped = until.requested();
    for (int turn = 0; !stopped && (held.contains(key) || turn < wanted); ++turn) {
      OneShot<bool> next(loop_);
      auto hook = until.on_request([&next] { next.set(true); });
      if (!held.contains(key)) loop_.post([&next] { next.set(false); });
      stopped = co_await next.wait();
      // What was posted points here, so it has run before this goes on.
      if (stopped && !held.contains(key)) {
        OneShot<bool> after(loop_);
        loop_.post([&after] { after.set(true); });
        co_await after.wait();
      }
    }
    --at_work;
    if (stopped) co_return std::unexpected(agents::TeamEnd{.status = "cancelled", .reason = "cancelled"});
    if (auto* given = std::get_if<agents::Reply>(&outcome); given && given->from.empty()) given->from = who;
    records.all.push_back({.key = key, .outcome = outcome});
    co_return as_reply(outcome);
  }

  Loop& loop_;
  const agents::TeamSettings& settings_;
  agents::Blackboard board_;
};

}  // namespace troupe::fakes
