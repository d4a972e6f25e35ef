#include "tools/builtin/image/picture_kind.h"

#include <cstddef>
#include <cstdint>

#include <fmt/format.h>

namespace troupe::tools {

namespace {

/// Bytes as numbers; 0 where there are none.
class Reading {
 public:
  explicit Reading(std::string_view bytes) : bytes_(bytes) {}

  std::uint32_t byte(std::size_t at) const {
    return at < bytes_.size() ? static_cast<unsigned char>(bytes_[at]) : 0;
  }
  std::uint32_t big(std::size_t at, std::size_t count) const {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < count; ++i) value = value << 8 | byte(at + i);
    return value;
  }
  std::uint32_t little(std::size_t at, std::size_t count) const {
    std::uint32_t value = 0;
    for (std::size_t i = count; i > 0; --i) value = value << 8 | byte(at + i - 1);
    return value;
  }
  std::size_t size() const { return bytes_.size(); }
  bool has(std::size_t at, std::string_view text) const {
    return at <= bytes_.size() && bytes_.substr(at).starts_with(text);
  }

 private:
  std::string_view bytes_;
};

PictureKind with_size(PictureKind kind, std::uint32_t width, std::uint32_t height) {
  constexpr std::uint32_t kMost = 1u << 24;  // no more is a size
  if (width > 0 && width <= kMost && height > 0 && height <= kMost) {
    kind.width = static_cast<int>(width);
    kind.height = static_cast<int>(height);
  }
  return kind;
}

// ITU T.81, B.1.1: segments follow each other, and the frame's header has the size.
PictureKind jpeg(const Reading& in) {
  PictureKind kind{.name = "JPEG", .extension = "jpg"};
  for (std::size_t at = 2; at + 9 < in.size() && in.byte(at) == 0xFF;) {
    const std::uint32_t marker = in.byte(at + 1);
    if (marker == 0xFF) {
      ++at;  // filled up
      continue;
    }
    const bool frame = marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
    if (frame) return with_size(kind, in.big(at + 7, 2), in.big(at + 5, 2));
    if (marker == 0xDA) break;  // what is drawn
    at += 2 + in.big(at + 2, 2);
  }
  return kind;
}

// RFC 9649.
PictureKind webp(const Reading& in) {
  PictureKind kind{.name = "WebP", .extension = "webp"};
  if (in.has(12, "VP8X")) return with_size(kind, in.little(24, 3) + 1, in.little(27, 3) + 1);
  if (in.has(12, "VP8L") && in.byte(20) == 0x2F) {
    const std::uint32_t bits = in.little(21, 4);
    return with_size(kind, (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1);
  }
  if (in.has(12, "VP8 ") && in.has(23, "\x9d\x01\x2a"))
    return with_size(kind, in.little(26, 2) & 0x3FFF, in.little(28, 2) & 0x3FFF);
  return kind;
}

std::string looks_like(const Reading& in) {
  if (in.has(0, "GIF8")) return "a GIF";
  if (in.has(0, "<svg") || in.has(0, "<?xml")) return "SVG or another XML text";
  if (in.has(0, "<") || in.has(0, "{")) return "a text";
  return in.size() == 0 ? "nothing" : "something else";
}

}  // namespace

Result<PictureKind> kind_of_picture(std::string_view bytes) {
  const Reading in(bytes);
  if (in.has(0, "\x89PNG\r\n\x1a\n") && in.has(12, "IHDR"))
    return with_size({.name = "PNG", .extension = "png"}, in.big(16, 4), in.big(20, 4));
  if (in.has(0, "\xff\xd8\xff")) return jpeg(in);
  if (in.has(0, "RIFF") && in.has(8, "WEBP")) return webp(in);
  return fail(ErrorCode::protocol, fmt::format("it is {} ({} bytes) and neither PNG nor JPEG nor WebP",
                                               looks_like(in), in.size()));
}

}  // namespace troupe::tools
