#pragma once

#include "memory/knowledge/loaders/html/elements.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace troupe::memory::loaders::html {

/// What holds for the text in an element and in all that it contains.
struct Standing {
  bool hidden : 1 = false;       ///< not shown, or no text at all
  bool boilerplate : 1 = false;  ///< of the page's frame
  bool main : 1 = false;
  bool article : 1 = false;
  bool preformatted : 1 = false;
  bool cell : 1 = false;  ///< of a table
};

/// An element whose end has not come.
struct OpenElement {
  std::uint16_t name = 0;  ///< as Stack knows it
  Role role = Role::inline_;
  std::uint8_t level = 0;
  bool link = false;
  Standing standing;
};

/// The stack of open elements (HTML Standard, 13.2.4.2), as far as it decides which text stands where: an end
/// tag closes the nearest element of its name, but not across the cell of a table, and an inline one not
/// across a block. Where the last of each name is open is kept, so that a tag costs what it closes and never
/// a search: linear however the page nests.
class OpenElements {
 public:
  explicit OpenElements(std::size_t depth_max) : depth_max_(depth_max) {}

  const OpenElement& top() const { return stack_.back(); }
  Standing standing() const { return stack_.empty() ? Standing{} : stack_.back().standing; }

  /// A number for a tag's name. Names beyond the known and kOtherNames others are one.
  std::uint16_t name_of(std::string_view name);

  /// False: too deep; the element is not opened, and an end tag in its place is ignored.
  bool push(const OpenElement& element);
  void pop();

  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  /// How many elements are left when the end tag `name` has closed what it closes; kNone: it closes nothing.
  std::size_t closed_by(std::uint16_t name, Role role);
  /// How many are left when a start tag of `role` has ended the paragraph, item, row or cell before it;
  /// kNone: it ends none.
  std::size_t ended_by(Role role) const;
  std::size_t size() const { return stack_.size(); }

 private:
  static constexpr std::size_t kOtherNames = 256;
  static constexpr std::size_t kRoles = static_cast<std::size_t>(Role::void_) + 1;

  /// Depths (from 1) where elements of a kind are open, ascending.
  using Depths = std::vector<std::uint32_t>;
  static std::size_t last(const Depths& depths) { return depths.empty() ? 0 : depths.back(); }
  std::size_t last_of(Role role) const { return last(by_role_[static_cast<std::size_t>(role)]); }

  std::size_t depth_max_;
  std::size_t too_deep_ = 0;
  std::vector<OpenElement> stack_;
  std::vector<Depths> by_name_;
  std::array<Depths, kRoles> by_role_;
  Depths blocks_;  ///< everything that is not inline
  std::unordered_map<std::string, std::uint16_t> others_;
};

}  // namespace troupe::memory::loaders::html
