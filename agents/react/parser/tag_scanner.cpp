#include "agents/react/parser/tag_scanner.h"

#include "agents/react/parser/bytes.h"

#include <algorithm>
#include <iterator>

namespace troupe::agents {

namespace {

constexpr std::size_t kNameBytes = 16;

struct Tag {
  std::string_view name;
  TagScanner::Kind kind;
  Label label = Label::thought;
};

constexpr Tag kTags[] = {
    {"think", TagScanner::Kind::think},
    {"thinking", TagScanner::Kind::think},
    {"reasoning", TagScanner::Kind::think},
    {"thought", TagScanner::Kind::label, Label::thought},
    {"action", TagScanner::Kind::label, Label::action},
    {"tool", TagScanner::Kind::label, Label::action},
    {"tool_name", TagScanner::Kind::label, Label::action},
    {"action_input", TagScanner::Kind::label, Label::input},
    {"tool_input", TagScanner::Kind::label, Label::input},
    {"observation", TagScanner::Kind::label, Label::observation},
    {"final_answer", TagScanner::Kind::label, Label::answer},
    {"answer", TagScanner::Kind::label, Label::answer},
    {"tool_call", TagScanner::Kind::call},
    {"function_call", TagScanner::Kind::call},
    {"response", TagScanner::Kind::wrapper},
    {"output", TagScanner::Kind::wrapper},
};

}  // namespace

TagScanner::Verdict TagScanner::byte(char c) {
  if (!begun_) {
    begun_ = true;
    return c == '<' ? Verdict::undecided : Verdict::none;
  }
  if (c == '/' && name_.empty() && !closes_) return closes_ = true, Verdict::undecided;
  if (c == '>') return named();
  if ((!is_letter(c) && c != '_') || name_.size() == kNameBytes) return Verdict::none;
  name_ += lower(c);
  return Verdict::undecided;
}

TagScanner::Verdict TagScanner::named() {
  auto tag = std::ranges::find(kTags, name_, &Tag::name);
  if (tag == std::end(kTags)) return Verdict::none;
  kind_ = tag->kind;
  label_ = tag->label;
  if (closes_ && kind_ == Kind::think) kind_ = Kind::think_end;
  if (closes_ && kind_ == Kind::label) kind_ = Kind::closing;
  return Verdict::tag;
}

}  // namespace troupe::agents
