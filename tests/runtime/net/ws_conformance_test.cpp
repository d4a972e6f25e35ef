// RFC 6455 against a raw client. The groups and numbers are those of the well-known Autobahn test suite, so
// that a reader can compare; 12 and 13 (compression) do not apply, because it is not offered.
#include "tests/fakes/echo_server.h"
#include "tests/fakes/raw_socket.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::fakes;
using namespace std::chrono_literals;

namespace {

net::HttpServerSettings small() {
  net::HttpServerSettings settings;
  settings.websocket.message_max = 1 << 20;
  settings.websocket.close_timeout = 2s;
  return settings;
}

// Opens a connection, sends `bytes`, and returns every frame until the server ends.
Task<std::vector<RawFrame>> exchange(EchoServer& server, std::string bytes, bool then_close) {
  RawSocket client(server.loop);
  co_await client.connect(server.port());
  const std::string head = co_await client.upgrade("/echo");
  REQUIRE(head.starts_with("HTTP/1.1 101"));
  if (then_close) bytes += raw_close(1000);
  co_await client.write(std::move(bytes));
  co_return co_await client.read_frames();
}

// What is sent is refused with this close code and nothing is echoed.
Task<> refused(EchoServer& server, std::string name, std::string bytes, int code) {
  auto frames = co_await exchange(server, std::move(bytes), false);
  INFO(name);
  REQUIRE(frames.size() == 1);
  CHECK(frames[0].opcode == kClose);
  CHECK(frames[0].close_code() == code);
}

// What is sent comes back as these messages, and the connection is still good for a normal close.
Task<> echoed(EchoServer& server, std::string name, std::string bytes, std::vector<std::string> messages) {
  auto frames = co_await exchange(server, std::move(bytes), true);
  INFO(name);
  REQUIRE(frames.size() == messages.size() + 1);
  for (std::size_t i = 0; i < messages.size(); ++i) {
    CHECK(frames[i].fin);
    CHECK(frames[i].payload == messages[i]);
  }
  CHECK(frames.back().opcode == kClose);
  CHECK(frames.back().close_code() == 1000);
}

std::string part(int opcode, std::string payload, bool fin) {
  return raw_frame({.fin = fin, .opcode = opcode, .payload = std::move(payload)});
}

}  // namespace

TEST_CASE("websocket 1 and 9: messages of every length form come back whole") {
  EchoServer server(small());
  server.run([&]() -> Task<> {
    for (std::size_t n : {0, 1, 125, 126, 127, 128, 4096, 65535, 65536, 200000, 1 << 20}) {
      std::string text(n, '*');
      co_await echoed(server, fmt::format("text {}", n), raw_text(text), {text});
      std::string binary = raw_frame({.opcode = kBinary, .payload = std::string(n, '\xfe')});
      co_await echoed(server, fmt::format("binary {}", n), std::move(binary), {fmt::format("binary:{}", n)});
    }
    std::string many;
    std::vector<std::string> expected;
    for (int i = 0; i < 500; ++i) {
      many += raw_text(std::to_string(i));
      expected.push_back(std::to_string(i));
    }
    co_await echoed(server, "500 at once", std::move(many), std::move(expected));
  });
}

TEST_CASE("websocket 2: pings are answered with their payload, pongs are ignored") {
  EchoServer server(small());
  server.run([&]() -> Task<> {
    for (std::size_t n : {0, 5, 125}) {
      std::string payload(n, '\xfe');
      auto frames = co_await exchange(server, raw_frame({.opcode = kPing, .payload = payload}), true);
      REQUIRE(frames.size() == 2);
      CHECK(frames[0].opcode == kPong);
      CHECK(frames[0].payload == payload);
    }
    co_await refused(server, "ping of 126", raw_frame({.opcode = kPing, .payload = std::string(126, 'x')}),
                     1002);
    co_await refused(server, "fragmented ping", part(kPing, "x", false), 1002);
    co_await echoed(server, "unasked pong", raw_frame({.opcode = kPong, .payload = "?"}), {});
    co_await echoed(server, "pong, then text", raw_frame({.opcode = kPong}) + raw_text("a"), {"a"});
    std::string ten;
    for (int i = 0; i < 10; ++i) ten += raw_frame({.opcode = kPing, .payload = std::to_string(i)});
    auto frames = co_await exchange(server, std::move(ten), true);
    REQUIRE(frames.size() == 11);
    for (int i = 0; i < 10; ++i) CHECK(frames[static_cast<std::size_t>(i)].payload == std::to_string(i));
  });
}

TEST_CASE("websocket 2: frames that arrive byte by byte are understood") {
  EchoServer server(small());
  server.run([&]() -> Task<> {
    RawSocket client(server.loop);
    co_await client.connect(server.port());
    co_await client.upgrade("/echo");
    for (char c : raw_frame({.opcode = kPing, .payload = "ping"}) + raw_text("text") + raw_close(1000))
      co_await client.write(std::string(1, c));
    auto frames = co_await client.read_frames();
    REQUIRE(frames.size() == 3);
    CHECK(frames[0].payload == "ping");
    CHECK(frames[1].payload == "text");
  });
}

TEST_CASE(
    "websocket 3, 4, 12: reserved bits and opcodes fail the connection, so does compression nobody agreed "
    "on") {
  EchoServer server(small());
  server.run([&]() -> Task<> {
    for (int rsv = 1; rsv < 8; ++rsv)
      for (int opcode : {kText, kBinary, kPing, kClose, kContinuation})
        co_await refused(server, fmt::format("rsv {} opcode {}", rsv, opcode),
                         raw_frame({.rsv = rsv, .opcode = opcode, .payload = "ab"}), 1002);
    for (int opcode : {3, 4, 5, 6, 7, 11, 12, 13, 14, 15})
      co_await refused(server, fmt::format("opcode {}", opcode),
                       raw_frame({.opcode = opcode, .payload = "x"}), 1002);

    RawSocket client(server.loop);
    co_await client.connect(server.port());
    const std::string head =
        co_await client.upgrade("/echo", "Sec-WebSocket-Extensions: permessage-deflate\r\n");
    CHECK(head.starts_with("HTTP/1.1 101"));
    CHECK(head.find("Extensions") == std::string::npos);
  });
}

TEST_CASE("websocket: unmasked frames and lengths in the wrong form fail the connection") {
  EchoServer server(small());
  server.run([&]() -> Task<> {
    co_await refused(server, "unmasked text", raw_frame({.payload = "x"}, false), 1002);
    co_await refused(server, "unmasked close", raw_frame({.opcode = kClose}, false), 1002);
    const std::string mask = "abcd";
    co_await refused(server, "5 in 16 bits", std::string("\x81\xfe\0\5", 4) + mask + "xxxxx", 1002);
    co_await refused(server, "5 in 64 bits", std::string("\x81\xff\0\0\0\0\0\0\0\5", 10) + mask + "xxxxx",
                     1002);
    co_await refused(server, "2^63", std::string("\x81\xff\x80\0\0\0\0\0\0\0", 10) + mask, 1009);
  });
}

TEST_CASE("websocket 5: fragments join, control frames may come between, wrong sequences fail") {
  EchoServer server(small());
  server.run([&]() -> Task<> {
    co_await echoed(server, "two", part(kText, "frag", false) + part(kContinuation, "ment", true),
                    {"fragment"});
    co_await echoed(server, "empty ones",
                    part(kText, "", false) + part(kContinuation, "", false) + part(kContinuation, "", true),
                    {""});
    const std::string ping = raw_frame({.opcode = kPing, .payload = "mid"});
    auto frames =
        co_await exchange(server, part(kText, "a", false) + ping + part(kContinuation, "b", true), true);
    REQUIRE(frames.size() == 3);
    CHECK(frames[0].opcode == kPong);
    CHECK(frames[1].payload == "ab");
    co_await refused(server, "continuation of nothing", part(kContinuation, "x", true), 1002);
    co_await refused(server, "unfinished continuation of nothing", part(kContinuation, "x", false), 1002);
    co_await refused(server, "text inside text", part(kText, "a", false) + part(kText, "b", true), 1002);
    co_await refused(server, "binary inside text", part(kText, "a", false) + part(kBinary, "b", true), 1002);
    auto after = co_await exchange(server, raw_text("whole") + part(kContinuation, "x", true), false);
    REQUIRE(after.size() == 2);
    CHECK(after[0].payload == "whole");
    CHECK(after[1].close_code() == 1002);
  });
}

TEST_CASE("websocket 6: text is UTF-8, however it is cut") {
  EchoServer server(small());
  server.run([&]() -> Task<> {
    const std::string korean = "17.5%의 2480은 얼마인가요? κόσμε 🎭 \U0010FFFF";
    co_await echoed(server, "whole", raw_text(korean), {korean});
    std::string bytes = part(kText, "", false);
    for (char c : korean) bytes += part(kContinuation, std::string(1, c), false);
    bytes += part(kContinuation, "", true);
    co_await echoed(server, "a fragment a byte", std::move(bytes), {korean});
    for (std::string bad : {"\xff", "\x80", "\xc0\xaf", "\xe0\x80\xaf", "\xf0\x80\x80\xaf", "\xed\xa0\x80",
                            "\xed\xbf\xbf", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "ab\xc3",
                            "\xce\xba\xe1\xbd\xb9\xed\xa0\x80z", "\xf7\xbf\xbf\xbf", "\xce"}) {
      co_await refused(server, "bad text", raw_text(bad), 1007);
      if (bad != "ab\xc3" && bad != "\xce")
        co_await refused(server, "bad first fragment", part(kText, bad, false), 1007);
    }
    co_await echoed(server, "binary need not be", raw_frame({.opcode = kBinary, .payload = "\xff\xfe"}),
                    {"binary:2"});
  });
}

TEST_CASE("websocket 6.4: invalid text fails at once, not when its message ends") {
  EchoServer server(small());
  server.run([&]() -> Task<> {
    RawSocket client(server.loop);
    co_await client.connect(server.port());
    co_await client.upgrade("/echo");
    // The head of a frame of 1000 bytes, of which only the first few come.
    std::string frame = raw_text("good so far \xf4\x90" + std::string(986, 'x'));
    co_await client.write(frame.substr(0, 30));
    CHECK(co_await client.read_close() == 1007);
  });
}

TEST_CASE("websocket 7: closes are answered with their code, wrong ones with 1002, and end everything") {
  EchoServer server(small());
  server.run([&]() -> Task<> {
    auto no_code = co_await exchange(server, raw_frame({.opcode = kClose}), false);
    REQUIRE(no_code.size() == 1);
    CHECK((no_code[0].close_code() == 1005 || no_code[0].close_code() == 1000));
    for (int code : {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999})
      co_await refused(server, fmt::format("close {}", code), raw_close(code, "bye"), code);
    for (int code : {0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999})
      co_await refused(server, fmt::format("close {}", code), raw_close(code), 1002);
    co_await refused(server, "one byte", raw_frame({.opcode = kClose, .payload = "x"}), 1002);
    co_await refused(server, "126 bytes", raw_close(1000, std::string(124, 'x')), 1002);
    co_await refused(server, "longest reason", raw_close(1000, std::string(123, 'x')), 1000);
    co_await refused(server, "reason that is not UTF-8", raw_close(1000, "\xff\xfe"), 1002);
    co_await refused(server, "text after close", raw_close(1000) + raw_text("late"), 1000);
    co_await refused(server, "ping after close", raw_close(1000) + raw_frame({.opcode = kPing}), 1000);
    co_await refused(server, "two closes", raw_close(1000) + raw_close(1001), 1000);
    co_await refused(server, "close inside a message", part(kText, "a", false) + raw_close(1001), 1001);
  });
}

TEST_CASE(
    "websocket 9: a message over the limit is closed with 1009, whole or in fragments, before it is read") {
  EchoServer server(small());
  server.run([&]() -> Task<> {
    // Only the head is sent: the length alone is enough.
    const std::string head("\x81\xff\0\0\0\0\0\x10\0\1abcd", 14);
    co_await refused(server, "one byte over", head, 1009);
    co_await refused(server, "1 TiB", std::string("\x81\xff\0\0\1\0\0\0\0\0abcd", 14), 1009);
    std::string fragments = part(kText, std::string(1 << 19, 'x'), false);
    fragments += part(kContinuation, std::string(1 << 19, 'x'), false);
    fragments += part(kContinuation, "x", false);
    co_await refused(server, "fragments", std::move(fragments), 1009);
    CHECK(server.handler.last_code == ErrorCode::too_large);
  });
}

TEST_CASE("a flood of empty fragments is cut, though it holds no payload to count") {
  EchoServer server(small());
  server.run([&]() -> Task<> {
    RawSocket client(server.loop);
    co_await client.connect(server.port());
    co_await client.upgrade("/echo");
    co_await client.write(part(kText, "", false));
    std::string flood;
    const std::string empty =
        part(kContinuation, "", false) + raw_frame({.opcode = kPong, .payload = "tick"});
    while (flood.size() < 1 << 20) flood += empty;
    int megabytes = 0;
    while (megabytes < 40 && co_await client.write(flood)) ++megabytes;
    CHECK(megabytes < 40);
    CHECK(co_await eventually(server.loop, [&] { return server.handler.websockets == 0; }));
    CHECK(server.handler.last_error == "a message came in too many fragments");
  });
}

TEST_CASE("one byte fragments of a normal message are no flood") {
  EchoServer server(small());
  server.run([&]() -> Task<> {
    std::string bytes = part(kText, "", false);
    for (int i = 0; i < 100'000; ++i) bytes += part(kContinuation, "x", false);
    bytes += part(kContinuation, "", true);
    co_await echoed(server, "100,000 fragments", std::move(bytes), {std::string(100'000, 'x')});
  });
}
