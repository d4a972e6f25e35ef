#include "models/cassette.h"

#include "models/request_match.h"
#include "tests/models/call.h"
#include "tests/models/scripted_model.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::models;
using namespace troupe::models::testing;

namespace {

/// A folder of its own that goes with the test.
struct Folder {
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "troupe-cassette-XXXXXX").string();
    path = ::mkdtemp(pattern.data());
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string file(const char* name = "tape.jsonl") const { return (path / name).string(); }
  std::filesystem::path path;
};

Tape open(const std::string& path, bool may_be_new = true, Secrets secrets = {}) {
  auto tape = Tape::open(path, may_be_new, std::move(secrets));
  REQUIRE_MESSAGE(tape.has_value(), tape.error().message);
  return std::move(*tape);
}

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("what was recorded is played back piece by piece, without the model") {
  Folder folder;
  auto script = std::make_shared<ScriptedModel>();
  ModelReply answer;
  answer.text = "안녕 \"world\"";
  answer.reasoning = "";
  answer.tool_calls = {{"call_1", "f", "{\"x\": 1}"}};
  answer.finish = FinishReason::tool_calls;
  answer.usage = {10, 5, 3, true};
  answer.model = "m-1";
  answer.provider_state = "{\"sig\":1}";
  script->turns.push_back({{"안", "녕 ", "\"wor", "ld\""}, answer});
  ModelRequest request = request_of({instruct("s"), user("hi")}, {{"f", "does f", R"({"type":"object"})"}});

  Caller first;
  Cassette recording("tape", open(folder.file()), script);
  REQUIRE(first.call(recording, request).has_value());

  Caller second;
  Cassette playing("tape", open(folder.file(), false), nullptr);
  auto reply = second.call(playing, request);
  REQUIRE(reply.has_value());
  CHECK(second.sink.chunks == first.sink.chunks);
  CHECK(second.sink.chunks.size() == 4);
  CHECK(reply->text == answer.text);
  CHECK(reply->tool_calls.at(0).arguments == "{\"x\": 1}");
  CHECK(reply->finish == FinishReason::tool_calls);
  CHECK(reply->usage.input_tokens == 10);
  CHECK(reply->usage.cached_tokens == 3);
  CHECK(reply->usage.estimated);
  CHECK(reply->model == "m-1");
  CHECK(reply->provider_state == answer.provider_state);
  CHECK(script->calls == 1);
}

TEST_CASE("a recorded error is played back as it was") {
  Folder folder;
  auto script = std::make_shared<ScriptedModel>();
  Error error = busy("HTTP 429: later");
  error.retry_after = std::chrono::milliseconds(1500);
  script->fails(error, {"par", "tial"});
  Caller first, second;
  Cassette recording("tape", open(folder.file()), script);
  CHECK_FALSE(first.call(recording, request_of({user("hi")})).has_value());
  Cassette playing("tape", open(folder.file()), nullptr);
  auto reply = second.call(playing, request_of({user("hi")}));
  CHECK(second.sink.text == "partial");
  CHECK(reply.error().code == ErrorCode::model);
  CHECK(reply.error().message == "HTTP 429: later");
  CHECK(reply.error().retryable);
  CHECK(reply.error().status == 429);
  CHECK(reply.error().retry_after == std::chrono::milliseconds(1500));
}

TEST_CASE("with a model to record, only what the file does not have is asked") {
  Folder folder;
  auto script = std::make_shared<ScriptedModel>();
  script->says("one");
  script->says("two");
  Caller caller;
  Cassette cassette("tape", open(folder.file()), script);
  CHECK(caller.call(cassette, request_of({user("1")}))->text == "one");
  CHECK(caller.call(cassette, request_of({user("1")}))->text == "one");
  CHECK(caller.call(cassette, request_of({user("2")}))->text == "two");
  CHECK(script->calls == 2);
}

TEST_CASE("a consumer that has enough while playing gets what it read") {
  Folder folder;
  auto script = std::make_shared<ScriptedModel>();
  ModelReply answer;
  answer.text = "abcdef";
  script->turns.push_back({{"ab", "cd", "ef"}, answer});
  Caller first, second;
  Cassette recording("tape", open(folder.file()), script);
  REQUIRE(first.call(recording, request_of({user("hi")})).has_value());
  Cassette playing("tape", open(folder.file()), nullptr);
  second.sink.enough = 3;
  auto reply = second.call(playing, request_of({user("hi")}));
  CHECK(reply->text == "abcd");
  CHECK(reply->finish == FinishReason::closed_early);
}

TEST_CASE("a miss names the nearest recording and where it first differs") {
  Folder folder;
  auto script = std::make_shared<ScriptedModel>();
  script->says("x");
  script->says("y");
  Caller caller;
  Cassette recording("tape", open(folder.file()), script);
  REQUIRE(caller.call(recording, request_of({user("something else")})).has_value());
  REQUIRE(caller.call(recording, request_of({instruct("s"), user("What is the capital of France?")}))
              .has_value());
  Cassette playing("tape", open(folder.file()), nullptr);
  auto miss = caller.call(playing, request_of({instruct("s"), user("What is the capital of Spain?")}));
  CHECK(miss.error().code == ErrorCode::unavailable);
  CHECK(miss.error().message.find("number 2") != std::string::npos);
  CHECK(miss.error().message.find("messages[1].content") != std::string::npos);
  CHECK(miss.error().message.find("France") != std::string::npos);
  CHECK(miss.error().message.find("Spain") != std::string::npos);
  CHECK(miss.error().message.find(folder.file()) != std::string::npos);
}

TEST_CASE("requests match by what they mean, not by how they are written") {
  auto with_schema = [](const char* schema) {
    return normalized_request(request_of({user("hi\r\nthere")}, {{"f", "d", schema}}));
  };
  CHECK(with_schema(R"({"type":"object","properties":{}})") ==
        with_schema("{ \"properties\": {},\n\"type\": \"object\" }"));
  CHECK(with_schema("{}") == normalized_request(request_of({user("hi\nthere")}, {{"f", "d", " {} "}})));
  CHECK(first_difference(with_schema("{}"), with_schema("{}")) == std::nullopt);

  auto differs = [](const ModelRequest& a, const ModelRequest& b) {
    return first_difference(normalized_request(a), normalized_request(b)).value_or("");
  };
  ModelRequest base = request_of({user("a")});
  CHECK(differs(base, request_of({user("a"), user("b")})) == "messages: 1 recorded but 2 asked");
  CHECK(differs(base, request_of({assistant("a")})).starts_with("messages[0].role: "));
  ModelRequest stops = base;
  stops.stop = {"x"};
  CHECK(differs(base, stops) == "stop: not recorded but asked: [\"x\"]");
  CHECK(differs(base, request_of({user("a")}, {{"f", "", "{}"}})) == "tools: 0 recorded but 1 asked");
  CHECK(differs(request_of({user("가나다라")}), request_of({user("가나마라")}))
            .find("messages[0].content: at byte") == 0);
}

TEST_CASE("a recording is readable to its owner only and holds no secret") {
  Folder folder;
  std::ofstream(folder.file()) << "";
  std::filesystem::permissions(folder.file(), std::filesystem::perms(0644));
  auto script = std::make_shared<ScriptedModel>();
  script->says("your key is sk-very-secret-key, keep it");
  Secrets secrets;
  secrets.add("sk-very-secret-key");
  Caller caller;
  Cassette cassette("tape", open(folder.file(), true, secrets), script);
  ModelRequest request = request_of({user("my key is sk-very-secret-key")});
  REQUIRE(caller.call(cassette, request).has_value());

  struct stat info{};
  REQUIRE(::stat(folder.file().c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
  CHECK(text_of(folder.file()).find("very-secret") == std::string::npos);
  CHECK(caller.call(cassette, request)->text == "your key is ***, keep it");
  CHECK(script->calls == 1);
}

TEST_CASE("a file that cannot be used says which line and why") {
  Folder folder;
  auto problem = [&](std::string_view text) {
    std::ofstream(folder.file()) << text;
    auto tape = Tape::open(folder.file(), false, {});
    return tape ? std::string() : tape.error().message;
  };
  CHECK(problem("") == "");
  CHECK(problem("\n\n") == "");
  CHECK(problem("{}\n").find(":1: not an exchange of version 1") != std::string::npos);
  CHECK(problem("\n{\"version\":1}\n").find(":2: `request` is missing") != std::string::npos);
  CHECK(problem("{\"version\":1,\"request\":{},\"pieces\":[]}").find("either a `reply` or an `error`") !=
        std::string::npos);
  CHECK(problem("not json").find("not valid JSON") != std::string::npos);
  CHECK(Tape::open(folder.file("none"), false, {}).error().code == ErrorCode::not_found);
  CHECK(Tape::open(folder.path.string(), false, {}).error().code == ErrorCode::store);
  CHECK(Tape::open(folder.file("none"), true, {}).has_value());
}

TEST_CASE("a recording that cannot be written fails the call") {
  Folder folder;
  auto script = std::make_shared<ScriptedModel>();
  script->says("x");
  Caller caller;
  Cassette cassette("tape", open(folder.file("no/such/folder.jsonl")), script);
  auto reply = caller.call(cassette, request_of({user("hi")}));
  CHECK(reply.error().code == ErrorCode::store);
  CHECK(reply.error().message.find("no/such/folder.jsonl") != std::string::npos);
}

TEST_CASE("the same request recorded several times is played in that order") {
  Folder folder;
  auto script = std::make_shared<ScriptedModel>();
  script->says("one");
  Caller caller;
  {
    Cassette a("tape", open(folder.file()), script);
    REQUIRE(caller.call(a, request_of({user("hi")})).has_value());
  }
  std::string line = text_of(folder.file());
  std::string other = line;
  for (std::size_t at; (at = other.find("one")) != std::string::npos;) other.replace(at, 3, "two");
  std::ofstream(folder.file()) << line << other;
  Cassette playing("tape", open(folder.file()), nullptr);
  CHECK(caller.call(playing, request_of({user("hi")}))->text == "one");
  CHECK(caller.call(playing, request_of({user("hi")}))->text == "two");
  CHECK(caller.call(playing, request_of({user("hi")}))->text == "two");
}
