#pragma once

#include "runtime/base/json.h"
#include "runtime/base/result.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::tools {

/// A text with places for values: `{name}`; `{{` and `}}` stand for braces. It is taken apart before any
/// value is known, so what a value holds is never read as part of the template. Immutable; any thread.
class TextTemplate {
 public:
  /// A brace that belongs to no place is an error (invalid).
  static Result<TextTemplate> parse(std::string_view text);

  /// Every place, in order; a name may come twice.
  std::vector<std::string> names() const;
  /// The name when the text is one place and nothing else.
  std::optional<std::string> alone() const;

  /// The value of a name; null: it has none.
  using Lookup = std::function<const Json*(const std::string&)>;
  /// How a value is written where it goes.
  using Write = std::function<Result<std::string>(const std::string& name, const Json& value)>;
  /// The text with every value written into it. Nothing when one has no value. Errors: those of `write`.
  Result<std::optional<std::string>> fill(const Lookup& lookup, const Write& write) const;

 private:
  struct Piece {
    bool place = false;
    std::string text;  ///< of a place its name
  };
  std::vector<Piece> pieces_;
};

/// A value as text: a text as it is, anything else as JSON.
std::string text_of(const Json& value);

}  // namespace troupe::tools
