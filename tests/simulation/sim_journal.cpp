#include "tests/simulation/sim_journal.h"

#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

namespace troupe::simulation {

namespace {

Error gone() {
  return {ErrorCode::store, "the process is gone", false, 0, {}};
}

}  // namespace

void SimJournal::crash() {
  crashed_ = true;
  next_.reset();
  for (const auto& entry : std::exchange(queue_, {})) entry->turn.set(false);
}

// Mostly at once, now and then after a while, seldom when a full disk has room again.
void SimJournal::queue(std::shared_ptr<Waiting> entry) {
  queue_.push_back(std::move(entry));
  if (queue_.size() > 1) return;
  full_ = dice_.percent(1);
  const Milliseconds wait = full_               ? dice_.between(500, 20'000)
                            : dice_.percent(10) ? dice_.between(5, 300)
                                                : dice_.between(0, 4);
  next_ = loop_.at(loop_.clock().now() + wait, [this] { write_group(); });
}

void SimJournal::write_group() {
  full_ = false;
  ++groups_;
  for (const auto& entry : std::exchange(queue_, {})) entry->turn.set(true);
}

Task<Result<>> SimJournal::write(std::shared_ptr<Waiting> entry, store::Append append) {
  if (!co_await entry->turn.wait()) co_return fail(gone());
  auto written = co_await disk_.commit(std::move(append));
  if (crashed_) co_return fail(gone());  // it is written, and nobody hears of it
  co_return written;
}

Task<Result<>> SimJournal::commit(store::Append append) {
  if (crashed_) co_return fail(gone());
  auto entry = std::make_shared<Waiting>(loop_);
  queue(entry);
  co_return co_await write(std::move(entry), std::move(append));
}

void SimJournal::post(store::Append append) {
  if (crashed_) return;
  auto entry = std::make_shared<Waiting>(loop_);
  queue(entry);
  ++posts_;
  boost::asio::co_spawn(
      loop_.context(),
      [this, entry, append = std::move(append)]() mutable -> Task<> {
        (void)co_await write(entry, std::move(append));
        --posts_;
      },
      boost::asio::detached);
}

bool SimJournal::paused(std::string* reason) const {
  if (full_ && reason) *reason = "the disk is full";
  return full_;
}

Task<> SimJournal::close() {
  Stop never;
  while (!crashed_ && (!queue_.empty() || posts_ > 0)) co_await loop_.sleep_for(Milliseconds(1), never);
}

}  // namespace troupe::simulation
