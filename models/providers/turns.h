#pragma once

#include "models/message.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::models {

/// How a provider writes a conversation in which user and model take turns: system messages at the beginning
/// stand apart, and neighbours of one role are one turn with several parts.
struct TurnForm {
  std::string_view list;       ///< what opens the list of turns: `"contents":[`
  std::string_view assistant;  ///< the role of the model's turns
  std::string_view parts;      ///< the member of a turn that holds its parts
  std::string_view opening;    ///< a turn and its comma, for a conversation that the model begins; may be ""
  /// Appends the system messages that stand at the beginning, with a comma behind them, if there are any.
  void (*append_system)(std::string& out, const std::vector<Message>& messages);
  /// The parts of messages[at], each with a comma behind it; "" when it says nothing.
  std::string (*parts_of)(const std::vector<Message>& messages, std::size_t at);
};

/// The conversation in that form, without the "]" that ends it: what is new is appended to what was rendered
/// before under `dialect`. Valid until the next call.
const std::string& render_turns(const Transcript& transcript, std::string_view dialect, const TurnForm& form);

}  // namespace troupe::models
