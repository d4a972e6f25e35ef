#include "memory/knowledge/loaders/html/elements.h"

#include <algorithm>
#include <iterator>

namespace troupe::memory::loaders::html {

namespace {

constexpr Element kElements[] = {
    {"a"},
    {"address", Role::block},
    {"area", Role::void_},
    {"article", Role::article},
    {"aside", Role::boilerplate},
    {"audio", Role::dropped},
    {"base", Role::meta},
    {"blockquote", Role::block},
    {"body", Role::page},
    {"br", Role::line_break},
    {"button", Role::dropped},
    {"canvas", Role::dropped},
    {"caption", Role::block},
    {"center", Role::block},
    {"col", Role::void_},
    {"datalist", Role::dropped},
    {"dd", Role::item},
    {"details", Role::block},
    {"dialog", Role::boilerplate},
    {"dir", Role::list},
    {"div", Role::block},
    {"dl", Role::list},
    {"dt", Role::item},
    {"embed", Role::void_},
    {"fieldset", Role::block},
    {"figcaption", Role::block},
    {"figure", Role::block},
    {"footer", Role::boilerplate},
    {"form", Role::boilerplate},
    {"frame", Role::void_},
    {"h1", Role::heading, 1},
    {"h2", Role::heading, 2},
    {"h3", Role::heading, 3},
    {"h4", Role::heading, 4},
    {"h5", Role::heading, 5},
    {"h6", Role::heading, 6},
    {"head", Role::page},
    {"header", Role::boilerplate},
    {"hgroup", Role::block},
    {"hr", Role::rule},
    {"html", Role::page},
    {"iframe", Role::dropped},
    {"img", Role::image},
    {"input", Role::void_},
    {"legend", Role::block},
    {"li", Role::item},
    {"link", Role::meta},
    {"listing", Role::preformatted},
    {"main", Role::main},
    {"math", Role::inline_},
    {"menu", Role::list},
    {"meta", Role::meta},
    {"nav", Role::boilerplate},
    {"noembed", Role::dropped},
    {"noframes", Role::dropped},
    {"noscript", Role::dropped},
    {"object", Role::dropped},
    {"ol", Role::list},
    {"optgroup", Role::dropped},
    {"option", Role::dropped},
    {"p", Role::paragraph},
    {"param", Role::void_},
    {"pre", Role::preformatted},
    {"rp", Role::dropped},
    {"script", Role::dropped},
    {"search", Role::boilerplate},
    {"section", Role::block},
    {"select", Role::dropped},
    {"source", Role::void_},
    {"style", Role::dropped},
    {"summary", Role::block},
    {"svg", Role::dropped},
    {"table", Role::table},
    {"tbody", Role::block},
    {"td", Role::cell},
    {"template", Role::dropped},
    {"textarea", Role::dropped},
    {"tfoot", Role::block},
    {"th", Role::cell},
    {"thead", Role::block},
    {"title", Role::dropped},
    {"tr", Role::row},
    {"track", Role::void_},
    {"ul", Role::list},
    {"video", Role::dropped},
    {"wbr", Role::void_},
    {"xmp", Role::preformatted},
};
static_assert(std::ranges::is_sorted(kElements, {}, &Element::name));

}  // namespace

int element_named(std::string_view name) {
  const auto* it = std::ranges::lower_bound(kElements, name, {}, &Element::name);
  return it != std::end(kElements) && it->name == name ? static_cast<int>(it - kElements) : -1;
}

const Element& element(int index) {
  return kElements[index];
}

int element_count() {
  return static_cast<int>(std::size(kElements));
}

}  // namespace troupe::memory::loaders::html
