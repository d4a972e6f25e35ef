#pragma once

#include "tools/builtin/files/folder_beneath.h"

#include <cstddef>
#include <functional>
#include <string>

namespace troupe::tools::files {

/// An entry met on the way through folders.
struct Met {
  enum class Kind { file, folder, link, other };
  std::string path;  ///< from the root
  std::string name;
  Kind kind = Kind::file;
  long long bytes = 0;
  int folder = -1;  ///< descriptor of the folder it is in, during the call
};

/// Goes through a folder and those below it, each sorted by name, `depth` deep, and shows every entry until
/// told to stop by false. Links are shown and not followed; a folder that cannot be opened is passed over.
/// Returns false when there was more than it looks at.
bool walk(const sandbox::Descriptor& folder, const std::string& path, int depth,
          const std::function<bool(const Met&)>& show);

}  // namespace troupe::tools::files
