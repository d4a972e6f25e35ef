#pragma once

#include <string>
#include <string_view>

namespace troupe::fakes {

/// The part of a page of docs/ that a test writes, between two marker lines: what the page says is what the
/// program does. With TROUPE_WRITE_DOCS set in the environment put() writes it, so that the page is made anew
/// by running its test.
///
///   DocSection section("protocol.md", "turn: captured from a running daemon", "end of turn");
///   CHECK_MESSAGE(section.put(fresh), section.advice());
class DocSection {
 public:
  /// `page` below docs/; the markers are the texts of two HTML comments on lines of their own. Throws when
  /// the page does not have them.
  DocSection(std::string page, std::string_view begin, std::string_view end);

  /// What stands there now.
  const std::string& text() const { return text_; }
  /// True when the page says `fresh`, or was just made to.
  bool put(std::string_view fresh) const;
  /// What to do when put() returned false.
  std::string advice() const;

 private:
  std::string path_;
  std::string before_;
  std::string text_;
  std::string after_;
};

}  // namespace troupe::fakes
