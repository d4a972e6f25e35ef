// An index that compares with every vector, and does wrong what its options say.
#include "troupe_plugin.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <numeric>
#include <thread>

namespace {

void hang() {
  for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
}

class Compared final : public troupe::Index {
 public:
  explicit Compared(const troupe::Rows& rows)
      : values_(rows.data, rows.data + rows.count * rows.dimensions),
        dimensions_(rows.dimensions),
        l2_(rows.metric == "l2"),
        wrong_(rows.text("wrong")),
        after_(static_cast<std::size_t>(rows.number("after"))) {}

  std::vector<std::uint32_t> search(const float* query, std::size_t count, const troupe::Allowed& allowed,
                                    troupe::Call&) override {
    const bool wrong = searches_++ >= after_;
    if (wrong && wrong_ == "crash") std::abort();
    if (wrong && wrong_ == "hang") hang();
    std::vector<std::uint32_t> rows;
    for (std::uint32_t i = 0; i < values_.size() / dimensions_; ++i)
      if (allowed(i) || (wrong && wrong_ == "filter")) rows.push_back(i);
    std::sort(rows.begin(), rows.end(),
              [&](std::uint32_t a, std::uint32_t b) { return distance(query, a) < distance(query, b); });
    rows.resize(std::min(rows.size(), count));
    if (wrong && wrong_ == "unknown") rows.front() = UINT32_MAX;
    if (wrong && wrong_ == "twice") rows.back() = rows.front();
    if (wrong && wrong_ == "many") rows.resize(count + 1);
    if (wrong && wrong_ == "none") rows.clear();
    return rows;
  }

 private:
  float distance(const float* query, std::uint32_t i) const {
    float sum = 0;
    for (std::size_t j = 0; j < dimensions_; ++j) {
      const float value = values_[i * dimensions_ + j];
      sum += l2_ ? (value - query[j]) * (value - query[j]) : -value * query[j];
    }
    return sum;
  }

  const std::vector<float> values_;
  const std::size_t dimensions_;
  const bool l2_;
  const std::string wrong_;
  const std::size_t after_;
  std::size_t searches_ = 0;
};

}  // namespace

TROUPE_INDEX(compared, "Compares with every vector", R"({"type": "object", "additionalProperties": false,
             "properties": {"wrong": {"type": "string"}, "after": {"type": "integer"}}})") {
  const std::string wrong = rows.text("wrong");
  if (wrong == "build crash") std::abort();
  if (wrong == "build hang") hang();
  if (wrong == "build refusal") throw troupe::Failure(TROUPE_INVALID, "too few vectors for `IVF`");
  if (wrong == "build write") const_cast<float*>(rows.data)[0] = 7;
  return std::make_unique<Compared>(rows);
}

// One whose answers are no numbers of rows.
static void answer_oddly(const troupe_service*, troupe_call* call) {
  troupe::detail::plugged().calls->finish(call, TROUPE_OK, {}, troupe::detail::span("odd"));
}
static const troupe_service odd_service = [] {
  troupe_service service = troupe::detail::tool("odd", "Answers oddly", nullptr, troupe::pure, answer_oddly);
  service.kind = "index";
  return service;
}();
static const troupe::detail::Registered odd_registered(&odd_service);

TROUPE_TOOL(words, "Says something", nullptr, troupe::pure) {
  return "words";
}

TROUPE_PLUGIN("indexer", "1.0", "Indexes of the tests")
