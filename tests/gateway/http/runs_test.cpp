#include "gateway/http/event_stream.h"
#include "tests/agents/world.h"
#include "tests/gateway/http/http_bench.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::gateway;
using namespace std::chrono_literals;
using agents::testing::kAnswer;
using agents::testing::kCall;
using agents::testing::says;
using agents::testing::World;
using fakes::ScriptedModel;

namespace {

struct Runs {
  explicit Runs(std::vector<ScriptedModel::Line> script = {}, ServerSettings settings = {},
                World::More more = {}, agents::DeskSettings desk = {})
      : world(says(std::move(script)), desk, {}, std::move(more)),
        bench(world.loop, *world.desk, {}, std::move(settings)) {
    world.resume();
  }
  HttpReply post(const std::string& body, const std::string& headers = "",
                 const std::string& path = "/v1/runs") {
    return bench.ask("POST", path, body, headers);
  }
  /// What a stream brings while `then` is done after `sign` came; the whole answer.
  std::string stream(const std::string& request, const std::string& sign, std::function<Task<>()> then) {
    const auto both = [&]() -> Task<std::string> {
      fakes::RawSocket client(world.loop);
      co_await client.connect(bench.gateway.port());
      co_await client.write(request);
      std::string text = co_await client.read_until(sign);
      co_await then();
      co_return text + co_await client.read_all();
    };
    return fakes::run(world.loop, both());
  }

  World world;
  HttpBench bench;
};

std::string get_events(const std::string& run, const std::string& headers = "") {
  return fmt::format(
      "GET /v1/runs/{}/events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\nConnection: "
      "close\r\n{}\r\n",
      run, headers);
}

std::size_t count(const std::string& text, std::string_view piece) {
  std::size_t n = 0;
  for (auto at = text.find(piece); at != std::string::npos; at = text.find(piece, at + 1)) ++n;
  return n;
}

World::More asks_first() {
  World::More more;
  more.agent.approve = {"look"};
  return more;
}

}  // namespace

TEST_CASE("a run is begun and waited for, and its events are there afterwards") {
  Runs runs({kCall, kAnswer, kAnswer});
  const HttpReply done = runs.post(R"({"target":"a","input":"what is it?","wait":true})");
  REQUIRE_MESSAGE(done.status == 200, done.text);
  CHECK(done.body["status"] == "done");
  CHECK(done.body["answer"] == "It is 42.");
  CHECK(done.body["duplicate"] == false);
  const std::string run = done.body["run"];
  CHECK(done.has("Location: /v1/runs/" + run + "\r\n"));
  CHECK(runs.bench.ask("GET", "/v1/runs/" + run).body["answer"] == "It is 42.");
  const Json events = runs.bench.ask("GET", "/v1/runs/" + run + "/events").body["events"];
  REQUIRE(events.size() > 4);
  CHECK(events.front()["type"] == "run.started");
  CHECK(events.back()["type"] == "run.finished");
  const std::int64_t seq = events[2]["seq"];
  const Json later =
      runs.bench.ask("GET", fmt::format("/v1/runs/{}/events?after={}", run, seq)).body["events"];
  CHECK(later.size() == events.size() - 3);
  // It goes on in the same session, without being waited for.
  const std::string session = done.body["session"];
  const HttpReply next = runs.post(fmt::format(R"({{"input":"and?","session":"{}"}})", session));
  CHECK(next.status == 202);
  CHECK(next.body["session"] == session);
}

TEST_CASE("the same Idempotency-Key never begins a second run of a session") {
  Runs runs({kAnswer, kAnswer});
  const std::string session = runs.world.session();
  const std::string body = fmt::format(R"({{"input":"q","session":"{}","wait":true}})", session);
  const HttpReply first = runs.post(body, "Idempotency-Key: k1\r\n");
  const HttpReply again = runs.post(body, "Idempotency-Key: k1\r\n");
  CHECK(first.body["duplicate"] == false);
  CHECK(again.status == 200);
  CHECK(again.body["duplicate"] == true);
  CHECK(again.body["run"] == first.body["run"]);
  CHECK(runs.post(body, "Idempotency-Key: k2\r\n").body["run"] != first.body["run"]);
  CHECK(runs.post(R"({"input":"q"})", "Idempotency-Key: k1\r\n").message().find("session") !=
        std::string::npos);
  for (const std::string& key : {std::string("a b"), std::string(""), std::string(200, 'k')})
    CHECK(runs.post(body, "Idempotency-Key: " + key + "\r\n").status == 400);
}

TEST_CASE("what is asked wrongly begins no run and leaves no session") {
  Runs runs;
  struct Case {
    const char* body;
    int status;
    const char* told;
  };
  for (const Case& wrong : {Case{R"({})", 400, "`input`"}, Case{R"({"input":7})", 400, "`input`"},
                            Case{R"({"input":""})", 400, "empty"},
                            Case{R"({"input":"q","target":"b"})", 404, "no agent, team or chain `b`"},
                            Case{R"({"input":"q","traget":"a"})", 400, "target"},
                            Case{R"({"input":"q","session":"s_none"})", 404, "s_none"},
                            Case{R"({"input":"q","wait":1})", 400, "`wait`"},
                            Case{R"({"input":"q","inputs":[]})", 400, "`inputs`"},
                            Case{R"({"input":"q","wait":true,"stream":true})", 400, "exclude"},
                            Case{R"({"input":"q","attachments":[{"type":"image"}]})", 400, "`attachments`"},
                            Case{R"({"input":"q")", 400, "offset"}, Case{"", 400, "JSON"}}) {
    const HttpReply reply = runs.post(wrong.body);
    INFO(wrong.body, "\n", reply.text);
    CHECK(reply.status == wrong.status);
    CHECK(reply.message().find(wrong.told) != std::string::npos);
  }
  CHECK(runs.post(R"({"input":"q"})", "Content-Type: text/plain\r\n").status == 415);
  CHECK(fakes::run(runs.world.loop, runs.world.journal->list_sessions("", 9))->empty());
  for (const char* path : {"/v1/runs/r_none", "/v1/runs/r_none/events"})
    CHECK(runs.bench.ask("GET", path).status == 404);
  CHECK(runs.post("{}", "", "/v1/runs/r_none/cancel").status == 404);
  CHECK(runs.post(R"({"call":"c_1"})", "", "/v1/runs/r_none/approve").status == 404);
  CHECK(runs.bench.ask("GET", "/v1/runs").status == 405);
}

TEST_CASE("events stream from the beginning to the end of a run, each journaled one once") {
  Runs runs({kCall, kAnswer});
  const std::string body = R"({"input":"what is it?","stream":true})";
  const std::string all = runs.stream(
      fmt::format("POST /v1/runs HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: "
                  "application/json\r\nContent-Length: {}\r\n\r\n{}",
                  body.size(), body),
      "\r\n\r\n", []() -> Task<> { co_return; });
  CHECK(all.find("Content-Type: text/event-stream\r\n") != std::string::npos);
  CHECK(all.find("Transfer-Encoding: chunked\r\n") != std::string::npos);
  CHECK(all.find("Location: /v1/runs/r_") != std::string::npos);
  CHECK(all.find("Content-Length") == std::string::npos);
  CHECK(all.ends_with("0\r\n\r\n"));
  for (int seq = 1; seq <= 5; ++seq) CHECK(count(all, fmt::format("id: {}\n", seq)) == 1);
  CHECK(count(all, "event: run.started\n") == 1);
  CHECK(count(all, "event: observation\n") == 1);
  CHECK(count(all, "event: run.finished\n") == 1);
}

TEST_CASE("a stream goes on live behind Last-Event-ID, and ends with the run") {
  Runs runs({ScriptedModel::Hang{}});
  const std::string session = runs.world.session();
  auto run = runs.world.submit(session, "q");
  REQUIRE(run);
  const auto cancel = [&]() -> Task<> {
    (void)co_await runs.world.desk->cancel(Principal{}, run->run, agents::CancelMode::now);
  };
  const std::string whole = runs.stream(get_events(run->run), "event: run.started\n", cancel);
  CHECK(count(whole, "event: run.finished\n") == 1);
  CHECK(count(whole, "id: 1\n") == 1);
  const std::string rest =
      runs.stream(get_events(run->run, "Last-Event-ID: 1\r\n"), "\r\n\r\n", []() -> Task<> { co_return; });
  CHECK(count(rest, "id: 1\n") == 0);
  CHECK(count(rest, "event: run.finished\n") == 1);
  // Who has everything is told nothing, and not kept waiting.
  auto row = fakes::run(runs.world.loop, runs.world.desk->find_run(Principal{}, run->run));
  const std::string none =
      runs.stream(get_events(run->run, fmt::format("Last-Event-ID: {}\r\n", row->last_seq)), "\r\n\r\n",
                  []() -> Task<> { co_return; });
  CHECK(count(none, "event: ") == 0);
  CHECK(none.ends_with("0\r\n\r\n"));
  for (const char* wrong : {"999", "-1", "x", "1.5"})
    CHECK(runs.stream(get_events(run->run, fmt::format("Last-Event-ID: {}\r\n", wrong)), "\r\n\r\n",
                      []() -> Task<> { co_return; })
              .starts_with("HTTP/1.1 400"));
}

TEST_CASE("a stream and a wait end when the daemon stops, and the run is not lost") {
  Runs runs({ScriptedModel::Hang{}});
  const std::string session = runs.world.session();
  auto run = runs.world.submit(session, "q");
  REQUIRE(run);
  const auto stop = [&]() -> Task<> { co_await runs.bench.gateway.stop(5s); };
  const std::string all = runs.stream(get_events(run->run), "event: run.started\n", stop);
  CHECK(count(all, "event: run.finished\n") == 0);
  CHECK(runs.world.desk->status().running == 1);
}

TEST_CASE("a run is cancelled, and a call that waits for a person is decided once") {
  Runs runs({kCall, kAnswer, kCall, kAnswer, ScriptedModel::Hang{}}, {}, asks_first());
  const auto waiting = [&] {
    const std::string session = runs.world.session();
    const std::string run = runs.post(fmt::format(R"({{"input":"q","session":"{}"}})", session)).body["run"];
    runs.world.until([&] { return !runs.world.desk->pending(Principal{}, session).empty(); });
    return run;
  };
  const std::string first = waiting();
  const HttpReply shown = runs.bench.ask("GET", "/v1/runs/" + first);
  REQUIRE(shown.body["waiting"].size() == 1);
  const std::string call = shown.body["waiting"][0]["call"];
  CHECK(shown.body["waiting"][0]["tool"] == "look");
  const auto decide = [&](const std::string& run, const char* word, const std::string& body) {
    return runs.post(body, "", "/v1/runs/" + run + "/" + word);
  };
  const std::string yes = fmt::format(R"({{"call":"{}"}})", call);
  CHECK(decide(first, "approve", "{}").status == 400);
  CHECK(decide(first, "approve", R"({"call":"c_none"})").status == 404);
  CHECK(decide(first, "approve", fmt::format(R"({{"call":"{}","imput":{{}}}})", call)).status == 400);
  CHECK(decide(first, "approve", fmt::format(R"({{"call":"{}","input":null}})", call)).status == 400);
  CHECK(decide(first, "approve", fmt::format(R"({{"call":"{}","input":{{"x":"no"}}}})", call)).status == 400);
  CHECK(decide(first, "deny", fmt::format(R"({{"call":"{}","input":{{}}}})", call)).status == 400);
  CHECK(decide(first, "approve", yes).body["approved"] == true);
  const HttpReply again = decide(first, "deny", yes);
  CHECK(again.status == 409);
  CHECK(again.code() == "already_decided");
  runs.world.finished(first);

  const std::string second = waiting();
  const std::string other = runs.bench.ask("GET", "/v1/runs/" + second).body["waiting"][0]["call"];
  CHECK(decide(second, "deny", fmt::format(R"({{"call":"{}","reason":"not today"}})", other))
            .body["approved"] == false);
  runs.world.finished(second);
  CHECK(runs.world.last("approval.denied")["reason"] == "not today");

  const std::string session = runs.world.session();
  const std::string third = runs.post(fmt::format(R"({{"input":"q","session":"{}"}})", session)).body["run"];
  CHECK(decide(third, "cancel", R"({"mode":"soon"})").status == 400);
  CHECK(decide(third, "cancel", R"({"mode":"now"})").status <= 202);
  runs.world.finished(third);
  const HttpReply over = decide(third, "cancel", "");
  CHECK(over.status == 200);
  CHECK(over.body["status"] == "cancelled");
}

TEST_CASE("another tenant's runs are not there, whatever is asked of them") {
  Runs runs({kAnswer, ScriptedModel::Hang{}}, settings_with_tokens());
  const std::string run = runs.post(R"({"input":"q","wait":true})", kAcme).body["run"];
  const std::string session = runs.bench.ask("GET", "/v1/runs/" + run, "", kAcme).body["session"];
  for (const std::string& path : {"/v1/runs/" + run, "/v1/runs/" + run + "/events"})
    CHECK(runs.bench.ask("GET", path, "", kBravo).status == 404);
  CHECK(runs.stream(get_events(run, kBravo), "\r\n\r\n", []() -> Task<> { co_return; })
            .starts_with("HTTP/1.1 404"));
  for (const char* what : {"cancel", "approve", "deny"})
    CHECK(runs.post(std::string(what) == "cancel" ? "{}" : R"({"call":"c_1"})", kBravo,
                    "/v1/runs/" + run + "/" + what)
              .status == 404);
  CHECK(runs.post(fmt::format(R"({{"input":"q","session":"{}"}})", session), kBravo).status == 404);
  CHECK(runs.post(R"({"input":"q"})").status == 401);
  CHECK(runs.post(R"({"input":"q"})", kAcme + "Origin: https://evil.example\r\n").status == 403);
}

TEST_CASE("an event is sent as server-sent events are written") {
  const Frame journaled{
      .text = std::make_shared<const std::string>(R"({"type":"answer"})"), .seq = 7, .type = "answer"};
  CHECK(server_sent(journaled) == "id: 7\nevent: answer\ndata: {\"type\":\"answer\"}\n\n");
  const Frame delta{.text = std::make_shared<const std::string>("{}"), .type = "answer.delta"};
  CHECK(server_sent(delta) == "event: answer.delta\ndata: {}\n\n");
}
