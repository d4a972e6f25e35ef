#include "tests/agents/world.h"
#include "tests/gateway/http/http_bench.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::gateway;
using agents::testing::kAnswer;
using agents::testing::kCall;
using agents::testing::says;
using agents::testing::World;

namespace {

struct Forks {
  explicit Forks(std::vector<fakes::ScriptedModel::Line> script)
      : model(says(std::move(script))), world(model), bench(world.loop, *world.desk, {}, {}) {
    world.resume();
  }
  std::string whole_run() {
    const HttpReply done =
        bench.ask("POST", "/v1/runs", R"({"target":"a","input":"what is it?","wait":true})");
    REQUIRE_MESSAGE(done.status == 200, done.text);
    return done.body["run"];
  }
  HttpReply post(const std::string& path, const std::string& body) { return bench.ask("POST", path, body); }

  std::shared_ptr<fakes::ScriptedModel> model;
  World world;
  HttpBench bench;
};

}  // namespace

TEST_CASE("a run is forked over HTTP from a step, with another output, and names the one it comes from") {
  Forks forks({kCall, kAnswer, R"({"thought":"ah","final_answer":"It is seven."})"});
  const std::string run = forks.whole_run();
  const HttpReply forked = forks.post("/v1/runs/" + run + "/fork", R"({"from":2,"outputs":{"c_1":"seven"}})");
  REQUIRE_MESSAGE(forked.status == 202, forked.text);
  const std::string fresh = forked.body["run"];
  CHECK(fresh != run);
  CHECK(forked.body["kept"] == 1);
  CHECK(forked.has("Location: /v1/runs/" + fresh + "\r\n"));
  forks.world.until(
      [&] { return forks.world.desk->status().running + forks.world.desk->status().queued == 0; });
  const HttpReply shown = forks.bench.ask("GET", "/v1/runs/" + fresh);
  CHECK(shown.body["answer"] == "It is seven.");
  CHECK(shown.body["session"] == forked.body["session"]);
  CHECK(shown.body["forked_from"] == Json{{"run", run}, {"kept", 1}});
  CHECK(forks.bench.ask("GET", "/v1/runs/" + run).body["answer"] == "It is 42.");
}

TEST_CASE("what is wrong with a wish to fork or resume is said, and nothing is begun") {
  Forks forks({kCall, kAnswer});
  const std::string run = forks.whole_run();
  const auto refused = [&](const std::string& path, const std::string& body, int status,
                           std::string_view told) {
    CAPTURE(body);
    const HttpReply reply = forks.post("/v1/runs/" + run + path, body);
    CHECK(reply.status == status);
    CHECK_MESSAGE(reply.text.contains(told), reply.text);
  };
  refused("/fork", R"({"from":0})", 400, "must be the number of a step");
  refused("/fork", R"({"from":"2"})", 400, "must be the number of a step");
  refused("/fork", R"({"from":9})", 400, "from step 1 to 3");
  refused("/fork", R"({"step":1})", 400, "there is no such key");
  refused("/fork", R"({"outputs":["x"]})", 400, "must be an object");
  refused("/fork", R"({"outputs":{"c_1":7}})", 400, "expected a text");
  refused("/fork", R"({"input":""})", 400, "it is empty");
  refused("/fork", R"({"input":")" + std::string(300'000, 'x') + "\"}", 413, "bytes");
  refused("/fork", "[]", 400, "object");
  refused("/resume", R"({"from":1})", 400, "there is no such key");
  refused("/resume", "", 400, "nothing to resume");
  CHECK(forks.post("/v1/runs/r_none/fork", "{}").status == 404);
  CHECK(forks.model->calls() == 2);
  const auto sessions = fakes::run(forks.world.loop, forks.world.journal->list_sessions("default", 10));
  CHECK(sessions->size() == 1);
}

TEST_CASE("a run that ended at a limit is resumed over HTTP in its session") {
  Forks forks({kCall, Error{ErrorCode::model, "HTTP 400: no"}});
  const HttpReply failed = forks.post("/v1/runs", R"({"target":"a","input":"what is it?","wait":true})");
  REQUIRE(failed.body["status"] == "failed");
  forks.model->say(kAnswer);
  const std::string run = failed.body["run"];
  const HttpReply resumed = forks.post("/v1/runs/" + run + "/resume", "");
  REQUIRE_MESSAGE(resumed.status == 202, resumed.text);
  CHECK(resumed.body["session"] == failed.body["session"]);
  forks.world.until(
      [&] { return forks.world.desk->status().running + forks.world.desk->status().queued == 0; });
  CHECK(forks.bench.ask("GET", "/v1/runs/" + resumed.body["run"].get<std::string>()).body["status"] ==
        "done");
}
