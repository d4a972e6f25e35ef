#include "models/fallback.h"

#include "tests/models/call.h"
#include "tests/models/scripted_model.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::models;
using namespace troupe::models::testing;
using namespace std::chrono_literals;

namespace {

class EntrySink final : public RecordingSink {
 public:
  bool on_entry(const std::string& entry) override {
    if (entry == too_dear) return false;
    entries.push_back(entry + " after `" + text + "`");
    return true;
  }
  std::vector<std::string> entries;
  std::string too_dear;
};

struct Fixture : Caller {
  std::shared_ptr<ScriptedModel> main = std::make_shared<ScriptedModel>();
  std::shared_ptr<ScriptedModel> second = std::make_shared<ScriptedModel>();
  std::shared_ptr<ScriptedModel> third = std::make_shared<ScriptedModel>();
  FallbackChain chain{{{"main", main}, {"second", second}, {"third", third}}};
  EntrySink entries;

  Result<ModelReply> run(std::string first = "", Deadline deadline = {}) {
    ModelRequest request = request_of({user("hi")});
    request.first_entry = std::move(first);
    CallContext context{.loop = loop, .stop = stop, .deadline = deadline, .events = events};
    return fakes::run(loop, chain.complete(std::move(request), entries, context));
  }
  std::string warning(std::size_t i) {
    CHECK(events.events.at(i).type == "warning");
    CHECK(events.events.at(i).fields["code"] == "fallback");
    return events.events.at(i).fields["text"];
  }
};

}  // namespace

TEST_CASE("a model that answers is the only one that is asked, and nothing is said of it") {
  Fixture f;
  f.main->says("hello");
  auto reply = f.run();
  REQUIRE(reply.has_value());
  CHECK(reply->entry.empty());
  CHECK(f.entries.entries.empty());
  CHECK(f.events.events.empty());
  CHECK(f.second->calls == 0);
  CHECK(f.chain.name() == "main");
}

TEST_CASE(
    "a fallback that a budget has no room for is passed over, and the failure says so where none is left") {
  const Error gone{ErrorCode::network, "model main: connection refused", true};
  Fixture f;
  f.entries.too_dear = "second";
  f.main->fails(gone);
  f.third->says("hello");
  auto reply = f.run();
  REQUIRE(reply.has_value());
  CHECK(reply->entry == "third");
  CHECK(f.second->calls == 0);
  CHECK(f.warning(0).contains("model `second` is beyond a budget; model `third` is asked in its place"));

  Fixture alone;
  alone.entries.too_dear = "second";
  alone.main->fails(gone);
  alone.third->fails(Error{ErrorCode::model, "model third: HTTP 401: no", false, 401});
  reply = alone.run();
  REQUIRE_FALSE(reply.has_value());
  CHECK(reply.error().message ==
        "model main: connection refused; model `second` is beyond a budget; model third: HTTP 401: no");
}

TEST_CASE("where a model fails the next is asked, and everybody is told who answers") {
  Fixture f;
  f.main->fails(Error{ErrorCode::model, "model main: HTTP 401: no", false, 401});
  f.second->fails(Error{ErrorCode::unavailable, "model second: not asked", true});
  f.third->says("hello");
  auto reply = f.run();
  REQUIRE(reply.has_value());
  CHECK(reply->entry == "third");
  CHECK(f.entries.entries == std::vector<std::string>{"second after ``", "third after ``"});
  REQUIRE(f.events.events.size() == 2);
  CHECK(f.warning(0) == "model main: HTTP 401: no; model `second` is asked in its place");
  CHECK(f.warning(1) == "model second: not asked; model `third` is asked in its place");
}

TEST_CASE("when all fail the error is the last one's, and names all") {
  Fixture f;
  f.main->fails(busy("model main: HTTP 429: slow down"));
  f.second->fails(Error{ErrorCode::network, "model second: refused", true});
  f.third->fails(Error{ErrorCode::model, "model third: HTTP 500", true, 500});
  auto reply = f.run();
  CHECK(reply.error().status == 500);
  CHECK(reply.error().message ==
        "model main: HTTP 429: slow down; model second: refused; model third: HTTP 500");
  CHECK(f.events.events.size() == 2);
}

TEST_CASE("once something was shown nobody else is asked: who was shown it decides") {
  Fixture f;
  f.main->fails(Error{ErrorCode::network, "cut", true}, {"Hel"});
  f.second->says("other");
  auto reply = f.run();
  CHECK(reply.error().message == "cut");
  CHECK(f.second->calls == 0);
  CHECK(f.events.events.empty());
}

TEST_CASE("what is the caller's doing is not another model's to mend") {
  Fixture f;
  f.second->says("other");
  SUBCASE("too long a conversation") {
    f.main->fails(Error{ErrorCode::too_large, "too long"});
    CHECK(f.run().error().code == ErrorCode::too_large);
  }
  SUBCASE("cancelled") {
    f.main->fails(Error{ErrorCode::cancelled, "cancelled"});
    CHECK(f.run().error().code == ErrorCode::cancelled);
  }
  SUBCASE("stopped meanwhile") {
    f.main->fails(busy());
    f.stop.request(StopReason::cancelled);
    CHECK_FALSE(f.run().has_value());
  }
  SUBCASE("the deadline is over") {
    f.main->fails(Error{ErrorCode::timeout, "out of time"});
    CHECK(f.run("", Deadline(f.clock.now())).error().code == ErrorCode::timeout);
  }
  CHECK(f.second->calls == 0);
  CHECK(f.events.events.empty());
}

TEST_CASE("a call begins where a budget has room, and says so") {
  Fixture f;
  f.third->says("cheap");
  auto reply = f.run("third");
  REQUIRE(reply.has_value());
  CHECK(reply->entry == "third");
  CHECK(f.main->calls + f.second->calls == 0);
  REQUIRE(f.events.events.size() == 1);
  CHECK(f.warning(0) == "`main` and `second` are beyond a budget; model `third` is asked");
}

TEST_CASE("one model beyond a budget, and the next that fails") {
  Fixture f;
  f.second->fails(busy("model second: busy"));
  f.third->says("ok");
  REQUIRE(f.run("second").has_value());
  CHECK(f.warning(0) == "`main` is beyond a budget; model `second` is asked");
  CHECK(f.warning(1) == "model second: busy; model `third` is asked in its place");
}

TEST_CASE("an entry that the chain does not have begins at the first") {
  Fixture f;
  f.main->says("hello");
  CHECK(f.run("elsewhere")->entry.empty());
  CHECK(f.events.events.empty());
}

TEST_CASE("an endless error is told by its beginning") {
  Fixture f;
  f.main->fails(Error{ErrorCode::model, "model main: " + std::string(5'000, 'x')});
  f.second->fails(Error{ErrorCode::model, "model second: no"});
  f.third->fails(Error{ErrorCode::model, "model third: no"});
  const std::string message = f.run().error().message;
  CHECK(message.size() < 800);
  CHECK(message.contains("model third: no"));
}
