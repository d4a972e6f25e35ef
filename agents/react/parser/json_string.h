#pragma once

#include "agents/react/parser/json_quote.h"
#include "agents/react/parser/json_text.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::agents {

/// Reads one quoted string from after its opening quote to its closing one: single, double, typographic,
/// doubled or tripled quotes, raw line breaks, quotes that nobody escaped, a closing quote that is missing.
/// Part of JsonReader.
class JsonString {
 public:
  enum class Outcome {
    reading,
    closed,
    opens_key,    ///< closed before a quote that opens the next key; the position is at that quote
    opens_value,  ///< a key, colon and all, before the quote of its value; the position is at that quote
  };

  JsonString() = default;
  /// `mark` is the opening quote as written: `"`, `'` or the UTF-8 of a typographic one.
  JsonString(std::string_view mark, QuotePlace place);

  /// How many bytes at `at` are an opening quote; 0: none. A cut typographic quote counts as none.
  static std::size_t opening(std::string_view all, std::size_t at);

  /// Reads on from `position`, which moves. With `at_end` an open string ends with the text.
  Outcome read(std::string_view all, std::size_t& position, bool at_end, std::vector<std::string>& repairs);

  const std::string& text() const { return text_.text(); }
  std::string& text() { return text_.text(); }
  /// How much of the text is certain to stay, whatever follows.
  std::size_t settled() const { return settled_; }
  /// Bytes looked at beyond the distance travelled.
  std::size_t work() const { return work_; }

 private:
  enum class Marks { plain, smart, doubled, tripled };

  Outcome candidate(std::string_view all, std::size_t& position, bool at_end,
                    std::vector<std::string>& repairs);
  Outcome apply(QuoteLook::Verdict verdict, std::string_view all, std::size_t& position,
                std::vector<std::string>& repairs);
  std::size_t mark_at(std::string_view all, std::size_t at) const;
  bool mark_is_cut(std::string_view all, std::size_t at) const;
  void append(std::string_view bytes, std::vector<std::string>& repairs);
  void pasted(char c);
  bool takes_colon();

  JsonText text_;
  QuotePlace place_;
  Marks marks_ = Marks::plain;
  char mark_ = '"';
  QuoteLook look_;
  bool looking_ = false;
  std::size_t mark_bytes_ = 0;  // of the quote that is being looked at
  std::size_t settled_ = 0;
  std::size_t work_ = 0;

  // JSON pasted into the string without escaping its quotes
  int braces_ = 0;            // open ones, 0 outside
  bool quoted_ = false;       // inside one of its strings
  bool after_quote_ = false;  // one of its strings has just ended
  int openers_ = 0;           // braces the text ends with
};

}  // namespace troupe::agents
