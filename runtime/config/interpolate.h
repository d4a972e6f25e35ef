#pragma once

#include "runtime/config/environment.h"

#include <expected>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::config {

/// Values of secrets by where they stand ("models.main.api_key"), for text that refers to them.
using SecretValues = std::map<std::string, std::string, std::less<>>;

/// What a scalar became.
struct Interpolated {
  std::string text;
  bool any = false;                 ///< something was put in
  bool whole = false;               ///< the scalar was one `${…}` and nothing else
  bool secret = false;              ///< a `${file:…}` was put in
  std::vector<std::string> pieces;  ///< what was put in, piece by piece
  std::vector<std::string> hidden;  ///< those pieces that are secret wherever they stand
  std::string reference;  ///< the scalar as written, paths made absolute: what may be shown and stored
};

/// Puts values into a scalar: `${NAME}`, `${NAME:-default}` (used when NAME is unset or empty),
/// `${file:PATH}` (relative to `folder`; one trailing line break is dropped; at most
/// limits::kSecretFileBytes) and, where `secrets` are given, `${secret:PLACE}`. `$${` is a literal `${`; any
/// other `$` is itself. One pass: what was put in is never looked at again. The error is a reason for people
/// and holds no value.
std::expected<Interpolated, std::string> interpolate(std::string_view source, const std::string& folder,
                                                     const Environment& environment,
                                                     const SecretValues& secrets);

/// The text that interpolates to `text` itself.
std::string escape_interpolation(std::string_view text);

}  // namespace troupe::config
