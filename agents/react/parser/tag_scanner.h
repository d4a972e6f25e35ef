#pragma once

#include "agents/react/parser/label_table.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace troupe::agents {

/// Reads `<name>` or `</name>`, byte by byte from its `<`, as one of the tags that models put around the
/// parts of a step. Bounded: no more than a tag's length is looked at.
class TagScanner {
 public:
  enum class Kind {
    label,    ///< a part of a step begins: label()
    closing,  ///< the part that a tag began ends
    think,    ///< reasoning begins; nothing in it decides
    think_end,
    call,     ///< a call follows: <tool_call>
    wrapper,  ///< says nothing: <response> …
  };
  enum class Verdict { undecided, none, tag };

  Verdict byte(char c);
  Kind kind() const { return kind_; }
  Label label() const { return label_; }

 private:
  Verdict named();

  std::string name_;
  bool begun_ = false;
  bool closes_ = false;
  Kind kind_ = Kind::wrapper;
  Label label_ = Label::thought;
};

}  // namespace troupe::agents
