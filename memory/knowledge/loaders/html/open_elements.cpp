#include "memory/knowledge/loaders/html/open_elements.h"

#include <algorithm>

namespace troupe::memory::loaders::html {

std::uint16_t OpenElements::name_of(std::string_view name) {
  if (const int known = element_named(name); known >= 0) return static_cast<std::uint16_t>(known);
  const auto first = static_cast<std::uint16_t>(element_count());
  const auto it = others_.find(std::string(name));
  if (it != others_.end()) return it->second;
  if (others_.size() >= kOtherNames) return first;
  const auto number = static_cast<std::uint16_t>(first + 1 + others_.size());
  others_.emplace(name, number);
  return number;
}

bool OpenElements::push(const OpenElement& element) {
  if (stack_.size() >= depth_max_) return ++too_deep_, false;
  stack_.push_back(element);
  const auto depth = static_cast<std::uint32_t>(stack_.size());
  if (by_name_.size() <= element.name) by_name_.resize(element.name + 1);
  by_name_[element.name].push_back(depth);
  by_role_[static_cast<std::size_t>(element.role)].push_back(depth);
  if (element.role != Role::inline_) blocks_.push_back(depth);
  return true;
}

void OpenElements::pop() {
  const OpenElement& element = stack_.back();
  by_name_[element.name].pop_back();
  by_role_[static_cast<std::size_t>(element.role)].pop_back();
  if (element.role != Role::inline_) blocks_.pop_back();
  stack_.pop_back();
}

std::size_t OpenElements::closed_by(std::uint16_t name, Role role) {
  if (too_deep_) return --too_deep_, kNone;
  // Any end tag of a heading closes a heading (13.2.6.4.7).
  const std::size_t depth = role == Role::heading    ? last_of(role)
                            : name < by_name_.size() ? last(by_name_[name])
                                                     : 0;
  if (depth == 0) return kNone;
  const bool table_part = role == Role::table || role == Role::row || role == Role::cell;
  const std::size_t border = role == Role::inline_ ? last(blocks_)
                             : table_part          ? (role == Role::table ? 0 : last_of(Role::table))
                                                   : std::max(last_of(Role::cell), last_of(Role::table));
  // The border may be the element itself: an inline one that is treated as a block.
  return depth >= border ? depth - 1 : kNone;
}

std::size_t OpenElements::ended_by(Role role) const {
  const std::size_t table = last_of(Role::table);
  std::size_t depth = 0;
  std::size_t border = table;
  if (role == Role::item) {
    depth = last_of(Role::item);
    border = std::max(last_of(Role::list), std::max(last_of(Role::cell), table));
  } else if (role == Role::row) {
    depth = last_of(Role::row);
  } else if (role == Role::cell) {
    depth = last_of(Role::cell);
  }
  if (depth > border) return depth - 1;
  // A paragraph ends where a block begins.
  depth = last_of(Role::paragraph);
  border = std::max(last_of(Role::cell), table);
  return is_block(role) && depth > border ? depth - 1 : kNone;
}

}  // namespace troupe::memory::loaders::html
