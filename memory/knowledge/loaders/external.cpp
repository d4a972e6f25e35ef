#include "memory/knowledge/loaders/external.h"

#include "memory/knowledge/loaders/clean.h"
#include "memory/knowledge/loaders/draft.h"
#include "memory/knowledge/loaders/format.h"
#include "models/builtin/utf8.h"
#include "runtime/base/ascii.h"
#include "runtime/base/json.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

#include <fmt/format.h>

namespace troupe::memory::loaders {

namespace {

using models::builtin::trim;

constexpr std::string_view kMagic = "magic:";
constexpr int kLevels = 6;  // of headings, as HTML and Markdown have them

std::optional<std::size_t> number(std::string_view digits, int base) {
  std::size_t value = 0;
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (failed != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

std::optional<std::string> bytes_of(std::string_view hex) {
  std::string bytes;
  if (hex.empty() || hex.size() % 2 != 0) return std::nullopt;
  for (std::size_t at = 0; at < hex.size(); at += 2) {
    const auto byte = number(hex.substr(at, 2), 16);
    if (!byte) return std::nullopt;
    bytes += static_cast<char>(*byte);
  }
  return bytes;
}

std::optional<LoaderFormats::Magic> magic_of(std::string_view word) {
  word.remove_prefix(kMagic.size());
  const auto colon = word.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto at = number(word.substr(0, colon), 10);
  auto bytes = bytes_of(word.substr(colon + 1));
  if (!at || !bytes || *at > kMagicReach || *at + bytes->size() > kMagicReach) return std::nullopt;
  return LoaderFormats::Magic{*at, std::move(*bytes)};
}

bool is_ending(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '+';
  });
}

bool take(std::string_view written, LoaderFormats& formats) {
  const std::string word = lower(written);
  if (word.starts_with(kMagic)) {
    auto magic = magic_of(word);
    if (magic) formats.magics.push_back(std::move(*magic));
    return magic.has_value();
  }
  if (word.starts_with('.')) {
    if (is_ending(std::string_view(word).substr(1))) formats.endings.push_back(word.substr(1));
    return is_ending(std::string_view(word).substr(1));
  }
  const auto slash = word.find('/');
  if (slash == 0 || slash == std::string::npos || slash + 1 == word.size()) return false;
  formats.types.push_back(word);
  return true;
}

/// A member that must be of a type where it is there.
const Json* member(const Json& object, std::string_view key, bool (Json::*is)() const noexcept,
                   Draft& draft) {
  const Json* value = find(object, key);
  if (!value || value->is_null()) return nullptr;
  if ((value->*is)()) return value;
  draft.remark(fmt::format("The loader gave a `{}` of a wrong type, which was left out.", key));
  return nullptr;
}

std::optional<int> whole(const Json* value) {
  if (!value) return std::nullopt;
  if (value->is_number_unsigned())
    return static_cast<int>(
        std::min<std::uint64_t>(value->get<std::uint64_t>(), std::numeric_limits<int>::max()));
  return static_cast<int>(
      std::clamp<std::int64_t>(value->get<std::int64_t>(), 0, std::numeric_limits<int>::max()));
}

void add_part(const Json& part, Draft& draft) {
  if (!part.is_object()) return draft.remark("The loader gave a part that is no object, which was left out.");
  if (const Json* record = member(part, "record", &Json::is_boolean, draft); record && record->get<bool>())
    if (!draft.record()) return;
  if (const auto page = whole(member(part, "page", &Json::is_number_integer, draft))) draft.page(*page);
  if (const Json* heading = member(part, "heading", &Json::is_string, draft)) {
    const int level = whole(member(part, "level", &Json::is_number_integer, draft)).value_or(1);
    draft.heading(std::clamp(level, 1, kLevels), heading->get_ref<const std::string&>());
  }
  if (const Json* text = member(part, "text", &Json::is_string, draft))
    draft.add(text->get_ref<const std::string&>());
}

void add_metadata(const Json& metadata, Draft& draft) {
  for (const auto& [key, value] : metadata.items()) {
    if (value.is_string())
      draft.metadata(key, value.get_ref<const std::string&>());
    else if (value.is_number() || value.is_boolean())
      draft.metadata_value(key, value);
    else if (!value.is_null())
      draft.remark("The loader gave metadata that is no text, number or boolean, which was left out.");
  }
}

}  // namespace

bool LoaderFormats::read_path(std::string_view path) const {
  return std::ranges::find(endings, ending_of_path(path)) != endings.end();
}

bool LoaderFormats::read_type(std::string_view content_type) const {
  const std::string type = lower(trim(content_type.substr(0, content_type.find(';'))));
  return std::ranges::find(types, type) != types.end();
}

bool LoaderFormats::read_bytes(std::string_view bytes) const {
  return std::ranges::any_of(magics, [bytes](const Magic& magic) {
    return bytes.size() >= magic.at && bytes.substr(magic.at).starts_with(magic.bytes);
  });
}

Result<LoaderFormats> read_formats(std::string_view words) {
  LoaderFormats formats;
  std::size_t count = 0;
  while (!(words = trim(words)).empty()) {
    const std::string_view word = words.substr(0, words.find(' '));
    words.remove_prefix(word.size());
    if (++count > kFormatWords)
      return fail(ErrorCode::invalid, fmt::format("it reads more than {} formats", kFormatWords));
    if (word.size() > kFormatWordBytes || !take(word, formats))
      return fail(
          ErrorCode::invalid,
          fmt::format("`{}` is no format: write an ending as `.vtt`, a content type as `text/vtt`, bytes "
                      "at a place within the first {} as `magic:0:574542565454`",
                      word.substr(0, kFormatWordBytes), kMagicReach));
  }
  return formats;
}

Result<Document> read_external(std::string_view answer, std::string_view format, const LoadLimits& limits) {
  auto json = parse_json(answer);
  if (!json) return fail(ErrorCode::invalid, "what its loader answered is no JSON: " + json.error().message);
  if (!json->is_object()) return fail(ErrorCode::invalid, "what its loader answered is no JSON object");
  Draft draft(Format::text, limits);
  const Json* text = member(*json, "text", &Json::is_string, draft);
  const Json* parts = member(*json, "parts", &Json::is_array, draft);
  if (!text && !parts)
    return fail(ErrorCode::invalid, "what its loader answered has neither a `text` nor a list of `parts`");
  if (const Json* title = member(*json, "title", &Json::is_string, draft))
    draft.title(title->get_ref<const std::string&>());
  if (const Json* metadata = member(*json, "metadata", &Json::is_object, draft))
    add_metadata(*metadata, draft);
  if (const Json* remarks = member(*json, "remarks", &Json::is_array, draft))
    for (const Json& remark : *remarks)
      if (remark.is_string())
        draft.remark(clean_line(remark.get_ref<const std::string&>(), limits.metadata_bytes));
  if (text) draft.add(text->get_ref<const std::string&>());
  if (parts)
    for (const Json& part : *parts) {
      if (draft.full()) break;
      add_part(part, draft);
    }
  Document document = std::move(draft).finish();
  document.format = format;
  return document;
}

}  // namespace troupe::memory::loaders
