#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::memory::loaders::html {

/// A run of text that stands by itself: a paragraph, a heading, an item of a list, the row of a table.
struct Block {
  enum class Kind : std::uint8_t { paragraph, heading, item, row, preformatted };

  std::uint32_t begin = 0, end = 0;  ///< of Page::text
  std::uint32_t words = 0;           ///< two Chinese, Japanese or Korean characters count as one
  std::uint32_t letters = 0;         ///< bytes that are no white space
  std::uint32_t group = 0;           ///< which outermost list or table it is an item or row of, from 1
  std::uint32_t link_letters = 0;    ///< of them, in links
  Kind kind = Kind::paragraph;
  std::uint8_t level = 0;              ///< of a heading
  bool boilerplate = false;            ///< what its elements are called speaks against it
  bool main = false, article = false;  ///< it stands in an element of that name

  std::uint32_t own_letters() const { return letters - link_letters; }
};

/// What a page says, before it is decided which of it is the article.
struct Page {
  std::string text;  ///< of all blocks
  std::vector<Block> blocks;
  std::string title;
  std::vector<std::pair<std::string, std::string>>
      metadata;             ///< language, description, author, date, url, site
  bool unfinished = false;  ///< it ended inside of a tag, a comment or a script
  bool cut = false;         ///< there were more blocks than are taken

  std::string_view text_of(const Block& block) const {
    return std::string_view(text).substr(block.begin, block.end - block.begin);
  }
};

struct PageOptions {
  bool links = true;  ///< keep where links lead that leave the site: "text (https://…)"
  std::size_t depth_max = 4'096;
  std::size_t blocks_max = 1'000'000;
};

/// Reads a page of well-formed UTF-8 that is smaller than 4 GiB. Linear; any thread.
Page read_page(std::string_view html, const PageOptions& options);

}  // namespace troupe::memory::loaders::html
