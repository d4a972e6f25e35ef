#include "runtime/sandbox/worker_pool.h"

#include "runtime/base/context.h"

#include <algorithm>

namespace troupe::sandbox {
namespace {

constexpr int kDoublingsMost = 16;

/// A fresh worker that ends so did not fail by itself.
bool our_doing(ErrorCode code) {
  return code == ErrorCode::timeout || code == ErrorCode::cancelled;
}

}  // namespace

WorkerPool::WorkerPool(Loop& loop, Cage cage, PoolSettings settings)
    : loop_(loop),
      cage_(std::move(cage)),
      settings_(settings),
      slots_(std::max<std::size_t>(settings.workers, 1)),
      emptied_(loop),
      nursery_(loop) {}

Task<Result<std::string>> WorkerPool::call(std::string request, Stop& stop, Deadline deadline) {
  if (closed_) co_return fail(ErrorCode::unavailable, "the workers " + cage_.name() + " are being shut down");
  ++active_;
  Stop ending(stop);
  const auto on_close = closing_.on_request([&ending] { ending.request(StopReason::shutdown); });
  auto answer = co_await take_turn(std::move(request), ending, deadline);
  if (--active_ == 0 && closed_) emptied_.set(true);
  co_return answer;
}

Task<Result<std::string>> WorkerPool::take_turn(std::string request, Stop& ending, Deadline deadline) {
  if (ending.requested()) co_return fail(stopped("workers " + cage_.name(), ending.reason()));
  Loop::Alarm alarm;
  if (!deadline.none()) alarm = loop_.at(deadline.at(), [&ending] { ending.request(StopReason::deadline); });
  Slot* slot = waiting_.empty() ? free_slot() : nullptr;
  if (slot) {
    slot->taken = true;
  } else {
    if (waiting_.size() >= settings_.queue) {
      Error error{ErrorCode::busy, "all " + std::to_string(slots_.size()) + " workers " + cage_.name() +
                                       " are at work and " + std::to_string(waiting_.size()) +
                                       " calls wait already"};
      error.retryable = true;
      co_return fail(std::move(error));
    }
    slot = co_await acquire(ending);
  }
  if (!slot) co_return fail(stopped("waiting for a worker " + cage_.name(), ending.reason()));
  auto answer = co_await call_in(*slot, std::move(request), ending, deadline);
  release(*slot);
  co_return answer;
}

Task<WorkerPool::Slot*> WorkerPool::acquire(Stop& ending) {
  OneShot<Slot*> turn(loop_);
  const auto place = waiting_.insert(waiting_.end(), &turn);
  const auto hook = ending.on_request([&turn] { turn.set(nullptr); });
  Slot* slot = co_await turn.wait();
  waiting_.erase(place);
  co_return slot;
}

Task<Result<std::string>> WorkerPool::call_in(Slot& slot, std::string request, Stop& ending,
                                              Deadline deadline) {
  slot.idle.reset();
  slot.used = ++calls_;
  if (slot.worker && !slot.worker->fit()) retire(slot);
  if (!slot.worker) {
    if (loop_.clock().now() < not_before_ && !co_await loop_.sleep_until(not_before_, ending))
      co_return fail(stopped("waiting before starting " + cage_.name() + " again", ending.reason()));
    if (auto ready = furnish(slot); !ready) co_return fail(std::move(ready.error()));
  }
  Worker& worker = *slot.worker;
  const bool fresh = worker.answered() == 0;
  auto answer = co_await worker.call(std::move(request), ending, deadline);
  if (answer) {
    failures_ = 0;
    if (worker.answered() >= settings_.calls) retire(slot);
  } else if (!worker.fit()) {
    if (fresh && !our_doing(answer.error().code)) note_failure();
    retire(slot);
  }
  co_return answer;
}

Result<void> WorkerPool::furnish(Slot& slot) {
  auto worker = Worker::start(loop_, cage_, settings_.frame_bytes);
  if (!worker) {
    note_failure();
    return fail(std::move(worker.error()));
  }
  ++started_;
  slot.worker = std::move(*worker);
  return {};
}

WorkerPool::Slot* WorkerPool::free_slot() {
  Slot* best = nullptr;
  for (auto& slot : slots_)
    if (!slot.taken && (!best || slot.used > best->used)) best = &slot;
  return best;
}

void WorkerPool::release(Slot& slot) {
  for (auto* turn : waiting_) {
    if (turn->is_set()) continue;  // it has been given one, or gave up, and has not run since
    turn->set(&slot);
    return;
  }
  slot.taken = false;
  if (slot.worker)
    slot.idle = loop_.at(loop_.clock().now() + settings_.idle, [this, &slot] { retire(slot); });
}

void WorkerPool::retire(Slot& slot) {
  nursery_.spawn("end of a worker", [worker = std::exchange(slot.worker, nullptr)] { return worker->end(); });
}

void WorkerPool::note_failure() {
  const auto longer = settings_.backoff_first * (1 << std::min(failures_, kDoublingsMost));
  not_before_ = loop_.clock().now() + std::min(longer, settings_.backoff_most);
  ++failures_;
}

Task<> WorkerPool::close() {
  closed_ = true;
  closing_.request(StopReason::shutdown);
  if (active_ > 0) co_await emptied_.wait();
  for (auto& slot : slots_) {
    slot.idle.reset();
    if (slot.worker) retire(slot);
  }
  co_await nursery_.join();
}

WorkerPool::Counts WorkerPool::counts() const {
  Counts counts{.waiting = waiting_.size(), .started = started_};
  for (const auto& slot : slots_) {
    counts.working += slot.taken ? 1 : 0;
    counts.alive += slot.worker && (slot.taken || slot.worker->fit()) ? 1 : 0;
  }
  return counts;
}

}  // namespace troupe::sandbox
