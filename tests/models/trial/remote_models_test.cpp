#include "models/trial/remote_models.h"

#include "models/limits.h"
#include "tests/fakes/http_peer.h"
#include "tests/models/call.h"
#include "tests/runtime/net/client_bench.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::models;
using namespace troupe::models::testing;
using fakes::HttpPeer;
using fakes::PeerReply;
using fakes::PeerRequest;

namespace {

constexpr const char* kKey = "sk-a-key-that-must-not-be-seen";

Result<RemoteModels> ask(RemotePlace place) {
  net::ClientBench bench;
  RecordingEvents events;
  CallContext context{.loop = bench.loop, .stop = bench.stop, .events = events};
  auto models = fakes::run(bench.loop, remote_models(bench.client, std::move(place), context));
  if (!models) CHECK(models.error().message.find(kKey) == std::string::npos);
  return models;
}

std::string url(std::string provider, std::string base_url, std::string_view next = "") {
  return page_url({.provider = std::move(provider), .base_url = std::move(base_url)}, next);
}

std::vector<std::string> names(std::string_view provider, std::string_view body) {
  auto page = read_page(provider, body);
  REQUIRE_MESSAGE(page.has_value(), page.error().message);
  return page->names;
}

}  // namespace

TEST_CASE("each provider's list is where its API has it") {
  CHECK(url("openai", "") == "https://api.openai.com/v1/models");
  CHECK(url("openai", "http://h:8000") == "http://h:8000/v1/models");
  CHECK(url("openai", "http://h:8000/v1") == "http://h:8000/v1/models");
  CHECK(url("openai", "http://h:8000/v1/chat/completions") == "http://h:8000/v1/models");
  CHECK(url("huggingface", "") == "https://router.huggingface.co/v1/models");
  CHECK(url("anthropic", "") == "https://api.anthropic.com/v1/models?limit=1000");
  CHECK(url("anthropic", "", "claude 1") ==
        "https://api.anthropic.com/v1/models?limit=1000&after_id=claude%201");
  CHECK(url("gemini", "", "a+b/c=") ==
        "https://generativelanguage.googleapis.com/v1beta/models?pageSize=1000&pageToken=a%2Bb%2Fc%3D");
  CHECK(url("ollama", "") == "http://127.0.0.1:11434/api/tags");
  CHECK(url("ollama", "http://h/api/chat") == "http://h/api/tags");
  CHECK(list_url({.provider = "builtin"}) == "");
  CHECK(list_url({.provider = "cassette"}) == "");
  CHECK(list_url(remote_place(EmbedderSettings{.provider = "huggingface", .model = "a/b"})) == "");
  CHECK(list_url(remote_place(EmbedderSettings{.provider = "huggingface", .base_url = "http://tei"})) == "");
  CHECK(list_url(remote_place(EmbedderSettings{.provider = "huggingface", .base_url = "http://tei/v1"})) ==
        "http://tei/v1/models");
  CHECK(list_url(remote_place(EmbedderSettings{.provider = "ollama"})) == "http://127.0.0.1:11434/api/tags");
}

TEST_CASE("each provider's list is read") {
  using Names = std::vector<std::string>;
  CHECK(names("openai", R"({"object":"list","data":[{"id":"gpt-4o","object":"model"},{"id":"o3"},{}]})") ==
        Names{"gpt-4o", "o3"});
  CHECK(names("openai", R"([{"id":"one"}])") == Names{"one"});  // as Together answers
  CHECK(names("ollama", R"({"models":[{"name":"llama3.1:latest","size":4},{"model":"phi3"}]})") ==
        Names{"llama3.1:latest", "phi3"});
  CHECK(names("gemini", R"({"models":[{"name":"models/gemini-2.5-flash"}],"nextPageToken":"t"})") ==
        Names{"gemini-2.5-flash"});
  CHECK(read_page("gemini", R"({"models":[],"nextPageToken":"t"})")->next == "t");
  CHECK(read_page("anthropic", R"({"data":[{"id":"a"}],"has_more":true,"last_id":"a"})")->next == "a");
  CHECK(read_page("anthropic", R"({"data":[{"id":"a"}],"has_more":false,"last_id":"a"})")->next == "");
  CHECK(names("ollama", R"({"models":null,"data":[]})").empty());

  CHECK(read_page("openai", "<html>").error().code == ErrorCode::protocol);
  CHECK(read_page("openai", R"({"hello":1})").error().message ==
        "the answer has no list of models: {\"hello\":1}");
  CHECK(read_page("openai", R"({"error":{"message":"no"}})").error().code == ErrorCode::model);
}

TEST_CASE("pages are asked for until there are no more, with the key in a header") {
  HttpPeer peer([](const PeerRequest& request) {
    if (request.param("pageToken").empty())
      return PeerReply::json(R"({"models":[{"name":"models/a"}],"nextPageToken":"two"})");
    return PeerReply::json(R"({"models":[{"name":"models/b"}]})");
  });
  auto models = ask({.provider = "gemini", .base_url = peer.url(""), .api_key = kKey});
  REQUIRE_MESSAGE(models.has_value(), models.error().message);
  CHECK(models->names == std::vector<std::string>{"a", "b"});
  CHECK_FALSE(models->cut);
  REQUIRE(peer.requests().size() == 2);
  for (const PeerRequest& request : peer.requests()) {
    CHECK(request.method == "GET");
    CHECK(request.path == "/v1beta/models");
    CHECK(request.header("x-goog-api-key") == kKey);
    CHECK(request.target.find(kKey) == std::string::npos);
  }
}

TEST_CASE("a server that never ends its list is left in the middle of it") {
  int page = 0;
  HttpPeer endless([&](const PeerRequest&) {
    return PeerReply::json(
        fmt::format(R"({{"data":[{{"id":"m{0}"}}],"has_more":true,"last_id":"m{0}"}})", ++page));
  });
  auto models = ask({.provider = "anthropic", .base_url = endless.url("")});
  REQUIRE(models.has_value());
  CHECK(models->cut);
  CHECK(endless.requests().size() == limits::kRemotePages);
  CHECK(endless.requests().at(0).header("anthropic-version") == "2023-06-01");

  HttpPeer circle([](const PeerRequest&) {
    return PeerReply::json(R"({"data":[{"id":"m"}],"has_more":true,"last_id":"m"})");
  });
  CHECK(ask({.provider = "anthropic", .base_url = circle.url("")})->cut);
  CHECK(circle.requests().size() == 2);

  HttpPeer huge([](const PeerRequest&) {
    std::string body = R"({"data":[{"id":"m"})";
    for (std::size_t i = 0; i < limits::kRemoteModels + 10; ++i) body += R"(,{"id":"m"})";
    return PeerReply::json(body + "]}");
  });
  auto many = ask({.provider = "openai", .base_url = huge.url("/v1")});
  REQUIRE(many.has_value());
  CHECK(many->cut);
  CHECK(many->names.size() == limits::kRemoteModels);
}

TEST_CASE("a list that cannot be had says why, without the key") {
  HttpPeer peer([](const PeerRequest&) {
    return PeerReply::json(std::string(R"({"error":{"message":"Incorrect key )") + kKey + "\"}}", 401);
  });
  auto refused = ask({.provider = "openai", .base_url = peer.url("/v1"), .api_key = kKey});
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().message.find("/v1/models): HTTP 401") != std::string::npos);
  CHECK(refused.error().message.find("`api_key`") != std::string::npos);
  auto none = ask({.provider = "builtin"});
  REQUIRE_FALSE(none.has_value());
  CHECK(none.error().code == ErrorCode::unavailable);
}
