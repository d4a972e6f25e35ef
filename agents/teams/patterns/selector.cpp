#include "agents/guardrails/pattern_search.h"
#include "agents/react/parser/delta_writer.h"
#include "agents/teams/conversation/answer.h"
#include "agents/teams/conversation/limits.h"
#include "agents/teams/conversation/named_member.h"
#include "agents/teams/patterns/factories.h"
#include "agents/teams/patterns/talk.h"
#include "agents/teams/patterns/turn.h"
#include "runtime/async/loop.h"
#include "tools/schema/pattern.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

constexpr std::string_view kOwnSelector = "selector";  // the one that a team makes of `model`

/// Rules, or somebody who is asked, say who speaks next; where neither does, the next in order.
class Selector final : public Pattern {
 public:
  explicit Selector(const TeamSettings& settings) : settings_(settings) {}

  Task<Teamed<TeamAnswer>> run(TeamTask task, Crew& crew, Loop& loop, Stop& stop) override {
    if (auto ready = prepare(crew); !ready) co_return std::unexpected(std::move(ready.error()));
    Talk talk(std::move(task.text), crew, stop);
    for (;;) {
      auto speaker = co_await next(talk, crew, loop, stop);
      if (!speaker) co_return ended_by(std::move(speaker.error()), talk.said());
      auto end = co_await talk.turn(std::move(*speaker));
      if (!end) co_return std::unexpected(std::move(end.error()));
      if (*end) co_return std::move(**end);
    }
  }

 private:
  struct Rule {
    const SpeakerRule* settings;
    std::optional<tools::Pattern> match;
  };

  Teamed<void> prepare(const Crew& crew) {
    for (const MemberView& member : crew.members())
      if (member.name != settings_.selector) speakers_.push_back(member.name);
    if (speakers_.empty())
      return std::unexpected(
          TeamEnd{.status = "failed", .reason = "no_member", .detail = "the team has no members that speak"});
    for (const SpeakerRule& rule : settings_.rules) {
      rules_.push_back({&rule, std::nullopt});
      if (rule.match.empty()) continue;
      auto pattern = tools::Pattern::compile(rule.match);
      if (!pattern)
        return std::unexpected(
            TeamEnd{.status = "failed",
                    .reason = "internal",
                    .detail = fmt::format("rule for {}: {}", rule.speaker, pattern.error().message)});
      rules_.back().match = std::move(*pattern);
    }
    return {};
  }

  bool may_speak(std::string_view name, const Talk& talk) const {
    return settings_.repeat_speaker || name != talk.speaker();
  }

  Task<Teamed<std::string>> next(const Talk& talk, Crew& crew, Loop& loop, Stop& stop) {
    for (std::size_t i = 0; i < rules_.size(); ++i) {
      const SpeakerRule& rule = *rules_[i].settings;
      if (!may_speak(rule.speaker, talk)) continue;
      if (!rule.after.empty() && rule.after != talk.speaker()) continue;
      if (!co_await matches(i, talk, crew, loop, stop)) continue;
      co_return rule.speaker;
    }
    std::vector<std::string> candidates;
    for (const std::string& name : speakers_)
      if (may_speak(name, talk)) candidates.push_back(name);
    if (candidates.empty()) candidates = speakers_;  // the only one there is
    if (candidates.size() == 1) co_return candidates.front();
    if (settings_.selector.empty() && settings_.model.empty()) co_return in_order(talk, candidates);
    co_return co_await picked(talk, std::move(candidates), crew, stop);
  }

  // What was said last: before anybody spoke, the task.
  Task<bool> matches(std::size_t rule, const Talk& talk, Crew& crew, Loop& loop, Stop& stop) {
    if (!rules_[rule].match) co_return true;
    const Utterance* last = talk.said().last();
    const std::string text = valid_utf8(last ? last->text : talk.said().task());
    PatternSearch search(*rules_[rule].match, text);
    auto state = search.step();
    while (state == PatternSearch::State::searching && co_await loop.sleep_for(Milliseconds(0), stop))
      state = search.step();
    if (state == PatternSearch::State::too_hard)
      crew.warn(fmt::format("select.{}.rule.{}", talk.turns() + 1, rule + 1), "rule_too_hard",
                fmt::format("`{}` could not be searched for in what was said last; the rule is passed over",
                            rules_[rule].settings->match));
    co_return state == PatternSearch::State::found;
  }

  std::string in_order(const Talk& talk, const std::vector<std::string>& candidates) const {
    const auto last = std::ranges::find(speakers_, talk.speaker());
    if (last == speakers_.end()) return candidates.front();
    for (std::size_t i = 1; i <= speakers_.size(); ++i) {
      const std::size_t place = (static_cast<std::size_t>(last - speakers_.begin()) + i) % speakers_.size();
      if (std::ranges::find(candidates, speakers_[place]) != candidates.end()) return speakers_[place];
    }
    return candidates.front();
  }

  Task<Teamed<std::string>> picked(const Talk& talk, std::vector<std::string> candidates, Crew& crew,
                                   Stop& stop) {
    const std::string who = settings_.selector.empty() ? std::string(kOwnSelector) : settings_.selector;
    const std::string key = fmt::format("select.{}", talk.turns() + 1);
    const std::string question = question_for(candidates, crew);
    std::string told;
    for (const std::string_view attempt : {"", ".again"}) {
      // It takes no part in the conversation, so there is no turn of its own since which it would know it.
      Ask ask{.key = key + std::string(attempt),
              .to = who,
              .text = talk.said().told_to({.name = who}, told + question)};
      auto reply = co_await take_turn(crew, std::move(ask), stop);
      if (!reply) co_return std::unexpected(std::move(reply.error()));
      if (!*reply) break;
      if (auto name = named_member(**reply, candidates)) co_return std::move(*name);
      told = labelled("Your reply named none of the members that may speak now",
                      text_beginning((*reply)->text, limits::kReplyShown)) +
             "\n\n";
    }
    std::string name = in_order(talk, candidates);
    crew.warn(key + ".unread", "selector_unread",
              fmt::format("{} named nobody who may speak now; {} does, the next in order", who, name));
    co_return name;
  }

  static std::string question_for(const std::vector<std::string>& candidates, const Crew& crew) {
    std::string text = "Who speaks next? One of:";
    for (const MemberView& member : crew.members()) {
      if (std::ranges::find(candidates, member.name) == candidates.end()) continue;
      text += "\n- " + (member.description.empty() ? member.name : labelled(member.name, member.description));
    }
    return text + "\nReply with JSON and nothing else: {\"speaker\": \"NAME\"}";
  }

  const TeamSettings& settings_;
  std::vector<std::string> speakers_;
  std::vector<Rule> rules_;
};

}  // namespace

std::unique_ptr<Pattern> make_selector(const TeamSettings& settings) {
  return std::make_unique<Selector>(settings);
}

}  // namespace troupe::agents
