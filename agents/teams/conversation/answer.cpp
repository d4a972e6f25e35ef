#include "agents/teams/conversation/answer.h"

#include <cstddef>
#include <utility>

namespace troupe::agents {

namespace {

constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::string_view kMarks = "*_`\"'";

std::string_view without_last(std::string_view text, std::string_view bytes) {
  const std::size_t last = text.find_last_not_of(bytes);
  return last == text.npos ? text.substr(0, 0) : text.substr(0, last + 1);
}

TeamAnswer answer_of(const Utterance& utterance) {
  return {
      .text = utterance.text, .data = utterance.data, .citations = utterance.citations, .by = utterance.from};
}

// The last text of a member before `end`; nullptr: there is none.
const Utterance* before(const Conversation& said, std::size_t end) {
  const auto& all = said.all();
  while (end-- > 0)
    if (!all[end].from.empty() && all[end].text.find_first_not_of(kBlanks) != std::string::npos)
      return &all[end];
  return nullptr;
}

}  // namespace

TeamAnswer answer_of(const Conversation& said) {
  const Utterance* last = said.last();
  return last ? answer_of(*last) : TeamAnswer{};
}

TeamAnswer answer_of(const Conversation& said, const Held& held) {
  TeamAnswer answer = answer_of(said);
  if (held.at) {
    const Utterance& found = said.all()[*held.at];
    answer = answer_of(found);
    const std::string text = without_marker(found.text, held.marker);
    const Utterance* judged = text.empty() ? before(said, *held.at) : nullptr;
    if (judged) {
      answer = answer_of(*judged);
    } else if (!text.empty() && text != found.text) {
      answer.text = text;
      answer.data = nullptr;
    }
  }
  answer.reason = "until";
  answer.detail = held.words;
  return answer;
}

std::string without_marker(std::string_view text, std::string_view marker) {
  std::string_view rest = without_last(text, kBlanks);
  if (marker.empty()) return std::string(text);
  if (!rest.ends_with(marker)) {
    rest = without_last(rest, std::string("*_`\"'.!") + std::string(kBlanks));
    if (!rest.ends_with(marker)) return std::string(text);
  }
  rest.remove_suffix(marker.size());
  std::string_view head = without_last(rest, kMarks);
  if (!head.empty() && kBlanks.find(head.back()) == kBlanks.npos) return std::string(text);
  return std::string(without_last(head, kBlanks));
}

Teamed<TeamAnswer> stopped_at(std::string reason, std::string detail, const Conversation& said) {
  TeamAnswer answer = answer_of(said);
  if (answer.text.empty())
    return std::unexpected(
        TeamEnd{.status = "limit", .reason = std::move(reason), .detail = std::move(detail)});
  answer.status = "limit";
  answer.reason = std::move(reason);
  answer.detail = std::move(detail);
  return answer;
}

Teamed<TeamAnswer> ended_by(TeamEnd end, const Conversation& said) {
  if (end.status != "limit") return std::unexpected(std::move(end));
  return stopped_at(std::move(end.reason), std::move(end.detail), said);
}

}  // namespace troupe::agents
