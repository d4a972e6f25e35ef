#pragma once

#include "runtime/base/result.h"
#include "runtime/net/http_client.h"

#include <string_view>

namespace troupe::models {

/// The error for an answer of a Hugging Face server with a status that is none of success. A model that is
/// being loaded says when it will be there: {"error": "… loading", "estimated_time": 20.0}.
Error huggingface_refusal(const net::HttpHead& head, std::string_view body);

}  // namespace troupe::models
