#include "plugins/host/instance_pool.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace troupe::plugins {

namespace {

constexpr int kDoublingsMost = 16;

/// An instance that ended so did not fail by itself.
bool our_doing(ErrorCode code) {
  return code == ErrorCode::timeout || code == ErrorCode::cancelled;
}

}  // namespace

InstancePool::InstancePool(Loop& loop, LineMaker make, InstanceSettings settings, PoolSettings pool)
    : loop_(loop),
      make_(std::move(make)),
      settings_(std::move(settings)),
      pool_(pool),
      slots_(std::max<std::size_t>(pool.workers, 1)),
      emptied_(loop),
      nursery_(loop) {}

Task<Result<PluginAnswer>> InstancePool::call(PluginCall call, CallContext& context,
                                              std::function<void(std::string_view)> part) {
  if (closed_)
    co_return fail(ErrorCode::unavailable, fmt::format("plugin {} is being shut down", settings_.name));
  ++active_;
  Stop ending(context.stop);
  const auto on_close = closing_.on_request([&ending] { ending.request(StopReason::shutdown); });
  CallContext inner{context.loop,    ending,      context.deadline, context.events, context.principal,
                    context.session, context.run, context.agent,    context.step};
  auto answer = co_await take_turn(std::move(call), inner, std::move(part));
  if (--active_ == 0 && closed_) emptied_.set(true);
  co_return answer;
}

Task<Result<PluginAnswer>> InstancePool::take_turn(PluginCall call, CallContext& context,
                                                   std::function<void(std::string_view)> part) {
  const std::string what = fmt::format("waiting for plugin {}", settings_.name);
  Stop& ending = context.stop;
  if (ending.requested()) co_return fail(stopped(what, ending.reason()));
  Loop::Alarm alarm;
  if (!context.deadline.none())
    alarm = loop_.at(context.deadline.at(), [&ending] { ending.request(StopReason::deadline); });
  Slot* slot = waiting_.empty() ? free_slot() : nullptr;
  if (!slot) {
    if (waiting_.size() >= pool_.queue) {
      Error error{ErrorCode::busy, fmt::format("plugin {} is at work in all its {} workers and {} calls wait "
                                               "already",
                                               settings_.name, slots_.size(), waiting_.size())};
      error.retryable = true;
      co_return fail(std::move(error));
    }
    slot = co_await acquire(ending);
  } else {
    ++slot->taken;
  }
  if (ending.requested()) {
    if (slot) release(*slot);
    co_return fail(stopped(what, ending.reason()));
  }
  slot->idle.reset();
  slot->used = ++calls_;
  auto ready = co_await furnish(*slot, ending);
  if (!ready) {
    release(*slot);
    co_return fail(std::move(ready.error()));
  }
  const std::shared_ptr<Instance> instance = slot->instance;  // also when it dies of another call
  const bool fresh = instance->answered() == 0;
  auto answer = co_await instance->call(std::move(call), context, std::move(part));
  if (answer) failures_ = 0;
  if (!answer && !instance->alive() && fresh && !our_doing(answer.error().code)) note_failure();
  release(*slot);
  co_return answer;
}

Task<InstancePool::Slot*> InstancePool::acquire(Stop& ending) {
  OneShot<Slot*> turn(loop_);
  const auto place = waiting_.insert(waiting_.end(), &turn);
  const auto hook = ending.on_request([&turn] { turn.set(nullptr); });
  Slot* slot = co_await turn.wait();
  waiting_.erase(place);
  if (!slot) wake();  // who came after and waited behind it may have what was left to it
  co_return slot;
}

Task<Result<>> InstancePool::furnish(Slot& slot, Stop& ending) {
  if (slot.instance && slot.instance->alive()) co_return Result<>();
  if (slot.starting) {
    Error error{ErrorCode::unavailable, fmt::format("plugin {} died before the call began", settings_.name)};
    error.retryable = true;
    co_return fail(std::move(error));
  }
  slot.starting = true;
  if (slot.instance) retire(slot);
  if (loop_.clock().now() < not_before_ && !co_await loop_.sleep_until(not_before_, ending)) {
    slot.starting = false;
    co_return fail(
        stopped(fmt::format("waiting before starting plugin {} again", settings_.name), ending.reason()));
  }
  auto started = co_await Instance::start(loop_, make_, settings_, ending);
  slot.starting = false;
  if (!started) {
    if (!ending.requested()) note_failure();
    co_return fail(std::move(started.error()));
  }
  ++started_;
  slot.instance = std::move(*started);
  wake();  // it may take more than the one call
  co_return Result<>();
}

std::size_t InstancePool::room(const Slot& slot) const {
  if (slot.starting) return 0;
  if (!slot.instance || !slot.instance->alive()) return slot.taken == 0 ? 1 : 0;
  if (slot.instance->answered() >= pool_.calls) return 0;
  const std::size_t most = slot.instance->description().concurrent;
  return most - std::min(most, slot.taken);
}

InstancePool::Slot* InstancePool::free_slot() {
  Slot* best = nullptr;
  for (auto& slot : slots_)
    if (room(slot) > 0 && (!best || slot.used > best->used)) best = &slot;
  return best;
}

void InstancePool::release(Slot& slot) {
  --slot.taken;
  if (slot.taken == 0 && slot.instance &&
      (!slot.instance->alive() || slot.instance->answered() >= pool_.calls))
    retire(slot);
  wake();
  if (slot.taken == 0 && slot.instance && !closed_)
    slot.idle = loop_.at(loop_.clock().now() + pool_.idle, [this, &slot] { retire(slot); });
}

void InstancePool::wake() {
  for (auto* turn : waiting_) {
    if (turn->is_set()) continue;  // it has been given one, or gave up, and has not run since
    Slot* slot = free_slot();
    if (!slot) return;
    ++slot->taken;
    slot->idle.reset();
    turn->set(slot);
  }
}

void InstancePool::retire(Slot& slot) {
  if (!slot.instance) return;
  nursery_.spawn("end of a plugin's worker",
                 [instance = std::exchange(slot.instance, nullptr)] { return instance->end(); });
}

void InstancePool::note_failure() {
  const auto longer = pool_.backoff_first * (1 << std::min(failures_, kDoublingsMost));
  not_before_ = loop_.clock().now() + std::min(longer, pool_.backoff_most);
  ++failures_;
}

Task<Result<PluginDescription>> InstancePool::describe(Stop& stop) {
  for (const Slot& slot : slots_)
    if (slot.instance && slot.instance->alive()) co_return slot.instance->description();
  Slot* slot = free_slot();
  if (!slot) co_return fail(ErrorCode::busy, fmt::format("plugin {} is being started", settings_.name));
  ++slot->taken;
  ++active_;
  slot->idle.reset();
  auto ready = co_await furnish(*slot, stop);
  Result<PluginDescription> described =
      ready ? Result<PluginDescription>(slot->instance->description()) : fail(std::move(ready.error()));
  release(*slot);
  if (--active_ == 0 && closed_) emptied_.set(true);
  co_return described;
}

Task<> InstancePool::drain() {
  closed_ = true;
  if (active_ > 0) co_await emptied_.wait();
  for (auto& slot : slots_) {
    slot.idle.reset();
    if (slot.instance) retire(slot);
  }
  co_await nursery_.join();
}

Task<> InstancePool::close() {
  closing_.request(StopReason::shutdown);
  co_await drain();
}

InstancePool::Counts InstancePool::counts() const {
  Counts counts{.waiting = waiting_.size(), .started = started_};
  for (const auto& slot : slots_) {
    counts.working += slot.taken;
    counts.alive += slot.instance && slot.instance->alive() ? 1 : 0;
  }
  return counts;
}

}  // namespace troupe::plugins
