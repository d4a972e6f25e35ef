#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace troupe::bench {

/// Samples of one figure, and what is said about them: the median, and how far they lie apart.
class Figure {
 public:
  Figure() = default;
  explicit Figure(std::vector<double> samples) : samples_(std::move(samples)) {}

  void add(double sample) { samples_.push_back(sample); }
  double median() const { return quantile(0.5); }
  double quantile(double q) const;
  /// "0.071 (0.069–0.080)": the median, the least and the greatest.
  std::string text(int digits) const;
  nlohmann::json json() const;

 private:
  std::vector<double> samples_;
};

/// Lines up columns; the first is left-aligned. Markdown, so that a document can hold it as it is.
std::string table(const std::vector<std::vector<std::string>>& rows);

}  // namespace troupe::bench
