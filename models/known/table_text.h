#pragma once

#include <string_view>

namespace troupe::models {

/// models/known/models.txt, as it lay in the source tree.
std::string_view known_models_text();

}  // namespace troupe::models
