#include "agents/react/parser/action_text.h"
#include "agents/react/parser/bytes.h"
#include "agents/react/parser/json_repair.h"
#include "agents/react/parser/reply_reader.h"
#include "agents/react/parser/step_names.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace troupe::agents {

// ---- labels and tags
// ------------------------------------------------------------------------------------------

// False where the label is no label here but part of the text.
bool ReplyReader::on_label(Label label, bool decorated) {
  bool accepted = false;
  switch (section_) {
    case Section::prose:
    case Section::thought:
    case Section::ignored:
      accepted = label_in_text(label, decorated);
      break;
    case Section::follow_up:
      accepted = is_strong(label) && label_in_text(label, decorated);
      break;
    case Section::action:
    case Section::after_action:
      accepted = label_in_action(label, decorated);
      break;
    case Section::input:
      accepted = label_in_input(label, decorated);
      break;
    case Section::answer:
      accepted = label_in_answer(label, decorated);
      break;
    case Section::plain_answer:
      accepted = label_in_prose_answer(label, decorated);
      break;
    case Section::think:
      break;
  }
  labelled_ = labelled_ || (accepted && is_strong(label));
  return accepted;
}

bool ReplyReader::label_in_text(Label label, bool decorated) {
  bool may_be_answer = rules_.prose_answers && !labelled_ && (decorated || !is_strong(label));
  heading_ = may_be_answer && label == Label::action && section_ == Section::prose && !prose_blank_;
  switch (label) {
    case Label::thought:
      return begin_thought(), true;
    case Label::action:
      section_ = Section::action;
      name_.clear();
      called_ = false;
      return true;
    case Label::input:
      if (may_be_answer) return false;
      if (problem_.empty())  // `Action: None` says more
        problem_ = fmt::format("`{}` at byte {} has no action before it", label_text(), label_at_);
      section_ = Section::ignored;
      return true;
    case Label::observation:
      if (may_be_answer) return false;
      decide_malformed(
          fmt::format("`{}` at byte {} comes before any action; only a tool's result is an observation",
                      label_text(), label_at_));
      return true;
    case Label::answer:
      return begin_answer(), true;
    case Label::weak_answer:
      if (rules_.prose == DialectRules::Prose::answer && !labelled_) return false;
      if (may_be_answer && !prose_blank_) return false;
      return begin_answer(), true;
    case Label::reply:
      return begin_answer(), true;
    case Label::question:
      if (may_be_answer) return false;
      section_ = Section::ignored;
      return true;
    case Label::speaker:
      return section_ == Section::prose && prose_blank_ && writer_.thought().empty();
    case Label::follow_up:
      if (may_be_answer) return false;
      section_ = Section::follow_up;
      input_.clear();
      return true;
  }
  return false;
}

// Prose that went out as the answer: behind it, labels of a step are still no text to be shown.
bool ReplyReader::label_in_prose_answer(Label label, bool decorated) {
  if (!is_strong(label) || decorated) return false;
  if (inside_line() && (label == Label::action || label == Label::input)) return false;
  if (label == Label::answer && !answer_.text().empty()) {  // what follows is more of the same
    fresh_ = true;
    return true;
  }
  if (label == Label::observation && !answer_.text().empty()) {
    position_ = label_at_;
    return decide_answer(), true;
  }
  speak();
  section_ = Section::prose;
  return label_in_text(label, decorated);
}

bool ReplyReader::label_in_action(Label label, bool decorated) {
  if (section_ == Section::action) end_action_line();
  bool named = section_ == Section::after_action;
  if (named && label == Label::input) {
    called_ = false;
    decorated_input_ = decorated;
    begin_value(Section::input);
    return true;
  }
  if (named && called_) return decide_call(), true;
  if (named && decide_without_input()) return true;
  section_ = Section::thought;
  return label_in_text(label, decorated);
}

bool ReplyReader::label_in_input(Label label, bool decorated) {
  if (!is_strong(label) || (decorated && !fresh_ && !decorated_input_)) return false;
  if (label == Label::input) return false;
  position_ = label_at_;
  decide_input();
  return true;
}

bool ReplyReader::label_in_answer(Label label, bool decorated) {
  if (fresh_) {
    // Behind the answer's own label a weak one is part of the answer, and so is what is to be done.
    bool repeats = label == Label::answer;
    bool goes_back = label == Label::thought || (label == Label::observation && !decorated);
    if (!inside_line()) {
      repeats = repeats || label == Label::speaker || label == Label::reply || label == Label::weak_answer;
      goes_back = goes_back || label == Label::action;
    }
    if (repeats) return true;
    return goes_back && label_in_text(label, decorated);
  }
  if (decorated) return false;
  bool cuts = label == Label::thought || label == Label::observation || label == Label::answer ||
              (label == Label::input && tailing_);
  if (cuts) {
    position_ = label_at_;
    tail_.clear();
    decide_answer();
    return true;
  }
  // `Question:` and `Action:` may be part of an answer or open a second trace; what follows will tell.
  if (label == Label::question || label == Label::action) tailing_ = true;
  return false;
}

// The label that came last stands behind another one, on its line.
bool ReplyReader::inside_line() const {
  return label_at_ > 0 && all_[label_at_ - 1] != '\n';
}

void ReplyReader::on_tag() {
  if (section_ == Section::plain_answer && tag_.kind() != TagScanner::Kind::call) {
    position_ = no_tag_at_ = tag_begin_;
    return;
  }
  switch (tag_.kind()) {
    case TagScanner::Kind::think:
      if (section_ == Section::think) return;
      before_think_ = section_;
      section_ = Section::think;
      writer_.break_thought();
      thought_ = HeldText(false);
      return;
    case TagScanner::Kind::think_end:
      if (section_ == Section::think) {
        section_ = before_think_;
        writer_.break_thought();
        thought_ = HeldText(false);
      } else if (!prose_.empty()) {  // its opening was part of the prompt
        writer_.thought(trimmed(prose_));
        prose_.clear();
        prose_blank_ = true;
      }
      return;
    case TagScanner::Kind::call:
    case TagScanner::Kind::wrapper:
      return;
    case TagScanner::Kind::closing:
      if (!tagged_) return;
      tagged_ = false;
      if (section_ == Section::action) return end_action_line();
      if (section_ == Section::input) return decide_input();
      if (section_ == Section::answer) return decide_answer();
      section_ = Section::prose;
      return;
    case TagScanner::Kind::label:
      if (section_ == Section::think) return;
      set_label(tag_begin_);
      if (on_label(tag_.label(), false) && state_ != State::decided) tagged_ = true;
      return;
  }
}

// ---- sections
// -------------------------------------------------------------------------------------------------

void ReplyReader::begin_thought() {
  section_ = Section::thought;
  tagged_ = false;
  thought_ = HeldText(false);
  writer_.break_thought();
}

void ReplyReader::begin_value(Section section) {
  section_ = section;
  fresh_ = true;
  tagged_ = false;
  input_.clear();
  if (section == Section::input && is_final_name(name_)) {
    begin_answer();
    called_end_ = true;
  }
}

void ReplyReader::begin_answer() {
  section_ = Section::answer;
  fresh_ = true;
  tagged_ = false;
  tailing_ = false;
  called_end_ = false;
  if (spoken_) {  // it goes on; if it was held back so far, so is the rest
    answer_.add("\n");
    return;
  }
  answer_is_json_ = false;
  answer_ = HeldText(true);
}

void ReplyReader::add_text(std::string_view bytes) {
  if (section_ == Section::prose && rules_.prose == DialectRules::Prose::held) {
    prose_ += bytes;
    prose_blank_ = prose_blank_ && bytes.find_first_not_of(" \t\r\n") == std::string_view::npos;
    return;
  }
  if (inline_at_ != std::string::npos) writer_.mute_thought();
  writer_.thought(thought_.add(bytes), label_tail);
}

void ReplyReader::add_answer(std::string_view bytes) {
  if (tailing_) {
    tail_ += bytes;
    return;
  }
  std::string piece = answer_.add(bytes);
  if (!answer_is_json_) writer_.answer(piece);
}

bool ReplyReader::only_fence(std::string_view text) const {
  std::string name = trimmed(text);
  return name.starts_with("```") && std::ranges::all_of(std::string_view(name).substr(3), is_word);
}

void ReplyReader::end_action_line() {
  if (name_.empty() || only_fence(name_)) return name_.clear();
  std::string name = clean_tool_name(name_);
  if (is_no_tool(name)) {
    problem_ =
        fmt::format("`{}` at byte {} names no tool, and no final answer follows", label_text(), label_at_);
    begin_thought();
    return;
  }
  name_ = std::move(name);
  section_ = Section::after_action;
}

// ---- decisions
// ------------------------------------------------------------------------------------------------

void ReplyReader::object_done() {
  const JsonReader& reader = object_->reader();
  if (purpose_ == Purpose::input && reader.value().is_object()) {
    for (const std::string& repair : reader.repairs()) note_repair(repairs_, repair);
    if (section_ == Section::after_action || section_ == Section::action)
      note_repair(repairs_, "missing `Action Input:`");
    return decide_action(std::move(name_), reader.value());
  }
  StepObject step = object_->step(rules_.weak_answers);
  if (purpose_ == Purpose::answer && called_end_ && std::holds_alternative<Malformed>(step.outcome))
    step.outcome = final_step(reader.value());
  auto* malformed = std::get_if<Malformed>(&step.outcome);
  bool half = cut_ && step.without_input && std::holds_alternative<ActionStep>(step.outcome);
  if (half)
    return decide_malformed(
        fmt::format("the object that starts at byte {} breaks off before `action_input`", reader.begin()));
  if (!malformed) {
    for (const std::string& repair : reader.repairs()) note_repair(repairs_, repair);
    if (!object_->thought_written() && !step.thought.empty()) {
      writer_.break_thought();
      writer_.thought(step.thought);
    }
    if (section_ == Section::plain_answer) speak();
    return decide(std::move(step.outcome));
  }
  reason_ =
      cut_ ? fmt::format("the object that starts at byte {} breaks off before `action` or `final_answer`",
                         reader.begin())
           : malformed->reason;
  if (object_->wrote_answer()) return decide_malformed(reason_);
  cut_ = false;
  if (step.partial && purpose_ == Purpose::step) {  // a step in two objects, or one that was closed too early
    if (!object_->thought_written() && !step.thought.empty()) {
      writer_.break_thought();
      writer_.thought(step.thought);
    }
    no_object_before_ = position_;
    partial_ = true;
    state_ = State::after_object;
    return;
  }
  if (section_ == Section::action) {
    problem_ = reason_;
    begin_thought();
    state_ = State::in_line;
    return;
  }
  bool in_text = section_ == Section::prose || section_ == Section::thought;
  if (in_text && !(rules_.prose_answers && section_ == Section::prose) && begins_line(reader.begin())) {
    // A block of JSON is no thought to be read; but if its end was missing, labels may stand in it.
    if (!reader.cut()) {
      no_object_before_ = position_;
      state_ = State::in_line;
      return;
    }
    writer_.mute_thought();
  }
  object_failed();
}

bool ReplyReader::begins_line(std::size_t at) const {
  while (at > 0 && is_indent(all_[at - 1])) --at;
  return at == 0 || all_[at - 1] == '\n';
}

void ReplyReader::enclosed_done() {
  std::string_view argument = enclosed_->argument(all_);
  bool call = all_[enclosed_->open()] == '(';
  position_ = enclosed_->after();
  // With nothing behind it, a missing bracket means that the reply was cut off, and half an argument is none.
  if (enclosed_->unclosed() && position_ == all_.size())
    return decide_malformed(fmt::format("the argument of `{}` that opens at byte {} breaks off without `{}`",
                                        clean_tool_name(name_), enclosed_->open(), call ? ')' : ']'));
  if (enclosed_->unclosed()) note_repair(repairs_, fmt::format("missing `{}`", call ? ')' : ']'));
  if (enclosed_->trailing()) note_repair(repairs_, "text after the closing bracket");
  std::string name = clean_tool_name(name_);
  if (!call) return decide_action(std::move(name), input_of_brackets(argument, repairs_));
  name_ = std::move(name);
  pending_call_ = std::string(argument);
  called_ = true;
  section_ = Section::after_action;
  begin_line();
}

void ReplyReader::decide_call() {
  auto input = call_arguments(pending_call_, repairs_);
  if (!input) input = trimmed(pending_call_);
  decide_action(std::move(name_), std::move(*input));
}

void ReplyReader::decide_input() {
  Json input = trimmed(input_).empty() ? Json(Json::object()) : input_of_text(input_, repairs_);
  decide_action(std::move(name_), std::move(input));
}

void ReplyReader::decide_answer() {
  if (!tail_.empty()) {
    tailing_ = false;
    add_answer(std::exchange(tail_, {}));
  }
  std::string rest = answer_.end();
  if (!answer_is_json_) writer_.answer(rest);
  if (answer_.text().empty())
    return decide_malformed(fmt::format("`{}` at byte {} is empty", label_text(), label_at_));
  decide(final_of_text(answer_.text()));
}

// An action without input, when something else follows or the reply ends: a tool that needs none may have
// been meant.
bool ReplyReader::decide_without_input() {
  std::string name = clean_tool_name(name_);
  if (rules_.needs_brackets) {
    problem_ = fmt::format("the action `{}` at byte {} has no [argument]", name, label_at_);
    return false;
  }
  bool one_word = !name.empty() && std::ranges::all_of(name, [](char c) { return is_word(c); });
  if (!one_word || is_final_name(name)) {
    problem_ = fmt::format("`{}` at byte {} names `{}`, but no `Action Input:` follows", label_text(),
                           label_at_, valid_utf8(std::string_view(name).substr(0, 80)));
    return false;
  }
  note_repair(repairs_, "missing `Action Input:`");
  decide_action(std::move(name), Json::object());
  return true;
}

void ReplyReader::decide_action(std::string name, Json input) {
  if (is_final_name(name)) return decide(final_step(input));
  decide(ActionStep{{{valid_utf8(name), std::move(input)}}});
}

void ReplyReader::decide_malformed(std::string reason) {
  decide(Malformed{std::move(reason)});
}

// The prose so far was an answer, and something else follows: its thought if that is a call.
void ReplyReader::speak() {
  if (spoken_ || answer_.text().empty()) return;
  spoken_ = true;
  spoken_at_ = writer_.thought().size();
  writer_.mute_thought();
}

void ReplyReader::add_spoken(std::variant<Malformed, ActionStep, FinalStep>& outcome) {
  const std::string& prose = answer_.text();
  if (std::holds_alternative<ActionStep>(outcome)) {
    std::string thought = writer_.thought();
    std::size_t at = std::min(spoken_at_, thought.size());
    bool more = at < thought.size() && thought[at] != '\n';
    thought.insert(at, (at > 0 ? "\n" : "") + prose + (more ? "\n" : ""));
    writer_.replace_thought(std::move(thought));
  } else if (std::holds_alternative<Malformed>(outcome)) {
    outcome = final_of_text(prose);
  } else if (auto& final = std::get<FinalStep>(outcome); !final.answer.starts_with(prose)) {
    final.answer = prose + "\n" + final.answer;
  }
}

void ReplyReader::decide(std::variant<Malformed, ActionStep, FinalStep> outcome) {
  if (spoken_) add_spoken(outcome);
  // Finish[] says that no answer was found; an empty field or label was forgotten or cut off.
  bool gives_up = enclosed_ && all_[enclosed_->open()] == '[' && !enclosed_->unclosed();
  if (auto* final = std::get_if<FinalStep>(&outcome); final && !gives_up && trimmed(final->answer).empty())
    outcome = Malformed{"the final answer is empty"};
  bool malformed = std::holds_alternative<Malformed>(outcome);
  if (!malformed && writer_.thought().empty() && !prose_.empty()) {
    HeldText prose(false);
    writer_.thought(prose.add(prose_));
  }
  decided_ = {{}, std::move(outcome), std::move(repairs_), position_, cut_};
  writer_.settle(decided_);
  state_ = State::decided;
}

void ReplyReader::end_of_reply() {
  position_ = all_.size();
  switch (section_) {
    case Section::input:
      return decide_input();
    case Section::plain_answer:
      return decide_answer();
    case Section::answer:
      if (!fresh_) return decide_answer();
      break;
    case Section::follow_up:
      if (!trimmed(input_).empty()) return decide_action(options_.follow_up_tool, trimmed(input_));
      break;
    case Section::action:
      end_action_line();
      break;
    default:
      break;
  }
  if (section_ == Section::after_action) {
    if (called_) return decide_call();
    if (decide_without_input()) return;
  }
  if (retry_inside_line() || retry_unescaped()) return;
  HeldText prose(true);
  std::string whole = prose.add(prose_) + prose.end();
  bool answers = rules_.prose_answers && !labelled_ && !partial_ && problem_.empty();
  if (heading_ && !partial_) {
    answers = true;
    prose = HeldText(true);
    prose.add(all_);
    prose.end();
  }
  // An object that was shown as the answer so far, and broke: prose that is something else cannot follow it.
  answers = answers && writer_.answer().empty();
  if (answers && !prose.text().empty()) {
    FinalStep final = final_of_text(prose.text());
    if (!final.data.is_null() && !reason_.empty()) return decide_malformed(reason_);  // an object alone
    prose_.clear();
    return decide(std::move(final));
  }
  bool only_prose = section_ == Section::prose && problem_.empty() && reason_.empty() && !labelled_;
  bool blank = all_.find_first_not_of(" \t\r\n") == std::string::npos;
  decide(Malformed{why_not(), only_prose && !blank ? Malformed::Kind::prose : Malformed::Kind::unreadable});
}

// Nothing stood at the beginning of a line: a label inside one is better than none.
bool ReplyReader::retry_inside_line() {
  if (rules_.prose_answers && !labelled_) return false;
  if (retried_ || inline_at_ == std::string::npos ||
      (section_ != Section::prose && section_ != Section::thought))
    return false;
  retried_ = true;
  note_repair(repairs_, "label inside a line");
  writer_.replace_thought(std::move(inline_thought_));
  prose_.clear();
  position_ = inline_content_;
  no_label_at_ = std::string::npos;  // what follows is looked at anew
  set_label(std::exchange(inline_at_, std::string::npos));
  state_ = State::in_line;
  section_ = Section::thought;
  labelled_ = true;
  label_in_text(inline_label_, false);
  advance(true);
  if (state_ != State::decided) end_of_reply();
  return true;
}

// {\"action\": …}: the object was escaped as if it stood in a string.
bool ReplyReader::retry_unescaped() {
  if (!escaped_ || !reason_.empty()) return false;
  auto repaired = repair_json(all_);
  if (repaired && repaired->value.is_string())  // the string that it stands in was written, too
    repaired = repair_json(repaired->value.get_ref<const std::string&>());
  if (!repaired) return false;
  StepObject step = read_step_object(repaired->value, "the escaped object", rules_.weak_answers);
  if (std::holds_alternative<Malformed>(step.outcome))
    return reason_ = std::get<Malformed>(step.outcome).reason, false;
  for (const std::string& repair : repaired->repairs) note_repair(repairs_, repair);
  writer_.replace_thought(std::move(step.thought));
  decide(std::move(step.outcome));
  return true;
}

// The label that came last, as it was written, without decoration.
std::string ReplyReader::label_text() const {
  std::string text = trimmed(std::string_view(all_).substr(label_at_, content_at_ - label_at_));
  std::erase_if(text, [](char c) { return c == '*' || c == '#' || c == '`'; });
  return valid_utf8(trimmed(text));
}

std::string ReplyReader::why_not() const {
  if (!problem_.empty()) return problem_;
  if (!reason_.empty()) return reason_;
  if (all_.find_first_not_of(" \t\r\n") == std::string::npos)
    return fmt::format("the reply is empty; expected {}", rules_.expected);
  if (section_ == Section::think) return "the reply ends inside <think>";
  if (section_ == Section::answer) return fmt::format("`{}` at byte {} is empty", label_text(), label_at_);
  if (section_ == Section::thought)
    return fmt::format("the reply is a thought only; expected {}", rules_.expected);
  return fmt::format("the reply is prose without a step; expected {}", rules_.expected);
}

}  // namespace troupe::agents
