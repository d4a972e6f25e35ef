#include "models/picture.h"

#include "models/limits.h"
#include "models/providers/message_parts.h"
#include "runtime/base/limits.h"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

namespace troupe::models {

namespace {

constexpr std::string_view kTypes = "image/png, image/jpeg, image/gif and image/webp are taken";

// The value of a digit; -1 for what is none.
int digit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool is_base64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0) return false;
  for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
  return std::ranges::all_of(text, [](char c) { return digit(c) >= 0; });
}

std::size_t decoded_bytes(std::string_view base64) {
  std::size_t padding = 0;
  while (padding < 2 && padding < base64.size() && base64[base64.size() - 1 - padding] == '=') ++padding;
  return base64.size() / 4 * 3 - padding;
}

// The first bytes of what was checked to be base 64.
std::string beginning(std::string_view base64) {
  std::string bytes;
  for (std::size_t at = 0; at + 4 <= std::min<std::size_t>(base64.size(), 16); at += 4) {
    unsigned block = 0;
    for (char c : base64.substr(at, 4)) block = block << 6 | static_cast<unsigned>(std::max(0, digit(c)));
    for (int shift : {16, 8, 0}) bytes += static_cast<char>(block >> shift & 0xff);
  }
  return bytes;
}

// What a picture's first bytes say it is; "" for none of those that are taken.
std::string_view type_of(std::string_view bytes) {
  if (bytes.starts_with("\x89PNG\r\n\x1a\n")) return "image/png";
  if (bytes.starts_with("\xff\xd8\xff")) return "image/jpeg";
  if (bytes.starts_with("GIF87a") || bytes.starts_with("GIF89a")) return "image/gif";
  if (bytes.starts_with("RIFF") && bytes.size() >= 12 && bytes.substr(8, 4) == "WEBP") return "image/webp";
  return "";
}

}  // namespace

Result<Image> picture_at(std::string_view url) {
  if (!url.starts_with("https://") && !url.starts_with("http://"))
    return fail(ErrorCode::invalid, "have a `url` that is neither http:// nor https://");
  if (url.size() > limits::kUrlBytes)
    return fail(ErrorCode::invalid, fmt::format("have a `url` of more than {} bytes", limits::kUrlBytes));
  return Image{std::string(url)};
}

Result<Image> picture_of(std::string_view data, std::string_view media_type) {
  std::string_view base64 = data;
  const Image given{std::string(data)};
  if (data.starts_with("data:")) {
    const InlineImage parts = inline_image(given);
    if (parts.base64.empty())
      return fail(ErrorCode::invalid, "have a data: URL that is not `data:image/TYPE;base64,…`");
    media_type = parts.media_type;
    base64 = data.substr(data.size() - parts.base64.size());
  }
  if (media_type == "image/jpg") media_type = "image/jpeg";
  if (media_type.empty())
    return fail(ErrorCode::invalid,
                fmt::format("need `data` as a data: URL, or in base 64 with its `media_type`; {}", kTypes));
  if (!is_base64(base64))
    return fail(ErrorCode::invalid, "have `data` that is no base 64, without breaks and padded");
  if (decoded_bytes(base64) > limits::kPictureBytes)
    return fail(ErrorCode::too_large, fmt::format("hold a picture of {} bytes; at most {} are taken",
                                                  decoded_bytes(base64), limits::kPictureBytes));
  const std::string_view found = type_of(beginning(base64));
  if (found != media_type)
    return fail(ErrorCode::invalid,
                fmt::format("hold a picture that is said to be {} and is {}; {}", media_type.substr(0, 40),
                            found.empty() ? "something else" : found, kTypes));
  return Image{fmt::format("data:{};base64,{}", found, base64)};
}

std::size_t picture_bytes(const Image& image) {
  const InlineImage parts = inline_image(image);
  return parts.base64.empty() ? 0 : decoded_bytes(parts.base64);
}

std::string brief(const Image& image) {
  const InlineImage parts = inline_image(image);
  if (parts.base64.empty()) return image.url;
  return fmt::format("data:{};base64,… ({} bytes)", parts.media_type, picture_bytes(image));
}

}  // namespace troupe::models
