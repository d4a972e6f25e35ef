#include "agents/teams/topics.h"

#include "runtime/base/suggest.h"
#include "runtime/config/text_check.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

constexpr std::string_view kMarks = "_-.:=";

bool of_a_topic(char c) {
  const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  return letter || kMarks.contains(c) || static_cast<unsigned char>(c) >= 0x80;
}

// There are topics that both take.
bool overlap(const TopicPattern& a, const TopicPattern& b) {
  if (a.prefix && b.prefix) return a.type.starts_with(b.type) || b.type.starts_with(a.type);
  return a.prefix ? takes(a, b.type) : takes(b, a.type);
}

bool overlap(const std::vector<TopicPattern>& all, const TopicPattern& one) {
  return std::ranges::any_of(all, [&](const TopicPattern& other) { return overlap(other, one); });
}

template <class Found>
void each_topic(const TopicsByMember& by_member, Found found) {
  for (const auto& [name, topics] : by_member)
    for (std::size_t i = 0; i < topics.size(); ++i) found(name, topics, i);
}

void check_key(const TopicsByMember& by_member, const std::string& key,
               const std::vector<std::string>& members, std::vector<TeamProblem>& problems) {
  for (const auto& [name, topics] : by_member) {
    const std::string place = fmt::format("{}.{}", key, name);
    if (std::ranges::find(members, name) == members.end()) {
      std::string hint = did_you_mean(name, members);
      if (hint.empty() && !members.empty()) hint = "; there is " + config::enumerate(members);
      problems.push_back({place, fmt::format("`{}` is no member of this team{}", config::clip(name), hint)});
    }
    if (topics.empty())
      problems.push_back({place, "names no topic; write at least one, or leave the member out"});
  }
  each_topic(by_member, [&](const std::string& name, const auto& topics, std::size_t i) {
    if (std::find(topics.begin(), topics.begin() + static_cast<std::ptrdiff_t>(i), topics[i]) !=
        topics.begin() + static_cast<std::ptrdiff_t>(i))
      problems.push_back(
          {fmt::format("{}.{}[{}]", key, name, i), fmt::format("{} is listed twice", shown(topics[i]))});
  });
}

}  // namespace

std::string topic_problem(std::string_view type) {
  if (std::ranges::all_of(type, of_a_topic)) return "";
  return fmt::format("a topic is letters, digits and any of `{}`, such as `market.findings`", kMarks);
}

bool takes(const TopicPattern& pattern, std::string_view type) {
  return pattern.prefix ? type.starts_with(pattern.type) : type == pattern.type;
}

bool takes(const std::vector<TopicPattern>& patterns, std::string_view type) {
  return std::ranges::any_of(patterns, [type](const TopicPattern& one) { return takes(one, type); });
}

std::string shown(const TopicPattern& pattern) {
  if (!pattern.prefix) return fmt::format("`{}`", pattern.type);
  return pattern.type.empty() ? "whatever topic" : fmt::format("whatever begins with `{}`", pattern.type);
}

bool has_notes(const TeamSettings& team) {
  return !team.publish.empty() || !team.tell.empty();
}

std::map<std::string, std::vector<TopicPattern>> topics_read(const TeamSettings& team) {
  if (team.publish.empty()) return {};
  std::map<std::string, std::vector<TopicPattern>> read;
  const bool to_all =
      std::ranges::any_of(team.publish, [](const auto& one) { return takes(one.second, kEverybody); });
  for (const std::string& name : members_of(team)) {
    std::vector<TopicPattern> topics;
    if (const auto own = team.subscriptions.find(name); own != team.subscriptions.end()) topics = own->second;
    if (to_all) topics.push_back({.type = std::string(kEverybody)});
    if (!topics.empty()) read.emplace(name, std::move(topics));
  }
  return read;
}

std::vector<std::string> readers_of(const TeamSettings& team, std::string_view type, std::string_view from) {
  std::vector<std::string> names;
  for (const auto& [name, topics] : topics_read(team))
    if (name != from && takes(topics, type)) names.push_back(name);
  return names;
}

void check_topics(const TeamSettings& team, std::vector<TeamProblem>& problems) {
  const std::vector<std::string> members = members_of(team);
  check_key(team.subscriptions, "subscriptions", members, problems);
  check_key(team.publish, "publish", members, problems);
  each_topic(team.subscriptions, [&](const std::string& name, const auto& topics, std::size_t i) {
    if (!topics[i].prefix && topics[i].type == kEverybody)
      problems.push_back({fmt::format("subscriptions.{}[{}]", name, i),
                          fmt::format("`{}` is read by all members as it is; take it out", kEverybody)});
  });
}

std::vector<TeamProblem> topic_warnings(const TeamSettings& team) {
  std::vector<TeamProblem> warnings;
  const auto read = topics_read(team);
  each_topic(team.publish, [&](const std::string& name, const auto& topics, std::size_t i) {
    const bool any = std::ranges::any_of(
        read, [&](const auto& one) { return one.first != name && overlap(one.second, topics[i]); });
    if (!any)
      warnings.push_back(
          {fmt::format("publish.{}[{}]", name, i),
           fmt::format("nobody else subscribes to {}, so nobody will read it", shown(topics[i]))});
  });
  each_topic(team.subscriptions, [&](const std::string& name, const auto& topics, std::size_t i) {
    const bool any = std::ranges::any_of(
        team.publish, [&](const auto& one) { return one.first != name && overlap(one.second, topics[i]); });
    if (!any)
      warnings.push_back(
          {fmt::format("subscriptions.{}[{}]", name, i),
           fmt::format("nobody else may publish {}; `publish` says who may", shown(topics[i]))});
  });
  return warnings;
}

}  // namespace troupe::agents
