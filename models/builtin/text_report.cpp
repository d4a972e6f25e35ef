#include "models/builtin/text_report.h"

#include <optional>

namespace troupe::models::builtin {

namespace {

constexpr std::string_view kLabels[] = {"Observation", "Intermediate answer"};
constexpr std::string_view kAnswerLabels[] = {"Final Answer: ", "So the final answer is: "};

bool skip(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

std::string_view take_line(std::string_view& text) {
  std::size_t end = text.find('\n');
  std::string_view line = text.substr(0, end);
  text = end == text.npos ? std::string_view() : text.substr(end + 1);
  return line;
}

// The text behind a label: the rest of its line, or the quoted lines below it.
std::string read_text(std::string_view& text) {
  std::string_view line = take_line(text);
  if (skip(line, " ")) return std::string(line);
  std::string lines;
  while (text.starts_with("> ") || text.starts_with(">\n") || text == ">") {
    std::string_view quoted = take_line(text).substr(1);
    skip(quoted, " ");
    if (!lines.empty()) lines += '\n';
    lines += quoted;
  }
  return lines;
}

// " 2 (search, failed):"
std::optional<Observed> read_label(std::string_view& text) {
  for (std::string_view label : kLabels) {
    std::string_view rest = text;
    if (!skip(rest, label)) continue;
    std::size_t colon = rest.find(':');
    std::size_t line = rest.find('\n');
    if (colon == rest.npos || colon > line) continue;
    std::string_view head = rest.substr(0, colon);
    Observed observed;
    if (std::size_t open = head.find('('); open != head.npos && head.ends_with(')')) {
      std::string_view inside = head.substr(open + 1, head.size() - open - 2);
      observed.ok = !inside.ends_with("failed");
      if (!observed.ok) inside = inside.substr(0, inside.size() - 6);
      if (inside.ends_with(", ")) inside.remove_suffix(2);
      observed.tool = inside;
    }
    text = rest.substr(colon + 1);
    return observed;
  }
  return std::nullopt;
}

}  // namespace

std::vector<Observed> read_observation_lines(std::string_view text) {
  std::vector<Observed> read;
  while (!text.empty()) {
    std::optional<Observed> observed = read_label(text);
    if (!observed) {
      if (read.empty()) return read;
      take_line(text);  // a note of the engine
      continue;
    }
    observed->text = read_text(text);
    read.push_back(std::move(*observed));
  }
  return read;
}

std::string read_correction_line(std::string_view text) {
  return skip(text, "Correction:") ? read_text(text) : "";
}

std::string_view without_answer_label(std::string_view text) {
  for (std::string_view label : kAnswerLabels)
    if (skip(text, label)) return text;
  if (text.starts_with("Action: Finish[") && text.ends_with(']')) return text.substr(15, text.size() - 16);
  return text;
}

}  // namespace troupe::models::builtin
