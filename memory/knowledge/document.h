#pragma once

#include "runtime/base/json.h"

#include <cstddef>
#include <string>
#include <vector>

namespace troupe::memory {

/// A document as it is chunked and searched: plain text, and what is known of its places. All places are byte
/// offsets into `text`, ascending, on character boundaries.
struct Document {
  struct Page {
    std::size_t begin = 0;
    int number = 0;  ///< as the file counts, from 1
  };
  struct Heading {
    std::size_t begin = 0;
    int level = 1;  ///< 1: the outermost
    std::string text;
  };

  std::string format;  ///< text | markdown | html | pdf | csv | json | jsonl | code
  std::string title;   ///< empty: the document names none
  std::string text;    ///< valid UTF-8, composed (NFC), lines end in '\n', no NUL
  std::vector<Page> pages;
  std::vector<Heading> headings;
  /// Where a record begins (a row of a table, a value of a JSON list): no chunk holds parts of two unless
  /// both are whole.
  std::vector<std::size_t> records;
  /// What the file says of itself (author, language, date …): an object of texts, numbers, booleans.
  Json metadata = Json::object();
  /// What a person should know who relies on this text: pages that hold no text, bytes that were no
  /// characters, an end that was cut off by a limit. Whole sentences.
  std::vector<std::string> remarks;
};

}  // namespace troupe::memory
