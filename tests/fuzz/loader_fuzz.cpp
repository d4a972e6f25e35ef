// A file of any bytes in any format: a document that holds what Document promises, or a reason; the same each
// time. The limits are small, so that inputs of a fuzzer reach them.
#include "memory/knowledge/loaders/load.h"
#include "memory/knowledge/loaders/utf8.h"
#include "tests/fuzz/require.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

using namespace troupe::memory;
using namespace troupe::memory::loaders;
using troupe::fuzz::require;

namespace {

constexpr LoadLimits kSmall{.text_bytes = 2'000,
                            .json_depth = 4,
                            .html_depth = 16,
                            .html_blocks = 50,
                            .records = 20,
                            .columns = 8,
                            .line_bytes = 300,
                            .headings = 10,
                            .heading_bytes = 40,
                            .metadata_entries = 4,
                            .metadata_bytes = 60,
                            .remarks = 5};

constexpr std::string_view kPaths[] = {"a.cpp", "a.py", "a.ts", "a.go", "a.rs", "a.java", "a.sql", "a"};

void check_text(std::string_view text, bool line) {
  for (std::size_t at = 0; at < text.size();) {
    const Character c = character_at(text, at);
    require(c.bytes > 0);
    require(c.value >= 0x20 || c.value == '\t' || (c.value == '\n' && !line));
    at += c.bytes;
  }
}

void check_place(const Document& document, std::size_t begin, std::size_t& last) {
  require(begin >= last && begin <= document.text.size());
  require(begin == 0 || begin == document.text.size() || document.text[begin - 1] == '\n');
  last = begin;
}

void check(const Document& document, const LoadLimits& limits) {
  require(document.text.size() <= limits.text_bytes + 1);
  check_text(document.text, false);
  check_text(document.title, true);
  std::size_t page = 0, heading = 0, record = 0;
  for (const auto& place : document.pages) check_place(document, place.begin, page);
  for (const auto& place : document.headings) {
    check_place(document, place.begin, heading);
    check_text(place.text, true);
    require(place.level > 0 && place.begin < document.text.size());
  }
  for (const std::size_t begin : document.records) check_place(document, begin, record);
  for (const auto& remark : document.remarks) check_text(remark, true);
  for (const auto& [key, value] : document.metadata.items()) {
    check_text(key, true);
    if (value.is_string()) check_text(value.get_ref<const std::string&>(), true);
    require(!value.is_structured());
  }
}

}  // namespace

/// The first byte chooses the format, the limits and the language of code; the rest is the file.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  LoadOptions options;
  options.path = kPaths[data[0] >> 4 & 7];
  if (data[0] & 8) options.limits = kSmall;
  const auto format = static_cast<Format>(data[0] & 7);

  const auto document = load(bytes, format, options);

  if (!document) {
    require(!document.error().message.empty());
    check_text(document.error().message, true);
  } else {
    check(*document, options.limits);
    const auto again = load(bytes, format, options);
    require(again && again->text == document->text && again->remarks == document->remarks);
  }
  const auto guessed = format_of(bytes, {});
  require(guessed || !guessed.error().message.empty());
  return 0;
}
