// The client over Streamable HTTP, through the real HTTP client, against a real server on loopback.
#include "runtime/async/nursery.h"
#include "runtime/net/http_client.h"
#include "tests/fakes/http_peer.h"
#include "tests/fakes/run_loop.h"
#include "tests/tools/fake_context.h"
#include "tools/mcp/server.h"

#include <atomic>
#include <map>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::tools::mcp;
using fakes::HttpPeer;
using fakes::PeerReply;
using fakes::PeerRequest;

namespace {

std::string result(const Json& id, Json value) {
  return dump(Json{{"jsonrpc", "2.0"}, {"id", id}, {"result", std::move(value)}});
}

Json text(const std::string& words) {
  return {{"content", Json::array({{{"type", "text"}, {"text", words}}})}};
}

Json one_tool() {
  return {{"tools", {{{"name", "echo"}, {"inputSchema", {{"type", "object"}}}}}}};
}

/// What a legacy server says to everything but tools/call.
struct Legacy {
  std::string session = "s-1";
  int unknown_session = 404;
  Json tools = {{"listChanged", true}};
  std::function<PeerReply(const Json&, const PeerRequest&)> call = [](const Json& message,
                                                                      const PeerRequest&) {
    return PeerReply::json(result(message["id"], text("hello")));
  };
  std::function<PeerReply(const PeerRequest&)> get = [](const PeerRequest&) { return PeerReply(405, ""); };

  PeerReply operator()(const PeerRequest& request) const {
    if (request.method == "DELETE") return PeerReply(200, "");
    if (request.method == "GET") return get(request);
    const auto message = parse_json(request.body);
    if (!message) return PeerReply(400, "no JSON");
    const std::string method = string_or(*message, "method");
    if (method == "server/discover") return PeerReply(400, "Bad Request: No valid session ID provided");
    if (method == "initialize")
      return PeerReply::json(result((*message)["id"], {{"protocolVersion", "2025-11-25"},
                                                       {"capabilities", {{"tools", tools}}}}))
          .header("Mcp-Session-Id", session);
    if (!message->contains("id")) return PeerReply(202, "");
    if (request.header("mcp-session-id") != session)
      return PeerReply(unknown_session, "Bad Request: No valid Session ID provided");
    if (method == "tools/list") return PeerReply::json(result((*message)["id"], one_tool()));
    return call(*message, request);
  }
};

struct Site {
  explicit Site(HttpPeer::Handler handler, ServerSettings settings = {},
                Milliseconds wait_for_server = Milliseconds(2'000))
      : peer(std::move(handler)) {
    settings.name = "site";
    settings.url = peer.url("/mcp");
    ServerPatience patience{.wait_for_server = wait_for_server,
                            .backoff_first = Milliseconds(20),
                            .backoff_max = Milliseconds(100),
                            .relist_floor = Milliseconds(0)};
    server = std::make_unique<Server>(ServerServices{fake.loop, *http, "1", patience}, settings);
    server->start();
    fakes::run(fake.loop, server->settled(Milliseconds(fakes::kMaxTestWait)));
  }
  ~Site() { close(); }
  void close() {
    if (server) fakes::run(fake.loop, server->close());
    server.reset();
  }
  Result<Json> call(std::vector<std::pair<std::string, std::string>> headers = {},
                    Milliseconds idle = Milliseconds(0)) {
    return fakes::run(fake.loop, server->request(request(std::move(headers)), idle, fake.context));
  }
  static Request request(std::vector<std::pair<std::string, std::string>> headers = {}) {
    return {.method = "tools/call",
            .params = {{"name", "echo"}, {"arguments", Json::object()}},
            .name = "echo",
            .headers = std::move(headers)};
  }
  std::string said(const Result<Json>& answer) {
    return answer ? (*answer)["content"][0]["text"].get<std::string>() : "error: " + answer.error().message;
  }
  void until(std::function<bool()> condition) {
    fakes::run(fake.loop, [](Loop& loop, std::function<bool()> holds) -> Task<> {
      Stop never;
      while (!holds()) co_await loop.sleep_for(Milliseconds(5), never);
    }(fake.loop, std::move(condition)));
  }
  /// The requests whose body has this in it.
  std::vector<PeerRequest> requests(std::string_view part) const {
    std::vector<PeerRequest> found;
    for (PeerRequest& one : peer.requests())
      if (one.body.contains(part)) found.push_back(std::move(one));
    return found;
  }

  HttpPeer peer;
  fakes::FakeContext fake;
  std::unique_ptr<net::HttpClient> http = net::make_curl_client(fake.loop, {}, net::Guarding::open);
  std::unique_ptr<Server> server;
};

}  // namespace

TEST_CASE("HTTP, legacy: a session is opened, named in every request, and ended") {
  Site site(Legacy{}, {.headers = {{"Authorization", "Bearer t0ken"}}});

  CHECK(site.server->state() == "connected (2025-11-25)");
  CHECK(site.said(site.call()) == "hello");

  const auto initialize = site.requests("initialize\"").at(0);
  CHECK(initialize.header("accept") == "application/json, text/event-stream");
  CHECK(!initialize.has_header("mcp-protocol-version"));
  CHECK(!initialize.has_header("mcp-session-id"));
  const auto called = site.requests("tools/call").at(0);
  CHECK(called.header("mcp-session-id") == "s-1");
  CHECK(called.header("mcp-protocol-version") == "2025-11-25");
  CHECK(called.header("authorization") == "Bearer t0ken");
  CHECK(!called.has_header("mcp-method"));
  site.close();
  CHECK(site.peer.requests().back().method == "DELETE");
  CHECK(site.peer.requests().back().header("mcp-session-id") == "s-1");
}

TEST_CASE(
    "HTTP, legacy: the notification that ends the opening has been taken before anything else is asked") {
  Site site(Legacy{});
  std::vector<std::string> order;
  for (const PeerRequest& request : site.peer.requests())
    if (request.method == "POST") order.push_back(string_or(*parse_json(request.body), "method"));
  CHECK(order ==
        std::vector<std::string>{"server/discover", "initialize", "notifications/initialized", "tools/list"});
}

TEST_CASE("HTTP: an answer as a stream, with progress before it, and a stream that stays open after it") {
  Legacy legacy;
  legacy.call = [](const Json& message, const PeerRequest&) {
    const Json token = message["params"]["_meta"]["progressToken"];
    const Json progress = {{"jsonrpc", "2.0"},
                           {"method", "notifications/progress"},
                           {"params", {{"progressToken", token}, {"progress", 1}, {"total", 2}}}};
    return PeerReply(200, "")
        .header("Content-Type", "text/event-stream")
        .chunked()
        .write("data: " + dump(progress) + "\n\n")
        .write("data: " + result(message["id"], text("streamed")) + "\n\n")
        .stall();
  };
  Site site(legacy);
  CHECK(site.said(site.call()) == "streamed");
  REQUIRE(site.fake.sink.events.size() == 1);
  CHECK(site.fake.sink.events[0].fields["fraction"] == 0.5);
}

TEST_CASE("HTTP: a stream that breaks off is taken up again after the time the server asks for") {
  Legacy legacy;
  const auto id = std::make_shared<std::atomic<int>>(0);
  legacy.call = [id](const Json& message, const PeerRequest&) {
    *id = message["id"].get<int>();
    return PeerReply::sse_text("id: e-7\nretry: 40\ndata: \n\n");
  };
  legacy.get = [id](const PeerRequest& request) {
    if (!request.has_header("last-event-id")) return PeerReply(405, "");
    return PeerReply::sse_text("id: e-8\ndata: " + result(id->load(), text("resumed")) + "\n\n");
  };
  Site site(legacy);

  const Instant began = site.fake.clock.now();
  CHECK(site.said(site.call()) == "resumed");

  CHECK(site.fake.clock.now() - began >= Milliseconds(40));
  for (const PeerRequest& request : site.peer.requests())
    if (request.has_header("last-event-id")) {
      CHECK(request.header("last-event-id") == "e-7");
      CHECK(request.header("mcp-session-id") == "s-1");
    }
}

TEST_CASE("HTTP: a stream that breaks off and cannot be taken up again is an error of the call") {
  Legacy legacy;
  SUBCASE("as it has no id") {
    legacy.call = [](const Json&, const PeerRequest&) { return PeerReply::sse_text("data: \n\n"); };
    Site site(legacy);
    CHECK(site.said(site.call()).contains("ended without an answer"));
  }
  SUBCASE("as the server does not do that") {
    legacy.call = [](const Json&, const PeerRequest&) {
      return PeerReply::sse_text("id: 1\nretry: 1\ndata: \n\n");
    };
    Site site(legacy);
    const std::string said = site.said(site.call());
    CHECK(said.contains("did not take up the answer again"));
    CHECK(said.contains("Whether the call was carried out is not known"));
  }
  SUBCASE("as the connection is cut within the answer") {
    legacy.call = [](const Json&, const PeerRequest&) {
      return PeerReply::json("{\"jsonrpc\": \"2.0\"}").cut_after(5);
    };
    Site site(legacy);
    CHECK(site.call().error().code == ErrorCode::network);
  }
  SUBCASE("as what comes is no message") {
    legacy.call = [](const Json&, const PeerRequest&) { return PeerReply::html("<p>Hello</p>"); };
    Site site(legacy);
    const std::string said = site.said(site.call());
    CHECK(said.contains("answered HTTP 200 with text/html"));
    CHECK(said.contains("check whether `url` is the address"));
  }
}

TEST_CASE("HTTP: a session that the server has forgotten is opened again, and the call sent once more") {
  for (const int status : {404, 400}) {
    const auto epoch = std::make_shared<std::atomic<int>>(1);
    const auto handler = [epoch, status](const PeerRequest& request) {
      Legacy legacy;
      legacy.session = "s-" + std::to_string(epoch->load());
      legacy.unknown_session = status;
      return legacy(request);
    };
    Site site(handler);
    *epoch = 2;  // the server is another process now

    CHECK(site.said(site.call()) == "hello");

    CHECK(site.requests("initialize\"").size() == 2);
    const auto calls = site.requests("tools/call");
    REQUIRE(calls.size() == 2);
    CHECK(calls[1].header("mcp-session-id") == "s-2");
  }
}

TEST_CASE("HTTP: a call whose stream had begun is not sent again when the session is forgotten meanwhile") {
  Legacy legacy;
  legacy.call = [](const Json&, const PeerRequest&) {
    return PeerReply::sse_text("id: 1\nretry: 1\ndata: \n\n");
  };
  legacy.get = [](const PeerRequest& request) {
    return request.has_header("last-event-id") ? PeerReply(404, "") : PeerReply(405, "");
  };
  Site site(legacy);

  const auto answer = site.call();

  REQUIRE(!answer);
  CHECK(answer.error().message.contains("Whether the call was carried out is not known"));
  CHECK(site.requests("tools/call").size() == 1);
}

TEST_CASE("HTTP: refusals are told as what they are") {
  Legacy legacy;
  SUBCASE("an error of the protocol in the body") {
    legacy.call = [](const Json& message, const PeerRequest&) {
      return PeerReply::json(dump(Json{{"jsonrpc", "2.0"},
                                       {"id", message["id"]},
                                       {"error", {{"code", -32602}, {"message", "no such tool"}}}}),
                             400);
    };
    Site site(legacy);
    CHECK(site.said(site.call()).contains("MCP error -32602: no such tool"));
  }
  SUBCASE("a status") {
    legacy.call = [](const Json&, const PeerRequest&) { return PeerReply(500, "oops"); };
    Site site(legacy);
    CHECK(site.said(site.call())
              .contains("HTTP status 500: oops. Whether the call was carried out is not known"));
  }
  SUBCASE("a page with line breaks") {
    legacy.call = [](const Json&, const PeerRequest&) {
      return PeerReply(502, "<html>\r\n  <h1>Bad</h1>\n");
    };
    Site site(legacy);
    CHECK(site.said(site.call()).contains("HTTP status 502: <html> <h1>Bad</h1>. Whether"));
  }
  SUBCASE("a server that has no time, which has not done it") {
    for (const int status : {429, 503}) {
      legacy.call = [status](const Json&, const PeerRequest&) { return PeerReply(status, "busy"); };
      Site site(legacy);
      const auto answer = site.call();
      REQUIRE(!answer);
      CHECK(answer.error().code == ErrorCode::unavailable);
      CHECK(answer.error().message.contains(": busy. Try again later, or go on without it"));
      CHECK(!answer.error().message.contains("not known"));
    }
  }
  SUBCASE("a key that is not accepted, without the key") {
    Site site([](const PeerRequest&) { return PeerReply(401, "no such key: s3cret"); },
              {.headers = {{"Authorization", "Bearer s3cret"}}});
    CHECK(!site.server->reachable());
    CHECK(site.server->state().contains("HTTP status 401"));
    CHECK(site.server->state().contains("look at the `headers`"));
    CHECK(!site.server->state().contains("s3cret"));
  }
  SUBCASE("another address") {
    legacy.call = [](const Json&, const PeerRequest&) { return PeerReply::redirect("/elsewhere", 307); };
    Site site(legacy);
    CHECK(site.said(site.call()).contains("it is at /elsewhere now"));
  }
}

TEST_CASE("HTTP: a call to a server that refuses connections waits for it, and has not been carried out") {
  Site site(Legacy{}, {}, Milliseconds(200));
  site.peer.down();
  const auto answer = site.call();
  REQUIRE(!answer);
  CHECK(answer.error().code == ErrorCode::unavailable);
  CHECK(answer.error().message.contains("refused. Try again later, or go on without it"));
  CHECK(!answer.error().message.contains("not known"));
  CHECK(site.server->state().contains("not reachable"));
  site.peer.up();
  CHECK(site.said(site.call()) == "hello");
}

TEST_CASE("HTTP: calls at the same time to a server that is away are all made when it comes back") {
  Site site(Legacy{});
  site.peer.down();
  const auto alarm = site.fake.loop.at(site.fake.clock.now() + Milliseconds(60), [&] { site.peer.up(); });
  std::vector<std::string> said(3);
  fakes::run(site.fake.loop, [](Site& at, std::vector<std::string>& words) -> Task<> {
    Nursery nursery(at.fake.loop);
    for (std::string& one : words)
      nursery.spawn("a call", [&at, &one]() -> Task<> {
        one = at.said(co_await at.server->request(Site::request(), Milliseconds(0), at.fake.context));
      });
    co_await nursery.join();
  }(site, said));
  CHECK(said == std::vector<std::string>(3, "hello"));
  CHECK(site.requests("tools/call").size() == 3);
}

TEST_CASE("HTTP: a server hears of a call's end and of the session's, however soon we go") {
  Legacy legacy;
  legacy.call = [](const Json&, const PeerRequest&) { return PeerReply::silence(); };
  Site site(legacy);
  const auto alarm = site.fake.loop.at(site.fake.clock.now() + Milliseconds(20),
                                       [&] { site.fake.stop.request(StopReason::cancelled); });
  CHECK(site.call().error().code == ErrorCode::cancelled);
  site.close();
  CHECK(site.requests("notifications/cancelled").size() == 1);
  CHECK(site.peer.requests().back().method == "DELETE");
}

TEST_CASE("HTTP, legacy: the server's own stream brings what nobody asked for") {
  Legacy legacy;
  const auto streams = std::make_shared<std::atomic<int>>(0);
  legacy.get = [streams](const PeerRequest&) {
    if (++*streams > 1) return PeerReply::silence();
    return PeerReply::sse_text(
        "retry: 5\nid: 1\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/tools/list_changed\"}\n\n");
  };
  Site site(legacy);
  site.until([&] { return site.requests("tools/list").size() == 2 && streams->load() == 2; });
}

TEST_CASE("HTTP, legacy: questions come on the server's own stream, also of one that tells of no changes") {
  Legacy legacy;
  legacy.tools = Json::object();
  const auto streams = std::make_shared<std::atomic<int>>(0);
  legacy.get = [streams](const PeerRequest&) {
    if (++*streams > 1) return PeerReply::silence();
    const Json question = {
        {"jsonrpc", "2.0"},
        {"id", "q"},
        {"method", "elicitation/create"},
        {"params", {{"requestedSchema", {{"properties", {{"ok", {{"default", true}}}}}}}}}};
    return PeerReply::sse({dump(question)});
  };
  Site site(legacy, {.elicitation = "defaults"});
  site.until([&] { return site.requests("\"action\":\"accept\"").size() == 1; });
  CHECK(site.requests("accept").at(0).header("mcp-session-id") == "s-1");
}

TEST_CASE("HTTP, modern: every message says in headers what it is about") {
  Site site([](const PeerRequest& request) {
    const auto message = *parse_json(request.body);
    const std::string method = string_or(message, "method");
    if (method == "server/discover")
      return PeerReply::json(result(message["id"], {{"supportedVersions", {"2026-07-28"}},
                                                    {"capabilities", {{"tools", {{"listChanged", true}}}}}}));
    if (method == "subscriptions/listen") return PeerReply::silence();
    if (method == "tools/list") return PeerReply::json(result(message["id"], one_tool()));
    return PeerReply::json(result(message["id"], text("modern")));
  });
  CHECK(site.said(site.call({{"Mcp-Param-Region", "eu"}})) == "modern");

  const auto called = site.requests("tools/call").at(0);
  CHECK(called.header("mcp-method") == "tools/call");
  CHECK(called.header("mcp-name") == "echo");
  CHECK(called.header("mcp-param-region") == "eu");
  CHECK(called.header("mcp-protocol-version") == "2026-07-28");
  CHECK(!called.has_header("mcp-session-id"));
  CHECK(site.requests("subscriptions/listen").size() == 1);
  site.close();
  CHECK(site.peer.requests().back().method == "POST");  // there is no session to end
}

TEST_CASE("HTTP, modern: a subscription that ends is begun again, one that is refused is not") {
  for (const bool refuses : {false, true}) {
    const auto ends = std::make_shared<std::atomic<int>>(0);
    Site site([refuses, ends](const PeerRequest& request) {
      const auto message = *parse_json(request.body);
      const std::string method = string_or(message, "method");
      if (method == "server/discover")
        return PeerReply::json(result(
            message["id"],
            {{"supportedVersions", {"2026-07-28"}}, {"capabilities", {{"tools", {{"listChanged", true}}}}}}));
      if (method == "tools/list") return PeerReply::json(result(message["id"], one_tool()));
      if (method == "tools/call") return PeerReply::json(result(message["id"], text("modern")));
      if (refuses)
        return PeerReply::json(dump(Json{{"jsonrpc", "2.0"},
                                         {"id", message["id"]},
                                         {"error", {{"code", -32601}, {"message", "Method not found"}}}}),
                               404);
      return ++*ends > 1 ? PeerReply::silence() : PeerReply::sse_text(":hello\n\n");
    });
    if (!refuses) site.until([&] { return site.requests("tools/list").size() == 2 && ends->load() == 2; });
    CHECK(site.said(site.call()) == "modern");
    CHECK(site.requests("subscriptions/listen").size() == (refuses ? 1u : 2u));
  }
}

TEST_CASE("HTTP: a call without an answer is given up, and its stream closed") {
  Legacy legacy;
  legacy.call = [](const Json&, const PeerRequest&) { return PeerReply::silence(); };
  Site site(legacy);
  const auto answer = site.call({}, Milliseconds(30));
  REQUIRE(!answer);
  CHECK(answer.error().code == ErrorCode::timeout);
  site.until([&] { return site.requests("notifications/cancelled").size() == 1; });
}
