// A daemon with MCP servers: a run uses their tools, and outlives them.
#include "tests/e2e/daemon.h"
#include "tests/fakes/chat_client.h"
#include "tests/fakes/http_peer.h"
#include "tests/fakes/run_loop.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::e2e;
using fakes::ChatClient;
using fakes::frame_of;
using fakes::PeerReply;
using fakes::run;

namespace {

PeerReply reply(const Json& said) {
  const Json chunk = {{"model", "m"}, {"choices", {{{"index", 0}, {"delta", {{"content", dump(said)}}}}}}};
  return PeerReply::sse({dump(chunk), "[DONE]"});
}

PeerReply call(const std::string& tool, const Json& input = Json::object()) {
  return reply({{"thought", "let me see"}, {"action", tool}, {"action_input", input}});
}

PeerReply answer(const std::string& text) {
  return reply({{"thought", "enough"}, {"final_answer", text}});
}

std::string with_model(const fakes::HttpPeer& model) {
  return fmt::format(R"(
mcpServers: {{ tester: {{ command: "{}" }} }}
models: {{ m: {{ provider: openai, model: m, base_url: "{}" }} }}
tools:
  fs: {{ type: mcp, server: tester }}
  gone: {{ type: mcp, command: no-such-program }}
agents: {{ a: {{ model: m, tools: [fs, gone, gone/thing] }} }}
)",
                     TROUPE_MCP_SERVER, model.url("/v1"));
}

}  // namespace

TEST_CASE("a run calls the tools of an MCP server, hears of progress, and outlives a server that dies") {
  fakes::HttpPeer model(fakes::in_order({call("fs__count"), call("fs__crash"), call("gone__thing"),
                                         call("fs__echo", {{"text", "back again"}}), answer("done")}));
  Daemon daemon(with_model(model));
  daemon.start();
  SystemClock clock;
  Loop loop(clock);
  ChatClient client(loop);
  run(loop, client.connect(daemon.url()));
  run(loop, client.open());

  const auto frames = run(loop, client.ask("m1", "Count"));

  std::vector<std::string> seen;
  for (const Json& frame : frames)
    if (frame["type"] == "observation")
      seen.push_back(string_or(frame, frame["ok"] == true ? "output" : "error"));
  REQUIRE(seen.size() == 4);
  CHECK(seen[0] == "counted");
  CHECK(seen[1].contains("was ended by SIGKILL: a last word"));
  CHECK(seen[1].contains("Whether the call was carried out is not known"));
  CHECK(seen[2].contains("could not be reached, or has no such tool"));
  CHECK(seen[3] == "back again");
  const Json progress = frame_of(frames, "tool.progress");
  CHECK(progress["text"] == "1 of 3");
  CHECK(progress["call"] == frame_of(frames, "action")["call"]);
  CHECK(frame_of(frames, "answer")["text"] == "done");
  CHECK(daemon.stop().exit_code == 0);
}

TEST_CASE("the log tells of every outage of an MCP server, and when it was over") {
  fakes::HttpPeer model(fakes::in_order({call("fs__crash"), call("fs__echo"), call("fs__crash"),
                                         call("fs__echo", {{"text", "twice"}}), answer("done")}));
  Daemon daemon(with_model(model) + "log: { level: info }\n");
  daemon.start();
  SystemClock clock;
  Loop loop(clock);
  ChatClient client(loop);
  run(loop, client.connect(daemon.url()));
  run(loop, client.open());
  CHECK(frame_of(run(loop, client.ask("m1", "Crash")), "answer")["text"] == "done");
  run(loop, client.close());
  const std::string log = daemon.stop().err;
  const auto times = [&](std::string_view words) {
    int count = 0;
    for (auto at = log.find(words); at != log.npos; at = log.find(words, at + 1)) ++count;
    return count;
  };
  CHECK(times("was ended by SIGKILL: a last word") >= 2);
  CHECK(times("an MCP server is reachable now") == 2);
}

TEST_CASE("a call by hand that is interrupted is cancelled, and its session ended") {
  fakes::HttpPeer server([](const fakes::PeerRequest& request) {
    if (request.method == "DELETE") return PeerReply(200, "");
    if (request.method == "GET") return PeerReply(405, "");
    const Json message = parse_json(request.body).value_or(Json());
    const std::string method = string_or(message, "method");
    if (!message.contains("id")) return PeerReply(202, "");
    if (method == "tools/call") return PeerReply::silence();
    Json result = {{"protocolVersion", "2025-11-25"}, {"capabilities", {{"tools", Json::object()}}}};
    if (method == "tools/list") result = {{"tools", {{{"name", "wait"}}}}};
    return PeerReply::json(dump(Json{{"jsonrpc", "2.0"}, {"id", message["id"]}, {"result", result}}))
        .header("Mcp-Session-Id", "s-1");
  });
  for (const int signal : {SIGINT, SIGTERM}) {
    Daemon daemon(fmt::format("tools: {{ far: {{ type: mcp, url: \"{}\", protocol: \"2025-11-25\" }} }}\n",
                              server.url("/mcp")));
    const std::size_t before = server.requests().size();
    const auto since = [&](std::string_view part) {
      const auto all = server.requests();
      std::size_t count = 0;
      for (std::size_t i = before; i < all.size(); ++i)
        count += all[i].method == part || all[i].body.contains(part);
      return count;
    };
    fakes::Process process({program(), "tools", "call", "-c", daemon.config(), "far/wait", "{}"});
    constexpr std::size_t kToTheCall = 5;  // initialize, that it is done, GET, tools/list, tools/call
    REQUIRE(server.wait_for_requests(before + kToTheCall));
    CHECK(since("\"tools/call\"") == 1);
    process.signal(signal);
    CHECK(process.wait().exit_code == 130);
    CHECK(since("notifications/cancelled") == 1);
    CHECK(since("DELETE") == 1);
  }
}

TEST_CASE("tools of an MCP server are listed and called by hand, and a check starts none") {
  fakes::HttpPeer model(fakes::in_order({}));
  Daemon daemon(with_model(model));

  CHECK(daemon.run({"check", daemon.config()}).exit_code == 0);
  const auto listed = daemon.run({"tools", "list", "-c", daemon.config()});
  CHECK(listed.out.contains("fs/echo"));
  CHECK(listed.out.contains("gone/status"));
  CHECK(daemon.run({"tools", "call", "-c", daemon.config(), "fs/echo", R"({"text":"by hand"})"}).out ==
        "by hand\n");
  const auto gone = daemon.run({"tools", "call", "-c", daemon.config(), "gone/thing", "{}"});
  CHECK(gone.exit_code == 1);
  CHECK(gone.err.contains(
      "there is no tool `gone/thing` now: the server is not reachable: there is no program"));
  CHECK(daemon.run({"tools", "call", "-c", daemon.config(), "fs/ecko", "{}"}).exit_code == 2);
}
