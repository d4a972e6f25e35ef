#include "agents/teams/conversation/answer.h"
#include "agents/teams/conversation/conversation.h"
#include "agents/teams/conversation/limits.h"
#include "agents/teams/conversation/progress.h"
#include "agents/teams/conversation/until.h"
#include "agents/teams/patterns/factories.h"
#include "agents/teams/patterns/turn.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace troupe::agents {

namespace {

/// Why the conversation is with whom it is.
struct Passed {
  std::string from;     // who handed it over; "": nobody
  std::string closing;  // what who has it now is told
  std::string remark;   // what others are told of it later
};

/// One conversation on its way through a team.
class HandoffTalk {
 public:
  HandoffTalk(const TeamSettings& settings, TeamTask task, Crew& crew, Stop& stop)
      : settings_(settings),
        crew_(crew),
        stop_(stop),
        said_(std::move(task.text)),
        progress_(settings.limits),
        holder_(first(task.resume_with)) {}

  Task<Teamed<TeamAnswer>> run() {
    if (holder_.empty())
      co_return std::unexpected(
          TeamEnd{.status = "failed", .reason = "no_member", .detail = "the team has no members"});
    while (turn_ < settings_.limits.turns) {
      auto end = co_await take();
      if (!end) co_return std::unexpected(std::move(end.error()));
      if (*end) co_return std::move(**end);
    }
    co_return stopped_at("max_turns", fmt::format("{} turns were taken", turn_), said_);
  }

 private:
  using Step = Teamed<std::optional<TeamAnswer>>;

  bool member(std::string_view name) const {
    const auto& members = crew_.members();
    return std::ranges::find(members, name, &MemberView::name) != members.end();
  }

  std::string first(const std::string& resume_with) const {
    if (member(resume_with)) return resume_with;
    if (member(settings_.start)) return settings_.start;
    return crew_.members().empty() ? "" : crew_.members().front().name;
  }

  Task<Step> take() {
    Listener listener = listener_of(crew_, holder_);
    listener.history = settings_.history;
    Ask ask{.key = fmt::format("turn.{}", ++turn_),
            .to = holder_,
            .text = said_.told_to(listener, passed_.closing)};
    auto reply = co_await take_turn(crew_, std::move(ask), stop_);
    if (!reply) co_return step(ended_by(std::move(reply.error()), said_));
    if (!passed_.remark.empty()) said_.remark(std::exchange(passed_.remark, ""));
    if (*reply && (!(*reply)->text.empty() || !(*reply)->handoff))
      said_.said(**reply);
    else if (*reply)
      said_.heard((*reply)->from, said_.all().size());
    if (*reply && !(*reply)->handoff) co_return answer_of(**reply);
    if (auto held = held_until(crew_, fmt::format("until.{}", turn_), said_)) co_return ended(*held);
    co_return *reply ? after(**reply) : back_to_sender();
  }

  static TeamAnswer answer_of(const Reply& reply) {
    return {.text = reply.text, .data = reply.data, .citations = reply.citations, .by = reply.from};
  }

  TeamAnswer ended(const Held& held) const {
    TeamAnswer answer = agents::answer_of(said_, held);
    if (answer.by.empty()) answer.by = holder_;
    return answer;
  }

  // Whom it was handed to could not take it.
  Step back_to_sender() {
    if (passed_.from.empty())
      return std::unexpected(TeamEnd{.status = "failed",
                                     .reason = "no_answer",
                                     .detail = fmt::format("{}, who had the conversation, failed", holder_)});
    const std::string failed = std::exchange(holder_, passed_.from);
    passed_ = {.closing =
                   fmt::format("{} could not take the conversation. Go on yourself, or hand it over to "
                               "somebody else.",
                               failed)};
    return pace(failed, "", true);
  }

  Step after(const Reply& reply) {
    holder_ = reply.from;  // a substitute has it now
    const Handoff& handoff = *reply.handoff;
    const std::vector<std::string> allowed = allowed_from(holder_);
    const std::string what = fmt::format("{}\nto {}: {}", reply.text, handoff.to, handoff.reason);
    if (std::ranges::find(allowed, handoff.to) == allowed.end()) {
      refuse(handoff, allowed);
      return pace(reply.from, what, false);
    }
    const bool back = handoff.to == passed_.from && reply.text.empty();
    wordless_ = back ? wordless_ + 1 : 0;
    pass_on(reply.from, handoff);
    if (settings_.limits.repeats > 0 && wordless_ >= 2 * settings_.limits.repeats)
      return stopped("repeated_message", fmt::format("{} and {} hand the conversation to each other and say "
                                                     "nothing",
                                                     reply.from, handoff.to));
    return pace(reply.from, what, false);
  }

  std::vector<std::string> allowed_from(const std::string& name) const {
    std::vector<std::string> allowed;
    const auto listed = settings_.handoffs.find(name);
    for (const MemberView& other : crew_.members()) {
      if (other.name == name) continue;
      if (settings_.handoffs.empty() ||
          (listed != settings_.handoffs.end() &&
           std::ranges::find(listed->second, other.name) != listed->second.end()))
        allowed.push_back(other.name);
    }
    return allowed;
  }

  void refuse(const Handoff& handoff, const std::vector<std::string>& allowed) {
    crew_.warn(fmt::format("turn.{}.refused", turn_), "handoff_refused",
               fmt::format("{} may not hand over to `{}`", holder_,
                           text_beginning(handoff.to, limits::kReplyShown)));
    passed_.closing =
        labelled("You cannot hand the conversation over to", text_beginning(handoff.to, limits::kReplyShown));
    passed_.closing += allowed.empty() ? "\nYou may hand it over to nobody. Answer yourself."
                                       : fmt::format("\nYou may hand it over to: {}. Or answer yourself.",
                                                     fmt::join(allowed, ", "));
  }

  void pass_on(const std::string& from, const Handoff& handoff) {
    crew_.handed_over(fmt::format("turn.{}.handoff", turn_), from, handoff);
    const std::string reason = text_beginning(handoff.reason, limits::kReasonBytes);
    passed_ = {.from = from,
               .closing = labelled(from + " handed the conversation over to you", reason),
               .remark = fmt::format("{} handed the conversation over to {}: {}", from, handoff.to, reason)};
    holder_ = handoff.to;
  }

  Step pace(const std::string& from, std::string_view what, bool again) {
    const int stall = settings_.limits.stall;
    switch (progress_.turn(from, what, again)) {
      case Pace::moving:
        break;
      case Pace::new_plan:
        crew_.warn(fmt::format("turn.{}.new_plan", turn_), "new_plan",
                   fmt::format("{} turns in a row brought nothing new; {} is told", stall, holder_));
        passed_.closing +=
            "\nThe conversation goes from one to the next and brings nothing new. Answer with what "
            "there is, or say what is missing.";
        break;
      case Pace::stalled:
        return stopped("stalled",
                       fmt::format("{} turns in a row brought nothing new, also after it was said", stall));
      case Pace::repeating:
        return stopped("repeated_message",
                       "two members hand the conversation to each other with the same words");
    }
    return std::nullopt;
  }

  Step stopped(std::string reason, std::string detail) const {
    return step(stopped_at(std::move(reason), std::move(detail), said_));
  }

  static Step step(Teamed<TeamAnswer> end) {
    if (!end) return std::unexpected(std::move(end.error()));
    return std::move(*end);
  }

  const TeamSettings& settings_;
  Crew& crew_;
  Stop& stop_;
  Conversation said_;
  Progress progress_;
  std::string holder_;  // who has the conversation
  Passed passed_;
  int turn_ = 0;
  int wordless_ = 0;  // handoffs in a row that went straight back without a text
};

/// Who has the conversation answers, or hands it over to another.
class HandoffPattern final : public Pattern {
 public:
  explicit HandoffPattern(const TeamSettings& settings) : settings_(settings) {}

  Task<Teamed<TeamAnswer>> run(TeamTask task, Crew& crew, Loop&, Stop& stop) override {
    HandoffTalk talk(settings_, std::move(task), crew, stop);
    co_return co_await talk.run();
  }

 private:
  const TeamSettings& settings_;
};

}  // namespace

std::unique_ptr<Pattern> make_handoff(const TeamSettings& settings) {
  return std::make_unique<HandoffPattern>(settings);
}

}  // namespace troupe::agents
