#include "memory/knowledge/store/layout.h"

#include "memory/knowledge/loaders/utf8.h"

#include <fmt/format.h>

namespace troupe::memory {

namespace {

constexpr std::string_view kWhat = "a document from its reader";

// Also without a NUL, which a document does not hold.
bool valid_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    if (const std::size_t plain = loaders::plain_run(text, at)) {
      at += plain;
      continue;
    }
    const loaders::Character character = loaders::character_at(text, at);
    if (character.bytes == 0 || character.value == 0) return false;
    at += character.bytes;
  }
  return true;
}

bool boundary(std::string_view text, std::size_t at) {
  return at == text.size() || (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) != 0x80);
}

// Reads the list `key` of [place, …] rows, in order, each place a boundary of the text.
template <class Take>
Result<> read_places(const Json& value, std::string_view key, std::size_t columns, std::string_view text,
                     Take take) {
  const Json* rows = find(value, key);
  if (!rows) return {};
  if (!rows->is_array()) return fail(ErrorCode::protocol, fmt::format("{}: `{}` is no list", kWhat, key));
  std::size_t last = 0;
  for (const Json& row : *rows) {
    const bool good = row.is_array() && row.size() == columns && row[0].is_number_unsigned();
    const std::size_t begin = good ? row[0].get<std::size_t>() : 0;
    if (!good || begin < last || !boundary(text, begin) || !take(begin, row))
      return fail(ErrorCode::protocol,
                  fmt::format("{}: `{}` has an entry that does not fit its text", kWhat, key));
    last = begin;
  }
  return {};
}

std::string text_or_empty(const Json& value, std::string_view key) {
  std::string text = string_or(value, key);
  return valid_utf8(text) ? text : std::string();
}

void put_layout(Json& value, const Document& document) {
  value["format"] = document.format;
  value["title"] = document.title;
  for (const auto& page : document.pages) value["pages"].push_back(Json::array({page.begin, page.number}));
  for (const auto& heading : document.headings)
    value["headings"].push_back(Json::array({heading.begin, heading.level, heading.text}));
  for (std::size_t record : document.records) value["records"].push_back(Json::array({record}));
}

}  // namespace

Json layout_of(const Document& document) {
  Json value = Json::object();
  put_layout(value, document);
  return value;
}

Json to_json(const Document& document) {
  Json value = layout_of(document);
  value["text"] = document.text;
  if (!document.metadata.empty()) value["metadata"] = document.metadata;
  if (!document.remarks.empty()) value["remarks"] = document.remarks;
  return value;
}

Result<Document> document_from(const Json& value, std::string_view text) {
  if (!value.is_object()) return fail(ErrorCode::protocol, fmt::format("{}: it is no object", kWhat));
  Document document;
  document.format = text_or_empty(value, "format");
  document.title = text_or_empty(value, "title");
  document.text = text.empty() ? string_or(value, "text") : std::string(text);
  if (!valid_utf8(document.text))
    return fail(ErrorCode::protocol, fmt::format("{}: its text is not valid UTF-8", kWhat));
  auto pages = read_places(value, "pages", 2, document.text, [&](std::size_t begin, const Json& row) {
    if (!row[1].is_number_integer()) return false;
    document.pages.push_back({begin, row[1].get<int>()});
    return true;
  });
  if (!pages) return fail(std::move(pages.error()));
  auto headings = read_places(value, "headings", 3, document.text, [&](std::size_t begin, const Json& row) {
    if (!row[1].is_number_integer() || !row[2].is_string()) return false;
    auto heading = row[2].get<std::string>();
    if (!valid_utf8(heading)) return false;
    document.headings.push_back({begin, row[1].get<int>(), std::move(heading)});
    return true;
  });
  if (!headings) return fail(std::move(headings.error()));
  auto records = read_places(value, "records", 1, document.text, [&](std::size_t begin, const Json&) {
    document.records.push_back(begin);
    return true;
  });
  if (!records) return fail(std::move(records.error()));
  if (const Json* metadata = find(value, "metadata"); metadata && metadata->is_object())
    for (const auto& [key, entry] : metadata->items())
      if (entry.is_primitive() && !entry.is_null() && valid_utf8(key)) document.metadata[key] = entry;
  if (const Json* remarks = find(value, "remarks"); remarks && remarks->is_array())
    for (const Json& remark : *remarks)
      if (remark.is_string()) document.remarks.push_back(remark.get<std::string>());
  return document;
}

}  // namespace troupe::memory
