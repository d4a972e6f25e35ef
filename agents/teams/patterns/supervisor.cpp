#include "agents/teams/conversation/answer.h"
#include "agents/teams/conversation/conversation.h"
#include "agents/teams/conversation/limits.h"
#include "agents/teams/conversation/progress.h"
#include "agents/teams/conversation/said_before.h"
#include "agents/teams/conversation/until.h"
#include "agents/teams/conversation/verdict_on_work.h"
#include "agents/teams/patterns/factories.h"
#include "agents/teams/patterns/turn.h"

#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

constexpr std::string_view kOwnManager = "manager";  // the one that a team makes of `model`

bool blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == text.npos;
}

/// One task in the hands of a manager, who delegates with tools of its own inside of its run.
class Supervision {
 public:
  Supervision(const TeamSettings& settings, TeamTask task, Crew& crew, Stop& stop)
      : settings_(settings),
        crew_(crew),
        stop_(stop),
        manager_(settings.manager.empty() ? std::string(kOwnManager) : settings.manager),
        said_(std::move(task.text)),
        progress_(settings.limits),
        most_(settings.limits.stall > 0 ? settings.limits.stall : limits::kTeamStall) {}

  Task<Teamed<TeamAnswer>> run() {
    std::string closing = charge();
    for (int returns = 0;; ++returns) {
      const int work = returns + 1;
      Ask ask{.key = fmt::format("work.{}", work),
              .to = manager_,
              .text = said_.told_to(listener_of(crew_, manager_), closing)};
      auto reply = co_await take_turn(crew_, std::move(ask), stop_);
      if (!reply) co_return ended_by(std::move(reply.error()), said_);
      if (*reply) said_.said(**reply);
      const std::string text = *reply ? (*reply)->text : "";
      if (auto held = held_until(crew_, fmt::format("until.{}", work), said_))
        co_return answer_of(said_, *held);
      auto verdict = co_await judged(work, text);
      if (!verdict) co_return ended_by(std::move(verdict.error()), said_);
      if (verdict->accepted) co_return answer_of(said_);
      reasons_.push_back(verdict->reason);
      const bool again = returned_.add("", verdict->reason);
      const Pace pace = progress_.turn(manager_, text, again);
      if (auto end = end_after(pace, returns)) co_return std::move(*end);
      if (pace == Pace::new_plan) new_plan(work);
      closing = pace == Pace::new_plan ? plan_again() : sent_back(verdict->reason);
    }
  }

 private:
  // At most so many returns, and one more for a new plan.
  std::optional<Teamed<TeamAnswer>> end_after(Pace pace, int returns) const {
    const std::string times = fmt::format(
        "the work was not accepted after it was returned {} times, the last: {}", returns, reasons_.back());
    const bool last = returns >= most_;
    if (pace == Pace::stalled || (last && planned_ && progress_.without() > 0))
      return stopped_at("stalled", times, said_);
    if (!last || pace == Pace::new_plan) return std::nullopt;
    return stopped_at("not_accepted", times, said_);
  }

  // Without a judge the manager's own word stands, if there is any.
  Task<Teamed<WorkVerdict>> judged(int work, const std::string& text) {
    if (blank(text)) co_return WorkVerdict{.reason = "There was no answer."};
    if (settings_.expected_output.empty() || settings_.judge.empty()) co_return WorkVerdict{.accepted = true};
    const std::string question =
        labelled("Expected of the work", settings_.expected_output) +
        "\nHold what was said last against the task and against what is expected. Reply "
        "with JSON and nothing else: {\"accept\": true or false, \"reason\": \"what is "
        "missing or wrong\"}";
    std::string told;
    for (const std::string_view attempt : {"", ".again"}) {
      Ask ask{.key = fmt::format("judge.{}{}", work, attempt),
              .to = settings_.judge,
              .text = said_.told_to({.name = settings_.judge}, told + question)};
      auto reply = co_await take_turn(crew_, std::move(ask), stop_);
      if (!reply) co_return std::unexpected(std::move(reply.error()));
      if (!*reply) break;
      if (auto verdict = verdict_on_work(**reply)) {
        verdict->reason = text_beginning(verdict->reason, limits::kReasonBytes);
        if (blank(verdict->reason)) verdict->reason = "No reason was given.";
        co_return std::move(*verdict);
      }
      told = labelled("Your reply could not be read as a decision",
                      text_beginning((*reply)->text, limits::kReplyShown)) +
             "\n\n";
    }
    crew_.warn(fmt::format("judge.{}.unread", work), "judge_unread",
               fmt::format("{} gave no decision that can be read; the work counts as not accepted",
                           settings_.judge));
    co_return WorkVerdict{.reason = "Whether it is good enough could not be decided."};
  }

  std::string charge() const {
    std::string text = "You lead a team. Its members:";
    for (const MemberView& member : crew_.members()) {
      if (member.name == manager_ || member.name == settings_.judge) continue;
      text += "\n- " + (member.description.empty() ? member.name : labelled(member.name, member.description));
    }
    text +=
        "\nDivide the task, delegate its parts, and ask where something is unclear. Hold what comes back "
        "against "
        "what you asked for; return what falls short, with the reason. Your answer ends the work: give the "
        "whole result in it.";
    if (!settings_.expected_output.empty()) text += "\n" + expectation();
    return text;
  }

  std::string expectation() const {
    return labelled("Expected of the result", settings_.expected_output) +
           "\nHold your result against it before you answer.";
  }

  std::string sent_back(const std::string& reason) const {
    return labelled("Your work was not accepted", reason) +
           "\nHave it mended and give the whole result again.\n\n" + charge();
  }

  void new_plan(int work) {
    planned_ = true;
    crew_.warn(fmt::format("work.{}.new_plan", work), "new_plan",
               fmt::format("{} turns in a row brought nothing new; {} is told to plan anew",
                           settings_.limits.stall, manager_));
  }

  std::string plan_again() const {
    std::string text = "The work gets nowhere this way. What was not accepted:";
    std::string_view before;
    for (const std::string& reason : reasons_) {
      if (reason != before) text += "\n" + labelled("-", reason);
      before = reason;
    }
    return text + "\nSay what did not work and why, make another plan, and go by it.\n\n" + charge();
  }

  const TeamSettings& settings_;
  Crew& crew_;
  Stop& stop_;
  const std::string manager_;
  Conversation said_;
  Progress progress_;
  const int most_;  // how often work is returned
  SaidBefore returned_;
  std::vector<std::string> reasons_;
  bool planned_ = false;
};

/// A manager divides the work and answers for it; a judge may return it.
class Supervisor final : public Pattern {
 public:
  explicit Supervisor(const TeamSettings& settings) : settings_(settings) {}

  Task<Teamed<TeamAnswer>> run(TeamTask task, Crew& crew, Loop&, Stop& stop) override {
    Supervision work(settings_, std::move(task), crew, stop);
    co_return co_await work.run();
  }

 private:
  const TeamSettings& settings_;
};

}  // namespace

std::unique_ptr<Pattern> make_supervisor(const TeamSettings& settings) {
  return std::make_unique<Supervisor>(settings);
}

}  // namespace troupe::agents
