#pragma once

#include "memory/knowledge/loaders/html/open_elements.h"
#include "memory/knowledge/loaders/html/page.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace troupe::memory::loaders::html {

/// Makes blocks of a page's text: white space becomes single spaces, cells a row, what stands in lists gets
/// its marker. The one who reads the page says where things begin and end, and what holds for a block that
/// ends.
class BlockWriter {
 public:
  BlockWriter(Page& page, std::size_t blocks_max) : page_(page), blocks_max_(blocks_max) {}

  void text(std::string_view text, Standing standing);
  void line_break(Standing standing);

  /// Ends what is being written, if anything is: in a cell a paragraph of it, else a block.
  void end_block(Standing standing);
  void begin_heading(int level, Standing standing);
  void end_heading(Standing standing);
  void begin_preformatted(Standing standing);
  /// `standing` is that of its text.
  void end_preformatted(Standing standing);
  /// What comes belongs to another list or table than what came.
  void begin_group() { ++group_; }
  /// The next block is an item; `marker` stands in front of it ("- ").
  void begin_item(std::string marker);
  void end_item() { item_ = false; }
  void begin_cell();
  void end_row(Standing standing);

  void begin_link();
  /// Appends where the link leads, unless `target` is empty or the text says it.
  void end_link(std::string_view target);

  bool full() const { return page_.blocks.size() >= blocks_max_; }

 private:
  void word(std::string_view word);
  void verbatim(std::string_view text);
  void paragraphs(std::string_view cell, Standing standing);
  void emit(std::string_view text, Block::Kind kind, Standing standing);
  void reset();

  Page& page_;
  const std::size_t blocks_max_;
  std::string line_;  ///< of the block that is being written
  std::uint32_t letters_ = 0, link_letters_ = 0;
  bool gap_ = false;  ///< white space came since the last word
  bool link_ = false;
  std::size_t link_begin_ = 0;
  std::uint32_t group_ = 0;
  int cells_ = 0;
  int heading_ = 0;
  bool item_ = false;
  std::string marker_;
};

}  // namespace troupe::memory::loaders::html
