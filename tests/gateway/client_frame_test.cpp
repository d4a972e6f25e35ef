#include "gateway/protocol/client_frame.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::gateway;

namespace {

template <class T>
T read(const std::string& text) {
  auto frame = parse_client_frame(text);
  REQUIRE_MESSAGE(frame.has_value(), text, ": ", frame ? "" : frame.error().message);
  REQUIRE(std::holds_alternative<T>(*frame));
  return std::get<T>(*frame);
}

FrameError refused(const std::string& text) {
  auto frame = parse_client_frame(text);
  REQUIRE_MESSAGE(!frame.has_value(), text.substr(0, 200));
  return frame.error();
}

}  // namespace

TEST_CASE("an open frame may say nothing, or which session, target and seq") {
  const auto plain = read<OpenFrame>(R"({"type":"open"})");
  CHECK(plain.session.empty());
  CHECK_FALSE(plain.after.has_value());
  const auto full =
      read<OpenFrame>(R"({"after":0,"id":"o1","type":"open","session":"s_1","target":"연구원"})");
  CHECK(full.id == "o1");
  CHECK(full.session == "s_1");
  CHECK(full.target == "연구원");
  CHECK(full.after == 0);
  const auto nulls =
      read<OpenFrame>(R"({"type":"open","session":null,"target":null,"after":null,"id":null})");
  CHECK(nulls.session.empty());
  CHECK_FALSE(nulls.after.has_value());
}

TEST_CASE("a message bears an id and a text, and perhaps inputs and images") {
  const auto message = read<MessageFrame>(
      R"({"type":"message","id":"m1","text":"안녕 \"you\"","session":"s_1","target":"hello","inputs":{"topic":[1,{"a":null}]},
          "attachments":[{"type":"image","url":"https://x.example/a.png"},{"type":"image","data":"data:image/png;base64,iVBORw0KGgo="},
                         {"type":"image","data":"/9j/4AAQ","media_type":"image/jpeg"}]})");
  CHECK(message.id == "m1");
  CHECK(message.text == "안녕 \"you\"");
  CHECK(message.inputs["topic"][0] == 1);
  REQUIRE(message.attachments.size() == 3);
  CHECK(message.attachments[0].url == "https://x.example/a.png");
  CHECK(message.attachments[1].url == "data:image/png;base64,iVBORw0KGgo=");
  CHECK(message.attachments[2].url == "data:image/jpeg;base64,/9j/4AAQ");
  CHECK(read<MessageFrame>(R"({"type":"message","id":"m1","text":""})").text.empty());
}

TEST_CASE("cancel, approve, deny and ping are read") {
  CHECK(read<CancelFrame>(R"({"type":"cancel","run":"r_1"})").mode == agents::CancelMode::now);
  CHECK(read<CancelFrame>(R"({"type":"cancel","run":"r_1","mode":"now"})").run == "r_1");
  CHECK(read<CancelFrame>(R"({"type":"cancel","run":"r_1","mode":"after_step"})").mode ==
        agents::CancelMode::after_step);
  CHECK(read<DecisionFrame>(R"({"type":"approve","call":"c_1","input":{"a":1}})").call == "c_1");
  CHECK(read<DecisionFrame>(R"({"type":"deny","call":"c_1","reason":"no","id":"d1"})").id == "d1");
  CHECK(*read<DecisionFrame>(R"({"type":"approve","call":"c_1","input":{"a":1}})").input == Json{{"a", 1}});
  CHECK_FALSE(read<DecisionFrame>(R"({"type":"approve","call":"c_1"})").input.has_value());
  CHECK(read<DecisionFrame>(R"({"type":"approve","call":"c_1","run":"r_1"})").run == "r_1");
  CHECK(read<DecisionFrame>(R"({"type":"deny","call":"c_1","reason":"no"})").reason == "no");
  CHECK_FALSE(read<DecisionFrame>(R"({"type":"deny","call":"c_1"})").approve);
  CHECK(read<PingFrame>(R"({"type":"ping"})").id.empty());
  CHECK(read<PingFrame>(R"({"type":"ping","id":"p"})").id == "p");
}

TEST_CASE("fields that are not known are ignored") {
  CHECK(read<MessageFrame>(R"({"type":"message","id":"m","text":"x","priority":9,"future":{"a":[]}})").text ==
        "x");
}

TEST_CASE("what is not one JSON object is bad_json, with the place") {
  for (std::string text : {"", " ", "hello", "{", "[]", "\"x\"", "null", "{} {}", R"({"type":"ping",})",
                           R"({'type':'ping'})", R"({"type":"ping","type":"open"})", "{\"type\":\"pi\nng\"}",
                           R"({"a":"\ud800"})", "\xff", R"({"type":"ping","n":1e999})"}) {
    const FrameError error = refused(text);
    INFO(text);
    CHECK(error.code == "bad_json");
    CHECK(error.ref.empty());
    CHECK_FALSE(error.message.empty());
  }
  std::string deep = R"({"type":"message","id":"m","text":"x","inputs":)";
  for (int i = 0; i < 100'000; ++i) deep += R"({"a":)";
  CHECK(refused(deep).code == "bad_json");
}

TEST_CASE("an unknown type is told apart, with the id of its frame") {
  const FrameError error = refused(R"({"type":"shout","id":"x1"})");
  CHECK(error.code == "unknown_type");
  CHECK(error.ref == "x1");
  CHECK(refused(R"({"type":"Open"})").code == "unknown_type");
  CHECK(refused(R"({"type":"run.started"})").code == "unknown_type");
}

TEST_CASE(
    "a field that is missing, of the wrong type or out of bounds is invalid, and the message names it") {
  struct Case {
    std::string text;
    std::string field;
    std::string ref;
  };
  const std::string long_id(129, 'x');
  const std::vector<Case> cases = {
      {R"({})", "type", ""},
      {R"({"id":"a"})", "type", "a"},
      {R"({"type":1,"id":"a"})", "type", "a"},
      {R"({"type":"ping","id":7})", "id", ""},
      {R"({"type":"ping","id":""})", "id", ""},
      {R"({"type":"ping","id":"a b"})", "id", ""},
      {R"({"type":"ping","id":"a\n"})", "id", ""},
      {R"({"type":"ping","id":"번호"})", "id", ""},
      {R"({"type":"ping","id":")" + long_id + "\"}", "id", ""},
      {R"({"type":"message","text":"x"})", "id", ""},
      {R"({"type":"message","id":"m"})", "text", "m"},
      {R"({"type":"message","id":"m","text":null})", "text", "m"},
      {R"({"type":"message","id":"m","text":["x"]})", "text", "m"},
      {R"({"type":"message","id":"m","text":"x","session":5})", "session", "m"},
      {R"({"type":"message","id":"m","text":"x","session":"a b"})", "session", "m"},
      {R"({"type":"message","id":"m","text":"x","target":"a\u0000b"})", "target", "m"},
      {R"({"type":"message","id":"m","text":"x","target":")" + std::string(257, 'x') + "\"}", "target", "m"},
      {R"({"type":"message","id":"m","text":"x","inputs":[]})", "inputs", "m"},
      {R"({"type":"message","id":"m","text":"x","inputs":"topic"})", "inputs", "m"},
      {R"({"type":"message","id":"m","text":"x","attachments":{}})", "attachments", "m"},
      {R"({"type":"message","id":"m","text":"x","attachments":[{"type":"file","url":"https://a/b"}]})",
       "attachments", "m"},
      {R"({"type":"message","id":"m","text":"x","attachments":[{"type":"image"}]})", "attachments", "m"},
      {R"({"type":"message","id":"m","text":"x","attachments":[{"type":"image","url":"file:///etc/passwd"}]})",
       "attachments", "m"},
      {R"({"type":"message","id":"m","text":"x","attachments":[{"type":"image","data":"AAAA"}]})",
       "attachments", "m"},
      {R"({"type":"message","id":"m","text":"x","attachments":[{"type":"image","url":"https://a","data":"b"}]})",
       "attachments", "m"},
      {R"({"type":"message","id":"m","text":"x","attachments":[{"type":"image","data":"/9j/4AAQ","media_type":"image/png"}]})",
       "said to be image/png and is image/jpeg", "m"},
      {R"({"type":"message","id":"m","text":"x","attachments":[{"type":"image","data":"!","media_type":"image/png"}]})",
       "no base 64", "m"},
      {R"({"type":"message","id":"m","text":"x","attachments":[0]})", "attachments", "m"},
      {R"({"type":"message","id":"m","text":"x","attachments":[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]})",
       "attachments", "m"},
      {R"({"type":"open","after":-1})", "after", ""},
      {R"({"type":"open","after":1.5})", "after", ""},
      {R"({"type":"open","after":"3"})", "after", ""},
      {R"({"type":"open","after":18446744073709551615})", "after", ""},
      {R"({"type":"open","after":99999999999999999999999})", "after", ""},
      {R"({"type":"open","target":["x"],"id":"o"})", "target", "o"},
      {R"({"type":"cancel","id":"c"})", "run", "c"},
      {R"({"type":"cancel","run":{}})", "run", ""},
      {R"({"type":"cancel","run":"r","mode":"later"})", "mode", ""},
      {R"({"type":"cancel","run":"r","mode":true})", "mode", ""},
      {R"({"type":"approve","id":"a"})", "call", "a"},
      {R"({"type":"deny"})", "call", ""},
      {R"({"type":"deny","call":"c","reason":7})", "reason", ""},
      {R"({"type":"approve","call":"c","input":"{\"a\":1}"})", "input", ""},
      {R"({"type":"approve","call":"c","input":[1]})", "input", ""},
      {R"({"type":"approve","call":"c","input":null})", "input", ""},
      {R"({"type":"approve","call":"c","inptu":{"a":1}})", "inptu", ""},
  };
  for (const Case& wrong : cases) {
    const FrameError error = refused(wrong.text);
    INFO(wrong.text, " → ", error.message);
    CHECK(error.code == "invalid");
    CHECK(error.ref == wrong.ref);
    const bool words = wrong.field.contains(' ');  // of the message itself
    CHECK(error.message.contains(words ? wrong.field : "`" + wrong.field + "`"));
  }
  CHECK(read<PingFrame>(R"({"type":"ping","id":")" + std::string(128, 'x') + "\"}").id.size() == 128);
}
