#pragma once

#include "runtime/base/result.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::memory {

/// Whether a source is a pattern rather than a path: it has one of `*`, `?`, `[`, `{`.
bool is_path_pattern(std::string_view source);

/// A pattern of files, as shells have them: within a name `*` is any characters, `?` one, `[a-z]` one of
/// these, `[!a-z]` none of these, `\` takes the next one literally; a name `**` is any folders, also none.
/// What begins with a dot is hidden: only a name of the pattern that begins with a dot matches it.
///
/// It is matched name by name on the way down a tree, so that folders which cannot hold a match are not
/// looked into. Time of a name is at most its length times the pattern's; there is nothing exponential.
/// Immutable; any thread.
class PathPattern {
 public:
  /// The patterns that `text`, absolute, stands for: several when it has `{a,b}`. Errors: invalid (not
  /// absolute, kPatternBytes, kPatternParts, kPatternAlternatives, a `{` without its `}`).
  static Result<std::vector<PathPattern>> parse(std::string_view text);

  /// Where matches lie: the path before the first name that has a wildcard.
  const std::string& folder() const { return folder_; }
  /// Its last name is `*` or `**`: it says nothing of what kind of files are meant.
  bool any_name() const;

  /// How much of the pattern the names so far may have used up: a set of places in it. Empty (0): nothing at
  /// or below matches.
  using State = std::uint64_t;
  /// In folder().
  State start() const { return with_empty(1); }
  /// After the name of an entry of a folder.
  State enter(State state, std::string_view name) const;
  /// Whether the path that led to `state` matches.
  bool matches(State state) const { return (state >> parts_.size() & 1) != 0; }

 private:
  static Result<PathPattern> parse_one(std::string_view text);
  State with_empty(State state) const;

  std::string folder_;
  std::vector<std::string> parts_;
};

/// Whether one name matches one part of a pattern; hidden or not.
bool name_matches(std::string_view part, std::string_view name);

}  // namespace troupe::memory
