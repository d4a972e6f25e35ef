#include "agents/react/parser/json_step.h"

#include "agents/react/parser/bytes.h"
#include "agents/react/parser/step_names.h"

#include <utility>

#include <fmt/format.h>

namespace troupe::agents {

JsonStep::JsonStep(std::size_t begin, DeltaWriter& writer, bool quiet)
    : reader_(begin, this), writer_(writer), quiet_(quiet) {}

JsonReader::Status JsonStep::read(std::string_view all, bool at_end) {
  all_ = all;
  auto status = reader_.read(all, at_end);
  if (reader_.interrupted()) {
    reader_.close_here();
    status = reader_.status();
  }
  write_argument();
  return status;
}

StepObject JsonStep::step(bool weak_answers) const {
  return read_step_object(reader_.value(), fmt::format("the object that starts at byte {}", reader_.begin()),
                          weak_answers);
}

void JsonStep::on_key(std::size_t depth, std::string_view key) {
  if (depth != 1) return;
  key_ = step_key(key);
  if (key_ == StepKey::input && input_seen_) key_ = StepKey::other;  // the first one counts
  if (key_ == StepKey::observation && named_) reader_.interrupt();
  if (key_ == StepKey::input && named_ && !ends_) argument_ = reader_.position();
}

void JsonStep::on_text(std::size_t depth, std::string_view piece) {
  if (quiet_) return;
  bool of_thoughts = depth == 2 && key_ == StepKey::thought && plain_name(reader_.key_at(2)) == "text";
  if ((depth == 1 && key_ == StepKey::thought && !thought_seen_) || of_thoughts) {
    if (!thought_written_) writer_.break_thought();
    thought_written_ = true;
    writer_.thought(piece);
    return;
  }
  bool answers = (key_ == StepKey::answer && !named_) || (key_ == StepKey::input && ends_);
  if (depth != 1 || !answers || answered_) return;
  if (writer_.answer().empty()) {
    blanks_ += piece;
    if (piece.find_first_not_of(" \t\r\n") == std::string_view::npos) return;
    wrote_answer_ = true;
    writer_.answer(std::exchange(blanks_, {}));  // of which the writer may keep half a character back
    return;
  }
  writer_.answer(piece);
}

void JsonStep::on_value(std::size_t depth, const Json& value) {
  if (depth == 1) {
    if (key_ == StepKey::thought) thought_seen_ = true;
    if (key_ == StepKey::action || key_ == StepKey::command) name(value);
    if (key_ == StepKey::actions) named_ = true;
    // Also one that was not shown while it grew, such as a text without quotes.
    if (key_ == StepKey::answer) {
      answered_ = answered_ || !says_nothing(value);
      blanks_.clear();  // those of one answer are no part of the next
    }
    if (key_ == StepKey::input) {
      input_seen_ = true;
      write_argument();
      argument_ = 0;
    }
    key_ = StepKey::other;
  }
}

void JsonStep::name(const Json& value) {
  if (named_ || answered_ || !value.is_string()) {
    named_ = named_ || value.is_object();
    return;
  }
  std::string tool = trimmed(value.get_ref<const std::string&>());
  if (tool.empty() || is_no_tool(tool)) return;
  named_ = true;
  ends_ = is_final_name(tool);
  if (!ends_ && !quiet_) writer_.action(tool);
}

// The input as it is written, byte for byte.
void JsonStep::write_argument() {
  if (argument_ == 0 || quiet_) return;
  std::size_t until = reader_.position();
  writer_.argument(all_.substr(argument_, until - argument_));
  argument_ = until;
}

}  // namespace troupe::agents
