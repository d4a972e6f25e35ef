#pragma once

#include <string>
#include <string_view>

namespace troupe::tools {

/// Words that are looked for as they are written, side by side: not in another order, not apart, no other
/// form of them. Case, accents, widths, the kind of quotes and where lines end make no difference, as in
/// memory::fold_for_terms(); quotes around the whole are not part of it. Any thread.
class Phrase {
 public:
  explicit Phrase(std::string_view words);

  /// A phrase of nothing but blanks and quotes stands nowhere.
  bool stands_in(std::string_view text) const;

 private:
  std::u32string form_;
};

}  // namespace troupe::tools
