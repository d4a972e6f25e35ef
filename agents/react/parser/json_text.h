#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::agents {

/// Remembers what was mended, each kind once. The kinds are few and constant, so a list is enough.
void note_repair(std::vector<std::string>& repairs, std::string_view what);

/// Decodes the content of one JSON string byte by byte: escapes, surrogate pairs, and the escapes that models
/// get wrong (\', \x41, \d), each noted as a repair. Quotes are the caller's business. Sans I/O.
class JsonText {
 public:
  /// Starts a new string.
  void clear();
  /// True when `c` belongs to the escape that is under way (a quote after a backslash, a digit of \uXXXX).
  /// When it does not, an unfinished escape is settled first, and `c` is an ordinary byte.
  bool takes(char c, std::vector<std::string>& repairs);
  /// A byte of content: one that `takes` claimed, a backslash, or any ordinary one.
  void byte(char c, std::vector<std::string>& repairs);
  /// Ordinary bytes, none of them a backslash.
  void run(std::string_view bytes) { text_ += bytes; }
  /// The end of the string; a cut escape is settled.
  void end(std::vector<std::string>& repairs);

  /// What is decoded so far. A high surrogate is held back until its low one came.
  const std::string& text() const { return text_; }
  std::string& text() { return text_; }

 private:
  enum class State { plain, backslash, hex, after_high, after_high_backslash };

  void escape(char c, std::vector<std::string>& repairs);
  void hex(char c, std::vector<std::string>& repairs);
  void unit(std::uint32_t value, std::vector<std::string>& repairs);
  void lone_surrogate(std::vector<std::string>& repairs);
  void settle(std::vector<std::string>& repairs);

  std::string text_;
  State state_ = State::plain;
  std::string digits_;  // of a \u or \x escape
  std::size_t digits_max_ = 0;
  std::uint32_t high_ = 0;  // a high surrogate that waits for its other half
};

/// Appends the UTF-8 of a code point; what is none becomes U+FFFD.
void append_utf8(std::string& out, std::uint32_t point);

}  // namespace troupe::agents
