#pragma once

#include "runtime/base/result.h"
#include "tools/builtin/files/folder_beneath.h"
#include "tools/builtin/files/line_picker.h"

#include <cstddef>
#include <string>

/// What the files tools do, on the thread that calls. Each is bounded in bytes, entries and depth, opens
/// nothing outside the folder, and follows no link on its way through folders. Results are texts for a model;
/// errors as FolderBeneath.
namespace troupe::tools::files {

inline constexpr int kDepthMax = 16;

struct Bounds {
  std::size_t bytes = std::size_t{1} << 20;  ///< of a file that is read or written, and of a search's file
  std::size_t entries = 1'000;               ///< of a listing, and of a search's matches
};

/// A part of a text file: whole lines, or as much of one that alone is too long as fits; a last line says
/// where to go on. Errors: invalid for a binary file, and for a part that is not there.
Result<std::string> read(const FolderBeneath& root, const std::string& path, const Part& wanted,
                         const Bounds& bounds);

/// One line for each entry, sorted: folders end in `/`, files have their size, `depth` folders deep. A name
/// with control characters is a JSON string, here and in what search() finds.
Result<std::string> list(const FolderBeneath& root, const std::string& path, int depth, const Bounds& bounds);

struct Wanted {
  std::string text;
  bool case_matters = false;
  std::string name;  ///< a pattern such as *.md that a file's name fits; "": any
};
/// Lines that have the text, as PATH:LINE: TEXT. Binary files and files beyond the bounds are passed over.
Result<std::string> search(const FolderBeneath& root, const std::string& path, const Wanted& wanted,
                           const Bounds& bounds);

/// Puts a text in its place.
Result<std::string> write(const FolderBeneath& root, const std::string& path, const std::string& text,
                          const Bounds& bounds);

}  // namespace troupe::tools::files
