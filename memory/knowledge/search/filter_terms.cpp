#include "memory/knowledge/search/filter.h"
#include "memory/knowledge/search/filter_reader.h"

#include <optional>

#include <fmt/format.h>

namespace troupe::memory {

namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t";
  const auto from = text.find_first_not_of(kBlanks);
  if (from == text.npos) return {};
  return text.substr(from, text.find_last_not_of(kBlanks) - from + 1);
}

struct Term {
  std::string_view key;
  std::string_view operation;
  std::string_view value;
};

std::optional<Term> split(std::string_view text) {
  constexpr std::string_view kOperations[] = {"!=", "<>", ">=", "<=", "==", "=", ">", "<"};
  for (std::size_t at = 0; at < text.size(); ++at)
    for (std::string_view operation : kOperations)
      if (text.substr(at).starts_with(operation))
        return Term{trimmed(text.substr(0, at)), operation, trimmed(text.substr(at + operation.size()))};
  return std::nullopt;
}

Json value_of(std::string_view text) {
  if (text == "true" || text == "false") return text == "true";
  const bool quoted = text.size() >= 2 && text.front() == '"' && text.back() == '"';
  const bool number = !text.empty() && (text[0] == '-' || (text[0] >= '0' && text[0] <= '9'));
  if (quoted || number)
    if (auto value = parse_json(text, 1)) return std::move(*value);
  return text;
}

}  // namespace

Result<Filter> Filter::parse_terms(std::span<const std::string> terms) {
  FilterReader reader;
  for (const std::string& text : terms) {
    const auto term = split(text);
    if (!term || term->key.empty())
      return fail(ErrorCode::invalid,
                  fmt::format("filter `{}`: write key=value, or with != >= <= > < between the two",
                              text.substr(0, 80)));
    auto read = reader.compare(term->key, term->operation, value_of(term->value), std::string(term->key));
    if (!read) return std::unexpected(std::move(read.error()));
  }
  return std::move(reader).all_of();
}

}  // namespace troupe::memory
