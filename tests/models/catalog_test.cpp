#include "models/catalog.h"

#include "models/governor/governors.h"
#include "tests/models/call.h"

#include <chrono>
#include <unistd.h>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::models;
using namespace troupe::models::testing;

namespace {

/// Never reached by these tests.
class NoHttp final : public net::HttpClient {
 public:
  Task<Result<net::HttpResponse>> fetch(net::HttpRequest, Stop&) override {
    co_return fail(ErrorCode::network, "no network here");
  }
  Task<Result<net::HttpHead>> stream(net::HttpRequest, net::BodySink&, Stop&) override {
    co_return fail(ErrorCode::network, "no network here");
  }
};

Result<ModelTable> make(std::vector<ModelSettings> settings) {
  static NoHttp http;
  static SystemClock clock;
  static Loop loop(clock);
  static SystemRng rng;
  return make_models(settings, {http, loop, rng});
}

}  // namespace

TEST_CASE("models are made by their provider and found by their name") {
  auto table = make({{.name = "main", .provider = "openai", .model = "gpt-4o-mini"},
                     {.name = "rules", .provider = "builtin"}});
  REQUIRE(table.has_value());
  CHECK(table->at("main")->name() == "main");
  CHECK(table->at("rules")->name() == "rules");
  CHECK(make({})->empty());
}

TEST_CASE("an entry that cannot be made is named with what is wrong") {
  auto problem = [](std::vector<ModelSettings> settings) {
    return make(std::move(settings)).error().message;
  };
  CHECK(problem({{.name = "x", .provider = "opnai"}}) ==
        "models.x: there is no provider `opnai`; there are openai, anthropic, gemini, ollama, huggingface, "
        "builtin, cassette");
  CHECK(problem({{.name = "x", .provider = "openai"}}).find("models.x: `model` is missing") == 0);
  CHECK(problem({{.name = "x", .provider = "builtin"}, {.name = "x", .provider = "builtin"}}) ==
        "models.x: two entries have this name");
  CHECK(problem({{.name = "x", .provider = "builtin", .fallback = {"y"}}}) ==
        "models.x: `fallback` names y, which is no model");
  CHECK(problem({{.name = "x", .provider = "builtin", .fallback = {"x"}}}).find("or the model itself") !=
        std::string::npos);
  const ModelSettings main{.name = "main", .provider = "ollama", .model = "m"};
  const ModelSettings rules{.name = "rules", .provider = "builtin"};
  const auto cassette = [](std::string file, std::string of, std::string mode = "auto") {
    return ModelSettings{.name = "x",
                         .provider = "cassette",
                         .file = std::move(file),
                         .tapes = std::move(of),
                         .mode = std::move(mode)};
  };
  CHECK(problem({main, cassette("", "main")}).find("models.x: `file` is missing") == 0);
  CHECK(problem({main, cassette("/nowhere/at/all", "main", "replay")}).find("no cassette /nowhere/at/all") !=
        std::string::npos);
  CHECK(problem({main, cassette("/tmp/f", "y")}).find("`model` names y") != std::string::npos);
  CHECK(problem({rules, cassette("/tmp/f", "rules")}).find("not reached over HTTP") != std::string::npos);
  CHECK(problem({cassette("/tmp/f", "x")}).find("not reached over HTTP") != std::string::npos);
}

TEST_CASE("a fallback is asked alone: those it falls back to itself are not") {
  // Nobody listens on port 9, so both fail at once.
  ModelSettings main{.name = "main",
                     .provider = "ollama",
                     .model = "m",
                     .base_url = "http://127.0.0.1:9",
                     .retries = 0,
                     .fallback = {"second"}};
  ModelSettings second = main;
  second.name = "second";
  second.fallback = {"rules"};
  auto table = make({main, second, {.name = "rules", .provider = "builtin"}});
  REQUIRE_MESSAGE(table.has_value(), table.error().message);
  Caller caller;
  auto alone = caller.call(*table->at("main"), request_of({user("hello")}));
  REQUIRE_FALSE(alone.has_value());
  CHECK(alone.error().message.contains("model main"));
  CHECK(alone.error().message.contains("model second"));
  auto reply = caller.call(*table->at("second"), request_of({user("hello")}));
  REQUIRE(reply.has_value());
  CHECK(reply->entry == "rules");
}

TEST_CASE("a cassette finds its model wherever that stands in the file, and goes by its own name") {
  const std::string file = "/nowhere/" + std::to_string(::getpid()) + ".jsonl";
  auto table = make({{.name = "tape", .provider = "cassette", .file = file, .tapes = "main"},
                     {.name = "main", .provider = "ollama", .model = "m", .retries = 0}});
  REQUIRE_MESSAGE(table.has_value(), table.error().message);
  CHECK(table->at("tape")->name() == "tape");
  Caller caller;
  auto reply = caller.call(*table->at("tape"), request_of({user("hello")}));
  CHECK(reply.error().code == ErrorCode::store);  // it went to the network and could not be recorded
  CHECK(reply.error().message.starts_with("model tape (m at http://127.0.0.1:11434"));
}

TEST_CASE("a model of a plugin is made by whoever knows plugins, and tried again like one behind a network") {
  CHECK(make({{.name = "x", .provider = "plugin/brain"}}).error().message ==
        "models.x: no plugin is loaded here");
  CHECK(make({{.name = "x", .provider = "plugin/"}})
            .error()
            .message.contains("there is no provider `plugin/`"));

  class Twice final : public Model {
   public:
    Task<Result<ModelReply>> complete(ModelRequest, TokenSink&, CallContext&) override {
      if (++calls > 1) co_return ModelReply{.text = "at last"};
      Error busy{ErrorCode::busy, "too much at once"};
      busy.retryable = true;
      co_return fail(std::move(busy));
    }
    const std::string& name() const override { return name_; }
    int calls = 0;

   private:
    const std::string name_ = "x";
  };
  const auto model = std::make_shared<Twice>();
  std::string asked;
  NoHttp http;
  Caller caller;
  SystemRng rng;
  Governors governors(caller.loop, rng, {.pauses = {.first = std::chrono::milliseconds(1)}});
  const ModelServices services{.http = http,
                               .loop = caller.loop,
                               .rng = rng,
                               .governors = &governors,
                               .plugins = [&](const ModelSettings& entry) -> Result<std::shared_ptr<Model>> {
                                 asked = entry.provider + " " + entry.model;
                                 if (entry.model == "none")
                                   return fail(ErrorCode::not_found, "it has no such model");
                                 return model;
                               }};
  auto table = make_models({{.name = "x", .provider = "plugin/brain", .model = "tiny"}}, services);
  REQUIRE(table.has_value());
  CHECK(asked == "plugin/brain tiny");
  auto reply = caller.call(*table->at("x"), request_of({user("hello")}));
  REQUIRE_MESSAGE(reply.has_value(), reply.error().message);
  CHECK(reply->text == "at last");
  CHECK(model->calls == 2);
  auto none = make_models({{.name = "x", .provider = "plugin/brain", .model = "none"}}, services);
  CHECK(none.error().message == "models.x: it has no such model");
}
