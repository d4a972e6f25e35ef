#include "models/embedders/batching.h"

#include "models/embedders/governed_embedder.h"
#include "tests/models/embedders/embed_caller.h"

#include <limits>

#include <fmt/format.h>

using namespace troupe;
using namespace troupe::models;
using namespace troupe::models::testing;
using namespace std::chrono_literals;

namespace {

using Ends = std::vector<std::size_t>;

Ends ends(std::vector<std::int64_t> tokens, EmbedderLimits limits) {
  return batch_ends(tokens, limits);
}

std::vector<std::string> numbered(std::size_t count) {
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < count; ++i) texts.push_back(std::string(i % 50 + 1, 'x'));
  return texts;
}

std::shared_ptr<ScriptedEmbedder> scripted(std::size_t batch, ScriptedEmbedder::Answer answer) {
  return std::make_shared<ScriptedEmbedder>(EmbedderLimits{.texts = batch}, std::move(answer));
}

Error passing(std::string message) {
  return {ErrorCode::model, std::move(message), true, 503, 1ms};
}

std::shared_ptr<Governor> governor(EmbedCaller& caller, const RetryPolicy& policy) {
  return std::make_shared<Governor>("test", GovernorRules{.pauses = policy}, caller.bench.loop, caller.rng);
}

}  // namespace

TEST_CASE("requests have as many texts as fit, and always one") {
  CHECK(ends({}, {.texts = 3}) == Ends{});
  CHECK(ends({1, 1, 1}, {.texts = 3}) == Ends{3});
  CHECK(ends({1, 1, 1, 1}, {.texts = 3}) == Ends{3, 4});
  CHECK(ends({1, 1, 1, 1}, {}) == Ends{4});
  CHECK(ends({1, 1}, {.texts = 1}) == Ends{1, 2});
  // A third of what the provider takes stays free, since tokens are estimated.
  CHECK(ends({50, 50, 1}, {.call_tokens = 150}) == Ends{2, 3});
  CHECK(ends({500, 1, 500}, {.call_tokens = 150}) == Ends{1, 2, 3});
}

TEST_CASE("10,000 texts go out in requests of the batch, and come back in order") {
  auto inner = scripted(100, [](const auto& texts, auto) { return lengths(texts); });
  Batching batching(inner);
  EmbedCaller caller;
  CHECK(batching.dimensions() == 0);

  auto vectors = caller.embed(batching, numbered(10'000));

  REQUIRE_MESSAGE(vectors.has_value(), vectors.error().message);
  CHECK(inner->calls.size() == 100);
  REQUIRE(vectors->rows() == 10'000);
  for (std::size_t i = 0; i < 10'000; ++i) REQUIRE(vectors->row(i)[0] == static_cast<float>(i % 50 + 1));
  CHECK(vectors->usage.input_tokens == 10'000);
  CHECK(batching.dimensions() == 2);
  CHECK(batching.limits().texts == 100);
}

TEST_CASE("no texts are no rows, and nothing is sent") {
  auto inner = scripted(100, [](const auto& texts, auto) { return lengths(texts); });
  Batching batching(inner);
  EmbedCaller caller;
  auto vectors = caller.embed(batching, {});
  REQUIRE(vectors.has_value());
  CHECK(vectors->rows() == 0);
  CHECK(inner->calls.empty());
}

TEST_CASE("a text of nothing is refused before anything is sent") {
  auto inner = scripted(100, [](const auto& texts, auto) { return lengths(texts); });
  Batching batching(inner);
  EmbedCaller caller;
  for (const char* nothing : {"", " \t\r\n"}) {
    auto vectors = caller.embed(batching, {"one", nothing, "three"});
    REQUIRE_FALSE(vectors.has_value());
    CHECK(vectors.error().code == ErrorCode::invalid);
    CHECK(vectors.error().message ==
          "embedder scripted: text 2 of 3 is empty, and nothing has no vector; leave it out");
  }
  CHECK(inner->calls.empty());
}

TEST_CASE("an answer that is not what was asked is an error, and how far it came is told") {
  const auto says = [](ScriptedEmbedder::Answer answer) {
    Batching batching(scripted(2, std::move(answer)));
    EmbedCaller caller;
    auto vectors = caller.embed(batching, {"a", "b", "c"});
    REQUIRE_FALSE(vectors.has_value());
    return vectors.error();
  };
  const Error fewer = says([](const auto&, auto) { return lengths({"x"}); });
  CHECK(fewer.code == ErrorCode::protocol);
  CHECK(fewer.message == "embedder scripted: the answer has 1 vectors for 2 texts");

  const Error none = says([](const auto&, auto) { return Vectors{}; });
  CHECK(none.message == "embedder scripted: the answer has 0 vectors for 2 texts");

  const Error other = says([](const auto& texts, std::size_t call) {
    if (call == 1) return lengths(texts);
    return Vectors{.values = {1, 2, 3}, .dimensions = 3};
  });
  CHECK(other.code == ErrorCode::protocol);
  CHECK(other.message.find("vectors of 3 dimensions instead of 2") != std::string::npos);
  CHECK(other.message.find("(after 2 of 3 texts)") != std::string::npos);

  const Error refused = says([](const auto&, auto) -> Result<Vectors> { return fail(passing("busy")); });
  CHECK(refused.message == "busy");
  CHECK(refused.status == 503);
}

TEST_CASE("the number of dimensions stays what it was at first, from call to call") {
  Batching batching(scripted(2, [](const auto& texts, std::size_t call) {
    return call == 1 ? lengths(texts) : Vectors{.values = {1}, .dimensions = 1};
  }));
  EmbedCaller caller;
  CHECK(caller.embed(batching, {"a"}).has_value());
  auto second = caller.embed(batching, {"a"});
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().code == ErrorCode::protocol);
}

TEST_CASE("a request that failed for a reason that passes is sent again, it alone") {
  auto inner = scripted(2, [](const auto& texts, std::size_t call) -> Result<Vectors> {
    if (call == 2 || call == 3) return fail(passing("busy"));
    return lengths(texts);
  });
  EmbedCaller caller;
  const RetryPolicy policy{.retries = 2, .first = 1ms};
  Batching batching(std::make_shared<GovernedEmbedder>(inner, governor(caller, policy), policy, caller.rng));
  auto vectors = caller.embed(batching, {"a", "b", "c"});
  REQUIRE_MESSAGE(vectors.has_value(), vectors.error().message);
  CHECK(inner->calls.size() == 4);
  CHECK(inner->calls[0] == std::vector<std::string>{"a", "b"});
  CHECK(inner->calls[3] == std::vector<std::string>{"c"});
  REQUIRE(caller.events.events.size() == 2);
  CHECK(string_or(caller.events.events[0].fields, "code") == "model_retry");
  CHECK(string_or(caller.events.events[0].fields, "text").find("busy; attempt 2 of 3") == 0);
}

TEST_CASE("what does not pass is not sent again, nor is anything beyond the attempts or the deadline") {
  EmbedCaller caller;
  const auto calls = [&](Error error, int retries, Deadline deadline = {}) {
    auto inner = scripted(2, [&](const auto&, auto) -> Result<Vectors> { return fail(error); });
    const RetryPolicy policy{.retries = retries, .first = 1ms};
    GovernedEmbedder retrying(inner, governor(caller, policy), policy, caller.rng);
    auto vectors = caller.embed(retrying, {"a"}, deadline);
    REQUIRE_FALSE(vectors.has_value());
    return std::pair(inner->calls.size(), vectors.error().message);
  };
  CHECK(calls({ErrorCode::model, "no key"}, 5).first == 1);
  const auto [attempts, message] = calls(passing("busy"), 2);
  CHECK(attempts == 3);
  CHECK(message == "busy (after 3 attempts)");
  Error slow = passing("busy");
  slow.retry_after = 10s;
  const auto [once, late] = calls(slow, 2, Deadline::after(caller.bench.clock, 1s));
  CHECK(once == 1);
  CHECK(late == "busy; the deadline leaves no time to try again");
}

TEST_CASE("questions go to the provider as such, through batches and retries") {
  class Purposeful final : public Embedder {
   public:
    Task<Result<Vectors>> embed(std::vector<std::string> texts, CallContext&) override {
      co_return lengths(texts);
    }
    Task<Result<Vectors>> embed_queries(std::vector<std::string> texts, CallContext&) override {
      if (++calls == 1) co_return fail(passing("not now"));
      Vectors vectors = lengths(texts);
      for (float& value : vectors.values) value = -value;
      co_return vectors;
    }
    const std::string& name() const override { return name_; }
    std::size_t dimensions() const override { return 0; }
    EmbedderLimits limits() const override { return {.texts = 2}; }
    std::string version() const override { return "7"; }
    int calls = 0;

   private:
    const std::string name_ = "purposeful";
  };
  EmbedCaller caller;
  const RetryPolicy policy{.retries = 1, .first = 1ms};
  auto provider = std::make_shared<Purposeful>();
  Batching embedder(
      std::make_shared<GovernedEmbedder>(provider, governor(caller, policy), policy, caller.rng));
  CallContext context{
      .loop = caller.bench.loop, .stop = caller.bench.stop, .deadline = {}, .events = caller.events};
  auto asked = fakes::run(caller.bench.loop, embedder.embed_queries({"a", "bb", "ccc"}, context));
  REQUIRE_MESSAGE(asked.has_value(), asked.error().message);
  CHECK(asked->values == std::vector<float>{-1, -1, -2, -1, -3, -1});
  CHECK(provider->calls == 3);
  CHECK(caller.embed(embedder, {"a"})->values == std::vector<float>{1, 1});
  CHECK(embedder.version() == "7");
  CHECK_FALSE(fakes::run(caller.bench.loop, embedder.embed_queries({" "}, context)).has_value());
}
