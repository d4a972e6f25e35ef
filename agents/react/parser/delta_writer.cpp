#include "agents/react/parser/delta_writer.h"

namespace troupe::agents {

namespace {

constexpr std::string_view kReplacement = "\uFFFD";

bool continues(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

// Bytes of the character that `lead` opens; 0: none begins so. RFC 3629: C0, C1 and F5.. never occur.
std::size_t length(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return 2;
  if (lead >= 0xE0 && lead <= 0xEF) return 3;
  if (lead >= 0xF0 && lead <= 0xF4) return 4;
  return 0;
}

// Overlong forms, surrogates and what lies beyond U+10FFFF show in the second byte.
bool second_fits(unsigned char lead, unsigned char second) {
  if (lead == 0xE0) return second >= 0xA0;
  if (lead == 0xED) return second <= 0x9F;
  if (lead == 0xF0) return second >= 0x90;
  if (lead == 0xF4) return second <= 0x8F;
  return true;
}

// The bytes at `at` that make up one character (`whole`), the beginning of one, or a mistake of one or more
// bytes.
struct Character {
  std::size_t bytes = 1;
  enum class Kind { whole, cut, wrong } kind = Kind::whole;
};

Character character(std::string_view text, std::size_t at) {
  auto lead = static_cast<unsigned char>(text[at]);
  std::size_t wanted = length(lead);
  if (wanted == 0) return {1, Character::Kind::wrong};
  for (std::size_t i = 1; i < wanted; ++i) {
    if (at + i == text.size()) return {i, Character::Kind::cut};
    bool fits =
        continues(text[at + i]) && (i > 1 || second_fits(lead, static_cast<unsigned char>(text[at + 1])));
    if (!fits) return {i, Character::Kind::wrong};
  }
  return {wanted, Character::Kind::whole};
}

}  // namespace

std::string Utf8Gate::pass(std::string_view bytes) {
  waiting_ += bytes;
  std::string out;
  out.reserve(waiting_.size());
  std::size_t at = 0;
  while (at < waiting_.size()) {
    Character next = character(waiting_, at);
    if (next.kind == Character::Kind::cut) break;
    if (next.kind == Character::Kind::whole) {
      out.append(waiting_, at, next.bytes);
    } else {
      out += kReplacement;
    }
    at += next.bytes;
  }
  waiting_.erase(0, at);
  return out;
}

std::string Utf8Gate::flush() {
  std::string out = waiting_.empty() ? "" : std::string(kReplacement);
  waiting_.clear();
  return out;
}

std::string valid_utf8(std::string_view text) {
  Utf8Gate gate;
  std::string out = gate.pass(text);
  return out + gate.flush();
}

void DeltaWriter::write(StepDelta::Kind kind, std::string piece, std::string* total) {
  if (piece.empty()) return;
  if (total) *total += piece;
  if (!deltas_) return;
  if (!deltas_->empty() && deltas_->back().kind == kind) {
    deltas_->back().text += piece;
  } else {
    deltas_->push_back({kind, std::move(piece)});
  }
}

void DeltaWriter::thought(std::string_view piece, std::size_t (*held)(std::string_view)) {
  std::string text = thought_gate_.pass(piece);
  if (text.empty()) return;
  if (break_) text.insert(0, "\n");
  break_ = false;
  thought_ += text;
  if (muted_) return;
  std::size_t until = thought_.size() - (held ? held(thought_) : 0);
  if (until <= thought_written_) return;
  write(StepDelta::Kind::thought, thought_.substr(thought_written_, until - thought_written_), nullptr);
  thought_written_ = until;
}

void DeltaWriter::replace_thought(std::string thought) {
  std::string written = thought_.substr(0, thought_written_);
  if (thought.starts_with(written)) {
    thought_ = std::move(thought);
  } else {
    thought_ = written.starts_with(thought) ? written : written + "\n" + thought;
  }
}

void DeltaWriter::settle(ParsedStep& step) {
  thought_ += thought_gate_.flush();
  step.thought = thought_;
  bool whole = !muted_ || !std::holds_alternative<Malformed>(step.outcome);
  if (whole && thought_written_ < thought_.size())
    write(StepDelta::Kind::thought, thought_.substr(thought_written_), nullptr);
  if (auto* final = std::get_if<FinalStep>(&step.outcome)) {
    final->answer = valid_utf8(final->answer);
    // JSON is data, not text to be read while it is written.
    bool json = !final->data.is_null() && (final->answer.starts_with('{') || final->answer.starts_with('['));
    if (!json && final->answer.starts_with(answer_))
      write(StepDelta::Kind::answer, final->answer.substr(answer_.size()), &answer_);
  }
}

}  // namespace troupe::agents
