#include "agents/runs/request_log.h"

#include "tests/agents/witness.h"

#include <set>

using namespace troupe;
using namespace troupe::agents;
using namespace troupe::agents::testing;

namespace {

std::string call(int x) {
  return R"({"thought":"t","action":"look","action_input":{"x":)" + std::to_string(x) + "}}";
}

}  // namespace

TEST_CASE("every request of every turn is kept as it was sent, after a restart too") {
  Witness witness;
  World world(witness.model({call(1), call(2), kAnswer, "junk", kAnswer, call(3), kAnswer}));
  world.resume();
  const std::string session = world.session();
  std::vector<std::string> runs;
  for (int turn = 0; turn < 3; ++turn) {
    auto run = world.submit(session, "question " + std::to_string(turn) + " 한국어 \"quoted\"");
    world.finished(run->run);
    runs.push_back(run->run);
  }
  world.close();
  world.open();

  std::size_t at = 0;
  for (const std::string& run : runs)
    for (const SentRequest& request : requests_of(world, session, run)) {
      CHECK(request.exact);
      CHECK(request.model == "m");
      REQUIRE(at < witness.requests.size());
      check_same(request.messages, witness.requests[at++]);
    }
  CHECK(at == witness.requests.size());
}

TEST_CASE("a request is kept as what is new in it: a long run grows with its length, not with its square") {
  Witness witness;
  std::vector<std::string> script;
  for (int i = 0; i < 100; ++i) script.push_back(call(i));
  script.push_back(kAnswer);
  World world(witness.model(script), {}, {.steps = 200, .tokens = 100'000'000});
  world.tool = std::make_shared<fakes::TestTool>("look", tools::Effect::pure, [](const tools::ToolInput&) {
    return tools::ToolOutput{std::string(1'000, 'o'), {}};
  });
  world.close();
  world.open();
  world.resume();
  const std::string session = world.session();
  auto run = world.submit(session, "q");
  world.finished(run->run);

  auto facts = fakes::run(world.loop, world.journal->read_facts(run->run));
  std::size_t bytes = 0;
  std::size_t largest = 0;
  for (const store::Fact& fact : *facts)
    if (fact.kind == "model.intent") {
      bytes += fact.body.size();
      if (fact.step > 1) largest = std::max(largest, fact.body.size());
    }
  CHECK(largest < 2'000);
  CHECK(bytes < 250'000);
  const auto requests = requests_of(world, session, run->run);
  REQUIRE(requests.size() == 101);
  check_same(requests.back().messages, witness.requests.back());
}

TEST_CASE("a conversation's turns are not copied into every run") {
  Witness witness;
  World world(witness.model(std::vector<std::string>(40, kAnswer)));
  world.resume();
  const std::string session = world.session();
  std::set<std::size_t> sizes;
  std::string last;
  for (int turn = 0; turn < 30; ++turn) {
    auto run = world.submit(session, std::string(500, 'q'));
    world.finished(run->run);
    last = run->run;
    auto facts = fakes::run(world.loop, world.journal->read_facts(run->run));
    if (turn > 0) sizes.insert((*facts)[0].body.size() / 200);
  }
  CHECK(sizes.size() <= 2);
  check_same(requests_of(world, session, last).back().messages, witness.requests.back());
}

TEST_CASE("a call that is repeated after a restart is kept once more, with its attempt") {
  Witness witness;
  World world(witness.model({call(1)}));
  world.resume();
  const std::string session = world.session();
  auto run = world.submit(session, "q");
  world.until([&] { return witness.requests.size() == 2; });
  world.close();
  world.open();
  world.watch(session);
  world.resume();
  world.until([&] { return witness.requests.size() == 3; });

  const auto requests = requests_of(world, session, run->run);
  REQUIRE(requests.size() == 3);
  CHECK(requests[2].step == 2);
  CHECK(requests[2].attempt == 2);
  for (std::size_t i = 0; i < 3; ++i) check_same(requests[i].messages, witness.requests[i]);
}

TEST_CASE("secrets of the configuration are masked in what is kept, not in what is sent") {
  Witness witness;
  World world(witness.model({call(1), kAnswer}));
  world.tool = std::make_shared<fakes::TestTool>("look", tools::Effect::pure, [](const tools::ToolInput&) {
    return tools::ToolOutput{"the key is hunter2-hunter2", {}};
  });
  world.secrets.add("hunter2-hunter2");
  world.close();
  world.open();
  world.resume();
  auto run = world.submit(world.session(), "q");
  world.finished(run->run);

  CHECK(witness.requests.back().back().content.contains("hunter2-hunter2"));
  auto facts = fakes::run(world.loop, world.journal->read_facts(run->run));
  for (const store::Fact& fact : *facts)
    if (fact.kind == "model.intent") CHECK_FALSE(fact.body.contains("hunter2"));
}

TEST_CASE("the form of answers is one that stands around each of them, and nothing else may differ") {
  auto message = [](models::Role role, std::string text) {
    return models::Message{.role = role, .content = std::move(text)};
  };
  const std::vector<models::Message> plain{
      message(models::Role::user, "a"), message(models::Role::assistant, "b"),
      message(models::Role::user, "c"), message(models::Role::assistant, "d \"e\"")};
  auto shown = [&](std::string one, std::string two) {
    std::vector<models::Message> all = plain;
    all[1].content = std::move(one);
    all[3].content = std::move(two);
    return all;
  };
  REQUIRE(form_of_answers({}, {}, {}));
  REQUIRE(form_of_answers(plain, plain, {1, 3}));
  CHECK(form_of_answers(plain, plain, {1, 3})->apply("x") == "x");
  auto steps =
      form_of_answers(plain, shown(R"({"final_answer":"b"})", R"({"final_answer":"d \"e\""})"), {1, 3});
  REQUIRE(steps);
  CHECK(steps->apply("a \"c\"") == R"({"final_answer":"a \"c\""})");
  auto labels = form_of_answers(plain, shown("Action: Finish[b]", R"(Action: Finish[d "e"])"), {1, 3});
  REQUIRE(labels);
  CHECK(labels->apply("x") == "Action: Finish[x]");
  CHECK_FALSE(form_of_answers(plain, shown("<b>", "(d \"e\")"), {1, 3}));
  CHECK_FALSE(form_of_answers(plain, shown("something else", "d \"e\""), {1, 3}));
  CHECK_FALSE(form_of_answers(plain, {plain[0]}, {1, 3}));
}

TEST_CASE("what earlier versions wrote of a conversation's turns still reads") {
  const store::RunRow one{.id = "r_1", .input = "a", .answer = "b", .status = "done", .finished_ms = 1};
  const store::RunRow two{.id = "r_2", .input = "c", .answer = "d", .status = "done", .finished_ms = 2};
  const std::vector<store::Fact> facts{
      {.run = "r_3",
       .kind = "model.intent",
       .step = 1,
       .body =
           R"x({"attempt":1,"model":"m","system":"sys","history":{"turns":1,"last":"r_2","before":"(","after":")"},)x"
           R"x("tail":[{"role":"user","content":"e"}],"messages":4})x"}};
  auto requests = sent_requests(facts, {one, two});
  REQUIRE(requests);
  REQUIRE(requests->size() == 1);
  CHECK(requests->front().exact);
  REQUIRE(requests->front().messages.size() == 4);
  CHECK(requests->front().messages[1].content == "c");
  CHECK(requests->front().messages[2].content == "(d)");
}
