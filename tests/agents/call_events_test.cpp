#include "agents/runs/call_events.h"

#include <vector>

#include <doctest/doctest.h>

using namespace troupe;

TEST_CASE("progress of a tool bears its call, what is not of it stays as it is") {
  struct Sink final : EventSink {
    std::vector<Event> events;
    void publish(Event event) override { events.push_back(std::move(event)); }
  } sink;
  agents::CallEvents events(sink, "call_1");

  events.publish({.type = "tool.progress", .fields = {{"text", "half"}, {"fraction", 0.5}}});
  events.publish({.type = "tool.progress", .fields = {{"call", "call_of_a_member"}, {"text", "x"}}});
  events.publish({.type = "answer.delta", .fields = {{"text", "x"}}});

  REQUIRE(sink.events.size() == 3);
  CHECK(dump(sink.events[0].fields) == R"({"call":"call_1","text":"half","fraction":0.5})");
  CHECK(sink.events[1].fields["call"] == "call_of_a_member");
  CHECK(!sink.events[2].fields.contains("call"));
}
