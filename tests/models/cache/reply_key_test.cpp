#include "models/cache/reply_key.h"

#include "tests/models/call.h"

#include <functional>
#include <set>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::models;
using namespace troupe::models::testing;
using namespace std::chrono_literals;

namespace {

ModelSettings entry() {
  return {.name = "main", .provider = "openai", .model = "m", .api_key = "sk-secret", .temperature = 0};
}

std::string key(const ModelRequest& request) {
  return reply_key("default", "identity", request);
}

}  // namespace

TEST_CASE("what shapes an answer makes another model of an entry") {
  const std::vector<std::function<void(ModelSettings&)>> changes = {
      [](ModelSettings& s) { s.provider = "huggingface"; },
      [](ModelSettings& s) { s.model = "n"; },
      [](ModelSettings& s) { s.base_url = "http://127.0.0.1:8000/v1"; },
      [](ModelSettings& s) { s.temperature = 0.5; },
      [](ModelSettings& s) { s.temperature.reset(); },
      [](ModelSettings& s) { s.top_p = 0.5; },
      [](ModelSettings& s) { s.seed = 1; },
      [](ModelSettings& s) { s.max_output_tokens = 10; },
      [](ModelSettings& s) { s.extra_body = {{"reasoning_effort", "high"}}; },
      [](ModelSettings& s) { s.drop_params = {"stop"}; },
      [](ModelSettings& s) { s.extra_headers = {{"X-Variant", "b"}}; },
      [](ModelSettings& s) { s.extra_headers = {{"X-Variant", "c"}}; },
  };
  std::set<std::string> identities{model_identity(entry())};
  for (const auto& change : changes) {
    ModelSettings settings = entry();
    change(settings);
    identities.insert(model_identity(settings));
  }
  CHECK(identities.size() == changes.size() + 1);
}

TEST_CASE("how an entry is asked, what it costs and what it is called make no other model of it") {
  const std::vector<std::function<void(ModelSettings&)>> changes = {
      [](ModelSettings& s) { s.name = "other"; },
      [](ModelSettings& s) { s.api_key = "sk-another"; },
      [](ModelSettings& s) { s.extra_headers = {{"Authorization", "Bearer x"}, {"api-key", "y"}}; },
      [](ModelSettings& s) { s.timeout = 1s; },
      [](ModelSettings& s) { s.retries = 0; },
      [](ModelSettings& s) { s.stream = false; },
      [](ModelSettings& s) { s.concurrency = 2, s.requests_per_minute = 60, s.tokens_per_minute = 1000; },
      [](ModelSettings& s) { s.price = Price{.input = 1, .output = 2}; },
      [](ModelSettings& s) { s.cache = {.type = "memory", .ttl = 1s, .size = 100'000}; },
      [](ModelSettings& s) { s.fallback = {"x"}; },
  };
  for (const auto& change : changes) {
    ModelSettings settings = entry();
    change(settings);
    CHECK(model_identity(settings) == model_identity(entry()));
  }
}

TEST_CASE("everything in a request counts, and where in it that stands") {
  std::vector<ModelRequest> requests = {
      request_of({user("ab")}),
      request_of({user("a"), user("b")}),
      request_of({user("a"), assistant("b")}),
      request_of({instruct("a"), user("b")}),
      request_of({user("a"), user("b")}, {{"f", "d", "{}"}}),
      request_of({user("a"), user("b")}, {{"fd", "", "{}"}}),
      request_of({user("a"), user("b")}, {{"f", "d", "{ }"}}),
  };
  const auto with = [&](auto change) {
    ModelRequest request = requests.front();
    change(request);
    requests.push_back(request);
  };
  with([](ModelRequest& r) { r.schema = "{}"; });
  with([](ModelRequest& r) { r.object_schema = "{}"; });
  with([](ModelRequest& r) { r.stop = {"x"}; });
  with([](ModelRequest& r) { r.stop = {"x", "y"}; });
  with([](ModelRequest& r) { r.stop = {"xy"}; });
  with([](ModelRequest& r) { r.tool_mode = ToolMode::native; });
  with([](ModelRequest& r) { r.intent = Intent::judge; });
  const auto message = [&](auto change) {
    Message one = user("ab");
    change(one);
    requests.push_back(request_of({one}));
  };
  message([](Message& m) { m.images = {{"https://x/1.png"}}; });
  message([](Message& m) { m.images = {{"https://x/2.png"}}; });
  message([](Message& m) { m.provider_state = "{}"; });
  message([](Message& m) { m.tool_calls = {{"1", "f", "{}"}}; });
  message([](Message& m) { m.tool_calls = {{"2", "f", "{}"}}; });
  message([](Message& m) { m.tool_calls = {{"1", "f", "{} "}}; });
  message([](Message& m) { m.role = Role::tool, m.tool_call_id = "1", m.name = "f"; });
  message([](Message& m) { m.role = Role::tool, m.tool_call_id = "f", m.name = "1"; });
  std::set<std::string> keys;
  for (const ModelRequest& request : requests) keys.insert(key(request));
  CHECK(keys.size() == requests.size());
  CHECK(key(request_of({user("ab")})) == key(requests.front()));
}

TEST_CASE("another tenant's replies, and another model's, have other names") {
  const ModelRequest request = request_of({user("a")});
  CHECK(reply_key("a", "i", request) != reply_key("b", "i", request));
  CHECK(reply_key("a", "i", request) != reply_key("a", "j", request));
  CHECK(reply_key("ai", "", request) != reply_key("a", "i", request));
  CHECK(reply_key("a", "i", request).size() == 64);
}
