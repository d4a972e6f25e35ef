#include "memory/knowledge/ingest/embed_chunks.h"

#include "memory/knowledge/ingest/limits.h"

#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace troupe::memory {

namespace {

/// The next texts for one call, at least one; `next` goes on behind them.
std::vector<std::string> take_texts(const CutDocument& cut, std::size_t& next) {
  std::vector<std::string> texts;
  for (std::size_t bytes = 0; next < cut.chunks.size() && texts.size() < limits::kEmbeddedTexts; ++next) {
    const Chunk& place = cut.chunks[next].place;
    bytes += place.end - place.begin;
    if (!texts.empty() && bytes > limits::kEmbeddedBytes) break;
    texts.push_back(cut.document.text.substr(place.begin, place.end - place.begin));
  }
  return texts;
}

Result<> check_rows(const models::Vectors& rows, std::size_t texts, const models::Vectors& all,
                    std::size_t chunks, const std::string& embedder) {
  const bool first = all.values.empty();
  if (rows.rows() != texts || (!first && rows.dimensions != all.dimensions))
    return fail(ErrorCode::protocol, fmt::format("embedder {} gave {} vectors of {} numbers for {} texts",
                                                 embedder, rows.rows(), rows.dimensions, texts));
  if (first && rows.dimensions * sizeof(float) > limits::kVectorBytes / chunks)
    return fail(ErrorCode::too_large,
                fmt::format("{} chunks with vectors of {} numbers are more than {} bytes; raise `chunk.size` "
                            "or divide the document",
                            chunks, rows.dimensions, limits::kVectorBytes));
  return {};
}

void add(models::Usage& sum, const models::Usage& more) {
  sum.input_tokens += more.input_tokens;
  sum.output_tokens += more.output_tokens;
  sum.estimated = sum.estimated || more.estimated;
}

}  // namespace

Task<Result<models::Vectors>> embed_chunks(models::Embedder& embedder, const CutDocument& cut,
                                           CallContext& context) {
  models::Vectors all;
  for (std::size_t next = 0; next < cut.chunks.size();) {
    if (context.stop.requested())
      co_return fail(stopped("embedder " + embedder.name(), context.stop.reason()));
    std::vector<std::string> texts = take_texts(cut, next);
    const std::size_t count = texts.size();
    auto rows = co_await embedder.embed(std::move(texts), context);
    if (!rows) co_return fail(std::move(rows.error()));
    if (auto good = check_rows(*rows, count, all, cut.chunks.size(), embedder.name()); !good)
      co_return fail(std::move(good.error()));
    if (all.values.empty()) {
      all.dimensions = rows->dimensions;
      all.values.reserve(cut.chunks.size() * all.dimensions);
    }
    all.values.insert(all.values.end(), rows->values.begin(), rows->values.end());
    add(all.usage, rows->usage);
  }
  co_return all;
}

}  // namespace troupe::memory
