#pragma once

#include <string>
#include <string_view>

namespace troupe::agents {

/// Text that goes out while it grows, and yet ends up trimmed: blanks and code-fence lines wait until
/// something follows them. Parts are joined by a line break.
class HeldText {
 public:
  /// Whether fence lines at the beginning are content (an answer may be a code block) or packaging.
  explicit HeldText(bool keeps_fences) : keeps_fences_(keeps_fences) {}

  /// More text; returns what of it, and of what waited, may go out.
  std::string add(std::string_view bytes);
  /// What follows is a new part.
  void part();
  /// The end; returns what may still go out. Fences of content go out even where one of a pair is missing:
  /// what stands behind a label is the model's, and a mark taken off on a guess could not be put back.
  std::string end();

  /// All that went out.
  const std::string& text() const { return text_; }

 private:
  enum class State { line_start, ticks, fence, plain };

  void byte(char c, std::string& out);
  void release(std::string& out);

  bool keeps_fences_;
  State state_ = State::line_start;
  std::string text_;
  std::string held_;
  std::size_t line_ = 0;  // where its last line begins
  int ticks_ = 0;
};

}  // namespace troupe::agents
