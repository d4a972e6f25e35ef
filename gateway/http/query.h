#pragma once

#include "runtime/base/result.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::gateway {

/// Undoes percent-encoding (RFC 3986, section 2.1). Nothing for what is not encoded rightly, and for a text
/// that would hold a NUL. Pure.
std::optional<std::string> percent_decoded(std::string_view text);

/// The query of a request: `limit=10&before=s_1`. Pure.
class Query {
 public:
  /// `+` is a blank. Errors: invalid (more than kParameters, a wrong encoding, a name twice).
  static Result<Query> parse(std::string_view text);

  /// nullptr when it is not there.
  const std::string* find(std::string_view name) const;
  /// The parameter as a text, or "".
  std::string text(std::string_view name) const;
  /// A whole number from 1 to `most`; `fallback` when it is not there. Errors: invalid, naming it.
  Result<std::size_t> count(std::string_view name, std::size_t fallback, std::size_t most) const;
  /// Errors: invalid (a parameter that is none of `known`; did you mean …).
  Result<> only(const std::vector<std::string>& known) const;

  static constexpr std::size_t kParameters = 32;

 private:
  std::vector<std::pair<std::string, std::string>> parameters_;
};

}  // namespace troupe::gateway
