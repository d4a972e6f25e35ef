#include "app/run_export.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::app;

namespace {

std::vector<Json> answered_run() {
  return {{{"type", "run.started"}, {"input", "2+2?"}},
          {{"type", "thought"}, {"text", "calculate"}},
          {{"type", "action"}, {"call", "c_1"}, {"tool", "calculator"}, {"input", {{"expression", "2+2"}}}},
          {{"type", "observation"}, {"call", "c_1"}, {"ok", true}, {"output", "4"}},
          {{"type", "answer"}, {"text", "It is 4."}},
          {{"type", "run.finished"}, {"status", "done"}}};
}

}  // namespace

TEST_CASE("events are exported one a line, as they are") {
  auto text = export_run(answered_run(), "events");
  REQUIRE(text);
  CHECK(std::count(text->begin(), text->end(), '\n') == 6);
}

TEST_CASE("openai-chat has the call and its result as the API writes them") {
  auto chat = parse_json(*export_run(answered_run(), "openai-chat"));
  REQUIRE(chat);
  const Json& messages = (*chat)["messages"];
  REQUIRE(messages.size() == 4);
  CHECK(messages[1]["tool_calls"][0]["function"]["arguments"] == R"({"expression":"2+2"})");
  CHECK(messages[1]["content"] == "calculate");
  CHECK(messages[2]["tool_call_id"] == "c_1");
  CHECK(messages[3]["content"] == "It is 4.");
}

TEST_CASE("alpaca and sharegpt need an answer") {
  auto events = answered_run();
  CHECK(*export_run(events, "alpaca") ==
        "{\"instruction\":\"2+2?\",\"input\":\"\",\"output\":\"It is 4.\"}\n");
  CHECK(export_run(events, "sharegpt")->contains(R"({"from":"gpt","value":"It is 4."})"));
  events.erase(events.begin() + 4);
  CHECK(export_run(events, "alpaca").error().message.contains("no answer"));
  CHECK(export_run(events, "csv").error().message.contains("events, openai-chat"));
}
