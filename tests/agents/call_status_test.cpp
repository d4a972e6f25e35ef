#include "tests/agents/world.h"

using namespace troupe;
using namespace troupe::agents;
using namespace troupe::agents::testing;
using Kind = tools::CallStatus::Kind;

namespace {

/// A world whose tool must not be called twice, left in the middle of a call.
struct Interrupted {
  Interrupted() {
    world.close();
    world.tool = std::make_shared<fakes::TestTool>(
        "look", tools::Effect::at_most_once,
        [](const tools::ToolInput&) { return tools::ToolOutput{"called again", {}}; });
    world.tool->hang = true;
    world.open();
    world.resume();
    session = world.session();
    run = world.submit(session, "q")->run;
    world.until([this] { return world.tool->keys.size() == 1; });
    world.close();
    world.tool->hang = false;
  }

  /// The next start, up to the end of the run.
  void go_on() {
    world.open();
    world.watch(session);
    model->say(kAnswer);
    world.resume();
    world.finished(run);
    CHECK(world.last("run.finished")["status"] == "done");
    REQUIRE(world.tool->asked.size() == 1);
    CHECK(world.tool->asked[0] == world.tool->keys[0]);
  }

  std::shared_ptr<ScriptedModel> model = says({kCall});
  World world{model};
  std::string session;
  std::string run;
};

Result<tools::CallStatus> says_that(Kind kind, std::string output = "") {
  return tools::CallStatus{kind, {std::move(output), {}}};
}

}  // namespace

TEST_CASE("a call that was carried out before the crash has its outcome, and is not made again") {
  Interrupted it;
  it.world.tool->on_status = [](const std::string&) { return says_that(Kind::done, "done before"); };
  it.go_on();
  CHECK(it.world.tool->keys.size() == 1);
  CHECK(it.world.last("observation")["ok"] == true);
  CHECK(it.model->heard().back().contains("done before"));
}

TEST_CASE("a call that did not arrive before the crash is made now, with the key it had") {
  Interrupted it;
  it.world.tool->on_status = [](const std::string&) { return says_that(Kind::not_done); };
  it.go_on();
  REQUIRE(it.world.tool->keys.size() == 2);
  CHECK(it.world.tool->keys[0] == it.world.tool->keys[1]);
  CHECK(it.model->heard().back().contains("called again"));
  std::size_t dispatched = 0;
  for (const store::Fact& fact : *fakes::run(it.world.loop, it.world.journal->read_facts(it.run)))
    dispatched += fact.kind == "tool.dispatched";
  CHECK(dispatched == 1);
}

TEST_CASE("a tool that cannot tell, fails or throws leaves the outcome unknown") {
  Interrupted it;
  SUBCASE("cannot tell") {}
  SUBCASE("says so") {
    it.world.tool->on_status = [](const std::string&) { return says_that(Kind::unknown); };
  }
  SUBCASE("fails") {
    it.world.tool->on_status = [](const std::string&) -> Result<tools::CallStatus> {
      return fail(ErrorCode::network, "the service is away");
    };
  }
  SUBCASE("throws") {
    it.world.tool->on_status = [](const std::string&) -> Result<tools::CallStatus> {
      throw std::runtime_error("oops");
    };
  }
  it.go_on();
  CHECK(it.world.tool->keys.size() == 1);
  CHECK(it.world.last("observation")["ok"] == false);
  CHECK(it.model->heard().back().contains("outcome unknown"));
}
