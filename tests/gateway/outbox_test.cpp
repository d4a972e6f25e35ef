#include "gateway/protocol/outbox.h"

#include <string>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::gateway;

namespace {

constexpr OutboxLimits kSmall{4000, 1000};

Frame frame_of(std::string_view type, std::string run, int step, std::string text, std::int64_t seq) {
  Event event;
  event.type = type;
  event.session = "s_1";
  event.run = run;
  event.agent = "he said \",\"text\":\"no";  // an agent's name must not be taken for the text
  event.step = step;
  event.fields["text"] = std::move(text);
  return {std::make_shared<const std::string>(render(event, seq, 0)), seq, "s_1", std::move(run), type, step};
}

Frame delta(std::string text, std::string run = "r_1", int step = 1,
            std::string_view type = "thought.delta") {
  return frame_of(type, std::move(run), step, std::move(text), 0);
}

Frame journaled(std::string_view type, std::int64_t seq, std::string run = "r_1", int step = 1) {
  return frame_of(type, std::move(run), step, "whole", seq);
}

std::vector<Json> all(Outbox& outbox) {
  std::vector<Json> frames;
  while (!outbox.empty())
    for (const auto& text : outbox.take(100)) frames.push_back(*parse_json(*text));
  return frames;
}

}  // namespace

TEST_CASE("deltas that wait behind each other become one, and the text is what it was") {
  Outbox outbox(kSmall);
  std::string whole;
  for (std::string text : {"Arith", "metic; \"the\" ", "\\ back", "\n한국", "어 🎭", ""}) {
    CHECK(outbox.put(delta(text)));
    whole += text;
  }
  auto frames = all(outbox);
  REQUIRE(frames.size() == 1);
  CHECK(frames[0]["text"] == whole);
  CHECK(frames[0]["type"] == "thought.delta");
  CHECK(frames[0]["step"] == 1);
  CHECK(outbox.bytes() == 0);
}

TEST_CASE("a joined delta leaves the text that others share alone") {
  Outbox slow(kSmall);
  Outbox other(kSmall);
  const Frame first = delta("a");
  const std::string before = *first.text;
  CHECK(slow.put(first));
  CHECK(other.put(first));
  CHECK(slow.put(delta("b")));
  CHECK(*first.text == before);
  CHECK(all(slow)[0]["text"] == "ab");
  CHECK(all(other)[0]["text"] == "a");
}

TEST_CASE("only deltas of the same type, run and step are joined, and never past an event of their run") {
  Outbox outbox(kSmall);
  CHECK(outbox.put(delta("a1", "r_1")));
  CHECK(outbox.put(delta("b1", "r_2")));
  CHECK(outbox.put(delta("a2", "r_1")));
  CHECK(outbox.put(delta("b2", "r_2")));
  CHECK(outbox.put(delta("ans", "r_1", 1, "answer.delta")));
  CHECK(outbox.put(delta("next", "r_1", 2, "answer.delta")));
  CHECK(outbox.put(journaled("thought", 1, "r_2")));
  CHECK(outbox.put(delta("b3", "r_2")));
  auto frames = all(outbox);
  REQUIRE(frames.size() == 6);
  CHECK(frames[0]["text"] == "a1a2");
  CHECK(frames[1]["text"] == "b1b2");
  CHECK(frames[2]["text"] == "ans");
  CHECK(frames[3]["text"] == "next");
  CHECK(frames[4]["type"] == "thought");
  CHECK(frames[5]["text"] == "b3");
}

TEST_CASE("a slow reader loses deltas first, and the rest of a step of which some were lost") {
  Outbox outbox(kSmall);
  CHECK(outbox.put(journaled("run.started", 1)));
  for (int i = 0; i < 200; ++i) CHECK(outbox.put(delta(std::string(50, 'x'))));
  CHECK(outbox.bytes() < 1000);
  CHECK(all(outbox).size() == 1);  // all of them went
  CHECK(outbox.put(delta("a hole before this")));
  CHECK(outbox.empty());

  CHECK(outbox.put(delta("another step", "r_1", 2)));
  CHECK(outbox.put(delta("another run", "r_2", 1)));
  CHECK(outbox.put(delta("another kind", "r_1", 1, "answer.delta")));
  CHECK(outbox.put(journaled("thought", 2)));
  CHECK(outbox.put(delta("after the whole", "r_1", 1)));
  CHECK(all(outbox).size() == 5);
}

TEST_CASE("a step that begins anew voids its waiting deltas and is shown again") {
  Outbox outbox(kSmall);
  CHECK(outbox.put(delta("void")));
  CHECK(outbox.put(delta("kept", "r_2")));
  CHECK(outbox.put(frame_of("stream.reset", "r_1", 1, "", 0)));
  CHECK(outbox.put(delta("anew")));
  auto frames = all(outbox);
  REQUIRE(frames.size() == 3);
  CHECK(frames[0]["text"] == "kept");
  CHECK(frames[1]["type"] == "stream.reset");
  CHECK(frames[2]["text"] == "anew");

  for (int i = 0; i < 50; ++i) CHECK(outbox.put(delta(std::string(50, 'x'))));
  CHECK(outbox.put(frame_of("stream.reset", "r_1", 1, "", 0)));
  CHECK(outbox.put(delta("third")));
  frames = all(outbox);
  REQUIRE(frames.size() == 2);
  CHECK(frames[0]["type"] == "stream.reset");
}

TEST_CASE(
    "journaled events and frames of the connection's own are never lost below the bound, and one past it is "
    "told") {
  Outbox outbox(kSmall);
  std::int64_t seq = 0;
  while (outbox.put(journaled("observation", seq + 1))) {
    ++seq;
    CHECK(outbox.put(delta("noise")));
  }
  CHECK(seq > 10);
  CHECK(outbox.bytes() > kSmall.bytes);
  auto frames = all(outbox);
  std::int64_t last = 0;
  for (const Json& frame : frames)
    if (frame.contains("seq")) CHECK(frame["seq"] == ++last);
  CHECK(last == seq + 1);

  std::size_t own = 0;
  while (outbox.put(std::string(100, 'a'))) ++own;
  CHECK(own == 40);
  outbox.clear();
  CHECK(outbox.put(std::string("b")));
  CHECK(outbox.bytes() == 1);
}

TEST_CASE("progress of tools is given up like deltas, but never joined") {
  Outbox outbox(kSmall);
  CHECK(outbox.put(frame_of("tool.progress", "r_1", 1, "10%", 0)));
  CHECK(outbox.put(frame_of("tool.progress", "r_1", 1, "20%", 0)));
  CHECK(all(outbox).size() == 2);
  for (int i = 0; i < 100; ++i)
    CHECK(outbox.put(frame_of("tool.progress", "r_1", 1, std::string(50, 'x'), 0)));
  CHECK(outbox.bytes() <= 1000);
}

TEST_CASE("a batch is bounded by bytes, but never empty while something waits") {
  Outbox outbox({10'000, 1000});
  for (int i = 0; i < 10; ++i) CHECK(outbox.put(std::string(100, 'a')));
  CHECK(outbox.take(350).size() == 3);
  CHECK(outbox.take(1).size() == 1);
  CHECK(outbox.bytes() == 600);
  CHECK(outbox.take(10'000).size() == 6);
  CHECK(outbox.take(10'000).empty());
}

TEST_CASE("texts that are not the last member are not joined") {
  std::string first = R"({"type":"x","text":"a"})";
  CHECK_FALSE(join_texts(first, R"({"type":"x","text":"b","more":1})"));
  CHECK_FALSE(join_texts(first, R"({"type":"x"})"));
  CHECK_FALSE(join_texts(first, R"({"type":"x","text":5})"));
  CHECK_FALSE(join_texts(first, R"({"type":"x","text":"b\"})"));
  CHECK_FALSE(join_texts(first, ""));
  CHECK(first == R"({"type":"x","text":"a"})");
  CHECK(join_texts(first, R"({"type":"x","text":"\\\"}"})"));
  CHECK(first == R"({"type":"x","text":"a\\\"}"})");
  CHECK(join_texts(first, R"({"a":1,"text":""})"));
}
