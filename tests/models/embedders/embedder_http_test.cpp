#include "tests/fakes/http_peer.h"
#include "tests/models/embedders/embed_caller.h"
#include "tests/models/recordings.h"

#include <chrono>
#include <map>
#include <optional>

#include <fmt/format.h>

using namespace troupe;
using namespace troupe::models;
using namespace troupe::models::testing;
using namespace std::chrono_literals;
using fakes::HttpPeer;
using fakes::PeerReply;
using fakes::PeerRequest;

namespace {

constexpr const char* kKey = "sk-a-key-that-must-not-be-seen";
const std::vector<std::string> kProviders = {"openai", "gemini", "ollama", "huggingface"};

EmbedderSettings keyed(const std::string& provider, std::string base_url) {
  EmbedderSettings settings = embedder_entry(provider, std::move(base_url));
  settings.api_key = kKey;
  settings.timeout = 10s;
  return settings;
}

// What the entry of a provider has to say to reach `peer`: in a `/v1` Hugging Face has OpenAI's format.
std::string base_of(const std::string& provider, const HttpPeer& peer) {
  return peer.url(provider == "huggingface" ? "" : "/v1");
}

// Each provider's own way to say these rows.
std::string answer_of(const std::string& provider, const std::vector<std::vector<double>>& rows) {
  if (provider == "huggingface") return dump(Json(rows));
  if (provider == "ollama") return dump(Json{{"embeddings", rows}, {"prompt_eval_count", 3}});
  Json list = Json::array();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (provider == "gemini") list.push_back({{"values", rows[i]}});
    if (provider == "openai") list.push_back({{"index", i}, {"embedding", rows[i]}});
  }
  if (provider == "gemini") return dump(Json{{"embeddings", list}});
  return dump(Json{{"data", list}, {"usage", {{"prompt_tokens", 3}}}});
}

std::string error_of(const std::string& provider, const std::string& message) {
  if (provider == "ollama" || provider == "huggingface") return dump(Json{{"error", message}});
  return dump(Json{{"error", {{"message", message}}}});
}

std::size_t texts_in(const PeerRequest& request) {
  const Json body = Json::parse(request.body);
  for (const char* key : {"input", "inputs", "requests"})
    if (const Json* texts = find(body, key)) return texts->size();
  return 0;
}

// A server that gives each text the vector (1, number of the text in its request).
PeerReply plain_answer(const std::string& provider, const PeerRequest& request) {
  std::vector<std::vector<double>> rows;
  for (std::size_t i = 0; i < texts_in(request); ++i) rows.push_back({1, static_cast<double>(i)});
  return PeerReply::json(answer_of(provider, rows));
}

struct Fault {
  std::string name;
  PeerReply reply;
  ErrorCode code;
  bool retryable;
  std::string says;
  std::optional<std::chrono::milliseconds> retry_after = std::nullopt;
};

std::vector<Fault> faults(const std::string& provider) {
  const auto error = [&](const std::string& message) { return error_of(provider, message); };
  const std::string good = answer_of(provider, {{1, 2}});
  return {
      {"killed before its answer", PeerReply::hang_up(), ErrorCode::network, true,
       "closed the connection before it answered"},
      {"cut in the middle", PeerReply::json(good).cut_after(5), ErrorCode::network, true,
       "cut the answer after 5 bytes"},
      {"cut where nobody notices", PeerReply(200, good.substr(0, good.size() / 2)).until_close(),
       ErrorCode::protocol, false, "no JSON"},
      {"silent", PeerReply::silence(), ErrorCode::timeout, true, "400 ms"},
      {"stalled", PeerReply(200, good.substr(0, 4)).chunked().stall(), ErrorCode::timeout, true, "400 ms"},
      {"bytes that are not HTTP", PeerReply::raw("220 mail.example ESMTP\r\n"), ErrorCode::protocol, false,
       "does not answer in HTTP/1.1"},
      {"a web page", PeerReply::html("<html><body><h1>It works!</h1></body></html>"), ErrorCode::protocol,
       false, "It works!"},
      {"an empty body", PeerReply(200), ErrorCode::protocol, false, "the answer was empty"},
      {"too few vectors", PeerReply::json(answer_of(provider, {})), ErrorCode::protocol, false,
       "0 vectors for 1 texts"},
      {"too many vectors", PeerReply::json(answer_of(provider, {{1, 2}, {1, 2}})), ErrorCode::protocol, false,
       "2 vectors for 1 texts"},
      {"an error with a good status", PeerReply::json(error("Overloaded, try again")), ErrorCode::model, true,
       "Overloaded"},
      {"429", PeerReply::json(error("Rate limit reached"), 429).header("Retry-After", "2"), ErrorCode::model,
       true, "HTTP 429: Rate limit reached", 2000ms},
      {"500", PeerReply::json(error("The server had an error"), 500), ErrorCode::model, true,
       "HTTP 500: The server"},
      {"401", PeerReply::json(error(fmt::format("Incorrect API key provided: {}.", kKey)), 401),
       ErrorCode::model, false, "check this entry's `api_key`"},
      {"404", PeerReply(404, "page not found"), ErrorCode::model, false, "`base_url`"},
      {"too long", PeerReply::json(error("This model's maximum context length is 8192 tokens"), 400),
       ErrorCode::too_large, false, "cut texts smaller"},
      {"too many at once", PeerReply::json(error("batch size 64 > maximum allowed batch size 32"), 422),
       ErrorCode::model, false, "Set a smaller `batch`"},
      {"a redirect", PeerReply::redirect("https://elsewhere.example/v1"), ErrorCode::model, false,
       "Redirects are not followed"},
  };
}

}  // namespace

TEST_CASE("recorded vectors over HTTP give what was recorded, however they travel") {
  for (const Json& recording : json_lines("recordings/embeddings.jsonl.gz")) {
    CAPTURE(recording["id"].get<std::string>());
    const std::string provider = recording["provider"];
    const std::string body = recording["body"];
    const bool good = recording["status"] == 200;
    int way = 0;
    HttpPeer peer([&](const PeerRequest&) {
      PeerReply reply = PeerReply::json(body, recording["status"]);
      if (way == 1) reply.chunked({1, 7, 2, 1021, 3});
      if (way == 2) reply.gzip();
      return reply;
    });
    for (way = 0; way < 3; ++way) {
      EmbedCaller caller;
      auto embedder = caller.make(keyed(provider, base_of(provider, peer)));
      const std::size_t rows = good ? recording["expected"]["rows"].get<std::size_t>() : 1;
      auto vectors = caller.embed(*embedder, std::vector<std::string>(rows, "text"));
      if (good) {
        REQUIRE_MESSAGE(vectors.has_value(), vectors.error().message);
        CHECK(vectors->dimensions == recording["expected"]["dimensions"].get<std::size_t>());
        CHECK(vectors->values.front() == recording["expected"]["first"][0].get<float>());
        CHECK(embedder->dimensions() == vectors->dimensions);
      } else {
        REQUIRE_FALSE(vectors.has_value());
        CHECK(vectors.error().status == recording["status"].get<int>());
        CHECK(vectors.error().message.starts_with("embedder default (m at http://127.0.0.1:"));
        CHECK_FALSE(vectors.error().retryable);
      }
    }
  }
}

TEST_CASE("a request goes to the provider's path, with its key in a header and nowhere else") {
  const std::map<std::string, std::pair<std::string, std::string>> expected = {
      {"openai", {"/v1/embeddings", "authorization"}},
      {"gemini", {"/v1beta/models/m:batchEmbedContents", "x-goog-api-key"}},
      {"ollama", {"/api/embed", "authorization"}},
      {"huggingface", {"/embed", "authorization"}},
  };
  for (const std::string& provider : kProviders) {
    CAPTURE(provider);
    HttpPeer peer([&](const PeerRequest& request) { return plain_answer(provider, request); });
    EmbedCaller caller;
    EmbedderSettings settings = keyed(provider, peer.url(""));
    settings.extra_headers = {{"x-extra", "one"}};
    auto vectors = caller.embed(*caller.make(settings), {"a", "b"});
    REQUIRE_MESSAGE(vectors.has_value(), vectors.error().message);
    CHECK(vectors->values == std::vector<float>{1, 0, 1, 1});
    const PeerRequest request = peer.requests().at(0);
    const auto& [path, header] = expected.at(provider);
    CHECK(request.method == "POST");
    CHECK(request.path == path);
    CHECK(request.header(header) == (header == "authorization" ? std::string("Bearer ") + kKey : kKey));
    CHECK(request.header("x-extra") == "one");
    CHECK(request.header("content-type") == "application/json");
    CHECK(request.target.find(kKey) == std::string::npos);
    CHECK(request.body.find(kKey) == std::string::npos);
  }
}

TEST_CASE("a server that fails becomes an error that says how, whatever provider it plays; nothing leaks") {
  {
    HttpPeer warm_up([](const PeerRequest&) { return PeerReply(500); });
  }
  const std::size_t before = net::open_descriptors();
  for (const std::string& provider : kProviders) {
    HttpPeer peer([](const PeerRequest&) { return PeerReply(500); });
    for (Fault& fault : faults(provider)) {
      CAPTURE(provider);
      CAPTURE(fault.name);
      peer.answer([&fault](const PeerRequest&) { return fault.reply; });
      EmbedCaller caller;
      EmbedderSettings settings = keyed(provider, base_of(provider, peer));
      settings.timeout = 400ms;
      auto vectors = caller.embed(*caller.make(settings), {"a"});
      REQUIRE_FALSE(vectors.has_value());
      const Error& error = vectors.error();
      CAPTURE(error.message);
      CHECK(error.code == fault.code);
      CHECK(error.retryable == fault.retryable);
      CHECK(error.message.find(fault.says) != std::string::npos);
      CHECK(error.message.starts_with("embedder default"));
      CHECK(error.message.find(kKey) == std::string::npos);
      CHECK(error.retry_after == fault.retry_after);
      CHECK(caller.bench.client.in_flight() == 0);
    }
    CHECK(peer.wait_for_open(0));
  }
  CHECK(net::open_descriptors() == before);
}

TEST_CASE("a refused connection is an error that says so, and is tried again") {
  HttpPeer peer([](const PeerRequest&) { return PeerReply(500); });
  peer.down();
  EmbedCaller caller;
  auto vectors = caller.embed(*caller.make(keyed("openai", peer.url("/v1"))), {"a"});
  REQUIRE_FALSE(vectors.has_value());
  CHECK(vectors.error().code == ErrorCode::network);
  CHECK(vectors.error().retryable);
}

TEST_CASE("many texts are requests of the entry's batch, and one that fails in passing is repeated") {
  for (const std::string& provider : kProviders) {
    CAPTURE(provider);
    HttpPeer peer([&, count = 0](const PeerRequest& request) mutable {
      if (++count == 3) return PeerReply::json(error_of(provider, "busy"), 503).header("retry-after-ms", "1");
      return plain_answer(provider, request);
    });
    EmbedCaller caller;
    EmbedderSettings settings = keyed(provider, base_of(provider, peer));
    settings.batch = 40;
    settings.retries = 1;
    auto vectors = caller.embed(*caller.make(settings), std::vector<std::string>(250, "a text"));
    REQUIRE_MESSAGE(vectors.has_value(), vectors.error().message);
    CHECK(vectors->rows() == 250);
    CHECK(vectors->row(249)[1] == 9);
    CHECK(peer.requests().size() == 8);
    CHECK(texts_in(peer.requests().at(0)) == 40);
    CHECK(texts_in(peer.requests().at(7)) == 10);
    CHECK(caller.events.events.size() == 1);
    CHECK(vectors->usage.input_tokens > 0);
    CHECK(vectors->usage.estimated == (provider == "gemini" || provider == "huggingface"));
  }
}

TEST_CASE("an answer of other dimensions than configured is an error that names the setting") {
  HttpPeer peer([&](const PeerRequest& request) { return plain_answer("openai", request); });
  EmbedCaller caller;
  EmbedderSettings settings = keyed("openai", peer.url("/v1"));
  settings.dimensions = 256;
  auto embedder = caller.make(settings);
  CHECK(embedder->dimensions() == 256);
  auto vectors = caller.embed(*embedder, {"a"});
  REQUIRE_FALSE(vectors.has_value());
  CHECK(vectors.error().code == ErrorCode::protocol);
  CHECK(vectors.error().message.find(
            "vectors of 2 dimensions instead of 256: check this entry's `dimensions`") != std::string::npos);
}

TEST_CASE("a long answer is read beside the loop, which goes on") {
  std::vector<std::vector<double>> rows(50, std::vector<double>(2000, 0.12345678901234567));
  const std::string body = answer_of("openai", rows);
  REQUIRE(body.size() > 1u << 20);
  HttpPeer peer([&](const PeerRequest&) { return PeerReply::json(body); });
  EmbedCaller caller;
  auto vectors =
      caller.embed(*caller.make(keyed("openai", peer.url("/v1"))), std::vector<std::string>(50, "a text"));
  REQUIRE_MESSAGE(vectors.has_value(), vectors.error().message);
  CHECK(vectors->rows() == 50);
  CHECK(vectors->row(49)[1999] == 0.12345678901234567f);
}

TEST_CASE("a cancel ends a request at once and closes its connection; a deadline does as well") {
  HttpPeer peer([](const PeerRequest&) { return PeerReply::silence(); });
  {
    EmbedCaller caller;
    auto embedder = caller.make(keyed("openai", peer.url("/v1")));
    auto alarm = caller.bench.loop.at(caller.bench.clock.now() + 50ms,
                                      [&] { caller.bench.stop.request(StopReason::cancelled); });
    auto vectors = caller.embed(*embedder, {"a"});
    REQUIRE_FALSE(vectors.has_value());
    CHECK(vectors.error().code == ErrorCode::cancelled);
    auto again = caller.embed(*embedder, {"a"});
    REQUIRE_FALSE(again.has_value());
    CHECK(again.error().code == ErrorCode::cancelled);
  }
  EmbedCaller caller;
  EmbedderSettings settings = keyed("openai", peer.url("/v1"));
  settings.retries = 3;
  auto late = caller.embed(*caller.make(settings), {"a"}, Deadline::after(caller.bench.clock, 100ms));
  REQUIRE_FALSE(late.has_value());
  CHECK(late.error().code == ErrorCode::timeout);
  CHECK(peer.wait_for_open(0));
}
