#include "agents/guardrails/limits.h"
#include "agents/runs/request_log.h"
#include "memory/conversation/memory.h"
#include "tests/agents/world.h"

using namespace troupe;
using namespace troupe::agents;
using namespace troupe::agents::testing;

namespace {

const Principal kMe{"p", "default"};
const std::string kPass = R"({"pass": true, "reason": "fine"})";
const std::string kFail = R"({"pass": false, "reason": "it gives advice"})";
const std::string kRude = R"({"thought":"hm","final_answer":"You fool, it is 42."})";
const std::string kSend = R"({"thought":"t","action":"send","action_input":{"x":1}})";
const std::string kLook = R"({"thought":"t","action":"look","action_input":{"x":1}})";

RuleSettings judged(RuleMode mode = RuleMode::blocking, std::string model = "j") {
  return {.model = std::move(model), .prompt = "No medical advice.", .mode = mode};
}

/// A judge that says what it has to say once it is let.
class Gate final : public models::Model {
 public:
  explicit Gate(std::string says) : says_(std::move(says)) {}
  bool open = false;
  int calls = 0;
  int ended = 0;

  Task<Result<models::ModelReply>> complete(models::ModelRequest, models::TokenSink& sink,
                                            CallContext& context) override {
    ++calls;
    while (!open && !context.stop.requested()) (void)co_await context.loop.sleep_for(1ms, context.stop);
    ++ended;
    if (context.stop.requested()) co_return fail(stopped("the judge", context.stop.reason()));
    sink.on_text(says_);
    co_return models::ModelReply{.text = says_};
  }
  const std::string& name() const override { return name_; }

 private:
  std::string says_;
  std::string name_ = "gate";
};

/// A world whose agent has guardrails, and `send`, which may be called once.
struct Ruled {
  using Models = std::map<std::string, std::shared_ptr<models::Model>>;

  Ruled(std::vector<ScriptedModel::Line> lines, GuardrailSettings rules, Models judges = {},
        AgentLimits limits = {}, AgentSettings agent = {}, std::optional<models::Price> price = {})
      : model(says(std::move(lines))),
        world(model, {}, limits, more(std::move(rules), std::move(judges), std::move(agent), price)) {
    world.resume();
    session = world.session();
  }

  World::More more(GuardrailSettings rules, Models judges, AgentSettings agent,
                   std::optional<models::Price> price) {
    agent.guardrails = std::move(rules);
    World::More all{.agent = std::move(agent), .tools = {send}, .price = price};
    all.judges = std::move(judges);
    all.judge_price = price;
    return all;
  }

  std::string start(std::string text = "q") { return run = world.submit(session, std::move(text))->run; }
  Json ask(std::string text = "q") {
    start(std::move(text));
    world.finished(run);
    return world.last("run.finished");
  }
  void crash() {
    world.close();
    world.frames.clear();
    world.open();
    world.watch(session);
    world.resume();
  }
  std::int64_t charged(std::string_view entry) {
    auto rows = fakes::run(world.loop, world.journal->usage({.by = store::UsageBy::model}));
    REQUIRE(rows);
    for (const store::UsageRow& row : *rows)
      if (row.key == entry) return row.used.calls;
    return 0;
  }
  void cancel() { REQUIRE(fakes::run(world.loop, world.desk->cancel(kMe, run, CancelMode::now))); }

  std::shared_ptr<fakes::TestTool> send = std::make_shared<fakes::TestTool>(
      "send", tools::Effect::at_most_once,
      [](const tools::ToolInput&) { return tools::ToolOutput{"sent", {}}; });
  std::shared_ptr<ScriptedModel> model;
  World world;
  std::string session;
  std::string run;
};

bool ended(const Json& finished, std::string_view status, std::string_view reason) {
  return finished["status"] == status && finished["reason"] == reason;
}

}  // namespace

TEST_CASE("a message that a rule refuses never reaches the model, and the run says which rule and why") {
  Ruled ruled({kAnswer}, {.input = {{.name = "codename", .deny = "(?i)bluebird"}}});
  const Json end = ruled.ask("Tell me of BlueBird");
  CHECK(ended(end, "denied", "guardrail"));
  CHECK(end["error"].get<std::string>().contains("rule `codename` refused the message"));
  CHECK(end["steps"] == 0);
  CHECK(ruled.model->calls() == 0);
  CHECK(ruled.world.types() == std::vector<std::string>{"run.started", "warning", "run.finished"});
  CHECK(ruled.world.last("warning")["code"] == "guardrail");
  CHECK_FALSE(ruled.world.last("warning")["text"].get<std::string>().contains("BlueBird"));

  CHECK(ended(ruled.ask("Tell me of birds"), "done", "final_answer"));
}

TEST_CASE("`message` is what the user is told; the warning still has the reason") {
  Ruled ruled({kAnswer}, {.input = {{.max_length = 3, .message = "Please be brief."}}});
  CHECK(ruled.ask("a long question")["error"] == "Please be brief.");
  CHECK(ruled.world.last("warning")["text"].get<std::string>().contains("at most 3 are allowed"));
}

TEST_CASE("a refused message is not remembered: the next turn cannot bring it in") {
  std::vector<std::string> seen;
  auto model =
      std::make_shared<ScriptedModel>([&](const models::ModelRequest& request) -> ScriptedModel::Line {
        for (const models::Message& message : request.transcript->messages()) seen.push_back(message.content);
        return kAnswer;
      });
  World world(model, {}, {}, {.agent = {.guardrails = {.input = {{.deny = "bluebird"}}}}});
  world.resume();
  const std::string session = world.session();
  world.finished(world.submit(session, "first")->run);
  world.finished(world.submit(session, "now bluebird")->run);
  seen.clear();
  world.finished(world.submit(session, "answer my last message")->run);
  bool first = false;
  for (const std::string& text : seen) {
    CHECK_FALSE(text.contains("bluebird"));
    first = first || text.contains("first");
  }
  CHECK(first);
}

TEST_CASE("a message whose run was cancelled before it had passed is not remembered either") {
  auto gate = std::make_shared<Gate>(kPass);
  Ruled ruled({kAnswer, kAnswer}, {.input = {judged()}}, {{"j", gate}});
  ruled.start("now bluebird");
  ruled.world.until([&] { return gate->calls == 1; });
  ruled.cancel();
  ruled.world.finished(ruled.run);
  CHECK(ended(ruled.world.last("run.finished"), "cancelled", "cancelled"));
  CHECK(gate->ended == 1);
  gate->open = true;
  ruled.ask("and?");
  auto turns = fakes::run(ruled.world.loop, ruled.world.journal->turns(ruled.session, "a", 10));
  REQUIRE(turns);
  CHECK(memory::fold_turns(*turns, 10).size() == 2);
}

TEST_CASE("the inputs of a message are held against the rules, too") {
  Ruled ruled({kAnswer}, {.input = {{.deny = "bluebird"}}});
  Submission submission{
      .principal = kMe, .session = ruled.session, .text = "q", .inputs = {{"topic", "bluebird"}}};
  auto run = fakes::run(ruled.world.loop, ruled.world.desk->submit(std::move(submission)));
  REQUIRE(run);
  ruled.world.finished(run->run);
  CHECK(ended(ruled.world.last("run.finished"), "denied", "guardrail"));
}

TEST_CASE("a blocking rule for answers: thoughts stream, the answer is shown once it is whole") {
  Ruled ruled({kAnswer}, {.output = {{.deny = "fool"}}});
  CHECK(ended(ruled.ask(), "done", "final_answer"));
  CHECK(ruled.world.seen("thought.delta"));
  CHECK_FALSE(ruled.world.seen("answer.delta"));
  CHECK(ruled.world.last("answer")["text"] == "It is 42.");
  CHECK_FALSE(ruled.world.seen("stream.reset"));
}

TEST_CASE("a refused answer goes back to the model with rule and reason, and only the next one is shown") {
  Ruled ruled({kRude, kAnswer, kAnswer}, {.output = {{.name = "polite", .deny = "fool"}}});
  CHECK(ended(ruled.ask(), "done", "final_answer"));
  CHECK(ruled.model->heard()[1].contains("polite"));
  CHECK(ruled.model->heard()[1].contains("fool"));  // the model's own words
  CHECK(ruled.world.count("answer") == 1);
  CHECK(ruled.world.last("answer")["text"] == "It is 42.");
  CHECK(ruled.world.count("warning") == 1);
  CHECK_FALSE(ruled.world.last("warning")["text"].get<std::string>().contains("fool"));
  for (const Frame& frame : ruled.world.frames)
    if (!frame.is_volatile()) CHECK_FALSE(frame.text->contains("You fool"));
  auto turns = fakes::run(ruled.world.loop, ruled.world.journal->turns(ruled.session, "a", 10));
  CHECK(turns->front().answer == "It is 42.");
}

TEST_CASE("retries are counted in the run; the one after the last ends it without an answer") {
  Ruled ruled({kRude, kRude, kRude, kRude}, {.output = {{.deny = "fool", .retries = 2}}});
  const Json end = ruled.ask();
  CHECK(ended(end, "denied", "guardrail"));
  CHECK(end["steps"] == 3);
  CHECK(ruled.world.count("warning") == 3);
  CHECK_FALSE(ruled.world.seen("answer"));
  auto turns = fakes::run(ruled.world.loop, ruled.world.journal->turns(ruled.session, "a", 10));
  CHECK(turns->front().answer.empty());
}

TEST_CASE("on_fail: stop ends the run at the first refusal; retries: 0 does, too") {
  for (RuleSettings rule : {RuleSettings{.deny = "fool", .on_fail = OnRefusal::stop},
                            RuleSettings{.deny = "fool", .retries = 0}}) {
    Ruled ruled({kRude, kAnswer}, {.output = {rule}});
    CHECK(ended(ruled.ask(), "denied", "guardrail"));
    CHECK(ruled.model->calls() == 1);
  }
}

TEST_CASE("a parallel rule lets an answer stream, and what it refuses is taken back") {
  Ruled ruled({kRude, kAnswer}, {.output = {{.deny = "fool", .mode = RuleMode::parallel}}});
  CHECK(ended(ruled.ask(), "done", "final_answer"));
  CHECK(ruled.world.seen("answer.delta"));
  CHECK(ruled.world.count("stream.reset") == 1);
  CHECK(ruled.world.last("stream.reset")["step"] == 1);
  CHECK(ruled.world.count("answer") == 1);
}

TEST_CASE("one blocking rule beside parallel ones holds the answer back") {
  Ruled ruled({kAnswer}, {.output = {{.deny = "x", .mode = RuleMode::parallel}, {.deny = "y"}}});
  ruled.ask();
  CHECK_FALSE(ruled.world.seen("answer.delta"));
  CHECK(ruled.world.seen("answer"));
}

TEST_CASE("a model's verdict decides, is asked with the text as data, and is paid for by the run") {
  auto judge = says({kFail, kPass});
  judge->usage = {.input_tokens = 100, .output_tokens = 10};
  Ruled ruled({kRude, kAnswer}, {.output = {judged()}}, {{"j", judge}}, {}, {},
              models::Price{.input = 1, .output = 1});
  ruled.model->usage = {.input_tokens = 1'000, .output_tokens = 20};
  const Json end = ruled.ask("Is 42 right?");
  CHECK(ended(end, "done", "final_answer"));
  CHECK(judge->calls() == 2);
  CHECK(judge->heard()[0].contains("You fool, it is 42."));
  CHECK(judge->heard()[0].contains("Is 42 right?"));
  CHECK(ruled.model->heard()[1].contains("it gives advice"));
  CHECK(ruled.world.last("warning")["text"].get<std::string>().contains("it gives advice"));
  CHECK(ruled.world.count("usage") == 4);
  CHECK(end["input_tokens"] == 2'200);
  CHECK(end["output_tokens"] == 60);
  CHECK(end["cost"].get<double>() == doctest::Approx(0.00226));
  CHECK(end["steps"] == 2);
}

TEST_CASE("a verdict that cannot be read is asked for once more, and then nothing passes") {
  auto judge = says({"Looks good to me!", kPass, "hm", "well"});
  Ruled ruled({kAnswer, kAnswer}, {.output = {judged()}}, {{"j", judge}});
  CHECK(ended(ruled.ask(), "done", "final_answer"));
  CHECK(judge->heard()[1].contains("correction"));

  const Json end = ruled.ask();
  CHECK(ended(end, "failed", "guardrail"));
  CHECK(end["error"].get<std::string>().contains("could not be read"));
  CHECK(judge->calls() == 4);
  CHECK(ruled.world.count("answer") == 1);
}

TEST_CASE("a judge that fails, or thinks without end, lets nothing pass") {
  for (ScriptedModel::Line line : {ScriptedModel::Line(Error{ErrorCode::unavailable, "down for repairs"}),
                                   ScriptedModel::Line(ScriptedModel::Ponder{std::string(4'000, 'h')})}) {
    auto judge = says({line, line});
    Ruled ruled({kAnswer}, {.input = {judged()}}, {{"j", judge}});
    const Json end = ruled.ask();
    CHECK(ended(end, "failed", "guardrail"));
    CHECK(ruled.model->calls() == 0);
  }
}

TEST_CASE("a verdict that breaks off in the middle is asked for again, once, and paid for each time") {
  const ScriptedModel::Break half{.text = "{\"pass\": tr"};
  auto judge = says({half, kPass});
  Ruled ruled({kAnswer}, {.input = {judged()}}, {{"j", judge}});
  CHECK(ended(ruled.ask(), "done", "final_answer"));
  CHECK(judge->calls() == 2);
  CHECK(ruled.world.last("run.finished")["output_tokens"].get<int>() > 0);

  auto broken = says({half, half, kPass});
  Ruled twice({kAnswer}, {.input = {judged()}}, {{"j", broken}});
  CHECK(ended(twice.ask(), "failed", "guardrail"));
  CHECK(broken->calls() == 2);
}

TEST_CASE("a judge that writes without end is closed, and its flood is no verdict") {
  auto judge = says({std::string(200'000, 'x'), std::string(200'000, '{')});
  Ruled ruled({kAnswer}, {.input = {judged()}}, {{"j", judge}});
  const Json end = ruled.ask();
  CHECK(ended(end, "failed", "guardrail"));
  CHECK(end["output_tokens"].get<int>() <= 2 * (limits::kVerdictTokens + 10));
}

TEST_CASE("cancel closes a judge at once, whatever it judges") {
  for (const GuardrailSettings& rules :
       {GuardrailSettings{.input = {judged()}}, GuardrailSettings{.output = {judged()}},
        GuardrailSettings{.input = {judged(RuleMode::parallel)}}}) {
    auto gate = std::make_shared<Gate>(kPass);
    Ruled ruled({kAnswer}, rules, {{"j", gate}});
    ruled.start();
    ruled.world.until([&] { return gate->calls == 1; });
    ruled.cancel();
    ruled.world.finished(ruled.run);
    CHECK(ended(ruled.world.last("run.finished"), "cancelled", "cancelled"));
    CHECK(gate->ended == 1);
    CHECK_FALSE(ruled.world.seen("answer"));
  }
}

TEST_CASE("a judge that stalls is stopped when the run's time is over, and nothing passes") {
  for (const GuardrailSettings& rules :
       {GuardrailSettings{.input = {judged()}}, GuardrailSettings{.output = {judged()}},
        GuardrailSettings{.input = {judged(RuleMode::parallel)}}})
    for (OnLimit on_limit : {OnLimit::stop, OnLimit::answer}) {
      auto gate = std::make_shared<Gate>(kPass);
      Ruled ruled({kAnswer, kAnswer}, rules, {{"j", gate}}, {.time = 200ms}, {.on_limit = on_limit});
      CHECK(ended(ruled.ask(), "limit", "max_time"));
      CHECK(gate->ended == gate->calls);
      CHECK_FALSE(ruled.world.seen("answer"));
    }
}

TEST_CASE("several judges are asked at once, and the first refusal closes the others") {
  auto slow = std::make_shared<Gate>(kPass);
  auto strict = std::make_shared<Gate>(kFail);
  Ruled ruled({kAnswer},
              {.input = {judged(RuleMode::blocking, "slow"), judged(RuleMode::blocking, "strict")}},
              {{"slow", slow}, {"strict", strict}});
  ruled.start();
  ruled.world.until([&] { return slow->calls == 1 && strict->calls == 1; });
  strict->open = true;
  ruled.world.finished(ruled.run);
  CHECK(ended(ruled.world.last("run.finished"), "denied", "guardrail"));
  CHECK(slow->ended == 1);
  CHECK(ruled.world.count("warning") == 1);
}

TEST_CASE("a parallel rule works beside the model; its refusal closes the model's call") {
  auto gate = std::make_shared<Gate>(kFail);
  Ruled ruled({ScriptedModel::Hang{}}, {.input = {judged(RuleMode::parallel)}}, {{"j", gate}});
  ruled.start();
  ruled.world.until([&] { return gate->calls == 1 && ruled.model->calls() == 1; });
  gate->open = true;
  ruled.world.finished(ruled.run);
  CHECK(ended(ruled.world.last("run.finished"), "denied", "guardrail"));
}

TEST_CASE("no answer is committed before a parallel rule for the message has passed") {
  for (const std::string& verdict : {kPass, kFail}) {
    auto gate = std::make_shared<Gate>(verdict);
    Ruled ruled({kAnswer}, {.input = {judged(RuleMode::parallel)}}, {{"j", gate}});
    ruled.start();
    ruled.world.until([&] { return ruled.world.seen("answer.delta") && ruled.world.seen("usage"); });
    CHECK_FALSE(ruled.world.seen("answer"));
    gate->open = true;
    ruled.world.finished(ruled.run);
    if (verdict == kPass) {
      CHECK(ruled.world.count("answer") == 1);
      CHECK(ended(ruled.world.last("run.finished"), "done", "final_answer"));
    } else {
      CHECK_FALSE(ruled.world.seen("answer"));
      CHECK(ruled.world.count("stream.reset") == 1);
      CHECK(ended(ruled.world.last("run.finished"), "denied", "guardrail"));
    }
  }
}

TEST_CASE("a tool with an effect waits for the parallel rules; a pure one does not") {
  for (const std::string& verdict : {kPass, kFail}) {
    auto gate = std::make_shared<Gate>(verdict);
    Ruled ruled({kLook, kSend, kAnswer}, {.input = {judged(RuleMode::parallel)}}, {{"j", gate}});
    ruled.start();
    ruled.world.until([&] { return ruled.model->calls() == 2 && ruled.world.count("action") == 2; });
    CHECK(ruled.world.tool->keys.size() == 1);
    CHECK(ruled.send->keys.empty());
    gate->open = true;
    ruled.world.finished(ruled.run);
    CHECK(ruled.send->keys.size() == (verdict == kPass ? 1 : 0));
    CHECK(ruled.world.count("observation") == 2);
    CHECK(ruled.world.last("run.finished")["status"] == (verdict == kPass ? "done" : "denied"));
  }
}

TEST_CASE("rules that ask nobody come first, so a judge is not paid for what they refuse") {
  auto judge = says({kPass});
  Ruled ruled({kAnswer}, {.input = {judged(), {.deny = "bluebird"}}}, {{"j", judge}});
  CHECK(ended(ruled.ask("bluebird"), "denied", "guardrail"));
  CHECK(judge->calls() == 0);
}

TEST_CASE("a judge is not asked when the run has no tokens left for it, and nothing passes") {
  auto judge = says({kPass});
  Ruled ruled({kAnswer}, {.input = {judged()}}, {{"j", judge}}, {.tokens = 100});
  const Json end = ruled.ask();
  CHECK(ended(end, "limit", "max_tokens"));
  CHECK(judge->calls() == 0);
  CHECK(ruled.model->calls() == 0);

  auto paid = says({kPass});
  Ruled costly({kAnswer}, {.output = {judged()}}, {{"j", paid}}, {.cost = 0.01}, {},
               models::Price{.input = 10, .output = 10});
  costly.model->usage = {.input_tokens = 990, .output_tokens = 5};
  CHECK(ended(costly.ask(), "limit", "max_cost"));
  CHECK(paid->calls() == 0);
  CHECK_FALSE(costly.world.seen("answer"));
}

TEST_CASE("an answer at a limit is judged, too") {
  auto judge = says({kPass});
  Ruled good({kCall, kAnswer}, {.output = {{.deny = "fool"}, judged()}}, {{"j", judge}}, {.steps = 2},
             {.on_limit = OnLimit::answer});
  CHECK(ended(good.ask(), "limit", "max_steps"));
  CHECK(good.world.last("answer")["text"] == "It is 42.");
  CHECK(judge->calls() == 1);

  Ruled rude({kCall, kRude}, {.output = {{.deny = "fool"}}}, {}, {.steps = 2}, {.on_limit = OnLimit::answer});
  const Json end = rude.ask();
  CHECK(ended(end, "limit", "max_steps"));
  CHECK(end["error"].get<std::string>().contains("refused"));
  CHECK_FALSE(rude.world.seen("answer"));
}

TEST_CASE("after a crash a verdict that was given is not asked for again, and one that was not is") {
  auto quick = says({kPass});
  auto gate = std::make_shared<Gate>(kPass);
  Ruled ruled({kAnswer},
              {.output = {judged(RuleMode::blocking, "quick"), judged(RuleMode::blocking, "slow")}},
              {{"quick", quick}, {"slow", gate}});
  quick->usage = {.input_tokens = 50, .output_tokens = 5};
  ruled.start();
  ruled.world.until([&] { return gate->calls == 1 && ruled.world.count("usage") == 2; });
  ruled.crash();
  ruled.world.until([&] { return gate->calls == 2; });
  CHECK_FALSE(ruled.world.seen("answer"));
  gate->open = true;
  ruled.world.finished(ruled.run);

  CHECK(quick->calls() == 1);
  CHECK(ruled.model->calls() == 1);
  CHECK(ruled.world.last("answer")["text"] == "It is 42.");
  CHECK(ended(ruled.world.last("run.finished"), "done", "final_answer"));
  CHECK(ruled.world.last("run.finished")["input_tokens"] == 50);
}

TEST_CASE("after a crash a refusal stands: the answer was sent back, and nobody is told twice") {
  auto judge = says({kFail, kPass});
  Ruled ruled({kRude, ScriptedModel::Hang{}, kAnswer}, {.output = {judged()}}, {{"j", judge}});
  ruled.start();
  ruled.world.until([&] { return ruled.model->calls() == 2; });
  ruled.crash();
  ruled.world.finished(ruled.run);
  CHECK(judge->calls() == 2);
  CHECK(ruled.model->calls() == 3);
  CHECK(ruled.model->heard()[2] == ruled.model->heard()[1]);
  CHECK_FALSE(ruled.world.seen("warning"));  // it was told before
  CHECK(ruled.world.last("answer")["text"] == "It is 42.");
}

TEST_CASE("after a crash a rule that asks nobody refuses alike, without a second warning") {
  Ruled ruled({kRude, ScriptedModel::Hang{}, kAnswer}, {.output = {{.deny = "fool"}}});
  ruled.start();
  ruled.world.until([&] { return ruled.model->calls() == 2; });
  ruled.crash();
  ruled.world.finished(ruled.run);
  CHECK(ruled.model->calls() == 3);
  CHECK_FALSE(ruled.world.seen("warning"));
  CHECK(ended(ruled.world.last("run.finished"), "done", "final_answer"));
}

TEST_CASE("after a crash the message is not judged again, and one still being judged is") {
  auto judge = says({kPass});
  Ruled blocking({ScriptedModel::Hang{}, kAnswer}, {.input = {judged()}}, {{"j", judge}});
  blocking.start();
  blocking.world.until([&] { return blocking.model->calls() == 1; });
  blocking.crash();
  blocking.world.finished(blocking.run);
  CHECK(judge->calls() == 1);

  auto gate = std::make_shared<Gate>(kFail);
  Ruled beside({kSend, kAnswer}, {.input = {judged(RuleMode::parallel)}}, {{"j", gate}});
  beside.start();
  beside.world.until([&] { return beside.world.seen("action"); });
  beside.crash();
  gate->open = true;
  beside.world.finished(beside.run);
  CHECK(gate->calls == 2);
  CHECK(beside.send->keys.empty());
  CHECK(ended(beside.world.last("run.finished"), "denied", "guardrail"));
}

TEST_CASE("what a crash took of a verdict counts against the run's tokens") {
  auto gate = std::make_shared<Gate>(kPass);
  Ruled ruled({kAnswer}, {.input = {judged()}}, {{"j", gate}}, {.tokens = 1'500});
  ruled.start();
  int crashes = 0;
  for (; crashes < 12; ++crashes) {
    ruled.world.until([&] { return gate->calls == crashes + 1 || ruled.world.seen("run.finished"); });
    if (ruled.world.seen("run.finished")) break;
    ruled.crash();
  }
  CHECK(crashes < 10);
  CHECK(crashes > 1);
  CHECK(ended(ruled.world.last("run.finished"), "limit", "max_tokens"));
}

TEST_CASE("a judge that another rule closed is charged once, however often the run is taken up again") {
  auto slow = says({ScriptedModel::Ponder{"hm "}});
  auto strict = std::make_shared<Gate>(kFail);
  Ruled ruled({kRude, ScriptedModel::Hang{}, ScriptedModel::Hang{}, ScriptedModel::Hang{}},
              {.output = {judged(RuleMode::blocking, "slow"), judged(RuleMode::blocking, "strict")}},
              {{"slow", slow}, {"strict", strict}}, {}, {}, models::Price{.input = 1, .output = 1});
  ruled.start();
  ruled.world.until([&] { return slow->calls() == 1 && strict->calls == 1; });
  strict->open = true;
  for (int crashes = 0; crashes < 2; ++crashes) {
    ruled.world.until([&] { return ruled.model->calls() == 2 + crashes; });
    CHECK(ruled.charged("slow") == 1);
    ruled.crash();
  }
  ruled.world.until([&] { return ruled.model->calls() == 4; });
  ruled.cancel();
  ruled.world.finished(ruled.run);
  CHECK(ruled.charged("slow") == 1);
  CHECK(slow->calls() == 1);
  auto ledger = fakes::run(ruled.world.loop, ruled.world.journal->usage({}));
  REQUIRE(ledger);
  const Json end = ruled.world.last("run.finished");
  CHECK(end["output_tokens"].get<std::int64_t>() > 0);
  CHECK(end["output_tokens"] == ledger->front().used.output_tokens);
}

TEST_CASE("a judge whose verdicts break off is charged for each of them, and once") {
  const ScriptedModel::Break half{.text = "{\"pass\": tr"};
  auto judge = says({half, half});
  auto gate = std::make_shared<Gate>(kPass);
  Ruled ruled({kAnswer, ScriptedModel::Hang{}},
              {.input = {judged(RuleMode::blocking, "gate")}, .output = {judged()}},
              {{"j", judge}, {"gate", gate}});
  ruled.start();
  ruled.world.until([&] { return gate->calls == 1; });
  ruled.crash();
  ruled.world.until([&] { return gate->calls == 2; });
  CHECK(ruled.charged("gate") == 1);
  ruled.crash();
  ruled.world.until([&] { return gate->calls == 3; });
  CHECK(ruled.charged("gate") == 2);  // each crash took another call
  gate->open = true;
  ruled.world.finished(ruled.run);
  CHECK(ended(ruled.world.last("run.finished"), "failed", "guardrail"));
  CHECK(ruled.charged("j") == 2);
  CHECK(ruled.charged("gate") == 2);
}

TEST_CASE("what a crash took of a judge is charged once, also where the run is cancelled before it goes on") {
  auto gate = std::make_shared<Gate>(kPass);
  Ruled ruled({kSend}, {.input = {judged(RuleMode::parallel)}}, {{"j", gate}});
  ruled.start();
  ruled.world.until([&] { return gate->calls == 1 && ruled.world.seen("action"); });
  ruled.crash();
  ruled.world.until([&] { return gate->calls == 2; });
  ruled.cancel();
  ruled.world.finished(ruled.run);
  CHECK(ruled.send->keys.empty());
  CHECK(ruled.charged("j") == 1);
}

TEST_CASE("a secret of the configuration does not come out in a reason") {
  auto judge = says({R"({"pass": false, "reason": "it has hunter2hunter2 in it"})"});
  World world(says({kAnswer}), {}, {},
              {.agent = {.guardrails = {.input = {judged()}}}, .judges = {{"j", judge}}});
  world.close();
  world.secrets.add("hunter2hunter2");
  world.open();
  world.resume();
  auto run = world.submit(world.session(), "q");
  world.finished(run->run);
  for (const Frame& frame : world.frames) CHECK_FALSE(frame.text->contains("hunter2"));
  auto facts = fakes::run(world.loop, world.journal->read_facts(run->run));
  for (const store::Fact& fact : *facts) CHECK_FALSE(fact.body.contains("hunter2"));
}

TEST_CASE("requests to judges are kept as they were sent, each under its rule") {
  auto judge = says({kPass});
  RuleSettings rule = judged();
  rule.name = "advice";
  Ruled ruled({kAnswer}, {.input = {rule}}, {{"j", judge}});
  ruled.ask("hello?");
  auto facts = fakes::run(ruled.world.loop, ruled.world.journal->read_facts(ruled.run));
  auto requests = sent_requests(*facts, {});
  REQUIRE(requests);
  REQUIRE(requests->size() == 2);
  CHECK(requests->front().rule == "advice");
  CHECK(requests->front().model == "j");
  CHECK(requests->front().messages[0].content.contains("No medical advice."));
  CHECK(requests->front().messages[1].content == judge->heard()[0]);
  CHECK((*requests)[1].rule.empty());
  CHECK((*requests)[1].messages.size() == 2);
}

TEST_CASE("after output.schema the text is judged, and a schema rule reads the data") {
  const Json schema = {{"type", "object"},
                       {"properties", {{"city", {{"type", "string"}}}, {"people", {{"type", "integer"}}}}},
                       {"required", {"city", "people"}}};
  const Json most = {{"properties", {{"people", {{"maximum", 100}}}}}};
  const std::string big = R"({"thought":"t","final_answer":{"city":"Seoul","people":500}})";
  const std::string small = R"({"thought":"t","final_answer":{"city":"Seoul","people":50}})";
  Ruled ruled({big, small}, {.output = {{.require = R"("city":"Seoul")"}, {.schema = most}}}, {}, {},
              {.output = {.schema = schema}});
  CHECK(ended(ruled.ask(), "done", "final_answer"));
  CHECK(ruled.model->heard()[1].contains("/people"));
  CHECK(ruled.world.last("answer")["data"]["people"] == 50);
}

namespace {

const char* const kAllows = R"("settings":{"allow":"card"})";

RuleSettings by_plugin(RuleMode mode = RuleMode::blocking) {
  return {.message = "Leave bank details out.",
          .mode = mode,
          .plugin = "bank",
          .rule = "iban",
          .plugin_settings = {{"allow", "card"}}};
}

/// What stands in the table of models for a rule's plugin.
Ruled with_plugin(std::vector<ScriptedModel::Line> lines, GuardrailSettings rules,
                  std::shared_ptr<models::Model> judge, AgentLimits limits = {}) {
  return Ruled(std::move(lines), std::move(rules), {{"plugin/bank/iban", std::move(judge)}}, limits);
}

}  // namespace

TEST_CASE("a plugin's verdict decides, and it is told side and settings beside the text") {
  std::vector<std::string> told;
  auto judge =
      std::make_shared<ScriptedModel>([&](const models::ModelRequest& request) -> ScriptedModel::Line {
        for (const models::Message& message : request.transcript->messages()) told.push_back(message.content);
        return told.size() > 2 ? kPass : kFail;
      });
  Ruled ruled = with_plugin({kRude, kAnswer}, {.output = {by_plugin()}}, judge);
  CHECK(ended(ruled.ask("Is 42 right?"), "done", "final_answer"));
  CHECK(judge->calls() == 2);
  REQUIRE(told.size() == 4);
  CHECK(told[0].contains(R"("side":"output")"));
  CHECK(told[0].contains(kAllows));
  CHECK(told[1].contains("You fool, it is 42."));
  CHECK(told[1].contains("Is 42 right?"));
  CHECK(ruled.model->heard()[1].contains("it gives advice"));
  CHECK(ruled.world.last("warning")["text"].get<std::string>().contains("output[0].plugin"));
}

TEST_CASE("a message that a plugin refuses ends the run with the rule's message, unseen by the model") {
  for (RuleMode mode : {RuleMode::blocking, RuleMode::parallel}) {
    Ruled ruled = with_plugin({kAnswer}, {.input = {by_plugin(mode)}}, says({kFail}));
    const Json end = ruled.ask();
    CHECK(ended(end, "denied", "guardrail"));
    CHECK(end["error"] == "Leave bank details out.");
    if (mode == RuleMode::blocking) CHECK(ruled.model->calls() == 0);
  }
}

TEST_CASE("a plugin that cannot be asked lets nothing pass: the run says so, and the rule's message") {
  auto judge =
      says({ScriptedModel::Line(Error{ErrorCode::tool, "plugin bank: it ended with signal 11", true})});
  Ruled ruled = with_plugin({kAnswer}, {.input = {by_plugin()}}, judge);
  const Json end = ruled.ask();
  CHECK(ended(end, "failed", "guardrail"));
  CHECK(end["error"] ==
        "rule `input[0].plugin` could not decide about the message, which is refused therefore: plugin bank: "
        "it ended with signal 11. Leave bank details out.");
  CHECK(judge->calls() == 1);
  CHECK(ruled.model->calls() == 0);
}

TEST_CASE("a plugin's verdict costs nothing: no usage is told, and no limit refuses it") {
  // With these limits a model's verdict would not have been asked for.
  AgentLimits limits;
  limits.tokens = 600;
  auto judge = says({kPass, kPass});
  Ruled ruled = with_plugin({kAnswer}, {.input = {by_plugin()}, .output = {by_plugin()}}, judge, limits);
  ruled.model->usage = {.input_tokens = 500, .output_tokens = 50};
  const Json end = ruled.ask();
  CHECK(ended(end, "done", "final_answer"));
  CHECK(judge->calls() == 2);
  CHECK(ruled.world.count("usage") == 1);
  CHECK(end["input_tokens"] == 500);
}

TEST_CASE("a plugin's verdict is asked for once, also over a crash, and a call that a crash cut off again") {
  auto gate = std::make_shared<Gate>(kPass);
  Ruled ruled = with_plugin({kAnswer, kAnswer}, {.input = {by_plugin()}}, gate);
  ruled.start();
  ruled.world.until([&] { return gate->calls == 1; });
  ruled.crash();
  gate->open = true;
  ruled.world.finished(ruled.run);
  CHECK(ended(ruled.world.last("run.finished"), "done", "final_answer"));
  CHECK(gate->calls == 2);
  CHECK(ruled.world.last("run.finished")["input_tokens"].get<int>() == 0);
  ruled.crash();
  CHECK(gate->calls == 2);
}

TEST_CASE("cancel ends a plugin that judges at once") {
  auto gate = std::make_shared<Gate>(kPass);
  Ruled ruled = with_plugin({kAnswer}, {.input = {by_plugin(RuleMode::parallel)}}, gate);
  ruled.start();
  ruled.world.until([&] { return gate->calls == 1; });
  ruled.cancel();
  ruled.world.finished(ruled.run);
  CHECK(ended(ruled.world.last("run.finished"), "cancelled", "cancelled"));
  CHECK(gate->ended == 1);
}
