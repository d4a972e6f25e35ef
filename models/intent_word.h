#pragma once

#include "models/message.h"

#include <string_view>

namespace troupe::models {

/// The word of an intent, as recordings and messages have it.
std::string_view word(Intent intent);

}  // namespace troupe::models
