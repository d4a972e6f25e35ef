#pragma once

#include <string>
#include <string_view>

namespace troupe::memory {

enum class PorterRules {
  paper,  ///< M. F. Porter, "An algorithm for suffix stripping", Program 14(3), 1980
  nltk,   ///< with the changes of NLTK's PorterStemmer, which ROUGE figures are commonly made with
};

/// The stem of an English word in lower-case letters: "relational" → "relat". Other characters are
/// consonants. A stem is a name for a group of words, not a word. Linear in the word. Pure; any thread.
std::string porter_stem(std::string_view word, PorterRules rules = PorterRules::paper);

}  // namespace troupe::memory
