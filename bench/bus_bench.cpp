// What one hop over the bus costs: `bus_bench [directory] [messages] [repeats]`. A hop is from the call of
// send() to the return of receive(), which is then done with. Pairs of a sender and a receiver run at once,
// each with one message on its way. Side by side, each repeat all of them in turn: a bare Asio channel, the
// bus over a journal in memory, the bus over SQLite. Medians of the repeats, with the lowest and the highest.
#include "runtime/bus/local_bus.h"
#include "tests/fakes/memory_journal.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/channel.hpp>
#include <boost/asio/use_awaitable.hpp>

using namespace troupe;
using bus::Message;

namespace {

using SteadyClock = std::chrono::steady_clock;
using Channel = boost::asio::experimental::channel<void(boost::system::error_code, Message)>;

struct Figures {
  double per_second = 0;
  double p50 = 0;  // us
  double p99 = 0;
};

/// Samples of one measurement: all pairs add to it.
struct Samples {
  std::vector<double> us;
  void add(SteadyClock::time_point since) {
    us.push_back(std::chrono::duration<double, std::micro>(SteadyClock::now() - since).count());
  }
  Figures figures(SteadyClock::time_point begin) {
    const double seconds = std::chrono::duration<double>(SteadyClock::now() - begin).count();
    std::sort(us.begin(), us.end());
    return {static_cast<double>(us.size()) / seconds, us[us.size() / 2], us[us.size() * 99 / 100]};
  }
};

Message message(const bus::Room& room, int n) {
  return {.id = "m" + std::to_string(n),
          .room = room,
          .from = "bench/a",
          .to = "bench/b",
          .kind = bus::Kind::note,
          .text = std::string(250, 'x')};
}

Task<> through_channel(Channel& channel, int messages, Samples& samples) {
  const bus::Room room{"default", "s_0", "r_0"};
  SteadyClock::time_point sent;
  auto receive = [&]() -> Task<> {
    for (int i = 0; i < messages; ++i) {
      (void)co_await channel.async_receive(boost::asio::use_awaitable);
      samples.add(sent);
    }
  };
  boost::asio::co_spawn(channel.get_executor(), receive, boost::asio::detached);
  for (int i = 0; i < messages; ++i) {
    Message next = message(room, i);
    sent = SteadyClock::now();
    // Without room for another, this returns when the message was received.
    co_await channel.async_send({}, std::move(next), boost::asio::use_awaitable);
    while (samples.us.size() < std::size_t(i + 1)) co_await boost::asio::post(boost::asio::use_awaitable);
  }
}

Figures channels(int pairs, int messages) {
  SystemClock clock;
  Loop loop(clock);
  std::vector<std::unique_ptr<Channel>> open;
  std::vector<Samples> each(static_cast<std::size_t>(pairs));
  const auto begin = SteadyClock::now();
  for (Samples& samples : each) {
    open.push_back(std::make_unique<Channel>(loop.context()));
    boost::asio::co_spawn(loop.context(), through_channel(*open.back(), messages / pairs, samples),
                          boost::asio::detached);
  }
  loop.run();
  Samples all;
  for (const Samples& samples : each) all.us.insert(all.us.end(), samples.us.begin(), samples.us.end());
  return all.figures(begin);
}

void expect(bool ok, const char* what) {
  if (!ok) std::fprintf(stderr, "%s failed\n", what), std::abort();
}

/// A room as long as a run is; then the next one.
constexpr int kMessagesOfRoom = 500;

Task<> through_bus(bus::Bus& bus, int pair, int messages, Samples& samples) {
  Stop stop;
  for (int done = 0; done < messages; done += kMessagesOfRoom) {
    const std::string name = std::to_string(pair) + "_" + std::to_string(done);
    const bus::Room room{"default", "s_" + name, "r_" + name};
    expect((co_await bus.enter(room)).has_value(), "enter");
    auto inbox = bus.open(room, "bench/b", {});
    expect(inbox.has_value(), "open");
    for (int i = 0; i < std::min(kMessagesOfRoom, messages - done); ++i) {
      Message next = message(room, i);
      const auto sent = SteadyClock::now();
      expect((co_await bus.send(std::move(next), stop)).has_value(), "send");
      auto got = co_await (*inbox)->receive(stop);
      expect(got.has_value(), "receive");
      samples.add(sent);
      (*inbox)->done(got->id);
    }
    inbox->reset();
    co_await bus.leave(room, true);
  }
}

Figures bus_over(Loop& loop, store::Journal& journal, int pairs, int messages) {
  auto bus = bus::make_local_bus(loop, journal);
  Samples samples;
  const auto begin = SteadyClock::now();
  for (int pair = 0; pair < pairs; ++pair)
    boost::asio::co_spawn(loop.context(), through_bus(*bus, pair, messages / pairs, samples),
                          boost::asio::detached);
  loop.run();
  return samples.figures(begin);
}

Figures in_memory(int pairs, int messages) {
  SystemClock clock;
  Loop loop(clock);
  fakes::MemoryJournal journal(loop);
  return bus_over(loop, journal, pairs, messages);
}

Figures durable(const std::string& root, int pairs, int messages) {
  std::filesystem::remove_all(root);
  SystemClock clock;
  Loop loop(clock);
  auto journal = store::open_sqlite_journal(loop, {.path = root});
  expect(journal.has_value(), "the journal");
  return bus_over(loop, **journal, pairs, messages);
}

void report(const char* what, int pairs, const std::vector<Figures>& repeats) {
  const auto spread = [&](double Figures::* figure) {
    std::vector<double> values;
    for (const Figures& one : repeats) values.push_back(one.*figure);
    std::sort(values.begin(), values.end());
    char text[64];
    std::snprintf(text, sizeof text, "%9.1f (%.1f..%.1f)", values[values.size() / 2], values.front(),
                  values.back());
    return std::string(text);
  };
  std::printf("%-8s %3d at once  /s %s  p50 us %s  p99 us %s\n", what, pairs,
              spread(&Figures::per_second).c_str(), spread(&Figures::p50).c_str(),
              spread(&Figures::p99).c_str());
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string root =
      argc > 1 ? argv[1] : (std::filesystem::temp_directory_path() / "troupe-bus-bench").string();
  const int messages = argc > 2 ? std::atoi(argv[2]) : 20'000;
  const int repeats = argc > 3 ? std::atoi(argv[3]) : 5;
  for (const int pairs : {1, 16, 64}) {
    std::vector<Figures> channel, memory, sqlite;
    for (int i = 0; i < repeats; ++i) {
      channel.push_back(channels(pairs, messages));
      memory.push_back(in_memory(pairs, messages));
      sqlite.push_back(durable(root, pairs, messages));
    }
    report("channel", pairs, channel);
    report("memory", pairs, memory);
    report("SQLite", pairs, sqlite);
  }
  std::filesystem::remove_all(root);
}
