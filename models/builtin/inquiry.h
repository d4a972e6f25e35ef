#pragma once

#include "models/builtin/arithmetic.h"
#include "models/builtin/offer.h"
#include "models/builtin/subject.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::models::builtin {

enum class Language { english, korean };

enum class AskKind {
  arithmetic,
  clock,
  lookup,
  greeting,
  about_self,      ///< who are you, what can you do
  language_model,  ///< everything that takes more than rules
};

/// One thing that a message asks for.
struct Ask {
  AskKind kind = AskKind::language_model;
  std::string text;                   ///< the clause
  Arithmetic arithmetic;              ///< arithmetic
  Subject subject;                    ///< lookup
  Ability preferred = Ability::none;  ///< lookup: the kind of tool the person named
  std::string place;                  ///< clock: "Tokyo", "Asia/Seoul" or ""
};

/// A message taken apart. A statement beside a question is context and no ask of its own; nor is a greeting.
struct Inquiry {
  Language language = Language::english;
  std::vector<Ask> asks;
  bool more_asked = false;  ///< more than `kAsksMax`: the rest is left out, and the answer says so
};
inline constexpr std::size_t kAsksMax = 6;

/// What earlier turns offer to follow-up questions.
struct Earlier {
  std::optional<std::string> number;  ///< the last number answered
  std::optional<Subject> subject;     ///< what was last looked up
};

/// Linear in `message` but for clauses, of which a bounded number is tried.
Inquiry read_inquiry(std::string_view message, const Earlier& earlier);

/// The last number of an answer, without grouping commas: "2^10 = 1,024." → "1024".
std::optional<std::string> last_number(std::string_view answer);

}  // namespace troupe::models::builtin
