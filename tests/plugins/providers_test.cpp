// Models and embedders of plugins, as the floor of models has them: by their entry, governed, with their
// errors.
#include "plugins/providers.h"

#include "models/embedders/catalog.h"
#include "models/governor/governors.h"
#include "plugins/plugin_embedder.h"
#include "tests/fakes/temp_dir.h"
#include "tests/models/call.h"
#include "tests/plugins/plugin_stage.h"

#include <algorithm>
#include <filesystem>
#include <limits>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::plugins;
using models::testing::request_of;
using models::testing::user;

namespace fs = std::filesystem;

namespace {

/// The test's plugin as a daemon has it, and the entries that use it.
class Scene {
 public:
  explicit Scene(PluginSettings settings = {.name = "local", .path = TROUPE_MODELS_PLUGIN}) {
    fs::permissions(folder_.path(), fs::perms(0755));
    settings.path = readable_copy(settings.path);
    Stop nobody_asks;
    auto adopted = fakes::run(loop, plugins_.adopt({settings}, *http_, nobody_asks));
    REQUIRE_MESSAGE(adopted, (adopted ? "" : adopted.error().message));
    table = std::move(*adopted);
  }
  ~Scene() {
    made_.clear();
    embedders_.clear();
    table.clear();
    fakes::run(loop, plugins_.close());
  }

  Result<models::ModelTable> models(std::vector<models::ModelSettings> settings) {
    return models::make_models(settings, {.http = *http_,
                                          .loop = loop,
                                          .rng = rng_,
                                          .governors = &governors_,
                                          .plugins = model_maker(table, workers_)});
  }
  Result<models::EmbedderTable> embedders(models::EmbedderSettings settings) {
    return models::make_embedders({settings}, {.http = *http_,
                                               .loop = loop,
                                               .rng = rng_,
                                               .workers = workers_,
                                               .governors = &governors_,
                                               .plugins = embedder_maker(table, workers_)});
  }
  Result<models::ModelReply> ask(std::string text, models::ModelSettings settings = {},
                                 models::TokenSink* sink = nullptr) {
    return ask(request_of({user(std::move(text))}), std::move(settings), sink);
  }
  Result<models::ModelReply> ask(models::ModelRequest request, models::ModelSettings settings = {},
                                 models::TokenSink* sink = nullptr, Deadline deadline = {}) {
    settings.name = settings.name.empty() ? "main" : settings.name;
    settings.provider = "plugin/local";
    if (settings.model.empty()) settings.model = "scripted";
    auto made = models({settings});
    REQUIRE_MESSAGE(made, (made ? "" : made.error().message));
    made_ = std::move(*made);
    CallContext context{.loop = loop, .stop = stop, .deadline = deadline, .events = told};
    models::testing::RecordingSink own;
    return fakes::run(loop,
                      made_.at(settings.name)->complete(std::move(request), sink ? *sink : own, context));
  }
  Result<models::Vectors> embed(std::vector<std::string> texts, models::EmbedderSettings settings = {},
                                bool query = false) {
    settings.name = "e";
    settings.provider = "plugin/local";
    if (settings.model.empty()) settings.model = "letters";
    auto made = embedders(settings);
    REQUIRE_MESSAGE(made, (made ? "" : made.error().message));
    embedders_ = std::move(*made);
    CallContext context{.loop = loop, .stop = stop, .deadline = {}, .events = told};
    models::Embedder& embedder = *embedders_.at("e");
    return fakes::run(loop, query ? embedder.embed_queries(std::move(texts), context)
                                  : embedder.embed(std::move(texts), context));
  }
  std::size_t warnings(std::string_view code) const {
    return static_cast<std::size_t>(std::ranges::count_if(told.events, [code](const Event& event) {
      return event.type == "warning" && string_or(event.fields, "code") == code;
    }));
  }
  InstancePool::Counts counts() const { return table.at("local")->counts(); }

  SystemClock clock;
  Loop loop{clock};
  Stop stop;
  ToldEvents told;
  PluginTable table;

 private:
  fakes::TempDir folder_;
  std::unique_ptr<net::HttpClient> http_ = net::make_curl_client(loop, {}, net::Guarding::guarded);
  SystemRng rng_;
  Workers workers_{1};
  models::Governors governors_{loop, rng_, {.pauses = {.first = 1ms, .longest = 2ms}}};
  const sandbox::Support support_ = sandbox::probe();
  PluginFolder copies_{(folder_.path() / "copies").string()};
  Plugins plugins_{{.loop = loop,
                    .support = [this]() -> const sandbox::Support& { return support_; },
                    .folder = copies_,
                    .program = test_worker}};
  models::ModelTable made_;
  models::EmbedderTable embedders_;
};

models::ModelSettings once() {
  return {.retries = 0};
}

}  // namespace

TEST_CASE("a plugin's model streams, counts its tokens, and is asked with what the entry says") {
  Scene scene;
  models::testing::RecordingSink sink;
  auto reply = scene.ask("say one two three", {}, &sink);
  REQUIRE_MESSAGE(reply, reply.error().message);
  CHECK(reply->text == "one two three");
  CHECK(sink.text == "one two three");
  CHECK(sink.chunks == std::vector<std::string>{"one ", "two ", "three"});
  CHECK(reply->finish == models::FinishReason::stop);
  CHECK(reply->usage.input_tokens == 11);
  CHECK(reply->usage.output_tokens == 7);
  CHECK_FALSE(reply->usage.estimated);
  CHECK(reply->model == "scripted");

  models::ModelRequest request = request_of({models::testing::instruct("Be brief."), user("hello"),
                                             models::testing::assistant("hi"), user("input")});
  request.schema = R"({"type":"object"})";
  request.stop = {"\nObservation"};
  auto told = scene.ask(
      std::move(request),
      {.temperature = 0.5, .top_p = 0.9, .seed = 7, .max_output_tokens = 99, .options = {{"beams", 2}}});
  REQUIRE(told);
  CHECK(told->usage.estimated);
  CHECK(told->usage.output_tokens > 0);
  CHECK(parse_json(told->text).value() ==
        parse_json(R"({"system":"Be brief.","messages":[{"role":"user","text":"hello"},
          {"role":"assistant","text":"hi"},{"role":"user","text":"input"}],"schema":{"type":"object"},
          "stop":["\nObservation"],"temperature":0.5,"top_p":0.9,"seed":7,"max_tokens":99,"stream":true,
          "options":{"beams":2}})")
            .value());
}

TEST_CASE("characters that a plugin cuts arrive whole, and what is no text is replaced") {
  Scene scene;
  models::testing::RecordingSink sink;
  auto reply = scene.ask("bytes 한국 \U0001F600", {}, &sink);
  REQUIRE_MESSAGE(reply, reply.error().message);
  CHECK(reply->text == "한국 \U0001F600\uFFFD!");
  CHECK(sink.text == reply->text);
  CHECK(sink.chunks.front() == "한");
}

TEST_CASE("tools are declared, called and answered, pictures travel, and state comes back to who gave it") {
  Scene scene;
  models::ModelRequest request =
      request_of({user("use twice {\"number\": 4}")}, {{"twice", "doubles", R"({"type":"object"})"}});
  request.tool_mode = models::ToolMode::native;
  auto called = scene.ask(request);
  REQUIRE_MESSAGE(called, called.error().message);
  REQUIRE(called->tool_calls.size() == 1);
  CHECK(called->tool_calls[0].name == "twice");
  CHECK(called->tool_calls[0].arguments == R"({"number":4})");
  CHECK(called->tool_calls[0].id == "call_1_1");
  CHECK(called->finish == models::FinishReason::tool_calls);

  auto thought = scene.ask("think so it is");
  REQUIRE_MESSAGE(thought, thought.error().message);
  CHECK(thought->text == "so it is");
  CHECK(thought->reasoning == "let me see");
  REQUIRE(thought->provider_state.contains("signature"));

  models::Message mine{.role = models::Role::assistant,
                       .content = "so it is",
                       .tool_calls = {{"c1", "twice", R"({"number":4})"}, {"c2", "twice", "not json"}},
                       .provider_state = thought->provider_state};
  models::Message others = mine;
  others.provider_state = R"([{"type":"thinking"}])";
  models::ModelRequest again =
      request_of({{.role = models::Role::user, .content = "look", .images = {{"https://example.org/a.png"}}},
                  mine,
                  {.role = models::Role::tool, .content = "8", .tool_call_id = "c1", .name = "twice"},
                  others,
                  user("input")});
  auto told = scene.ask(std::move(again));
  REQUIRE_MESSAGE(told, told.error().message);
  const Json messages = parse_json(told->text).value()["messages"];
  CHECK(dump(messages[0]["images"]) == R"([{"url":"https://example.org/a.png"}])");
  CHECK(dump(messages[1]["state"]) == R"({"signature":"abc"})");
  CHECK(dump(messages[1]["tool_calls"][0]["arguments"]) == R"({"number":4})");
  CHECK(messages[1]["tool_calls"][1]["arguments"] == "not json");
  CHECK(dump(messages[2]) == R"({"role":"tool","text":"8","call":"c1","name":"twice"})");
  CHECK_FALSE(messages[3].contains("state"));
}

TEST_CASE("what a model cannot do it is not asked for: tools, pictures and schemas") {
  Scene scene;
  models::ModelRequest tools = request_of({user("{}")}, {{"twice", "doubles", "{}"}});
  tools.tool_mode = models::ToolMode::native;
  auto refused = scene.ask(std::move(tools), {.model = "raw"});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::model);
  CHECK(refused.error().message.contains("cannot be given tools"));
  CHECK(refused.error().message.contains("model main (raw of plugin/local)"));
  auto blind = scene.ask(
      request_of({{.role = models::Role::user, .content = "{}", .images = {{"https://example.org/a.png"}}}}),
      {.model = "raw"});
  REQUIRE_FALSE(blind);
  CHECK(blind.error().message.contains("takes none"));
}

TEST_CASE("each status of a plugin's model is an error of that kind, and what may pass is tried again") {
  Scene scene;
  struct Case {
    int status;
    ErrorCode code;
    std::size_t retries;
  };
  for (const Case& one :
       {Case{TROUPE_FAILED, ErrorCode::model, 0}, Case{TROUPE_INVALID, ErrorCode::model, 0},
        Case{TROUPE_CANCELLED, ErrorCode::model, 0}, Case{TROUPE_DENIED, ErrorCode::model, 0},
        Case{TROUPE_TOO_LARGE, ErrorCode::too_large, 0}, Case{TROUPE_BUSY, ErrorCode::busy, 2},
        Case{TROUPE_UNAVAILABLE, ErrorCode::unavailable, 2}, Case{99, ErrorCode::model, 0}}) {
    CAPTURE(one.status);
    scene.told.events.clear();
    auto failed = scene.ask("fail " + std::to_string(one.status) + " my words", {.retries = 2});
    REQUIRE_FALSE(failed);
    CHECK(failed.error().code == one.code);
    CHECK(failed.error().message.contains("my words"));
    CHECK(failed.error().message.contains("model main (scripted of plugin/local)"));
    CHECK(scene.warnings("model_retry") == one.retries);
  }
  CHECK(scene.ask("still here")->text == "You said: still here");
}

TEST_CASE("where a plugin's model fails, the next one is asked") {
  Scene scene;
  auto made = scene.models(
      {{.name = "main", .provider = "plugin/local", .model = "scripted", .retries = 0, .fallback = {"rules"}},
       {.name = "rules", .provider = "builtin"}});
  REQUIRE_MESSAGE(made, (made ? "" : made.error().message));
  CallContext context{.loop = scene.loop, .stop = scene.stop, .deadline = {}, .events = scene.told};
  models::testing::RecordingSink sink;
  auto reply =
      fakes::run(scene.loop, made->at("main")->complete(request_of({user("fail 8 gone")}), sink, context));
  REQUIRE_MESSAGE(reply, reply.error().message);
  CHECK(reply->entry == "rules");
  CHECK(scene.warnings("fallback") == 1);
}

TEST_CASE("an answer that is not as it should be is refused with what is wrong with it") {
  Scene scene;
  const std::string deep(200, '[');
  std::string many = R"({"tool_calls":[)";
  for (int i = 0; i < 129; ++i) many += std::string(i ? "," : "") + R"({"name":"x"})";
  many += "]}";
  struct Case {
    std::string answer, words;
  };
  for (const Case& one :
       {Case{"", "is no JSON"},
        Case{"hello", "is no JSON"},
        Case{"[]", "is no JSON object"},
        Case{R"({"text":)" + deep, "is no JSON"},
        Case{R"({"text":1})", "`text` that is no text"},
        Case{R"({"text":"a","text":"b"})", "is no JSON"},
        Case{R"({"reasoning":[]})", "`reasoning`"},
        Case{R"({"tool_calls":{}})", "no list of at most 128"},
        Case{many, "no list of at most 128"},
        Case{R"({"tool_calls":[{"arguments":{}}]})", "without a name"},
        Case{R"({"tool_calls":[{"name":"a\nb"}]})", "not one line"},
        Case{R"({"tool_calls":[{"name":")" + std::string(300, 'x') + R"("}]})", "longer than 256"},
        Case{R"({"tool_calls":[{"name":"x","arguments":[1]}]})", "neither an object nor text"},
        Case{R"({"tool_calls":[{"name":"x","id":"1"},{"name":"x","id":"1"}]})", "two calls"},
        Case{R"({"text":"a","finish":"done"})", "`finish`"},
        Case{R"({"text":"a","finish":3})", "`finish`"},
        Case{R"({"text":"a","usage":[]})", "`usage` that is no object"},
        Case{R"({"text":"a","usage":{"input_tokens":-1}})", "whole numbers from 0"},
        Case{R"({"text":"a","usage":{"input_tokens":1.5}})", "whole numbers from 0"},
        Case{R"({"text":"a","usage":{"output_tokens":18446744073709551615}})", "whole numbers from 0"},
        Case{R"({"text":"a","usage":{"input_tokens":1,"cached_tokens":2}})", "tokens of the cache"},
        Case{R"({"text":"a","model":")" + std::string(300, 'x') + R"("})", "`model`"},
        Case{R"({"text":"a","state":")" + std::string(300'000, 'x') + R"("})", "`state`"}}) {
    CAPTURE(one.answer.substr(0, 80));
    auto failed = scene.ask(one.answer, {.model = "raw", .retries = 0});
    REQUIRE_FALSE(failed);
    CHECK(failed.error().code == ErrorCode::protocol);
    CHECK_MESSAGE(failed.error().message.contains(one.words), failed.error().message);
    CHECK(failed.error().message.size() < 1'000);
  }
  auto good = scene.ask(R"({"text":"fine","finish":"length","usage":{"input_tokens":3,"output_tokens":1}})",
                        {.model = "raw"});
  REQUIRE(good);
  CHECK(good->finish == models::FinishReason::length);
}

TEST_CASE("a flood of text, in pieces or in one answer, costs the plugin its worker at most") {
  Scene scene;
  auto torrent = scene.ask("torrent", {.model = "flood", .retries = 2});
  REQUIRE_FALSE(torrent);
  CHECK(torrent.error().code == ErrorCode::protocol);
  CHECK(torrent.error().message.contains("text is larger than 8388608 bytes"));
  auto large = scene.ask("large 9000000", {.retries = 2});
  REQUIRE_FALSE(large);
  CHECK(large.error().code == ErrorCode::protocol);
  CHECK(large.error().message.contains("at most 8388608 are taken"));
  CHECK(scene.warnings("model_retry") == 0);
  auto long_one = scene.ask("large 1000000");
  REQUIRE_MESSAGE(long_one, long_one.error().message);
  CHECK(long_one->text.size() == 1'000'000);
  auto vectors = scene.embed({R"({"dimensions":2})", "9000000 zero"}, {.model = "raw", .retries = 0});
  REQUIRE_FALSE(vectors);
  CHECK(vectors.error().code == ErrorCode::protocol);
  auto many = scene.embed({R"({"dimensions":60000})", "480000 nan"}, {.model = "raw", .retries = 0});
  REQUIRE_FALSE(many);
  CHECK(many.error().message.contains("not finite, in vector 2 of 2"));
}

TEST_CASE("a reader who has enough ends the stream, and the worker with its model lives on") {
  Scene scene;
  models::testing::RecordingSink sink;
  sink.enough = 12;
  auto reply = scene.ask("endless", {}, &sink);
  REQUIRE_MESSAGE(reply, reply.error().message);
  CHECK(reply->finish == models::FinishReason::closed_early);
  CHECK(reply->text == sink.text);
  CHECK(reply->usage.estimated);
  CHECK(scene.ask("hello")->text == "You said: hello");
  CHECK(scene.counts().started == 1);
}

TEST_CASE("a cancelled stream ends at once, and a model that does not listen loses its worker") {
  Scene scene;
  class Cancelling final : public models::TokenSink {
   public:
    explicit Cancelling(Stop& stop) : stop_(stop) {}
    bool on_text(std::string_view) override {
      stop_.request(StopReason::cancelled);
      return true;
    }

   private:
    Stop& stop_;
  };
  Cancelling sink(scene.stop);
  auto cancelled = scene.ask("endless", {}, &sink);
  REQUIRE_FALSE(cancelled);
  CHECK(cancelled.error().code == ErrorCode::cancelled);
  CHECK(scene.counts().alive == 1);

  Scene deaf;
  auto late = deaf.ask(request_of({user("deaf")}), {}, nullptr, Deadline::after(deaf.clock, 50ms));
  REQUIRE_FALSE(late);
  CHECK(late.error().code == ErrorCode::timeout);
  CHECK(deaf.counts().alive == 0);
  CHECK(deaf.ask("hello")->text == "You said: hello");
}

TEST_CASE("a model that is silent for too long is given up; one that says how far it is, is not") {
  Scene scene;
  models::ModelSettings settings = once();
  settings.timeout = 1s;
  auto silent = scene.ask("silent", settings);
  REQUIRE_FALSE(silent);
  CHECK(silent.error().code == ErrorCode::timeout);
  CHECK(silent.error().retryable);
  CHECK(silent.error().message.contains("it said nothing for 1 s"));
  auto slow = scene.ask("slow", settings);
  REQUIRE_MESSAGE(slow, slow.error().message);
  CHECK(slow->text == "loaded");
}

TEST_CASE(
    "a crash while streaming is an error that is not repeated, one before it is; the next call is fresh") {
  Scene scene;
  models::testing::RecordingSink sink;
  auto crashed = scene.ask("crash", {.retries = 2}, &sink);
  REQUIRE_FALSE(crashed);
  CHECK(sink.text == "it is about to");
  CHECK(crashed.error().code == ErrorCode::unavailable);
  CHECK(crashed.error().message.contains("SIGSEGV"));
  CHECK(scene.warnings("model_retry") == 0);
  auto died = scene.ask("die", {.retries = 1});
  REQUIRE_FALSE(died);
  CHECK(died.error().code == ErrorCode::unavailable);
  CHECK(scene.warnings("model_retry") == 1);
  CHECK(scene.ask("hello")->text == "You said: hello");
}

TEST_CASE("a plugin's embedder gives vectors, and is told which texts are questions") {
  Scene scene;
  auto vectors = scene.embed({"banana", "xyz!", "한"});
  REQUIRE_MESSAGE(vectors, vectors.error().message);
  CHECK(vectors->dimensions == 4);
  CHECK(vectors->values == std::vector<float>{3, 3, 0, 0, 0, 3, 1, 0, 0, 0, 3, 0});
  CHECK(vectors->usage.input_tokens == 13);
  CHECK_FALSE(vectors->usage.estimated);
  auto query = scene.embed({"banana"}, {}, true);
  REQUIRE(query);
  CHECK(query->values == std::vector<float>{3, 3, 0, 1});
  std::vector<std::string> many(150, "aaa");
  auto batched = scene.embed(many);
  REQUIRE(batched);
  CHECK(batched->rows() == 150);
  CHECK(batched->usage.input_tokens == 450);
  auto made = scene.embedders({.name = "e", .provider = "plugin/local", .model = "letters"});
  REQUIRE(made);
  CHECK(made->at("e")->version() == "letters 3");
  CHECK(made->at("e")->limits().texts == 64);
}

TEST_CASE("each status of a plugin's embedder is an error of that kind") {
  Scene scene;
  struct Case {
    int status;
    ErrorCode code;
    std::size_t retries;
  };
  for (const Case& one : {Case{TROUPE_FAILED, ErrorCode::model, 0}, Case{TROUPE_BUSY, ErrorCode::busy, 1},
                          Case{TROUPE_UNAVAILABLE, ErrorCode::unavailable, 1},
                          Case{TROUPE_TOO_LARGE, ErrorCode::too_large, 0}}) {
    CAPTURE(one.status);
    scene.told.events.clear();
    auto failed = scene.embed({"fail " + std::to_string(one.status) + " my words"}, {.retries = 1});
    REQUIRE_FALSE(failed);
    CHECK(failed.error().code == one.code);
    CHECK(failed.error().message.contains("embedder e (letters of plugin/local)"));
    CHECK(failed.error().message.contains("my words"));
    CHECK(scene.warnings("model_retry") == one.retries);
  }
}

TEST_CASE("vectors of another number, length or kind than was said are refused") {
  Scene scene;
  struct Case {
    std::string answer, body, words;
    int wanted = 0;
  };
  for (const Case& one :
       {Case{"", "16 zero", "is no JSON"}, Case{"[]", "16 zero", "does not say `dimensions`"},
        Case{"{}", "16 zero", "does not say `dimensions`"},
        Case{R"({"dimensions":0})", "16 zero", "does not say `dimensions`"},
        Case{R"({"dimensions":-2})", "16 zero", "does not say `dimensions`"},
        Case{R"({"dimensions":4611686018427387904})", "16 zero", "does not say `dimensions`"},
        Case{R"({"dimensions":70000})", "16 zero", "does not say `dimensions`"},
        Case{R"({"dimensions":2})", "15 zero", "15 bytes of vectors; 2 texts with 2 dimensions each take 16"},
        Case{R"({"dimensions":2})", "24 zero", "24 bytes of vectors"},
        Case{R"({"dimensions":2})", "0 zero", "0 bytes of vectors"},
        Case{R"({"dimensions":2})", "16 zero", "2 dimensions instead of 3", 3},
        Case{R"({"dimensions":2})", "16 nan", "not finite, in vector 2 of 2"},
        Case{R"({"dimensions":2})", "16 inf", "not finite"},
        Case{R"({"dimensions":2,"usage":{"input_tokens":-4}})", "16 zero", "counts tokens"}}) {
    CAPTURE(one.answer);
    CAPTURE(one.body);
    // An answer is the first text, and there is none for an empty one.
    auto failed =
        one.answer.empty() ? [&]() -> Result<models::Vectors> { return read_vectors("", "", 2, 0); }()
        : scene.embed({one.answer, one.body}, {.model = "raw", .dimensions = one.wanted, .retries = 0});
    REQUIRE_FALSE(failed);
    CHECK(failed.error().code == ErrorCode::protocol);
    CHECK_MESSAGE(failed.error().message.contains(one.words), failed.error().message);
  }
  auto good = scene.embed({R"({"dimensions":2})", "16 zero"}, {.model = "raw"});
  REQUIRE_MESSAGE(good, good.error().message);
  CHECK(good->usage.estimated);
}

TEST_CASE("an entry means the service of its name, or the only one, and says what there is otherwise") {
  const PluginDescription two{.services = {{.kind = "tool", .name = "tiny"},
                                           {.kind = "model", .name = "tiny"},
                                           {.kind = "model", .name = "large"},
                                           {.kind = "embedder", .name = "e5"}}};
  CHECK(service_meant(two, "model", "p", "large")->service == 2);
  CHECK(service_meant(two, "model", "p", "large")->told.empty());
  CHECK(service_meant(two, "model", "p", "").error().message ==
        "the plugin `p` has several models: say which as `model`; there are tiny, large");
  CHECK(service_meant(two, "model", "p", "larg").error().message ==
        "the plugin `p` has no model `larg`; did you mean `large`?");
  CHECK(service_meant(two, "embedder", "p", "")->service == 3);
  CHECK(service_meant(two, "embedder", "p", "intfloat/e5-small")->told == "intfloat/e5-small");
  CHECK(service_meant({.services = {{.kind = "tool", .name = "x"}}}, "model", "p", "").error().message ==
        "the plugin `p` has no model");

  Scene scene;
  auto none = scene.models({{.name = "m", .provider = "plugin/lokal", .model = "scripted"}});
  REQUIRE_FALSE(none);
  CHECK(none.error().message == "models.m: there is no plugin `lokal`; did you mean `local`?");
  auto other = scene.embedders({.name = "e", .provider = "plugin/local", .model = "scripted"});
  REQUIRE_FALSE(other);
  CHECK(other.error().message ==
        "embeddings.e: the plugin `local` has no embedder `scripted`; there are "
        "raw, letters");
}

TEST_CASE("entries of one plugin share its governor, so a limit of one holds for the other") {
  Scene scene;
  auto made =
      scene.models({{.name = "a", .provider = "plugin/local", .model = "scripted", .requests_per_minute = 1},
                    {.name = "b", .provider = "plugin/local", .model = "scripted"}});
  REQUIRE(made);
  models::testing::RecordingSink sink;
  CallContext context{.loop = scene.loop, .stop = scene.stop, .deadline = {}, .events = scene.told};
  REQUIRE(fakes::run(scene.loop, made->at("a")->complete(request_of({user("hi")}), sink, context)));
  CallContext hasty{.loop = scene.loop,
                    .stop = scene.stop,
                    .deadline = Deadline::after(scene.clock, 50ms),
                    .events = scene.told};
  auto second = fakes::run(scene.loop, made->at("b")->complete(request_of({user("hi")}), sink, hasty));
  REQUIRE_FALSE(second);
  CHECK(second.error().code == ErrorCode::timeout);
}

TEST_CASE("the example's vectors are the same every time, alike for texts alike, and as long as wanted") {
  Scene scene({.name = "local", .path = TROUPE_NGRAMS_PLUGIN});
  models::EmbedderSettings settings{.model = "whatever", .dimensions = 256};
  auto vectors = scene.embed(
      {"The old lighthouse by the sea", "An old lighthouse at the sea", "Quarterly tax returns", "?!"},
      settings);
  REQUIRE_MESSAGE(vectors, vectors.error().message);
  CHECK(vectors->dimensions == 256);
  const auto cosine = [&](std::size_t a, std::size_t b) {
    double sum = 0;
    for (std::size_t i = 0; i < 256; ++i) sum += static_cast<double>(vectors->row(a)[i]) * vectors->row(b)[i];
    return sum;
  };
  CHECK(cosine(0, 0) == doctest::Approx(1).epsilon(1e-5));
  CHECK(cosine(0, 1) > 0.5);
  CHECK(cosine(0, 2) < 0.3);
  auto again = scene.embed({"The old lighthouse by the sea"}, settings);
  REQUIRE(again);
  CHECK(std::ranges::equal(again->row(0), vectors->row(0)));
  CHECK(scene.embed({"x"}, {.model = "whatever"})->dimensions == 384);
}
