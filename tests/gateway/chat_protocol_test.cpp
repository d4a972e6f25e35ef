#include "gateway/protocol/chat_protocol.h"

#include "runtime/base/limits.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::gateway;

namespace {

// A connection as a script: client frames in, what the engine answers in, frames to the client out.
struct Wire {
  SystemClock clock;
  Outbox outbox{{1 << 20, 1 << 18}};
  ChatProtocol protocol{clock, outbox, 3};

  std::optional<ClientFrame> client(std::string text) { return protocol.on_text(text); }

  template <class T>
  T command(std::string text) {
    auto frame = client(std::move(text));
    REQUIRE(frame.has_value());
    REQUIRE(std::holds_alternative<T>(*frame));
    return std::get<T>(*frame);
  }

  std::vector<Json> sent() {
    std::vector<Json> frames;
    while (!outbox.empty())
      for (const auto& text : outbox.take(1000)) frames.push_back(*parse_json(*text));
    return frames;
  }
  Json only() {
    auto frames = sent();
    REQUIRE(frames.size() == 1);
    return frames[0];
  }

  // A whole open that succeeds.
  void open(std::string session, std::int64_t last_seq = 0, std::string more = "") {
    auto frame = command<OpenFrame>(R"({"type":"open","session":")" + session + "\"" + more + "}");
    REQUIRE(protocol.may_open(frame));
    protocol.feed(session);
    protocol.opened(frame, row(session, last_seq), 0);
  }
  static store::SessionRow row(std::string id, std::int64_t last_seq = 0) {
    return {.id = std::move(id), .tenant = "default", .target = "hello", .last_seq = last_seq};
  }
  void live(const std::string& session, std::int64_t seq, std::string run,
            std::string_view type = "thought") {
    Event event;
    event.type = type;
    event.session = session;
    event.run = run;
    protocol.feed(session).on_live(
        {std::make_shared<const std::string>(render(event, seq, 0)), seq, session, run, type, 0});
  }
};

std::string types(const std::vector<Json>& frames) {
  std::string all;
  for (const Json& frame : frames) all += (all.empty() ? "" : " ") + frame["type"].get<std::string>();
  return all;
}

}  // namespace

TEST_CASE("a turn: open, message, ack, then the run") {
  Wire wire;
  auto open = wire.command<OpenFrame>(R"({"type":"open","target":"hello"})");
  CHECK(open.target == "hello");
  REQUIRE(wire.protocol.may_open(open));
  wire.protocol.feed("s_1");
  wire.protocol.opened(open, Wire::row("s_1"), 0);
  Json opened = wire.only();
  CHECK(opened["type"] == "session.opened");
  CHECK(opened["session"] == "s_1");
  CHECK(opened["resumed"] == false);
  CHECK(opened["last_seq"] == 0);
  CHECK(opened["target"] == "hello");
  CHECK_FALSE(opened.contains("seq"));

  auto message = wire.command<MessageFrame>(R"({"type":"message","id":"m1","text":"hi"})");
  auto session = wire.protocol.addressed_session(message);
  REQUIRE(session == "s_1");
  wire.protocol.feed("s_1").expect_run();
  wire.live("s_1", 1, "r_1", "run.started");  // published before submit has returned
  wire.live("s_1", 2, "r_1");
  CHECK(wire.sent().empty());
  wire.protocol.submitted(message, "s_1", agents::Accepted{"r_1", false, 1});
  auto frames = wire.sent();
  CHECK(types(frames) == "ack run.started thought");
  CHECK(frames[0]["id"] == "m1");
  CHECK(frames[0]["run"] == "r_1");
  CHECK(frames[0]["session"] == "s_1");
  CHECK(frames[0]["duplicate"] == false);
  wire.live("s_1", 3, "r_1", "run.finished");
  CHECK(types(wire.sent()) == "run.finished");
}

TEST_CASE("every frame with an id gets one ack or one error, others none") {
  Wire wire;
  wire.open("s_1", 0, R"(,"id":"o1")");
  auto frames = wire.sent();
  CHECK(types(frames) == "session.opened ack");
  CHECK(frames[0]["resumed"] == true);
  CHECK(frames[1]["id"] == "o1");
  CHECK_FALSE(frames[1].contains("duplicate"));

  CHECK_FALSE(wire.client(R"({"type":"ping","id":"p1"})").has_value());
  frames = wire.sent();
  CHECK(types(frames) == "pong ack");
  CHECK(frames[0]["id"] == "p1");
  CHECK(frames[1]["id"] == "p1");
  CHECK_FALSE(wire.client(R"({"type":"ping"})").has_value());
  CHECK(types(wire.sent()) == "pong");

  auto cancel = wire.command<CancelFrame>(R"({"type":"cancel","id":"c1","run":"r_1"})");
  wire.protocol.cancelled(cancel, {});
  Json ack = wire.only();
  CHECK(ack["id"] == "c1");
  CHECK(ack["run"] == "r_1");
  auto quiet = wire.command<CancelFrame>(R"({"type":"cancel","run":"r_1"})");
  wire.protocol.cancelled(quiet, {});
  CHECK(wire.sent().empty());
  wire.protocol.cancelled(quiet, fail(ErrorCode::not_found, "there is no run r_1"));
  Json error = wire.only();
  CHECK(error["code"] == "not_found");
  CHECK_FALSE(error.contains("ref"));
}

TEST_CASE("a decision is acknowledged when it has an id, and a second one is told that it comes late") {
  Wire wire;
  wire.open("s_1");
  wire.sent();
  auto approve = wire.command<DecisionFrame>(R"({"type":"approve","id":"d1","call":"c_1"})");
  CHECK(wire.protocol.addressed_session(approve) == "s_1");
  wire.protocol.decided(approve, {});
  CHECK(wire.only()["id"] == "d1");
  wire.protocol.decided(approve, fail(ErrorCode::conflict, "the call `c_1` is decided already"));
  const Json late = wire.only();
  CHECK(late["code"] == "already_decided");
  CHECK(late["ref"] == "d1");
  auto quiet = wire.command<DecisionFrame>(R"({"type":"deny","call":"c_1"})");
  wire.protocol.decided(quiet, {});
  CHECK(wire.sent().empty());
}

TEST_CASE("who opens a session is told what waits there for a person") {
  Wire wire;
  auto frame = wire.command<OpenFrame>(R"({"type":"open","session":"s_1"})");
  REQUIRE(wire.protocol.may_open(frame));
  wire.protocol.feed("s_1");
  wire.protocol.opened(frame, Wire::row("s_1"), 0, {{"s_1", "r_1", "c_2", "crm", {{"id", 7}}}});
  const Json opened = wire.only();
  CHECK(opened["waiting"][0]["run"] == "r_1");
  CHECK(opened["waiting"][0]["call"] == "c_2");
  CHECK(opened["waiting"][0]["input"]["id"] == 7);
}

TEST_CASE("frames that cannot be read are answered with an error and nothing else happens") {
  Wire wire;
  struct Case {
    std::string text;
    std::string code;
    std::string ref;
  };
  const std::vector<Case> cases = {
      {"{", "bad_json", ""},
      {R"({"type":"dance","id":"x"})", "unknown_type", "x"},
      {R"({"type":"message","id":"x"})", "invalid", "x"},
      {R"({"type":"approve","id":"x"})", "invalid", "x"},
      {R"({"type":"deny"})", "invalid", ""},
  };
  for (const Case& wrong : cases) {
    CHECK_FALSE(wire.client(wrong.text).has_value());
    const Json error = wire.only();
    CHECK(error["type"] == "error");
    CHECK(error["code"] == wrong.code);
    CHECK(string_or(error, "ref") == wrong.ref);
    CHECK(error["message"].is_string());
    CHECK(error["retryable"] == false);
  }
  wire.protocol.on_binary();
  CHECK(wire.only()["code"] == "binary_frame");
  wire.protocol.refuse_busy(*wire.client(R"({"type":"cancel","run":"r","id":"c9"})"));
  const Json busy = wire.only();
  CHECK(busy["code"] == "busy");
  CHECK(busy["ref"] == "c9");
  CHECK(busy["retryable"] == true);
}

TEST_CASE("a message goes to the only open session, or to the one it names") {
  Wire wire;
  auto nameless = wire.command<MessageFrame>(R"({"type":"message","id":"m1","text":"x"})");
  CHECK_FALSE(wire.protocol.addressed_session(nameless).has_value());
  CHECK(wire.only()["code"] == "not_open");

  wire.protocol.feed("s_9");  // being opened is not open
  CHECK_FALSE(wire.protocol.addressed_session(nameless).has_value());
  wire.open("s_1");
  wire.sent();
  CHECK(wire.protocol.addressed_session(nameless) == "s_1");

  wire.open("s_2");
  wire.sent();
  CHECK_FALSE(wire.protocol.addressed_session(nameless).has_value());
  const Json error = wire.only();
  CHECK(error["code"] == "session_required");
  CHECK(error["ref"] == "m1");
  auto named = wire.command<MessageFrame>(R"({"type":"message","id":"m2","text":"x","session":"s_2"})");
  CHECK(wire.protocol.addressed_session(named) == "s_2");
  auto stranger = wire.command<MessageFrame>(R"({"type":"message","id":"m3","text":"x","session":"s_9"})");
  CHECK_FALSE(wire.protocol.addressed_session(stranger).has_value());
  CHECK(wire.only()["code"] == "not_open");
}

TEST_CASE("a session that cannot be opened leaves nothing open") {
  Wire wire;
  auto open = wire.command<OpenFrame>(R"({"type":"open","session":"s_x","id":"o1"})");
  REQUIRE(wire.protocol.may_open(open));
  wire.protocol.feed("s_x");
  wire.live("s_x", 1, "r_1");  // another tenant's, seen while we ask
  wire.protocol.not_opened(open, fail(ErrorCode::not_found, "there is no session s_x").error());
  const Json error = wire.only();
  CHECK(error["code"] == "not_found");
  CHECK(error["ref"] == "o1");
  CHECK_FALSE(wire.protocol.is_open("s_x"));
}

TEST_CASE("after beyond the last seq is bad_after, before the oldest kept is gone") {
  Wire wire;
  const auto attempt = [&](std::string frame, std::int64_t last_seq, std::int64_t oldest) {
    auto open = wire.command<OpenFrame>(std::move(frame));
    if (wire.protocol.may_open(open)) {
      wire.protocol.feed("s_1");
      wire.protocol.opened(open, Wire::row("s_1", last_seq), oldest);
    }
    return wire.only();
  };
  CHECK(attempt(R"({"type":"open","session":"s_1","after":6})", 5, 0)["code"] == "bad_after");
  CHECK_FALSE(wire.protocol.is_open("s_1"));
  CHECK(attempt(R"({"type":"open","after":1})", 0, 0)["code"] == "bad_after");
  const Json gone = attempt(R"({"type":"open","session":"s_1","after":2,"id":"o"})", 50, 11);
  CHECK(gone["code"] == "gone");
  CHECK(gone["oldest_seq"] == 11);
  CHECK(gone["ref"] == "o");
  CHECK(attempt(R"({"type":"open","session":"s_1","after":10})", 50, 11)["type"] == "session.opened");
  CHECK(wire.protocol.feed("s_1").wanted().has_value());
  CHECK(attempt(R"({"type":"open","session":"s_1","after":51})", 50, 0)["code"] == "bad_after");
  CHECK(wire.protocol.is_open("s_1"));  // what was open stays open
  CHECK(attempt(R"({"type":"open","session":"s_1","after":50})", 50, 0)["type"] == "session.opened");
}

TEST_CASE("a connection has so many sessions and no more; opening one again is no further one") {
  Wire wire;
  for (std::string session : {"s_1", "s_2", "s_3"}) wire.open(session);
  wire.sent();
  auto fourth = wire.command<OpenFrame>(R"({"type":"open","session":"s_4","id":"o4"})");
  CHECK_FALSE(wire.protocol.may_open(fourth));
  CHECK(wire.only()["code"] == "too_many_sessions");
  wire.open("s_2");
  CHECK(types(wire.sent()) == "session.opened");
}

TEST_CASE("a message that is refused is answered with the reason, and the session goes on") {
  Wire wire;
  wire.open("s_1");
  wire.sent();
  auto message = wire.command<MessageFrame>(R"({"type":"message","id":"m1","text":"x"})");
  wire.protocol.feed("s_1").expect_run();
  wire.live("s_1", 1, "r_5", "run.started");
  Error busy{ErrorCode::busy, "the queue is full", true};
  wire.protocol.submitted(message, "s_1", std::unexpected(busy));
  auto frames = wire.sent();
  CHECK(types(frames) == "error run.started");
  CHECK(frames[0]["code"] == "busy");
  CHECK(frames[0]["ref"] == "m1");
  CHECK(frames[0]["retryable"] == true);
}

TEST_CASE("a duplicate is acknowledged as one, and its run is wanted again") {
  Wire wire;
  wire.open("s_1", 4);
  wire.sent();
  auto message = wire.command<MessageFrame>(R"({"type":"message","id":"m1","text":"x"})");
  wire.protocol.feed("s_1").expect_run();
  wire.protocol.submitted(message, "s_1", agents::Accepted{"r_1", true, 2});
  const Json ack = wire.only();
  CHECK(ack["duplicate"] == true);
  auto page = wire.protocol.feed("s_1").wanted();
  REQUIRE(page);
  CHECK(page->after == 1);
}

TEST_CASE("a client that does not read is noticed") {
  Wire wire;
  CHECK_FALSE(wire.protocol.overflowed());
  for (int i = 0; i < 100'000 && !wire.protocol.overflowed(); ++i) (void)wire.client(R"({"type":"ping"})");
  CHECK(wire.protocol.overflowed());
  CHECK(wire.outbox.bytes() < (1 << 20) + 200);
}
