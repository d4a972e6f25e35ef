#include "agents/react/parser/json_word.h"

#include "agents/react/parser/bytes.h"
#include "agents/react/parser/json_text.h"

#include <algorithm>
#include <optional>

namespace troupe::agents {

namespace {

// No number that means something is longer.
constexpr std::size_t kWordBytes = 64;

struct Literal {
  std::string_view word;
  enum class Kind { yes, no, nothing, not_a_number } kind;
  bool valid = false;
};

constexpr Literal kLiterals[] = {
    {"true", Literal::Kind::yes, true},
    {"false", Literal::Kind::no, true},
    {"null", Literal::Kind::nothing, true},
    {"True", Literal::Kind::yes},
    {"TRUE", Literal::Kind::yes},
    {"False", Literal::Kind::no},
    {"FALSE", Literal::Kind::no},
    {"None", Literal::Kind::nothing},
    {"NULL", Literal::Kind::nothing},
    {"Null", Literal::Kind::nothing},
    {"nil", Literal::Kind::nothing},
    {"undefined", Literal::Kind::nothing},
    {"NaN", Literal::Kind::not_a_number},
    {"nan", Literal::Kind::not_a_number},
    {"Infinity", Literal::Kind::not_a_number},
    {"-Infinity", Literal::Kind::not_a_number},
    {"inf", Literal::Kind::not_a_number},
    {"-inf", Literal::Kind::not_a_number},
};

const Literal* literal(std::string_view word) {
  auto found = std::ranges::find(kLiterals, word, &Literal::word);
  return found == std::end(kLiterals) ? nullptr : found;
}

std::optional<Json> number(std::string_view word) {
  if (word.empty() || word.size() > kWordBytes) return std::nullopt;
  if (!is_digit(word[0]) && word[0] != '-') return std::nullopt;
  Json value = Json::parse(word.begin(), word.end(), nullptr, false);
  if (!value.is_number()) return std::nullopt;
  return value;
}

// 1_000, +1, .5 and 5. are what other languages write. 007 is not among them: a leading zero marks a code or
// a date, which a number would spoil.
std::optional<Json> loose_number(std::string_view word) {
  if (word.size() > kWordBytes) return std::nullopt;
  std::string plain;
  bool negative = !word.empty() && word[0] == '-';
  if (negative || (!word.empty() && word[0] == '+')) word.remove_prefix(1);
  if (word.empty() || word.back() == '_' || word.front() == '_') return std::nullopt;
  for (char c : word)
    if (c != '_') plain += c;
  if (plain.starts_with('.')) plain.insert(0, "0");
  if (plain.ends_with('.')) plain += '0';
  if (plain.starts_with('-')) return std::nullopt;
  return number((negative ? "-" : "") + plain);
}

}  // namespace

bool is_json_word(std::string_view word) {
  if (word.size() > kWordBytes) return false;
  return literal(word) || number(word) || loose_number(word);
}

Json json_word(std::string_view word, std::vector<std::string>& repairs) {
  if (const Literal* found = literal(word)) {
    bool nan = found->kind == Literal::Kind::not_a_number;
    if (!found->valid) note_repair(repairs, nan ? "NaN or infinity" : "literal of another language");
    if (found->kind == Literal::Kind::yes) return true;
    if (found->kind == Literal::Kind::no) return false;
    return nullptr;
  }
  if (auto value = number(word)) return *value;
  if (auto value = loose_number(word)) {
    note_repair(repairs, "number of another language");
    return *value;
  }
  note_repair(repairs, "unquoted text");
  return std::string(word);
}

}  // namespace troupe::agents
