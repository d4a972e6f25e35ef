#include "models/catalog.h"

#include "tests/models/call.h"

#include <filesystem>
#include <fstream>

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
  CHECK(problem({{.name = "x", .provider = "cassette"}}).find("models.x: `file` is missing") == 0);
  CHECK(problem({{.name = "x", .provider = "cassette", .file = "/nowhere/at/all"}})
            .find("no cassette /nowhere/at/all") != std::string::npos);
  CHECK(problem({{.name = "x", .provider = "cassette", .file = "/tmp/f", .record = "y"}})
            .find("`record` names y") != std::string::npos);
}

TEST_CASE("a fallback is asked alone: those it falls back to itself are not") {
  auto path = std::filesystem::temp_directory_path() / ("troupe-fallback-" + std::to_string(::getpid()));
  ModelSettings main{.name = "main", .provider = "cassette", .fallback = {"second"}, .file = path.string()};
  ModelSettings second = main;
  second.name = "second";
  second.fallback = {"rules"};
  {
    std::ofstream(path) << "";
  }
  auto table = make({main, second, {.name = "rules", .provider = "builtin"}});
  REQUIRE_MESSAGE(table.has_value(), table.error().message);
  Caller caller;
  auto alone = caller.call(*table->at("main"), request_of({user("hello")}));
  REQUIRE_FALSE(alone.has_value());
  CHECK(alone.error().message.contains("model main:"));
  CHECK(alone.error().message.contains("model second:"));
  auto reply = caller.call(*table->at("second"), request_of({user("hello")}));
  REQUIRE(reply.has_value());
  CHECK(reply->entry == "rules");
  std::filesystem::remove(path);
}

TEST_CASE("a cassette finds the model it records wherever that stands in the file") {
  auto path =
      std::filesystem::temp_directory_path() / ("troupe-catalog-" + std::to_string(::getpid()) + ".jsonl");
  auto table = make({{.name = "tape", .provider = "cassette", .file = path.string(), .record = "rules"},
                     {.name = "rules", .provider = "builtin"}});
  REQUIRE_MESSAGE(table.has_value(), table.error().message);
  Caller caller;
  auto reply = caller.call(*table->at("tape"), request_of({user("hello")}));
  REQUIRE(reply.has_value());
  CHECK(caller.sink.chunks.size() > 1);
  CHECK(std::filesystem::exists(path));
  std::filesystem::remove(path);
}
