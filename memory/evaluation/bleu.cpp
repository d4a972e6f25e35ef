#include "memory/evaluation/bleu.h"

#include "memory/evaluation/characters.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <unordered_map>
#include <vector>

#include <fmt/format.h>

namespace troupe::memory {

namespace {

using Counts = std::unordered_map<std::string, std::int64_t>;
using Grams = std::array<Counts, kBleuOrder>;

std::vector<std::string> tokens_of(std::string_view text, const BleuSettings& settings) {
  if (!settings.lower_case) return bleu_tokenize(text, settings.tokens);
  return bleu_tokenize(utf8_of(lower_case(characters_of(text))), settings.tokens);
}

// No token holds a blank, so joined tokens are as good as a list of them.
Grams grams_of(const std::vector<std::string>& tokens) {
  Grams grams;
  for (std::size_t begin = 0; begin < tokens.size(); ++begin) {
    std::string gram;
    for (std::size_t n = 0; n < kBleuOrder && begin + n < tokens.size(); ++n) {
      if (n > 0) gram += ' ';
      gram += tokens[begin + n];
      ++grams[n][gram];
    }
  }
  return grams;
}

// An n-gram matches as often as it is in the reference that has it most often.
void take_most(Grams& most, const Grams& grams) {
  for (std::size_t n = 0; n < kBleuOrder; ++n)
    for (const auto& [gram, count] : grams[n]) {
      std::int64_t& known = most[n][gram];
      known = std::max(known, count);
    }
}

bool is_nearer(std::int64_t length, std::int64_t than, std::int64_t hypothesis) {
  const auto distance = std::abs(length - hypothesis), other = std::abs(than - hypothesis);
  return distance < other || (distance == other && length < than);
}

BleuScore score_of(const BleuCounts& counts, bool effective_order) {
  BleuScore score;
  const auto hypothesis = static_cast<double>(counts.hypothesis_length);
  const auto reference = static_cast<double>(counts.reference_length);
  if (counts.hypothesis_length < counts.reference_length)
    score.brevity_penalty = counts.hypothesis_length > 0 ? std::exp(1 - reference / hypothesis) : 0;
  if (std::ranges::all_of(counts.matching, [](auto n) { return n == 0; })) return score;
  double smoothing = 1, logarithms = 0;
  std::size_t order = 0;
  for (; order < kBleuOrder && counts.total[order] > 0; ++order) {
    const auto total = static_cast<double>(counts.total[order]);
    score.precisions[order] = counts.matching[order] > 0
                                  ? 100.0 * static_cast<double>(counts.matching[order]) / total
                                  : 100.0 / ((smoothing *= 2) * total);
    logarithms += std::log(score.precisions[order]);
  }
  if (order < kBleuOrder && !effective_order) return score;
  score.score = score.brevity_penalty * std::exp(logarithms / static_cast<double>(order));
  return score;
}

}  // namespace

BleuCounts& BleuCounts::operator+=(const BleuCounts& other) {
  for (std::size_t n = 0; n < kBleuOrder; ++n) {
    matching[n] += other.matching[n];
    total[n] += other.total[n];
  }
  hypothesis_length += other.hypothesis_length;
  reference_length += other.reference_length;
  return *this;
}

BleuCounts bleu_counts(std::string_view hypothesis, std::span<const std::string> references,
                       const BleuSettings& settings) {
  const std::vector<std::string> tokens = tokens_of(hypothesis, settings);
  BleuCounts counts;
  counts.hypothesis_length = static_cast<std::int64_t>(tokens.size());
  Grams most;
  bool first = true;
  for (const std::string& reference : references) {
    const std::vector<std::string> expected = tokens_of(reference, settings);
    const auto length = static_cast<std::int64_t>(expected.size());
    if (first || is_nearer(length, counts.reference_length, counts.hypothesis_length))
      counts.reference_length = length;
    first = false;
    take_most(most, grams_of(expected));
  }
  const Grams grams = grams_of(tokens);
  for (std::size_t n = 0; n < kBleuOrder; ++n)
    for (const auto& [gram, count] : grams[n]) {
      counts.total[n] += count;
      const auto found = most[n].find(gram);
      if (found != most[n].end()) counts.matching[n] += std::min(count, found->second);
    }
  return counts;
}

BleuScore corpus_bleu(const BleuCounts& sum) {
  return score_of(sum, false);
}
BleuScore sentence_bleu(const BleuCounts& counts) {
  return score_of(counts, true);
}

std::string bleu_signature(const BleuSettings& settings, std::size_t references, bool of_sentences) {
  return fmt::format("nrefs:{}|case:{}|eff:{}|tok:{}|smooth:exp",
                     references ? std::to_string(references) : "var", settings.lower_case ? "lc" : "mixed",
                     of_sentences ? "yes" : "no", word(settings.tokens));
}

}  // namespace troupe::memory
