#pragma once

#include "runtime/base/result.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::plugins {

/// Vectors that an index is tried with, around a few centres as embeddings are and the same each time, and
/// what is nearest among them. Pure.
class IndexTrial {
 public:
  static constexpr std::size_t kRows = 2'000;
  static constexpr std::size_t kDimensions = 32;
  static constexpr std::size_t kNearest = 10;

  IndexTrial();

  /// All rows, as the body of a build.
  std::string_view rows() const;
  /// The body of a search for what is near row `i`; `filtered`: among rows of even numbers.
  std::string query(std::size_t i, bool filtered) const;
  /// How many of the kNearest it names, of what a search answered. Errors: protocol, for what no index may
  /// answer.
  Result<std::size_t> judge(std::size_t i, bool filtered, std::string_view answer) const;

 private:
  std::vector<std::uint32_t> nearest(std::size_t i, bool filtered) const;

  std::vector<float> values_;
};

}  // namespace troupe::plugins
