#include "agents/sessions/session_archive.h"
#include "gateway/http/session_routes.h"
#include "tests/agents/world.h"
#include "tests/gateway/http/http_bench.h"

#include <algorithm>

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

/// The gateway over a real desk and a real store.
struct Sessions {
  explicit Sessions(std::vector<ScriptedModel::Line> script = {}, ServerSettings settings = {})
      : world(says(std::move(script))), bench(world.loop, *world.desk, services(), std::move(settings)) {
    world.resume();
  }

  GatewayServices services() {
    auto catalog = world.catalog("a", "hash");
    return {.offer =
                [catalog] {
                  return Offer{.catalog = catalog, .tools = std::make_shared<const tools::ToolTable>()};
                },
            .sessions = &archive};
  }

  /// A session with a run for each text.
  std::string talk(std::vector<std::string> texts, const std::string& tenant = "default") {
    const std::string session = world.session(tenant);
    for (const std::string& text : texts) {
      auto run = world.submit(session, text, "", tenant);
      REQUIRE(run);
      world.finished(run->run);
    }
    return session;
  }
  std::vector<std::string> listed(const std::string& query, const std::string& headers = "") {
    const HttpReply page = bench.ask("GET", "/v1/sessions" + query, "", headers);
    REQUIRE_MESSAGE(page.status == 200, page.text);
    std::vector<std::string> ids;
    for (const Json& one : page.body["sessions"]) ids.push_back(one["session"]);
    more = page.body["more"];
    return ids;
  }

  World world;
  Workers workers{1};
  agents::SessionArchive archive{world.loop, *world.journal, workers, world.path()};
  HttpBench bench;
  bool more = false;
};

using Ids = std::vector<std::string>;

}  // namespace

TEST_CASE("sessions are listed newest first, page by page, in both directions") {
  Sessions sessions;
  Ids made;
  for (int i = 0; i < 5; ++i) made.push_back(sessions.world.session());
  std::ranges::sort(made, std::greater<>());
  CHECK(sessions.listed("") == made);
  CHECK_FALSE(sessions.more);
  CHECK(sessions.listed("?limit=2") == Ids{made[0], made[1]});
  CHECK(sessions.more);
  CHECK(sessions.listed("?limit=2&before=" + made[1]) == Ids{made[2], made[3]});
  CHECK(sessions.more);
  CHECK(sessions.listed("?limit=2&before=" + made[3]) == Ids{made[4]});
  CHECK_FALSE(sessions.more);
  CHECK(sessions.listed("?limit=2&after=" + made[4]) == Ids{made[2], made[3]});
  CHECK(sessions.more);
  CHECK(sessions.listed("?after=" + made[1]) == Ids{made[0]});
  CHECK(sessions.listed("?before=" + made[4]).empty());
  // A session that went away meanwhile still marks its place.
  CHECK(sessions.bench.ask("DELETE", "/v1/sessions/" + made[1]).status == 200);
  CHECK(sessions.listed("?limit=1&before=" + made[1]) == Ids{made[2]});
  for (const char* wrong :
       {"?limit=0", "?limit=501", "?limit=x", "?before=a&after=b", "?page=2", "?limit=1&limit=2"})
    CHECK_MESSAGE(sessions.bench.ask("GET", std::string("/v1/sessions") + wrong).status == 400, wrong);
}

TEST_CASE("a session is read as it is exported, and comes back as a new one that goes on") {
  Sessions sessions({kCall, kAnswer, kAnswer});
  const std::string session = sessions.talk({"what is it?"});
  const HttpReply whole = sessions.bench.ask("GET", "/v1/sessions/" + session);
  REQUIRE(whole.status == 200);
  CHECK(whole.body["version"] == 1);
  CHECK(whole.body["session"] == session);
  REQUIRE(whole.body["turns"].size() == 1);
  CHECK(whole.body["turns"][0]["input"] == "what is it?");
  CHECK(whole.body["turns"][0]["answer"] == "It is 42.");
  CHECK(whole.body["turns"][0]["steps"].size() == 2);
  const HttpReply chat = sessions.bench.ask("GET", "/v1/sessions/" + session + "?format=openai");
  CHECK(chat.body["messages"][0]["content"] == "what is it?");
  CHECK(sessions.bench.ask("GET", "/v1/sessions/" + session + "?format=xml").status == 400);

  for (const std::string& document : {whole.text, chat.text}) {
    const HttpReply made = sessions.bench.ask("POST", "/v1/sessions", document);
    REQUIRE_MESSAGE(made.status == 201, made.text);
    const std::string id = made.body["session"];
    CHECK(id != session);
    CHECK(made.body["runs"] == 1);
    CHECK(made.has("Location: /v1/sessions/" + id + "\r\n"));
    const HttpReply again = sessions.bench.ask("GET", "/v1/sessions/" + id);
    CHECK(again.body["turns"][0]["answer"] == "It is 42.");
  }
}

TEST_CASE("what cannot be taken in is refused with the place, and leaves nothing behind") {
  Sessions sessions;
  const auto post = [&](const std::string& body, const std::string& path = "/v1/sessions",
                        const std::string& headers = "") {
    return sessions.bench.ask("POST", path, body, headers);
  };
  const std::string good = R"({"version":1,"turns":[{"input":"q","answer":"r","status":"done"}]})";
  CHECK(post(R"({"version":1,"turns":[{"answer":"x"}]})").message().find("/turns/0/input") !=
        std::string::npos);
  CHECK(post(R"({"version":1,"turns":[)").message().find("offset") != std::string::npos);
  CHECK(post(good, "/v1/sessions?target=b").message().find("there is no agent `b`") != std::string::npos);
  for (
      const HttpReply& wrong :
      {post(R"({"version":1,"turns":[{"answer":"x"}]})"), post(R"({"version":9})"), post("[1]"), post("x"),
       sessions.bench.ask("POST", "/v1/sessions"), post(good, "/v1/sessions?target=b"),
       post(good, "/v1/sessions?tenant=other"),
       post(
           R"({"version":1,"turns":[{"input":"q","answer":"r","status":"done","attachments":[{"type":"image"}]}]})")}) {
    CHECK_MESSAGE(wrong.status == 400, wrong.text);
    CHECK(wrong.code() == "invalid");
  }
  CHECK(post(good, "/v1/sessions", "Content-Type: text/plain\r\n").status == 415);
  CHECK(sessions.listed("").empty());
  const HttpReply system = post(R"([{"role":"system","content":"s"},{"role":"user","content":"u"}])");
  CHECK(system.status == 201);
  CHECK(system.body["remarks"].size() == 1);
}

TEST_CASE("a body may be as large as an import needs, and only of who may send it") {
  Sessions sessions({}, settings_with_tokens());
  const std::string text(200'000, 'x');
  std::string document = R"({"version":1,"turns":[)";
  for (int i = 0; i < 8; ++i)
    document += fmt::format(R"({}{{"input":"{}","answer":"r","status":"done"}})", i ? "," : "", text);
  document += "]}";
  REQUIRE(document.size() > limits::kMessageBytes);
  CHECK(sessions.bench.ask("POST", "/v1/sessions", document, kAcme).status == 201);
  // Nobody reads what comes from nowhere: the answer is there before the body is.
  const std::string head = fmt::format("Host: localhost\r\nContent-Length: {}\r\n", 5 << 20);
  const auto only_head = [&](const std::string& more) {
    return fakes::run(sessions.world.loop, exchange(sessions.world.loop, sessions.bench.gateway.port(),
                                                    "POST /v1/sessions HTTP/1.1\r\n" + head + more + "\r\n"));
  };
  CHECK(only_head("").status == 401);
  CHECK(only_head("Authorization: Bearer wrong\r\n").status == 401);
  CHECK(only_head(kAcme + "Origin: https://evil.example\r\n").status == 403);
  const std::string huge =
      fmt::format("Host: localhost\r\nContent-Length: {}\r\n", SessionRoutes::kImportBytes + 1);
  const HttpReply over =
      fakes::run(sessions.world.loop, exchange(sessions.world.loop, sessions.bench.gateway.port(),
                                               "POST /v1/sessions HTTP/1.1\r\n" + huge + kAcme + "\r\n"));
  CHECK(over.status == 413);
  CHECK(over.message().find(std::to_string(SessionRoutes::kImportBytes)) != std::string::npos);
  // Other paths keep the usual limit.
  CHECK(sessions.bench.ask("POST", "/v1/reload", document, kAcme).status == 413);
}

TEST_CASE("a session that is deleted is gone with its runs; one at work is not deleted") {
  Sessions sessions({kAnswer, ScriptedModel::Hang{}});
  const std::string session = sessions.talk({"one"});
  auto second = sessions.world.submit(session, "two");
  REQUIRE(second);
  sessions.world.until([&] { return sessions.world.count("run.started") == 2; });
  auto third = sessions.world.submit(session, "three");
  REQUIRE(third);
  const HttpReply busy = sessions.bench.ask("DELETE", "/v1/sessions/" + session);
  CHECK(busy.status == 429);
  CHECK(busy.code() == "busy");
  CHECK(busy.message().find(second->run) != std::string::npos);
  for (const std::string& run : {third->run, second->run}) {
    REQUIRE(fakes::run(sessions.world.loop,
                       sessions.world.desk->cancel(Principal{}, run, agents::CancelMode::now)));
    sessions.world.finished(run);
  }
  HttpReply gone;
  sessions.world.until([&] { return sessions.world.desk->status().running == 0; });
  gone = sessions.bench.ask("DELETE", "/v1/sessions/" + session);
  CHECK_MESSAGE(gone.status == 200, gone.text);
  CHECK(gone.body["deleted"] == session);
  CHECK(sessions.bench.ask("DELETE", "/v1/sessions/" + session).status == 404);
  CHECK(sessions.bench.ask("GET", "/v1/sessions/" + session).status == 404);
  CHECK(sessions.world.submit(session, "four").error().code == ErrorCode::not_found);
  CHECK(sessions.listed("").empty());
}

TEST_CASE("another tenant's sessions are not there: not listed, not read, not deleted, not even by a piece") {
  Sessions sessions({kAnswer, kAnswer}, settings_with_tokens());
  const std::string mine = sessions.talk({"mine"}, "acme");
  const std::string other = sessions.talk({"other"}, "bravo");
  CHECK(sessions.listed("", kAcme) == Ids{mine});
  CHECK(sessions.listed("?after=s_0", kAcme) == Ids{mine});
  CHECK(sessions.listed("", kBravo) == Ids{other});
  for (const char* method : {"GET", "DELETE"}) {
    for (const std::string& id :
         {other, other.substr(0, other.size() - 1), mine.substr(0, 4), std::string("s_")}) {
      const HttpReply refused = sessions.bench.ask(method, "/v1/sessions/" + id, "", kAcme);
      CHECK_MESSAGE(refused.status == 404, refused.text);
      CHECK(refused.code() == "not_found");
    }
  }
  CHECK(sessions.bench.ask("GET", "/v1/sessions/" + other, "", kBravo).status == 200);
  // What is taken in belongs to who brought it.
  const std::string document = sessions.bench.ask("GET", "/v1/sessions/" + other, "", kBravo).text;
  const std::string taken = sessions.bench.ask("POST", "/v1/sessions", document, kAcme).body["session"];
  CHECK(sessions.bench.ask("GET", "/v1/sessions/" + taken, "", kAcme).status == 200);
  CHECK(sessions.bench.ask("GET", "/v1/sessions/" + taken, "", kBravo).status == 404);
}

TEST_CASE("sessions want a token where there are tokens, and no page of a foreign origin") {
  Sessions sessions({}, settings_with_tokens());
  for (const char* method : {"GET", "POST"}) {
    CHECK(sessions.bench.ask(method, "/v1/sessions").status == 401);
    CHECK(sessions.bench.ask(method, "/v1/sessions", "", "Cookie: token=alpha\r\n").status == 401);
    CHECK(sessions.bench.ask(method, "/v1/sessions?token=alpha").status == 401);
    CHECK(sessions.bench.ask(method, "/v1/sessions", "", kAcme + "Origin: https://evil.example\r\n").status ==
          403);
    CHECK(sessions.bench.ask(method, "/v1/sessions", "", kAcme + "Host: evil.example\r\n").status == 403);
  }
  CHECK(sessions.bench.ask("DELETE", "/v1/sessions/s_1").status == 401);
  const HttpReply wrong = sessions.bench.ask("PUT", "/v1/sessions/s_1", "", kAcme);
  CHECK(wrong.status == 405);
  CHECK(wrong.has("Allow: GET, HEAD, DELETE\r\n"));
  const HttpReply head = sessions.bench.ask("HEAD", "/v1/sessions", "", kAcme);
  CHECK(head.status == 200);
  CHECK(head.text.empty());
}
