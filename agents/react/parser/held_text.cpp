#include "agents/react/parser/held_text.h"

#include "agents/react/parser/bytes.h"

namespace troupe::agents {

std::string HeldText::add(std::string_view bytes) {
  std::string out;
  for (char c : bytes) byte(c, out);
  text_ += out;
  return out;
}

void HeldText::byte(char c, std::string& out) {
  if (c == '\n') {
    if (state_ == State::ticks) release(out);
    held_ += c;
    line_ = held_.size();
    state_ = State::line_start;
    return;
  }
  if (is_blank(c)) {
    if (state_ == State::ticks) release(out), state_ = State::plain;
    held_ += c;
    return;
  }
  if (state_ == State::line_start && c == '`') state_ = State::ticks, ticks_ = 0;
  if (state_ == State::ticks && c == '`') {
    held_ += c;
    if (++ticks_ == 3) state_ = State::fence;
    return;
  }
  if (state_ == State::fence && is_word(c)) {  // the language
    held_ += c;
    return;
  }
  state_ = State::plain;
  release(out);
  out += c;
}

// Something follows what is held: it goes out, but for blanks and packaging before the very first text.
void HeldText::release(std::string& out) {
  if (text_.empty() && out.empty()) {
    std::size_t from = keeps_fences_ ? 0 : line_;
    while (from < held_.size() && is_blank(held_[from])) ++from;
    held_.erase(0, from);
  }
  out += held_;
  held_.clear();
  line_ = 0;
}

void HeldText::part() {
  held_ = text_.empty() ? "" : "\n";
  line_ = held_.size();
  state_ = State::line_start;
}

std::string HeldText::end() {
  std::string rest = std::move(held_);
  held_.clear();
  if (!keeps_fences_ || text_.empty()) return "";
  while (!rest.empty() && is_blank(rest.back())) rest.pop_back();
  text_ += rest;
  return rest;
}

}  // namespace troupe::agents
