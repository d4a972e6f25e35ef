#include "agents/teams/pattern_keys.h"

#include "agents/teams/graph_shape.h"
#include "agents/teams/names.h"
#include "agents/teams/pattern.h"
#include "agents/teams/task_shape.h"
#include "agents/teams/word_shapes.h"
#include "runtime/config/collections.h"

namespace troupe::agents {

namespace {

using config::Record;

constexpr int kRoundsMax = 1'000;
constexpr std::size_t kSpeakerRules = 64;
constexpr std::size_t kPositionBytes = 16'384;

config::ShapePtr<std::string> prose(const char* expected) {
  return config::text({.expected = expected});
}

std::string any_key(std::string_view) {
  return "";  // that it names a member is held against the whole team
}

void add_rounds(Record<TeamSettings>& team, const char* about) {
  team.field("rounds", &TeamSettings::rounds, config::integer<int>(1, kRoundsMax), about).without_default();
}

Record<SpeakerRule> speaker_rule() {
  Record<SpeakerRule> rule("A rule for who speaks next; the first that applies decides");
  rule.field("after", &SpeakerRule::after, member_name(),
             "applies after this member spoke; without it after any");
  rule.field("match", &SpeakerRule::match, regular_expression(),
             "and when what was said last matches; without it whatever was said");
  rule.field("speaker", &SpeakerRule::speaker, member_name(), "the member that speaks then").required();
  rule.advise("when", "it is called `match`: a regular expression");
  rule.advise("next", "it is called `speaker`");
  rule.advise("to", "it is called `speaker`");
  rule.advise("from", "it is called `after`");
  return rule;
}

void add_supervisor_keys(Record<TeamSettings>& team) {
  team.field("manager", &TeamSettings::manager, target_name(),
             "the agent that delegates, checks and finishes; without it one is made of `model`");
  team.field("expected_output", &TeamSettings::expected_output, prose("what is expected"),
             "what the manager holds results against");
}

void add_handoff_keys(Record<TeamSettings>& team) {
  team.field("start", &TeamSettings::start, member_name(), "who begins; without it the first of `members`");
  team.field("handoffs", &TeamSettings::handoffs,
             config::map_of(member_names(), "a map of lists of members", any_key),
             "who may hand over to whom; without it everybody to everybody");
  team.field("history", &TeamSettings::history, history_shape(),
             "what of the conversation goes along: `all`, `none`, or `{ last: 4 }`");
}

void add_selector_keys(Record<TeamSettings>& team) {
  team.field("selector", &TeamSettings::selector, target_name(),
             "a member that says who speaks next; without it `rules`, then `model`");
  team.field("rules", &TeamSettings::rules,
             config::list_of(config::shape(speaker_rule()), "a list of rules", kSpeakerRules),
             "who speaks next, without a model");
  team.field("repeat_speaker", &TeamSettings::repeat_speaker, config::boolean(),
             "the same member may speak twice in a row");
}

void add_debate_keys(Record<TeamSettings>& team) {
  team.field("positions", &TeamSettings::positions,
             config::map_of(config::text({.expected = "a position", .bytes_max = kPositionBytes}),
                            "a map of positions by member", any_key),
             "what a member argues for");
  add_rounds(team, "how often everybody speaks before the judge does");
  team.field("judge", &TeamSettings::judge, target_name(), "who decides; without it one is made of `model`");
}

}  // namespace

config::Words pattern_words() {
  config::Words words;
  for (const PatternEntry& entry : pattern_entries())
    words.words.push_back({std::string(entry.name), std::string(entry.about)});
  return words;
}

void add_pattern_keys(PatternKind pattern, Record<TeamSettings>& team) {
  switch (pattern) {
    case PatternKind::sequential:
      team.field("tasks", &TeamSettings::tasks, tasks_shape(), "what is done, in this order").required();
      return;
    case PatternKind::parallel:
      team.field("tasks", &TeamSettings::tasks, parallel_tasks_shape(),
                 "what is done at once; without it all `members` are asked the same");
      return add_join_keys(team);
    case PatternKind::supervisor:
      return add_supervisor_keys(team);
    case PatternKind::handoff:
      return add_handoff_keys(team);
    case PatternKind::round_robin:
      return add_rounds(team, "how often everybody speaks, at most");
    case PatternKind::selector:
      return add_selector_keys(team);
    case PatternKind::debate:
      return add_debate_keys(team);
    case PatternKind::graph:
      return add_graph_keys(team);
  }
}

}  // namespace troupe::agents
