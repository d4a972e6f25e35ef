#include "agents/runs/slots.h"
#include "agents/teams/patterns/factories.h"
#include "agents/teams/patterns/failure.h"
#include "agents/teams/patterns/join.h"
#include "agents/teams/patterns/task_list.h"
#include "runtime/async/nursery.h"

#include <algorithm>
#include <functional>
#include <utility>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

constexpr const char* kJoined = "join";

/// One fan-out and its join. Which results count is decided once: a process that finds the decision asks for
/// those alone, which are all recorded.
class FanOut {
 public:
  FanOut(const TeamSettings& settings, TeamTask task, Crew& crew, Loop& loop)
      : settings_(settings),
        task_(std::move(task)),
        crew_(crew),
        loop_(loop),
        tasks_(settings, task_, crew),
        slots_(loop, static_cast<std::size_t>(std::max(settings.limits.parallel, 1))) {
    for (std::size_t i = 0; i < tasks_.size(); ++i) names_.push_back(tasks_.name(i));
    if (names_.empty())
      for (const MemberView& member : crew.members())
        if (member.name != settings.join.reducer) names_.push_back(member.name);
    replies_.resize(names_.size());
  }

  Task<Teamed<TeamAnswer>> run(Stop& stop) {
    auto counted = co_await join(stop);
    if (!counted) co_return std::unexpected(std::move(counted.error()));
    for (std::size_t i = 0; i < tasks_.size(); ++i) {
      if (std::ranges::find(*counted, i) == counted->end()) continue;
      tasks_.keep(i, replies_[i]);
      auto written = co_await tasks_.write(i);
      if (!written) co_return std::unexpected(std::move(written.error()));
    }
    co_return co_await reduce(std::move(*counted), stop);
  }

 private:
  // The numbers of those that count, the first that was there first.
  Task<Teamed<std::vector<std::size_t>>> join(Stop& stop) {
    const auto before = earlier();
    std::vector<std::size_t> wanted = before;
    if (before.empty())
      for (std::size_t i = 0; i < names_.size(); ++i) wanted.push_back(i);

    const JoinSettings every{.until = JoinSettings::Until::all};
    JoinCount count(before.empty() ? settings_.join : every, wanted.size());
    std::optional<TeamEnd> end;
    Stop together(stop);
    Nursery nursery(loop_);
    for (const std::size_t which : wanted)
      nursery.spawn("a task of a team", [&, which] { return work(which, count, end, together); });
    co_await nursery.join();

    if (stop.requested()) co_return std::unexpected(team_cancelled());
    if (end) co_return std::unexpected(std::move(*end));
    if (count.state() != JoinCount::State::enough)
      co_return std::unexpected(TeamEnd{
          .status = "failed", .reason = std::string(kMemberFailed), .detail = "join: " + count.why()});
    if (!before.empty()) co_return before;
    crew_.decide(kJoined, count.there());
    co_return count.there();
  }

  Task<> work(std::size_t which, JoinCount& count, std::optional<TeamEnd>& end, Stop& together) {
    co_await slots_.take();
    if (!together.requested()) {
      auto reply = co_await ask(which, together);
      if (reply && *reply) {
        replies_[which] = std::move(*reply);
        count.succeeded(which);
      } else if (reply) {
        count.skipped(which);
      } else if (reply.error().reason == kMemberFailed) {
        count.failed(which, std::move(reply.error().detail));
      } else if (!end && !together.requested()) {
        end = std::move(reply.error());
      }
      if (end || count.state() != JoinCount::State::waiting) together.request(StopReason::cancelled);
    }
    slots_.give_back();
  }

  Task<Teamed<std::optional<Reply>>> ask(std::size_t which, Stop& stop) {
    if (tasks_.size() > 0) return tasks_.perform(which, {}, true, stop);
    Ask ask{.key = fmt::format("member.{}", which + 1),
            .to = names_[which],
            .text = task_text({.message = task_.text})};
    return ask_by_policy(crew_, std::move(ask), settings_.failure, stop);
  }

  std::vector<std::size_t> earlier() const {
    const auto decided = crew_.decided(kJoined);
    std::vector<std::size_t> which;
    if (decided && decided->is_array())
      for (const Json& number : *decided)
        if (number.is_number_unsigned() && number.get<std::size_t>() < names_.size())
          which.push_back(number.get<std::size_t>());
    return which;
  }

  Task<Teamed<TeamAnswer>> reduce(std::vector<std::size_t> counted, Stop& stop) {
    const Reply& first = *replies_[counted.front()];
    std::ranges::sort(counted);
    std::vector<NamedReply> given;
    for (const std::size_t which : counted) given.emplace_back(names_[which], *replies_[which]);
    if (!settings_.join.reducer.empty()) {
      auto reply = co_await ask_reducer(given, stop);
      if (!reply) co_return std::unexpected(std::move(reply.error()));
      if (*reply) co_return answer_of(**reply);
    }
    switch (settings_.join.reduce) {
      case JoinSettings::Reduce::first:
        co_return answer_of(first);
      case JoinSettings::Reduce::vote:
        co_return most_given(given);
      case JoinSettings::Reduce::concat:
        break;
    }
    co_return concatenated(given);
  }

  Task<Teamed<std::optional<Reply>>> ask_reducer(const std::vector<NamedReply>& given, Stop& stop) {
    TaskText text{.task = "Make one answer of the results below. Where they contradict each other, say so.",
                  .message = task_.text};
    for (const auto& [name, reply] : given)
      text.results.push_back({.of = fmt::format("`{}`", name), .by = reply.from, .text = reply.text});
    Ask ask{.key = "reduce", .to = settings_.join.reducer, .text = task_text(text)};
    return ask_by_policy(crew_, std::move(ask), settings_.failure, stop);
  }

  const TeamSettings& settings_;
  const TeamTask task_;
  Crew& crew_;
  Loop& loop_;
  TaskList tasks_;
  Slots slots_;
  std::vector<std::string> names_;
  std::vector<std::optional<Reply>> replies_;
};

class Parallel final : public Pattern {
 public:
  explicit Parallel(const TeamSettings& settings) : settings_(settings) {}

  Task<Teamed<TeamAnswer>> run(TeamTask task, Crew& crew, Loop& loop, Stop& stop) override {
    FanOut fan_out(settings_, std::move(task), crew, loop);
    co_return co_await fan_out.run(stop);
  }

 private:
  const TeamSettings& settings_;
};

}  // namespace

std::unique_ptr<Pattern> make_parallel(const TeamSettings& settings) {
  return std::make_unique<Parallel>(settings);
}

}  // namespace troupe::agents
