#pragma once

#include "runtime/config/problem.h"

#include <string>
#include <string_view>
#include <vector>

namespace troupe::config {

struct Member;

/// One value of a configuration file as it was written: a tree without aliases, anchors or tags. Scalars keep
/// their text; what it means is decided by the declaration that reads it.
struct Node {
  enum class Kind { null, scalar, sequence, map };

  Kind kind = Kind::null;
  bool quoted = false;  ///< scalar: written in quotes or as a block, so never a number, a bool or null
  std::string text;     ///< scalar: before interpolation
  Place place;          ///< a block map or list stands at its key
  std::vector<Node> items;
  std::vector<Member> members;  ///< map: in file order, keys unique

  const Member* find(std::string_view key) const;
};

/// The node below `from` that a path such as "auth.tokens[1].name" leads to, or the last one on the way to
/// it.
const Node& node_at(const Node& from, std::string_view path);

struct Member {
  std::string key;
  Place place;
  Node value;
};

inline const Member* Node::find(std::string_view key) const {
  for (const Member& member : members)
    if (member.key == key) return &member;
  return nullptr;
}

}  // namespace troupe::config
