#pragma once

#include "agents/runs/run_desk.h"
#include "models/message.h"
#include "runtime/base/json.h"

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::gateway {

/// Reads the fields of what a client sent, one JSON object that outlives it, and remembers the first that is
/// wrong: "`name` must be …". What is not asked for is not looked at; null counts as absent. A field that is
/// wrong or absent reads as empty.
class Fields {
 public:
  explicit Fields(const Json& frame) : frame_(frame) {}

  /// "": none is wrong.
  const std::string& problem() const { return problem_; }

  /// An identifier: of ours, of the client's making, or quoted back by it.
  std::string id(std::string_view name, bool required);
  std::string name(std::string_view name);
  std::string any_text(std::string_view name, bool required = true);
  std::optional<std::int64_t> seq(std::string_view name);
  /// The number of a step, 1 or more.
  std::optional<int> step(std::string_view name);
  Json object(std::string_view name);
  bool flag(std::string_view name);
  /// Here null is not taken for absent: who sends it may have meant to change something.
  std::optional<Json> edited_input(std::string_view name);
  void nothing_but(std::initializer_list<std::string_view> known);
  std::vector<models::Image> images(std::string_view name);
  agents::CancelMode cancel_mode(std::string_view name);

 private:
  const Json* get(std::string_view name, bool required);
  std::string text(std::string_view name, bool required, std::size_t bytes_max,
                   bool (*sane)(std::string_view), std::string_view rule);
  models::Image image(std::string_view name, const Json& item);
  void complain(std::string_view name, std::string_view what);

  const Json& frame_;
  std::string problem_;
};

/// Whether it can be an identifier that a client brings: 1 to limits::kIdChars printable ASCII characters
/// without blanks.
bool sane_id(std::string_view text);

}  // namespace troupe::gateway
