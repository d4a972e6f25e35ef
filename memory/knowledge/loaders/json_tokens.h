#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace troupe::memory::loaders {

/// What JSON (RFC 8259) is written in.
struct JsonToken {
  enum class Kind : std::uint8_t {
    begin_object,
    end_object,
    begin_array,
    end_array,
    colon,
    comma,
    string,
    number,
    literal,  ///< true, false, null
    end,      ///< of the text
    broken    ///< what stands here is none of them
  };
  Kind kind = Kind::end;
  std::string_view raw;   ///< as it is written, quotes and escapes included
  std::size_t begin = 0;  ///< byte offset

  bool is_scalar() const { return kind == Kind::string || kind == Kind::number || kind == Kind::literal; }
  bool is_container() const { return kind == Kind::begin_object || kind == Kind::begin_array; }
};

/// Reads a text token by token and builds nothing, so that numbers stay as they are written and a file of any
/// depth costs no stack. Line ends and tabs within strings are let pass. Linear.
class JsonTokens {
 public:
  explicit JsonTokens(std::string_view text) : text_(text) {}

  /// The next token; after `end` and `broken` the same again.
  JsonToken next();
  /// Where the next token, or the white space in front of it, begins.
  std::size_t at() const { return at_; }
  std::string_view text() const { return text_; }

  /// Reads over the rest of a value whose first token `first` is; false: it breaks. No recursion. Only the
  /// tokens and the balance of brackets are looked at.
  bool skip(const JsonToken& first);

 private:
  std::size_t string_end() const;
  std::size_t number_end() const;

  std::string_view text_;
  std::size_t at_ = 0;
};

/// A string token's text: escapes replaced, halves of surrogate pairs as U+FFFD.
std::string unescaped_json(std::string_view raw);

/// "line 3, column 14", both from 1; columns count bytes.
std::string place_in(std::string_view text, std::size_t offset);

}  // namespace troupe::memory::loaders
