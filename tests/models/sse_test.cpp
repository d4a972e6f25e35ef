#include "models/sse.h"

#include "tests/models/recordings.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::models;

namespace {

std::string decode_base64(std::string_view text) {
  std::string out;
  unsigned bits = 0;
  int count = 0;
  for (char c : text) {
    int value = c >= 'A' && c <= 'Z'   ? c - 'A'
                : c >= 'a' && c <= 'z' ? c - 'a' + 26
                : c >= '0' && c <= '9' ? c - '0' + 52
                : c == '+'             ? 62
                : c == '/'             ? 63
                                       : -1;
    if (value < 0) continue;
    bits = bits << 6 | static_cast<unsigned>(value);
    if ((count += 6) >= 8) out += static_cast<char>(bits >> (count -= 8) & 0xFF);
  }
  return out;
}

std::vector<SseEvent> decode(std::string_view text, std::size_t piece) {
  SseDecoder decoder;
  std::vector<SseEvent> events;
  for (std::size_t at = 0; at < text.size(); at += piece)
    CHECK(decoder.feed(text.substr(at, piece), events).has_value());
  return events;
}

std::string shown(const std::vector<SseEvent>& events) {
  std::string out;
  for (const SseEvent& event : events) out += event.event + "|" + event.data + ";";
  return out;
}

void check(std::string_view text, const std::string& expected) {
  CAPTURE(text);
  for (std::size_t piece = 1; piece <= text.size(); ++piece) CHECK(shown(decode(text, piece)) == expected);
}

}  // namespace

TEST_CASE("an event stream is decoded as the standard says, whatever the chunking") {
  check("data: a\n\n", "|a;");
  check("data:a\n\n", "|a;");
  check("data:  a\n\n", "| a;");
  check("data: a\r\n\r\n", "|a;");
  check("data: a\r\r", "|a;");
  check("data: a\r\ndata: b\rdata: c\n\n", "|a\nb\nc;");
  check(
      "\xEF\xBB\xBF"
      "data: a\n\n",
      "|a;");
  check(
      "\n\xEF\xBB\xBF"
      "data: a\n\n",
      "");  // a mark elsewhere is part of the field's name
  check(": comment\n\n: another\ndata: a\n\n", "|a;");
  check("event: x\ndata: a\n\ndata: b\n\n", "x|a;|b;");
  check("event: x\n\ndata: a\n\n", "|a;");  // a block without data is dropped, and its type with it
  check("data\n\n", "|;");
  check("data\ndata\n\n", "|\n;");
  check("data:\n\ndata: b", "|;");  // an unfinished event is not dispatched
  check("datax: a\nfoo\n\ndata: a\n\n", "|a;");
  check("data: 한국어 ✓\n\n", "|한국어 ✓;");
  check("data: a\n\n\n\n\ndata: b\n\n", "|a;|b;");
}

TEST_CASE("ids and retry times are kept") {
  SseDecoder decoder;
  std::vector<SseEvent> events;
  REQUIRE(
      decoder.feed("id: 7\nretry: 250\ndata: a\n\ndata: b\n\nretry: -1\nretry: soon\nid: x\0y\n\n", events));
  CHECK(decoder.last_event_id() == "7");
  CHECK(decoder.retry() == std::chrono::milliseconds(250));
  REQUIRE(decoder.feed(std::string_view("id: a\0b\n\nid\n\n", 13), events));
  CHECK(decoder.last_event_id() == "");
}

TEST_CASE("the end of a stream gives the event that has no blank line after it") {
  SseDecoder decoder;
  std::vector<SseEvent> events;
  REQUIRE(decoder.feed("data: a\n\ndata: b\ndata: c", events));
  CHECK(shown(events) == "|a;");
  auto last = decoder.finish();
  REQUIRE(last.has_value());
  CHECK(last->data == "b\nc");
  CHECK_FALSE(decoder.finish().has_value());
}

TEST_CASE("a line or an event without end is refused at the limit") {
  SseDecoder lines(100);
  std::vector<SseEvent> events;
  Result<> fed;
  for (int i = 0; i < 20 && fed; ++i) fed = lines.feed("0123456789", events);
  CHECK(fed.error().code == ErrorCode::too_large);

  SseDecoder data(100);
  fed = {};
  for (int i = 0; i < 20 && fed; ++i) fed = data.feed("data: 0123456789\n", events);
  CHECK(fed.error().code == ErrorCode::too_large);
  CHECK(events.empty());
}

TEST_CASE("the cases of two client SDKs decode alike, but for events without data") {
  int cases = 0;
  for (const Json& line : testing::json_lines("recordings/sse_decoding_cases.jsonl")) {
    ++cases;
    CAPTURE(line["id"].get<std::string>());
    SseDecoder decoder;
    std::vector<SseEvent> events;
    for (const Json& chunk : line["chunks_base64"])
      REQUIRE(decoder.feed(decode_base64(chunk.get<std::string>()), events));
    // The SDKs dispatch an event that has no data line, which the standard drops; and they raise on a type of
    // "error", which is not the decoder's to judge.
    std::vector<Json> expected;
    for (const Json& event : line["expected_events"])
      if (string_or(event, "data", "x") != "") expected.push_back(event);
    if (line["id"].get<std::string>().ends_with("test_error_type")) {
      REQUIRE(events.size() == 1);
      CHECK(events[0].event == "error");
      continue;
    }
    REQUIRE(events.size() == expected.size());
    for (std::size_t i = 0; i < events.size(); ++i) {
      CHECK(events[i].event == string_or(expected[i], "event"));
      if (const Json* value = find(expected[i], "json"))
        CHECK(Json::parse(events[i].data) == *value);
      else
        CHECK(events[i].data == string_or(expected[i], "data"));
    }
  }
  CHECK(cases == 11);
}
