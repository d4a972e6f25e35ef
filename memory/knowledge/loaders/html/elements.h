#pragma once

#include <cstdint>
#include <string_view>

namespace troupe::memory::loaders::html {

/// What an element does to the text in it.
enum class Role : std::uint8_t {
  inline_,    ///< nothing; also every element that is not known
  block,      ///< stands on lines of its own
  paragraph,  ///< a block that another block ends
  heading,    ///< h1 to h6
  list,
  item,  ///< of a list; another one ends it
  table,
  row,
  cell,
  preformatted,
  main,
  article,
  boilerplate,  ///< navigation and what frames a page: left out when the page says more without it
  dropped,      ///< no text of the page
  page,         ///< html, head, body: one of each, whatever the page says
  line_break,   ///< void from here on
  rule,
  image,
  meta,
  void_
};

struct Element {
  std::string_view name;
  Role role = Role::inline_;
  std::uint8_t level = 0;  ///< of a heading
};

/// The index of an element in the table of known ones; -1: unknown.
int element_named(std::string_view name);
const Element& element(int index);
int element_count();

/// Has neither content nor end tag.
constexpr bool is_void(Role role) {
  return role >= Role::line_break;
}
/// A start tag of this role ends a paragraph.
constexpr bool is_block(Role role) {
  return role != Role::inline_ && role != Role::dropped && role != Role::page && role != Role::cell &&
         role != Role::row && !is_void(role);
}

}  // namespace troupe::memory::loaders::html
