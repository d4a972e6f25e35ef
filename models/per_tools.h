#pragma once

#include "models/message.h"

#include <algorithm>
#include <memory>
#include <vector>

namespace troupe::models {

using Tools = std::shared_ptr<const std::vector<ToolDeclaration>>;

/// Something computed once for a set of tools and kept while that set lives: an agent offers the same vector
/// at every step. Holds at most `kKept` sets, the most recently used. Loop thread only.
template <class T>
class PerTools {
 public:
  /// The value for `tools`, made by `make(*tools)` the first time.
  template <class Make>
  std::shared_ptr<const T> get(const Tools& tools, Make make) {
    auto known = std::ranges::find_if(kept_, [&](const Kept& k) { return k.tools.lock() == tools; });
    if (known == kept_.end()) {
      std::erase_if(kept_, [](const Kept& k) { return k.tools.expired(); });
      if (kept_.size() >= kKept) kept_.pop_back();
      kept_.insert(kept_.begin(), Kept{tools, std::make_shared<const T>(make(*tools))});
      return kept_.front().value;
    }
    std::rotate(kept_.begin(), known, known + 1);
    return kept_.front().value;
  }

 private:
  static constexpr std::size_t kKept = 64;
  struct Kept {
    std::weak_ptr<const std::vector<ToolDeclaration>> tools;
    std::shared_ptr<const T> value;
  };
  std::vector<Kept> kept_;
};

}  // namespace troupe::models
