#include "models/embedders/hashed_text.h"

#include "models/builtin/utf8.h"
#include "models/embedders/letters.h"

#include <algorithm>
#include <cmath>

namespace troupe::models {

namespace {

// What a feature counts. Chosen on questions and paragraphs in English, Spanish, Chinese and Korean.
constexpr int kWord = 10, kTriple = 5;           // of alphabets
constexpr int kShortWord = 5, kShortTriple = 3;  // words of two and three letters
constexpr int kCommonWord = 2,
              kCommonTriple = 1;  // those that say nothing about a subject, and single letters
constexpr int kHangulWord = 3, kHangulBeginning = 5, kSyllable = 8, kSyllablePair = 8;
constexpr int kIdeograph = 8, kIdeographPair = 10;
constexpr int kPicture = 10;

constexpr std::size_t kWordLetters = 64;  // a longer run of letters is read as several words

/// Kinds of features, so that the same characters as another kind are another feature.
enum class Feature : std::uint64_t { word = 1, triple, hangul_word, beginning, single, pair, picture };

constexpr std::uint64_t step(std::uint64_t hash, char32_t c) {
  return (hash ^ c) * 0x100000001B3ULL;  // FNV-1a
}
constexpr std::uint64_t kStart = 0xCBF29CE484222325ULL;

constexpr std::uint64_t hash_of(std::string_view word) {
  std::uint64_t hash = kStart;
  for (char c : word) hash = step(hash, static_cast<unsigned char>(c));
  return hash;
}

constexpr auto kCommonWords = [] {
  constexpr std::string_view kWords[] = {
      // English
      "a", "an", "the", "of", "in", "on", "at", "to", "for", "and", "or", "is", "are", "was", "were", "be",
      "been", "by", "with", "as", "from", "that", "this", "it", "its", "his", "her", "he", "she", "they",
      "their", "we", "you", "i", "not", "what", "which", "who", "how", "when", "where", "why", "did", "do",
      "does", "has", "have", "had", "will", "would", "can", "could", "many", "much", "there", "about",
      // Spanish
      "el", "la", "los", "las", "de", "del", "en", "y", "que", "se", "un", "una", "por", "con", "para", "su",
      "al", "es", "lo", "como", "mas", "o", "fue", "ha", "cual", "cuales", "quien", "cuando", "donde",
      "cuanto", "cuantos",
      // French, German
      "le", "les", "des", "du", "et", "est", "dans", "pour", "qui", "sur", "pas", "par", "der", "die", "das",
      "und", "ist", "den", "dem", "ein", "eine", "zu", "mit", "von", "nicht", "wie", "wer", "im"};
  std::array<std::uint64_t, std::size(kWords)> hashes{};
  for (std::size_t i = 0; i < std::size(kWords); ++i) hashes[i] = hash_of(kWords[i]);
  std::sort(hashes.begin(), hashes.end());
  return hashes;
}();

bool is_common(std::uint64_t word) {
  return std::binary_search(kCommonWords.begin(), kCommonWords.end(), word);
}

/// The sums of a text's features, and the word that is being read.
class Sums {
 public:
  void feed(Letter letter) {
    if (letter.kind == LetterKind::ignored) return;
    if (letter.kind == LetterKind::hangul && join_last(letter.value)) return;
    if (letter.kind != kind_ || size_ == kWordLetters) end_word();
    kind_ = letter.kind;
    if (letter.kind == LetterKind::none) return;
    if (letter.kind == LetterKind::picture)
      count(Feature::picture, letter.value, kPicture);
    else
      word_[size_++] = letter.value;
  }

  void end_word() {
    if (size_ == 0) return;
    if (kind_ == LetterKind::alphabet) alphabet();
    if (kind_ == LetterKind::hangul) hangul();
    if (kind_ == LetterKind::ideograph) characters(kIdeograph, kIdeographPair);
    size_ = 0;
  }

  // Taking the root of each sum makes the squares whole again, and so their sum.
  void store(std::span<float> vector) const {
    std::int64_t length = 0;
    for (std::int64_t sum : sums_) length += std::abs(sum);
    for (std::size_t i = 0; i < HashedText::kDimensions; ++i) {
      const double root =
          length ? std::sqrt(static_cast<double>(std::abs(sums_[i])) / static_cast<double>(length)) : 0;
      vector[i] = static_cast<float>(sums_[i] < 0 ? -root : root);
    }
  }

 private:
  bool join_last(char32_t c) {
    if (kind_ != LetterKind::hangul || size_ == 0) return false;
    const char32_t joined = join_hangul(word_[size_ - 1], c);
    if (joined) word_[size_ - 1] = joined;
    return joined != 0;
  }

  void count(Feature feature, std::uint64_t value, int weight) {
    std::uint64_t hash = value * 8 + static_cast<std::uint64_t>(feature);
    hash ^= hash >> 32;
    hash *= 0xD6E8FEB86659FD93ULL;
    hash ^= hash >> 32;
    hash *= 0xD6E8FEB86659FD93ULL;
    hash ^= hash >> 32;
    sums_[hash >> 1 & (HashedText::kDimensions - 1)] += hash & 1 ? weight : -weight;
  }

  std::uint64_t word_hash() const {
    std::uint64_t hash = kStart;
    for (std::size_t i = 0; i < size_; ++i) hash = step(hash, word_[i]);
    return hash;
  }

  void alphabet() {
    const std::uint64_t word = word_hash();
    const bool number = word_[0] <= '9';
    const bool common = !number && (size_ == 1 || is_common(word));
    const bool brief = !number && size_ <= 3;
    count(Feature::word, word, common ? kCommonWord : brief ? kShortWord : kWord);
    const int weight = common ? kCommonTriple : brief ? kShortTriple : kTriple;
    // The edges of a word are letters of its triples.
    std::uint64_t first = 1, second = word_[0];
    for (std::size_t i = 1; i <= size_; ++i) {
      const std::uint64_t third = i < size_ ? word_[i] : 2;
      count(Feature::triple, first << 42 ^ second << 21 ^ third, weight);
      first = second;
      second = third;
    }
  }

  void hangul() {
    count(Feature::hangul_word, word_hash(), kHangulWord);
    count(Feature::beginning, size_ > 1 ? static_cast<std::uint64_t>(word_[0]) << 21 | word_[1] : word_[0],
          kHangulBeginning);
    characters(kSyllable, kSyllablePair);
  }

  void characters(int single, int pair) {
    for (std::size_t i = 0; i < size_; ++i) {
      count(Feature::single, word_[i], single);
      if (i > 0) count(Feature::pair, static_cast<std::uint64_t>(word_[i - 1]) << 21 | word_[i], pair);
    }
  }

  std::array<std::int64_t, HashedText::kDimensions> sums_{};
  std::array<char32_t, kWordLetters> word_{};
  std::size_t size_ = 0;
  LetterKind kind_ = LetterKind::none;
};

static_assert((HashedText::kDimensions & (HashedText::kDimensions - 1)) == 0);

}  // namespace

void HashedText::embed(std::string_view text, std::span<float> vector) {
  Sums sums;
  for (std::size_t at = 0; at < text.size();) {
    const builtin::CodePoint point = builtin::code_point_at(text, at);
    sums.feed(letter_of(point.value));
    at += point.bytes;
  }
  sums.end_word();
  sums.store(vector);
}

}  // namespace troupe::models
