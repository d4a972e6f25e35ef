#include "tests/fakes/http_peer.h"
#include "tests/models/call.h"
#include "tests/models/dialects.h"
#include "tests/models/provider_model.h"
#include "tests/models/recordings.h"
#include "tests/runtime/net/client_bench.h"

#include <chrono>
#include <functional>
#include <map>
#include <optional>

#include <doctest/doctest.h>
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
/// A model behind a real HTTP client, and what a call of it needs.
struct Asker {
  Asker(const Dialect& dialect, std::string base_url, std::string ca_file = "",
        std::chrono::milliseconds timeout = 10s)
      : bench({.ca_file = std::move(ca_file)}),
        model(settings(dialect, std::move(base_url), timeout), bench.client, bench.loop) {}

  static ModelSettings settings(const Dialect& dialect, std::string base_url,
                                std::chrono::milliseconds timeout) {
    ModelSettings settings = entry_of(dialect.provider, std::move(base_url));
    settings.api_key = kKey;
    settings.timeout = timeout;
    return settings;
  }

  Result<ModelReply> ask(Deadline deadline = {}) {
    CallContext context{.loop = bench.loop, .stop = bench.stop, .deadline = deadline, .events = events};
    auto reply = fakes::run(bench.loop, model->complete(request_of({user("Hi")}), sink, context));
    CHECK(bench.client.in_flight() == 0);
    if (!reply) {
      CAPTURE(reply.error().message);
      CHECK(reply.error().message.starts_with("model main (m at http"));
      CHECK(reply.error().message.find(kKey) == std::string::npos);
      CHECK(reply.error().message.size() < 900);
    }
    return reply;
  }

  net::ClientBench bench;
  ProviderModel model;
  RecordingEvents events;
  RecordingSink sink;
};

/// How recorded bodies travel.
const std::map<std::string, std::function<PeerReply(PeerReply)>> kTravels = {
    {"length", [](PeerReply r) { return r; }},
    {"chunks", [](PeerReply r) { return std::move(r).chunked({1, 7, 2, 1021, 3}); }},
    {"close", [](PeerReply r) { return std::move(r).until_close(); }},
    {"gzip", [](PeerReply r) { return std::move(r).gzip(); }},
    {"slow", [](PeerReply r) { return std::move(r).slowly(251, std::chrono::milliseconds(0)); }},
};

std::vector<const Recording*> chosen_recordings(const Dialect& dialect) {
  std::vector<const Recording*> chosen;
  for (const Recording& recording : recordings(dialect.fixture))
    if (recording.body.size() < 6000 && recording.status == 200 && find(recording.expected, "text") &&
        !string_or(recording.expected, "model").empty() && recording.id.find("spliced") == std::string::npos)
      chosen.push_back(&recording);
  return chosen;
}

// "/3/gzip/v1/chat/completions": which recording, and how it travels.
std::string type_of(const Recording& recording) {
  if (recording.form == "sse") return "text/event-stream";
  return recording.form == "ndjson" ? "application/x-ndjson" : "application/json";
}

PeerReply play(const std::vector<const Recording*>& chosen, const PeerRequest& request) {
  const std::size_t slash = request.path.find('/', 1);
  const Recording& recording = *chosen.at(std::stoul(request.path.substr(1, slash - 1)));
  const std::string travel = request.path.substr(slash + 1, request.path.find('/', slash + 1) - slash - 1);
  PeerReply reply(200, recording.body);
  reply.header("content-type", type_of(recording));
  return kTravels.at(travel)(std::move(reply));
}

void check_over_http(const Dialect& dialect, bool tls, std::size_t least) {
  CAPTURE(dialect.provider);
  const auto chosen = chosen_recordings(dialect);
  REQUIRE(chosen.size() >= least);
  HttpPeer peer([&](const PeerRequest& request) { return play(chosen, request); }, {.tls = tls});
  net::ClientBench bench({.ca_file = peer.ca_file()});
  RecordingEvents events;
  std::size_t number = 0;
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    // Every recording in two ways, so that each way sees recordings of every kind.
    for (std::size_t way : {number++ % kTravels.size(), number++ % kTravels.size()}) {
      const auto travel = std::next(kTravels.begin(), static_cast<std::ptrdiff_t>(way));
      CAPTURE(travel->first);
      CAPTURE(chosen[i]->id);
      ProviderModel model(Asker::settings(dialect, peer.url(fmt::format("/{}/{}/v1", i, travel->first)), 10s),
                          bench.client, bench.loop);
      RecordingSink sink;
      CallContext context{.loop = bench.loop, .stop = bench.stop, .events = events};
      auto reply = fakes::run(bench.loop, model->complete(request_of({user("Hi")}), sink, context));
      REQUIRE_MESSAGE(reply.has_value(), reply.error().message);
      check_reply(*chosen[i], *reply);
      CHECK(sink.text == reply->text);
      CHECK(sink.reasoning == reply->reasoning);
      CHECK(reply->usage.estimated == (find(chosen[i]->expected, "usage") == nullptr));
    }
  }
  CHECK(bench.client.in_flight() == 0);
}

/// One way in which a server fails, and the error that it is to become.
struct Fault {
  std::string name;
  PeerReply reply;
  ErrorCode code;
  bool retryable;
  std::string says;
  std::optional<std::chrono::milliseconds> retry_after = std::nullopt;
};

PeerReply served_stream(const Dialect& dialect, std::string body) {
  PeerReply reply(200, std::move(body));
  reply.header("content-type", dialect.content_type).chunked();
  return reply;
}

std::vector<Fault> faults(const Dialect& dialect) {
  const auto error_body = dialect.error;
  const auto chunk = dialect.text;
  const std::string hel = dialect.opening + chunk("Hel");
  const auto stream_of = [&](std::string body) { return served_stream(dialect, std::move(body)); };
  const std::string page =
      "<html>\n<head><title>502 Bad Gateway</title></head>\n<body><h1>502 Bad Gateway</h1></body></html>";
  return {
      {"killed before its answer", PeerReply::hang_up(), ErrorCode::network, true,
       "closed the connection before it answered"},
      {"killed in the middle of a stream", stream_of(hel).write(chunk("lo")).cut(), ErrorCode::network, true,
       "cut the answer after"},
      {"reset in the middle of a stream", stream_of(hel).write(chunk("lo")).reset(), ErrorCode::network, true,
       "cut the answer after"},
      {"killed in the middle of a body with a length", PeerReply::json(dialect.whole).cut_after(20),
       ErrorCode::network, true, "cut the answer after 20 bytes"},
      {"ended in the middle without a length", PeerReply(200, hel).until_close(), ErrorCode::network, true,
       "the answer ended in the middle"},
      {"a body cut where nobody notices", PeerReply(200, dialect.whole.substr(0, 40)).until_close(),
       ErrorCode::protocol, false, "no JSON"},
      {"silent", PeerReply::silence(), ErrorCode::timeout, true, "400 ms"},
      {"stalled in the middle of a stream", stream_of(hel).stall(), ErrorCode::timeout, true, "400 ms"},
      {"bytes that are not HTTP", PeerReply::raw("220 mail.example ESMTP\r\n"), ErrorCode::protocol, false,
       "does not answer in HTTP/1.1"},
      {"garbage instead of events", stream_of("\x01\xfe\x02 nothing here\n\n"), ErrorCode::protocol, false,
       dialect.provider == "ollama" ? "no JSON" : "neither JSON nor an event stream"},
      {"events that are not JSON", stream_of("data: one two\n\n"), ErrorCode::protocol, false, "one two"},
      {"JSON that is something else", PeerReply::json(R"({"hello":"world"})"), ErrorCode::protocol, false,
       dialect.no_reply},
      {"a web page", PeerReply::html("<html><body><h1>It works!</h1></body></html>"), ErrorCode::protocol,
       false, "<html><body><h1>It works!"},
      {"an empty body", PeerReply(200), ErrorCode::network, true, "the answer was empty"},
      {"an empty stream", stream_of(""), ErrorCode::network, true, "the answer was empty"},
      {"damaged compression", PeerReply(200, "this is not gzip").header("content-encoding", "gzip"),
       ErrorCode::protocol, false, "compressed answer"},
      {"an error inside a stream", stream_of(hel + dialect.error_event("Overloaded")), ErrorCode::model, true,
       "Overloaded"},
      {"429", PeerReply::json(error_body("Rate limit reached"), 429).header("Retry-After", "2"),
       ErrorCode::model, true, "HTTP 429: Rate limit reached", 2000ms},
      {"429 in ms", PeerReply::json(error_body("slow down"), 429).header("retry-after-ms", "150"),
       ErrorCode::model, true, "HTTP 429: slow down", 150ms},
      {"429 in words", PeerReply::json(error_body("Please try again in 1.5s"), 429), ErrorCode::model, true,
       "try again in 1.5s", 1500ms},
      {"500", PeerReply::json(error_body("The server had an error"), 500), ErrorCode::model, true,
       "HTTP 500: The server had an error"},
      {"500 without a word", PeerReply(500), ErrorCode::model, true, "HTTP 500: it gave no reason"},
      {"502 with a page", PeerReply::html(page, 502), ErrorCode::model, true,
       "HTTP 502: 502 Bad Gateway 502 Bad Gateway"},
      {"503 with a date in the past",
       PeerReply::json(error_body("overloaded"), 503).header("Retry-After", "Sun, 06 Nov 1994 08:49:37 GMT"),
       ErrorCode::model, true, "HTTP 503: overloaded", 0ms},
      {"529", PeerReply::json(error_body("Overloaded"), 529).header("Retry-After", "30"), ErrorCode::model,
       true, "HTTP 529: Overloaded", 30000ms},
      {"401", PeerReply::json(error_body(fmt::format("Incorrect API key provided: {}.", kKey)), 401),
       ErrorCode::model, false, "check this entry's `api_key`"},
      {"404", PeerReply(404, "page not found"), ErrorCode::model, false, "`base_url`"},
      {"a redirect", PeerReply::redirect("https://elsewhere.example/v1"), ErrorCode::model, false,
       "Redirects are not followed"},
      {"an error page without end", PeerReply::html("<html>" + std::string(1 << 20, 'x'), 500),
       ErrorCode::model, true, "HTTP 500: x"},
  };
}

void check_fault(HttpPeer& peer, const Dialect& dialect, Fault fault) {
  CAPTURE(dialect.provider);
  CAPTURE(fault.name);
  peer.answer([&fault](const PeerRequest&) { return fault.reply; });
  Asker asker(dialect, peer.url("/v1"), peer.ca_file(), 400ms);

  const auto reply = asker.ask();

  REQUIRE_FALSE(reply.has_value());
  const Error& error = reply.error();
  CAPTURE(error.message);
  CHECK(error.code == fault.code);
  CHECK(error.retryable == fault.retryable);
  CHECK(error.message.find(fault.says) != std::string::npos);
  CHECK(error.retry_after == fault.retry_after);
}

}  // namespace

TEST_CASE("recorded answers of every provider over plain HTTP give what was recorded, however they travel") {
  check_over_http(dialect("openai"), false, 60);
  check_over_http(dialect("anthropic"), false, 50);
  check_over_http(dialect("gemini"), false, 50);
  check_over_http(dialect("ollama"), false, 10);
  check_over_http(dialect("huggingface"), false, 3);
}

TEST_CASE("recorded answers over TLS give what was recorded, however they travel") {
  check_over_http(dialect("openai"), true, 60);
  check_over_http(dialect("anthropic"), true, 50);
  check_over_http(dialect("gemini"), true, 50);
  check_over_http(dialect("ollama"), true, 10);
  check_over_http(dialect("huggingface"), true, 3);
}

TEST_CASE("recorded refusals over HTTP keep their status and what the provider said") {
  int checked = 0;
  for (const Dialect& each : dialects())
    for (const Recording& recording : recordings(each.fixture)) {
      if (recording.status == 200) continue;
      CAPTURE(recording.id);
      HttpPeer peer([&](const PeerRequest&) { return PeerReply::json(recording.body, recording.status); });
      Asker asker(each, peer.url("/v1"));
      const auto reply = asker.ask();
      REQUIRE_FALSE(reply.has_value());
      CHECK(reply.error().status == recording.status);
      CHECK(reply.error().retryable == (recording.status == 429));
      CHECK(reply.error().message.find(fmt::format("HTTP {}: ", recording.status)) != std::string::npos);
      ++checked;
    }
  CHECK(checked >= 18);
}

TEST_CASE("a server that fails becomes an error that says how, whatever provider it plays; nothing leaks") {
  {
    HttpPeer warm_up([](const PeerRequest&) { return PeerReply(500); });
  }
  const std::size_t before = net::open_descriptors();
  for (const Dialect& each : dialects()) {
    HttpPeer peer([](const PeerRequest&) { return PeerReply(500); });
    for (Fault& fault : faults(each)) check_fault(peer, each, std::move(fault));
    CHECK(peer.wait_for_open(0));
  }
  CHECK(net::open_descriptors() == before);
}

TEST_CASE("a model on Hugging Face that is being loaded is waited for as long as it says") {
  const std::vector<std::pair<std::string, std::optional<std::chrono::milliseconds>>> bodies = {
      {R"({"error":"Model m is currently loading","estimated_time":20.5})", 20500ms},
      {R"({"error":"Model m is currently loading","estimated_time":0})", 0ms},
      {R"({"error":"Model m is currently loading","estimated_time":-1})", std::nullopt},
      {R"({"error":"Model m is currently loading","estimated_time":86400})", std::nullopt},
      {R"({"error":"Model m is currently loading","estimated_time":"soon"})", std::nullopt},
      {R"({"error":"Model m is currently loading"})", std::nullopt},
  };
  for (const auto& [body, wait] : bodies) {
    CAPTURE(body);
    HttpPeer peer([&](const PeerRequest&) { return PeerReply::json(body, 503); });
    Asker asker(dialect("huggingface"), peer.url("/v1"));
    const auto reply = asker.ask();
    REQUIRE_FALSE(reply.has_value());
    CHECK(reply.error().retryable);
    CHECK(reply.error().retry_after == wait);
    CHECK(reply.error().message.find("HTTP 503: Model m is currently loading") != std::string::npos);
  }
  // Only that provider, and only while it loads.
  HttpPeer peer([&](const PeerRequest&) { return PeerReply::json(bodies.front().first, 500); });
  Asker asker(dialect("huggingface"), peer.url("/v1"));
  CHECK_FALSE(asker.ask().error().retry_after.has_value());
}

TEST_CASE("a refusal of a picture says that there was one, one of anything else does not") {
  for (const bool pictures : {true, false}) {
    HttpPeer peer([](const PeerRequest&) {
      return PeerReply::json(R"({"error":{"message":"This model does not support image input"}})", 400);
    });
    Asker asker(dialect("openai"), peer.url("/v1"));
    Message asked = user("What is this?");
    if (pictures) asked.images = {{"https://example.org/a.png"}};
    CallContext context{.loop = asker.bench.loop, .stop = asker.bench.stop, .events = asker.events};
    const auto reply =
        fakes::run(asker.bench.loop, asker.model->complete(request_of({asked}), asker.sink, context));
    REQUIRE_FALSE(reply.has_value());
    CHECK((reply.error().message.find("holds a picture") != std::string::npos) == pictures);
  }
}

TEST_CASE("a picture that Ollama would have to fetch never leaves the daemon") {
  HttpPeer peer([](const PeerRequest&) { return PeerReply(500); });
  Asker asker(dialect("ollama"), peer.url("/v1"));
  Message asked = user("What is this?");
  asked.images = {{"https://example.org/a.png"}};
  CallContext context{.loop = asker.bench.loop, .stop = asker.bench.stop, .events = asker.events};
  const auto reply =
      fakes::run(asker.bench.loop, asker.model->complete(request_of({asked}), asker.sink, context));
  REQUIRE_FALSE(reply.has_value());
  CHECK(reply.error().message.starts_with("model main (m at http"));
  CHECK(reply.error().message.find("fetches no pictures") != std::string::npos);
  CHECK(peer.requests().empty());
}

TEST_CASE("a server that fails over TLS becomes the same errors, whatever provider it plays; nothing leaks") {
  {
    HttpPeer warm_up([](const PeerRequest&) { return PeerReply(500); }, {.tls = true});
  }
  const std::size_t before = net::open_descriptors();
  for (const Dialect& each : dialects()) {
    HttpPeer peer([](const PeerRequest&) { return PeerReply(500); }, {.tls = true});
    for (Fault& fault : faults(each)) check_fault(peer, each, std::move(fault));
    CHECK(peer.wait_for_open(0));
  }
  CHECK(net::open_descriptors() == before);
}

TEST_CASE("TLS that is closed without a goodbye is not the end of an answer") {
  for (const Dialect& each : dialects()) {
    CAPTURE(each.provider);
    HttpPeer peer(
        [&](const PeerRequest&) {
          return PeerReply(200, each.opening + each.text("Hel")).until_close().cut();
        },
        {.tls = true});
    Asker asker(each, peer.url("/v1"), peer.ca_file());
    const auto reply = asker.ask();
    REQUIRE_FALSE(reply.has_value());
    CHECK(reply.error().code == ErrorCode::network);
    CHECK(reply.error().retryable);
    CHECK(asker.sink.text == "Hel");
  }
}

TEST_CASE("a server with another authority's certificate is not spoken to") {
  HttpPeer peer([](const PeerRequest&) { return PeerReply(500); }, {.tls = true});
  Asker asker(dialect("openai"), peer.url("/v1"));
  const auto reply = asker.ask();
  REQUIRE_FALSE(reply.has_value());
  CHECK(reply.error().code == ErrorCode::network);
  CHECK_FALSE(reply.error().retryable);
  CHECK(reply.error().message.find("certificate") != std::string::npos);
  CHECK(peer.requests().empty());
}

TEST_CASE("a server that is not there is named, with its port") {
  HttpPeer peer([](const PeerRequest&) { return PeerReply(500); });
  const std::string url = peer.url("/v1");
  peer.down();
  Asker asker(dialect("openai"), url);
  const auto reply = asker.ask();
  REQUIRE_FALSE(reply.has_value());
  CHECK(reply.error().code == ErrorCode::network);
  CHECK(reply.error().retryable);
  CHECK(reply.error().message.find(fmt::format("connect to 127.0.0.1:{} refused", peer.port())) !=
        std::string::npos);
}

TEST_CASE("what is only odd is read all the same: slow bytes, a wrong content type, a cut behind the end") {
  for (const Dialect& each : dialects()) {
    CAPTURE(each.provider);
    const std::string stream = each.stream();
    const std::vector<std::pair<std::string, PeerReply>> odd = {
        {"one byte at a time", PeerReply(200, stream).slowly(1, 0ms)},
        {"a body for a stream", PeerReply::json(each.whole)},
        {"a body as plain text", PeerReply(200, each.whole).header("content-type", "text/plain")},
        {"a stream as JSON", PeerReply::json(stream)},
        {"a stream without a type", PeerReply(200, stream)},
        {"until the end of the connection", PeerReply(200, stream).until_close()},
        {"cut behind the end", served_stream(each, stream).cut()},
        {"stalled behind the end", served_stream(each, stream).stall()},
    };
    for (const auto& [name, reply_to_send] : odd) {
      CAPTURE(name);
      HttpPeer peer([&](const PeerRequest&) { return reply_to_send; });
      Asker asker(each, peer.url("/v1"), "", name == "stalled behind the end" ? 300ms : 10s);
      const auto reply = asker.ask();
      REQUIRE_MESSAGE(reply.has_value(), reply.error().message);
      CHECK(reply->text == "Hello there");
      CHECK(asker.sink.text == "Hello there");
      CHECK(reply->usage.input_tokens == 3);
      CHECK(reply->usage.output_tokens == 2);
      CHECK_FALSE(reply->usage.estimated);
    }
  }
}

TEST_CASE("a request goes to the provider's path, with its key in a header and nowhere else") {
  const std::map<std::string, std::pair<std::string, std::string>> expected = {
      {"openai", {"authorization", std::string("Bearer ") + kKey}},
      {"anthropic", {"x-api-key", kKey}},
      {"gemini", {"x-goog-api-key", kKey}},
      {"ollama", {"authorization", std::string("Bearer ") + kKey}},
      {"huggingface", {"authorization", std::string("Bearer ") + kKey}},
  };
  for (const Dialect& each : dialects()) {
    CAPTURE(each.provider);
    HttpPeer peer([&](const PeerRequest&) { return served_stream(each, each.stream()); });
    Asker asker(each, peer.url(""));
    REQUIRE(asker.ask().has_value());
    const PeerRequest request = peer.requests().at(0);
    CHECK(request.method == "POST");
    CHECK(request.path == each.path);
    CHECK(request.target.find(kKey) == std::string::npos);
    CHECK(request.body.find(kKey) == std::string::npos);
    const auto& [name, value] = expected.at(each.provider);
    CHECK(request.header(name) == value);
    CHECK(request.header("content-type") == "application/json");
    CHECK(request.header("anthropic-version") == (each.provider == "anthropic" ? "2023-06-01" : ""));
  }
}

TEST_CASE("a cancel in the middle of an answer closes the connection at once") {
  for (const Dialect& each : dialects()) {
    CAPTURE(each.provider);
    const std::size_t before = net::open_descriptors();
    {
      HttpPeer peer(
          [&](const PeerRequest&) { return served_stream(each, each.opening + each.text("Hel")).stall(); });
      Asker asker(each, peer.url("/v1"));
      Instant cancelled{};
      const auto cancel_once_text_came = [&]() -> Task<> {
        Stop never;
        while (asker.sink.text.empty()) co_await asker.bench.loop.sleep_for(1ms, never);
        cancelled = asker.bench.clock.now();
        asker.bench.stop.request(StopReason::cancelled);
      };
      Nursery nursery(asker.bench.loop);
      nursery.spawn("cancel", cancel_once_text_came);

      const auto reply = asker.ask();

      fakes::run(asker.bench.loop, nursery.join());
      REQUIRE_FALSE(reply.has_value());
      CHECK(reply.error().code == ErrorCode::cancelled);
      CHECK_FALSE(reply.error().retryable);
      CHECK(asker.bench.clock.now() - cancelled < 2s);
      CHECK(asker.bench.client.in_flight() == 0);
      CHECK(peer.wait_for_open(0));
    }
    CHECK(net::open_descriptors() == before);
  }
}

TEST_CASE("the deadline of a run ends an answer in the middle, and is no reason to try again") {
  const Dialect& openai = dialect("openai");
  HttpPeer peer([&](const PeerRequest&) { return served_stream(openai, openai.text("Hel")).stall(); });
  Asker asker(openai, peer.url("/v1"));
  const auto reply = asker.ask(Deadline::after(asker.bench.clock, 300ms));
  REQUIRE_FALSE(reply.has_value());
  CHECK(reply.error().code == ErrorCode::timeout);
  CHECK_FALSE(reply.error().retryable);
  CHECK(peer.wait_for_open(0));
}

TEST_CASE("a consumer that has enough gets what came, and the connection is closed") {
  for (const Dialect& each : dialects()) {
    CAPTURE(each.provider);
    HttpPeer peer([&](const PeerRequest&) {
      return served_stream(each, each.opening + each.text("Hel")).write(each.text("lo")).stall();
    });
    Asker asker(each, peer.url("/v1"));
    asker.sink.enough = 3;
    const auto reply = asker.ask();
    REQUIRE(reply.has_value());
    CHECK(reply->finish == FinishReason::closed_early);
    CHECK(reply->text.starts_with("Hel"));
    CHECK(reply->usage.estimated);
    // What was counted at the beginning stays.
    if (each.provider == "anthropic") CHECK(reply->usage.input_tokens == 3);
    CHECK(peer.wait_for_open(0));
  }
}
