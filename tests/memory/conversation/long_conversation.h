#pragma once

#include "runtime/store/journal.h"

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace troupe::memory::testing {

/// Turns as people have them, and as they should not be: short and long, English and Korean, some cancelled,
/// now and then one that is larger than any limit. The same for the same seed.
class LongConversation {
 public:
  explicit LongConversation(std::uint32_t seed = 20260731) : random_(seed) {}

  store::RunRow next() {
    store::RunRow row;
    row.id = "r" + std::to_string(++count_);
    row.session = "s1";
    row.agent = "a";
    row.input = text(length());
    row.answer = text(length());
    row.status = "done";
    row.reason = "final_answer";
    row.finished_ms = static_cast<std::int64_t>(count_);
    if (below(20) == 0) {
      row.status = row.reason = "cancelled";
      row.answer.clear();
    }
    return row;
  }
  std::vector<store::RunRow> turns(std::size_t count) {
    std::vector<store::RunRow> rows;
    while (rows.size() < count) rows.push_back(next());
    return rows;
  }

 private:
  std::uint32_t below(std::uint32_t end) { return static_cast<std::uint32_t>(random_()) % end; }

  std::size_t length() {
    switch (below(60)) {
      case 0:
        return 2'000 + below(4'000);  // giant
      case 1:
      case 2:
        return 300 + below(900);
      default:
        return 1 + below(80);
    }
  }

  std::string text(std::size_t words) {
    static const std::vector<std::string> kEnglish = {
        "the", "ship", "leaves", "at", "9:40", "from", "Busan,", "and", "Mina", "wants.", "two", "tickets?"};
    static const std::vector<std::string> kKorean = {"배는",     "아침",    "아홉",    "시에",
                                                     "부산에서", "떠난다.", "민아는",  "표가",
                                                     "필요해",   "두 장",   "얼마야?", "3만원"};
    const auto& words_there = below(2) == 0 ? kEnglish : kKorean;
    std::string out;
    for (std::size_t i = 0; i < words; ++i)
      out += (i ? " " : "") + words_there[below(static_cast<std::uint32_t>(words_there.size()))];
    return out;
  }

  std::mt19937 random_;  // the same numbers everywhere, by the standard
  std::size_t count_ = 0;
};

}  // namespace troupe::memory::testing
