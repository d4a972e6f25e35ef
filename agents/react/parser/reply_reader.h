#pragma once

#include "agents/react/parser/delta_writer.h"
#include "agents/react/parser/dialect_rules.h"
#include "agents/react/parser/enclosed.h"
#include "agents/react/parser/held_text.h"
#include "agents/react/parser/json_step.h"
#include "agents/react/parser/label_scanner.h"
#include "agents/react/parser/tag_scanner.h"
#include "agents/react/step_parser.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::agents {

/// The parser of one reply, in all dialects. Byte by byte it looks for the labels, objects, brackets and tags
/// in which models write a step; the first complete action or answer by position decides. What it cannot tell
/// yet (is this line a label? is this object a step?) it reads ahead, and where the guess was wrong it goes
/// back once, so that no byte is read more than a fixed number of times.
class ReplyReader : public StepParser {
 public:
  /// Beyond so many looks at each byte a reply is malformed. Nothing that is known costs a fifth of it.
  static constexpr std::size_t kWorkPerByteMax = 64;

  explicit ReplyReader(StepParserOptions options);

  bool feed(std::string_view bytes, std::vector<StepDelta>& deltas) override;
  ParsedStep finish(std::vector<StepDelta>& deltas) override;

  /// Bytes looked at: a small multiple of the bytes fed.
  std::size_t work() const { return work_ + (object_ ? object_->reader().work() : 0); }

 private:
  /// What the next byte is read as.
  enum class State {
    line_start,    ///< perhaps part of a label
    in_line,       ///< content of the section
    tag,           ///< perhaps part of a tag
    list,          ///< after `[`: a list of calls, if a brace comes
    fence,         ///< after the backticks where a value begins: an object, if a brace comes
    object,        ///< JSON
    after_object,  ///< after an object that is no step: perhaps it goes on
    enclosed,      ///< the argument behind Search[ or search(
    decided,
  };
  /// What the text belongs to.
  enum class Section {
    prose,  ///< before any label
    think,  ///< inside <think>
    thought,
    action,        ///< behind `Action:`, until the line ends
    after_action,  ///< an action is named; its input should follow
    input,
    answer,
    plain_answer,  ///< prose that is the answer, unless a step comes in it
    follow_up,
    ignored,  ///< a repeated question, a stray input
  };
  enum class Purpose { step, input, answer };

  // reply_reader.cpp: bytes
  void advance(bool at_end);
  bool settle_ahead();
  bool step(bool at_end);
  bool line_start();
  bool bare_bracket(char c);
  bool in_line();
  bool new_line();
  bool text();
  bool action();
  bool after_action();
  bool input();
  bool answer();
  bool follow_up();
  bool begin_tag();
  bool tag();
  bool list();
  bool fence();
  void no_list();
  void no_fence();
  void set_label(std::size_t at) { label_at_ = at, content_at_ = position_; }
  bool object(bool at_end);
  bool object_failed();
  bool after_object();
  bool enclosed();
  void begin_line();
  void begin_object(std::size_t at, Purpose purpose, bool quiet = false);
  void begin_enclosed(std::size_t open);
  void begin_value(Section section);
  std::string_view run(std::string_view stops);
  void look_back_for_label();

  // reply_sections.cpp: what it means
  bool on_label(Label label, bool decorated);
  bool label_in_text(Label label, bool decorated);
  bool label_in_prose_answer(Label label, bool decorated);
  bool label_in_action(Label label, bool decorated);
  bool label_in_input(Label label, bool decorated);
  bool label_in_answer(Label label, bool decorated);
  bool inside_line() const;
  void on_tag();
  void add_text(std::string_view bytes);
  void add_answer(std::string_view bytes);
  void begin_thought();
  void begin_answer();
  void end_action_line();
  bool only_fence(std::string_view text) const;
  void object_done();
  bool begins_line(std::size_t at) const;
  void enclosed_done();
  void decide_input();
  void decide_answer();
  void decide_call();
  bool decide_without_input();
  void decide_action(std::string name, Json input);
  void decide_malformed(std::string reason);
  void speak();
  void add_spoken(std::variant<Malformed, ActionStep, FinalStep>& outcome);
  void decide(std::variant<Malformed, ActionStep, FinalStep> outcome);
  void end_of_reply();
  bool retry_inside_line();
  std::string why_not() const;
  std::string label_text() const;
  bool retry_unescaped();

  const StepParserOptions options_;
  const DialectRules& rules_;

  State state_ = State::line_start;
  Section section_ = Section::prose;
  std::string all_;
  std::size_t position_ = 0;
  std::size_t work_ = 0;

  // reading ahead
  std::size_t line_begin_ = 0;
  LabelScanner label_;
  bool label_possible_ = true;
  bool bare_possible_ = false;
  TagScanner tag_;
  std::size_t tag_begin_ = 0;
  std::size_t no_tag_at_ = std::string::npos;
  std::size_t no_label_at_ = std::string::npos;  // where an answer begins and was looked at for one
  std::size_t value_begin_ = 0;                  // where a `[` or a fence began
  std::size_t no_object_before_ = 0;             // braces before it were tried in vain
  std::optional<JsonStep> object_;
  Purpose purpose_ = Purpose::step;
  bool fenced_ = false;       // the object came out of a fence at value_begin_
  std::size_t argument_ = 0;  // of an object that is the input: where its unwritten rest begins
  std::optional<Enclosed> enclosed_;

  // the section
  bool fresh_ = false;       // nothing but blanks came in it
  bool decoration_ = false;  // … nor anything but the stars that end a bold label
  bool tagged_ = false;      // it began with a tag and ends with one
  Section before_think_ = Section::prose;
  std::size_t label_at_ = 0;  // where its label begins
  std::string prose_;         // held back
  bool prose_blank_ = true;
  std::size_t content_at_ = 0;  // where the content behind the last label begins
  HeldText thought_{false};
  std::string name_;          // of the action, as written
  std::string pending_call_;  // arguments of name(…), until it is certain that no Action Input follows
  bool called_ = false;
  std::string input_;
  bool decorated_input_ = false;  // so was its label: such labels end it
  HeldText answer_{true};
  bool answer_is_json_ = false;  // not to be streamed
  bool called_end_ = false;      // it is the input of an action such as Finish
  bool tailing_ = false;         // what came since may be a second trace
  std::string tail_;
  bool labelled_ = false;      // some label came
  bool heading_ = false;       // … which may as well be a heading of the prose: **Actions**
  bool spoken_ = false;        // answer_ holds prose that stood before a label or object
  std::size_t spoken_at_ = 0;  // where in the thought it belongs, should a call follow

  // a label in the middle of a line, tried if nothing else decides
  std::size_t inline_at_ = std::string::npos;
  std::size_t inline_content_ = 0;
  Label inline_label_ = Label::action;
  std::string inline_thought_;

  // the outcome
  std::string problem_;   // of a label
  std::string reason_;    // why the last object is no step
  bool partial_ = false;  // some object was part of a step
  bool escaped_ = false;  // a brace was followed by \", as in a string
  int reopenings_ = 0;
  bool retried_ = false;
  bool cut_ = false;
  std::vector<std::string> repairs_;
  DeltaWriter writer_;
  ParsedStep decided_;
};

}  // namespace troupe::agents
