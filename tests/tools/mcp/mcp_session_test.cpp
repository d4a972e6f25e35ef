#include "tests/tools/mcp/session_script.h"
#include "tools/mcp/bounds.h"

using namespace troupe;
using namespace troupe::tools::mcp;
using troupe::fakes::SessionScript;

namespace {

Request a_call(bool progress = false) {
  return {.method = "tools/call",
          .params = {{"name", "add"}, {"arguments", {{"a", 1}}}},
          .name = "add",
          .progress = progress};
}

}  // namespace

TEST_CASE("a server of today: the probe is refused, initialize follows, then the notification") {
  SessionScript server;
  server.open();
  CHECK(server.last()["method"] == "server/discover");
  CHECK(server.last()["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"] == "2026-07-28");

  server.error(server.last_id(), -32601, "Method not found");
  CHECK(server.last()["method"] == "initialize");
  CHECK(server.last()["params"]["protocolVersion"] == "2025-11-25");
  CHECK(!server.last()["params"].contains("_meta"));
  CHECK(server.sent.back().version.empty());
  CHECK(server.opened == 0);

  server.result(server.last_id(),
                {{"protocolVersion", "2025-06-18"}, {"capabilities", {{"tools", {{"listChanged", true}}}}}});
  CHECK(server.last()["method"] == "notifications/initialized");
  CHECK(server.opened == 1);
  CHECK(server.session.version() == "2025-06-18");
  CHECK(server.session.era() == Era::legacy);
  CHECK(server.session.capabilities()["tools"]["listChanged"] == true);
}

TEST_CASE("a modern server: no handshake, and every request says who asks in which version") {
  SessionScript server;
  server.open_modern();
  CHECK(server.session.era() == Era::modern);

  server.call(a_call());

  const Json meta = server.last()["params"]["_meta"];
  CHECK(meta["io.modelcontextprotocol/protocolVersion"] == "2026-07-28");
  CHECK(meta["io.modelcontextprotocol/clientCapabilities"].is_object());
  CHECK(meta["io.modelcontextprotocol/clientInfo"]["name"] == "troupe");
  CHECK(server.sent.back().modern);
  CHECK(server.sent.back().name == "add");
}

TEST_CASE("a version that a server refuses is tried once more where the server says it has it") {
  SessionScript server;
  server.open();
  const Json offer = {{"supported", {"2026-07-28"}}, {"requested", "2026-07-28"}};
  server.error(server.last_id(), -32022, "Unsupported protocol version", offer);
  CHECK(server.last()["method"] == "server/discover");

  server.error(server.last_id(), -32022, "Unsupported protocol version", offer);  // it does not mean it
  CHECK(server.last()["method"] == "initialize");
}

TEST_CASE("a server that answers anything with an empty result is of the legacy era") {
  SessionScript server;
  server.open();
  server.result(server.last_id(), Json::object());
  CHECK(server.last()["method"] == "initialize");
}

TEST_CASE("openings that fail, at each step") {
  SUBCASE("a probe without an answer is followed by initialize, and that without one is the end") {
    SessionScript server;
    server.open();
    server.session.overdue();
    server.settle();
    CHECK(server.last()["method"] == "initialize");
    server.session.overdue();
    server.settle();
    REQUIRE(server.failures.size() == 1);
    CHECK(server.failures[0].contains("did not answer in time"));
  }
  SUBCASE("an entry that says which era it is gets no other") {
    SessionScript server({.era = Era::modern});
    server.open();
    server.error(server.last_id(), -32601, "Method not found");
    REQUIRE(server.failures.size() == 1);
    CHECK(server.failures[0].contains("does not speak 2026-07-28"));
    CHECK(server.failures[0].contains("Method not found"));
  }
  SUBCASE("and for the legacy one there is no probe") {
    SessionScript server({.era = Era::legacy});
    server.open();
    CHECK(server.last()["method"] == "initialize");
  }
  SUBCASE("an unknown version") {
    SessionScript server({.era = Era::legacy});
    server.open();
    server.result(server.last_id(), {{"protocolVersion", "1999-01-01"}});
    REQUIRE(server.failures.size() == 1);
    CHECK(server.failures[0].contains("`1999-01-01`"));
    CHECK(server.failures[0].contains("2024-11-05"));
  }
  SUBCASE("initialize refused") {
    SessionScript server({.era = Era::legacy});
    server.open();
    server.error(server.last_id(), -32000, "licence expired");
    REQUIRE(server.failures.size() == 1);
    CHECK(server.failures[0].contains("licence expired"));
  }
  SUBCASE("a capability that we lack") {
    SessionScript server;
    server.open();
    server.error(server.last_id(), -32021, "needs sampling");
    REQUIRE(server.failures.size() == 1);
    CHECK(server.failures[0].contains("needs sampling"));
  }
  SUBCASE("a result that is no object") {
    SessionScript server({.era = Era::legacy});
    server.open();
    server.result(server.last_id(), "hello");
    CHECK(server.failures.size() == 1);
  }
  SUBCASE("the server goes away") {
    SessionScript server;
    server.open();
    server.session.lost({ErrorCode::network, "it was ended by SIGKILL"});
    server.settle();
    REQUIRE(server.failures.size() == 1);
    CHECK(server.failures[0].contains("SIGKILL"));
  }
}

TEST_CASE("over HTTP the opening falls back on a status, but not where the door is shut") {
  for (int status : {400, 404, 405, 406, 500}) {
    SessionScript server;
    server.open();
    server.session.refused(server.sent.back().call, status, "Bad Request: no session");
    server.settle();
    CHECK(server.last()["method"] == "initialize");
  }
  for (int status : {401, 403, 429, 502, 503}) {
    SessionScript server;
    server.open();
    server.session.refused(server.sent.back().call, status, "");
    server.settle();
    REQUIRE(server.failures.size() == 1);
    CHECK(server.failures[0].contains(std::to_string(status)));
  }
  SessionScript server;  // the refusal of a modern server comes as a body of 400
  server.open();
  server.session.refused(
      server.sent.back().call, 400,
      R"({"jsonrpc":"2.0","id":null,"error":{"code":-32022,"message":"no","data":{"supported":["2026-07-28"]}}})");
  server.settle();
  CHECK(server.last()["method"] == "server/discover");
}

TEST_CASE("answers find their calls in whatever order they come, with notifications between") {
  SessionScript server;
  server.open_legacy();
  const CallId first = server.call(a_call());
  const Json first_id = server.last_id();
  const CallId second = server.call(a_call());
  const Json second_id = server.last_id();
  CHECK(first_id != second_id);

  server.notifies("notifications/tools/list_changed");
  server.result(second_id, {{"n", 2}});
  server.notifies("notifications/message", {{"level", "info"}, {"data", "busy"}});
  server.error(first_id, -32602, "Unknown tool");

  CHECK(server.changed.size() == 1);
  REQUIRE(server.answers.size() == 2);
  CHECK(server.answers[0].call == second);
  CHECK(server.answers[0].result->at("n") == 2);
  CHECK(server.answers[1].call == first);
  CHECK(server.answers[1].result.error().message.contains("MCP error -32602: Unknown tool"));
  CHECK(!server.session.waits_for(first));
}

TEST_CASE("a batch is read like its messages") {
  SessionScript server;
  server.open_legacy();
  server.call(a_call());
  const Json id = server.last_id();
  server.says(Json::array({{{"jsonrpc", "2.0"}, {"method", "notifications/prompts/list_changed"}},
                           {{"jsonrpc", "2.0"}, {"id", id}, {"result", Json::object()}}}));
  CHECK(server.changed.size() == 1);
  CHECK(server.answers.size() == 1);
}

TEST_CASE("answers to nothing, twice, or with an id of another kind change nothing") {
  SessionScript server;
  server.open_legacy();
  server.call(a_call());
  const Json id = server.last_id();
  server.result(4711, Json::object());
  server.result(std::to_string(id.get<int>()), Json::object());
  CHECK(server.answers.empty());
  server.result(id, Json::object());
  server.result(id, Json::object());
  CHECK(server.answers.size() == 1);
  CHECK(server.failures.empty());
}

TEST_CASE("lines that are no messages are passed over, but not for ever") {
  SessionScript server;
  server.open_legacy();
  server.call(a_call());
  for (const char* line :
       {"Server started on port 3000", "{", "[]", "{}", "null", R"({"jsonrpc":"2.0"})",
        R"({"jsonrpc":"2.0","id":{},"result":{}})", R"({"jsonrpc":"2.0","method":7})",
        R"({"jsonrpc":"2.0","method":"m","params":[]})", R"({"jsonrpc":"1.0","id":1,"result":{}})",
        R"({"jsonrpc":"2.0","id":1,"error":"no"})", R"({"jsonrpc":"2.0","result":{}})"})
    server.says(std::string(line));
  CHECK(server.failures.empty());
  for (std::size_t i = 0; i < bounds::kUnreadable; ++i) server.says(std::string("noise"));
  CHECK(server.failures.size() == 1);
  REQUIRE(server.answers.size() == 1);
  CHECK(server.answers[0].result.error().code == ErrorCode::protocol);
  server.says(std::string("noise"));  // nobody listens any more
  CHECK(server.failures.size() == 1);
}

TEST_CASE("a cancelled call: the server is told, its late answer is nobody's") {
  SessionScript server;
  server.open_legacy();
  const CallId call = server.call(a_call());
  const Json id = server.last_id();

  server.session.cancel(call, "deadline");
  server.settle();

  CHECK(server.last()["method"] == "notifications/cancelled");
  CHECK(server.last()["params"]["requestId"] == id);
  CHECK(server.abandoned == std::vector<CallId>{call});
  server.result(id, Json::object());
  CHECK(server.answers.empty());
  const std::size_t sent = server.sent.size();
  server.session.cancel(call, "again");
  server.settle();
  CHECK(server.sent.size() == sent);
}

TEST_CASE("over modern HTTP a call is cancelled by closing its stream and nothing else") {
  SessionScript server({.cancels_by_closing = true});
  server.open_modern();
  const CallId call = server.call(a_call());
  const std::size_t sent = server.sent.size();
  server.session.cancel(call, "stop");
  server.settle();
  CHECK(server.sent.size() == sent);
  CHECK(server.abandoned.size() == 1);
}

TEST_CASE("progress counts where it was wanted and where it grows") {
  SessionScript server;
  server.open_legacy();
  const CallId call = server.call(a_call(true));
  const Json token = server.last()["params"]["_meta"]["progressToken"];
  CHECK(token == server.last_id());

  server.notifies("notifications/progress",
                  {{"progressToken", token}, {"progress", 1}, {"total", 4}, {"message", "a"}});
  server.notifies("notifications/progress", {{"progressToken", token}, {"progress", 1}});
  server.notifies("notifications/progress", {{"progressToken", token}, {"progress", 0.5}});
  server.notifies("notifications/progress", {{"progressToken", 99}, {"progress", 3}});
  server.notifies("notifications/progress", {{"progressToken", token}, {"progress", "x"}});
  server.notifies("notifications/progress", {{"progressToken", token}, {"progress", 2.5}});

  REQUIRE(server.progress.size() == 2);
  CHECK(server.progress[0].call == call);
  CHECK(server.progress[0].total == 4.0);
  CHECK(server.progress[0].message == "a");
  CHECK(server.progress[1].progress == 2.5);

  server.call(a_call(false));
  server.notifies("notifications/progress", {{"progressToken", server.last_id()}, {"progress", 1}});
  CHECK(server.progress.size() == 2);
}

TEST_CASE("a list comes over its pages as one answer") {
  SessionScript server;
  server.open_legacy();
  REQUIRE(server.session.collect("tools/list", "tools"));
  server.settle();
  CHECK(!server.last()["params"].contains("cursor"));

  server.result(server.last_id(), {{"tools", {1, 2}}, {"nextCursor", "c1"}});
  CHECK(server.last()["params"]["cursor"] == "c1");
  server.result(server.last_id(), {{"tools", {3}}});

  REQUIRE(server.answers.size() == 1);
  CHECK(server.answers[0].result->at("items") == Json::array({1, 2, 3}));
  CHECK(server.answers[0].result->at("cut") == false);
}

TEST_CASE("a list that does not end is cut") {
  SUBCASE("by its pages") {
    SessionScript server;
    server.open_legacy();
    REQUIRE(server.session.collect("tools/list", "tools"));
    server.settle();
    for (std::size_t page = 0; server.answers.empty(); ++page) {
      REQUIRE(page <= bounds::kPages);
      server.result(server.last_id(), {{"tools", {page}}, {"nextCursor", std::to_string(page)}});
    }
    CHECK(server.answers[0].result->at("items").size() == bounds::kPages);
    CHECK(server.answers[0].result->at("cut") == true);
  }
  SUBCASE("by its length") {
    SessionScript server;
    server.open_legacy();
    REQUIRE(server.session.collect("tools/list", "tools"));
    server.settle();
    server.result(server.last_id(), {{"tools", std::vector<int>(bounds::kItems + 5, 7)}});
    CHECK(server.answers[0].result->at("items").size() == bounds::kItems);
    CHECK(server.answers[0].result->at("cut") == true);
  }
  SUBCASE("by a cursor that leads back to itself") {
    SessionScript server;
    server.open_legacy();
    REQUIRE(server.session.collect("tools/list", "tools"));
    server.settle();
    server.result(server.last_id(), {{"tools", {1}}, {"nextCursor", "same"}});
    server.result(server.last_id(), {{"tools", {2}}, {"nextCursor", "same"}});
    REQUIRE(server.answers.size() == 1);
    CHECK(server.answers[0].result->at("cut") == true);
  }
  SUBCASE("and an error on a later page is the error of the list") {
    SessionScript server;
    server.open_legacy();
    REQUIRE(server.session.collect("tools/list", "tools"));
    server.settle();
    server.result(server.last_id(), {{"tools", {1}}, {"nextCursor", "next"}});
    server.result(server.last_id(), {{"tools", "none"}});
    REQUIRE(server.answers.size() == 1);
    CHECK(server.answers[0].result.error().code == ErrorCode::protocol);
  }
}

TEST_CASE("what a server asks of us: ping is answered, what was not offered is refused") {
  SessionScript server;
  server.open_legacy();
  server.says({{"jsonrpc", "2.0"}, {"id", "p-1"}, {"method", "ping"}});
  CHECK(server.last() == Json{{"jsonrpc", "2.0"}, {"id", "p-1"}, {"result", Json::object()}});
  for (const char* method : {"roots/list", "sampling/createMessage", "elicitation/create", "what/ever"}) {
    server.says({{"jsonrpc", "2.0"}, {"id", 8}, {"method", method}, {"params", Json::object()}});
    CHECK(server.last()["id"] == 8);
    CHECK(server.last()["error"]["code"] == -32601);
  }
}

TEST_CASE("forms are filled in with their defaults where that is wanted") {
  SessionScript server({.era = Era::legacy, .elicits = true});
  server.open();
  CHECK(server.last()["params"]["capabilities"]["elicitation"].is_object());
  server.result(server.last_id(), {{"protocolVersion", "2025-11-25"}});
  auto ask = [&](Json params) {
    server.says(
        {{"jsonrpc", "2.0"}, {"id", 1}, {"method", "elicitation/create"}, {"params", std::move(params)}});
    return server.last()["result"];
  };
  const Json fields = {{"name", {{"type", "string"}, {"default", "Ann"}}}, {"age", {{"type", "integer"}}}};

  CHECK(ask({{"requestedSchema", {{"properties", fields}}}}) ==
        Json{{"action", "accept"}, {"content", {{"name", "Ann"}}}});
  CHECK(ask({{"requestedSchema", {{"properties", fields}, {"required", {"age"}}}}})["action"] == "decline");
  CHECK(ask({{"mode", "url"}, {"url", "https://example.com"}})["action"] == "decline");
}

TEST_CASE(
    "a question within a modern call: the call is made again with the answer and the state as it came") {
  SessionScript server({.elicits = true});
  server.open_modern();
  const CallId call = server.call(a_call());
  const Json first = server.last_id();
  const Json question = {{"method", "elicitation/create"},
                         {"params", {{"requestedSchema", {{"properties", {{"ok", {{"default", true}}}}}}}}}};

  server.result(
      first,
      {{"resultType", "input_required"}, {"requestState", "opaque"}, {"inputRequests", {{"q", question}}}});

  CHECK(server.last_id() != first);
  CHECK(server.last()["params"]["requestState"] == "opaque");
  CHECK(server.last()["params"]["inputResponses"]["q"]["content"]["ok"] == true);
  CHECK(server.last()["params"]["arguments"]["a"] == 1);
  server.result(server.last_id(), {{"resultType", "input_required"}});  // without a state now
  CHECK(!server.last()["params"].contains("requestState"));
  CHECK(!server.last()["params"].contains("inputResponses"));
  server.result(server.last_id(), {{"resultType", "complete"}, {"content", Json::array()}});
  REQUIRE(server.answers.size() == 1);
  CHECK(server.answers[0].call == call);
  CHECK(server.answers[0].result.has_value());
}

TEST_CASE("questions within a call that are not answered end it") {
  SessionScript server;
  server.open_modern();
  SUBCASE("what we do not offer") {
    server.call(a_call());
    server.result(
        server.last_id(),
        {{"resultType", "input_required"},
         {"inputRequests", {{"q", {{"method", "sampling/createMessage"}, {"params", Json::object()}}}}}});
    REQUIRE(server.answers.size() == 1);
    CHECK(server.answers[0].result.error().message.contains("sampling/createMessage"));
  }
  SUBCASE("without end") {
    server.call(a_call());
    for (int round = 0; server.answers.empty(); ++round) {
      REQUIRE(round <= bounds::kInputRounds);
      server.result(server.last_id(), {{"resultType", "input_required"}, {"requestState", round}});
    }
    CHECK(server.answers[0].result.error().code == ErrorCode::protocol);
  }
  SUBCASE("a result of a kind that is not known") {
    server.call(a_call());
    server.result(server.last_id(), {{"resultType", "task"}});
    CHECK(server.answers[0].result.error().code == ErrorCode::protocol);
  }
}

TEST_CASE("the end of a connection is the answer to everything that waits, once") {
  SessionScript server;
  server.open_legacy();
  server.call(a_call());
  REQUIRE(server.session.collect("tools/list", "tools"));
  server.session.lost({ErrorCode::network, "gone"});
  server.session.lost({ErrorCode::network, "gone"});
  server.settle();
  CHECK(server.answers.size() == 2);
  CHECK(server.session.call(a_call()).error().code == ErrorCode::unavailable);
}

TEST_CASE("a call before the opening, and one too many, are refused") {
  SessionScript server;
  CHECK(server.session.call(a_call()).error().code == ErrorCode::unavailable);
  server.open_legacy();
  for (std::size_t i = 0; i < bounds::kPending; ++i) server.call(a_call());
  CHECK(server.session.call(a_call()).error().code == ErrorCode::busy);
}
