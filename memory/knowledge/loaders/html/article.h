#pragma once

#include "memory/knowledge/loaders/html/page.h"

#include <cstddef>
#include <vector>

namespace troupe::memory::loaders::html {

/// Decides which blocks of a page are its text, ascending indexes into Page::blocks.
///
/// When <main> (or role="main"), else <article>, holds a substantial text, that is the place to look at, and
/// of it only what its names call boilerplate is left out, and lists of links. Else the blocks of the whole
/// page are told apart by how many words they have and how many of them are links, their neighbours' too
/// (Kohlschütter, Fankhauser, Nejdl: Boilerplate Detection using Shallow Text Features, WSDM 2010, the rules
/// of figure 3), except that headings follow the text below them and rows and items each other. When hardly
/// anything is left, names were misleading and count no more.
std::vector<std::size_t> article_of(const Page& page);

}  // namespace troupe::memory::loaders::html
