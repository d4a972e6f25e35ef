#include "models/cassettes/cassette_client.h"

#include "runtime/base/context.h"
#include "tests/fakes/run_loop.h"
#include "tests/fakes/temp_dir.h"

#include <deque>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::models;
using Mode = CassetteClient::Mode;

namespace {

/// A network that does what it is told, exchange by exchange.
class ScriptedHttp final : public net::HttpClient {
 public:
  struct Turn {
    int status = 200;
    std::vector<std::string> pieces;
    net::Headers headers = {{"content-type", "application/json"}};
    Result<> end = {};
  };
  std::deque<Turn> turns;
  int calls = 0;

  Task<Result<net::HttpResponse>> fetch(net::HttpRequest, Stop&) override {
    co_return fail(ErrorCode::internal, "a cassette streams");
  }
  Task<Result<net::HttpHead>> stream(net::HttpRequest request, net::BodySink& sink, Stop& stop) override {
    ++calls;
    if (turns.empty()) co_return fail(ErrorCode::internal, "the script is at its end");
    Turn turn = std::move(turns.front());
    turns.pop_front();
    net::HttpHead head{.status = turn.status, .headers = turn.headers, .url = request.url};
    if (turn.status != 0 && !sink.on_head(head)) co_return head;
    for (const std::string& piece : turn.pieces) {
      if (!sink.on_data(piece)) co_return head;
      if (stop.requested()) co_return fail(stopped("http", stop.reason()));
    }
    if (!turn.end) co_return fail(std::move(turn.end.error()));
    co_return head;
  }
  void says(std::vector<std::string> pieces) { turns.push_back({.pieces = std::move(pieces)}); }
};

class RecordingBody final : public net::BodySink {
 public:
  bool on_head(const net::HttpHead& got) override {
    head = got;
    return true;
  }
  bool on_data(std::string_view bytes) override {
    pieces.emplace_back(bytes);
    if (then) then();
    return pieces.size() < enough;
  }
  std::string text() const {
    std::string all;
    for (const std::string& piece : pieces) all += piece;
    return all;
  }
  net::HttpHead head;
  std::vector<std::string> pieces;
  std::size_t enough = std::string::npos;
  std::function<void()> then;
};

struct Fixture {
  fakes::TempDir folder;
  SystemClock clock;
  Loop loop{clock};
  Stop stop;
  ScriptedHttp http;
  RecordingBody body;

  std::string file(const char* name = "tape.jsonl") const { return (folder.path() / name).string(); }
  std::string text() const {
    std::ifstream in(file());
    return {std::istreambuf_iterator<char>(in), {}};
  }
  CassetteClient cassette(Mode mode = Mode::automatic, Secrets secrets = {}) {
    auto tape = Tape::open(file(), mode == Mode::automatic, std::move(secrets));
    REQUIRE_MESSAGE(tape.has_value(), tape.error().message);
    return {"cassette tape", std::move(*tape), mode, http};
  }
  Result<net::HttpHead> ask(CassetteClient& client, net::HttpRequest request) {
    body.pieces.clear();
    return fakes::run(loop, client.stream(std::move(request), body, stop));
  }
};

net::HttpRequest request(const std::string& question) {
  net::HttpRequest request{.method = "POST", .url = "https://api.example/v1/chat"};
  request.headers = {{"content-type", "application/json"}, {"authorization", "Bearer sk-very-secret-key"}};
  request.body = R"({"model":"m","messages":[{"role":"user","content":")" + question + "\"}]}";
  return request;
}

Error cut() {
  return {ErrorCode::network,
          "POST https://api.example/v1/chat: the server cut the answer after 3 bytes",
          true,
          0,
          {}};
}

}  // namespace

TEST_CASE(
    "an exchange that was recorded is played back piece by piece, whatever is in it, without the network") {
  Fixture f;
  const std::vector<std::string> pieces{"data: {\"a\":\"\xed", "\x95\x9c\"}\n", "\n",
                                        std::string("\0\xff", 2), "end"};
  f.http.turns.push_back({.status = 201, .pieces = pieces});
  {
    auto recording = f.cassette();
    auto head = f.ask(recording, request("hi"));
    REQUIRE(head.has_value());
    CHECK(f.body.pieces == pieces);
  }
  auto playing = f.cassette(Mode::replay);
  auto head = f.ask(playing, request("hi"));
  REQUIRE_MESSAGE(head.has_value(), head.error().message);
  CHECK(head->status == 201);
  CHECK(head->header("content-type") == "application/json");
  CHECK(head->url == "https://api.example/v1/chat");
  CHECK(f.body.head.status == 201);
  CHECK(f.body.pieces == pieces);
  CHECK(f.http.calls == 1);

  auto whole = fakes::run(f.loop, playing.fetch(request("hi"), f.stop));
  REQUIRE(whole.has_value());
  CHECK(whole->status == 201);
  CHECK(whole->body == f.body.text());
}

TEST_CASE("what the file does not have is asked and added, and asked once") {
  Fixture f;
  f.http.says({"one"});
  f.http.says({"two"});
  auto cassette = f.cassette();
  for (const auto& [question, answer] :
       {std::pair{"1", "one"}, std::pair{"1", "one"}, std::pair{"2", "two"}, std::pair{"1", "one"}}) {
    REQUIRE(f.ask(cassette, request(question)).has_value());
    CHECK(f.body.text() == answer);
  }
  CHECK(f.http.calls == 2);
}

TEST_CASE("requests match by what they say, not by how they are written or who sends them") {
  Fixture f;
  f.http.says({"x"});
  auto cassette = f.cassette();
  REQUIRE(f.ask(cassette, request("hi")).has_value());
  net::HttpRequest other = request("hi");
  other.headers = {
      {"Authorization", "Bearer another"}, {"x-trace", "7"}, {"Content-Type", "application/json"}};
  other.body = "{ \"messages\": [ {\"content\":\"hi\", \"role\":\"user\"} ],\n\"model\":\"m\" }";
  REQUIRE(f.ask(cassette, other).has_value());
  CHECK(f.http.calls == 1);
}

TEST_CASE("a broken connection is played back as it was: what came, and then the error") {
  Fixture f;
  f.http.turns.push_back({.pieces = {"abc"}, .end = fail(cut())});
  f.http.turns.push_back(
      {.status = 0, .end = fail(Error{ErrorCode::timeout, "no answer in 60 s", true, 0, {}})});
  {
    auto recording = f.cassette();
    CHECK(f.ask(recording, request("hi")).error().code == ErrorCode::network);
    CHECK(f.ask(recording, request("ho")).error().code == ErrorCode::timeout);
  }
  auto playing = f.cassette(Mode::replay);
  auto head = f.ask(playing, request("hi"));
  CHECK(f.body.text() == "abc");
  CHECK(head.error().code == ErrorCode::network);
  CHECK(head.error().message == cut().message);
  CHECK(head.error().retryable);
  head = f.ask(playing, request("ho"));
  CHECK(f.body.pieces.empty());
  CHECK(head.error().code == ErrorCode::timeout);
}

TEST_CASE("a refusal and the answer to the next attempt are played in that order, and its wait is over") {
  Fixture f;
  const auto refuse = [&] {
    f.http.turns.push_back({.status = 429,
                            .pieces = {"later"},
                            .headers = {{"retry-after", "20"}, {"retry-after-ms", "20000"}}});
  };
  refuse();
  f.http.says({"now"});
  {
    auto recording = f.cassette();
    CHECK(f.ask(recording, request("hi"))->header("retry-after") == "20");
    CHECK(f.ask(recording, request("hi"))->status == 200);
    CHECK(f.ask(recording, request("hi"))->status == 200);
    CHECK(f.http.calls == 2);
  }
  auto playing = f.cassette(Mode::replay);
  auto head = f.ask(playing, request("hi"));
  CHECK(head->status == 429);
  CHECK(head->header("retry-after") == "0");
  CHECK(head->header("retry-after-ms") == "0");
  CHECK(f.body.text() == "later");
  CHECK(f.ask(playing, request("hi"))->status == 200);
  CHECK(f.ask(playing, request("hi"))->status == 200);
}

TEST_CASE("a wait that a refusal told in its body is over as well when it is played") {
  for (
      const char* body :
      {R"({"error":{"code":429,"details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"42s"}]}})",
       R"({"error":"Model m is currently loading","estimated_time":20.0})",
       R"({"error":{"message":"Rate limit reached. Please try again in 20s."}})"}) {
    CAPTURE(body);
    Fixture f;
    f.http.turns.push_back({.status = 429, .pieces = {body}});
    {
      auto recording = f.cassette();
      CHECK(f.ask(recording, request("hi"))->header("retry-after-ms") == "");
    }
    auto playing = f.cassette(Mode::replay);
    CHECK(f.ask(playing, request("hi"))->header("retry-after-ms") == "0");
  }
}

TEST_CASE("a refusal that was the last word is played again offline, and asked again where it may be") {
  Fixture f;
  f.http.turns.push_back({.status = 500, .pieces = {"oops"}, .headers = {{"retry-after", "3600"}}});
  {
    auto recording = f.cassette();
    CHECK(f.ask(recording, request("hi"))->status == 500);
  }
  auto playing = f.cassette(Mode::replay);
  CHECK(f.ask(playing, request("hi"))->status == 500);
  CHECK(f.ask(playing, request("hi"))->header("retry-after") == "3600");  // nobody waited that long
  f.http.says({"better"});
  auto again = f.cassette();
  CHECK(f.ask(again, request("hi"))->status == 500);
  CHECK(f.ask(again, request("hi"))->status == 200);
  CHECK(f.http.calls == 2);
}

TEST_CASE("a reader that has enough ends the recording, and the same one its playback") {
  Fixture f;
  f.http.says({"a", "b", "c"});
  f.body.enough = 2;
  {
    auto recording = f.cassette();
    CHECK(f.ask(recording, request("hi"))->status == 200);
  }
  auto playing = f.cassette(Mode::replay);
  CHECK(f.ask(playing, request("hi"))->status == 200);
  CHECK(f.body.text() == "ab");
  f.body.enough = 9;
  auto head = f.ask(playing, request("hi"));
  CHECK(head.error().code == ErrorCode::unavailable);
  CHECK(head.error().message.find("had enough") != std::string::npos);
}

TEST_CASE("what was stopped from outside is not recorded; what was stopped because it is enough is") {
  for (const StopReason reason : {StopReason::cancelled, StopReason::deadline, StopReason::budget}) {
    Fixture f;
    f.http.says({"a", "b"});
    auto recording = f.cassette();
    f.body.then = [&] { f.stop.request(reason); };
    CHECK_FALSE(f.ask(recording, request("hi")).has_value());
    CHECK(f.text().empty() == (reason != StopReason::budget));
    CHECK(f.ask(recording, request("hi")).error().code ==
          (reason == StopReason::deadline ? ErrorCode::timeout : ErrorCode::cancelled));
  }
}

TEST_CASE("a miss names the nearest recording and where it first differs") {
  Fixture f;
  f.http.says({"x"});
  f.http.says({"y"});
  auto recording = f.cassette();
  REQUIRE(f.ask(recording, request("something else")).has_value());
  REQUIRE(f.ask(recording, request("What is the capital of France?")).has_value());
  auto playing = f.cassette(Mode::replay);
  auto miss = f.ask(playing, request("What is the capital of Spain?"));
  CHECK(miss.error().code == ErrorCode::unavailable);
  const std::string& message = miss.error().message;
  CAPTURE(message);
  CHECK(message.starts_with("cassette tape: "));
  CHECK(message.find("number 2") != std::string::npos);
  CHECK(message.find("body.messages[0].content") != std::string::npos);
  CHECK(message.find("France") != std::string::npos);
  CHECK(message.find("Spain") != std::string::npos);
  CHECK(message.find(f.file()) != std::string::npos);
  net::HttpRequest elsewhere = request("something else");
  elsewhere.url = "https://api.example/v2/chat";
  CHECK(f.ask(playing, elsewhere).error().message.find("url: ") != std::string::npos);
  CHECK(f.http.calls == 2);
}

TEST_CASE("a recording is readable to its owner only and holds no secret, wherever that stood") {
  constexpr const char* kSecret = "sk-very-secret-key";
  Fixture f;
  std::ofstream(f.file()) << "";
  std::filesystem::permissions(f.file(), std::filesystem::perms(0644));
  f.http.turns.push_back(
      {.pieces = {"your key is sk-very", "-secret-", "key, keep it", " (sk-very-secret-key)"},
       .headers = {{"set-cookie", kSecret}, {"content-type", kSecret}, {"x-id", kSecret}}});
  Error echo = cut();
  echo.message += kSecret;
  f.http.turns.push_back({.end = fail(echo)});
  Secrets secrets;
  secrets.add(kSecret);
  net::HttpRequest telling = request("my key is sk-very-secret-key");
  telling.url =
      "https://sk-very-secret-key@api.example/v1/chat?key=sk-very-secret-key&alt=sse&t=sk-very-secret-key";
  telling.headers = {{"authorization", "Bearer sk-very-secret-key"},
                     {"x-api-key", kSecret},
                     {"x-goog-api-key", kSecret},
                     {"cookie", kSecret},
                     {"accept", kSecret},
                     {"x-team", "not-a-known-secret"}};
  auto recording = f.cassette(Mode::automatic, secrets);
  REQUIRE(f.ask(recording, telling).has_value());
  CHECK(f.body.text().find(kSecret) != std::string::npos);  // whom it is meant for
  CHECK_FALSE(f.ask(recording, request("hi")).has_value());

  struct stat info{};
  REQUIRE(::stat(f.file().c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
  const std::string text = f.text();
  CHECK(text.find("very-secret") == std::string::npos);
  CHECK(text.find("not-a-known-secret") == std::string::npos);
  CHECK(text.find("https://api.example/v1/chat?key=***&alt=sse&t=***") != std::string::npos);
  auto playing = f.cassette(Mode::replay, secrets);
  REQUIRE(f.ask(playing, telling).has_value());
  CHECK(f.body.pieces == std::vector<std::string>{"your key is ***", ", keep it", " (***)"});
}

TEST_CASE("a body that is no JSON is kept as it is, and without its secrets") {
  Fixture f;
  f.http.says({"x"});
  Secrets secrets;
  secrets.add("12345678");
  net::HttpRequest numeric = request("hi");
  numeric.body = "{\"pin\":12345678}";  // masked, this is no JSON any more
  auto recording = f.cassette(Mode::automatic, secrets);
  REQUIRE(f.ask(recording, numeric).has_value());
  CHECK(f.text().find("12345678") == std::string::npos);
  auto playing = f.cassette(Mode::replay, secrets);
  CHECK(f.ask(playing, numeric).has_value());
}

TEST_CASE("a file that cannot be used says which line and why") {
  Fixture f;
  auto problem = [&](std::string_view text) {
    std::ofstream(f.file()) << text;
    auto tape = Tape::open(f.file(), false, {});
    return tape ? std::string() : tape.error().message;
  };
  CHECK(problem("") == "");
  CHECK(problem("\n\n") == "");
  CHECK(problem("{}\n").find("tape.jsonl:1: not an exchange of version 2") != std::string::npos);
  CHECK(problem("\n{\"version\":2}\n").find(":2: `request` is missing") != std::string::npos);
  CHECK(problem("{\"version\":2,\"request\":{}}").find("a `response`, an `error`, or both") !=
        std::string::npos);
  CHECK(problem("{\"version\":2,\"request\":{},\"response\":{}}").find("`response.status`") !=
        std::string::npos);
  CHECK(problem("{\"version\":2,\"request\":{},\"response\":{\"status\":200,\"pieces\":[1]}}")
            .find("`response.pieces`") != std::string::npos);
  CHECK(
      problem("{\"version\":2,\"request\":{},\"response\":{\"status\":200,\"pieces\":[{\"bytes\":\"한\"}]}}")
          .find("`response.pieces`") != std::string::npos);
  CHECK(problem("not json").find(":1: ") != std::string::npos);
  CHECK(Tape::open(f.file("none"), false, {}).error().code == ErrorCode::not_found);
  CHECK(Tape::open(f.folder.path().string(), false, {}).error().code == ErrorCode::store);
  CHECK(Tape::open(f.file("none"), true, {}).has_value());
}

TEST_CASE("half a line, as a crash leaves it, is named with its place") {
  Fixture f;
  f.http.says({"x"});
  auto recording = f.cassette();
  REQUIRE(f.ask(recording, request("hi")).has_value());
  const std::string line = f.text();
  std::ofstream(f.file()) << line << line.substr(0, line.size() / 2);
  auto tape = Tape::open(f.file(), true, {});
  REQUIRE_FALSE(tape.has_value());
  CHECK(tape.error().code == ErrorCode::invalid);
  CHECK(tape.error().message.starts_with(f.file() + ":2: "));
}

TEST_CASE("a recording that cannot be written fails the call") {
  Fixture f;
  f.http.says({"x"});
  auto tape = Tape::open(f.file("no/such/folder.jsonl"), true, {});
  REQUIRE(tape.has_value());
  CassetteClient cassette("cassette tape", std::move(*tape), Mode::automatic, f.http);
  auto head = f.ask(cassette, request("hi"));
  CHECK(head.error().code == ErrorCode::store);
  CHECK(head.error().message.find("no/such/folder.jsonl") != std::string::npos);
}

TEST_CASE("the same request recorded several times is played in that order, the last again and again") {
  Fixture f;
  f.http.says({"one"});
  {
    auto recording = f.cassette();
    REQUIRE(f.ask(recording, request("hi")).has_value());
  }
  const std::string line = f.text();
  std::string other = line;
  other.replace(other.find("\"one\""), 5, "\"two\"");
  std::ofstream(f.file()) << line << other;
  for (const Mode mode : {Mode::replay, Mode::automatic}) {
    auto playing = f.cassette(mode);
    for (const char* answer : {"one", "two", "two"}) {
      REQUIRE(f.ask(playing, request("hi")).has_value());
      CHECK(f.body.text() == answer);
    }
  }
}
