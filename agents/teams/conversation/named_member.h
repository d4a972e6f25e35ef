#pragma once

#include "agents/teams/crew.h"
#include "runtime/base/json.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace troupe::agents {

/// Which of `names` a reply means: the name alone (case and quotes do not matter, nor "team/" before it),
/// {"speaker": NAME} as data or as JSON in the text, or a text in which one of them stands as a word and no
/// other does. Nothing when it names nobody of them, or several. Pure.
std::optional<std::string> named_member(const Reply& reply, std::span<const std::string> names);

/// The JSON object of a reply: its data, its text, or the only one in its text. `strict`: one that must be
/// mended (a missing brace, single quotes) is none. Null: there is none. Pure.
Json object_of(const Reply& reply, bool strict);

}  // namespace troupe::agents
