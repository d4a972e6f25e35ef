#include "memory/knowledge/chunkers/chunker.h"

#include "memory/knowledge/chunkers/breaks.h"
#include "memory/knowledge/chunkers/cutter.h"
#include "memory/knowledge/chunkers/markdown_headings.h"
#include "memory/knowledge/chunkers/outline.h"
#include "memory/knowledge/chunkers/ruler.h"
#include "runtime/base/suggest.h"

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace troupe::memory {

namespace {

using chunkers::Break;
using chunkers::Cutter;
using chunkers::Layout;
using chunkers::Ruler;
using chunkers::Span;

/// The breaks of a kind, from the strongest to the weakest.
struct Chunker {
  template <class... Kinds>
  consteval explicit Chunker(std::string_view its_name, Kinds... kinds)
      : name(its_name),
        breaks{Break::record, kinds..., Break::character, Break::code_point},
        count(sizeof...(kinds) + 3) {}

  std::string_view name;
  std::span<const Break> all() const { return std::span(breaks).first(count); }

  std::array<Break, 12> breaks;
  std::size_t count;
};

constexpr auto kChunkers = [] {
  using enum Break;
  return std::to_array<Chunker>({
#define TROUPE_CHUNKER(name, ...) Chunker{#name __VA_OPT__(, ) __VA_ARGS__},
#include "memory/knowledge/chunkers/chunkers.def"
#undef TROUPE_CHUNKER
  });
}();

constexpr std::string_view kCharacters = "characters";
constexpr std::string_view kTokens = "tokens";

std::unique_ptr<Ruler> make_ruler(const ChunkSettings& settings, const models::tokens::Encoding* encoding) {
  if (settings.unit == kCharacters) return chunkers::code_point_ruler();
  return encoding ? chunkers::encoding_ruler(*encoding) : chunkers::estimate_ruler();
}

std::vector<Chunk> placed(const Document& document, std::span<const Document::Heading> headings,
                          const std::vector<Span>& spans) {
  std::vector<Chunk> chunks;
  chunks.reserve(spans.size());
  chunkers::Outline outline(document.text, headings);
  auto page = document.pages.begin();
  int number = 0;
  for (const Span& span : spans) {
    for (; page != document.pages.end() && page->begin <= span.begin; ++page) number = page->number;
    chunks.push_back({span.begin, span.end, number, outline.path(span)});
  }
  return chunks;
}

Error too_many(const ChunkSettings& settings) {
  return {
      .code = ErrorCode::too_large,
      .message = fmt::format("cutting a document by {} with size {} and overlap {}, in {}, makes more than "
                             "{} chunks; take a greater size, or an overlap that is further below it",
                             settings.by, settings.size, settings.overlap, settings.unit, kChunksMax)};
}

const Chunker* find_chunker(std::string_view name) {
  const auto found = std::ranges::find(kChunkers, name, &Chunker::name);
  return found == kChunkers.end() ? nullptr : &*found;
}

template <class Names>
std::string no_such(std::string_view what, const std::string& name, const Names& names) {
  return fmt::format("{} `{}`: there is no such thing; there are {}{}", what, name, fmt::join(names, ", "),
                     did_you_mean(name, {names.begin(), names.end()}));
}

Result<> check_lengths(const ChunkSettings& settings) {
  const std::size_t least = settings.unit == kTokens ? kChunkTokensMin : 1;
  if (settings.size < least || settings.size > kChunkSizeMax)
    return fail(ErrorCode::invalid, fmt::format("a chunk size of {} {}: it must be from {} to {}",
                                                settings.size, settings.unit, least, kChunkSizeMax));
  if (settings.overlap >= settings.size)
    return fail(
        ErrorCode::invalid,
        fmt::format("a chunk overlap of {} with a size of {} {}: each chunk would be all of the one "
                    "before it; lower the overlap, to a fifth of the size for instance, or raise the size",
                    settings.overlap, settings.size, settings.unit));
  return {};
}

}  // namespace

std::vector<std::string_view> chunker_names() {
  std::vector<std::string_view> names;
  for (const Chunker& chunker : kChunkers) names.push_back(chunker.name);
  return names;
}

std::vector<std::string_view> chunk_units() {
  return {kCharacters, kTokens};
}

Result<> check_chunking(const ChunkSettings& settings) {
  if (!find_chunker(settings.by))
    return fail(ErrorCode::invalid, no_such("chunks by", settings.by, chunker_names()));
  if (settings.unit != kCharacters && settings.unit != kTokens)
    return fail(ErrorCode::invalid, no_such("chunks in the unit", settings.unit, chunk_units()));
  return check_lengths(settings);
}

Result<std::vector<Chunk>> chunk(const Document& document, const ChunkSettings& settings,
                                 const models::tokens::Encoding* encoding) {
  if (auto checked = check_chunking(settings); !checked) return fail(std::move(checked.error()));
  const std::string_view text = document.text;
  if (text.size() > kChunkedTextBytes)
    return fail(
        ErrorCode::too_large,
        fmt::format("cutting a document into chunks: its text has {} bytes, at most {} are read; split "
                    "the file",
                    text.size(), kChunkedTextBytes));
  const Chunker& chunker = *find_chunker(settings.by);
  const bool sectioned = std::ranges::find(chunker.breaks, Break::section) != chunker.breaks.end();
  std::vector<Document::Heading> read;
  if (sectioned && document.headings.empty()) read = chunkers::markdown_headings(text);
  const std::span<const Document::Heading> headings = read.empty() ? document.headings : read;
  const std::vector<std::size_t> sections =
      sectioned ? chunkers::sections(text, headings) : std::vector<std::size_t>();

  const Layout layout{text, document.records, sections};
  const auto ruler = make_ruler(settings, encoding);
  Cutter cutter(layout, chunker.all(), {*ruler, settings.size, settings.overlap}, kChunksMax);
  try {
    cutter.cut();
  } catch (const std::runtime_error& problem) {
    return fail(ErrorCode::internal, fmt::format("cutting a document into chunks: {}", problem.what()));
  }
  const std::vector<Span> spans = cutter.take();
  if (spans.size() > kChunksMax) return fail(too_many(settings));
  return placed(document, headings, spans);
}

}  // namespace troupe::memory
