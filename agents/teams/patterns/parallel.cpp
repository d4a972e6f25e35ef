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

/// One fan-out and its join. Where it matters who was first, that is decided as they come: a process that
/// finds such decisions counts those first, and asks for the others only when that is not enough.
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
    // Those that are only a substitute or the reducer are members as well, and are not asked here.
    if (names_.empty())
      for (const std::string& member : settings.members)
        if (member != settings.join.reducer) names_.push_back(member);
    results_.resize(names_.size());
  }

  Task<Teamed<TeamAnswer>> run(Stop& stop) {
    auto counted = co_await join(stop);
    if (!counted) co_return std::unexpected(std::move(counted.error()));
    for (std::size_t i = 0; i < tasks_.size(); ++i) {
      if (std::ranges::find(*counted, i) == counted->end()) continue;
      tasks_.keep(i, *results_[i]);
      auto written = co_await tasks_.write(i);
      if (!written) co_return std::unexpected(std::move(written.error()));
    }
    co_return co_await reduce(std::move(*counted), stop);
  }

 private:
  // The numbers of those that count, the first that was there first.
  Task<Teamed<std::vector<std::size_t>>> join(Stop& stop) {
    const auto before = earlier();
    std::vector<std::size_t> others;
    for (std::size_t i = 0; i < names_.size(); ++i)
      if (std::ranges::find(before, i) == before.end()) others.push_back(i);

    JoinCount count(settings_.join, names_.size());
    Stop together(stop);
    co_await work(before, count, false, together);
    for (const std::size_t which : before) settle(which, count);
    if (!end_ && count.state() == JoinCount::State::waiting) co_await work(others, count, true, together);

    if (stop.requested()) co_return std::unexpected(team_cancelled());
    if (end_) co_return std::unexpected(std::move(*end_));
    if (count.state() == JoinCount::State::enough) co_return count.there();
    co_return std::unexpected(
        TeamEnd{.status = "failed", .reason = std::string(kMemberFailed), .detail = "join: " + count.why()});
  }

  // Has all of them done; counts each as it comes, or leaves that to the caller.
  Task<> work(const std::vector<std::size_t>& wanted, JoinCount& count, bool counts, Stop& together) {
    Nursery nursery(loop_);
    for (const std::size_t which : wanted)
      nursery.spawn("a task of a team", [&, which]() -> Task<> {
        co_await slots_.take();
        if (!together.requested()) {
          results_[which] = co_await ask(which, together);
          if (counts && !together.requested()) settle(which, count);
          if (end_ || count.state() != JoinCount::State::waiting) together.request(StopReason::cancelled);
        }
        slots_.give_back();
      });
    co_await nursery.join();
  }

  void settle(std::size_t which, JoinCount& count) {
    auto& result = results_[which];
    if (result && *result) {
      count.succeeded(which);
      const std::string key = fmt::format("join.{}", count.there().size());
      if (order_matters() && !crew_.decided(key)) crew_.decide(key, which);
    } else if (result) {
      count.skipped();
    } else if (result.error().reason == kMemberFailed) {
      count.failed(result.error().detail);
    } else if (!end_) {
      end_ = result.error();
    }
  }

  bool order_matters() const {
    return settings_.join.until != JoinSettings::Until::all ||
           settings_.join.reduce == JoinSettings::Reduce::first;
  }

  // Those that an earlier process counted, in that order.
  std::vector<std::size_t> earlier() const {
    std::vector<std::size_t> which;
    for (std::size_t i = 0; i < names_.size(); ++i) {
      const auto decided = crew_.decided(fmt::format("join.{}", i + 1));
      if (!decided || !decided->is_number_unsigned() || decided->get<std::size_t>() >= names_.size()) break;
      which.push_back(decided->get<std::size_t>());
    }
    return which;
  }

  Task<Teamed<std::optional<Reply>>> ask(std::size_t which, Stop& stop) {
    if (tasks_.size() > 0) return tasks_.perform(which, {}, true, stop);
    Ask ask{.key = fmt::format("member.{}", which + 1),
            .to = names_[which],
            .text = task_text({.message = task_.text})};
    return ask_by_policy(crew_, std::move(ask), settings_.failure, stop);
  }

  Task<Teamed<TeamAnswer>> reduce(std::vector<std::size_t> counted, Stop& stop) {
    const Reply& first = **results_[counted.front()];
    std::ranges::sort(counted);
    std::vector<NamedReply> given;
    for (const std::size_t which : counted) given.emplace_back(names_[which], **results_[which]);
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
  std::vector<Teamed<std::optional<Reply>>> results_;
  std::optional<TeamEnd> end_;  // what no join changes
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
