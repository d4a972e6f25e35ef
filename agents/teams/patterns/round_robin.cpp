#include "agents/teams/conversation/answer.h"
#include "agents/teams/patterns/factories.h"
#include "agents/teams/patterns/talk.h"

#include <utility>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

/// Members speak in the order of the configuration, again and again.
class RoundRobin final : public Pattern {
 public:
  explicit RoundRobin(const TeamSettings& settings) : settings_(settings) {}

  Task<Teamed<TeamAnswer>> run(TeamTask task, Crew& crew, Loop&, Stop& stop) override {
    if (crew.members().empty())
      co_return std::unexpected(
          TeamEnd{.status = "failed", .reason = "no_member", .detail = "the team has no members"});
    Talk talk(std::move(task.text), crew, stop);
    for (int round = 1; settings_.rounds <= 0 || round <= settings_.rounds; ++round) {
      for (const MemberView& member : crew.members()) {
        auto end = co_await talk.turn(member.name);
        if (!end) co_return std::unexpected(std::move(end.error()));
        if (*end) co_return std::move(**end);
      }
    }
    co_return through(talk);
  }

 private:
  // Rounds are what was wanted, unless something else was waited for.
  Teamed<TeamAnswer> through(const Talk& talk) const {
    TeamAnswer answer = answer_of(talk.said());
    if (answer.text.empty())
      return std::unexpected(
          TeamEnd{.status = "failed", .reason = "no_answer", .detail = "no member said anything"});
    if (settings_.until) {
      answer.reason = "max_rounds";
      answer.detail = fmt::format("{} rounds", settings_.rounds);
    }
    return answer;
  }

  const TeamSettings& settings_;
};

}  // namespace

std::unique_ptr<Pattern> make_round_robin(const TeamSettings& settings) {
  return std::make_unique<RoundRobin>(settings);
}

}  // namespace troupe::agents
