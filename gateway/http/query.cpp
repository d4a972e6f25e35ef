#include "gateway/http/query.h"

#include "runtime/base/suggest.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace troupe::gateway {

namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string with_blanks(std::string_view text) {
  std::string blank(text);
  std::ranges::replace(blank, '+', ' ');
  return blank;
}

}  // namespace

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
      const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
      if (low < 0) return std::nullopt;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    if (c == '\0') return std::nullopt;
    decoded += c;
  }
  return decoded;
}

Result<Query> Query::parse(std::string_view text) {
  Query query;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('&'), text.size());
    const std::string_view one = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (one.empty()) continue;
    const std::size_t equals = std::min(one.find('='), one.size());
    auto name = percent_decoded(with_blanks(one.substr(0, equals)));
    auto value = percent_decoded(with_blanks(one.substr(std::min(equals + 1, one.size()))));
    if (!name || !value)
      return fail(ErrorCode::invalid, "the query is not percent-encoded as a URL's is (RFC 3986)");
    if (query.find(*name)) return fail(ErrorCode::invalid, fmt::format("the query has `{}` twice", *name));
    if (query.parameters_.size() == kParameters)
      return fail(ErrorCode::invalid, fmt::format("the query has more than {} parameters", kParameters));
    query.parameters_.emplace_back(std::move(*name), std::move(*value));
  }
  return query;
}

const std::string* Query::find(std::string_view name) const {
  const auto found =
      std::ranges::find(parameters_, name, [](const auto& one) { return std::string_view(one.first); });
  return found == parameters_.end() ? nullptr : &found->second;
}

std::string Query::text(std::string_view name) const {
  const std::string* value = find(name);
  return value ? *value : "";
}

Result<std::size_t> Query::count(std::string_view name, std::size_t fallback, std::size_t most) const {
  const std::string* value = find(name);
  if (!value) return fallback;
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(value->data(), value->data() + value->size(), number);
  if (error != std::errc() || end != value->data() + value->size() || number < 1 || number > most)
    return fail(ErrorCode::invalid,
                fmt::format("`{}={}`: write a whole number from 1 to {}", name, value->substr(0, 40), most));
  return number;
}

Result<> Query::only(const std::vector<std::string>& known) const {
  for (const auto& [name, value] : parameters_) {
    if (std::ranges::find(known, name) != known.end()) continue;
    std::string told = did_you_mean(name, known);
    if (told.empty())
      told = known.empty() ? "; it takes none" : fmt::format("; it takes {}", fmt::join(known, ", "));
    return fail(ErrorCode::invalid,
                fmt::format("there is no query parameter `{}` here{}", name.substr(0, 40), told));
  }
  return {};
}

}  // namespace troupe::gateway
