#include "tests/memory/loaders/promises.h"

#include "memory/knowledge/loaders/utf8.h"

#include <unicode/normalizer2.h>

namespace troupe::memory::loaders::testing {

namespace {

bool is_clean(std::string_view text, bool line) {
  for (std::size_t at = 0; at < text.size();) {
    const Character c = character_at(text, at);
    if (c.bytes == 0 || (c.value < 0x20 && c.value != '\t' && (line || c.value != '\n'))) return false;
    if (c.value >= 0x7F && c.value < 0xA0) return false;
    at += c.bytes;
  }
  return true;
}

bool is_composed(std::string_view text) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* nfc = icu::Normalizer2::getNFCInstance(status);
  return nfc->isNormalizedUTF8(icu::StringPiece(text.data(), static_cast<int32_t>(text.size())), status) &&
         U_SUCCESS(status);
}

bool begins_line(const Document& document, std::size_t at) {
  return at <= document.text.size() && (at == 0 || document.text[at - 1] == '\n');
}

std::string broken_place(const Document& document) {
  std::size_t last = 0;
  for (const auto& page : document.pages) {
    if (page.begin < last || !(begins_line(document, page.begin) || page.begin == document.text.size()))
      return "the place of a page";
    last = page.begin;
  }
  last = 0;
  for (const auto& heading : document.headings) {
    if (heading.begin < last || !begins_line(document, heading.begin) ||
        heading.begin >= document.text.size())
      return "the place of a heading";
    if (heading.level < 1 || heading.text.empty() || !is_clean(heading.text, true)) return "a heading";
    last = heading.begin;
  }
  last = 0;
  for (const std::size_t begin : document.records) {
    if ((begin <= last && begin > 0) || !begins_line(document, begin) || begin >= document.text.size())
      return "the place of a record";
    last = begin;
  }
  return "";
}

}  // namespace

std::string broken_promise(const Document& document) {
  if (!is_clean(document.text, false)) return "the text is not clean";
  if (!is_composed(document.text)) return "the text is not composed";
  if (!is_clean(document.title, true) || !is_composed(document.title)) return "the title is not clean";
  if (!document.metadata.is_object()) return "metadata is no object";
  for (const auto& [key, value] : document.metadata.items()) {
    if (!is_clean(key, true) || value.is_structured()) return "metadata";
    if (value.is_string() && !is_clean(value.get_ref<const std::string&>(), true)) return "a metadata text";
  }
  for (const auto& remark : document.remarks)
    if (remark.empty() || !is_clean(remark, true)) return "a remark";
  return broken_place(document);
}

}  // namespace troupe::memory::loaders::testing
