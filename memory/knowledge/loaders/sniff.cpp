#include "memory/knowledge/loaders/sniff.h"

#include "memory/knowledge/loaders/csv_rows.h"
#include "memory/knowledge/loaders/decode.h"
#include "memory/knowledge/loaders/html/tokens.h"
#include "memory/knowledge/loaders/json_tokens.h"
#include "memory/knowledge/loaders/markdown.h"
#include "models/builtin/utf8.h"
#include "runtime/base/ascii.h"

#include <algorithm>
#include <optional>

namespace troupe::memory::loaders {

namespace {

using models::builtin::trim;
using Kind = JsonToken::Kind;

constexpr std::size_t kSample = 64u << 10;
constexpr std::size_t kTagsLookedAt = 5;
constexpr std::size_t kTableRows = 10, kTableColumns = 3;

bool is_page(std::string_view text) {
  const std::string head = lower(trim(text).substr(0, 64));
  if (!head.starts_with('<')) return false;
  if (head.starts_with("<!doctype html")) return true;
  html::Tokens tokens(text);
  html::Token token;
  for (std::size_t tags = 0; tags < kTagsLookedAt && tokens.next(token);) {
    if (token.kind != html::Token::Kind::start_tag) continue;
    ++tags;
    for (const std::string_view name : {"html", "head", "body", "title", "div", "p", "h1", "table"})
      if (token.name == name) return true;
  }
  return false;
}

/// JSON or JSON Lines; of a sample that ends within a value, what it is so far.
std::optional<Format> json_kind(std::string_view text, bool cut) {
  JsonTokens tokens(text);
  const JsonToken first = tokens.next();
  if (!first.is_container()) return std::nullopt;
  JsonTokens ahead = tokens;
  const JsonToken inner = ahead.next();
  const bool plausible = inner.kind == Kind::string || inner.kind == Kind::end_object ||
                         (first.kind == Kind::begin_array && inner.kind != Kind::broken);
  if (!plausible) return std::nullopt;
  if (!tokens.skip(first)) return cut ? std::optional(Format::json) : std::nullopt;
  const bool line_ends = text.substr(tokens.at(), 2).find('\n') != std::string_view::npos;
  const JsonToken after = tokens.next();
  if (after.kind == Kind::end) return cut && line_ends ? Format::jsonl : Format::json;
  return line_ends && after.is_container() ? std::optional(Format::jsonl) : std::nullopt;
}

bool is_table(std::string_view text) {
  return even_columns(text, delimiter_of(text), kTableRows) >= kTableColumns;
}

}  // namespace

Format sniff(std::string_view bytes) {
  const bool cut = bytes.size() > kSample;
  const Decoded decoded = decode(bytes.substr(0, kSample), "");
  const std::string_view text = decoded.text;
  if (is_page(text)) return Format::html;
  if (const auto json = json_kind(text, cut)) return *json;
  if (text.starts_with("#!")) return Format::code;
  if (is_table(text)) return Format::csv;
  return looks_like_markdown(text) ? Format::markdown : Format::text;
}

}  // namespace troupe::memory::loaders
