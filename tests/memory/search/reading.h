#pragma once

#include "memory/knowledge/search/text_reading.h"

#include <cctype>

namespace troupe::memory::testing {

/// Sentences that end in a full stop, a question mark or a line; words in lower case without an ending -s.
inline TextReading plain_reading() {
  TextReading reading;
  reading.sentences = [](std::string_view text) {
    std::vector<std::pair<std::size_t, std::size_t>> out;
    std::size_t from = 0;
    const auto cut = [&](std::size_t end) {
      while (from < end && std::isspace(static_cast<unsigned char>(text[from]))) ++from;
      std::size_t last = end;
      while (last > from && std::isspace(static_cast<unsigned char>(text[last - 1]))) --last;
      if (last > from) out.emplace_back(from, last);
      from = end;
    };
    for (std::size_t i = 0; i < text.size(); ++i)
      if (text[i] == '.' || text[i] == '?' || text[i] == '\n') cut(i + 1);
    cut(text.size());
    return out;
  };
  reading.terms = [](std::string_view text) {
    std::string out, word;
    const auto end = [&] {
      if (word.size() > 2 && word.back() == 's') word.pop_back();
      if (!word.empty()) out += (out.empty() ? "" : " ") + word;
      word.clear();
    };
    for (char c : text)
      if (std::isalnum(static_cast<unsigned char>(c)) || (c & 0x80))
        word += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      else
        end();
    end();
    return out;
  };
  return reading;
}

}  // namespace troupe::memory::testing
