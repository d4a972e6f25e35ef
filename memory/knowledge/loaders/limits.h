#pragma once

#include <cstddef>

namespace troupe::memory::loaders {

/// What a loader takes in and gives out at most. Sizes are bytes. What is passed ends the text, never the
/// process: the document holds what came before and a remark says so; only `input_bytes` refuses.
struct LoadLimits {
  std::size_t input_bytes = 64u << 20;    ///< of the file
  std::size_t text_bytes = 16u << 20;     ///< of Document::text
  std::size_t json_depth = 64;            ///< JSON below it is kept as it is written
  std::size_t html_depth = 4'096;         ///< elements below it count as their parent's text
  std::size_t html_blocks = 1'000'000;    ///< paragraphs, rows, items of a page; the page ends there
  std::size_t records = 500'000;          ///< rows of a table, values of a list, lines of a log
  std::size_t columns = 4'096;            ///< of a table; further cells are left out
  std::size_t line_bytes = 4u << 20;      ///< of one JSON line
  std::size_t headings = 20'000;          ///< further ones are text only
  std::size_t heading_bytes = 300;        ///< of Heading::text and of the title
  std::size_t metadata_entries = 64;      ///< further ones are left out
  std::size_t metadata_bytes = 2u << 10;  ///< of one value
  std::size_t remarks = 50;               ///< further ones are counted
};

}  // namespace troupe::memory::loaders
