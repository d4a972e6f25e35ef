#pragma once

#include "memory/knowledge/document.h"
#include "memory/knowledge/loaders/format.h"
#include "memory/knowledge/loaders/limits.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace troupe::memory::loaders {

/// A document while a loader writes it. Holds what Document promises, whatever is put in: the text is clean,
/// places ascend and stand at beginnings of lines, limits are kept and told in remarks.
class Draft {
 public:
  Draft(Format format, const LoadLimits& limits);

  /// Appends whole lines, cleaned (clean.h); a missing last '\n' is added. False when not all of it had room:
  /// nothing more will.
  bool add(std::string_view lines);
  bool full() const { return full_; }

  /// Where the next line will begin.
  std::size_t end() const { return document_.text.size(); }

  /// Places: where the next line will begin, or, for a text that is read after it was added, at a line's
  /// `begin`, not before an earlier one of its kind.
  void page(int number);
  void heading(int level, std::string_view text) { heading(level, text, end()); }
  void heading(int level, std::string_view text, std::size_t begin);
  /// False when no more records are taken; a remark says so.
  bool record();

  void title(std::string_view text);
  /// The first of a key stays; empty texts are left out.
  void metadata(std::string_view key, std::string_view value);
  void metadata_value(std::string_view key, Json value);
  /// A whole sentence. No two the same.
  void remark(std::string sentence);

  /// The document; the draft is used up. Blank lines at the end are taken off.
  Document finish() &&;

 private:
  bool has_metadata_room(std::string_view key) const;

  const LoadLimits limits_;
  Document document_;
  std::size_t left_out_ = 0;
  std::size_t more_remarks_ = 0;
  bool full_ = false;
  bool records_full_ = false;
};

}  // namespace troupe::memory::loaders
