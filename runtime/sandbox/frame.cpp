#include "runtime/sandbox/frame.h"

#include <algorithm>

namespace troupe::sandbox {

FrameHead frame_head(std::size_t payload) {
  FrameHead head;
  for (std::size_t i = 0; i < kFrameHead; ++i) head[i] = static_cast<char>(payload >> (8 * i) & 0xff);
  return head;
}

std::size_t payload_of(const FrameHead& head) {
  std::size_t payload = 0;
  for (std::size_t i = 0; i < kFrameHead; ++i)
    payload |= std::size_t{static_cast<unsigned char>(head[i])} << (8 * i);
  return payload;
}

FrameReader::State FrameReader::take(std::string_view bytes) {
  const std::size_t of_head = std::min(kFrameHead - head_bytes_, bytes.size());
  std::copy_n(bytes.begin(), of_head, head_.begin() + static_cast<std::ptrdiff_t>(head_bytes_));
  head_bytes_ += of_head;
  bytes.remove_prefix(of_head);
  if (head_bytes_ < kFrameHead) return State::incomplete;
  announced_ = payload_of(head_);
  if (announced_ > most_) return State::oversize;
  if (bytes.size() > announced_ - payload_.size()) return State::excess;
  payload_.append(bytes);
  return payload_.size() == announced_ ? State::complete : State::incomplete;
}

std::string FrameReader::progress() const {
  if (head_bytes_ == 0) return "no answer";
  if (head_bytes_ < kFrameHead)
    return std::to_string(head_bytes_) + " of " + std::to_string(kFrameHead) + " bytes of a frame's length";
  return std::to_string(payload_.size()) + " of " + std::to_string(announced_) + " bytes of its answer";
}

void FrameStream::take(std::string_view bytes) {
  // What was taken out is dropped here, once for many frames.
  bytes_.erase(0, done_);
  done_ = 0;
  bytes_.append(bytes);
}

std::optional<std::string> FrameStream::next() {
  const std::string_view rest = std::string_view(bytes_).substr(done_);
  if (oversize_ || rest.size() < kFrameHead) return std::nullopt;
  FrameHead head;
  std::copy_n(rest.begin(), kFrameHead, head.begin());
  announced_ = payload_of(head);
  oversize_ = announced_ > most_;
  if (oversize_ || rest.size() - kFrameHead < announced_) return std::nullopt;
  done_ += kFrameHead + announced_;
  return std::string(rest.substr(kFrameHead, announced_));
}

}  // namespace troupe::sandbox
