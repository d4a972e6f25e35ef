#include "agents/react/parser/reply_reader.h"

#include "agents/react/parser/bytes.h"
#include "agents/react/parser/step_names.h"

#include <fmt/format.h>

namespace troupe::agents {

bool ReplyReader::feed(std::string_view bytes, std::vector<StepDelta>& deltas) {
  if (state_ == State::decided) return false;
  all_ += bytes;
  writer_.write_to(&deltas);
  advance(false);
  writer_.write_to(nullptr);
  return state_ != State::decided;
}

ParsedStep ReplyReader::finish(std::vector<StepDelta>& deltas) {
  writer_.write_to(&deltas);
  if (state_ != State::decided) advance(true);
  if (state_ != State::decided) {
    std::string reason = reason_;
    if (reason.empty())
      reason = all_.find_first_not_of(" \t\r\n") == std::string::npos
                   ? "the reply is empty"
                   : "the reply has no JSON object; expected one with `action` or `final_answer`";
    decide({thought_, Malformed{std::move(reason)}, {}, all_.size()});
  }
  writer_.write_to(nullptr);
  return decided_;
}

void ReplyReader::advance(bool at_end) {
  while (state_ != State::decided && (position_ < all_.size() || (at_end && state_ == State::object)))
    if (!step(at_end)) break;
}

bool ReplyReader::step(bool at_end) {
  char c = all_[std::min(position_, all_.size() - 1)];
  switch (state_) {
    case State::prose:
      if (c == '{' && position_ >= no_object_before_) return begin_object(position_), true;
      if (c == '[' && position_ >= no_object_before_) {
        bracket_ = position_;
        state_ = State::bracket;
      }
      ++position_;
      return true;
    case State::bracket:
      if (is_blank(c)) return ++position_, true;
      if (c == '{') return begin_object(bracket_), true;
      state_ = State::prose;
      return true;
    case State::object:
      return object(at_end);
    case State::after_object:
      return after_object();
    case State::decided:
      return false;
  }
  return false;
}

void ReplyReader::begin_object(std::size_t at) {
  object_.emplace(at, writer_);
  state_ = State::object;
}

bool ReplyReader::object(bool at_end) {
  auto status = object_->read(all_, at_end);
  position_ = object_->reader().position();
  if (status == JsonReader::Status::reading) return false;
  if (status == JsonReader::Status::failed) {
    no_object_before_ = position_;
    position_ = object_->reader().begin() + 1;
    state_ = State::prose;
    return true;
  }
  StepObject step = object_->step();
  if (auto* malformed = std::get_if<Malformed>(&step.outcome)) {
    reason_ = malformed->reason;
    if (thought_.empty()) thought_ = step.thought;
    no_object_before_ = position_;
    state_ = State::after_object;
    return true;
  }
  if (step.thought.empty()) step.thought = thought_;
  decide({std::move(step.thought), std::move(step.outcome), object_->reader().repairs(), position_});
  return true;
}

bool ReplyReader::after_object() {
  char c = all_[position_];
  if (is_blank(c) || c == ',') return ++position_, true;
  if (is_quote(c) && object_->reader().value().is_object()) {
    object_->reopen(position_);
    state_ = State::object;
    return true;
  }
  state_ = State::prose;
  return true;
}

void ReplyReader::decide(ParsedStep step) {
  decided_ = std::move(step);
  writer_.settle(decided_);
  state_ = State::decided;
}

}  // namespace troupe::agents
