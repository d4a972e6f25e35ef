#pragma once

#include "memory/knowledge/loaders/json_tokens.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace troupe::memory::loaders {

/// Writes JSON values as lines that read well: "user.name: Kim", "tags: a, b", "rows[2].x: 1". Strings are
/// bare, their further lines indented; numbers are as they are written. What is nested deeper than
/// `depth_max` stays JSON.
class JsonLines {
 public:
  /// `tokens` outlives this. Writing stops when more than `bytes_max` have been written.
  JsonLines(JsonTokens& tokens, std::size_t depth_max, std::size_t bytes_max)
      : tokens_(tokens), depth_max_(depth_max), bytes_max_(bytes_max) {}

  /// Appends the lines of the value whose first token `first` is, named by `path`. False: the value breaks,
  /// or `full`; what was written before stays.
  bool write(const JsonToken& first, const std::string& path, std::string& out);

  bool full() const { return full_; }
  bool too_deep() const { return too_deep_; }  ///< something stayed JSON
  /// Notes where the text breaks, for who reads around the values, too. Always false.
  bool broken(const JsonToken& token, const char* expected);
  /// Where and why it broke: "offset" into the text of the tokens, and what was expected there.
  std::size_t broken_at() const { return broken_at_; }
  const char* expected() const { return expected_; }

 private:
  bool value(const JsonToken& first, std::size_t depth);
  bool object(std::size_t depth);
  bool array(std::size_t depth);
  bool member(const JsonToken& key, std::size_t depth);
  bool raw(const JsonToken& first);
  bool line(std::string_view text);

  JsonTokens& tokens_;
  const std::size_t depth_max_, bytes_max_;
  std::string path_;
  std::string* out_ = nullptr;
  bool full_ = false, too_deep_ = false;
  std::size_t broken_at_ = 0;
  const char* expected_ = "";
};

/// Appends a member's name to a path: ".name", or "[\"a.b\"]" when it could be misread.
void append_key(std::string& path, std::string_view key);
/// Appends `text` with its lines after the first indented, so that they are no lines of their own.
void append_indented(std::string& out, std::string_view text);
/// A scalar token as text: strings bare.
std::string scalar_text(const JsonToken& token);

}  // namespace troupe::memory::loaders
