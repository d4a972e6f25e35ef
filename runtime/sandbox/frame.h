#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace troupe::sandbox {

/// What the daemon and a worker exchange: the payload's length in 4 bytes, lowest first, then the payload.
inline constexpr std::size_t kFrameHead = 4;
inline constexpr std::size_t kFrameBytes = 16u
                                           << 20;  // payload, unless the caller says otherwise; below 2^32

using FrameHead = std::array<char, kFrameHead>;

FrameHead frame_head(std::size_t payload);
std::size_t payload_of(const FrameHead& head);

/// Puts one frame together from bytes as they come. Pure; memory grows with what has come, not with what was
/// announced.
class FrameReader {
 public:
  enum class State { incomplete, complete, oversize, excess };

  explicit FrameReader(std::size_t most) : most_(most) {}

  /// oversize: more was announced than `most`; excess: more came than the one frame. Both are final.
  State take(std::string_view bytes);
  /// After `complete`.
  std::string payload() && { return std::move(payload_); }

  /// For messages: "12 of 100 bytes of its answer", "no answer".
  std::string progress() const;
  std::size_t announced() const { return announced_; }

 private:
  std::size_t most_;
  FrameHead head_{};
  std::size_t head_bytes_ = 0;
  std::size_t announced_ = 0;
  std::string payload_;
};

/// Takes apart frames that come one after the other, in pieces of any size. Pure; memory as FrameReader.
class FrameStream {
 public:
  explicit FrameStream(std::size_t most) : most_(most) {}

  /// Further bytes. Only while oversize() is false.
  void take(std::string_view bytes);
  /// The next payload that is whole; nothing when more bytes are needed.
  std::optional<std::string> next();
  /// A frame over `most` was announced: nothing more can be read.
  bool oversize() const { return oversize_; }
  std::size_t announced() const { return announced_; }
  /// Of a frame that is not whole yet, for "hung up within a frame".
  bool within_frame() const { return bytes_.size() > done_; }

 private:
  std::size_t most_;
  std::string bytes_;
  std::size_t done_ = 0;  ///< of them, taken out already
  std::size_t announced_ = 0;
  bool oversize_ = false;
};

}  // namespace troupe::sandbox
