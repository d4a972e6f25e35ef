#pragma once

#include "agents/teams/settings.h"
#include "agents/teams/structure.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

/// What a team's configuration says about notes: who publishes what, and who reads it. Pure.
namespace troupe::agents {

/// The topic that every member reads, whether it subscribes or not.
inline constexpr std::string_view kEverybody = "everybody";

/// What is wrong with the type of a topic, or "". It is made of the characters that AutoGen's are, and of
/// letters of any script.
std::string topic_problem(std::string_view type);

bool takes(const TopicPattern& pattern, std::string_view type);
bool takes(const std::vector<TopicPattern>& patterns, std::string_view type);

/// "`findings`", or "whatever begins with `alert.`".
std::string shown(const TopicPattern& pattern);

/// Some member may send notes.
bool has_notes(const TeamSettings& team);
/// Members that read notes to topics, and which; in the order of their names.
std::map<std::string, std::vector<TopicPattern>> topics_read(const TeamSettings& team);
/// Members that read what `from` publishes on a topic; in the order of their names.
std::vector<std::string> readers_of(const TeamSettings& team, std::string_view type, std::string_view from);

/// Members that are none, topics that are listed twice.
void check_topics(const TeamSettings& team, std::vector<TeamProblem>& problems);
/// Topics that nobody reads, and subscriptions to what nobody publishes.
std::vector<TeamProblem> topic_warnings(const TeamSettings& team);

}  // namespace troupe::agents
