#include "runtime/net/http_client.h"
#include "tests/fakes/http_peer.h"
#include "tests/models/call.h"
#include "tests/models/provider_model.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::models;
using namespace troupe::models::testing;
using fakes::HttpPeer;
using fakes::PeerReply;
using fakes::PeerRequest;

namespace {

const std::string kText = R"(data: {"model":"m","choices":[{"index":0,"delta":{"content":"enough"}}]})"
                          "\n\n";
const std::string kMore =
    R"(data: {"model":"m","choices":[{"index":0,"delta":{"content":" Observation: made up"}}]})"
    "\n\n";
const std::string kFence = R"(data: {"model":"m","choices":[{"index":0,"delta":{"content":"\n```\n"}}]})"
                           "\n\n";
const std::string kEnd = R"(data: {"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})"
                         "\n\n"
                         R"(data: {"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":3}})"
                         "\n\ndata: [DONE]\n\n";

PeerReply stream() {
  return PeerReply().header("Content-Type", "text/event-stream").chunked();
}

/// A model on a peer, and a caller whose sink has enough after the first piece of text.
struct World : Caller {
  explicit World(HttpPeer::Handler handler) : peer(std::move(handler)) { sink.enough = 6; }

  Result<ModelReply> ask() {
    sink.text.clear();
    return call(*model, request_of({user("q")}));
  }

  HttpPeer peer;
  std::unique_ptr<net::HttpClient> http = net::make_curl_client(loop, {}, net::Guarding::open);
  ProviderModel model{
      {.name = "main", .provider = "openai", .model = "m", .base_url = peer.url("/v1"), .retries = 0},
      *http,
      loop};
};

}  // namespace

TEST_CASE("a model that stops where its reader has enough is counted exactly, and keeps its connection") {
  World world([](const PeerRequest&) {
    return stream().write(kText).pause(std::chrono::milliseconds(20)).write(kFence).write(kEnd);
  });

  for (int i = 0; i < 3; ++i) {
    auto reply = world.ask();
    REQUIRE(reply);
    CHECK(reply->finish == FinishReason::stop);
    CHECK(reply->usage.input_tokens == 7);
    CHECK(reply->usage.output_tokens == 3);
    CHECK_FALSE(reply->usage.estimated);
    CHECK(world.sink.text == "enough");
  }
  CHECK(world.peer.connections() == 1);
}

TEST_CASE("a model that goes on is cut off at its next text") {
  World world([](const PeerRequest&) {
    return stream().write(kText).pause(std::chrono::milliseconds(100)).write(kMore).stall();
  });

  auto reply = world.ask();

  REQUIRE(reply);
  CHECK(reply->finish == FinishReason::closed_early);
  CHECK(reply->usage.estimated);
  CHECK(world.sink.text == "enough");
  CHECK(world.peer.wait_for_open(0));
}

TEST_CASE("a stream that neither ends nor goes on is not waited for") {
  World world([](const PeerRequest&) { return stream().write(kText).stall(); });

  auto reply = world.ask();

  REQUIRE(reply);
  CHECK(reply->finish == FinishReason::closed_early);
  CHECK(world.peer.wait_for_open(0));
}

TEST_CASE("a stream that breaks after its reader has enough has done its work") {
  for (bool reset : {false, true}) {
    World world([reset](const PeerRequest&) {
      auto reply = stream().write(kText).pause(std::chrono::milliseconds(5));
      return reset ? std::move(reply).reset() : std::move(reply).cut();
    });

    auto reply = world.ask();

    REQUIRE(reply);
    CHECK(reply->text == "enough");
    CHECK(reply->finish == FinishReason::closed_early);
  }
}
