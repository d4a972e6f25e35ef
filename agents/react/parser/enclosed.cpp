#include "agents/react/parser/enclosed.h"

#include "agents/react/parser/bytes.h"

namespace troupe::agents {

bool Enclosed::byte(char c, std::size_t position) {
  if (c == '\n') {
    bool complete = depth_ <= 0 && settle();
    if (first_ && line_ends_) first_line_ = last_;
    first_ = false;
    return complete;
  }
  if (c == opener_) ++depth_;
  if (c == closer_) {
    last_ = position;
    line_ends_ = true;
    if (--depth_ == 0 && balanced_ == 0) balanced_ = position;
  } else if (!is_blank(c)) {
    line_ends_ = false;
  }
  return false;
}

bool Enclosed::settle() {
  trailing_ = !line_ends_;
  close_ = line_ends_ ? last_ : balanced_;
  return true;
}

void Enclosed::end(std::size_t position) {
  if (balanced_ != 0 || (line_ends_ && depth_ <= 0)) {
    settle();
  } else if (first_line_ != 0) {
    close_ = first_line_;
  } else if (line_ends_) {
    close_ = last_;
  } else {
    close_ = position;
    unclosed_ = true;
  }
}

}  // namespace troupe::agents
