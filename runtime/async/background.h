#pragma once

#include <functional>
#include <memory>

namespace troupe {

/// One piece of work on a thread of its own, for what nobody waits for: begun at once, it ends by itself. It
/// must own what it touches, bound itself, and let no exception out.
class Background {
 public:
  explicit Background(std::function<void()> work);
  /// Waits until it has ended.
  ~Background();
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

 private:
  struct Running;
  const std::unique_ptr<Running> running_;
};

}  // namespace troupe
