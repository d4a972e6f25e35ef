#include "tools/builtin/http/text_template.h"

#include <algorithm>
#include <cctype>

namespace troupe::tools {

namespace {

bool is_name(std::string_view name) {
  const auto part = [](unsigned char c) { return std::isalnum(c) || c == '_' || c == '-' || c == '.'; };
  return !name.empty() && !std::isdigit(static_cast<unsigned char>(name.front())) &&
         std::ranges::all_of(name, part);
}

}  // namespace

Result<TextTemplate> TextTemplate::parse(std::string_view text) {
  TextTemplate made;
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c != '{' && c != '}') {
      plain += c;
    } else if (i + 1 < text.size() && text[i + 1] == c) {
      plain += c;
      ++i;
    } else {
      const auto end = text.find('}', i);
      if (c == '}' || end == text.npos || !is_name(text.substr(i + 1, end - i - 1)))
        return fail(ErrorCode::invalid,
                    "has a brace that belongs to no `{name}`; a brace itself is written `{{` or `}}`");
      if (!plain.empty()) made.pieces_.push_back({false, std::exchange(plain, "")});
      made.pieces_.push_back({true, std::string(text.substr(i + 1, end - i - 1))});
      i = end;
    }
  }
  if (!plain.empty()) made.pieces_.push_back({false, std::move(plain)});
  return made;
}

std::vector<std::string> TextTemplate::names() const {
  std::vector<std::string> names;
  for (const Piece& piece : pieces_)
    if (piece.place) names.push_back(piece.text);
  return names;
}

std::optional<std::string> TextTemplate::alone() const {
  return pieces_.size() == 1 && pieces_.front().place ? std::optional(pieces_.front().text) : std::nullopt;
}

Result<std::optional<std::string>> TextTemplate::fill(const Lookup& lookup, const Write& write) const {
  std::string filled;
  for (const Piece& piece : pieces_) {
    if (!piece.place) {
      filled += piece.text;
      continue;
    }
    const Json* value = lookup(piece.text);
    if (!value) return std::optional<std::string>();
    auto written = write(piece.text, *value);
    if (!written) return fail(std::move(written.error()));
    filled += *written;
  }
  return std::optional(std::move(filled));
}

std::string text_of(const Json& value) {
  return value.is_string() ? value.get<std::string>() : dump(value);
}

}  // namespace troupe::tools
