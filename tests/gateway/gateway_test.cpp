#include "gateway/gateway.h"

#include "tests/fakes/chat_client.h"
#include "tests/fakes/raw_socket.h"
#include "tests/gateway/daemon.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::fakes;
using namespace troupe::gateway;
using namespace std::chrono_literals;

namespace {

struct Answer {
  int status = 0;
  std::string head;
  Json body;
  bool has(const std::string& line) const { return head.find(line) != std::string::npos; }
  std::string code() const { return body.contains("error") ? string_or(body["error"], "code") : ""; }
};

Task<Answer> ask(Daemon& daemon, std::string method, std::string path, std::string headers = "") {
  RawSocket client(daemon.loop);
  co_await client.connect(daemon.port());
  if (headers.find("Host:") == std::string::npos) headers += "Host: localhost\r\n";
  co_await client.write(fmt::format("{} {} HTTP/1.1\r\n{}Connection: close\r\n\r\n", method, path, headers));
  const std::string reply = co_await client.read_all();
  Answer answer;
  const std::size_t end = reply.find("\r\n\r\n");
  REQUIRE(end != std::string::npos);
  answer.head = reply.substr(0, end + 2);
  answer.status = std::stoi(reply.substr(9, 3));
  if (auto body = parse_json(reply.substr(end + 4))) answer.body = std::move(*body);
  co_return answer;
}

const std::string kUpgrade =
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Version: 13\r\n";

Task<int> upgrade(Daemon& daemon, std::string headers, std::string path = "/v1/chat") {
  RawSocket client(daemon.loop);
  co_await client.connect(daemon.port());
  if (headers.find("Host:") == std::string::npos) headers += "Host: localhost\r\n";
  co_await client.write(fmt::format("GET {} HTTP/1.1\r\n{}{}\r\n", path, kUpgrade, headers));
  const std::string head = co_await client.read_until("\r\n\r\n");
  co_return head.size() > 12 ? std::stoi(head.substr(9, 3)) : 0;
}

}  // namespace

TEST_CASE("healthz says how the daemon is, whatever its state; readyz says whether it takes work") {
  Daemon daemon;
  daemon.desk.reported = {true, "", 3, 2, 7};
  daemon.run([&]() -> Task<> {
    Answer health = co_await ask(daemon, "GET", "/healthz");
    CHECK(health.status == 200);
    CHECK(health.body["status"] == "ok");
    CHECK(health.body["version"] == "1.2.3");
    CHECK(health.body["uptime_s"] == 0);
    CHECK(health.body["running"] == 3);
    CHECK(health.body["queued"] == 2);
    CHECK(health.body["sessions"] == 7);
    CHECK(health.has("Content-Type: application/json\r\n"));
    CHECK(health.has("X-Request-Id: q_"));
    CHECK((co_await ask(daemon, "GET", "/readyz")).status == 200);
    CHECK((co_await ask(daemon, "HEAD", "/readyz")).status == 200);

    daemon.desk.reported = {false, "the disk is full", 0, 0, 0};
    CHECK((co_await ask(daemon, "GET", "/healthz?verbose=1")).status == 200);
    const Answer unready = co_await ask(daemon, "GET", "/readyz");
    CHECK(unready.status == 503);
    CHECK(unready.code() == "unavailable");
    CHECK(unready.body["error"]["message"] == "the disk is full");
  });
}

TEST_CASE("reload says what changed, or why nothing did") {
  Result<std::string> outcome = "3 agents";
  int calls = 0;
  Daemon daemon({}, {}, {.reload = [&]() -> Task<Result<std::string>> {
                  ++calls;
                  co_return outcome;
                }});
  daemon.run([&]() -> Task<> {
    const Answer done = co_await ask(daemon, "POST", "/v1/reload");
    CHECK(done.status == 200);
    CHECK(done.body["message"] == "3 agents");
    outcome =
        fail(ErrorCode::invalid, "troupe.yaml:3:1: error: unknown key `agnets`, did you mean `agents`?");
    const Answer wrong = co_await ask(daemon, "POST", "/v1/reload");
    CHECK(wrong.status == 400);
    CHECK(wrong.code() == "invalid");
    CHECK(wrong.body["error"]["message"].get<std::string>().find("troupe.yaml:3:1") == 0);
    CHECK((co_await ask(daemon, "GET", "/v1/reload")).status == 405);
    CHECK((co_await ask(daemon, "POST", "/v1/reload", "Origin: https://evil.example\r\n")).status == 403);
    CHECK(calls == 2);
  });
  Daemon fixed;
  fixed.run([&]() -> Task<> { CHECK((co_await ask(fixed, "POST", "/v1/reload")).status == 503); });
}

TEST_CASE("what does not exist is 404, what is asked wrongly 405 or 426, always in JSON") {
  Daemon daemon;
  daemon.run([&]() -> Task<> {
    for (std::string path :
         {"/", "/v1", "/v1/rums", "/healthz/", "/HEALTHZ", "/../etc/passwd", "/v1/chat/x", "/%2e%2e/"}) {
      const Answer answer = co_await ask(daemon, "GET", path);
      CHECK_MESSAGE(answer.status == 404, path);
      CHECK(answer.code() == "not_found");
      CHECK(answer.has("X-Request-Id: "));
    }
    const Answer wrong = co_await ask(daemon, "DELETE", "/healthz");
    CHECK(wrong.status == 405);
    CHECK(wrong.has("Allow: GET, HEAD\r\n"));
    CHECK((co_await ask(daemon, "OPTIONS", "/v1/chat")).status == 405);
    const Answer plain = co_await ask(daemon, "GET", "/v1/chat");
    CHECK(plain.status == 426);
    CHECK(plain.has("Upgrade: websocket\r\n"));
    CHECK(co_await upgrade(daemon, "", "/v1/other") == 404);
    CHECK(co_await upgrade(daemon, "", "/healthz") == 404);
  });
}

TEST_CASE("a page of a foreign origin, and a foreign name for this machine, cannot open the socket") {
  ServerSettings settings;
  settings.origins = {"https://chat.example"};
  Daemon daemon(settings);
  daemon.run([&]() -> Task<> {
    const std::string self = fmt::format("127.0.0.1:{}", daemon.port());
    CHECK(co_await upgrade(daemon, "") == 101);
    CHECK(co_await upgrade(daemon, "Origin: https://chat.example\r\n") == 101);
    CHECK(co_await upgrade(daemon, fmt::format("Host: {}\r\nOrigin: http://{}\r\n", self, self)) == 101);
    for (std::string headers : {"Origin: https://evil.example\r\n", "Origin: null\r\n", "Origin: \r\n",
                                "Origin: http://localhost:1\r\n", "Host: evil.example\r\n",
                                "Host: evil.example\r\nOrigin: http://evil.example\r\n",
                                "Host: evil.example\r\nCookie: session=1\r\nAuthorization: Bearer x\r\n"})
      CHECK_MESSAGE(co_await upgrade(daemon, headers) == 403, headers);
    // Neither can it read or change anything over HTTP.
    CHECK((co_await ask(daemon, "GET", "/healthz", "Host: evil.example\r\n")).status == 403);
    CHECK((co_await ask(daemon, "GET", "/healthz", "Origin: https://evil.example\r\n")).status == 403);
  });
  CHECK(daemon.desk.journal().subscribers() == 0);
}

TEST_CASE("with tokens the socket needs one: in the header or as a subprotocol, not as cookie or query") {
  Daemon daemon(settings_with_tokens());
  daemon.run([&]() -> Task<> {
    CHECK(co_await upgrade(daemon, "Authorization: Bearer alpha\r\n") == 101);
    CHECK(co_await upgrade(daemon, "Sec-WebSocket-Protocol: troupe.v1, bearer.YWxwaGE\r\n") == 101);
    CHECK(co_await upgrade(daemon, "") == 401);
    CHECK(co_await upgrade(daemon, "Cookie: token=alpha\r\n") == 401);
    CHECK(co_await upgrade(daemon, "", "/v1/chat?token=alpha") == 401);
    CHECK(co_await upgrade(daemon, "Authorization: Bearer wrong\r\n") == 401);
    CHECK((co_await ask(daemon, "POST", "/v1/reload")).status == 401);
    CHECK((co_await ask(daemon, "GET", "/healthz")).status == 200);
    CHECK((co_await ask(daemon, "GET", "/v1/nothing")).status == 404);

    // The token among the subprotocols is never said back.
    RawSocket client(daemon.loop);
    co_await client.connect(daemon.port());
    const std::string head =
        co_await client.upgrade("/v1/chat", "Sec-WebSocket-Protocol: bearer.YWxwaGE, troupe.v1\r\n");
    CHECK(head.find("Sec-WebSocket-Protocol: troupe.v1\r\n") != std::string::npos);
    CHECK(head.find("YWxwaGE") == std::string::npos);

    for (int i = 0; i < limits::kAuthFailures; ++i)
      co_await upgrade(daemon, "Authorization: Bearer guess\r\n");
    CHECK(co_await upgrade(daemon, "Authorization: Bearer alpha\r\n") == 429);
  });
}

TEST_CASE("the subprotocol is troupe.v1, or none") {
  Daemon daemon;
  daemon.run([&]() -> Task<> {
    RawSocket client(daemon.loop);
    co_await client.connect(daemon.port());
    const std::string head =
        co_await client.upgrade("/v1/chat", "Sec-WebSocket-Protocol: graphql-ws, troupe.v1\r\n");
    CHECK(head.find("Sec-WebSocket-Protocol: troupe.v1\r\n") != std::string::npos);
    RawSocket plain(daemon.loop);
    co_await plain.connect(daemon.port());
    CHECK((co_await plain.upgrade("/v1/chat")).find("Sec-WebSocket-Protocol") == std::string::npos);
    CHECK(co_await upgrade(daemon, "Sec-WebSocket-Protocol: troupe.v2\r\n") == 400);
  });
}

TEST_CASE("a gateway does not start where anybody could use it, nor on a port that is taken") {
  SystemClock clock;
  Loop loop(clock);
  FakeRunDesk desk(loop);
  ServerSettings open;
  open.listen = "0.0.0.0:0";
  Gateway unsafe(loop, desk, open, {}, "1");
  auto refused = unsafe.start();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("server.auth") != std::string::npos);
  fakes::run(loop, unsafe.stop(0ms));  // never started, stops all the same

  Daemon daemon;
  daemon.run([&]() -> Task<> {
    CHECK(daemon.url == fmt::format("http://127.0.0.1:{}", daemon.port()));
    ServerSettings same;
    same.listen = fmt::format("127.0.0.1:{}", daemon.port());
    Gateway second(daemon.loop, daemon.desk, same, {}, "1");
    auto taken = second.start();
    REQUIRE_FALSE(taken);
    CHECK(taken.error().code == ErrorCode::network);
    co_return;
  });
}

TEST_CASE("tokens of a reloaded configuration count at once; conversations go on") {
  Daemon daemon(settings_with_tokens());
  daemon.run([&]() -> Task<> {
    ChatClient client(daemon.loop);
    co_await client.connect(daemon.port(), {bearer("alpha")});
    co_await client.open();
    ServerSettings next = settings_with_tokens();
    next.tokens.erase(next.tokens.begin());
    CHECK(daemon.gateway.reconfigure(next));
    CHECK(co_await upgrade(daemon, "Authorization: Bearer alpha\r\n") == 401);
    CHECK(co_await upgrade(daemon, "Authorization: Bearer beta\r\n") == 101);
    co_await client.send(R"({"type":"ping"})");
    CHECK((co_await client.next())["type"] == "pong");
    next.tokens[0].sha256 = "short";
    CHECK_FALSE(daemon.gateway.reconfigure(next).has_value());
    co_await client.close();
  });
}

TEST_CASE("several sessions on one connection are told apart") {
  Daemon daemon;
  daemon.run([&]() -> Task<> {
    const auto to = [](const std::string& session) {
      return R"({"type":"message","id":"m1","text":"x","session":")" + session + "\"}";
    };
    ChatClient client(daemon.loop);
    co_await client.connect(daemon.port());
    const std::string one = (co_await client.open())["session"];
    const std::string two = (co_await client.open())["session"];
    CHECK(one != two);
    co_await client.send(R"({"type":"message","id":"m1","text":"x"})");
    CHECK((co_await client.next())["code"] == "session_required");
    co_await client.send(to(two));
    co_await client.send(to(one));
    CHECK((co_await client.until("run.started")).back()["session"] == two);
    CHECK((co_await client.until("run.started")).back()["session"] == one);
    CHECK(client.seqs() == std::vector<std::int64_t>{1, 1});
    co_await client.close();
  });
}
