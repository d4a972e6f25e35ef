#pragma once

#include <functional>
#include <list>
#include <memory>

namespace troupe {

/// Why work is asked to end. The first request wins.
enum class StopReason { none, cancelled, deadline, budget, shutdown };

/// A request to stop that flows down a tree of work: a run, its model call, its tools, its children.
/// Everything that waits takes one and ends early when it is requested; nothing is ever killed behind its
/// back, so cleanup code runs as usual. We use this instead of Asio's cancellation slots because a slot
/// makes every later co_await throw, cleanup included (docs/architecture.md, "Cancel").
/// Loop thread only. A child must not outlive its parent.
class Stop {
 public:
  Stop() = default;
  /// A child: stops when the parent does, with the parent's reason; stopping it leaves the parent alone.
  explicit Stop(Stop& parent);
  ~Stop();
  Stop(const Stop&) = delete;
  Stop& operator=(const Stop&) = delete;

  bool requested() const { return reason_ != StopReason::none; }
  StopReason reason() const { return reason_; }
  /// Calls every hook once, newest first, on the caller's stack. Further requests do nothing.
  void request(StopReason reason);

  /// Keeps a callback registered while it lives. The callback must not destroy its own Hook.
  class Hook {
   public:
    Hook() = default;
    Hook(Hook&& other) noexcept { *this = std::move(other); }
    Hook& operator=(Hook&& other) noexcept;
    ~Hook() { reset(); }
    void reset();

   private:
    friend class Stop;
    Stop* stop_ = nullptr;
    std::list<std::function<void()>>::iterator entry_;
  };

  /// Registers `callback`. When stop was already requested it is called now, and the Hook is empty.
  [[nodiscard]] Hook on_request(std::function<void()> callback);

 private:
  StopReason reason_ = StopReason::none;
  std::list<std::function<void()>> hooks_;
  Hook parent_hook_;
};

}  // namespace troupe
