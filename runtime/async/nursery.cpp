#include "runtime/async/nursery.h"

#include "runtime/async/one_shot.h"
#include "runtime/telemetry/log.h"

#include <cassert>
#include <exception>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>

namespace troupe {

struct Nursery::State {
  explicit State(Loop& l) : loop(l) {}
  Loop& loop;
  std::size_t children = 0;
  std::vector<OneShot<bool>*> joining;
};

Nursery::Nursery(Loop& loop) : state_(std::make_shared<State>(loop)) {}

Nursery::~Nursery() {
  // The io_context may be destroyed with suspended children (a test that failed half-way); a running loop may
  // not.
  assert((state_->children == 0 || state_->loop.context().stopped()) && "a nursery was left without join()");
}

void Nursery::spawn(const char* name, std::function<Task<>()> body) {
  ++state_->children;
  boost::asio::co_spawn(
      state_->loop.context(), std::move(body), [state = state_, name](std::exception_ptr failure) {
        if (failure) {
          try {
            std::rethrow_exception(failure);
          } catch (const std::exception& e) {
            log::error("an exception escaped from a coroutine", {{"coroutine", name}, {"what", e.what()}});
          }
        }
        if (--state->children > 0) return;
        for (OneShot<bool>* empty : std::exchange(state->joining, {})) empty->set(true);
      });
}

std::size_t Nursery::size() const {
  return state_->children;
}

Task<> Nursery::join() {
  while (state_->children > 0) {
    OneShot<bool> empty(state_->loop);
    state_->joining.push_back(&empty);
    co_await empty.wait();
  }
}

}  // namespace troupe
