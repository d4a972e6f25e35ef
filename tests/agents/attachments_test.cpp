#include "agents/runs/attachments.h"

#include "agents/runs/request_log.h"
#include "models/limits.h"
#include "tests/agents/world.h"

using namespace troupe;
using namespace troupe::agents;
using namespace troupe::agents::testing;

namespace {

const std::string kPng = "data:image/png;base64,iVBORw0KGgoAAAAN" + std::string(4000, 'A');
const std::string kAddress = "https://x.example/a.jpg";

/// What a model was sent, message by message.
struct PictureWitness {
  std::vector<std::vector<models::Message>> requests;
  std::size_t at = 0;

  std::shared_ptr<ScriptedModel> model(std::vector<ScriptedModel::Line> script) {
    return std::make_shared<ScriptedModel>(
        [this, script](const models::ModelRequest& request) -> ScriptedModel::Line {
          requests.push_back(request.transcript->messages());
          return at < script.size() ? script[at++] : ScriptedModel::Hang{};
        });
  }
  const models::Message& user(std::size_t request) const { return requests.at(request).back(); }
};

}  // namespace

TEST_CASE("pictures of a message reach the model, and again after a restart") {
  PictureWitness witness;
  World world(witness.model({ScriptedModel::Hang{}, kAnswer}));
  world.resume();
  const std::string session = world.session();
  world.attachments = {{kPng}, {kAddress}};
  auto run = world.submit(session, "What is this?");
  REQUIRE(run);
  world.until([&] { return witness.requests.size() == 1; });
  REQUIRE(witness.user(0).images.size() == 2);
  CHECK(witness.user(0).images[0].url == kPng);
  CHECK(witness.user(0).images[1].url == kAddress);
  const Json started = world.last("run.started");
  CHECK(
      dump(started["attachments"]) ==
      R"([{"type":"image","media_type":"image/png","bytes":3012},{"type":"image","url":"https://x.example/a.jpg"}])");
  world.close();

  world.open();
  world.watch(session);
  world.resume();
  world.finished(run->run);
  REQUIRE(witness.requests.size() == 2);
  REQUIRE(witness.user(1).images.size() == 2);
  CHECK(witness.user(1).images[0].url == kPng);
  CHECK(witness.user(1).content == "What is this?");
}

TEST_CASE("the journal holds a picture's data once, in a blob; rows, facts and requests only what it was") {
  PictureWitness witness;
  World world(witness.model({kAnswer, kAnswer}));
  world.resume();
  const std::string session = world.session();
  for (int turn = 0; turn < 2; ++turn) {
    world.attachments = {{kPng}};
    auto run = world.submit(session, "look");
    world.finished(run->run);
    auto row = fakes::run(world.loop, world.journal->find_run(run->run));
    REQUIRE(row);
    CHECK((*row)->extra.size() < 300);
    auto facts = fakes::run(world.loop, world.journal->read_facts(run->run));
    REQUIRE(facts);
    for (const store::Fact& fact : *facts) CHECK(fact.body.find("AAAAAAAA") == std::string::npos);
    auto turns = fakes::run(world.loop, world.journal->turns(session, "a", 10));
    auto sent = sent_requests(*facts, *turns);
    REQUIRE(sent);
    REQUIRE(sent->size() == 1);
    const Json shown = as_json(sent->front());
    CHECK(dump(shown["messages"].back()["images"]) == R"*(["data:image/png;base64,… (3012 bytes)"])*");
  }
}

TEST_CASE("memory keeps of a picture that there was one") {
  PictureWitness witness;
  World world(witness.model({kAnswer, kAnswer, kAnswer}));
  world.resume();
  const std::string session = world.session();
  world.attachments = {{kPng}};
  world.finished(world.submit(session, "first")->run);
  world.attachments = {{kPng}, {kAddress}};
  world.finished(world.submit(session, "")->run);
  world.finished(world.submit(session, "third")->run);
  const auto& messages = witness.requests.at(2);
  REQUIRE(messages.size() == 6);
  CHECK(messages[1].content == "first\n\n[1 image]");
  CHECK(messages[3].content == "[2 images]");
  CHECK(messages[5].content == "third");
  for (const models::Message& message : messages) CHECK(message.images.empty());
  auto runs = fakes::run(world.loop, world.journal->list_runs("", session, 1));
  REQUIRE(runs);
  auto facts = fakes::run(world.loop, world.journal->read_facts(runs->front().id));
  auto turns = fakes::run(world.loop, world.journal->turns(session, "a", 10));
  auto sent = sent_requests(*facts, *turns);
  REQUIRE(sent);
  CHECK(sent->front().exact);
  CHECK(sent->front().messages.at(1).content == "first\n\n[1 image]");
}

TEST_CASE("too many pictures, or too large ones, are refused before anything is kept") {
  World world(says({kAnswer}));
  world.resume();
  const std::string session = world.session();
  world.attachments = std::vector<models::Image>(17, {kAddress});
  auto many = world.submit(session, "q");
  REQUIRE_FALSE(many);
  CHECK(many.error().code == ErrorCode::invalid);
  world.attachments =
      std::vector<models::Image>(5, {"data:image/png;base64,iVBORw0KGgoAAAAN" + std::string(6u << 20, 'A')});
  auto large = world.submit(session, "q");
  REQUIRE_FALSE(large);
  CHECK(large.error().code == ErrorCode::too_large);
  CHECK(world.frames.empty());
}

TEST_CASE("a run whose picture is gone from the store fails and says so") {
  World world(says({kAnswer}));
  auto lost = fakes::run(
      world.loop,
      load_attachments(
          *world.journal,
          R"({"attachments":[{"type":"image","media_type":"image/png","bytes":3,"blob":"00ff"}]})"));
  REQUIRE_FALSE(lost);
  CHECK(lost.error().message.starts_with("a picture of the message"));
  CHECK(fakes::run(world.loop, load_attachments(*world.journal, ""))->empty());
  CHECK(
      fakes::run(world.loop, load_attachments(*world.journal, R"({"inputs":{"attachments":"x"}})"))->empty());
  CHECK(shown_attachments(R"({"inputs":{}})").is_null());
}
