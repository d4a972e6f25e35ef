#include "models/governor/tenant_calls.h"

#include "models/governor/governed.h"
#include "models/governor/governor.h"
#include "tests/models/governor/crowd.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::models;
using namespace troupe::models::testing;

namespace {

/// Two endpoints that share what a tenant may have at work.
struct Fixture {
  explicit Fixture(std::size_t most, GovernorRules rules = {})
      : tenants(std::make_shared<TenantCalls>(most)) {
    for (Endpoint& endpoint : endpoints) {
      endpoint.governor = std::make_shared<Governor>("openai at http://h", rules, loop, rng, tenants);
      endpoint.model =
          std::make_unique<Governed>(endpoint.held, endpoint.governor, RetryPolicy{.retries = 0}, 0, rng);
    }
  }
  std::size_t held() const { return endpoints[0].held->held() + endpoints[1].held->held(); }
  std::size_t waiting() const { return endpoints[0].governor->waiting() + endpoints[1].governor->waiting(); }
  void check_empty() const {
    CHECK(waiting() == 0);
    CHECK(endpoints[0].governor->at_work() + endpoints[1].governor->at_work() == 0);
    for (const char* tenant : {"A", "B"}) CHECK(tenants->room(tenant));
  }

  struct Endpoint {
    std::shared_ptr<HeldModel> held = std::make_shared<HeldModel>();
    std::shared_ptr<Governor> governor;
    std::unique_ptr<Governed> model;
  };
  SystemClock clock;
  Loop loop{clock};
  SystemRng rng;
  std::shared_ptr<TenantCalls> tenants;
  Endpoint endpoints[2];
};

}  // namespace

TEST_CASE(
    "a tenant has no more calls at work than it may, at all endpoints together, and another has its own") {
  Fixture f(3);
  Crowd crowd(f.loop);
  for (int i = 0; i < 10; ++i) crowd.start(*f.endpoints[i % 2].model, "s" + std::to_string(i), "A");
  REQUIRE(crowd.until([&] { return f.held() == 3 && f.waiting() == 7; }));
  crowd.start(*f.endpoints[0].model, "other", "B");
  REQUIRE(crowd.until([&] { return f.held() == 4; }));
  CHECK(f.waiting() == 7);

  std::size_t most = 0;
  while (crowd.ended() < 11) {
    const std::size_t ended = crowd.ended();
    for (Fixture::Endpoint& endpoint : f.endpoints)
      if (endpoint.held->held() > 0) {
        endpoint.held->let_one_go();
        break;
      }
    REQUIRE(crowd.until([&] { return crowd.ended() > ended; }));
    most = std::max(most, f.held());
  }
  CHECK(most <= 4);
  f.check_empty();
}

TEST_CASE("a call that ends at one endpoint lets one of its tenant go at another") {
  Fixture f(1);
  Crowd crowd(f.loop);
  crowd.start(*f.endpoints[0].model, "s", "A");
  REQUIRE(crowd.until([&] { return f.endpoints[0].held->held() == 1; }));
  crowd.start(*f.endpoints[1].model, "s", "A");
  REQUIRE(crowd.until([&] { return f.endpoints[1].governor->waiting() == 1; }));
  f.endpoints[0].held->let_one_go();
  REQUIRE(crowd.until([&] { return f.endpoints[1].held->held() == 1; }));
  f.endpoints[1].held->let_one_go();
  crowd.join();
  f.check_empty();
}

TEST_CASE("a tenant that has as many as it may is passed over, and comes again in its turn") {
  Fixture f(1, {.concurrency = 2});
  Governed& model = *f.endpoints[0].model;
  HeldModel& held = *f.endpoints[0].held;
  Crowd crowd(f.loop);
  for (int i = 0; i < 4; ++i) crowd.start(model, "a", "A");
  REQUIRE(crowd.until([&] { return f.waiting() == 3; }));
  crowd.start(model, "b", "B");
  crowd.start(model, "c", "C");
  REQUIRE(crowd.until([&] { return held.held() == 2 && f.waiting() == 4; }));
  CHECK(held.came == std::vector<std::string>{"a", "b"});
  held.let_one_go();  // of A: its next stands before the one of C
  REQUIRE(crowd.until([&] { return held.came.size() == 3; }));
  held.let_one_go();  // of B
  REQUIRE(crowd.until([&] { return held.came.size() == 4; }));
  CHECK(held.came == std::vector<std::string>{"a", "b", "a", "c"});
}

TEST_CASE("who waits for its tenant's other calls leaves when it is stopped, and is told what it waits for") {
  Fixture f(1);
  Governed& model = *f.endpoints[0].model;
  Crowd crowd(f.loop);
  crowd.start(model, "s", "A");
  REQUIRE(crowd.until([&] { return f.held() == 1; }));
  Crowd::Call& late = crowd.start(model, "s", "A", Deadline(f.clock.now() + Milliseconds(5)));
  Crowd::Call& stopped = crowd.start(model, "s", "A");
  REQUIRE(crowd.until([&] { return late.result.has_value(); }));
  CHECK(late.error().code == ErrorCode::timeout);
  CHECK(late.error().message.find("more than 1 calls of one tenant at once") != std::string::npos);
  CHECK(late.error().message.find("server.limits.calls_per_tenant") != std::string::npos);
  stopped.stop.request(StopReason::cancelled);
  REQUIRE(crowd.until([&] { return stopped.result.has_value(); }));
  CHECK(stopped.error().code == ErrorCode::cancelled);
  CHECK(f.waiting() == 0);
  CHECK(f.held() == 1);
}

TEST_CASE("a larger cap lets go at once who waited for it") {
  Fixture f(1);
  Crowd crowd(f.loop);
  for (int i = 0; i < 3; ++i) crowd.start(*f.endpoints[i % 2].model, "s", "A");
  REQUIRE(crowd.until([&] { return f.held() == 1 && f.waiting() == 2; }));
  f.tenants->set(3);
  REQUIRE(crowd.until([&] { return f.held() == 3; }));
  f.tenants->set(1);  // calls at work stay
  CHECK(f.held() == 3);
}
