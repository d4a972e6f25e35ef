#include "memory/knowledge/ingest/read_turns.h"

#include "runtime/async/nursery.h"
#include "tests/fakes/run_loop.h"

#include <optional>
#include <vector>

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::memory;

namespace {

Task<> turns_of_the_loop(Loop& loop, int count) {
  for (int i = 0; i < count; ++i) co_await boost::asio::post(loop.context(), boost::asio::use_awaitable);
}

}  // namespace

TEST_CASE("no more read at once than there are places, and in the order in which they came") {
  SystemClock clock;
  Loop loop(clock);
  ReadTurns turns(loop, 2);
  Stop stop;
  Nursery nursery(loop);
  std::vector<int> order;
  int now = 0, most = 0;
  for (int i = 0; i < 7; ++i)
    nursery.spawn("read", [&, i]() -> Task<> {
      const auto turn = co_await turns.take(stop);
      CHECK(static_cast<bool>(turn));
      order.push_back(i);
      most = std::max(most, ++now);
      co_await turns_of_the_loop(loop, 3);
      --now;
    });
  fakes::run(loop, nursery.join());
  CHECK(most == 2);
  CHECK(order == std::vector<int>{0, 1, 2, 3, 4, 5, 6});
}

TEST_CASE("who is stopped while waiting gets no turn and takes none from others") {
  SystemClock clock;
  Loop loop(clock);
  ReadTurns turns(loop, 1);
  Stop mine, others;
  auto check = [&]() -> Task<> {
    std::optional<ReadTurns::Turn> first;
    first.emplace(co_await turns.take(others));
    Nursery nursery(loop);
    int without = 0, with = 0;
    nursery.spawn("stopped", [&]() -> Task<> { without += co_await turns.take(mine) ? 0 : 1; });
    nursery.spawn("patient", [&]() -> Task<> { with += co_await turns.take(others) ? 1 : 0; });
    nursery.spawn("stopped", [&]() -> Task<> { without += co_await turns.take(mine) ? 0 : 1; });
    co_await turns_of_the_loop(loop, 5);
    mine.request(StopReason::cancelled);
    first.reset();
    co_await nursery.join();
    CHECK(without == 2);
    CHECK(with == 1);
    CHECK(static_cast<bool>(co_await turns.take(others)));
    CHECK_FALSE(static_cast<bool>(co_await turns.take(mine)));
  };
  fakes::run(loop, check());
}
