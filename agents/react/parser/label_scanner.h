#pragma once

#include "agents/react/parser/label_table.h"

#include <cstddef>
#include <optional>
#include <string_view>

namespace troupe::agents {

/// Reads the beginning of a line, byte by byte, as a label: `Thought:`, `**Action 2:**`, `### Final Answer`,
/// `행동 입력:` … Bounded: no line is looked at further than a label is long.
class LabelScanner {
 public:
  enum class Verdict {
    undecided,
    none,   ///< the line begins with no label
    label,  ///< it does: label(), and its content begins after the byte just given
  };

  LabelScanner();
  Verdict byte(char c);
  Label label() const { return label_; }
  /// Written in bold, as a heading or in a list. Prose is decorated, too, so such a label is a weaker sign.
  bool decorated() const { return decorated_; }
  /// The content goes on in the next line: the label was a heading.
  bool heading() const { return heading_; }

 private:
  enum class State { decoration, words, after_words, wide_colon, after_colon };

  Verdict decoration(char c);
  Verdict words(char c);
  Verdict after_words(char c);
  Verdict colon();
  bool narrow(char c);
  bool letter(char c);
  std::optional<Label> found() const;

  State state_ = State::decoration;
  std::size_t bytes_ = 0;
  std::size_t low_ = 0;  // the words of the table that begin as the line does: [low_, high_)
  std::size_t high_ = 0;
  std::size_t column_ = 0;  // bytes of them that are matched
  bool blank_ = false;      // a blank that counts only if another word follows
  char lead_ = 0;           // the first byte of a two-byte letter, until it can be folded
  int wide_ = 0;            // bytes of `：` seen
  bool decorated_ = false;
  bool number_ = false;  // digits, perhaps of a list
  bool listed_ = false;  // `- ` or `2. ` stands before it
  bool spaced_ = false;
  bool heading_ = false;
  Label label_ = Label::thought;
};

/// The label that `text`, a whole label without its colon, is.
std::optional<Label> label_of(std::string_view text);

/// How many bytes at the end of `text` may be the beginning of a label in the middle of a line, with the
/// blanks before it. Labels there begin with no small letter and have at most kInlineLabelWords words.
std::size_t label_tail(std::string_view text);
inline constexpr int kInlineLabelWords = 3;
inline constexpr std::size_t kInlineLabelBytes = 48;

}  // namespace troupe::agents
