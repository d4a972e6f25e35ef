#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace troupe::agents {

/// A text without what does not make it another one: lower-case letters (ASCII), one blank between words, no
/// punctuation. Numbers keep their signs, points and commas: "page 3" and "page 4" are two texts. Pure.
std::string plain_text(std::string_view text);

/// Which texts each speaker has said. Nearly the same counts as the same: the same numbers in the same order,
/// and limits::kNearlySame of the pairs of neighbouring words in common (Dice's coefficient), held against
/// the last limits::kNearTexts of the speaker. Pure; the same texts have the same outcome in every process.
class SaidBefore {
 public:
  /// Notes it. True when the speaker said it before, or nearly.
  bool add(const std::string& speaker, std::string_view text);

 private:
  struct Shape {
    std::uint64_t numbers = 0;         // of the words with digits, in order
    std::vector<std::uint64_t> pairs;  // of neighbouring words, sorted
  };
  struct Texts {
    std::unordered_set<std::uint64_t> all;
    std::deque<Shape> last;
  };
  static Shape shape_of(std::string_view plain);
  static bool nearly_same(const Shape& a, const Shape& b);

  std::map<std::string, Texts, std::less<>> speakers_;
};

/// FNV-1a, 64 bits (http://www.isthe.com/chongo/tech/comp/fnv/).
std::uint64_t text_mark(std::string_view text);

}  // namespace troupe::agents
