#pragma once

#include "runtime/base/result.h"

#include <memory>
#include <string>
#include <string_view>

namespace troupe::tools {

/// One `pattern` of a schema: PCRE2 with ECMAScript's reading of $, \u and unset groups, and with limits on
/// work, depth and memory, so that neither the pattern nor the text it is held against can stall or crash the
/// daemon. Work is counted, not timed: the same search always ends the same way. Any thread.
class Pattern {
 public:
  /// Errors: invalid (not a regular expression, or longer than 4 KiB), with the offset.
  static Result<Pattern> compile(std::string_view source);

  enum class Match {
    yes,
    no,
    too_hard
  };  ///< too_hard: a limit was reached, or the text is too long or no UTF-8
  /// Whether it matches anywhere in `text`. Adds to `steps` what that took, a few µs each.
  Match search(std::string_view text, std::size_t& steps) const;

  /// Where a match stands.
  struct Place {
    std::size_t at = 0;
    std::size_t bytes = 0;
  };
  /// Whether a match begins in [from, to), or at the end of the text where that is `to`; all of the text is
  /// looked at around it. For texts that are longer than a search may take, part by part. `from` and `to` are
  /// at the beginning of a character, the text is UTF-8 of any length. Sets `found` on yes.
  Match search_part(std::string_view text, std::size_t from, std::size_t to, Place& found) const;

  /// How many groups of it capture.
  int groups() const;
  /// Where the first match has group `group` (0: all of it). Sets `found` on yes; no is also a group that
  /// took no part in the match.
  Match capture(std::string_view text, int group, Place& found) const;

  const std::string& source() const { return source_; }

 private:
  struct Code;
  struct Search;
  struct Part;
  Match run(std::string_view text, const Part& part, Search& search) const;
  explicit Pattern(std::string source) : source_(std::move(source)) {}
  std::string source_;
  std::shared_ptr<const Code> code_;  // immutable, shared by the copies that valijson makes
};

}  // namespace troupe::tools
