#pragma once

#include <cstddef>
#include <string_view>

namespace troupe::agents {

/// Where a quoted string stands, as far as it matters for where it may end.
struct QuotePlace {
  enum class Role { key, member, element, alone };
  Role role = Role::alone;
  bool in_array = false;   ///< some array is open around it, so `]` may follow
  bool in_object = false;  ///< some object is open around it, so `}` may follow
  bool in_parentheses = false;
  bool keywords = false;  ///< name=value counts like "name": value
  bool dirty = false;     ///< the string already held a quote that nobody escaped
  bool empty = false;     ///< the quote is the string's first byte
};

/// Decides whether a quote inside a quoted string ends it. Valid JSON always ends as JSON says: only what
/// cannot follow a string in JSON makes the quote part of the text. Reads ahead at most two quotes and one
/// short key, byte by byte and never twice, so that reading ahead stays linear and waits for more bytes where
/// it must.
class QuoteLook {
 public:
  enum class Verdict {
    undecided,  ///< more bytes are needed
    closes,     ///< the string ends here
    joins,      ///< the string ends here and goes on in the next quotes ("a" + "b", or on the next line)
    inner,      ///< the quote belongs to the text
    opens_key,  ///< the string should have ended before; this quote opens the next key
    doubled,    ///< the quotes are doubled: ""text""
    tripled,    ///< the quotes are tripled: """text"""
  };

  QuoteLook() = default;
  /// `quote` is the position after the quote, `mark` the quote itself.
  QuoteLook(std::size_t after_quote, char mark, QuotePlace place)
      : position_(after_quote), begin_(after_quote), mark_(mark), place_(place) {}

  /// Looks on in `all`, of which more may have arrived; `at_end` when nothing will.
  Verdict look(std::string_view all, bool at_end);

  /// Bytes read ahead so far.
  std::size_t work() const { return position_ - begin_; }
  /// Where a joined string goes on: the position after its opening quote.
  std::size_t joined_at() const { return joined_; }

 private:
  enum class State {
    after_quote,
    after_comma,
    after_plus,
    after_slash,
    word,
    element_word,
    after_word,
    quoted,
    after_quoted,
    second_quote,
  };

  Verdict byte(char c);
  Verdict after_quote(char c);
  Verdict after_key_quote(char c);
  Verdict after_comma(char c);
  Verdict word(char c);
  Verdict element_word(char c);
  Verdict after_word(char c);
  Verdict quoted(char c);
  Verdict after_quoted(char c);
  Verdict second_quote(char c);
  Verdict ended() const;
  Verdict go(State state) { return state_ = state, Verdict::undecided; }

  State state_ = State::after_quote;
  std::size_t position_ = 0;
  std::size_t begin_ = 0;
  char mark_ = '"';
  QuotePlace place_;
  bool spaced_ = false;     // blanks after the quote
  bool new_line_ = false;   // a line break among them
  bool comma_ = false;      // a comma among them
  char second_ = '"';       // a second quote that came after blanks
  std::size_t joined_ = 0;  // the position after it
  bool word_quoted_ = false;
  bool word_spaced_ = false;
  bool number_ = false;     // the word begins with a digit
  std::size_t length_ = 0;  // of the key that is being read
};

}  // namespace troupe::agents
