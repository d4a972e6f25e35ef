#include "memory/conversation/ruler.h"
#include "tests/e2e/daemon.h"
#include "tests/fakes/chat_client.h"
#include "tests/fakes/http_peer.h"
#include "tests/fakes/run_loop.h"

#include <algorithm>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::e2e;
using fakes::ChatClient;
using fakes::HttpPeer;
using fakes::PeerReply;
using fakes::PeerRequest;

namespace {

std::string reply(const std::string& text) {
  const Json message = {{"role", "assistant"}, {"content", text}};
  return dump(Json{{"model", "x"},
                   {"choices", {{{"index", 0}, {"message", message}, {"finish_reason", "stop"}}}},
                   {"usage", {{"prompt_tokens", 50}, {"completion_tokens", 20}}}});
}

std::string step(const std::string& tool, Json input) {
  return dump(Json{{"thought", "t"}, {"action", tool}, {"action_input", std::move(input)}});
}

std::string answer(const std::string& text) {
  return dump(Json{{"thought", "t"}, {"final_answer", text}});
}

bool summarises(const Json& body) {
  return string_or(body, "model") == "small";
}

/// Answers each message, with a call of the calculator before, and writes summaries.
PeerReply speaks(const PeerRequest& request) {
  const Json body = *parse_json(request.body);
  if (summarises(body)) return PeerReply::json(reply("Mina is going to Busan by ship. The fare is 42."));
  const std::string last = string_or(body["messages"].back(), "content");
  if (last.contains("observation")) return PeerReply::json(reply(answer("It is as you say.")));
  if (last.contains("calculate")) return PeerReply::json(reply(step("calculator", {{"expression", "6*7"}})));
  return PeerReply::json(reply(answer("Noted, as you say.")));
}

std::string configuration(const HttpPeer& model, const std::string& memory, const std::string& more = "") {
  return fmt::format(R"(
models:
  m: {{ provider: openai, model: x, base_url: "{0}", stream: false }}
  s: {{ provider: openai, model: small, base_url: "{0}", stream: false }}
embeddings: {{ default: {{ provider: builtin }} }}
tools: {{ calculator: {{ type: calculator }} }}
agents:
  a: {{ model: m, tools: [calculator], memory: {1} }}
{2}default: a
)",
                     model.url("/v1"), memory, more);
}

/// The requests of the agent's own model, as they came over the wire.
std::vector<Json> asked(const HttpPeer& model) {
  std::vector<Json> all;
  for (const PeerRequest& request : model.requests()) {
    Json body = *parse_json(request.body);
    if (!summarises(body)) all.push_back(std::move(body));
  }
  return all;
}

/// Waits until there are more than `before` of them.
void wait_for_more(const HttpPeer& model, std::size_t before) {
  for (;;) {
    const std::size_t seen = model.counts().requests;
    if (asked(model).size() > before) return;
    REQUIRE(model.wait_for_requests(seen + 1));
  }
}

/// The same as the store has them.
std::vector<Json> kept(Daemon& daemon, const std::string& run) {
  const auto shown = daemon.run({"runs", "show", "--prompt", "--json", "-c", daemon.config(), run});
  CHECK(shown.exit_code == 0);
  std::vector<Json> all;
  std::size_t from = 0;
  for (std::size_t to; (to = shown.out.find('\n', from)) != std::string::npos; from = to + 1)
    all.push_back(*parse_json(std::string_view(shown.out).substr(from, to - from)));
  return all;
}

std::string ask(Daemon& daemon, std::string& session, const std::string& text) {
  std::vector<std::string> words{"ask", "-c", daemon.config(), "--json"};
  if (!session.empty()) words.insert(words.end(), {"--session", session});
  words.push_back(text);
  const auto asked = daemon.run(words);
  CHECK(asked.exit_code == 0);
  const auto event = parse_json(std::string_view(asked.out).substr(0, asked.out.find('\n')));
  REQUIRE(event);
  session = string_or(*event, "session");
  return string_or(*event, "run");
}

std::string texts(const Json& messages) {
  std::string all;
  for (const Json& message : messages) all += string_or(message, "content") + "\n";
  return all;
}

}  // namespace

TEST_CASE("each memory type is recalled by the daemon, and what the store shows is what was sent") {
  const std::pair<std::string, std::size_t> types[] = {
      // and how many messages the last request has, the prompt and the message included; 0: not looked at
      {"none", 2},
      {"buffer", 14},
      {"{ type: window, turns: 2 }", 6},
      {"{ type: token_buffer, max_tokens: 200 }", 0},
      {"{ type: summary, model: s }", 0},
      {"{ type: summary_buffer, max_tokens: 200, model: s }", 0},
      {"{ type: vector, k: 1 }", 8},
      {"{ type: buffer, steps: true }", 18},
  };
  for (const auto& [memory, messages] : types) {
    CAPTURE(memory);
    HttpPeer model(speaks);
    Daemon daemon(configuration(model, memory));
    daemon.start();
    std::string session;
    std::vector<std::string> runs;
    for (const char* text : {"I am Mina and I go to Busan by ship", "please calculate 6*7 for the fare",
                             "bread needs flour and salt", "please calculate it again", "the sky is grey",
                             "I like green tea", "how do I go to Busan?"})
      runs.push_back(ask(daemon, session, text));
    const std::vector<Json> sent = asked(model);
    std::size_t at = 0;
    for (const std::string& run : runs)
      for (const Json& request : kept(daemon, run)) {
        REQUIRE(at < sent.size());
        CHECK(request["messages"] == sent[at++]["messages"]);
        CHECK_FALSE(find(request, "exact"));
      }
    CHECK(at == sent.size());
    const Json& last = sent.back()["messages"];
    if (messages > 0) CHECK(last.size() == messages);
    if (memory.contains("vector")) CHECK(texts(last).contains("I am Mina"));
    if (memory.contains("summary")) {
      const auto store = daemon.run({"sessions", "list", "-c", daemon.config(), "--json"});
      CHECK(store.out.contains(session));
    }
    CHECK(daemon.stop().exit_code == 0);
  }
}

TEST_CASE("a summary buffer stays under its tokens at every request of a long conversation") {
  HttpPeer model(speaks);
  Daemon daemon(configuration(model, "{ type: summary_buffer, max_tokens: 300, model: s }"));
  daemon.start();
  SystemClock clock;
  Loop loop(clock);
  ChatClient chat(loop);
  fakes::run(loop, chat.connect(daemon.url()));
  fakes::run(loop, chat.open());
  for (int turn = 0; turn < 40; ++turn)
    fakes::run(loop, chat.ask(fmt::format("m{}", turn),
                              fmt::format("part {} of a long story about the ship to Busan", turn)));
  const std::vector<Json> sent = asked(model);
  REQUIRE(sent.size() == 40);
  const memory::Ruler ruler = memory::estimated_tokens();
  for (const Json& request : sent) {
    std::int64_t tokens = 0;
    const Json& messages = request["messages"];
    for (std::size_t i = 1; i + 1 < messages.size(); ++i) {
      std::string text = string_or(messages[i], "content");
      if (string_or(messages[i], "role") == "assistant") text = string_or(*parse_json(text), "final_answer");
      tokens += ruler({.role = models::Role::user, .content = text});
    }
    CHECK(tokens <= 300);
  }
  CHECK(texts(sent.back()["messages"]).contains("Mina is going to Busan"));
  CHECK(model.requests().size() > 41);
  CHECK(daemon.stop().exit_code == 0);
}

TEST_CASE("`ask` in its own process waits for what its memory does after the answer") {
  HttpPeer model(speaks);
  Daemon daemon(configuration(model, "{ type: summary, model: s }"));
  std::string session;
  for (const char* text : {"one", "two", "three"}) ask(daemon, session, text);
  CHECK(texts(asked(model).back()["messages"]).contains("Mina is going to Busan"));
}

TEST_CASE("after kill -9 between recall and answer the same prompt is sent again") {
  for (const char* memory : {"{ type: summary_buffer, max_tokens: 200, model: s }", "{ type: vector, k: 1 }",
                             "{ type: facts, blocks: [{ label: human, value: \"Mina\" }] }"}) {
    CAPTURE(memory);
    HttpPeer model(speaks);
    Daemon daemon(configuration(model, memory));
    daemon.start();
    std::string session;
    for (const char* text : {"I go to Busan by ship, says Mina, and it is far", "bread needs flour",
                             "the sky is grey", "I like green tea", "my cat is called Nabi"})
      ask(daemon, session, text);
    model.answer([](const PeerRequest& request) {
      return summarises(*parse_json(request.body)) ? speaks(request) : PeerReply::silence();
    });
    SystemClock clock;
    Loop loop(clock);
    ChatClient chat(loop);
    fakes::run(loop, chat.connect(daemon.url()));
    fakes::run(loop, chat.open(fmt::format(",\"session\":\"{}\"", session)));
    const std::size_t before = asked(model).size();
    fakes::run(loop, chat.send(R"({"type":"message","id":"k1","text":"how do I go to Busan?"})"));
    wait_for_more(model, before);
    const Json first = asked(model).back();
    daemon.kill();
    model.answer(speaks);
    daemon.start();
    wait_for_more(model, before + 1);
    CHECK(asked(model).back()["messages"] == first["messages"]);
    CHECK(daemon.stop().exit_code == 0);
  }
}

TEST_CASE("a block that an agent writes stands in its next prompt, and in another agent's") {
  HttpPeer model([](const PeerRequest& request) {
    const std::string last = string_or(parse_json(request.body)->at("messages").back(), "content");
    if (last.contains("remember"))
      return PeerReply::json(
          reply(step("core_memory_append", {{"label", "human"}, {"content", "Her name is Mina."}})));
    return PeerReply::json(reply(answer("Noted.")));
  });
  Daemon daemon(configuration(model, "{ type: facts, blocks: [{ label: human }] }",
                              "  b: { model: m, memory: { type: facts, blocks: [{ label: human }] } }\n"));
  daemon.start();
  std::string session;
  ask(daemon, session, "remember that I am Mina");
  CHECK_FALSE(texts(asked(model).back()["messages"][0]).contains("Her name is Mina."));
  ask(daemon, session, "who am I?");
  CHECK(string_or(asked(model).back()["messages"][0], "content").contains("Her name is Mina."));
  daemon.run({"ask", "-c", daemon.config(), "--session", session, "--target", "b", "and you, who am I?"});
  CHECK(string_or(asked(model).back()["messages"][0], "content").contains("Her name is Mina."));
  CHECK(daemon.stop().exit_code == 0);
}

TEST_CASE("a conversation goes through a file and is remembered by the agent that goes on with it") {
  HttpPeer model(speaks);
  Daemon daemon(configuration(model, "buffer"));
  std::string session;
  ask(daemon, session, "I am Mina \"the captain\"");
  ask(daemon, session, "please calculate 6*7");
  const auto shown = daemon.run({"sessions", "show", session, "-c", daemon.config()});
  CHECK(shown.out.contains("user: I am Mina"));
  CHECK(shown.out.contains("a: It is as you say."));

  const auto native = daemon.run({"sessions", "export", session, "-c", daemon.config()});
  REQUIRE(native.exit_code == 0);
  Json document = *parse_json(native.out);
  REQUIRE(document["turns"].size() == 2);
  CHECK(document["turns"][1]["steps"].size() == 2);
  const auto imported = daemon.run({"sessions", "import", "-", "-c", daemon.config()}, native.out);
  REQUIRE(imported.exit_code == 0);
  std::string other = imported.out.substr(0, imported.out.find('\n'));
  CHECK(other != session);
  Json again = *parse_json(daemon.run({"sessions", "export", other, "-c", daemon.config()}).out);
  for (Json* one : {&document, &again})
    for (Json& turn : (*one)["turns"]) turn.erase("ts");
  CHECK(document["turns"] == again["turns"]);
  ask(daemon, other, "who am I?");
  CHECK(texts(asked(model).back()["messages"]).contains("the captain"));

  const auto chat = daemon.run({"sessions", "export", session, "--format", "openai", "-c", daemon.config()});
  CHECK(chat.exit_code == 0);
  const auto from_chat = daemon.run({"sessions", "import", "-", "-c", daemon.config()}, chat.out);
  CHECK(from_chat.exit_code == 0);

  const auto wrong = daemon.run({"sessions", "import", "-", "-c", daemon.config()},
                                R"({"version":1,"turns":[{"answer":"x"}]})");
  CHECK(wrong.exit_code == 2);
  CHECK(wrong.err.contains("/turns/0/input"));
  const auto system = daemon.run({"sessions", "import", "-", "-c", daemon.config()},
                                 R"([{"role":"system","content":"s"},{"role":"user","content":"u"}])");
  CHECK(system.exit_code == 0);
  CHECK(system.err.contains("not carried over"));
}

TEST_CASE("the tool steps of an imported conversation are recalled with `steps: true`") {
  HttpPeer model(speaks);
  Daemon daemon(configuration(model, "{ type: buffer, steps: true }"));
  const std::string chat = R"([
    {"role":"user","content":"how far is Busan?"},
    {"role":"assistant","content":"let me look","tool_calls":
      [{"id":"c1","type":"function","function":{"name":"atlas","arguments":"{\"from\":\"Seoul\"}"}}]},
    {"role":"tool","tool_call_id":"c1","content":"325 km by road"},
    {"role":"assistant","content":"Far."}])";
  const auto imported = daemon.run({"sessions", "import", "-", "-c", daemon.config()}, chat);
  REQUIRE(imported.exit_code == 0);
  std::string session = imported.out.substr(0, imported.out.find('\n'));
  const std::string run = ask(daemon, session, "how far was it?");
  const Json messages = asked(model).back()["messages"];
  CHECK(texts(messages).contains(R"("action":"atlas")"));
  CHECK(texts(messages).contains("325 km by road"));
  const auto shown = kept(daemon, run);
  REQUIRE(shown.size() == 1);
  CHECK(shown.front()["messages"] == messages);
}

TEST_CASE("what kill -9 takes of a summary is in the ledger after the next start, once") {
  HttpPeer model([](const PeerRequest& request) {
    return summarises(*parse_json(request.body)) ? PeerReply::silence() : speaks(request);
  });
  Daemon daemon(configuration(model, "{ type: summary, model: s }"));
  daemon.start();
  const auto used = [&daemon] {
    const auto shown = daemon.run({"runs", "usage", "--by", "model", "--json", "-c", daemon.config()});
    REQUIRE(shown.exit_code == 0);
    Json lines = Json::array();
    std::size_t from = 0;
    for (std::size_t to; (to = shown.out.find('\n', from)) != std::string::npos; from = to + 1)
      if (Json line = *parse_json(std::string_view(shown.out).substr(from, to - from)); line["model"] == "s")
        lines.push_back(std::move(line));
    return lines;
  };
  std::string session;
  for (const char* text : {"I go to Busan by ship", "bread needs flour"}) ask(daemon, session, text);
  while (model.counts().requests == asked(model).size())
    REQUIRE(model.wait_for_requests(model.counts().requests + 1));
  CHECK(used().empty());
  daemon.kill();
  for (int start = 0; start < 2; ++start) {
    daemon.start();
    const Json lines = used();
    REQUIRE(lines.size() == 1);
    CHECK(lines[0]["calls"] == 1);
    CHECK(lines[0]["input_tokens"].get<int>() > 50);
    CHECK(lines[0]["output_tokens"] == 0);
    daemon.kill();
  }
}

TEST_CASE("a conversation that is deleted is gone, whether or not a daemon has the store") {
  HttpPeer model(speaks);
  Daemon daemon(configuration(model, "buffer"));
  std::string session;
  const std::string run = ask(daemon, session, "one");
  const auto exported = daemon.run({"sessions", "export", session, "-c", daemon.config()});
  CHECK(daemon.run({"sessions", "delete", session, "-c", daemon.config()}).exit_code == 0);
  CHECK(daemon.run({"sessions", "show", session, "-c", daemon.config()}).exit_code == 1);
  CHECK(daemon.run({"runs", "show", run, "-c", daemon.config()}).exit_code == 1);
  CHECK(daemon.run({"sessions", "delete", session, "-c", daemon.config()}).exit_code == 1);

  daemon.start();
  const auto imported = daemon.run({"sessions", "import", "-", "-c", daemon.config()}, exported.out);
  REQUIRE_MESSAGE(imported.exit_code == 0, imported.err);
  const std::string there = imported.out.substr(0, imported.out.find('\n'));
  Json whole = *parse_json(daemon.run({"sessions", "export", there, "-c", daemon.config()}).out);
  Json before = *parse_json(exported.out);
  for (Json* one : {&whole, &before})
    for (Json& turn : (*one)["turns"]) turn.erase("ts");
  CHECK(whole["turns"] == before["turns"]);
  const auto wrong =
      daemon.run({"sessions", "import", "-", "--target", "nobody", "-c", daemon.config()}, exported.out);
  CHECK(wrong.exit_code == 2);
  CHECK(wrong.err.contains(daemon.url()));
  CHECK(wrong.err.contains("there is no agent `nobody`"));
  const auto system = daemon.run({"sessions", "import", "-", "-c", daemon.config()},
                                 R"([{"role":"system","content":"s"},{"role":"user","content":"u"}])");
  CHECK(system.exit_code == 0);
  CHECK(system.err.contains("not carried over"));
  CHECK(daemon.run({"sessions", "delete", there, "-c", daemon.config()}).exit_code == 0);
  CHECK(daemon.run({"sessions", "show", there, "-c", daemon.config()}).exit_code == 1);
  CHECK(daemon.run({"sessions", "delete", there, "-c", daemon.config()}).exit_code == 1);
  CHECK(daemon.stop().exit_code == 0);
}
