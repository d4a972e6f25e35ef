#pragma once

#include "runtime/base/json.h"

#include <optional>
#include <string>
#include <string_view>

namespace troupe::models::builtin {

/// What a schema's values are made from.
struct SchemaSource {
  std::string_view answer;  ///< in prose
  std::string_view heard;   ///< what it is about: the material of others, or the message
};

/// JSON that fits the common part of `schema` by simple rules: the required properties of an object (all
/// where none is required); a boolean from words such as "no problems", "approved" and "error" in what was
/// heard, read by whether its name is of something good or bad, and where there is no such word the one that
/// lets nothing through; of an enum the choice with that meaning, else the one that shares most words; the
/// first number; a text is the sentence that fits its name, else the answer, and a reason the
/// sentence that decided; a list of sentences, in one of problems only those that
/// name one. Nothing where the schema is more than this ($ref, oneOf …) or deeper than 6.
std::optional<Json> schema_answer(const Json& schema, const SchemaSource& source);

/// Whether what was heard says that all is well, or that it is not; nothing when it says neither.
std::optional<bool> says_well(std::string_view heard);

/// The first sentence that says so; where none does, that a rule lets nothing through without one.
std::string why_well(std::string_view heard);

}  // namespace troupe::models::builtin
