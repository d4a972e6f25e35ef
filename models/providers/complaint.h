#pragma once

#include "runtime/base/json.h"
#include "runtime/base/result.h"

#include <string>
#include <string_view>

namespace troupe::models {

/// What a provider's server said went wrong, out of the shapes they use: {"error": {message, type,
/// code}},
/// {"error": "text"}, {"message": …}, {"detail": …}, a gateway's HTML or plain text.
struct ProviderComplaint {
  std::string message;  ///< at most 500 bytes, one line
  std::string type;
  std::string code;
  int status = 0;  ///< a status in the body, as servers that answer 200 give it

  static ProviderComplaint read_text(std::string_view body);
  static ProviderComplaint read(const Json& body);
};

/// Whether a chunk or a body with status 200 is an error all the same.
bool is_error_body(const Json& body);

/// The error for a complaint that came with `status` (200: within a stream). Too long a prompt is
/// ErrorCode::too_large; everything else is ErrorCode::model. Retryable: 408, 409, 429, 5xx and their words,
/// but not a used-up quota. The message tells what to check in the configuration; it names settings, never
/// their values.
Error complaint_error(const ProviderComplaint& complaint, int status);

}  // namespace troupe::models
