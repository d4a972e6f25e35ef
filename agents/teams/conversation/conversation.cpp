#include "agents/teams/conversation/conversation.h"

#include "agents/strategies/untrusted.h"
#include "agents/teams/conversation/limits.h"
#include "agents/teams/limits.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

constexpr std::size_t kAround = 1'024;  // labels and blank lines of a told text

bool inside_character(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

std::string_view beginning(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && inside_character(text[bytes])) --bytes;
  return text.substr(0, bytes);
}

std::string_view ending(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  std::size_t from = text.size() - bytes;
  while (from < text.size() && inside_character(text[from])) ++from;
  return text.substr(from);
}

// Marks of lines make a text longer than it was, so the room is found by trying.
template <class Cut>
std::string labelled_in(std::string_view label, std::string_view text, std::size_t room, Cut cut) {
  if (text.size() <= room)
    if (std::string whole = labelled(label, text); whole.size() <= room) return whole;
  for (std::size_t bytes = std::min(room, text.size()); bytes > 0; bytes -= bytes / 8 + 1) {
    const std::string_view part = cut(text, bytes);
    std::string shown =
        labelled(fmt::format("{} ({} bytes of it are left out)", label, text.size() - part.size()), part);
    if (shown.size() <= room) return shown;
  }
  return labelled(label, fmt::format("({} bytes are left out)", text.size()));
}

std::string label_of(const Utterance& utterance, const Listener& listener) {
  if (utterance.from.empty()) return "(team)";
  return utterance.from == listener.name ? utterance.from + " (you)" : utterance.from;
}

bool blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == text.npos;
}

std::string transcript(const std::vector<const Utterance*>& news, const Listener& listener, bool since) {
  std::vector<std::string> shown;  // the newest first
  std::size_t room = limits::kTranscriptBytes;
  std::size_t left = news.size();
  while (left > 0) {
    const Utterance& utterance = *news[left - 1];
    const std::string label = label_of(utterance, listener);
    std::string block =
        shown.empty() ? labelled_in(label, utterance.text, room, ending) : labelled(label, utterance.text);
    if (block.size() > room) break;
    room -= block.size();
    shown.push_back(std::move(block));
    --left;
  }
  std::string text = since ? "Said since your last turn" : "Said so far";
  if (left > 0) text += fmt::format(" ({} earlier messages are left out)", left);
  text += ':';
  for (auto block = shown.rbegin(); block != shown.rend(); ++block) text += "\n\n" + *block;
  return text;
}

}  // namespace

std::string text_beginning(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return std::string(text);
  return std::string(beginning(text, bytes)) + "…";
}

std::string labelled(std::string_view label, std::string_view text) {
  const std::string lines = untrusted_lines(text);
  return fmt::format("{}:{}{}", label, lines.starts_with('\n') ? "" : " ", lines);
}

Listener listener_of(const Crew& crew, std::string_view name) {
  Listener listener{.name = std::string(name)};
  const auto& members = crew.members();
  const auto member = std::ranges::find(members, name, &MemberView::name);
  if (member != members.end()) listener.remembers = member->remembers;
  return listener;
}

std::size_t Conversation::messages() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(all_, [](const Utterance& utterance) { return !utterance.from.empty(); }));
}

const Utterance* Conversation::last() const {
  for (auto utterance = all_.rbegin(); utterance != all_.rend(); ++utterance)
    if (!utterance->from.empty() && !blank(utterance->text)) return &*utterance;
  return nullptr;
}

void Conversation::said(const Reply& reply, std::optional<std::size_t> heard) {
  heard_[reply.from] = std::min(heard.value_or(all_.size()), all_.size());
  all_.push_back({.from = reply.from, .text = reply.text, .data = reply.data, .citations = reply.citations});
}

void Conversation::remark(std::string text) {
  all_.push_back({.text = std::move(text)});
}

std::vector<const Utterance*> Conversation::news_for(const Listener& listener) const {
  const auto known = listener.remembers ? heard_.find(listener.name) : heard_.end();
  std::size_t from = known != heard_.end() ? known->second : 0;
  if (listener.history.kind == HistorySettings::Kind::none) from = all_.size();
  if (listener.history.kind == HistorySettings::Kind::last) {
    std::size_t begin = all_.size();
    for (int messages = 0; begin > 0; --begin) {
      if (!all_[begin - 1].from.empty() && ++messages > listener.history.messages) break;
    }
    from = std::max(from, begin);
  }
  std::vector<const Utterance*> news;
  for (std::size_t i = from; i < all_.size(); ++i)
    if (known == heard_.end() || all_[i].from != listener.name) news.push_back(&all_[i]);
  return news;
}

std::string Conversation::told_to(const Listener& listener, std::string_view closing) const {
  if (all_.empty() && closing.empty()) return std::string(beginning(task_, limits::kTeamTextBytes));
  std::string text = labelled_in(
      "Task", task_, limits::kTeamTextBytes - limits::kTranscriptBytes - limits::kClosingBytes - 2 * kAround,
      beginning);
  const bool since = listener.remembers && heard_.contains(listener.name);
  if (const auto news = news_for(listener); !news.empty()) text += "\n\n" + transcript(news, listener, since);
  if (!closing.empty()) text += fmt::format("\n\n{}", beginning(closing, limits::kClosingBytes));
  return text;
}

}  // namespace troupe::agents
