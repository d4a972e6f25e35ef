#pragma once

#include "models/message.h"
#include "runtime/base/result.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace troupe::models {

/// A picture that a client names by its address, which is passed on to the provider: nothing is fetched here.
/// Errors: invalid (neither https:// nor http://, or longer than limits::kUrlBytes). Messages of both follow
/// on the name of the field that has the picture: "have a `url` that …".
Result<Image> picture_at(std::string_view url);

/// A picture that a client sends along: `data` is a data: URL, or base 64 with its `media_type` beside it.
/// PNG, JPEG, GIF and WebP are taken, told by their first bytes, which must be those of the type that was
/// named. Errors: invalid, too_large (limits::kPictureBytes).
Result<Image> picture_of(std::string_view data, std::string_view media_type);

/// Its size once it is decoded; 0 for one that is named by its address.
std::size_t picture_bytes(const Image& image);

/// A picture for people and logs: its address, or "data:image/png;base64,… (1234 bytes)".
std::string brief(const Image& image);

}  // namespace troupe::models
