#pragma once

#include "agents/react/step_parser.h"

#include <string>
#include <string_view>
#include <vector>

namespace troupe::agents {

/// Cuts a byte stream at whole UTF-8 characters: a character of which bytes are missing waits, a byte that
/// belongs to none becomes U+FFFD.
class Utf8Gate {
 public:
  /// What of `bytes`, and of what waited, is whole.
  std::string pass(std::string_view bytes);
  /// The rest, at the end of the text.
  std::string flush();

 private:
  std::string waiting_;
};

/// All of `text` as valid UTF-8.
std::string valid_utf8(std::string_view text);

/// Writes the deltas of one step, and knows what it wrote, so that in the end every delta is part of the step
/// and nothing of the step is missing among them.
class DeltaWriter {
 public:
  /// Where the deltas of the present call go. Pieces of one kind that follow each other become one delta.
  void write_to(std::vector<StepDelta>* deltas) { deltas_ = deltas; }

  /// `held` says how many bytes at the end of the thought had better wait for what follows.
  void thought(std::string_view piece, std::size_t (*held)(std::string_view) = nullptr);
  /// What follows of the thought goes into a new line.
  void break_thought() { break_ = !thought_.empty(); }
  /// While muted, thoughts are collected but not written.
  void mute_thought() { muted_ = true; }
  void answer(std::string_view piece) { write(StepDelta::Kind::answer, answer_gate_.pass(piece), &answer_); }
  void action(std::string_view name) { write(StepDelta::Kind::action, valid_utf8(name), nullptr); }
  void argument(std::string_view piece) {
    write(StepDelta::Kind::argument, argument_gate_.pass(piece), nullptr);
  }

  const std::string& thought() const { return thought_; }
  const std::string& answer() const { return answer_; }

  /// The thought is something else than what was collected; what was written of it stays.
  void replace_thought(std::string thought);
  /// The step is decided: takes the thought, makes the answer valid UTF-8 and writes what the deltas lack.
  void settle(ParsedStep& step);

 private:
  void write(StepDelta::Kind kind, std::string piece, std::string* total);

  std::vector<StepDelta>* deltas_ = nullptr;
  Utf8Gate thought_gate_, answer_gate_, argument_gate_;
  std::string thought_, answer_;  // so far
  std::size_t thought_written_ = 0;
  bool break_ = false;
  bool muted_ = false;
};

}  // namespace troupe::agents
