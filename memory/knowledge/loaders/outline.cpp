#include "memory/knowledge/loaders/outline.h"

#include "models/builtin/utf8.h"

#include <algorithm>

namespace troupe::memory::loaders {

namespace {

using models::builtin::is_digit;
using models::builtin::is_letter;
using models::builtin::trim;
constexpr auto kNone = std::string_view::npos;
constexpr std::size_t kLineBytes = 500;  // no definition is longer; generated code is
constexpr std::size_t kMemberIndent = 4;

/// Words between spaces.
struct Grammar {
  std::string_view languages;
  std::string_view modifiers;  ///< may stand in front
  std::string_view keywords;   ///< define
  bool members = false;        ///< what is indented once is part of a class
  bool by_shape = false;       ///< "type name(…) {" defines too
};

constexpr Grammar kGrammars[] = {
    {" python ", " async ", " def class ", true},
    {" javascript typescript ", " export default async declare abstract public private protected static ",
     " function function* class interface enum type namespace ", true},
    {" go ", " ", " func type "},
    {" rust ", " pub async unsafe const extern default ",
     " fn struct enum trait impl mod union macro_rules! ", true},
    {" c cpp ", " static inline constexpr export extern typedef ", " class struct enum union ", false, true},
    {" java kotlin csharp scala swift php ",
     " public private protected internal static final abstract sealed open data override async suspend case "
     "partial "
     "readonly export ",
     " class interface enum record struct trait object protocol extension namespace fun func function def ",
     true},
    {" ruby ", " ", " class module def ", true},
    {" shell ", " ", " function ", false, true},
    {" lua ", " local ", " function "},
    {" sql ", " create or replace temp temporary unique CREATE OR REPLACE TEMP TEMPORARY UNIQUE ",
     " table view function procedure trigger index TABLE VIEW FUNCTION PROCEDURE TRIGGER INDEX "},
};

const Grammar* grammar_of(std::string_view language) {
  const std::string wanted = ' ' + std::string(language) + ' ';
  const auto* it = std::ranges::find_if(
      kGrammars, [&](const Grammar& grammar) { return grammar.languages.find(wanted) != kNone; });
  return it == std::end(kGrammars) ? nullptr : it;
}

bool is_one_of(std::string_view word, std::string_view words) {
  return !word.empty() && words.find(' ' + std::string(word) + ' ') != kNone;
}

std::string_view first_word(std::string_view text) {
  std::size_t end = 0;
  while (end < text.size() && (is_letter(text[end]) || is_digit(text[end]) || text[end] == '_' ||
                               text[end] == '!' || text[end] == '*' || text[end] < 0))
    ++end;
  return text.substr(0, end);
}

/// Behind a word, and what stands in parentheses right after it ("pub(crate)").
std::string_view behind(std::string_view text, std::string_view word) {
  text.remove_prefix(word.size());
  if (text.starts_with('('))
    if (const auto end = text.find(')'); end != kNone) text.remove_prefix(end + 1);
  return trim(text);
}

/// "int name(…) {" or "name() {", but neither a call nor a declaration nor a condition.
bool is_function_shape(std::string_view line) {
  constexpr std::string_view kNotFirst =
      " if for while switch return else do case using typedef namespace template public private protected "
      "goto "
      "assert static_assert delete throw ";
  if (is_one_of(first_word(line), kNotFirst)) return false;
  const auto open = line.find('(');
  if (open == kNone || open == 0 || line.substr(0, open).find('=') != kNone) return false;
  return !line.ends_with(';') && !line.ends_with('\\') &&
         (line.ends_with('{') || line.ends_with(')') || line.ends_with(',') || line.ends_with("const") ||
          line.ends_with("noexcept") || line.ends_with(':') || line.ends_with("override"));
}

bool is_arrow_function(std::string_view text) {
  const std::string_view word = first_word(text);
  return (word == "const" || word == "let") &&
         (text.find("=>") != kNone || text.find("= function") != kNone || text.find("= async") != kNone);
}

std::string without_body(std::string_view line) {
  line = line.substr(0, line.find('{'));
  line = trim(line);
  while (line.ends_with(':') || line.ends_with(',') || line.ends_with('='))
    line = trim(line.substr(0, line.size() - 1));
  return std::string(line);
}

}  // namespace

std::optional<Definition> definition_in(std::string_view line, std::string_view language) {
  const Grammar* grammar = line.size() > kLineBytes ? nullptr : grammar_of(language);
  if (!grammar) return std::nullopt;
  const std::size_t indent =
      line.starts_with('\t') ? kMemberIndent : std::min(line.find_first_not_of(' '), line.size());
  const std::string_view content = trim(line);
  if (content.empty() || content.ends_with(';') || indent > kMemberIndent ||
      (indent > 0 && !grammar->members) || (!is_letter(content[0]) && content[0] != '_'))
    return std::nullopt;

  std::string_view rest = content;
  std::string_view word = first_word(rest);
  bool modified = false;
  while (is_one_of(word, grammar->modifiers)) {
    rest = behind(rest, word);
    word = first_word(rest);
    modified = true;
  }
  const bool keyword = is_one_of(word, grammar->keywords) && !behind(rest, word).empty();
  const bool shaped = indent == 0 && grammar->by_shape && is_function_shape(rest);
  const bool method = indent > 0 && modified && is_function_shape(rest);
  const bool arrow =
      indent == 0 && grammar->languages.find(" javascript ") != kNone && is_arrow_function(rest);
  if (!keyword && !shaped && !method && !arrow) return std::nullopt;
  return Definition{indent > 0 ? 2 : 1, without_body(content)};
}

}  // namespace troupe::memory::loaders
