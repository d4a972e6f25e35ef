#include "agents/react/parser/reply_reader.h"

#include "agents/react/parser/action_text.h"
#include "agents/react/parser/bytes.h"
#include "agents/react/parser/step_names.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::agents {

namespace {
constexpr std::size_t kBareNameBytes = 32;
constexpr std::size_t kNameBytes = 128;
}  // namespace

ReplyReader::ReplyReader(StepParserOptions options)
    : options_(std::move(options)), rules_(rules_of(options_.dialect)) {
  begin_line();
}

bool ReplyReader::feed(std::string_view bytes, std::vector<StepDelta>& deltas) {
  if (state_ == State::decided) return false;
  writer_.write_to(&deltas);
  std::size_t room = limits::kModelReplyBytes - all_.size();
  all_ += bytes.substr(0, room);
  advance(false);
  if (state_ != State::decided && bytes.size() > room)
    decide_malformed(fmt::format("the reply is longer than {} bytes", limits::kModelReplyBytes));
  writer_.write_to(nullptr);
  return state_ != State::decided;
}

ParsedStep ReplyReader::finish(std::vector<StepDelta>& deltas) {
  writer_.write_to(&deltas);
  if (state_ != State::decided) advance(true);
  if (state_ != State::decided) end_of_reply();
  writer_.write_to(nullptr);
  return decided_;
}

void ReplyReader::advance(bool at_end) {
  while (state_ != State::decided) {
    std::size_t before = position_;
    bool moved = position_ < all_.size() && step(at_end);
    work_ += 1 + (position_ > before ? position_ - before : 0);
    if (!moved && (!at_end || !settle_ahead())) return;
    // A guess that is made again and again would hold up the loop for ever: better one reply that is not
    // read.
    if (work_ > kWorkPerByteMax * (all_.size() + 16))
      return decide_malformed("the reply takes more work to read than its length allows");
  }
}

// The text has ended while something was read ahead: it is not what it might have been.
bool ReplyReader::settle_ahead() {
  switch (state_) {
    case State::line_start:
      if (position_ == line_begin_) return false;
      position_ = line_begin_;
      break;
    case State::tag:
      position_ = no_tag_at_ = tag_begin_;
      break;
    case State::list:
      no_list();
      break;
    case State::fence:
      no_fence();
      break;
    case State::object:
      return object(true);
    case State::enclosed:
      enclosed_->end(position_);
      enclosed_done();
      return true;
    default:
      return false;
  }
  state_ = State::in_line;
  return true;
}

bool ReplyReader::step(bool at_end) {
  switch (state_) {
    case State::line_start:
      return line_start();
    case State::in_line:
      return in_line();
    case State::tag:
      return tag();
    case State::list:
      return list();
    case State::fence:
      return fence();
    case State::object:
      return object(at_end);
    case State::after_object:
      return after_object();
    case State::enclosed:
      return enclosed();
    case State::decided:
      break;
  }
  return false;
}

void ReplyReader::begin_line() {
  line_begin_ = position_;
  state_ = section_ == Section::think ? State::in_line : State::line_start;
  label_ = LabelScanner();
  label_possible_ = true;
  bare_possible_ = rules_.bare_brackets && (section_ == Section::prose || section_ == Section::thought);
}

bool ReplyReader::line_start() {
  char c = all_[position_++];
  if (bare_possible_ && bare_bracket(c)) return true;
  if (label_possible_) {
    switch (label_.byte(c)) {
      case LabelScanner::Verdict::undecided:
        return true;
      case LabelScanner::Verdict::none:
        label_possible_ = false;
        break;
      case LabelScanner::Verdict::label:
        set_label(line_begin_);
        state_ = State::in_line;
        if (on_label(label_.label(), label_.decorated())) {
          decoration_ = label_.decorated();
          if (label_.heading() && state_ != State::decided) begin_line();
          return true;
        }
        label_possible_ = bare_possible_ = false;
        break;
    }
  }
  if (bare_possible_) return true;
  position_ = line_begin_;
  state_ = State::in_line;
  return true;
}

// `Search[` at the beginning of a line. True when it is one.
bool ReplyReader::bare_bracket(char c) {
  std::string_view line = std::string_view(all_).substr(line_begin_, position_ - 1 - line_begin_);
  bool indent = line.empty() || is_indent(line.back());
  bool blank = is_indent(c);
  if (c == '[' && !indent) {
    name_ = trimmed(line);
    set_label(line_begin_);
    --position_;
    begin_enclosed(position_);
    return true;
  }
  bool name = is_letter(c) || is_digit(c) || c == '_' || (blank && indent);
  if (!name || line.size() > kBareNameBytes) bare_possible_ = false;
  return false;
}

bool ReplyReader::in_line() {
  if (all_[position_] == '\n') return new_line();
  if (decoration_ && (all_[position_] == '*' || all_[position_] == '_')) return ++position_, true;
  decoration_ = false;
  switch (section_) {
    case Section::prose:
    case Section::think:
    case Section::thought:
      return text();
    case Section::action:
      return action();
    case Section::after_action:
      return after_action();
    case Section::input:
      return input();
    case Section::answer:
    case Section::plain_answer:
      return answer();
    case Section::follow_up:
      return follow_up();
    case Section::ignored:
      run("");
      return true;
  }
  return false;
}

bool ReplyReader::new_line() {
  ++position_;
  switch (section_) {
    case Section::prose:
    case Section::think:
    case Section::thought:
      add_text("\n");
      break;
    case Section::action:
      end_action_line();
      break;
    case Section::input:
      if (fresh_) break;
      input_ += '\n';
      writer_.argument("\n");
      break;
    case Section::answer:
    case Section::plain_answer:
      if (!fresh_) add_answer("\n");
      break;
    case Section::follow_up:
      if (!trimmed(input_).empty()) decide_action(options_.follow_up_tool, trimmed(input_));
      input_.clear();
      break;
    case Section::after_action:
    case Section::ignored:
      break;
  }
  if (state_ != State::decided) begin_line();
  return true;
}

// The bytes up to the next of `stops` or line break; at least one.
std::string_view ReplyReader::run(std::string_view stops) {
  std::size_t begin = position_++;
  while (position_ < all_.size() && all_[position_] != '\n' &&
         stops.find(all_[position_]) == std::string_view::npos)
    ++position_;
  return std::string_view(all_).substr(begin, position_ - begin);
}

bool ReplyReader::text() {
  char c = all_[position_];
  bool opens = section_ != Section::think && position_ >= no_object_before_;
  if (c == '\\' && position_ > 0 && all_[position_ - 1] == '{') escaped_ = true;
  if (c == '{' && opens) return begin_object(position_, Purpose::step), true;
  if (c == '<' && position_ != no_tag_at_) return begin_tag();
  bool answers = section_ == Section::prose && rules_.prose == DialectRules::Prose::answer;
  if (answers && is_blank(c)) return ++position_, true;
  if ((c == '[' && opens) || (c == '`' && answers)) {
    value_begin_ = position_;
    state_ = c == '[' ? State::list : State::fence;
    purpose_ = Purpose::step;
    ++position_;
    return true;
  }
  if (answers) {
    section_ = Section::plain_answer;
    return true;
  }
  if (c == ':') look_back_for_label();
  add_text(run("{[<:\\"));
  return true;
}

// At a colon in the middle of a line: do the words before it make a label that could decide?
void ReplyReader::look_back_for_label() {
  if (inline_at_ != std::string::npos || section_ == Section::think) return;
  std::size_t begin = std::max(line_begin_, position_ - std::min(position_, kInlineLabelBytes));
  std::string_view line = std::string_view(all_).substr(begin, position_ - begin);
  std::size_t word = line.size();
  for (int words = 0; words < kInlineLabelWords && word != std::string_view::npos && word > 0; ++words) {
    word = line.find_last_of(' ', word - 1);
    if (word == std::string_view::npos) return;
    std::string_view candidate = line.substr(word + 1);
    if (candidate.empty() || (candidate[0] >= 'a' && candidate[0] <= 'z')) continue;
    auto label = label_of(candidate);
    if (label != Label::action && label != Label::answer) continue;
    inline_at_ = begin + word + 1;
    inline_content_ = position_ + 1;
    inline_label_ = *label;
    std::string_view before = rules_.prose == DialectRules::Prose::held && section_ == Section::prose
                                  ? std::string_view(prose_)
                                  : std::string_view(writer_.thought());
    before.remove_suffix(std::min(before.size(), candidate.size()));
    inline_thought_ = trimmed(before);
    return;
  }
}

bool ReplyReader::action() {
  char c = all_[position_];
  if (name_.size() > kNameBytes) return name_ += run(""), true;  // no name: nothing in it has a meaning
  bool unnamed = name_.empty() || only_fence(name_);
  if (c == '{' && position_ >= no_object_before_) {
    if (!unnamed) name_ = clean_tool_name(name_);
    return begin_object(position_, unnamed ? Purpose::step : Purpose::input), true;
  }
  bool adjacent = !unnamed && !is_blank(name_.back());
  if (c == '[' && unnamed) {
    value_begin_ = position_++;
    purpose_ = Purpose::step;
    state_ = State::list;
    return true;
  }
  if (c == '[' && (adjacent || rules_.needs_brackets)) return begin_enclosed(position_), true;
  if (c == '(' && adjacent && name_.find(' ') == std::string::npos) return begin_enclosed(position_), true;
  if (c == '<' && position_ != no_tag_at_) return begin_tag();
  ++position_;
  if (c == ':' && is_final_name(clean_tool_name(name_))) return begin_answer(), true;
  if (c == ':') {
    // search, Action Input: …
    for (std::size_t word = name_.size(), words = 0; words < kInlineLabelWords && word > 0; ++words) {
      word = name_.find_last_of(' ', word - 1);
      if (word == std::string::npos) break;
      if (label_of(std::string_view(name_).substr(word + 1)) != Label::input) continue;
      note_repair(repairs_, "label inside a line");
      name_ = clean_tool_name(std::string_view(name_).substr(0, word));
      return on_label(Label::input, false);
    }
  }
  if (!name_.empty() || !is_blank(c)) name_ += c;
  return true;
}

bool ReplyReader::after_action() {
  char c = all_[position_];
  if (c == '{' && !called_ && position_ >= no_object_before_)
    return begin_object(position_, Purpose::input), true;
  if (c == '<' && position_ != no_tag_at_) return begin_tag();
  if (!called_) return run("{<"), true;
  if (!is_blank(c)) return decide_call(), true;
  ++position_;  // not a run of bytes: what follows the blanks decides, in whatever pieces it comes
  return true;
}

bool ReplyReader::input() {
  char c = all_[position_];
  if (fresh_ && is_blank(c)) return ++position_, true;
  if (fresh_ && (c == '{' || c == '`')) {
    if (c == '{') return begin_object(position_, Purpose::input), true;
    value_begin_ = position_;
    purpose_ = Purpose::input;
    state_ = State::fence;
    return true;
  }
  fresh_ = false;
  if (c == '<' && tagged_ && position_ != no_tag_at_) return begin_tag();
  std::string_view bytes = run(tagged_ ? "<" : "");
  input_ += bytes;
  writer_.argument(bytes);
  return true;
}

bool ReplyReader::answer() {
  char c = all_[position_];
  bool plain = section_ == Section::plain_answer;
  if (fresh_ && is_blank(c)) return ++position_, true;
  // Final Answer: Final Answer: …
  if (fresh_ && position_ != no_label_at_ && position_ != line_begin_) {
    no_label_at_ = position_;
    return begin_line(), true;
  }
  if (fresh_ && !plain && (c == '{' || c == '`')) {
    if (c == '{') return begin_object(position_, Purpose::answer), true;
    value_begin_ = position_;
    purpose_ = Purpose::answer;
    state_ = State::fence;
    return true;
  }
  if (fresh_ && (c == '{' || c == '[')) answer_is_json_ = true;
  fresh_ = false;
  if (c == '<' && (tagged_ || plain) && position_ != no_tag_at_) return begin_tag();
  // A step behind prose; an object inside a line is an example.
  if (c == '{' && plain && position_ >= no_object_before_ && begins_line(position_))
    return begin_object(position_, Purpose::step, true), true;
  add_answer(run(plain ? "{<" : tagged_ ? "<" : ""));
  return true;
}

bool ReplyReader::follow_up() {
  input_ += run("");
  return true;
}

bool ReplyReader::begin_tag() {
  tag_ = TagScanner();
  tag_begin_ = position_;
  state_ = State::tag;
  return true;
}

bool ReplyReader::tag() {
  switch (tag_.byte(all_[position_++])) {
    case TagScanner::Verdict::undecided:
      return true;
    case TagScanner::Verdict::none:
      position_ = no_tag_at_ = tag_begin_;
      state_ = State::in_line;
      return true;
    case TagScanner::Verdict::tag:
      state_ = State::in_line;
      on_tag();
      return true;
  }
  return true;
}

bool ReplyReader::list() {
  char c = all_[position_];
  if (is_blank(c)) return ++position_, true;
  if (c == '{') return begin_object(value_begin_, purpose_), true;
  no_list();
  state_ = State::in_line;
  return true;
}

// The bracket is text; where a name is expected it is part of one, so that it is not looked at again.
void ReplyReader::no_list() {
  position_ = value_begin_;
  no_object_before_ = position_ + 1;
  if (section_ == Section::action) name_ += all_[position_++];
}

// ```json and blanks; then a brace, or it was not packaging.
bool ReplyReader::fence() {
  char c = all_[position_];
  std::size_t into = position_ - value_begin_;
  bool language = into >= 3 && is_word(c) && !is_blank(all_[position_ - 1]);
  if (into < 3 ? c == '`' : language || is_blank(c)) return ++position_, true;
  if (c == '{' && into >= 3) {
    begin_object(position_, purpose_);
    fenced_ = true;
    return true;
  }
  no_fence();
  state_ = State::in_line;
  return true;
}

void ReplyReader::no_fence() {
  position_ = value_begin_;
  fresh_ = false;
  if (section_ == Section::prose) section_ = Section::plain_answer;
}

void ReplyReader::begin_object(std::size_t at, Purpose purpose, bool quiet) {
  if (object_) work_ += object_->reader().work();
  object_.emplace(at, writer_, quiet || spoken_ || purpose != Purpose::step);
  purpose_ = purpose;
  argument_ = at;
  fenced_ = false;
  state_ = State::object;
}

bool ReplyReader::object(bool at_end) {
  auto status = object_->read(all_, at_end);
  position_ = object_->reader().position();
  if (purpose_ == Purpose::input && object_->reader().certain()) {
    writer_.argument(std::string_view(all_).substr(argument_, position_ - argument_));
    argument_ = position_;
  }
  if (status == JsonReader::Status::reading) return false;
  if (status == JsonReader::Status::failed) return object_failed();
  cut_ = at_end && object_->reader().cut();
  object_done();
  return true;
}

// What began with the brace is text.
bool ReplyReader::object_failed() {
  if (object_->reader().too_deep()) return decide_malformed(object_->reader().problem()), true;
  // What was shown as the answer cannot be read as something else.
  if (object_->wrote_answer()) {
    decide_malformed(
        fmt::format("the object that starts at byte {} breaks off in its answer", object_->reader().begin()));
    return true;
  }
  no_object_before_ = position_;
  position_ = object_->reader().begin();
  state_ = State::in_line;
  fresh_ = false;
  if (purpose_ == Purpose::answer) answer_is_json_ = true;
  if (section_ == Section::prose && rules_.prose == DialectRules::Prose::answer) {
    if (fenced_) position_ = value_begin_;
    section_ = Section::plain_answer;
    answer_is_json_ = true;
  }
  if (section_ == Section::action) name_ += all_[position_++];
  if (section_ == Section::after_action) ++position_;
  return true;
}

bool ReplyReader::after_object() {
  char c = all_[position_];
  if (is_blank(c) || c == ',') return ++position_, true;
  if (is_quote(c) && object_->reader().value().is_object() && reopenings_ < JsonReader::kReopenings) {
    ++reopenings_;
    object_->reopen(position_);
    state_ = State::object;
    return true;
  }
  state_ = State::in_line;
  return true;
}

void ReplyReader::begin_enclosed(std::size_t open) {
  enclosed_.emplace(open, all_[open]);
  state_ = State::enclosed;
  position_ = open + 1;
  label_possible_ = false;  // until the next line
}

bool ReplyReader::enclosed() {
  char c = all_[position_];
  if (enclosed_->byte(c, position_++)) return enclosed_done(), true;
  if (c == '\n') {
    line_begin_ = position_;
    label_ = LabelScanner();
    label_possible_ = true;
  } else if (label_possible_) {
    auto verdict = label_.byte(c);
    label_possible_ = verdict == LabelScanner::Verdict::undecided;
    bool ends = verdict == LabelScanner::Verdict::label && !label_.decorated() && is_strong(label_.label());
    if (ends) {
      position_ = line_begin_;
      enclosed_->end(position_);
      enclosed_done();
    }
  }
  return true;
}

}  // namespace troupe::agents
