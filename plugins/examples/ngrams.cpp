// An embedder that needs neither a model nor a network: hashed words and pieces of words. Texts that share
// many of them get vectors of a small angle, whatever the language; what a text means it does not know. To
// build it by hand:
//   c++ -std=c++20 -O2 -shared -fPIC -fvisibility=hidden -I.. -I../sdk ngrams.cpp -o libngrams.so
//
//   plugins:    { ngrams: { path: ./libngrams.so } }
//   embeddings: { default: { provider: plugin/ngrams, dimensions: 512 } }
#include "troupe_plugin.hpp"

#include <cmath>

namespace {

constexpr std::size_t kDimensions = 384;  // without `dimensions` in the entry
constexpr std::size_t kPiece = 3;         // characters of a piece of a word

// The same on every machine and in every run, unlike std::hash.
std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = 14695981039346656037u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return hash ^ hash >> 29;
}

// Half of the hashes count downwards, so that what falls on one place by chance evens out.
void add(float* row, std::size_t dimensions, std::string_view piece, float weight) {
  const std::uint64_t hash = hash_of(piece);
  row[hash % dimensions] += hash >> 63 ? -weight : weight;
}

bool begins_character(char c) {
  return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
}

// Letters of other scripts than Latin are bytes from 0x80 on: all of them belong to words.
bool of_word(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z');
}

void add_word(float* row, std::size_t dimensions, const std::string& word) {
  add(row, dimensions, word, 1);
  const std::string framed = "^" + word + "$";
  std::vector<std::size_t> starts;
  for (std::size_t i = 0; i < framed.size(); ++i)
    if (begins_character(framed[i])) starts.push_back(i);
  starts.push_back(framed.size());
  for (std::size_t i = 0; i + kPiece < starts.size(); ++i)
    add(row, dimensions, framed.substr(starts[i], starts[i + kPiece] - starts[i]), 0.5f);
}

void embed(const std::string& text, float* row, std::size_t dimensions) {
  std::string word;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    const char c = i == text.size() ? ' ' : text[i];
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (of_word(lower)) {
      word += lower;
    } else if (!word.empty()) {
      add_word(row, dimensions, word);
      word.clear();
    }
  }
  double square = 0;
  for (std::size_t i = 0; i < dimensions; ++i) square += static_cast<double>(row[i]) * row[i];
  if (square == 0) row[0] = 1, square = 1;  // a text of signs alone
  const auto scale = static_cast<float>(1 / std::sqrt(square));
  for (std::size_t i = 0; i < dimensions; ++i) row[i] *= scale;
}

}  // namespace

TROUPE_EMBEDDER(ngrams, "Hashed words and pieces of words: likeness of wording, no meaning", "1") {
  const std::size_t dimensions = call.dimensions() ? call.dimensions() : kDimensions;
  troupe::Vectors vectors(dimensions);
  for (const std::string& text : call.texts()) {
    call.check();
    embed(text, vectors.add(), dimensions);
  }
  return vectors;
}

TROUPE_PLUGIN("ngrams", "1.0", "Vectors without a model")
