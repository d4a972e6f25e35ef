#include "runtime/sandbox/frame.h"

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
