#pragma once

#include "models/builtin/excerpt.h"
#include "models/builtin/inquiry.h"
#include "models/builtin/offer.h"
#include "models/builtin/turn.h"
#include "models/builtin/zones.h"
#include "runtime/base/json.h"

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace troupe::models::builtin {

struct NextCall {
  std::string thought;
  std::string tool;
  Json input;
};
struct FinalAnswer {
  std::string thought;
  std::string text;
};
using Decision = std::variant<NextCall, FinalAnswer>;

/// Decides the next step of a turn. It has no memory of its own: the plan is made anew from the question each
/// time, and walked along the observations that are there; the first call without one is the next step. So it
/// goes on after a restart, or where another model left off. Pure.
class Planner {
 public:
  Planner(const Turn& turn, const Offer& offer, const Zones& zones);

  Decision decide();
  /// The same for a message that was taken apart already.
  Decision decide(const Inquiry& inquiry);

 private:
  struct Part {
    std::string text;
    std::string alone;  ///< what to say when it is the only part, where that differs
    bool needs_language_model = false;
  };
  struct Consulted {
    std::optional<Excerpt> excerpt;
    std::string error;
  };

  // Each gives nothing when a call is pending.
  std::optional<Part> solve(const Ask& ask);
  std::optional<Part> solve_arithmetic(const Ask& ask);
  std::optional<Part> solve_clock(const Ask& ask);
  std::optional<Part> solve_lookup(const Ask& ask);
  std::optional<Consulted> consult(const OfferedTool& tool, const Subject& subject, std::string thought);

  /// The observation of this call; nothing, and the call is pending, when it has not been made.
  const Observed* perform(std::string thought, const OfferedTool& tool, Json input);
  Earlier earlier() const;
  FinalAnswer compose(const Inquiry& inquiry, const std::vector<Part>& parts) const;

  const Turn& turn_;
  const Offer& offer_;
  const Zones& zones_;
  Language language_ = Language::english;
  std::vector<bool> used_;  ///< observations already walked over
  std::optional<NextCall> pending_;
  std::optional<std::string> number_;  ///< the last number found, in this turn or before
};

}  // namespace troupe::models::builtin
