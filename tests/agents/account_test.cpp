#include "agents/budgets/account.h"

#include "agents/react/budget.h"

#include <vector>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::agents;

namespace {

constexpr std::int64_t kDay = 24LL * 60 * 60 * 1000;
constexpr std::int64_t kNoon = 20'000 * kDay + kDay / 2;
const Payer kAcme{"acme", "s_1"};
const Payer kOther{"other", "s_2"};
const models::Price kDollar{.input = 1, .output = 1};  // a token is a millionth

bool has_room(Account& account, const Payer& payer, std::int64_t input,
              std::optional<models::Price> price = kDollar, std::int64_t now = kNoon) {
  return account.hold(payer, input, price, now).has_value();
}

}  // namespace

TEST_CASE("a call is refused where its request alone would pass a budget, and the budget is named") {
  Account account({.tenant_day = {.tokens = 1'000}});
  CHECK(has_room(account, kAcme, 999));
  auto refused = account.hold(kAcme, 1'000, kDollar, kNoon);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().reason == "max_tokens");
  CHECK(refused.error().shared);
  CHECK(refused.error().detail.contains("`budgets.tenant_day.tokens: 1000`"));
  CHECK(refused.error().detail.contains("00:00 UTC on 2024-10-05"));
}

TEST_CASE("what is in flight counts for everybody, and is given back when the call ends") {
  Account account({.tenant = {.tokens = 1'000}});
  auto first = account.hold(kAcme, 600, kDollar, kNoon);
  REQUIRE(first);
  CHECK_FALSE(has_room(account, {"acme", "s_9"}, 500));
  CHECK(has_room(account, kOther, 500));
  first->end();
  CHECK(has_room(account, {"acme", "s_9"}, 500));
  {
    auto second = account.hold(kAcme, 600, kDollar, kNoon);
    Account::Hold moved = std::move(*second);
    CHECK_FALSE(has_room(account, kAcme, 500));
  }
  CHECK(has_room(account, kAcme, 500));
}

TEST_CASE("all streams end when what they write together has spent a budget") {
  Account account({.day = {.tokens = 1'000}});
  auto one = account.hold(kAcme, 100, kDollar, kNoon);
  auto two = account.hold(kOther, 100, kDollar, kNoon);
  REQUIRE((one && two));
  CHECK(one->written(300, kNoon));
  CHECK(two->written(499, kNoon));
  CHECK_FALSE(two->written(500, kNoon));
  CHECK_FALSE(one->written(301, kNoon));
  REQUIRE(one->reached());
  CHECK(one->reached()->detail.contains("budgets.day.tokens"));
}

TEST_CASE("what a call used in the end replaces what it had in flight") {
  Account account({.session = {.tokens = 1'000}});
  account.enter("s_1");
  auto call = account.hold(kAcme, 900, kDollar, kNoon);
  call->end();
  account.spend(kAcme, {.tokens = 100, .cost = 0}, kNoon);
  CHECK(has_room(account, kAcme, 899));
  CHECK_FALSE(has_room(account, kAcme, 900));
  CHECK(has_room(account, {"acme", "s_3"}, 999));
}

TEST_CASE("a day's budget begins anew at midnight UTC, a tenant's own does not") {
  Account account({.tenant = {.cost = 3}, .tenant_day = {.cost = 2}});
  account.spend(kAcme, {.tokens = 1, .cost = 2}, kNoon);
  CHECK_FALSE(has_room(account, kAcme, 1, kDollar, kNoon + kDay / 2 - 1));
  CHECK(has_room(account, kAcme, 1, kDollar, kNoon + kDay / 2));
  CHECK(has_room(account, kAcme, 1, kDollar, kNoon));  // a clock that is set back
  account.spend(kAcme, {.tokens = 1, .cost = 1}, kNoon + kDay);
  auto refused = account.hold(kAcme, 1, kDollar, kNoon + 2 * kDay);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().detail.contains("budgets.tenant.cost: 3"));
  CHECK(refused.error().detail.contains("does not renew"));
}

TEST_CASE("a model that costs nothing goes on when only a cost budget is spent, and not past its tokens") {
  for (const std::optional<models::Price>& free :
       {std::optional<models::Price>(), std::optional(models::Price{.input = 0, .output = 0})}) {
    Account account({.day = {.tokens = 100, .cost = 1}});
    account.spend(kAcme, {.tokens = 10, .cost = 1}, kNoon);
    CHECK_FALSE(has_room(account, kAcme, 1));
    CHECK(has_room(account, kAcme, 1, free));
    CHECK_FALSE(has_room(account, kAcme, 90, free));
    auto call = account.hold(kAcme, 1, free, kNoon);
    CHECK(call->written(50, kNoon));
    CHECK_FALSE(call->serve(kDollar, kNoon));  // a model that costs something cannot go on with it
    CHECK(call->written(51, kNoon));
    CHECK_FALSE(call->written(89, kNoon));
    CHECK(call->reached()->reason == "max_tokens");
  }
  Account account({.day = {.cost = 1}});
  auto call = account.hold(kAcme, 1, std::nullopt, kNoon);
  CHECK(call->written(50, kNoon));
  account.spend(kAcme, {.tokens = 10, .cost = 0.9}, kNoon);
  CHECK(call->serve(models::Price{.input = 100, .output = 1'000},
                    kNoon));  // there is room for what it has so far
  CHECK_FALSE(call->written(100, kNoon));
  CHECK(call->reached()->reason == "max_cost");
}

TEST_CASE("a price counts for what a request and its reply cost") {
  Account account({.day = {.cost = 1}});
  const models::Price dear{.input = 100'000, .output = 200'000};
  CHECK(has_room(account, kAcme, 9, dear));
  CHECK_FALSE(has_room(account, kAcme, 10, dear));
  auto call = account.hold(kAcme, 5, dear, kNoon);
  CHECK(call->written(2, kNoon));
  CHECK_FALSE(call->written(3, kNoon));
}

TEST_CASE("the account begins with what the ledger says, and keeps what it counted meanwhile") {
  Account account({.session = {.tokens = 100}, .tenant = {.tokens = 1'000}, .day = {.tokens = 300}});
  account.know_tenant("acme", {.tokens = 900, .cost = 0});
  account.know_day("acme", {.tokens = 100, .cost = 0}, kNoon);
  account.know_day("other", {.tokens = 150, .cost = 0}, kNoon);
  CHECK_FALSE(has_room(account, kAcme, 50));  // of the day
  CHECK(has_room(account, kAcme, 49));

  CHECK_FALSE(account.asks_for("s_1"));
  account.enter("s_1");
  CHECK(account.asks_for("s_1"));
  account.spend(kAcme, {.tokens = 10, .cost = 0}, kNoon);
  account.know_session("s_1", {.tokens = 95, .cost = 0});
  CHECK_FALSE(account.asks_for("s_1"));
  CHECK_FALSE(has_room(account, kAcme, 5));
  account.enter("s_1");
  account.leave("s_1");
  CHECK_FALSE(account.asks_for("s_1"));
  account.leave("s_1");
  account.leave("s_1");
  account.enter("s_1");
  CHECK(account.asks_for("s_1"));
}

TEST_CASE("limits that a reload changes hold from then on, also for calls at work") {
  Account account;
  auto call = account.hold(kAcme, 500, kDollar, kNoon);
  CHECK(call->written(500, kNoon));
  account.set_limits({.tenant = {.tokens = 1'001}});
  CHECK(call->written(500, kNoon));
  CHECK_FALSE(call->written(501, kNoon));
}

TEST_CASE("models that judge at once do not all get the same rest of a run's limits") {
  Budget budget({.tokens = 1'000, .cost = 1}, OnLimit::stop, std::nullopt);
  REQUIRE(budget.aside(400, kDollar));
  budget.hold_aside(700, 0.5);
  auto refused = budget.aside(400, kDollar);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().reason == "max_tokens");
  CHECK(budget.aside(200, kDollar)->output == 100);
  CHECK(budget.aside_fits(kDollar));
  budget.hold_aside(299, 0.5);
  CHECK_FALSE(budget.aside_fits(kDollar));
  CHECK(budget.aside_fits(std::nullopt));
  budget.hold_aside(1, 0);
  CHECK_FALSE(budget.aside_fits(std::nullopt));
  budget.hold_aside(-1'000, -1.0);
  CHECK(budget.aside(400, kDollar)->output == 600);
}

TEST_CASE("a run's own call and the models that judge beside it do not get the same rest either") {
  Budget budget({.tokens = 1'000, .cost = 1}, OnLimit::stop, kDollar);
  models::Transcript transcript;
  transcript.add({.role = models::Role::user, .content = "q"});
  const auto alone = budget.next(transcript);
  REQUIRE(alone);
  budget.hold_aside(300, 0.25);
  const auto beside = budget.next(transcript);
  REQUIRE(beside);
  CHECK(beside->tokens == alone->tokens - 300);
  CHECK(beside->money == doctest::Approx(0.75));
  CHECK(budget.next(transcript, alone->input)->tokens == alone->tokens);  // as it was decided before
  CHECK(budget.last(transcript)->tokens == alone->tokens - 300);

  CHECK(budget.hold_own(400, 0.0005) == "");
  CHECK(budget.aside(100, kDollar)->tokens == 200);
  CHECK(budget.aside_fits(std::nullopt));
  budget.hold_aside(300, 0);
  CHECK_FALSE(budget.aside_fits(std::nullopt));
  CHECK(budget.hold_own(400, 0.0005) == "max_tokens");
  budget.hold_aside(-300, 0.75);
  CHECK(budget.hold_own(400, 0.0005) == "max_cost");
  CHECK(budget.hold_own(400, 0) == "");  // what is free is never too dear
  CHECK(budget.hold_own(0, 0) == "");
  budget.hold_aside(-300, -1.0);
  CHECK(budget.next(transcript)->tokens == alone->tokens);
}

TEST_CASE("what is kept for a best answer is not written by the call before, whoever works beside it") {
  Budget budget({.tokens = 1'000}, OnLimit::answer, std::nullopt);
  models::Transcript transcript;
  transcript.add({.role = models::Role::user, .content = "q"});
  const auto call = budget.next(transcript);
  REQUIRE(call);
  CHECK(budget.hold_own(call->input + call->tokens - 1, 0) == "");
  CHECK(budget.hold_own(call->input + call->tokens, 0) == "max_tokens");
  budget.hold_aside(100, 0);
  CHECK(budget.hold_own(call->input + call->tokens - 100, 0) == "max_tokens");
}
