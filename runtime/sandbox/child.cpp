#include "runtime/sandbox/child.h"

#include "runtime/async/one_shot.h"

#include <optional>

#include <boost/asio/posix/stream_descriptor.hpp>

namespace troupe::sandbox {

using boost::asio::posix::stream_descriptor;

struct Child::State {
  State(Loop& l, Started s)
      : loop(l), started(std::move(s)), process(l.context(), started.process.release()), ended(l) {}
  ~State() {
    if (!ending) reap(started);  // the loop went away before the process
  }

  void watch(std::shared_ptr<State> self) {
    process.async_wait(stream_descriptor::wait_read,
                       [self = std::move(self)](boost::system::error_code error) mutable {
                         if (error) return;
                         State& state = *self;
                         // Readiness is a hint, see Cage::start(); a kill for a wrong one would be a real
                         // one.
                         if (!has_ended(state.started)) return state.watch(std::move(self));
                         state.ending = reap(state.started);
                         state.ended.set(true);
                       });
  }

  Loop& loop;
  Started started;
  stream_descriptor process;
  std::optional<Ending> ending;
  OneShot<bool> ended;
};

Result<Child> Child::start(Loop& loop, const Cage& cage, const Streams& streams) {
  auto started = cage.start(streams);
  if (!started) return fail(std::move(started.error()));
  return adopt(loop, std::move(*started));
}

Child Child::adopt(Loop& loop, Started started) {
  auto state = std::make_shared<State>(loop, std::move(started));
  state->watch(state);
  return Child(std::move(state));
}

Child::Child(std::shared_ptr<State> state) : state_(std::move(state)) {}

Child::~Child() {
  if (state_) kill();
}

void Child::kill() {
  if (!state_->ending) kill_group(state_->started);
}

void Child::terminate() {
  if (!state_->ending) terminate_group(state_->started);
}

Task<Ending> Child::wait() {
  const auto state = state_;
  co_await state->ended.wait();
  co_return *state->ending;
}

}  // namespace troupe::sandbox
