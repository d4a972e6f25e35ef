#include "runtime/config/paths.h"

#include <filesystem>

namespace troupe::config {

std::expected<std::string, std::string> resolve_path(std::string_view written, const std::string& folder,
                                                     const Environment& environment) {
  if (written.empty()) return std::unexpected("the path is empty");
  if (written.find('\0') != std::string_view::npos) return std::unexpected("the path contains a NUL byte");
  std::filesystem::path path(written);
  if (written == "~" || written.starts_with("~/")) {
    auto home = environment.variable("HOME");
    if (!home || !home->starts_with('/'))
      return std::unexpected("the path starts with `~`, and HOME is not set to an absolute path");
    path = std::filesystem::path(*home) / std::string(written.substr(written.size() == 1 ? 1 : 2));
  } else if (written.starts_with('~')) {
    return std::unexpected(
        "`~user` is not supported; write the path in full (a file whose name starts with `~`: `./~…`)");
  }
  if (path.is_relative()) path = std::filesystem::path(folder) / path;
  std::string normal = path.lexically_normal().string();
  if (normal.size() > 1 && normal.ends_with('/')) normal.pop_back();
  return normal;
}

}  // namespace troupe::config
