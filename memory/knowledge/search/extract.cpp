#include "memory/knowledge/search/extract.h"

#include "memory/knowledge/search/limits.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <unordered_map>
#include <utility>

namespace troupe::memory {

namespace {

constexpr double kShareOfBest = 1.0 / 3;

/// The different terms of a text.
std::set<std::string, std::less<>> term_set(std::string_view text, const TextReading& reading) {
  const std::string terms = reading.terms(text);
  std::set<std::string, std::less<>> out;
  for (std::size_t at = 0; at < terms.size();) {
    const std::size_t end = std::min(terms.find(' ', at), terms.size());
    if (end > at) out.insert(terms.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

// Where the bytes [begin, end) of the text stand in the document; bytes that no piece has (a gap) stand
// nowhere.
void append_pieces(std::vector<Piece>& out, const std::vector<Piece>& pieces, std::size_t begin,
                   std::size_t end, std::size_t at) {
  for (const Piece& piece : pieces) {
    const std::size_t from = std::max(begin, piece.at);
    const std::size_t to = std::min(end, piece.at + (piece.end - piece.begin));
    if (from < to)
      out.push_back({piece.begin + (from - piece.at), piece.begin + (to - piece.at), at + (from - begin)});
  }
}

}  // namespace

Extraction::Extraction(std::string_view query, std::span<const std::string_view> passages,
                       const TextReading& reading)
    : passages_(passages.begin(), passages.end()) {
  for (std::size_t p = 0; p < passages_.size(); ++p) {
    auto found = reading.sentences(passages_[p]);
    if (found.size() > limits::kPassageSentences) found.resize(limits::kPassageSentences);
    if (found.empty()) found.emplace_back(0, passages_[p].size());
    for (auto [begin, end] : found) sentences_.push_back({p, begin, end});
  }
  scores_.resize(sentences_.size());
  count(query, reading);
}

void Extraction::count(std::string_view query, const TextReading& reading) {
  const auto wanted = term_set(query, reading);
  std::vector<std::vector<std::string_view>> met(sentences_.size());
  std::unordered_map<std::string_view, std::size_t> holders;
  for (std::size_t s = 0; s < sentences_.size(); ++s) {
    const auto terms = term_set(text(sentences_[s]), reading);
    for (const std::string& term : wanted)
      if (terms.contains(term)) met[s].push_back(term), ++holders[term];
  }
  const double count = static_cast<double>(sentences_.size());
  const auto idf = [&](std::string_view term) {
    const auto found = holders.find(term);
    const double n = found == holders.end() ? 0 : static_cast<double>(found->second);
    return std::log(1 + (count - n + 0.5) / (n + 0.5));
  };
  double most = 0;
  for (const std::string& term : wanted) most += idf(term);
  if (most <= 0) return;
  for (std::size_t s = 0; s < sentences_.size(); ++s)
    for (std::string_view term : met[s]) scores_[s] += idf(term) / most;
}

void Extraction::add(std::span<const double> similarities) {
  for (std::size_t s = 0; s < std::min(scores_.size(), similarities.size()); ++s)
    scores_[s] += std::max(0.0, similarities[s]);
}

std::vector<std::size_t> Extraction::best_of(std::vector<std::size_t> numbers, std::size_t most) const {
  std::ranges::sort(numbers, {}, [this](std::size_t s) { return std::pair(-scores_[s], s); });
  const double least = scores_[numbers.front()] * kShareOfBest;
  std::size_t kept = 1;
  while (kept < std::min(numbers.size(), most) && scores_[numbers[kept]] > 0 &&
         scores_[numbers[kept]] >= least)
    ++kept;
  numbers.resize(kept);
  std::ranges::sort(numbers);
  return numbers;
}

std::vector<std::vector<std::size_t>> Extraction::best(std::size_t most) const {
  std::vector<std::vector<std::size_t>> out(passages_.size());
  for (std::size_t s = 0; s < sentences_.size(); ++s) out[sentences_[s].passage].push_back(s);
  for (auto& numbers : out) numbers = best_of(std::move(numbers), most);
  return out;
}

void keep_sentences(Hit& hit, const Extraction& extraction, std::span<const std::size_t> numbers) {
  if (numbers.empty()) return;
  const std::vector<Sentence>& all = extraction.sentences();
  std::string text;
  std::vector<Piece> pieces;
  for (std::size_t i = 0; i < numbers.size();) {
    std::size_t next = i + 1;
    while (next < numbers.size() && numbers[next] == numbers[next - 1] + 1) ++next;
    if (i > 0) text += kGap;
    const std::size_t begin = all[numbers[i]].begin, end = all[numbers[next - 1]].end;
    append_pieces(pieces, hit.pieces, begin, end, text.size());
    text.append(hit.text, begin, end - begin);
    i = next;
  }
  hit.text = std::move(text);
  hit.pieces = std::move(pieces);
  if (hit.pieces.empty()) return;
  hit.begin = hit.pieces.front().begin;
  hit.end = hit.pieces.back().end;
}

}  // namespace troupe::memory
