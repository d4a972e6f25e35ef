#include "models/governor/retry_policy.h"

#include "tests/models/scripted_model.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::models;
using namespace troupe::models::testing;
using namespace std::chrono_literals;

TEST_CASE(
    "what a server asks for is waited for, with up to a tenth or a second more, and not beyond a minute") {
  Error asked = busy();
  RetryPolicy policy;
  asked.retry_after = 20s;
  CHECK(policy.wait(asked, 2, 0) == 20s);
  CHECK(*policy.wait(asked, 2, ~0ull) <= 21s);
  asked.retry_after = 61s;
  CHECK_FALSE(policy.wait(asked, 2, 0).has_value());
}

TEST_CASE("the pauses double from half a second to eight, each half to all of its step") {
  RetryPolicy policy{.retries = 20};
  Error error = busy();
  for (auto [attempt, step] :
       {std::pair{2, 500ms}, {3, 1000ms}, {4, 2000ms}, {5, 4000ms}, {6, 8000ms}, {7, 8000ms}, {20, 8000ms}}) {
    CHECK(*policy.wait(error, attempt, 0) == step / 2);
    CHECK(*policy.wait(error, attempt, ~0ull) <= step);
    CHECK(*policy.wait(error, attempt, ~0ull) >= step - 1ms);
  }
  CHECK_FALSE(policy.wait(error, 22, 0).has_value());
}
