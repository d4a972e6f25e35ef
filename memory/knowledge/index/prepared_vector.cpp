#include "memory/knowledge/index/prepared_vector.h"

#include "memory/knowledge/index/distance.h"
#include "memory/knowledge/index/limits.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace troupe::memory {

namespace {

// The sum holds no number that is not finite only if no value does: squares of floats fit into a double.
double squared_length(std::span<const float> vector) {
  double sum = 0;
  for (float value : vector) sum += static_cast<double>(value) * value;
  return sum;
}

constexpr double kSquaredLengthMax = limits::kVectorLength * limits::kVectorLength;

}  // namespace

Result<PreparedVector> prepare(std::span<const float> vector, Metric metric, std::size_t dimensions) {
  if (vector.size() != dimensions)
    return fail(ErrorCode::invalid,
                fmt::format("the vector has {} values and the index is of {}: was it made by another model?",
                            vector.size(), dimensions));
  const double squared = squared_length(vector);
  if (!std::isfinite(squared))
    return fail(ErrorCode::invalid,
                "the vector holds a value that is not a finite number: the model that made it failed");
  PreparedVector prepared{.values = std::vector<float>(padded(dimensions)), .zero = squared == 0};
  if (metric == Metric::cosine && !prepared.zero) {
    const double scale = 1 / std::sqrt(squared);
    std::ranges::transform(vector, prepared.values.begin(),
                           [scale](float value) { return static_cast<float>(value * scale); });
    return prepared;
  }
  if (squared > kSquaredLengthMax)
    return fail(ErrorCode::invalid,
                fmt::format("the vector is longer than {:g}: scale it down, or compare by "
                            "cosine",
                            limits::kVectorLength));
  std::ranges::copy(vector, prepared.values.begin());
  return prepared;
}

bool well_formed(const float* padded_row, std::size_t dimensions) {
  const std::span row(padded_row, padded(dimensions));
  // The comparison is false for what is not a number, too.
  return squared_length(row.first(dimensions)) <= kSquaredLengthMax &&
         std::ranges::all_of(row.subspan(dimensions), [](float value) { return value == 0; });
}

std::unexpected<Error> index_full() {
  return fail(ErrorCode::too_large,
              fmt::format("the index holds {} vectors, which is all it may: split the knowledge base",
                          limits::kIndexVectors));
}

}  // namespace troupe::memory
