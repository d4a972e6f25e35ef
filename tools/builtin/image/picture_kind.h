#pragma once

#include "runtime/base/result.h"

#include <string>
#include <string_view>

namespace troupe::tools {

/// What a file's own bytes say of the picture in it.
struct PictureKind {
  std::string name;       ///< "PNG", "JPEG", "WebP"
  std::string extension;  ///< "png", "jpg", "webp"
  int width = 0;          ///< 0: it does not say where it is looked for
  int height = 0;
  bool operator==(const PictureKind&) const = default;
};

/// Errors: protocol, for anything but PNG, JPEG and WebP, saying what it looks like instead. Only the head is
/// read; whether the rest can be shown is not known. Pure.
Result<PictureKind> kind_of_picture(std::string_view bytes);

}  // namespace troupe::tools
