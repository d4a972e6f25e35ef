#pragma once

#include "runtime/async/loop.h"

#include <exception>
#include <optional>
#include <stdexcept>
#include <utility>

#include <boost/asio/co_spawn.hpp>

namespace troupe::fakes {

/// How long any test waits for anything before it fails.
inline constexpr std::chrono::seconds kMaxTestWait{60};

/// Runs one coroutine on the loop to its end and returns its value; rethrows what it threw. Fails the test by
/// exception when it does not end within kMaxTestWait.
template <class T>
T run(Loop& loop, Task<T> task) {
  std::optional<T> value;
  std::exception_ptr failure;
  bool done = false;
  boost::asio::co_spawn(loop.context(), std::move(task), [&](std::exception_ptr e, T v) {
    failure = e;
    if (!e) value.emplace(std::move(v));
    done = true;
    loop.halt();
  });
  loop.context().restart();
  loop.context().run_for(kMaxTestWait);
  if (failure) std::rethrow_exception(failure);
  if (!done) throw std::runtime_error("the test's coroutine did not end in time");
  return std::move(*value);
}

inline void run(Loop& loop, Task<> task) {
  auto wrap = [](Task<> inner) -> Task<bool> {
    co_await std::move(inner);
    co_return true;
  };
  run<bool>(loop, wrap(std::move(task)));
}

}  // namespace troupe::fakes
