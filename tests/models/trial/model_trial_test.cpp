#include "models/trial/model_trial.h"

#include "models/catalog.h"
#include "models/trial/embedder_trial.h"
#include "tests/fakes/http_peer.h"
#include "tests/models/dialects.h"
#include "tests/models/embedders/embed_caller.h"
#include "tests/models/provider_model.h"

#include <algorithm>
#include <functional>

using namespace troupe;
using namespace troupe::models;
using namespace troupe::models::testing;
using namespace std::chrono_literals;
using fakes::HttpPeer;
using fakes::PeerReply;
using fakes::PeerRequest;
using Verdict = Finding::Verdict;

namespace {

constexpr const char* kKey = "sk-a-key-that-must-not-be-seen";

PeerReply reply_of(const Json& message, const char* finish = "stop") {
  return PeerReply::json(
      dump(Json{{"model", "m"},
                {"choices", Json::array({{{"message", message}, {"finish_reason", finish}}})},
                {"usage", {{"prompt_tokens", 9}, {"completion_tokens", 2}}}}));
}

PeerReply call_of(const char* name, const char* arguments) {
  return reply_of({{"content", nullptr},
                   {"tool_calls", Json::array({{{"id", "c"},
                                                {"type", "function"},
                                                {"function", {{"name", name}, {"arguments", arguments}}}}})}},
                  "tool_calls");
}

// A model with everything, as OpenAI's API has it.
PeerReply able(const PeerRequest& request) {
  const Json body = Json::parse(request.body);
  if (find(body, "tools")) return call_of("report_number", R"({"number":7})");
  if (find(body, "response_format")) return reply_of({{"content", R"({"wet":true})"}});
  return PeerReply::sse({R"({"model":"m","choices":[{"delta":{"content":"O"}}]})",
                         R"({"choices":[{"delta":{"content":"K"},"finish_reason":"stop"}]})",
                         R"({"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2}})", "[DONE]"},
                        20ms);
}

struct Tried {
  Findings findings;
  std::vector<PeerRequest> requests;

  Finding of(std::string_view what) const {
    auto found = std::ranges::find(findings, what, &Finding::what);
    return found == findings.end() ? Finding{"none", Verdict::absent, ""} : *found;
  }
  void check(std::string_view what, Verdict verdict, std::string_view note) const {
    CAPTURE(what);
    const Finding found = of(what);
    CAPTURE(found.note);
    CHECK(found.what == what);
    CHECK(word(found.verdict) == word(verdict));
    CHECK(found.note.find(note) != std::string::npos);
    CHECK(found.note.find(kKey) == std::string::npos);
  }
};

ModelSettings keyed(const std::string& provider, std::string base_url) {
  ModelSettings settings = entry_of(provider, std::move(base_url));
  settings.api_key = kKey;
  settings.timeout = 5s;
  return settings;
}

Tried try_settings(ModelSettings settings) {
  net::ClientBench bench;
  RecordingEvents events;
  settings = trial_settings(settings);
  ProviderModel model(settings, bench.client, bench.loop);
  CallContext context{.loop = bench.loop, .stop = bench.stop, .events = events};
  return {fakes::run(bench.loop, try_model(*model, settings, context)), {}};
}

Tried try_peer(HttpPeer::Handler handler, std::function<void(ModelSettings&)> change = {}) {
  HttpPeer peer(std::move(handler));
  ModelSettings settings = keyed("openai", peer.url("/v1"));
  if (change) change(settings);
  Tried tried = try_settings(settings);
  tried.requests = peer.requests();
  return tried;
}

}  // namespace

TEST_CASE("a model with everything is found to have everything, by three small calls") {
  const Tried tried = try_peer(able);
  tried.check("connection", Verdict::works, "answered in");
  tried.check("answer", Verdict::works, "\"OK\"");
  tried.check("stream", Verdict::works, "piece");
  tried.check("usage", Verdict::works, "9 tokens in, 2 out");
  tried.check("tools", Verdict::works, "called report_number with {\"number\":7}");
  tried.check("schema", Verdict::works, "{\"wet\":true}");
  CHECK(all_work(tried.findings));
  REQUIRE(tried.requests.size() == 3);
  for (const PeerRequest& request : tried.requests) {
    CHECK(Json::parse(request.body)["max_tokens"] == 200);
    CHECK(request.body.size() < 800);
  }
}

TEST_CASE("what a model does not have is no failure, and is told with what to do") {
  const Tried plain = try_peer([](const PeerRequest&) {
    return PeerReply::json(R"({"choices":[{"message":{"content":"Certainly!"},"finish_reason":"stop"}]})");
  });
  plain.check("usage", Verdict::absent, "estimated");
  plain.check("tools", Verdict::absent, "it answered \"Certainly!\" instead of calling the tool");
  plain.check("tools", Verdict::absent, "strategy: react");
  plain.check("schema", Verdict::absent, "not held to the schema");
  CHECK(all_work(plain.findings));

  const Tried refusing = try_peer([](const PeerRequest& request) {
    const Json body = Json::parse(request.body);
    if (find(body, "tools"))
      return PeerReply::json(R"({"error":{"message":"this model does not support tools"}})", 400);
    if (find(body, "response_format"))
      return PeerReply::json(R"({"error":{"message":"response_format is not supported"}})", 422);
    return able(request);
  });
  refusing.check("tools", Verdict::absent, "does not support tools");
  refusing.check("schema", Verdict::absent, "");
  CHECK(all_work(refusing.findings));

  const Tried whole = try_peer(able, [](ModelSettings& s) { s.stream = false; });
  whole.check("stream", Verdict::absent, "stream: false");
}

TEST_CASE("a model that thinks away its tokens is not judged by an empty answer") {
  const Tried tried = try_peer([](const PeerRequest&) { return reply_of({{"content", ""}}, "length"); });
  tried.check("answer", Verdict::absent, "200 tokens of this trial on thinking");
  tried.check("tools", Verdict::absent, "thinking");
  CHECK(all_work(tried.findings));
}

TEST_CASE("what should work and does not fails, with what the server said") {
  const Tried wrong_call = try_peer([](const PeerRequest& request) {
    return find(Json::parse(request.body), "tools") ? call_of("reportNumber", "{}") : able(request);
  });
  wrong_call.check("tools", Verdict::fails,
                   "it called \"reportNumber\" with \"{}\" instead of report_number");
  CHECK_FALSE(all_work(wrong_call.findings));

  const Tried broken_tools = try_peer([](const PeerRequest& request) {
    return find(Json::parse(request.body), "tools")
               ? PeerReply::json(R"({"error":{"message":"The server had an error"}})", 500)
               : able(request);
  });
  broken_tools.check("tools", Verdict::fails, "HTTP 500");
  broken_tools.check("schema", Verdict::works, "");

  const Tried empty = try_peer([](const PeerRequest&) { return reply_of({{"content", ""}}); });
  empty.check("answer", Verdict::fails, "is `model` one that chats?");
}

TEST_CASE("a refused key is an answer: the connection works, and nothing more is asked") {
  const Tried tried = try_peer([](const PeerRequest&) {
    return PeerReply::json(
        std::string(R"({"error":{"message":"Incorrect API key provided: )") + kKey + "\"}}", 401);
  });
  tried.check("connection", Verdict::works, "the server answered");
  tried.check("answer", Verdict::fails, "check this entry's `api_key`");
  CHECK(tried.findings.size() == 2);
  CHECK(tried.requests.size() == 1);
}

TEST_CASE("a server that is not there is told apart from one that is something else") {
  HttpPeer peer([](const PeerRequest&) { return PeerReply(500); });
  const std::string nowhere = peer.url("/v1");
  peer.down();
  const Tried down = try_settings(keyed("openai", nowhere));
  down.check("connection", Verdict::fails, "refused; does the server run");
  CHECK(down.findings.size() == 1);

  const Tried page = try_peer([](const PeerRequest&) { return PeerReply::html("<html>It works!</html>"); });
  page.check("connection", Verdict::fails, "is `base_url` the API's");

  const Tried silent = try_peer([](const PeerRequest&) { return PeerReply::silence(); },
                                [](ModelSettings& s) { s.timeout = 100ms; });
  silent.check("connection", Verdict::fails, "set `timeout`");
}

TEST_CASE("every provider's stream is tried in its own way") {
  for (const Dialect& each : dialects()) {
    CAPTURE(each.provider);
    HttpPeer peer([&](const PeerRequest&) {
      return PeerReply(200, each.stream()).header("content-type", each.content_type);
    });
    const Tried tried = try_settings(keyed(each.provider, peer.url("/v1")));
    tried.check("connection", Verdict::works, "answered in");
    tried.check("answer", Verdict::works, "\"Hello there\"");
    tried.check("stream", Verdict::works, "first text after");
    tried.check("usage", Verdict::works, "3 tokens in, 2 out");
    tried.check("tools", Verdict::absent, "instead of calling");
  }
}

TEST_CASE("builtin says what it is and calls nobody; a cassette has nothing to try") {
  const Tried builtin = try_settings({.name = "rules", .provider = "builtin"});
  builtin.check("kind", Verdict::absent, "no language model");
  builtin.check("answer", Verdict::works, "");
  builtin.check("stream", Verdict::works, "piece");
  CHECK(all_work(builtin.findings));

  CHECK(findings_of_cassette({.provider = "cassette", .mode = "replay"}).at(0).note.find("nothing to try") !=
        std::string::npos);
  CHECK(findings_of_cassette({.provider = "cassette", .tapes = "main"})
            .at(0)
            .note.find("troupe models test main") != std::string::npos);
}

TEST_CASE("a trial asks for few tokens, once, and lets nobody answer in the entry's place") {
  ModelSettings settings{.name = "a", .provider = "anthropic", .max_output_tokens = 64, .retries = 4};
  settings.fallback = {"b"};
  settings.thinking = 4096;
  settings = trial_settings(settings);
  CHECK(settings.max_output_tokens == 64);
  CHECK(settings.retries == 0);
  CHECK(settings.thinking == 0);
  CHECK(settings.fallback.empty());
}

TEST_CASE("an embedder is tried with two texts, whose vectors must differ") {
  const auto tried = [](HttpPeer::Handler handler) {
    HttpPeer peer(std::move(handler));
    EmbedCaller caller;
    EmbedderSettings settings = embedder_entry("openai", peer.url("/v1"));
    settings.api_key = kKey;
    auto embedder = caller.make(trial_settings(settings));
    CallContext context{.loop = caller.bench.loop, .stop = caller.bench.stop, .events = caller.events};
    return Tried{fakes::run(caller.bench.loop, try_embedder(*embedder, settings, context)), peer.requests()};
  };
  const auto rows = [](const char* first, const char* second) {
    return [=](const PeerRequest&) {
      return PeerReply::json(std::string(R"({"data":[{"embedding":)") + first + R"(},{"embedding":)" +
                             second + R"(}],"usage":{"prompt_tokens":12}})");
    };
  };
  const Tried good = tried(rows("[1,2,3]", "[3,2,1]"));
  good.check("connection", Verdict::works, "answered in");
  good.check("embeddings", Verdict::works, "3 dimensions");
  good.check("usage", Verdict::works, "12 tokens in");
  CHECK(good.requests.size() == 1);

  tried(rows("[1,2,3]", "[1,2,3]")).check("embeddings", Verdict::fails, "the same vector");
  const Tried refused = tried(
      [](const PeerRequest&) { return PeerReply::json(R"({"error":{"message":"no such model"}})", 404); });
  refused.check("connection", Verdict::works, "");
  refused.check("embeddings", Verdict::fails, "Check this entry's `model`");

  EmbedCaller caller;
  EmbedderSettings settings = embedder_entry("builtin");
  auto embedder = caller.make(settings);
  CallContext context{.loop = caller.bench.loop, .stop = caller.bench.stop, .events = caller.events};
  const Tried builtin{fakes::run(caller.bench.loop, try_embedder(*embedder, settings, context)), {}};
  builtin.check("kind", Verdict::absent, "no meaning");
  builtin.check("embeddings", Verdict::works, "512 dimensions");
}

TEST_CASE("what a model writes is shown as one short line") {
  CHECK(shown_line("  two\nlines\x1b[31m ") == "\"two lines [31m\"");
  CHECK(shown_line(std::string(100, 'x')).size() < 80);
  CHECK(shown_line("") == "\"\"");
}
