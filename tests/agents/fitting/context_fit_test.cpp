#include "agents/react/context_fit.h"

#include <algorithm>
#include <numeric>
#include <random>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::agents;
using models::Role;

namespace {

/// A conversation with its sizes.
struct Case {
  std::vector<models::Message> messages;
  std::vector<std::int64_t> tokens;
  std::vector<std::int64_t> stubs;
  std::size_t recalled = 0;
  std::int64_t beside = 0;

  void add(Role role, std::int64_t size, std::int64_t stub = -1) {
    messages.push_back({.role = role});
    tokens.push_back(size);
    stubs.push_back(stub);
  }
  PromptView view() const { return {messages, recalled, tokens, stubs, beside}; }
  std::size_t user() const { return recalled + 1; }
  std::size_t newest() const {
    for (std::size_t at = messages.size(); at-- > user() + 1;)
      if (messages[at].role == Role::assistant) return at;
    return user() + 1;
  }
};

// Every kind of message there is: turns with and without an answer, steps with one or several results of
// native calls, results in a user's message, corrections, a reply of which nothing was kept.
Case random_case(std::mt19937& random) {
  auto up_to = [&](int most) { return std::uniform_int_distribution<int>(0, most)(random); };
  Case made;
  made.beside = up_to(50);
  made.add(Role::system, up_to(300));
  const int turns = up_to(6);
  for (int turn = 0; turn < turns; ++turn) {
    made.add(Role::user, up_to(200));
    if (up_to(3) > 0) made.add(Role::assistant, up_to(200));
  }
  made.recalled = made.messages.size() - 1;
  made.add(Role::user, up_to(200));
  const int steps = up_to(8);
  for (int step = 0; step < steps; ++step) {
    if (up_to(9) > 0) made.add(Role::assistant, up_to(100));
    const bool native = up_to(1) > 0;
    const int results = 1 + up_to(native ? 3 : 0);
    for (int result = 0; result < results; ++result) {
      const std::int64_t size = up_to(800);
      made.add(native ? Role::tool : Role::user, size, up_to(4) > 0 ? std::min<std::int64_t>(size, 40) : -1);
    }
    if (up_to(6) == 0) made.add(Role::user, up_to(60));
  }
  return made;
}

bool has(const std::vector<std::size_t>& places, std::size_t at) {
  return std::ranges::find(places, at) != places.end();
}

Case after(const Case& before, const FitPlan& plan) {
  Case made;
  made.beside = before.beside;
  made.recalled = before.recalled - plan.turn_messages;
  const std::size_t run = before.user() + 1;
  for (std::size_t at = 0; at < before.messages.size(); ++at) {
    if (at >= 1 && at < 1 + plan.turn_messages) continue;
    if (at >= run && at < run + plan.step_messages) continue;
    const bool shorter = has(plan.shortened, at) || has(plan.newest, at);
    made.add(before.messages[at].role, shorter ? before.stubs[at] : before.tokens[at],
             shorter ? -1 : before.stubs[at]);
  }
  return made;
}

}  // namespace

TEST_CASE("what is within the limit stays as it is") {
  Case small;
  small.add(Role::system, 10);
  small.add(Role::user, 10);
  const FitPlan plan = plan_fit(small.view(), 20, 10);
  CHECK(plan.fits);
  CHECK(plan.nothing());
}

TEST_CASE("first the oldest outputs, then the oldest turns, then the oldest steps, the newest output last") {
  Case made;
  made.add(Role::system, 10);
  made.add(Role::user, 100);
  made.add(Role::assistant, 100);
  made.recalled = 2;
  made.add(Role::user, 10);
  for (int step = 0; step < 3; ++step) {
    made.add(Role::assistant, 30);
    made.add(Role::user, 500, 20);
  }
  const auto total = made.view().total();  // 1810

  FitPlan plan = plan_fit(made.view(), total - 1, total - 1);
  CHECK(plan.shortened == std::vector<std::size_t>{5});
  CHECK(plan.turns == 0);
  plan = plan_fit(made.view(), 900, 900);
  CHECK(plan.shortened == std::vector<std::size_t>{5, 7});
  CHECK(plan.turns == 0);
  plan = plan_fit(made.view(), 700, 700);
  CHECK(plan.turns == 1);
  CHECK(plan.turn_messages == 2);
  CHECK(plan.steps == 0);
  plan = plan_fit(made.view(), 600, 600);
  CHECK(plan.steps == 1);
  CHECK(plan.step_messages == 2);
  CHECK(plan.shortened == std::vector<std::size_t>{7});
  CHECK(plan.newest.empty());
  plan = plan_fit(made.view(), 100, 80);
  CHECK(plan.fits);
  CHECK(plan.steps == 2);
  CHECK(plan.newest == std::vector<std::size_t>{9});
}

TEST_CASE("room is made for several steps, but the newest output is cut no further than it must") {
  Case made;
  made.add(Role::system, 10);
  made.add(Role::user, 10);
  for (int step = 0; step < 10; ++step) {
    made.add(Role::assistant, 10);
    made.add(Role::user, 100, 10);
  }
  FitPlan plan = plan_fit(made.view(), 1'000, 800);
  CHECK(plan.tokens <= 800);
  CHECK(plan.tokens > 700);
  Case one;
  one.add(Role::system, 10);
  one.add(Role::user, 10);
  one.add(Role::assistant, 10);
  one.add(Role::tool, 500, 10);
  one.add(Role::tool, 500, 10);
  plan = plan_fit(one.view(), 600, 100);
  CHECK(plan.newest == std::vector<std::size_t>{3});
}

TEST_CASE(
    "random conversations: within the limit or it cannot be, nothing that must stay goes, no less would do") {
  std::mt19937 random(20260101);
  int changed = 0, impossible = 0;
  for (int i = 0; i < 20'000; ++i) {
    const Case made = random_case(random);
    const auto total = made.view().total();
    const auto limit = std::uniform_int_distribution<std::int64_t>(0, total + 10)(random);
    const auto target = limit - limit / 5;
    const FitPlan plan = plan_fit(made.view(), limit, target);
    const Case left = after(made, plan);
    INFO("case ", i);
    REQUIRE(left.view().total() == plan.tokens);
    REQUIRE(plan.fits == (plan.tokens <= limit));
    if (total <= limit) REQUIRE(plan.nothing());
    changed += !plan.nothing();
    impossible += !plan.fits;

    // The system's message, the user's and the newest step are there, whatever else is not.
    REQUIRE(left.messages.front().role == Role::system);
    REQUIRE(left.messages[left.user()].role == Role::user);
    REQUIRE(left.tokens[left.user()] == made.tokens[made.user()]);
    REQUIRE(left.messages.size() - left.newest() == made.messages.size() - made.newest());
    // No result without its call: what follows the user's message is a step from its beginning, unless
    // nothing of this run was left out.
    if (plan.steps > 0 && left.user() + 1 < left.messages.size())
      REQUIRE(left.messages[left.user() + 1].role == Role::assistant);
    for (std::size_t at : plan.shortened) REQUIRE(at < made.newest());
    for (std::size_t at : plan.newest) REQUIRE(at >= made.newest());
    // Turns go from the front, whole.
    if (plan.turn_messages > 0 && left.recalled > 0) REQUIRE(left.messages[1].role == Role::user);

    // In its order: a later kind only when the earlier are used up.
    if (plan.turns > 0 || plan.steps > 0 || !plan.newest.empty())
      for (std::size_t at = made.user() + 1 + plan.step_messages; at < made.newest(); ++at)
        REQUIRE((made.stubs[at] < 0 || made.stubs[at] >= made.tokens[at] || has(plan.shortened, at)));
    if (plan.steps > 0 || !plan.newest.empty()) REQUIRE(left.recalled == 0);
    if (!plan.newest.empty()) REQUIRE(left.user() + 1 == left.newest());
    // Minimal: without the last thing it would be above what was aimed at.
    if (plan.steps == 0 && plan.turns == 0 && plan.newest.empty() && !plan.shortened.empty()) {
      const std::size_t last = plan.shortened.back();
      REQUIRE(plan.tokens + made.tokens[last] - made.stubs[last] > target);
    }
    // Done again it changes nothing more.
    if (plan.fits) REQUIRE(plan_fit(left.view(), limit, target).nothing());
  }
  MESSAGE(changed, " of 20000 were changed, ", impossible, " cannot be made to fit");
  CHECK(changed > 10'000);
  CHECK(impossible > 100);
}
