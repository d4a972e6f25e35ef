#include "agents/teams/section.h"

#include "agents/teams/failure_keys.h"
#include "agents/teams/names.h"
#include "agents/teams/pattern.h"
#include "agents/teams/pattern_keys.h"
#include "agents/teams/structure.h"
#include "agents/teams/topic_shape.h"
#include "agents/teams/topics.h"
#include "agents/teams/until_shape.h"
#include "runtime/config/choice.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

using config::Check;
using config::Record;
using namespace std::chrono_literals;

constexpr const char* kPatternKey = "pattern";
// What other frameworks call it.
constexpr const char* kPatternElsewhere[] = {"process", "type", "kind", "agent_class", "topology"};

// In the order of their words.
std::vector<PatternKind> pattern_kinds() {
  std::vector<PatternKind> kinds;
  for (const PatternEntry& entry : pattern_entries()) kinds.push_back(entry.kind);
  return kinds;
}

Record<TeamLimits> limits_of_a_run() {
  Record<TeamLimits> limits("What one run of the team may use at most, for the whole tree of runs below it");
  limits.field("tokens", &TeamLimits::tokens, config::integer<std::int64_t>(1, 10'000'000'000),
               "input and output tokens of all of them together");
  limits
      .field("cost", &TeamLimits::cost, config::number(0.000001, 1e6),
             "in the currency of the models' prices; without it no limit")
      .without_default();
  limits.field("time", &TeamLimits::time, config::duration(100ms, 24h),
               "from start to end; waiting for a person does not count");
  limits.field("turns", &TeamLimits::turns, config::integer<int>(1, 10'000), "runs of members");
  limits.field("messages", &TeamLimits::messages, config::integer<int>(1, 100'000), "messages on its bus");
  limits.field("parallel", &TeamLimits::parallel, config::integer<int>(1, 64), "tasks at work at once");
  limits.field("depth", &TeamLimits::depth, config::integer<int>(1, 16),
               "teams in teams, and delegation in delegation");
  limits.field("repeats", &TeamLimits::repeats, config::integer<int>(1, 100),
               "how often the same message goes from and to the same members");
  limits.field("stall", &TeamLimits::stall, config::integer<int>(1, 100),
               "turns without progress before there is a new plan, and then the end");
  limits.field("mailbox", &TeamLimits::mailbox, config::integer<int>(1, 1'000),
               "tasks that wait for one member, and as many notes");
  limits.advise("max_turns", "it is called `turns`");
  limits.advise("max_rounds", "it is `rounds` of the team, or `turns` here");
  limits.advise("steps", "a step is an agent's; a team has `turns`, the runs of its members");
  return limits;
}

std::string any_key(std::string_view) {
  return "";  // that it names a member is held against the whole team
}

void add_common_keys(Record<TeamSettings>& team) {
  team.field("description", &TeamSettings::description,
             config::text({.expected = "a description", .empty_allowed = true}),
             "what it does, for people and for teams that it is a member of");
  team.field("members", &TeamSettings::members, target_names(),
             "agents, chains and teams; whoever another key names is a member, too");
  team.field("model", &TeamSettings::model, config::reference("models", "model"),
             "the name of an entry of `models`, for what the team asks itself: selecting, judging, managing");
}

void add_further_keys(Record<TeamSettings>& team) {
  team.field("limits", &TeamSettings::limits, config::shape(limits_of_a_run()),
             "what one run may use at most");
  add_failure_keys(team);
  team.field("until", &TeamSettings::until, config::maybe(until_shape()),
             "when it stops: `{ messages: 20 }`, or several under `any`, `all` and `not`");
  auto by_member = config::map_of(member_names(), "a map of lists of members", any_key);
  team.field("delegate", &TeamSettings::delegate, by_member, "who may delegate work to whom");
  team.field("ask", &TeamSettings::ask, by_member, "who may ask whom");
  team.field("tell", &TeamSettings::tell, by_member, "who may send notes to whom; nobody answers a note");
  team.field("publish", &TeamSettings::publish, topics_by_member(),
             "who may send notes to which topics; all members read `everybody`");
  team.field("subscriptions", &TeamSettings::subscriptions, topics_by_member(),
             "whose turns begin with the notes to which topics: `[findings, { prefix: alert. }]`");
  team.field("board", &TeamSettings::board, config::boolean(),
             "members share values: they have tools that read and write the team's blackboard");
}

void give_advice(Record<TeamSettings>& team) {
  const std::pair<const char*, const char*> words[] = {
      {"agents", "it is called `members`"},
      {"participants", "it is called `members`"},
      {"sub_agents", "it is called `members`"},
      {"process", "it is called `pattern`"},
      {"type", "it is called `pattern`"},
      {"manager_agent", "it is called `manager`"},
      {"supervisor", "it is called `manager`"},
      {"manager_llm", "it is called `model`"},
      {"llm", "it is called `model`"},
      {"model_client", "it is called `model`"},
      {"max_rounds", "it is called `rounds`"},
      {"max_round", "it is called `rounds`"},
      {"max_iterations", "it is called `rounds`"},
      {"max_turns", "it is `limits: { turns: … }`"},
      {"termination", "it is called `until`"},
      {"termination_condition", "it is called `until`"},
      {"speaker_selection", "it is `pattern: selector`, with `rules`, a `selector` or a `model`"},
      {"speaker_selection_method", "it is `pattern: selector`, with `rules`, a `selector` or a `model`"},
      {"allow_repeated_speaker", "it is called `repeat_speaker`"},
      {"allow_repeat_speaker", "it is called `repeat_speaker`"},
      {"entry_point", "it is called `start`"},
      {"allow_delegation", "it is `delegate: { NAME: [ … ] }`"},
      {"allowed_transitions", "it is `handoffs` (agents decide) or `rules` of `pattern: selector`"},
      {"state", "it is `board: true`"},
      {"topics", "it is `subscriptions` (who reads) and `publish` (who may write)"},
      {"subscribe", "it is called `subscriptions`"},
      {"broadcast", "it is `publish: { NAME: [everybody] }`"},
      {"max_concurrency", "it is `limits: { parallel: … }`"}};
  for (const auto& [key, text] : words) team.advise(key, text);
}

Record<TeamSettings> team_of(PatternKind pattern) {
  const config::Words words = pattern_words();
  const std::string name(word(pattern));
  const auto about = std::ranges::find(words.words, name, &config::Word::word);
  Record<TeamSettings> team("A team: " + about->about);
  team.field(kPatternKey, &TeamSettings::pattern, config::one_of<PatternKind>(words, pattern_kinds()),
             "how its members work together");
  add_common_keys(team);
  add_pattern_keys(pattern, team);
  add_further_keys(team);
  team.check([](const TeamSettings& settings, Check& check) {
    const std::vector<TeamProblem> problems = structure_problems(settings);
    for (const TeamProblem& problem : problems) check.error(problem.key, problem.text);
    if (!problems.empty()) return;
    for (const TeamProblem& doubt : topic_warnings(settings)) check.warning(doubt.key, doubt.text);
  });
  return team;
}

/// A team, whose keys depend on its pattern.
class TeamShape final : public config::Shape<TeamSettings> {
 public:
  TeamShape() {
    for (PatternKind pattern : pattern_kinds()) teams_.emplace_back(pattern, team_of(pattern));
    explain_keys();
    for (auto& [pattern, team] : teams_) give_advice(team);
  }

  void read(const config::Node& node, TeamSettings& value, config::Reader& reader) const override {
    if (node.kind != config::Node::Kind::map) return reader.wrong_kind(node, "a map with `pattern`");
    const config::Member* deciding = node.find(kPatternKey);
    if (!deciding) return report_missing(node, reader);
    const std::size_t errors = reader.errors();
    {
      config::Reader::Inside inside(reader, kPatternKey);
      pattern_->read(deciding->value, value.pattern, reader);
    }
    if (reader.errors() == errors) record_of(value.pattern).read(node, value, reader);
  }

  Json show(const TeamSettings& value) const override { return record_of(value.pattern).show(value); }

  Json schema() const override {
    std::vector<Json> kinds;
    for (const auto& [pattern, team] : teams_) kinds.push_back(team.schema());
    return config::choice_schema(kPatternKey, pattern_words(), "", false, std::move(kinds));
  }

 private:
  // Keys of other patterns are not unknown, only out of place.
  void explain_keys() {
    for (auto& [pattern, team] : teams_)
      for (const auto& [other, further] : teams_)
        for (const config::Key& key : further.keys().known) {
          const auto& own = team.keys().known;
          if (std::ranges::find(own, key.name, &config::Key::name) == own.end())
            team.advise(key.name, fmt::format("it belongs to {}", patterns_with(key.name)));
        }
  }

  std::string patterns_with(const std::string& key) const {
    std::string text;
    for (const auto& [pattern, team] : teams_) {
      const auto& own = team.keys().known;
      if (std::ranges::find(own, key, &config::Key::name) == own.end()) continue;
      text += fmt::format("{}`pattern: {}`", text.empty() ? "" : " and ", word(pattern));
    }
    return text;
  }

  void report_missing(const config::Node& node, config::Reader& reader) const {
    for (const char* elsewhere : kPatternElsewhere)
      if (const config::Member* member = node.find(elsewhere))
        return reader.raw_error(
            member->place, fmt::format("unknown key `{}` in {}; it is called `pattern`, one of {}", elsewhere,
                                       reader.where(), config::enumerate(pattern_words().names())));
    reader.error(node.place, fmt::format("`pattern` is missing; it is one of {}",
                                         config::enumerate(pattern_words().names())));
  }

  const Record<TeamSettings>& record_of(PatternKind pattern) const {
    return std::ranges::find(teams_, pattern, &std::pair<PatternKind, Record<TeamSettings>>::first)->second;
  }

  config::ShapePtr<PatternKind> pattern_ = config::one_of<PatternKind>(pattern_words(), pattern_kinds());
  std::vector<std::pair<PatternKind, Record<TeamSettings>>> teams_;
};

}  // namespace

config::ShapePtr<config::Entries<TeamSettings>> teams_section() {
  // Built once: a declaration is constant, and this one is large.
  static const auto section =
      config::entries_of<TeamSettings>(std::make_shared<TeamShape>(), &TeamSettings::name, "team", "targets");
  return section;
}

}  // namespace troupe::agents
