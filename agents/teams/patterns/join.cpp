#include "agents/teams/patterns/join.h"

#include "runtime/base/ascii.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace troupe::agents {

namespace {

std::size_t needed(const JoinSettings& settings, std::size_t all) {
  switch (settings.until) {
    case JoinSettings::Until::all:
      return all;
    case JoinSettings::Until::any:
      return 1;
    case JoinSettings::Until::quorum:
      break;
  }
  return static_cast<std::size_t>(std::max(settings.quorum, 1));
}

// One vote: "Yes." and " yes" are the same. Letters beyond ASCII keep their case.
std::string ballot(std::string_view text) {
  std::string compared;
  for (const char c : lower(text))
    if (!std::string_view(" \t\r\n\v\f").contains(c)) compared += c;
  const auto is_mark = [](char c) { return std::string_view(".,;:!?\"'`*").contains(c); };
  while (!compared.empty() && is_mark(compared.back())) compared.pop_back();
  const auto from = std::ranges::find_if_not(compared, is_mark);
  return {from, compared.end()};
}

}  // namespace

JoinCount::JoinCount(const JoinSettings& settings, std::size_t all)
    : all_(settings.until == JoinSettings::Until::all), total_(all), needed_(needed(settings, all)) {
  settle();
}

void JoinCount::succeeded(std::size_t which) {
  if (state_ != State::waiting) return;
  there_.push_back(which);
  settle();
}

void JoinCount::skipped() {
  if (state_ != State::waiting) return;
  ++skipped_;
  settle();
}

void JoinCount::failed(std::string detail) {
  if (state_ != State::waiting) return;
  failures_.push_back(std::move(detail));
  settle();
}

void JoinCount::settle() {
  const std::size_t lost = skipped_ + failures_.size();
  if (all_) {
    if (!failures_.empty() || (total_ > 0 && skipped_ == total_) || total_ == 0)
      state_ = State::too_few;
    else if (there_.size() + skipped_ == total_)
      state_ = State::enough;
  } else if (there_.size() >= needed_) {
    state_ = State::enough;
  } else if (lost > total_ || total_ - lost < needed_) {
    state_ = State::too_few;
  }
}

std::string JoinCount::why() const {
  if (all_ && failures_.size() == 1) return failures_.front();
  return fmt::format("{} of {} were needed, {} succeeded, {} were skipped and {} failed{}{}",
                     all_ ? "all" : fmt::format("{}", needed_), total_, there_.size(), skipped_,
                     failures_.size(), failures_.empty() ? "" : ": ", fmt::join(failures_, "; "));
}

TeamAnswer answer_of(const Reply& reply) {
  return {.text = reply.text, .data = reply.data, .citations = reply.citations};
}

TeamAnswer concatenated(const std::vector<NamedReply>& replies) {
  if (replies.size() == 1) return answer_of(replies.front().second);
  TeamAnswer answer;
  Json data = Json::object();
  bool has_data = false;
  for (const auto& [name, reply] : replies) {
    answer.text += fmt::format("{}## {}\n\n{}", answer.text.empty() ? "" : "\n\n", name, reply.text);
    data[name] = reply.data.is_null() ? Json(reply.text) : reply.data;
    has_data = has_data || !reply.data.is_null();
  }
  if (has_data) answer.data = std::move(data);
  return answer;
}

TeamAnswer most_given(const std::vector<NamedReply>& replies) {
  std::map<std::string, std::size_t> votes;
  for (const auto& [name, reply] : replies) ++votes[ballot(reply.text)];
  const auto most = std::ranges::max_element(
      replies, {}, [&](const NamedReply& given) { return votes[ballot(given.second.text)]; });
  return answer_of(most->second);
}

}  // namespace troupe::agents
