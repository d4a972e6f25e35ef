#include "tests/e2e/daemon.h"
#include "tests/fakes/chat_client.h"
#include "tests/fakes/http_peer.h"
#include "tests/fakes/recorded_wiki.h"
#include "tests/fakes/run_loop.h"

#include <atomic>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::e2e;
using fakes::ChatClient;
using fakes::frame_of;
using fakes::journaled;
using fakes::run;

namespace {

/// One strategy: what the model writes, and what of its tool's result it must be told in which form.
struct StrategyScript {
  const char* strategy;
  std::vector<std::string> before;  ///< replies before the call ({} for most)
  std::string call;                 ///< "" for native calls
  std::string told;                 ///< in the request that follows the call
  std::vector<std::string> between;
  std::string last;
};

const std::vector<StrategyScript>& scripts() {
  static const std::vector<StrategyScript> all = {
      {"react",
       {},
       R"({"thought":"sum","action":"calc","action_input":{"expression":"6*7"}})",
       R"({"observation":{"call":"c_1","tool":"calc","ok":true,"output":"42"}})",
       {},
       R"({"thought":"done","final_answer":"It is 42."})"},
      {"react_text",
       {},
       "Thought: sum\nAction: calc\nAction Input: {\"expression\": \"6*7\"}\n",
       "Observation: 42",
       {},
       "Thought: done\nFinal Answer: It is 42."},
      {"tools", {}, "", R"({"ok":true,"output":"42"})", {}, "It is 42."},
      {"conversational",
       {},
       "Thought: sum\nAction: calc\nAction Input: {\"expression\": \"6*7\"}\n",
       "Observation: 42",
       {},
       "It is 42."},
      {"docstore",
       {},
       "Thought: sum\nAction: calc[6*7]\n",
       "Observation: 42",
       {},
       "Thought: done\nAction: Finish[It is 42.]"},
      {"self_ask",
       {},
       "Are follow up questions needed here: Yes.\nFollow up: What is Hangul?\n",
       "Intermediate answer",
       {},
       "So the final answer is: It is 42."},
      {"plan_execute",
       {R"({"plan":["multiply"]})"},
       R"({"thought":"sum","action":"calc","action_input":{"expression":"6*7"}})",
       R"("output":"42")",
       {R"({"final_answer":"42"})"},
       R"({"thought":"done","final_answer":"It is 42."})"},
  };
  return all;
}

std::string chunk(const Json& delta) {
  return dump({{"model", "m"}, {"choices", {{{"index", 0}, {"delta", delta}}}}});
}

fakes::PeerReply said(const std::string& text) {
  std::vector<std::string> data;
  for (std::size_t at = 0; at < text.size(); at += 9)
    data.push_back(chunk({{"content", text.substr(at, 9)}}));
  data.push_back("[DONE]");
  return fakes::PeerReply::sse(data);
}

fakes::PeerReply called() {
  Json call = {{"index", 0},
               {"id", "call_1"},
               {"type", "function"},
               {"function", {{"name", "calc"}, {"arguments", R"({"expression":"6*7"})"}}}};
  return fakes::PeerReply::sse({chunk({{"content", "sum"}}), chunk({{"tool_calls", {call}}}), "[DONE]"});
}

std::string configuration(const fakes::HttpPeer& model, const fakes::HttpPeer& wiki,
                          const std::string& agent) {
  return fmt::format(R"(
network: {{ allow_private: [127.0.0.1] }}
models: {{ m: {{ provider: openai, model: m, base_url: "{}", retries: 0 }} }}
tools:
  calc: {{ type: calculator }}
  wiki: {{ type: wikipedia, base_url: "{}" }}
agents:
  a: {{ model: m, tools: [calc, wiki], {} }}
)",
                     model.url("/v1"), wiki.url(""), agent);
}

Json last_message(const fakes::PeerRequest& request) {
  return parse_json(request.body)->at("messages").back();
}

}  // namespace

TEST_CASE("each strategy through the daemon: told in its own form, killed in the middle, taken up again") {
  fakes::RecordedWiki recorded;
  for (const StrategyScript& script : scripts()) {
    CAPTURE(std::string(script.strategy));
    std::vector<fakes::PeerReply> replies;
    for (const std::string& text : script.before) replies.push_back(said(text));
    replies.push_back(script.call.empty() ? called() : said(script.call));
    const std::size_t asked_before_kill = replies.size() + 1;
    replies.push_back(fakes::PeerReply::silence());  // killed here
    for (const std::string& text : script.between) replies.push_back(said(text));
    replies.push_back(said(script.last));
    fakes::HttpPeer model(fakes::in_order(replies));
    fakes::HttpPeer wiki([&](const fakes::PeerRequest& request) { return recorded.answer(request); });
    Daemon daemon(configuration(model, wiki, fmt::format("strategy: {}", script.strategy)));
    SystemClock clock;
    Loop loop(clock);

    daemon.start();
    std::string session;
    {
      ChatClient client(loop);
      run(loop, client.connect(daemon.url()));
      session = string_or(run(loop, client.open()), "session");
      run(loop, client.send(R"({"type":"message","id":"m1","text":"What is 6*7?"})"));
      REQUIRE(model.wait_for_requests(asked_before_kill));
    }
    daemon.kill();
    daemon.start();
    ChatClient client(loop);
    run(loop, client.connect(daemon.url()));
    run(loop, client.open(fmt::format(R"(,"session":"{}","after":0)", session)));
    auto frames = run(loop, client.until("run.finished"));

    CHECK(frames.back()["status"] == "done");
    CHECK(frame_of(frames, "answer")["text"] == "It is 42.");
    std::size_t actions = 0;
    for (const Json& frame : frames) actions += string_or(frame, "type") == "action";
    CHECK(actions == 1);
    auto requests = model.requests();
    REQUIRE(requests.size() > asked_before_kill);
    CHECK(
        last_message(requests[asked_before_kill - 1]).at("content").get<std::string>().contains(script.told));
    // Byte for byte what was asked before: the prompt, and what the journal made of the run.
    CHECK(requests[asked_before_kill].body == requests[asked_before_kill - 1].body);
    if (script.call.empty()) {
      Json body = *parse_json(requests[0].body);
      CHECK(body.at("tools").size() == 2);
      Json second = *parse_json(requests[1].body);
      CHECK(second.at("messages")[2].at("tool_calls")[0].at("id") == "call_1");
      CHECK(last_message(requests[1]).at("tool_call_id") == "call_1");
      CHECK(last_message(requests[1]).at("role") == "tool");
    }
    CHECK(daemon.stop().exit_code == 0);
  }
}

TEST_CASE(
    "an answer that does not fit its schema is voided on the wire, sent back, and the next one has data") {
  fakes::HttpPeer model(fakes::in_order({said(R"({"thought":"t","final_answer":"about forty, I would say"})"),
                                         said(R"({"thought":"t","final_answer":{"n":"forty"}})"),
                                         said(R"({"thought":"t","final_answer":{"n":42}})")}));
  fakes::HttpPeer wiki([](const fakes::PeerRequest&) { return fakes::PeerReply(404); });
  Daemon daemon(configuration(model, wiki,
                              "output: { schema: { type: object, properties: { n: { type: integer } }, "
                              "required: [n] }, retries: 2 }"));
  daemon.start();
  SystemClock clock;
  Loop loop(clock);
  ChatClient client(loop);
  run(loop, client.connect(daemon.url()));
  run(loop, client.open());

  auto frames = run(loop, client.ask("m1", "What is 6*7?"));

  CHECK(frame_of(frames, "answer")["data"] == Json{{"n", 42}});
  CHECK(frame_of(frames, "answer")["text"] == R"({"n":42})");
  std::string standing;  // what a client that draws deltas has on its screen
  for (const Json& frame : frames) {
    std::string type = string_or(frame, "type");
    if (type == "answer.delta") standing += frame["text"].get<std::string>();
    if (type == "stream.reset") standing.clear();
    if (type == "warning") CHECK(standing == "");
  }
  CHECK(standing == "");  // an object is no text to be drawn; its event has it
  auto requests = model.requests();
  REQUIRE(requests.size() == 3);
  CHECK(last_message(requests[2]).at("content").get<std::string>().contains("/n"));
  CHECK(daemon.stop().exit_code == 0);
}

TEST_CASE("text beside native calls is a thought: what streamed as an answer is voided first") {
  fakes::HttpPeer model(fakes::in_order({called(), said("It is 42.")}));
  fakes::HttpPeer wiki([](const fakes::PeerRequest&) { return fakes::PeerReply(404); });
  Daemon daemon(configuration(model, wiki, "strategy: tools"));
  daemon.start();
  SystemClock clock;
  Loop loop(clock);
  ChatClient client(loop);
  run(loop, client.connect(daemon.url()));
  run(loop, client.open());

  auto frames = run(loop, client.ask("m1", "What is 6*7?"));

  CHECK(journaled(frames) == std::vector<std::string>{"run.started", "thought", "action", "usage",
                                                      "observation", "answer", "usage", "run.finished"});
  CHECK(frame_of(frames, "thought")["text"] == "sum");
  bool reset = false;
  for (const Json& frame : frames) {
    if (string_or(frame, "type") == "stream.reset") reset = true;
    if (string_or(frame, "type") == "thought") CHECK(reset);
  }
  CHECK(daemon.stop().exit_code == 0);
}

TEST_CASE("the builtin model works with every strategy") {
  fakes::RecordedWiki recorded;
  fakes::HttpPeer wiki([&](const fakes::PeerRequest& request) { return recorded.answer(request); });
  for (const StrategyScript& script : scripts()) {
    CAPTURE(std::string(script.strategy));
    Daemon daemon(fmt::format(R"(
network: {{ allow_private: [127.0.0.1] }}
models: {{ m: {{ provider: builtin }} }}
tools:
  calc: {{ type: calculator }}
  wiki: {{ type: wikipedia, base_url: "{}" }}
agents:
  a: {{ model: m, tools: [calc, wiki], strategy: {} }}
)",
                              wiki.url(""), script.strategy));
    auto asked = daemon.run({"ask", "-c", daemon.config(), "What is (17.5% of 2480) + 12^3?"});
    CHECK(asked.exit_code == 0);
    CHECK(asked.out.contains("2162"));
  }
}
