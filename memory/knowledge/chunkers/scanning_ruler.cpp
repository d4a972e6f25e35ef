#include "memory/knowledge/chunkers/ruler.h"

#include <algorithm>

namespace troupe::memory::chunkers {

namespace {

bool begins_character(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
}

/// Code points, as Python's len().
struct CodePoints {
  static constexpr bool kEachIsOne = true;
  std::size_t count = 0;

  void take(char lead) { ++count; }
  std::size_t units() const { return count; }
};

/// The rule of models::estimate_tokens().
struct Estimate {
  static constexpr bool kEachIsOne = false;
  std::size_t ascii = 0;
  std::size_t wide = 0;

  void take(char lead) { ++(static_cast<unsigned char>(lead) < 0x80 ? ascii : wide); }
  std::size_t units() const { return (ascii + 3) / 4 + wide; }
};

/// A ruler whose units add up character by character.
template <class Units>
class ScanningRuler final : public Ruler {
 public:
  bool fits(std::string_view text, std::size_t limit) override {
    return text.size() <= limit || head(text, limit) == text.size();
  }

  std::size_t head(std::string_view text, std::size_t limit) override {
    Units units;
    std::size_t at = 0;
    if constexpr (Units::kEachIsOne) at = skip_blocks(text, limit, units);
    for (; at < text.size(); ++at) {
      if (!begins_character(text[at])) continue;
      units.take(text[at]);
      if (units.units() > limit) return at;
    }
    return text.size();
  }

  std::size_t tail(std::string_view text, std::size_t limit) override {
    Units units;
    std::size_t fitting = text.size();
    for (std::size_t at = text.size(); at-- > 0;) {
      if (!begins_character(text[at])) continue;
      units.take(text[at]);
      if (units.units() > limit) break;
      fitting = at;
    }
    return text.size() - fitting;
  }

 private:
  // Counting without a question at every byte is several times as fast.
  static std::size_t skip_blocks(std::string_view text, std::size_t limit, Units& units) {
    constexpr std::size_t kBlock = 128;
    std::size_t at = 0;
    while (text.size() - at >= kBlock && units.units() + kBlock <= limit) {
      units.count += static_cast<std::size_t>(
          std::count_if(text.begin() + at, text.begin() + at + kBlock, begins_character));
      at += kBlock;
    }
    return at;
  }
};

}  // namespace

std::unique_ptr<Ruler> code_point_ruler() {
  return std::make_unique<ScanningRuler<CodePoints>>();
}

std::unique_ptr<Ruler> estimate_ruler() {
  return std::make_unique<ScanningRuler<Estimate>>();
}

}  // namespace troupe::memory::chunkers
