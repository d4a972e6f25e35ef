#include "agents/teams/conversation/answer.h"
#include "agents/teams/conversation/conversation.h"
#include "agents/teams/conversation/progress.h"
#include "agents/teams/conversation/until.h"
#include "agents/teams/patterns/factories.h"
#include "agents/teams/patterns/turn.h"
#include "runtime/async/nursery.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

constexpr int kRounds = 2;
constexpr std::string_view kOwnJudge = "judge";  // the one that a team makes of `model`

using Turned = Teamed<std::optional<Reply>>;

/// All speak at once in each round, knowing the rounds before, so that nobody has the last word; then a judge
/// decides.
class Debate final : public Pattern {
 public:
  explicit Debate(const TeamSettings& settings)
      : settings_(settings),
        judge_(settings.judge.empty() ? std::string(kOwnJudge) : settings.judge),
        rounds_(settings.rounds > 0 ? settings.rounds : kRounds) {}

  Task<Teamed<TeamAnswer>> run(TeamTask task, Crew& crew, Loop& loop, Stop& stop) override {
    for (const MemberView& member : crew.members())
      if (member.name != judge_) speakers_.push_back(member.name);
    if (speakers_.empty())
      co_return std::unexpected(
          TeamEnd{.status = "failed", .reason = "no_member", .detail = "nobody is there to debate"});
    Conversation said(std::move(task.text));
    Progress progress(settings_.limits);
    for (int round = 1; round <= rounds_; ++round) {
      const std::size_t known = said.all().size();
      std::vector<Turned> turns = co_await spoken(round, said, crew, loop, stop);
      if (auto end = end_of(turns)) co_return std::unexpected(std::move(*end));
      bool moves = true;
      for (std::size_t i = 0; i < turns.size(); ++i) {
        const auto& reply = *turns[i];
        if (reply) said.said(*reply, known);
        if (progress.turn(speakers_[i], reply ? reply->text : "") != Pace::moving) moves = false;
      }
      if (auto held = held_until(crew, fmt::format("until.{}", round), said))
        co_return answer_of(said, *held);
      if (moves || round == rounds_) continue;
      crew.warn(fmt::format("round.{}.stalled", round), "debate_stalled",
                fmt::format("round {} of {} brought nothing new; the judge decides now", round, rounds_));
      break;
    }
    if (!said.last())
      co_return std::unexpected(
          TeamEnd{.status = "failed", .reason = "no_answer", .detail = "nobody said anything in the debate"});
    co_return co_await decided(said, crew, stop);
  }

 private:
  Task<std::vector<Turned>> spoken(int round, const Conversation& said, Crew& crew, Loop& loop, Stop& stop) {
    std::vector<Turned> turns(speakers_.size());
    std::size_t next = 0;
    Stop together(stop);
    Nursery nursery(loop);
    const auto most = static_cast<std::size_t>(std::max(settings_.limits.parallel, 1));
    for (std::size_t i = 0; i < std::min(most, speakers_.size()); ++i)
      nursery.spawn("turns of a debate",
                    [&] { return take_turns(round, said, crew, turns, next, together); });
    co_await nursery.join();
    co_return turns;
  }

  // One of several at work: takes who has not spoken yet.
  Task<> take_turns(int round, const Conversation& said, Crew& crew, std::vector<Turned>& turns,
                    std::size_t& next, Stop& together) {
    while (next < speakers_.size()) {
      const std::size_t at = next++;
      const std::string& name = speakers_[at];
      Ask ask{.key = fmt::format("round.{}.{}", round, at + 1),
              .to = name,
              .text = said.told_to(listener_of(crew, name), closing_for(name, round))};
      turns[at] = co_await take_turn(crew, std::move(ask), together);
      if (!turns[at]) together.request(StopReason::cancelled);
    }
  }

  // The one that failed stopped the others, whose ends say no more than that.
  static std::optional<TeamEnd> end_of(const std::vector<Turned>& turns) {
    const TeamEnd* why = nullptr;
    for (const Turned& turn : turns)
      if (!turn && (!why || why->status == "cancelled")) why = &turn.error();
    return why ? std::optional(*why) : std::nullopt;
  }

  std::string closing_for(const std::string& name, int round) const {
    std::string text = fmt::format("You are {} in a debate, round {} of {}.", name, round, rounds_);
    const auto position = settings_.positions.find(name);
    if (position != settings_.positions.end())
      text += "\n" + labelled("Argue this position", position->second);
    else
      text += "\nSay what you think is right, and why.";
    if (round > 1) text += "\nAnswer what the others said; where they are right, say so.";
    return text;
  }

  Task<Teamed<TeamAnswer>> decided(const Conversation& said, Crew& crew, Stop& stop) {
    Ask ask{.key = "judge",
            .to = judge_,
            .text = said.told_to({.name = judge_},
                                 "The debate is over. Decide it: answer the task, and give the reasons that "
                                 "decided. Weigh arguments, not how often or how loudly they were made.")};
    auto reply = co_await take_turn(crew, std::move(ask), stop);
    if (!reply) co_return std::unexpected(std::move(reply.error()));
    if (!*reply)
      co_return std::unexpected(TeamEnd{.status = "failed",
                                        .reason = "no_answer",
                                        .detail = fmt::format("{}, who was to judge, failed", judge_)});
    co_return TeamAnswer{.text = std::move((*reply)->text),
                         .data = std::move((*reply)->data),
                         .citations = std::move((*reply)->citations),
                         .by = std::move((*reply)->from)};
  }

  const TeamSettings& settings_;
  const std::string judge_;
  const int rounds_;
  std::vector<std::string> speakers_;
};

}  // namespace

std::unique_ptr<Pattern> make_debate(const TeamSettings& settings) {
  return std::make_unique<Debate>(settings);
}

}  // namespace troupe::agents
