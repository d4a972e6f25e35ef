#pragma once

#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace troupe {

/// What kind of failure this is, for code that decides. People read `Error::message`.
enum class ErrorCode {
  invalid,      ///< the caller's input is wrong; the same call fails again
  not_found,    ///< the named thing does not exist (or is not the caller's to see)
  denied,       ///< not allowed: auth, guard, policy
  conflict,     ///< already decided, already exists, version differs
  busy,         ///< a stated limit is reached now; later may work
  too_large,    ///< a stated size limit is passed
  timeout,      ///< a deadline or idle limit ran out
  cancelled,    ///< somebody asked us to stop
  network,      ///< resolve, connect, TLS, cut connection
  protocol,     ///< the peer spoke, but not as its protocol says
  model,        ///< a model's server answered with an error
  tool,         ///< a tool ran and failed
  store,        ///< the journal or another file could not be read or written
  unavailable,  ///< not in this version or not configured
  internal,     ///< our own mistake, survived
};

/// Stable lower-case word of a code ("not_found"), as it appears in events, frames and HTTP errors.
std::string_view word(ErrorCode code);

/// An expected failure. `message` says what was tried, with what, and what came back, for a person
/// reading at night. It never holds a secret.
struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string message;
  bool retryable = false;                                ///< the same call may succeed later
  int status = 0;                                        ///< HTTP status where one came back, else 0
  std::optional<std::chrono::milliseconds> retry_after;  ///< what the peer asked us to wait
};

template <class T = void>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(ErrorCode code, std::string message) {
  return std::unexpected(Error{code, std::move(message), false, 0, std::nullopt});
}
inline std::unexpected<Error> fail(Error error) {
  return std::unexpected(std::move(error));
}

/// Adds context in front of a message, once per floor: within("tool wiki", e) → "tool wiki: …".
std::unexpected<Error> within(std::string_view context, Error error);

}  // namespace troupe
