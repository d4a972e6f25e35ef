#include "runtime/sandbox/frame.h"

#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

using namespace troupe::sandbox;
using State = FrameReader::State;

namespace {

std::string frame(const std::string& payload) {
  const FrameHead head = frame_head(payload.size());
  return std::string(head.data(), head.size()) + payload;
}

}  // namespace

TEST_CASE("a length is four bytes, lowest first") {
  CHECK(frame_head(0x01020304) == FrameHead{4, 3, 2, 1});
  CHECK(payload_of(frame_head(0xfffefdfc)) == 0xfffefdfc);
  CHECK(payload_of(frame_head(0)) == 0);
}

TEST_CASE("a frame is put together however its bytes come") {
  const std::string bytes = frame("some answer");
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    FrameReader reader(100);
    const auto first = reader.take(bytes.substr(0, cut));
    CHECK(first == (cut == bytes.size() ? State::complete : State::incomplete));
    if (cut < bytes.size()) CHECK(reader.take(bytes.substr(cut)) == State::complete);
    CHECK(std::move(reader).payload() == "some answer");
  }
}

TEST_CASE("an empty answer is one") {
  FrameReader reader(100);
  CHECK(reader.take(frame("")) == State::complete);
}

TEST_CASE("a frame of the limit is taken, one byte more is not, and no memory is promised to it") {
  FrameReader exact(5);
  CHECK(exact.take(frame("12345")) == State::complete);
  FrameReader over(5);
  CHECK(over.take(frame("123456").substr(0, 4)) == State::oversize);
  CHECK(over.announced() == 6);
}

TEST_CASE("bytes after the frame are excess, in the same piece and before its end") {
  FrameReader reader(100);
  CHECK(reader.take(frame("one") + "x") == State::excess);
  FrameReader empty(100);
  CHECK(empty.take(frame("") + "x") == State::excess);
}

TEST_CASE("progress is told for messages") {
  FrameReader reader(100);
  CHECK(reader.progress() == "no answer");
  CHECK(reader.take("\x05") == State::incomplete);
  CHECK(reader.progress() == "1 of 4 bytes of a frame's length");
  CHECK(reader.take(std::string("\0\0\0ab", 5)) == State::incomplete);
  CHECK(reader.progress() == "2 of 5 bytes of its answer");
}

TEST_CASE("frames that follow each other are taken apart however their bytes come") {
  const std::string bytes = frame("one") + frame("") + frame(std::string(1000, 'x')) + frame("four");
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
    FrameStream stream(1000);
    std::vector<std::string> frames;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      stream.take(std::string_view(bytes).substr(at, piece));
      while (auto payload = stream.next()) frames.push_back(std::move(*payload));
    }
    CHECK(frames == std::vector<std::string>{"one", "", std::string(1000, 'x'), "four"});
    CHECK_FALSE(stream.within_frame());
    CHECK_FALSE(stream.oversize());
  }
}

TEST_CASE("of a stream, a frame over the limit ends all, and one that is cut is known to be") {
  FrameStream stream(3);
  stream.take(frame("one") + frame("four") + frame("two"));
  CHECK(stream.next() == "one");
  CHECK_FALSE(stream.next());
  CHECK(stream.oversize());
  CHECK(stream.announced() == 4);
  CHECK_FALSE(stream.next());
  FrameStream cut(3);
  cut.take(frame("two").substr(0, 5));
  CHECK_FALSE(cut.next());
  CHECK(cut.within_frame());
}
