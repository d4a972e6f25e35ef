#include "memory/knowledge/index/flat_index.h"

#include "memory/knowledge/index/distance.h"
#include "memory/knowledge/index/limits.h"
#include "memory/knowledge/index/prepared_vector.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::memory {

FlatIndex::FlatIndex(Metric metric, std::size_t dimensions)
    : metric_(metric), dimensions_(dimensions), block_(padded(dimensions)) {}

Result<> FlatIndex::put(std::int64_t id, std::span<const float> vector) {
  auto prepared = prepare(vector, metric_, dimensions_);
  if (!prepared) return fail(prepared.error());
  if (const auto known = row_of_.find(id); known != row_of_.end()) {
    block_.replace(known->second, prepared->values);
    return {};
  }
  if (ids_.size() == limits::kIndexVectors) return index_full();
  if (!block_.append(prepared->values))
    return fail(ErrorCode::busy, fmt::format("there is no memory for more than {} vectors", ids_.size()));
  row_of_.emplace(id, static_cast<std::uint32_t>(ids_.size()));
  ids_.push_back(id);
  return {};
}

void FlatIndex::remove(std::int64_t id) {
  const auto known = row_of_.find(id);
  if (known == row_of_.end()) return;
  const std::uint32_t row = known->second;
  block_.remove(row);
  row_of_[ids_.back()] = row;
  ids_[row] = ids_.back();
  ids_.pop_back();
  row_of_.erase(id);
}

std::span<const float> FlatIndex::vector(std::int64_t id) const {
  const auto known = row_of_.find(id);
  if (known == row_of_.end()) return {};
  return {block_.data() + known->second * padded(dimensions_), dimensions_};
}

Result<std::vector<Neighbour>> FlatIndex::nearest(std::span<const float> query, std::size_t k,
                                                  const IdFilter& allowed) const {
  auto prepared = prepare(query, metric_, dimensions_);
  if (!prepared) return fail(prepared.error());
  return exact_scan(rows(), metric_, prepared->values, std::min(k, ids_.size()), allowed);
}

Result<> FlatIndex::save(const std::string& file, std::uint64_t stamp, std::stop_token give_up) const {
  const std::span ids(ids_);
  const std::span values(block_.data(), ids_.size() * padded(dimensions_));
  IndexHeader header = header_of(*this, stamp);
  header.rows = ids_.size();
  header.body = ids.size_bytes() + values.size_bytes();
  IndexFileWriter writer(std::move(give_up));
  if (auto begun = writer.begin(file, header); !begun) return begun;
  if (auto written = writer.write(ids); !written) return written;
  if (auto written = writer.write(values); !written) return written;
  return writer.commit();
}

Result<std::unique_ptr<VectorIndex>> FlatIndex::load(IndexFileReader& file, const IndexHeader& header) {
  auto index = std::make_unique<FlatIndex>(static_cast<Metric>(header.metric), header.dimensions);
  if (header.body != header.rows * (sizeof(std::int64_t) + index->block_.row_bytes()))
    return file.damaged("its rows are of another size");
  if (!index->block_.resize(header.rows))
    return fail(ErrorCode::busy, fmt::format("there is no memory for {} vectors", header.rows));
  index->ids_.resize(header.rows);
  const std::size_t width = padded(header.dimensions);
  if (auto got = file.read(std::span(index->ids_)); !got) return fail(got.error());
  if (auto got = file.read(std::span(index->block_.data(), header.rows * width)); !got)
    return fail(got.error());
  if (auto whole = file.finish(); !whole) return fail(whole.error());

  index->row_of_.reserve(header.rows);
  for (std::uint32_t row = 0; row < header.rows; ++row) {
    if (!index->row_of_.emplace(index->ids_[row], row).second) return file.damaged("it holds an id twice");
    if (!well_formed(index->block_.data() + row * width, header.dimensions))
      return file.damaged("it holds a vector that cannot be compared");
  }
  return index;
}

VectorRows FlatIndex::rows() const {
  return {.first = reinterpret_cast<const std::byte*>(block_.data()),
          .stride = block_.row_bytes(),
          .ids = ids_,
          .alive = {}};
}

}  // namespace troupe::memory
