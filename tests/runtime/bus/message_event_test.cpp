#include "runtime/bus/message_event.h"

#include "runtime/bus/dead_letter_row.h"
#include "runtime/bus/limits.h"
#include "runtime/bus/message_check.h"
#include "tests/runtime/bus/bus_bench.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::bus;

namespace {

Frame frame_of(const Posted& posted) {
  const Event event = event_of(posted);
  return {std::make_shared<const std::string>(render(event, 7, 0)),
          7,
          event.session,
          event.run,
          event.type,
          event.step};
}

void check_same(const Message& a, const Message& b) {
  CHECK(a.id == b.id);
  CHECK(a.room == b.room);
  CHECK(a.from == b.from);
  CHECK(a.to == b.to);
  CHECK(a.topic == b.topic);
  CHECK(a.kind == b.kind);
  CHECK(a.text == b.text);
  CHECK(a.data == b.data);
  CHECK(a.reply_to == b.reply_to);
  CHECK(a.deadline_ms == b.deadline_ms);
}

}  // namespace

TEST_CASE("a message is the same when it is read back from its event") {
  Posted posted{note("m1", "team/a", "team/b", "안녕 \"x\"\n"), {"team/b"}};
  SUBCASE("a note") {}
  SUBCASE("a task with all there can be") {
    posted.message.kind = Kind::task;
    posted.message.data = {{"n", 1}, {"list", {1, nullptr, "x"}}};
    posted.message.deadline_ms = 1'795'915'249'464;
  }
  SUBCASE("an empty text") {
    posted.message.text.clear();
    posted.message.kind = Kind::control;
  }
  SUBCASE("to a topic") {
    posted = {to_topic("m2", "team", "news", "r_1"), {"team/a", "team/b"}};
  }
  SUBCASE("to a topic that nobody subscribes to") {
    posted = {to_topic("m2", "team", "news"), {}};
  }
  SUBCASE("a reply") {
    posted = {reply("m3", task("m1", "team", "team/a")), {}};
  }

  auto read = posted_of(frame_of(posted), room());
  REQUIRE_MESSAGE(read.has_value(), read.error().message);
  check_same(read->message, posted.message);
  CHECK(read->receivers == posted.receivers);
}

TEST_CASE("the event bears the sender as its agent, and leaves out what does not apply") {
  const Event event = event_of({note("m1", "team/a", "team/b"), {"team/b"}});
  CHECK(render(event, 1, 0) ==
        R"({"type":"message","seq":1,"ts":"1970-01-01T00:00:00.000Z","session":"s_1","run":"r_1",)"
        R"("agent":"team/a","id":"m1","from":"team/a","to":"team/b","kind":"note","text":"hello"})");
}

TEST_CASE("an event that is none of ours is an error that names it") {
  Frame frame = frame_of({note("m1", "a", "b"), {"b"}});
  SUBCASE("a kind that there is not") {
    frame.text = std::make_shared<const std::string>(R"({"type":"message","kind":"shout"})");
  }
  SUBCASE("no JSON") {
    frame.text = std::make_shared<const std::string>("{");
  }
  SUBCASE("no object") {
    frame.text = std::make_shared<const std::string>("[]");
  }
  auto read = posted_of(frame, room());
  REQUIRE_FALSE(read);
  CHECK(read.error().message.find("event 7 of session s_1") != std::string::npos);
}

TEST_CASE("a fact that says who is through with what is the same when it is read back") {
  for (std::optional<DeadReason> dead : {std::optional<DeadReason>(), std::optional(DeadReason::expired),
                                         std::optional(DeadReason::no_subscriber)}) {
    auto read = done_of(fact_of({"m1", "team/a", dead}, "r_1"));
    REQUIRE(read.has_value());
    CHECK(read->id == "m1");
    CHECK(read->to == "team/a");
    CHECK(read->dead == dead);
  }
  CHECK_FALSE(done_of({.run = "r_1", .kind = kDoneFact, .body = "no"}));
}

TEST_CASE("a dead letter is the same when it is read back from its row") {
  DeadLetter letter{task("m1", "team/a", "team/b"), DeadReason::mailbox_full, "why", 5, 6};
  letter.message.data = {{"n", 1}};
  auto read = dead_letter_of(row_of(letter));
  REQUIRE(read.has_value());
  check_same(read->message, letter.message);
  CHECK(read->reason == letter.reason);
  CHECK(read->detail == "why");
  CHECK(read->at_ms == 5);
  CHECK(read->resent_ms == 6);

  store::DeadLetterRow row = row_of(letter);
  row.reason = "bored";
  CHECK_FALSE(dead_letter_of(row));
  row = row_of(letter);
  row.body = "nothing";
  CHECK_FALSE(dead_letter_of(row));
}

TEST_CASE("a letter is sent again under one id, which is another's in another session") {
  Message message = note("m1", "a", "b");
  const std::string id = resend_id(message);
  CHECK(id == resend_id(message));
  CHECK(id.starts_with("resend."));
  CHECK(id.size() <= limits::kIdChars);
  message.room.session = "s_2";
  CHECK(resend_id(message) != id);
  message = note("m2", "a", "b");
  CHECK(resend_id(message) != id);
}

TEST_CASE("what cannot be sent is told what is wrong with it") {
  const auto code = [](const std::function<void(Message&)>& spoil) {
    Message message = note("m1", "a", "b");
    spoil(message);
    auto sound = check(message);
    return sound ? std::string("sound") : std::string(word(sound.error().code));
  };
  CHECK(code([](Message&) {}) == "sound");
  CHECK(code([](Message& m) { m.id.clear(); }) == "invalid");
  CHECK(code([](Message& m) { m.from.clear(); }) == "invalid");
  CHECK(code([](Message& m) { m.to.clear(); }) == "invalid");
  CHECK(code([](Message& m) { m.topic.type = "news"; }) == "invalid");
  CHECK(code([](Message& m) { m.room.run.clear(); }) == "invalid");
  CHECK(code([](Message& m) { m.room.session.clear(); }) == "invalid");
  CHECK(code([](Message& m) { m.kind = Kind::reply; }) == "invalid");
  CHECK(code([](Message& m) { m.text.assign(limits::kBusTextBytes, 'x'); }) == "sound");
  CHECK(code([](Message& m) { m.text.assign(limits::kBusTextBytes + 1, 'x'); }) == "too_large");
  CHECK(code([](Message& m) { m.id.assign(limits::kBusIdBytes + 1, 'x'); }) == "too_large");
  CHECK(code([](Message& m) { m.to.assign(limits::kBusAddressBytes + 1, 'x'); }) == "too_large");
  CHECK(code([](Message& m) { m.data = std::string(limits::kBusDataBytes, 'x'); }) == "too_large");
}
