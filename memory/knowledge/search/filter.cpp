#include "memory/knowledge/search/filter.h"

#include <algorithm>
#include <set>

namespace troupe::memory {

namespace {

template <class Test>
bool any_element(const Json& value, Test test) {
  return value.is_array() ? std::ranges::any_of(value, test) : test(value);
}

}  // namespace

bool Filter::holds(const Node& node, const Json* value) {
  if (value && value->is_null()) value = nullptr;
  if (node.kind == Kind::exists) return value != nullptr;
  if (node.kind == Kind::absent) return value == nullptr;
  if (!value) return node.kind == Kind::none_of;
  return any_element(*value, [&node](const Json& element) {
           if (node.kind == Kind::one_of || node.kind == Kind::none_of) return node.values.contains(element);
           const auto found = order(element, node.operand);
           if (!found) return false;
           switch (node.kind) {
             case Kind::less:
               return *found < 0;
             case Kind::at_most:
               return *found <= 0;
             case Kind::greater:
               return *found > 0;
             default:
               return *found >= 0;
           }
         }) != (node.kind == Kind::none_of);
}

bool Filter::matches(std::size_t at, const Json& metadata) const {
  const Node& node = nodes_[at];
  switch (node.kind) {
    case Kind::all:
    case Kind::any: {
      const bool decisive = node.kind == Kind::any;
      for (std::size_t part = at + 1; part < node.end; part = nodes_[part].end)
        if (matches(part, metadata) == decisive) return decisive;
      return !decisive;
    }
    case Kind::negation:
      return !matches(at + 1, metadata);
    default:
      return holds(node, find(metadata, node.key));
  }
}

bool Filter::matches(const Json& metadata) const {
  return nodes_.empty() || matches(0, metadata);
}

Filter Filter::both(Filter a, Filter b) {
  if (a.empty()) return b;
  if (b.empty()) return a;
  Filter filter;
  filter.nodes_.push_back({.kind = Kind::all, .end = 1 + a.nodes_.size() + b.nodes_.size()});
  for (Filter* part : {&a, &b}) {
    const std::size_t shift = filter.nodes_.size();
    for (Node& node : part->nodes_) {
      node.end += shift;
      filter.nodes_.push_back(std::move(node));
    }
  }
  filter.written_ = {{"all", {std::move(a.written_), std::move(b.written_)}}};
  return filter;
}

std::vector<std::string> Filter::keys() const {
  std::set<std::string> keys;
  for (const Node& node : nodes_)
    if (!node.key.empty()) keys.insert(node.key);
  return {keys.begin(), keys.end()};
}

}  // namespace troupe::memory
