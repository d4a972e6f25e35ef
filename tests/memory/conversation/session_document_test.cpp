#include "memory/conversation/session_document.h"

#include "memory/conversation/openai_chat.h"
#include "memory/conversation/turn.h"

#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::memory;

namespace {

SessionDocument document() {
  SessionDocument made{.session = "s1", .target = "desk"};
  made.turns.push_back(
      {.input = "안녕?", .answer = "안녕하세요.", .ts = "2026-07-31T10:00:00.000Z", .agent = "desk/a"});
  DocumentTurn with_steps{.input = "Time?", .answer = "Noon."};
  with_steps.steps = {
      {.role = models::Role::assistant, .tool_calls = {{"c1", "clock", R"({"zone":"UTC"})"}}},
      {.role = models::Role::tool, .content = "12:00", .tool_call_id = "c1", .name = "clock"}};
  made.turns.push_back(std::move(with_steps));
  DocumentTurn picture{.input = "What is this?", .answer = "A ship."};
  picture.attachments = *parse_json(R"([{"type":"image","url":"https://example.org/ship.png"}])");
  made.turns.push_back(std::move(picture));
  made.turns.push_back({.input = "Wait", .status = "cancelled"});
  return made;
}

std::string refusal(std::string_view text) {
  auto read = import_session(text);
  return read ? "" : read.error().message;
}

}  // namespace

TEST_CASE("a session goes into a document and comes back the same") {
  const std::string written = dump(to_json(document()));

  auto read = import_session(written);

  REQUIRE_MESSAGE(read.has_value(), read.error().message);
  CHECK(dump(to_json(read->document)) == written);
  CHECK(read->instructions.empty());
  CHECK(written.starts_with(R"({"version":1,"session":"s1","target":"desk","turns":[{"input":"안녕?")"));
}

TEST_CASE("a session goes into a chat and comes back with its words, calls and pictures") {
  const Json chat = to_openai_chat(document());
  CHECK(chat.size() == 9);
  CHECK(
      dump(chat[3]) ==
      R"({"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"clock","arguments":"{\"zone\":\"UTC\"}"}}]})");
  CHECK(dump(chat[6]["content"][1]) ==
        R"({"type":"image_url","image_url":{"url":"https://example.org/ship.png"}})");

  auto read = import_session(dump(chat));

  REQUIRE_MESSAGE(read.has_value(), read.error().message);
  const SessionDocument expected = document();
  REQUIRE(read->document.turns.size() == expected.turns.size());
  for (std::size_t i = 0; i < expected.turns.size(); ++i) {
    CHECK(read->document.turns[i].input == expected.turns[i].input);
    CHECK(read->document.turns[i].answer == expected.turns[i].answer);
    CHECK(read->document.turns[i].status == expected.turns[i].status);
    CHECK(read->document.turns[i].steps.size() == expected.turns[i].steps.size());
    CHECK(read->document.turns[i].attachments == expected.turns[i].attachments);
  }
  CHECK(to_openai_chat(read->document) == chat);
}

TEST_CASE("messages of one role in a row are one, and instructions are told apart") {
  auto read = import_session(R"({"messages":[
    {"role":"system","content":"Be brief."},
    {"role":"user","content":"a"},{"role":"user","content":[{"type":"text","text":"b"}]},
    {"role":"assistant","content":"A"},{"role":"assistant","content":"B"},
    {"role":"developer","content":"Be kind."},
    {"role":"user","content":"c"}]})");

  REQUIRE_MESSAGE(read.has_value(), read.error().message);
  CHECK(read->instructions == std::vector<std::string>{"Be brief.", "Be kind."});
  REQUIRE(read->document.turns.size() == 2);
  CHECK(read->document.turns[0].input == "a\n\nb");
  CHECK(read->document.turns[0].answer == "A\n\nB");
  CHECK(read->document.turns[1].status == "cancelled");
}

TEST_CASE("an assistant may speak first, and between its calls") {
  auto read = import_session(R"([
    {"role":"assistant","content":"Hello."},
    {"role":"user","content":"Time?"},
    {"role":"assistant","content":"I look."},
    {"role":"assistant","content":null,"tool_calls":[{"id":"c","function":{"name":"clock"}}]},
    {"role":"tool","tool_call_id":"c","content":"12"},
    {"role":"assistant","content":"Noon."}])");

  REQUIRE_MESSAGE(read.has_value(), read.error().message);
  REQUIRE(read->document.turns.size() == 2);
  CHECK(read->document.turns[0].input == "");
  CHECK(read->document.turns[0].answer == "Hello.");
  CHECK(read->document.turns[1].steps.size() == 3);
  CHECK(read->document.turns[1].answer == "Noon.");
  CHECK(import_session(dump(to_json(read->document))));
}

TEST_CASE("what is wrong is told with its place") {
  const std::vector<std::pair<std::string, std::string>> table = {
      {"[", "session: offset"},
      {"3", "/: must be a session document or a list of messages"},
      {"{}", "/version: must be the number 1"},
      {R"({"version":2,"turns":[]})", "/version: 2 is not known here"},
      {R"({"version":1,"turn":[]})", "/turn: unknown key; did you mean `turns`?"},
      {R"({"version":1})", "/turns: must be a list"},
      {R"({"version":1,"turns":[3]})", "/turns/0: must be a turn"},
      {R"({"version":1,"turns":[{"answer":"a"}]})", "/turns/0/input: is missing"},
      {R"({"version":1,"turns":[{"input":1}]})", "/turns/0/input: must be a text"},
      {R"({"version":1,"turns":[{"input":"a","status":"fine"}]})", "/turns/0/status: `fine` is no status"},
      {R"({"version":1,"turns":[{"input":""}]})", "/turns/0: has neither an input nor an answer"},
      {R"({"version":1,"turns":[{"input":"a","attachments":{}}]})", "/turns/0/attachments: must be a list"},
      {R"({"version":1,"turns":[{"input":"a","steps":[{"role":"user","content":"x"}]}]})",
       "/turns/0/steps/0/role: a step is said by the assistant or a tool"},
      {R"({"version":1,"turns":[{"input":"a","steps":[{"role":"tool","tool_call_id":"c","content":"x"}]}]})",
       "/turns/0/steps: "},
      {R"({"messages":3})", "/messages: must be a list of messages"},
      {R"({"messages":[{"role":"usr","content":"a"}]})",
       "/messages/0/role: unknown role `usr`; did you mean `user`?"},
      {R"([{"role":"function","content":"a"}])", "/0/role: `function` is out of date"},
      {R"([{"role":"user"}])", "/0/content: is missing"},
      {R"([{"role":"user","content":null}])", "/0/content: is missing"},
      {R"([{"role":"user","content":7}])", "/0/content: must be a text"},
      {R"([{"role":"user","content":[{"type":"audio"}]}])", "/0/content/0/type: a part of type `audio`"},
      {R"([{"role":"user","content":"a","tool_calls":[]}])", "/0/tool_calls: only an assistant"},
      {R"([{"role":"assistant","tool_calls":[{"function":{"name":"f"}}]}])",
       "/0/tool_calls/0/id: is missing"},
      {R"([{"role":"assistant","tool_calls":[{"id":"c"}]}])", "/0/tool_calls/0/function: is missing"},
      {R"([{"role":"tool","content":"x","tool_call_id":"c"}])", "/0/tool_call_id: there is no open call `c`"},
      {R"([{"role":"tool","content":"x"}])", "/0/tool_call_id: is missing"},
      {R"([{"role":"user","content":"a"},{"role":"assistant","tool_calls":[{"id":"c","function":{"name":"f"}}]},
          {"role":"user","content":"b"}])",
       "/2: call `c` has no result"},
      {R"([{"role":"assistant","tool_calls":[{"id":"c","function":{"name":"f"}}]}])",
       "the chat ends before call `c` has a result"},
      {R"([{"role":"assistant","tool_calls":[{"id":"c","function":{"name":"f"}},{"id":"c","function":{"name":"f"}}]}])",
       "/0/tool_calls: two calls have the id `c`"},
  };
  for (const auto& [text, says] : table) {
    CAPTURE(text);
    CHECK_MESSAGE(refusal(text).contains(says), refusal(text));
  }
}

TEST_CASE("what is too large is told with its place") {
  const std::string large(kImportTextBytes + 1, 'x');
  auto text = import_session(dump(Json::array({{{"role", "user"}, {"content", large}}})));
  REQUIRE_FALSE(text);
  CHECK(text.error().code == ErrorCode::too_large);
  CHECK(text.error().message.contains("/0/content: 262145 bytes"));

  const std::string half(kImportTextBytes / 2, 'x');
  Json together = Json::array();
  for (int i = 0; i < 3; ++i) together.push_back({{"role", "user"}, {"content", half}});
  CHECK(refusal(dump(together)).contains("/1: with those of the same role before it"));

  Json many = Json::array();
  for (std::size_t i = 0; i <= kImportTurns; ++i) many.push_back({{"input", "a"}});
  CHECK(refusal(dump(Json{{"version", 1}, {"turns", std::move(many)}})).contains("/turns: 10001 turns"));
}

TEST_CASE("a run becomes a turn of a document, one whose message is withheld does not") {
  store::RunRow row{.id = "r1", .agent = "desk/a", .input = "a?", .answer = "A", .status = "done"};
  row.finished_ms = 1'500;
  row.extra = R"({"attachments":[{"type":"image","url":"https://example.org/a.png"}]})";
  const auto turn = document_turn(row);
  REQUIRE(turn);
  CHECK(dump(to_json({.session = "s1", .target = "desk", .turns = {*turn}})["turns"][0]) ==
        R"({"input":"a?","answer":"A","status":"done","ts":"1970-01-01T00:00:01.500Z","agent":"desk/a",)"
        R"("attachments":[{"type":"image","url":"https://example.org/a.png"}]})");

  row.extra = withheld(row.extra);
  CHECK_FALSE(document_turn(row));
}
