#pragma once

#include "memory/evaluation/bleu_tokens.h"

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace troupe::memory {

/// BLEU (Papineni et al. 2002) as sacreBLEU computes it (Post 2018): n-grams of one to four tokens, n-grams
/// that do not occur smoothed by "exp" (each counts half of the one before), brevity against the reference
/// whose length is nearest, the shorter of two. Pure; any thread.
inline constexpr std::size_t kBleuOrder = 4;

struct BleuSettings {
  BleuTokens tokens = BleuTokens::v13a;
  bool lower_case = false;
};

/// What is counted of a text, or of many when added up.
struct BleuCounts {
  std::array<std::int64_t, kBleuOrder> matching{};  ///< n-grams of 1 … 4 tokens that the references have, too
  std::array<std::int64_t, kBleuOrder> total{};     ///< all of the hypothesis
  std::int64_t hypothesis_length = 0;               ///< tokens
  std::int64_t reference_length = 0;

  BleuCounts& operator+=(const BleuCounts& other);
};

struct BleuScore {
  double score = 0;                             ///< 0 … 100
  std::array<double, kBleuOrder> precisions{};  ///< 0 … 100, smoothed
  double brevity_penalty = 1;                   ///< 0 … 1
  bool operator==(const BleuScore&) const = default;
};

/// Of one hypothesis. No references: every n-gram is without a match, and the length is 0.
BleuCounts bleu_counts(std::string_view hypothesis, std::span<const std::string> references,
                       const BleuSettings& settings);

/// Of a corpus, from the sum of the counts of its texts. 0 where nothing matches. A corpus all of whose texts
/// have fewer than four tokens has 0 as well.
BleuScore corpus_bleu(const BleuCounts& sum);

/// Of one text, whose n-grams end where the text does (sacreBLEU's effective order), so that a short one can
/// have 100. The mean of these is not the corpus' BLEU.
BleuScore sentence_bleu(const BleuCounts& counts);

/// How a figure was made, in the words of sacreBLEU's signature but for the version: figures with the same
/// signature can be compared, "nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp". `references`: how many every
/// text has; 0: not all as many.
std::string bleu_signature(const BleuSettings& settings, std::size_t references, bool of_sentences = false);

}  // namespace troupe::memory
