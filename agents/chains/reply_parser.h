#pragma once

#include "agents/chains/settings.h"
#include "agents/strategies/structured_output.h"
#include "runtime/base/json.h"
#include "runtime/base/result.h"
#include "tools/schema/pattern.h"

#include <memory>
#include <optional>
#include <string_view>

namespace troupe::agents {

/// Reads what a model replied as a step `parse` says. What can be mended in one way only is: fences, prose
/// around JSON, trailing commas. Loop thread only.
class ReplyParser {
 public:
  /// Errors: invalid (a pattern or schema that does not compile).
  static Result<ReplyParser> make(const ChainStepSettings& step);

  /// The value. Errors, written for the model: invalid, saying what was wrong and what is wanted.
  Result<Json> read(std::string_view reply) const;

  /// False: the value is a text and no data.
  bool yields_data() const { return as_ != ParseAs::regex; }

 private:
  ReplyParser() = default;
  Result<Json> match(std::string_view reply) const;

  ParseAs as_ = ParseAs::json;
  std::optional<tools::Pattern> pattern_;
  int group_ = 0;
  std::shared_ptr<const StructuredOutput> schema_;
};

/// The elements of a list as models write them: a JSON list of texts, lines with bullets or numbers, or one
/// line with commas. Pure.
std::vector<std::string> read_list(std::string_view reply);

}  // namespace troupe::agents
