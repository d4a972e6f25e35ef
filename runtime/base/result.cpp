#include "runtime/base/result.h"

namespace troupe {

std::string_view word(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid:
      return "invalid";
    case ErrorCode::not_found:
      return "not_found";
    case ErrorCode::denied:
      return "denied";
    case ErrorCode::conflict:
      return "conflict";
    case ErrorCode::busy:
      return "busy";
    case ErrorCode::too_large:
      return "too_large";
    case ErrorCode::timeout:
      return "timeout";
    case ErrorCode::cancelled:
      return "cancelled";
    case ErrorCode::network:
      return "network";
    case ErrorCode::protocol:
      return "protocol";
    case ErrorCode::model:
      return "model_error";
    case ErrorCode::tool:
      return "tool_error";
    case ErrorCode::store:
      return "store";
    case ErrorCode::unavailable:
      return "unavailable";
    case ErrorCode::internal:
      return "internal";
  }
  return "internal";
}

std::unexpected<Error> within(std::string_view context, Error error) {
  error.message.insert(0, ": ");
  error.message.insert(0, context);
  return std::unexpected(std::move(error));
}

}  // namespace troupe
