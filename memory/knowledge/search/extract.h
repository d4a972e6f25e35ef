#pragma once

#include "memory/knowledge/search/hit.h"
#include "memory/knowledge/search/text_reading.h"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::memory {

/// A sentence of a passage, as a byte range of its text.
struct Sentence {
  std::size_t passage = 0;
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// What stands between sentences that were apart.
inline constexpr std::string_view kGap = " … ";

/// Which sentences of passages matter for a question, and what is left when only they stay. Passages and the
/// reading outlive it. Sans I/O.
class Extraction {
 public:
  /// Takes the passages apart. A passage without a sentence is one; of very long ones only the first
  /// kPassageSentences can be kept.
  Extraction(std::string_view query, std::span<const std::string_view> passages, const TextReading& reading);

  /// All of them, passage by passage.
  const std::vector<Sentence>& sentences() const { return sentences_; }
  std::string_view text(const Sentence& sentence) const {
    return passages_[sentence.passage].substr(sentence.begin, sentence.end - sentence.begin);
  }

  /// Adds similarities to the query, one for each sentence: negative ones count as 0.
  void add(std::span<const double> similarities);

  /// How much a sentence matters: the share of the query's different terms it has, each weighing its idf
  /// among all sentences here, ln(1 + (N - n + 0.5) / (n + 0.5)); and what add() brought. 0 … 1 before that.
  double score(std::size_t sentence) const { return scores_[sentence]; }

  /// The numbers (in sentences()) of what stays of each passage, ascending: at most `most` with the best
  /// scores that are at least a third of the passage's best; the earlier of equals. Always at least one.
  std::vector<std::vector<std::size_t>> best(std::size_t most) const;

 private:
  void count(std::string_view query, const TextReading& reading);
  std::vector<std::size_t> best_of(std::vector<std::size_t> numbers, std::size_t most) const;

  std::vector<std::string_view> passages_;
  std::vector<Sentence> sentences_;
  std::vector<double> scores_;
};

/// Leaves these sentences of a hit whose text is one of the passages: ascending numbers of
/// extraction.sentences(). Neighbours keep what stands between them, others get kGap there. Pieces, begin and
/// end follow, so that every byte is still known by its place in the document. No numbers: unchanged.
void keep_sentences(Hit& hit, const Extraction& extraction, std::span<const std::size_t> numbers);

}  // namespace troupe::memory
