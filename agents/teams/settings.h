#pragma once

#include "agents/guardrails/settings.h"
#include "agents/people/settings.h"
#include "agents/teams/limits.h"
#include "runtime/base/json.h"
#include "runtime/base/limits.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::agents {

enum class PatternKind {
  sequential,   ///< tasks one after another
  parallel,     ///< tasks, or all members, at once; their results are joined
  supervisor,   ///< a manager delegates, checks and finishes
  handoff,      ///< agents pass the conversation on
  round_robin,  ///< members speak in turn
  selector,     ///< a model or rules pick the next speaker
  debate,       ///< positions, rounds, a judge
  graph,        ///< nodes and edges with conditions
};

/// What a team does when a member's run fails (status failed, limit or denied).
enum class OnFailure {
  fail,        ///< the team's run fails
  skip,        ///< goes on without its result
  retry,       ///< asks it again, `retries` times, then fails
  substitute,  ///< asks another member instead, then fails
};

struct FailurePolicy {
  OnFailure on_failure = OnFailure::fail;
  int retries = 1;         ///< of OnFailure::retry
  std::string substitute;  ///< of OnFailure::substitute: a member
};

/// One task of `sequential` and `parallel`.
struct TaskSettings {
  std::string name;                      ///< "": the agent's, or its number
  std::string agent;                     ///< who does it: an agent, chain or team
  std::string description;               ///< {name} is filled from inputs, {task_name} from results of tasks
  std::string expected_output;           ///< told to the agent
  std::vector<std::string> context;      ///< tasks whose results it reads; without it the one before
  bool context_given = false;            ///< `context:` is written, perhaps as []
  std::string output_file;               ///< below `artifacts`; {name} is filled from inputs
  std::vector<RuleSettings> guardrail;   ///< for its result, beside the agent's own
  std::optional<FailurePolicy> failure;  ///< nothing: the team's
};

/// How results of what ran at once become one.
struct JoinSettings {
  enum class Until { all, any, quorum };
  Until until = Until::all;
  int quorum = 0;
  enum class Reduce {
    concat,  ///< all of them under the names of who gave them
    first,   ///< the one that was there first
    vote,    ///< the one that most gave, compared without case and blanks; a tie: the one written first
  };
  Reduce reduce = Reduce::concat;
  std::string reducer;  ///< a member that makes one of them; "": `reduce`
};

/// When a team stops. A tree: leaves have one of the values set.
struct UntilSettings {
  enum class Kind { any, all, negation, messages, turns, text, time, tokens, cost, speaker };
  Kind kind = Kind::any;
  std::vector<UntilSettings> parts;  ///< any, all, negation (one)
  std::int64_t count = 0;            ///< messages, turns, tokens
  double cost = 0;
  std::chrono::milliseconds time{0};
  std::string text;  ///< text: that a message contains; speaker: who has spoken
};

/// A condition of an edge, on what its node gave and what there is on the blackboard.
struct ConditionSettings {
  enum class Kind { any, all, negation, compare };
  Kind kind = Kind::compare;
  std::vector<ConditionSettings> parts;  ///< any, all, negation (one)
  std::string of;       ///< compare: a node, or "board.NAME"; "": the node the edge comes from
  std::string pointer;  ///< JSON pointer into its data; "": its text (or the whole of its data)
  enum class Test { equals, differs, contains, matches, less, more, in, exists };
  Test test = Test::exists;
  Json value;  ///< to compare with; matches: a regular expression (RE2's common subset, case-sensitive)
};

/// One node of a graph. Exactly one of run, tool and person is set.
struct NodeSettings {
  std::string name;    ///< its key
  std::string run;     ///< an agent, chain or team
  std::string tool;    ///< a tool of `tools:`
  std::string person;  ///< a question for a person
  /// What `run` is asked; {input}, {name} of an input, {node} of a node's text, {item} of `map`. Without it:
  /// the message, and what the nodes before it gave.
  std::string text;
  Json input;       ///< of `tool`; texts in it are filled the same way
  std::string map;  ///< "NODE" or "NODE/pointer": a list; the node runs once for each {item} of it
  std::string output_file;
  std::optional<FailurePolicy> failure;
};

struct EdgeSettings {
  std::string from;
  std::string to;  ///< "end": the graph is done
  std::optional<ConditionSettings> when;
  bool otherwise = false;  ///< taken only where no other edge of its node is
  /// How often it is taken at most; required for one that leads back. 0: limits::kGraphEdgeTimes.
  int most = 0;
};

/// A rule of a selector: the first that applies says who speaks.
struct SpeakerRule {
  std::string after;  ///< applies after this member spoke; "": after any
  std::string match;  ///< and what was said last matches it (a regular expression); "": whatever
  std::string speaker;
};

/// What of the conversation goes along at a handoff.
struct HistorySettings {
  enum class Kind { all, last, none };
  Kind kind = Kind::all;
  int messages = 0;  ///< of `last`: how many, counted from the end
};

/// A topic of notes, or all whose type begins so.
struct TopicPattern {
  std::string type;  ///< with `prefix`: what it begins with, "" for all there are
  bool prefix = false;
  bool operator==(const TopicPattern&) const = default;
};
using TopicsByMember = std::map<std::string, std::vector<TopicPattern>>;

/// What a team's run may use, for the whole tree of runs below it.
struct TeamLimits {
  std::int64_t tokens = 5 * limits::kTokens;  ///< input + output of all of them
  double cost = 0;                            ///< 0 = none
  std::chrono::milliseconds time = limits::kTeamTime;
  int turns = limits::kTeamTurns;        ///< runs of members
  int messages = limits::kTeamMessages;  ///< on its bus
  int parallel = limits::kTeamParallel;  ///< tasks at work at once
  int depth = limits::kTeamDepth;        ///< teams in teams, and delegation in delegation
  int repeats = limits::kRepeats;        ///< the same message from and to the same ones
  int stall = limits::kTeamStall;  ///< turns without progress before there is a new plan, and then the end
  int mailbox = limits::kTeamMailbox;  ///< tasks that wait for one member, and as many notes
};

/// One entry of `teams:`.
struct TeamSettings {
  std::string name;  ///< its key
  std::string description;
  PatternKind pattern = PatternKind::sequential;
  std::vector<std::string> members;  ///< agents, chains and teams; without it those that are named elsewhere
  std::string model;                 ///< of what the team asks itself (selector, judge, manager); ""
  TeamLimits limits;
  FailurePolicy failure;
  std::optional<UntilSettings> until;
  std::map<std::string, std::vector<std::string>> delegate;  ///< who may delegate to whom
  std::map<std::string, std::vector<std::string>> ask;       ///< who may ask whom
  std::map<std::string, std::vector<std::string>> tell;      ///< who may send notes to whom
  TopicsByMember publish;                                    ///< who may send notes to which topics
  TopicsByMember subscriptions;                              ///< who reads which topics
  bool board = false;                                        ///< members have the blackboard's tools

  std::vector<TaskSettings> tasks;  ///< sequential, parallel
  JoinSettings join;                ///< parallel
  std::string manager;              ///< supervisor: a member; "": one made of `model`
  std::string expected_output;      ///< supervisor: what the manager holds results against
  std::string start;                ///< handoff: who begins, "": the first member; graph: a node
  std::map<std::string, std::vector<std::string>> handoffs;  ///< handoff: who to whom; empty: all to all
  HistorySettings history;                                   ///< handoff
  int rounds = 0;                                            ///< round_robin, debate; 0: the pattern's own
  std::string selector;                          ///< selector: a member that picks; "": rules, or `model`
  std::vector<SpeakerRule> rules;                ///< selector
  bool repeat_speaker = false;                   ///< selector: the same one may speak twice in a row
  std::map<std::string, std::string> positions;  ///< debate: by member
  std::string judge;                             ///< debate: a member; "": one made of `model`
  std::map<std::string, NodeSettings> nodes;     ///< graph
  std::vector<EdgeSettings> edges;               ///< graph
  PeopleSettings people;                         ///< graph: how long its own calls wait for a person
};

/// How a pattern is called in YAML.
std::string_view word(PatternKind pattern);

/// Everybody who takes part: `members`, then whoever is named as manager, selector, judge, reducer,
/// substitute, agent of a task or `run` of a node, each once. Those that a team makes of its `model` are not
/// among them.
std::vector<std::string> members_of(const TeamSettings& team);

/// What the tasks are called, in their order: `name`, without it the agent where no other task has that name,
/// else the number, counted from 1.
std::vector<std::string> task_names(const TeamSettings& team);

/// Names that the texts of a task have besides those of inputs and tasks.
inline constexpr std::string_view kTeamInput = "input";  ///< what the run was asked
inline constexpr std::string_view kMapItem = "item";     ///< of a node with `map`: one element of its list
/// The tool that the question of a node is asked with.
inline constexpr std::string_view kPersonTool = "ask_human";
/// Where an edge leads when the graph is done.
inline constexpr std::string_view kGraphEnd = "end";
/// What a condition's `of` begins with when it is about the blackboard.
inline constexpr std::string_view kOfBoard = "board.";

/// A name that a run must bring among its inputs.
struct TeamInput {
  std::string name;
  std::string place;  ///< where it stands first, as in the configuration: "tasks[0].description"
  bool operator==(const TeamInput&) const = default;
};
/// The names in braces that neither a task nor a node is called, each once, in the order of the
/// configuration. Those of teams inside of it are theirs.
std::vector<TeamInput> inputs_of(const TeamSettings& team);

}  // namespace troupe::agents
