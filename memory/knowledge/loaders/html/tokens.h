#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace troupe::memory::loaders::html {

/// The attributes that say something about a page's text. All others are read over.
enum class Attribute : std::uint8_t {
  alt,
  aria_hidden,
  charset,
  class_,
  content,
  datetime,
  hidden,
  href,
  http_equiv,
  id,
  itemprop,
  lang,
  name,
  property,
  rel,
  role,
  start,
  style,
  type,
  count
};

/// A start or end tag, or a run of text. Views are into the page.
struct Token {
  enum class Kind : std::uint8_t { text, start_tag, end_tag };

  Kind kind = Kind::text;
  std::string_view text;    ///< of a text
  bool references = false;  ///< the text may hold character references (entities.h)
  std::string name;         ///< of a tag, in lower case; cut after kNameBytes

  static constexpr std::size_t kNameBytes = 32;

  bool has(Attribute attribute) const { return has_[static_cast<std::size_t>(attribute)]; }
  /// As it is written, references included; empty also when it is not there.
  std::string_view operator[](Attribute attribute) const {
    return values_[static_cast<std::size_t>(attribute)];
  }

 private:
  friend class Tokens;
  std::array<std::string_view, static_cast<std::size_t>(Attribute::count)> values_;
  std::array<bool, static_cast<std::size_t>(Attribute::count)> has_{};
};

/// Reads a page as the tokenizer of the HTML Standard (13.2.5) does: tags, quoted and bare attributes,
/// comments in all their forms, and the content of script, style, title, textarea and their like, which ends
/// at their end tag only. Comments, doctypes and what stands between a broken tag and the end are left out.
/// Nothing is looked at twice, nothing is stored: linear whatever the page holds.
class Tokens {
 public:
  /// `page` is well-formed UTF-8 and outlives this.
  explicit Tokens(std::string_view page) : page_(page) {}

  /// False at the end.
  bool next(Token& token);

  /// The page ended inside of a tag, a comment or a script, so that text may be missing.
  bool unfinished() const { return unfinished_; }

 private:
  bool text_until(std::size_t end, bool references, Token& token);
  bool raw_text(Token& token);
  bool tag(Token& token);
  void attributes(Token& token);
  void attribute(Token& token);
  std::string_view attribute_value();
  void markup_declaration();
  void skip_past(std::string_view closer, std::size_t from);
  char at(std::size_t ahead = 0) const { return at_ + ahead < page_.size() ? page_[at_ + ahead] : '\0'; }

  std::string_view page_;
  std::size_t at_ = 0;
  std::string raw_;  ///< the element whose end tag alone ends the text; empty: none
  bool unfinished_ = false;
};

}  // namespace troupe::memory::loaders::html
