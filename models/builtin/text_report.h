#pragma once

#include "models/builtin/turn.h"

#include <string>
#include <string_view>
#include <vector>

namespace troupe::models::builtin {

/// What the strategies in lines tell a model: "Observation: …", "Observation (failed): …", "Intermediate
/// answer: …", several as "Observation 2 (tool): …", and "Correction: …". A text of several lines follows in
/// lines that begin with "> ". Pure.

/// The observations of a message, in order; those of a single call have no tool's name. Empty when the
/// message is none of this kind.
std::vector<Observed> read_observation_lines(std::string_view text);
/// The reason of a correction, or "".
std::string read_correction_line(std::string_view text);
/// An answer of ours without the label that such a strategy puts in front of it.
std::string_view without_answer_label(std::string_view text);

}  // namespace troupe::models::builtin
