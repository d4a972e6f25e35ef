#include "models/cassettes/tape.h"
#include "tests/fakes/http_peer.h"
#include "tests/fakes/temp_dir.h"
#include "tests/models/call.h"
#include "tests/models/dialects.h"
#include "tests/models/provider_model.h"
#include "tests/models/recordings.h"
#include "tests/runtime/net/client_bench.h"

#include <atomic>
#include <fstream>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::models;
using namespace troupe::models::testing;
using fakes::HttpPeer;
using fakes::PeerReply;

namespace {

constexpr const char* kKey = "sk-canary-of-the-cassette";
constexpr const char* kHeader = "canary-in-an-extra-header";

/// A network that nobody may use.
class NoHttp final : public net::HttpClient {
 public:
  Task<Result<net::HttpResponse>> fetch(net::HttpRequest, Stop&) override {
    co_return fail(ErrorCode::internal, "offline");
  }
  Task<Result<net::HttpHead>> stream(net::HttpRequest, net::BodySink&, Stop&) override {
    co_return fail(ErrorCode::internal, "offline");
  }
};

std::vector<ModelSettings> entries(const std::string& provider, const std::string& base_url,
                                   const std::string& file, bool offline) {
  ModelSettings main = entry_of(provider, base_url);
  main.extra_headers = {{"X-Team", kHeader}};
  if (!offline) main.api_key = kKey;
  return {main,
          {.name = "tape",
           .provider = "cassette",
           .file = file,
           .tapes = main.name,
           .mode = offline ? "replay" : "auto"}};
}

struct Outcome {
  Result<ModelReply> reply;
  RecordingSink sink;
};

Outcome ask(const std::vector<ModelSettings>& settings, net::HttpClient& http, Loop& loop,
            const std::string& question) {
  SystemRng rng;
  auto table = make_models(settings, {.http = http, .loop = loop, .rng = rng});
  REQUIRE_MESSAGE(table.has_value(), table.error().message);
  Stop stop;
  RecordingEvents events;
  Outcome outcome;
  CallContext context{.loop = loop, .stop = stop, .events = events};
  outcome.reply =
      fakes::run(loop, table->at("tape")->complete(request_of({user(question)}), outcome.sink, context));
  return outcome;
}

void check_same(const Outcome& live, const Outcome& played) {
  CHECK(played.sink.chunks == live.sink.chunks);
  CHECK(played.sink.reasoning == live.sink.reasoning);
  REQUIRE(played.reply.has_value() == live.reply.has_value());
  if (!live.reply) {
    // The key that was refused while taping is not even there offline, which the error says.
    CHECK(played.reply.error().message.starts_with(live.reply.error().message));
    CHECK(played.reply.error().status == live.reply.error().status);
    CHECK(played.reply.error().retryable == live.reply.error().retryable);
    return;
  }
  CHECK(played.reply->text == live.reply->text);
  CHECK(played.reply->reasoning == live.reply->reasoning);
  CHECK(played.reply->finish == live.reply->finish);
  CHECK(played.reply->model == live.reply->model);
  CHECK(played.reply->provider_state == live.reply->provider_state);
  CHECK(played.reply->usage.input_tokens == live.reply->usage.input_tokens);
  CHECK(played.reply->usage.output_tokens == live.reply->usage.output_tokens);
  CHECK(played.reply->usage.cached_tokens == live.reply->usage.cached_tokens);
  CHECK(played.reply->usage.estimated == live.reply->usage.estimated);
  REQUIRE(played.reply->tool_calls.size() == live.reply->tool_calls.size());
  for (std::size_t i = 0; i < live.reply->tool_calls.size(); ++i) {
    CHECK(played.reply->tool_calls[i].name == live.reply->tool_calls[i].name);
    CHECK(played.reply->tool_calls[i].arguments == live.reply->tool_calls[i].arguments);
  }
}

std::string text_of(const std::string& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string type_of(const Recording& recording) {
  if (recording.form == "sse") return "text/event-stream";
  return recording.form == "ndjson" ? "application/x-ndjson" : "application/json";
}

}  // namespace

TEST_CASE("recorded answers of every provider, taped and played offline, give the same pieces and replies") {
  for (const Dialect& dialect : dialects()) {
    CAPTURE(dialect.provider);
    std::vector<const Recording*> chosen;
    std::size_t streams = 0, wholes = 0, refusals = 0;
    for (const Recording& recording : recordings(dialect.fixture)) {
      std::size_t& kind = recording.status != 200 ? refusals : recording.form == "json" ? wholes : streams;
      if (recording.body.size() < 20'000 && kind < 12) chosen.push_back(&recording), ++kind;
    }
    CHECK(streams >= 2);
    CHECK(wholes >= 2);
    std::atomic<std::size_t> next = 0;
    HttpPeer peer([&](const fakes::PeerRequest&) {
      const Recording& recording = *chosen.at(next);
      PeerReply reply(recording.status, recording.body);
      reply.header("content-type", type_of(recording)).header("set-cookie", "session=of-the-server");
      return std::move(reply).chunked({1, 13, 512, 3});
    });
    fakes::TempDir folder;
    const std::string file = (folder.path() / "tape.jsonl").string();
    net::ClientBench bench({});
    std::vector<Outcome> live;
    for (; next < chosen.size(); ++next)
      live.push_back(ask(entries(dialect.provider, peer.url("/v1"), file, false), bench.client, bench.loop,
                         "question " + std::to_string(next)));
    CHECK(peer.requests().size() == chosen.size());

    NoHttp offline;
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      CAPTURE(chosen[i]->id);
      check_same(live[i], ask(entries(dialect.provider, peer.url("/v1"), file, true), offline, bench.loop,
                              "question " + std::to_string(i)));
    }
    CHECK(peer.requests().size() == chosen.size());
    const std::string tape = text_of(file);
    CHECK(tape.find("canary") == std::string::npos);
    CHECK(tape.find("of-the-server") == std::string::npos);
  }
}

TEST_CASE("a stream is played as it travelled: a reader that has enough stops it in the same place") {
  const Dialect& openai = dialect("openai");
  HttpPeer peer([&](const fakes::PeerRequest&) {
    return PeerReply(200, openai.stream()).header("content-type", openai.content_type).chunked({7});
  });
  fakes::TempDir folder;
  const std::string file = (folder.path() / "tape.jsonl").string();
  net::ClientBench bench({});
  const auto with_enough = [&](const std::vector<ModelSettings>& settings, net::HttpClient& http) {
    SystemRng rng;
    auto table = make_models(settings, {.http = http, .loop = bench.loop, .rng = rng});
    Outcome outcome;
    outcome.sink.enough = 3;
    RecordingEvents events;
    CallContext context{.loop = bench.loop, .stop = bench.stop, .events = events};
    outcome.reply =
        fakes::run(bench.loop, table->at("tape")->complete(request_of({user("Hi")}), outcome.sink, context));
    return outcome;
  };
  const Outcome live = with_enough(entries("openai", peer.url("/v1"), file, false), bench.client);
  REQUIRE(live.reply.has_value());
  NoHttp offline;
  const Outcome played = with_enough(entries("openai", peer.url("/v1"), file, true), offline);
  REQUIRE_MESSAGE(played.reply.has_value(), played.reply.error().message);
  CHECK(played.sink.chunks == live.sink.chunks);
  CHECK(played.reply->finish == live.reply->finish);
}

TEST_CASE("a refusal that was waited out while taping is played without the wait") {
  const Dialect& openai = dialect("openai");
  HttpPeer peer(fakes::in_order({PeerReply::json(openai.error("slow down"), 429)
                                     .header("retry-after-ms", "30")
                                     .header("Retry-After", "1"),
                                 PeerReply::json(openai.whole)}));
  fakes::TempDir folder;
  const std::string file = (folder.path() / "tape.jsonl").string();
  net::ClientBench bench({});
  const auto tried_twice = [&](bool offline) {
    auto settings = entries("openai", peer.url("/v1"), file, offline);
    settings[0].retries = 2;
    return settings;
  };
  REQUIRE(ask(tried_twice(false), bench.client, bench.loop, "Hi").reply.has_value());
  NoHttp offline;
  const auto played = ask(tried_twice(true), offline, bench.loop, "Hi");
  REQUIRE_MESSAGE(played.reply.has_value(), played.reply.error().message);
  CHECK(played.reply->text == "Hello there");
  CHECK(peer.requests().size() == 2);
  CHECK(text_of(file).find("slow down") != std::string::npos);
}

TEST_CASE("a question that was not taped is an error offline that says what was asked instead") {
  const Dialect& openai = dialect("openai");
  HttpPeer peer([&](const fakes::PeerRequest&) { return PeerReply::json(openai.whole); });
  fakes::TempDir folder;
  const std::string file = (folder.path() / "tape.jsonl").string();
  net::ClientBench bench({});
  REQUIRE(ask(entries("openai", peer.url("/v1"), file, false), bench.client, bench.loop, "How are you?")
              .reply.has_value());
  NoHttp offline;
  auto played = ask(entries("openai", peer.url("/v1"), file, true), offline, bench.loop, "Who are you?");
  REQUIRE_FALSE(played.reply.has_value());
  CHECK(played.reply.error().code == ErrorCode::unavailable);
  CHECK_FALSE(played.reply.error().retryable);
  CHECK(played.reply.error().message.find("body.messages[0].content") != std::string::npos);
}
