#include "tests/agents/world.h"

#include <new>
#include <stdexcept>

using namespace troupe;
using namespace troupe::agents;
using namespace troupe::agents::testing;

TEST_CASE("no memory in a run ends that run, and its session goes on") {
  int calls = 0;
  auto model = std::make_shared<ScriptedModel>([&](const models::ModelRequest&) -> ScriptedModel::Line {
    if (++calls == 1) throw std::bad_alloc();
    return kAnswer;
  });
  World world(model);
  world.resume();
  const std::string session = world.session();
  auto run = world.submit(session, "one");
  auto next = world.submit(session, "two");
  world.finished(run->run);
  CHECK(world.last("run.finished")["status"] == "failed");
  CHECK(world.last("run.finished")["error"].get<std::string>().contains("bad_alloc"));
  world.finished(next->run);
  CHECK(world.last("run.finished")["status"] == "done");
  world.until([&] { return world.desk->status().running == 0; });
}

TEST_CASE("what a tool throws is told to the agent, whose run goes on") {
  World world(says({kCall, kAnswer}));
  world.tool->on_call = [] { throw std::bad_alloc(); };
  world.resume();
  auto run = world.submit(world.session(), "q");
  world.finished(run->run);
  CHECK(world.last("observation")["ok"] == false);
  CHECK(world.last("run.finished")["status"] == "done");
}
