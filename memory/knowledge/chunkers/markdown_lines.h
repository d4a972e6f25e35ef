#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace troupe::memory::chunkers {

/// What a line of Markdown says by itself (CommonMark 0.31, as far as chunks need it). A line is without its
/// line end. At any indentation, so that what an item of a list holds is read as well.

/// How far in a list's item begins: "- a", "* a", "+ a", "1. a", "1) a", "• a". Nothing: it is none.
std::optional<std::size_t> item_indent(std::string_view line);

/// 1 to 6: "## a". Setext headings are lines under a line and not known here.
std::optional<int> heading_level(std::string_view line);
/// What a heading says: without its marks, and without an anchor "{#…}" after it.
std::string_view heading_text(std::string_view line);

/// The run of ` or ~ that opens fenced code.
struct Fence {
  char mark = '`';
  std::size_t length = 3;
};
std::optional<Fence> opened_fence(std::string_view line);
bool closes(std::string_view line, Fence fence);

/// A heading, an item, a row of a table, a quotation or a fence.
bool begins_structure(std::string_view line);

bool is_blank(std::string_view line);

}  // namespace troupe::memory::chunkers
