#include "models/builtin/arithmetic.h"

#include "models/builtin/english_math.h"
#include "models/builtin/korean_math.h"

#include <algorithm>

namespace troupe::models::builtin {

namespace {

template <class Reader>
std::optional<Arithmetic> read_with(std::vector<MathToken> tokens, std::optional<std::string_view> previous) {
  Reader reader(std::move(tokens), previous);
  auto formula = reader.read();
  if (!formula) return std::nullopt;
  return Arithmetic{formula->text(), formula->plain(), reader.needs_previous()};
}

}  // namespace

std::optional<Arithmetic> read_arithmetic(std::string_view text, std::optional<std::string_view> previous) {
  std::vector<MathToken> tokens = math_tokens(text);
  auto is = [](MathToken::Kind kind) { return [kind](const MathToken& t) { return t.kind == kind; }; };
  if (std::ranges::any_of(tokens, is(MathToken::Kind::unknown))) return std::nullopt;
  if (std::ranges::any_of(tokens, is(MathToken::Kind::korean)))
    return read_with<KoreanMath>(std::move(tokens), previous);
  return read_with<EnglishMath>(std::move(tokens), previous);
}

}  // namespace troupe::models::builtin
