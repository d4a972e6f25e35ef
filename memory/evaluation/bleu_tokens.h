#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::memory {

/// How BLEU cuts a text into tokens: four of sacreBLEU's tokenizers (Post 2018), token for token.
enum class BleuTokens : std::uint8_t {
  v13a,       ///< mteval-v13a, the default: ASCII punctuation apart, but "1,000.5"
  intl,       ///< mteval-v14: punctuation and symbols of every script apart
  zh,         ///< each Chinese character and full-width sign apart, then as v13a
  character,  ///< every character but blanks
};

/// As sacreBLEU's signature names it: 13a, intl, zh, char.
std::string_view word(BleuTokens tokens);

/// Chinese characters or kana in `text`: zh; Hangul: character; else v13a. Of the language's tokenizers that
/// sacreBLEU would take, those for Japanese and Korean need dictionaries.
BleuTokens bleu_tokens_for(std::string_view text);

/// Pure; any thread.
std::vector<std::string> bleu_tokenize(std::string_view text, BleuTokens tokens);

}  // namespace troupe::memory
