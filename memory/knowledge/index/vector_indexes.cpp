#include "memory/knowledge/index/vector_indexes.h"

#include "memory/knowledge/index/flat_index.h"
#include "memory/knowledge/index/index_file.h"
#include "memory/knowledge/index/limits.h"

#include <new>

#include <fmt/format.h>

namespace troupe::memory {

namespace {

Result<> check(const IndexSettings& settings) {
  if (settings.dimensions == 0 || settings.dimensions > limits::kIndexDimensions)
    return fail(ErrorCode::invalid, fmt::format("an index of vectors with {} values: from 1 to {} may be",
                                                settings.dimensions, limits::kIndexDimensions));
  return check(settings.hnsw);
}

IndexKind kind_for(const IndexSettings& settings, std::size_t expected) {
  return settings.kind.value_or(expected > settings.flat_vectors ? IndexKind::hnsw : IndexKind::flat);
}

std::unexpected<Error> of_another(const std::string& file, std::string_view what) {
  return fail(ErrorCode::conflict, fmt::format("{}: an index of {}; it is to be built again", file, what));
}

}  // namespace

Result<std::unique_ptr<VectorIndex>> make_index(const IndexSettings& settings, std::size_t expected) {
  if (auto fine = check(settings); !fine) return fail(fine.error());
  if (kind_for(settings, expected) == IndexKind::flat)
    return std::make_unique<FlatIndex>(settings.metric, settings.dimensions);
  return HnswIndex::make(settings.metric, settings.dimensions, settings.hnsw, expected);
}

Result<std::unique_ptr<VectorIndex>> load_index(const std::string& file, const IndexSettings& settings,
                                                std::uint64_t stamp) {
  if (auto fine = check(settings); !fine) return fail(fine.error());
  IndexFileReader reader;
  const auto header = reader.begin(file);
  if (!header) return fail(header.error());
  const auto flat = static_cast<std::uint32_t>(IndexKind::flat);
  const auto hnsw = static_cast<std::uint32_t>(IndexKind::hnsw);
  if (header->kind != flat && header->kind != hnsw) return reader.damaged("it is of no kind");
  if (settings.kind && header->kind != static_cast<std::uint32_t>(*settings.kind))
    return of_another(file, "the other kind");
  if (header->metric != static_cast<std::uint32_t>(settings.metric))
    return of_another(file, "another metric");
  if (header->dimensions != settings.dimensions)
    return of_another(file, fmt::format("vectors with {} values, where they have {}", header->dimensions,
                                        settings.dimensions));
  if (header->stamp != stamp) return of_another(file, "another state of the knowledge base");
  try {
    return header->kind == flat ? FlatIndex::load(reader, *header)
                                : HnswIndex::load(reader, *header, settings.hnsw);
  } catch (const std::bad_alloc&) {  // of what the file is large enough to hold
    return fail(ErrorCode::busy, file + ": there is no memory for this index");
  }
}

bool rebuild_due(const VectorIndex& index, const IndexSettings& settings) {
  if (index.worn()) return true;
  if (settings.kind) return index.kind() != *settings.kind;
  if (index.kind() == IndexKind::flat) return index.size() > settings.flat_vectors;
  return index.size() < settings.flat_vectors / 2;
}

}  // namespace troupe::memory
