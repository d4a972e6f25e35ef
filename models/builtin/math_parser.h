#pragma once

#include "models/builtin/formula.h"
#include "models/builtin/math_tokens.h"

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::models::builtin {

/// What the English and the Korean reader share: a cursor over tokens, and the functions calculators know.
/// Recursion is bounded by `kDepth`; past it everything fails to parse.
class MathParser {
 public:
  MathParser(std::vector<MathToken> tokens, std::optional<std::string_view> previous)
      : tokens_(std::move(tokens)), previous_(previous) {}

  bool needs_previous() const { return needs_previous_; }

 protected:
  using Kind = MathToken::Kind;
  using Parsed = std::optional<Formula>;
  static constexpr int kDepth = 40;

  bool at_end() const { return at_ >= tokens_.size(); }
  const MathToken* peek(std::size_t ahead = 0) const {
    return at_ + ahead < tokens_.size() ? &tokens_[at_ + ahead] : nullptr;
  }
  bool is(Kind kind, std::size_t ahead = 0) const {
    const MathToken* token = peek(ahead);
    return token && token->kind == kind;
  }
  bool is_word(std::string_view word, std::size_t ahead = 0) const {
    const MathToken* token = peek(ahead);
    return token && token->kind == Kind::word && token->text == word;
  }
  bool accept(Kind kind) { return is(kind) && (++at_, true); }
  bool accept_word(std::string_view word) { return is_word(word) && (++at_, true); }
  bool accept_any(std::initializer_list<std::string_view> words) {
    for (std::string_view word : words)
      if (accept_word(word)) return true;
    return false;
  }

  /// The number "it" stands for.
  Formula previous_number() {
    if (!previous_) needs_previous_ = true;
    return Formula::number(previous_.value_or("0"));
  }

  /// The calculator's name of a function word ("sine" → "sin"); "" when it is none.
  static std::string_view function_name(std::string_view word);

  std::vector<MathToken> tokens_;
  std::size_t at_ = 0;
  int depth_ = 0;

 private:
  std::optional<std::string_view> previous_;
  bool needs_previous_ = false;
};

}  // namespace troupe::models::builtin
