// Random traffic with crashes against a model of a few lines.
#include "tests/runtime/bus/bus_bench.h"

#include <deque>
#include <map>
#include <random>
#include <set>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::bus;

namespace {

constexpr std::size_t kCapacity = 3;
const std::vector<std::string> kAddresses = {"a", "b", "c"};

/// What the bus promises, for mailboxes that refuse: who has what to receive, and what was received and is
/// not done with.
struct Model {
  struct Mailbox {
    bool open = false;
    std::deque<std::string> control, usual, taken;
  };
  std::map<std::string, Mailbox> mailboxes;
  std::set<std::string> sent, dead;

  std::string expected(const std::string& id, const std::string& to, bool control) {
    if (sent.contains(id)) return "duplicate";
    Mailbox& box = mailboxes[to];
    if (box.open && (control || box.usual.size() < kCapacity)) {
      sent.insert(id);
      (control ? box.control : box.usual).push_back(id);
      return "sent";
    }
    dead.insert(id);
    return box.open ? "busy" : "not_found";
  }
  std::string next(const std::string& to) {
    Mailbox& box = mailboxes[to];
    auto& from = box.control.empty() ? box.usual : box.control;
    std::string id = from.front();
    from.pop_front();
    box.taken.push_back(id);
    return id;
  }
  // All that nobody was done with comes again, in the order in which it was sent, control first.
  void crash(const std::map<std::string, std::pair<int, bool>>& order) {
    for (auto& [address, box] : mailboxes) {
      std::vector<std::string> all(box.taken.begin(), box.taken.end());
      all.insert(all.end(), box.control.begin(), box.control.end());
      all.insert(all.end(), box.usual.begin(), box.usual.end());
      std::ranges::sort(all, {}, [&](const std::string& id) { return order.at(id).first; });
      box = {};
      for (const std::string& id : all) (order.at(id).second ? box.control : box.usual).push_back(id);
    }
  }
};

class Script {
 public:
  explicit Script(unsigned seed) : random_(seed) {}

  void run(int steps) {
    for (int step = 0; step < steps; ++step) {
      const int what = pick(20);
      if (what < 9)
        send();
      else if (what < 14)
        receive();
      else if (what < 17)
        done();
      else if (what < 19)
        open_or_close();
      else
        crash();
    }
  }

 private:
  int pick(int below) { return int(random_() % unsigned(below)); }
  const std::string& address() { return kAddresses[std::size_t(pick(int(kAddresses.size())))]; }

  void send() {
    const std::string id =
        pick(5) == 0 && next_ > 0 ? fmt::format("m{}", pick(next_)) : fmt::format("m{}", next_++);
    auto [known, fresh] = messages_.try_emplace(id, note(id, "x", address()));
    if (fresh && pick(6) == 0) known->second.kind = Kind::control;
    const Message& message = known->second;
    const bool control = message.kind == Kind::control;
    const std::string expected = model_.expected(id, message.to, control);
    if (expected == "sent") order_[id] = {int(order_.size()), control};
    auto sent = bench_.run(bench_.bus->send(message, bench_.stop));
    const std::string got = !sent             ? std::string(word(sent.error().code))
                            : sent->duplicate ? "duplicate"
                                              : "sent";
    CHECK(got == expected);
  }
  void receive() {
    const std::string& who = address();
    if (!inboxes_.contains(who)) return;
    auto& box = model_.mailboxes[who];
    CHECK(inboxes_[who]->waiting() == box.control.size() + box.usual.size());
    if (inboxes_[who]->waiting() > 0) CHECK(bench_.receive(*inboxes_[who]).id == model_.next(who));
  }
  void done() {
    const std::string& who = address();
    auto& taken = model_.mailboxes[who].taken;
    if (!inboxes_.contains(who) || taken.empty()) return;
    const auto which = taken.begin() + pick(int(taken.size()));
    inboxes_[who]->done(*which);
    taken.erase(which);
    bench_.settle();
  }
  void open_or_close() {
    const std::string& who = address();
    auto& box = model_.mailboxes[who];
    box.open = !box.open;
    if (box.open)
      inboxes_[who] = bench_.open(who, {.capacity = kCapacity});
    else
      inboxes_.erase(who);
  }
  void crash() {
    inboxes_.clear();
    bench_.restart();
    model_.crash(order_);
    std::set<std::string> dead;
    for (const DeadLetter& letter : *bench_.run(bench_.bus->dead_letters("", 1'000)))
      dead.insert(letter.message.id);
    CHECK(dead == model_.dead);
  }

  std::mt19937 random_;
  Bench bench_;
  Model model_;
  std::map<std::string, std::unique_ptr<Inbox>> inboxes_;
  std::map<std::string, Message> messages_;
  std::map<std::string, std::pair<int, bool>> order_;  // when it was sent, and whether it is of kind control
  int next_ = 0;
};

}  // namespace

TEST_CASE("random traffic with crashes goes as the model says") {
  for (unsigned seed = 1; seed <= 40; ++seed) {
    CAPTURE(seed);
    Script(seed).run(150);
  }
}
