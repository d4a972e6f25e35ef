#include "agents/teams/structure.h"

#include "agents/teams/topics.h"
#include "runtime/base/suggest.h"
#include "runtime/config/text_check.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

class Structure {
 public:
  explicit Structure(const TeamSettings& team) : team_(team), everybody_(members_of(team)) {}

  std::vector<TeamProblem> problems() {
    twice(team_.members, "members");
    if (everybody_.size() > limits::kTeamMembers)
      report("members", fmt::format("there are {} with those that other keys name; a team has at most {}",
                                    everybody_.size(), limits::kTeamMembers));
    check_pattern();
    named(team_.delegate, "delegate");
    named(team_.ask, "ask");
    named(team_.tell, "tell");
    check_topics(team_, problems_);
    if (team_.until) check_until(*team_.until, "until");
    check_tasks(team_, problems_);
    if (team_.pattern == PatternKind::graph) check_graph(team_, problems_);
    return std::move(problems_);
  }

 private:
  void report(std::string key, std::string text) { problems_.push_back({std::move(key), std::move(text)}); }

  void twice(const std::vector<std::string>& names, const std::string& key) {
    std::set<std::string> seen;
    for (std::size_t i = 0; i < names.size(); ++i)
      if (!seen.insert(names[i]).second)
        report(fmt::format("{}[{}]", key, i), fmt::format("`{}` is listed twice", names[i]));
  }

  void member(const std::string& name, const std::string& key, const std::vector<std::string>& among) {
    if (name.empty() || std::ranges::find(among, name) != among.end()) return;
    std::string hint = did_you_mean(name, among);
    if (hint.empty() && !among.empty()) hint = "; there is " + config::enumerate(among);
    report(key, fmt::format("`{}` is no member of this team{}", config::clip(name), hint));
  }

  void named(const std::map<std::string, std::vector<std::string>>& by_member, const std::string& key) {
    for (const auto& [name, others] : by_member) {
      const std::string place = fmt::format("{}.{}", key, name);
      member(name, place, everybody_);
      twice(others, place);
      for (std::size_t i = 0; i < others.size(); ++i) {
        const std::string at = fmt::format("{}[{}]", place, i);
        member(others[i], at, everybody_);
        if (others[i] == name) report(at, fmt::format("`{}` stands there for itself", name));
      }
    }
  }

  void at_least(std::size_t count, const char* why) {
    if (team_.members.size() >= count) return;
    report("members", fmt::format("`pattern: {}` needs at least {} member{}{}", word(team_.pattern), count,
                                  count == 1 ? "" : "s", why));
  }

  void needs_model(const std::string& who, const char* key, const char* does) {
    if (!who.empty() || !team_.model.empty()) return;
    report("", fmt::format("needs a `{}`, a member that {}, or a `model` that one is made of", key, does));
  }

  void check_pattern() {
    switch (team_.pattern) {
      case PatternKind::sequential:
      case PatternKind::graph:
        return;
      case PatternKind::parallel:
        return check_parallel();
      case PatternKind::supervisor:
        at_least(1, ", to whom the manager delegates");
        needs_model(team_.manager, "manager", "delegates, checks and finishes");
        if (std::ranges::find(team_.members, team_.manager) != team_.members.end())
          report("manager",
                 fmt::format("`{}` would delegate to itself; take it out of `members`", team_.manager));
        return;
      case PatternKind::handoff:
        at_least(2, ", or there is nobody to hand over to");
        member(team_.start, "start", team_.members);
        return named(team_.handoffs, "handoffs");
      case PatternKind::round_robin:
        return at_least(1, "");
      case PatternKind::selector:
        return check_selector();
      case PatternKind::debate:
        return check_debate();
    }
  }

  void check_parallel() {
    const std::size_t count = team_.tasks.empty() ? team_.members.size() : team_.tasks.size();
    if (count == 0) return report("", "needs `tasks`, or `members` that are all asked the same");
    if (team_.join.until == JoinSettings::Until::quorum &&
        static_cast<std::size_t>(team_.join.quorum) > count)
      report("join.quorum", fmt::format("{} results are waited for, and only {} {}", team_.join.quorum, count,
                                        team_.tasks.empty() ? "members are asked" : "tasks run"));
  }

  void check_selector() {
    at_least(2, ", or there is nothing to select");
    for (std::size_t i = 0; i < team_.rules.size(); ++i) {
      member(team_.rules[i].after, fmt::format("rules[{}].after", i), team_.members);
      member(team_.rules[i].speaker, fmt::format("rules[{}].speaker", i), team_.members);
    }
    if (team_.rules.empty()) needs_model(team_.selector, "selector", "says who speaks next");
  }

  void check_debate() {
    at_least(2, ", or there is nobody to debate with");
    needs_model(team_.judge, "judge", "decides");
    if (std::ranges::find(team_.members, team_.judge) != team_.members.end())
      report("judge", fmt::format("`{}` would judge itself; take it out of `members`", team_.judge));
    for (const auto& [name, position] : team_.positions) member(name, "positions." + name, team_.members);
  }

  void check_until(const UntilSettings& until, const std::string& key) {
    if (until.kind == UntilSettings::Kind::speaker) return member(until.text, key + ".speaker", everybody_);
    if (until.kind == UntilSettings::Kind::negation && !until.parts.empty())
      return check_until(until.parts.front(), key + ".not");
    const char* name = until.kind == UntilSettings::Kind::any ? "any" : "all";
    for (std::size_t i = 0; i < until.parts.size(); ++i)
      check_until(until.parts[i], fmt::format("{}.{}[{}]", key, name, i));
  }

  const TeamSettings& team_;
  std::vector<std::string> everybody_;
  std::vector<TeamProblem> problems_;
};

}  // namespace

std::vector<TeamProblem> structure_problems(const TeamSettings& team) {
  return Structure(team).problems();
}

}  // namespace troupe::agents
