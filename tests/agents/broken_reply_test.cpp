#include "agents/limits.h"
#include "tests/agents/world.h"

using namespace troupe;
using namespace troupe::agents;
using namespace troupe::agents::testing;

namespace {

const std::string kBegun = R"({"thought":"half a thou)";
const ScriptedModel::Break kBreak{kBegun};

World::More priced() {
  return {.price = models::Price{.input = 1, .output = 10}};
}

// What the usage events say, to be compared with what run.finished says.
std::int64_t told(const World& world, const std::string& member) {
  std::int64_t sum = 0;
  for (const Frame& frame : world.frames)
    if (frame.type == "usage") sum += (*parse_json(*frame.text))[member].get<std::int64_t>();
  return sum;
}

}  // namespace

TEST_CASE("a reply that breaks off is asked for again, and what was shown of it is void") {
  auto model = says({kBreak, kAnswer});
  World world(model, {}, {}, priced());
  world.resume();
  auto run = world.submit(world.session(), "q");
  world.finished(run->run);

  CHECK(model->calls() == 2);
  CHECK(model->heard()[0] == model->heard()[1]);
  CHECK(world.last("answer")["text"] == "It is 42.");
  CHECK(world.count("stream.reset") == 1);
  CHECK(world.last("stream.reset")["attempt"] == 2);
  CHECK(world.last("warning")["code"] == "reply_broken");
  CHECK(world.last("warning")["text"].get<std::string>().contains("the connection was cut"));
  CHECK(world.last("warning")["text"].get<std::string>().contains("attempt 2 of 3"));
  CHECK(world.last("run.finished")["status"] == "done");
}

TEST_CASE("what a broken reply cost is told and counted") {
  World world(says({kBreak, kAnswer}), {}, {}, priced());
  world.resume();
  auto run = world.submit(world.session(), "q");
  world.finished(run->run);

  const Json end = world.last("run.finished");
  CHECK(told(world, "output_tokens") > 0);
  CHECK(end["input_tokens"] == told(world, "input_tokens"));
  CHECK(end["output_tokens"] == told(world, "output_tokens"));
  CHECK(end["cost"].get<double>() > 0);
}

TEST_CASE("a reply that breaks off again and again ends the run after a bounded number of attempts") {
  auto model = says({kBreak, kBreak, kBreak, kAnswer});
  World world(model);
  world.resume();
  auto run = world.submit(world.session(), "q");
  world.finished(run->run);

  CHECK(model->calls() == 1 + limits::kBrokenReplyRetries);
  CHECK(world.last("run.finished")["reason"] == "model_error");
  CHECK(world.last("run.finished")["error"].get<std::string>().contains("broke off 3 times"));
  CHECK(world.count("stream.reset") == 3);
  CHECK(world.last("stream.reset")["attempt"] == 4);
  CHECK_FALSE(world.seen("answer"));
}

TEST_CASE("each step has attempts of its own") {
  auto model = says({kBreak, kBreak, kCall, kBreak, kBreak, kAnswer});
  World world(model);
  world.resume();
  auto run = world.submit(world.session(), "q");
  world.finished(run->run);
  CHECK(model->calls() == 6);
  CHECK(world.last("answer")["text"] == "It is 42.");
  CHECK(world.last("run.finished")["steps"] == 2);
}

TEST_CASE("an error that would come again is not tried again") {
  auto model = says({ScriptedModel::Break{kBegun, {ErrorCode::model, "the content was refused"}}, kAnswer});
  World world(model);
  world.resume();
  auto run = world.submit(world.session(), "q");
  world.finished(run->run);
  CHECK(model->calls() == 1);
  CHECK(world.last("run.finished")["error"] == "the content was refused");
  CHECK(world.seen("stream.reset"));
}

TEST_CASE("an error before the first word is the governor's, which has tried often enough") {
  Error error{ErrorCode::network, "no connection"};
  error.retryable = true;
  auto model = says({error, kAnswer});
  World world(model);
  world.resume();
  auto run = world.submit(world.session(), "q");
  world.finished(run->run);
  CHECK(model->calls() == 1);
  CHECK(world.last("run.finished")["reason"] == "model_error");
}

TEST_CASE("broken replies cannot evade the run's tokens") {
  const ScriptedModel::Break most{R"({"thought":")" + std::string(6'000, 'x')};
  auto model = says({most, most, kAnswer});
  World world(model, {}, {.tokens = 2'500});
  world.resume();
  auto run = world.submit(world.session(), "q");
  world.finished(run->run);
  CHECK(world.last("run.finished")["reason"] == "max_tokens");
  CHECK(model->calls() == 2);
  const auto used = told(world, "input_tokens") + told(world, "output_tokens");
  CHECK(used > 2'400);
  CHECK(used <= 2'510);
}

TEST_CASE("no attempt is made for which the run has no time, and a cancel ends the waiting at once") {
  SUBCASE("time") {
    auto model = says({kBreak, kAnswer});
    World world(model, {}, {.time = 200ms});
    world.resume();
    auto run = world.submit(world.session(), "q");
    world.finished(run->run);
    CHECK(model->calls() == 1);
    CHECK(world.last("run.finished")["reason"] == "model_error");
  }
  SUBCASE("a long wait that the provider asked for") {
    ScriptedModel::Break busy = kBreak;
    busy.error.retry_after = 30s;
    auto model = says({busy, kAnswer});
    World world(model);
    world.resume();
    auto run = world.submit(world.session(), "q");
    world.until([&] { return world.seen("stream.reset"); });
    REQUIRE(fakes::run(world.loop, world.desk->cancel({"p", "default"}, run->run, CancelMode::now)));
    world.finished(run->run);
    CHECK(model->calls() == 1);
    CHECK(world.last("run.finished")["status"] == "cancelled");
  }
}

TEST_CASE("a restart between two attempts goes on with the next, and counts each once") {
  ScriptedModel::Break busy = kBreak;
  busy.error.retry_after = 1s;
  auto model = says({busy, ScriptedModel::Hang{}, kAnswer});
  World world(model, {}, {}, priced());
  world.resume();
  std::string session = world.session();
  auto run = world.submit(session, "q");
  world.until([&] { return model->calls() == 2; });
  world.close();
  world.open();
  world.watch(session);
  world.resume();
  world.finished(run->run);

  CHECK(model->calls() == 3);
  CHECK(world.last("stream.reset")["attempt"] == 3);
  CHECK(told(world, "output_tokens") > 0);
  CHECK(world.last("run.finished")["output_tokens"] == told(world, "output_tokens"));
  CHECK(world.last("run.finished")["input_tokens"] == told(world, "input_tokens"));
}

TEST_CASE("a restart in the pause before the next attempt forgets nothing, and clients know why it waits") {
  ScriptedModel::Break busy = kBreak;
  busy.error.retry_after = 20s;
  auto model = says({busy, kAnswer});
  World world(model, {}, {}, priced());
  world.resume();
  std::string session = world.session();
  auto run = world.submit(session, "q");
  world.until([&] { return world.seen("warning"); });
  CHECK(model->calls() == 1);
  world.close();
  world.open();
  world.watch(session);
  world.resume();
  world.finished(run->run);

  CHECK(model->calls() == 2);
  CHECK(world.count("warning") == 1);
  const Json end = world.last("run.finished");
  CHECK(told(world, "output_tokens") > 0);
  CHECK(end["output_tokens"] == told(world, "output_tokens"));
  CHECK(end["input_tokens"] == told(world, "input_tokens"));
  auto ledger = fakes::run(world.loop, world.journal->usage({}));
  REQUIRE(ledger);
  REQUIRE(ledger->size() == 1);
  CHECK(ledger->front().used.output_tokens == told(world, "output_tokens"));
}

TEST_CASE("what was written until a deadline is counted after a restart as before") {
  auto model = says({ScriptedModel::Ponder{"hm "}, ScriptedModel::Hang{}, kAnswer});
  World::More more = priced();
  more.agent.on_limit = OnLimit::answer;
  World world(model, {}, {.time = 1200ms}, std::move(more));
  world.resume();
  std::string session = world.session();
  auto run = world.submit(session, "q");
  world.until([&] { return model->calls() == 2; });
  world.close();
  world.open();
  world.watch(session);
  world.resume();
  world.finished(run->run);

  const Json end = world.last("run.finished");
  CHECK(end["reason"] == "max_time");
  CHECK(told(world, "output_tokens") > 0);
  CHECK(end["output_tokens"] == told(world, "output_tokens"));
  CHECK(end["input_tokens"] == told(world, "input_tokens"));
}
