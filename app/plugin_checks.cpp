#include "app/plugin_checks.h"

#include "plugins/host/library_folder.h"
#include "plugins/host/plugin_file.h"
#include "runtime/base/sha256.h"

#include <algorithm>
#include <filesystem>
#include <optional>

#include <fmt/format.h>

namespace troupe::app {

namespace {

using config::Check;

std::string file_of(const std::string& path) {
  return std::filesystem::path(path).filename().string();
}

/// Nothing, with a complaint, when the list cannot be read.
std::optional<plugins::Hashes> allowed_by(const plugins::LibraryFolderSettings& from, Check& check) {
  plugins::Hashes allowed(from.allow.begin(), from.allow.end());
  if (from.allow_file.empty()) return allowed;
  const auto text = check.environment().read_file(from.allow_file, plugins::kAllowFileBytes);
  auto listed = text ? plugins::read_hashes(*text) : fail(text.error());
  if (!listed) {
    check.error("plugins_from.allow_file", fmt::format("{}: {}", from.allow_file, listed.error().message));
    return std::nullopt;
  }
  allowed.merge(*listed);
  return allowed;
}

/// Why a library of the folder will not be loaded, as far as that can be told without loading it; "".
std::string why_not(const Configuration& all, const std::string& path, const plugins::Hashes& allowed,
                    const config::Environment& environment) {
  const std::string name = plugins::plugin_of_file(file_of(path));
  if (name.empty()) return "its name cannot be a plugin's";
  const auto entry = all.plugins.find(name);
  if (entry != all.plugins.end() && !entry->second.path.empty())
    return fmt::format("`plugins.{}` has a `path` of its own, which is used instead", name);
  const auto bytes = environment.read_file(path, plugins::kLibraryBytes);
  if (!bytes) return bytes.error().message;
  const std::string hash = sha256_hex(*bytes);
  if (allowed.contains(hash)) return "";
  return fmt::format("its SHA-256 {} is not on the list; add it if it is to be loaded", hash);
}

}  // namespace

std::vector<std::string> plugins_of_folder(const Configuration& all, const config::Environment& environment) {
  std::vector<std::string> names;
  if (all.plugins_from.path.empty()) return names;
  for (const std::string& path : environment.glob(all.plugins_from.path + "/*.so"))
    if (const std::string name = plugins::plugin_of_file(file_of(path));
        !name.empty() && std::ranges::find(names, name) == names.end())
      names.push_back(name);
  return names;
}

void check_plugins(const Configuration& all, Check& check) {
  const plugins::LibraryFolderSettings& from = all.plugins_from;
  const std::vector<std::string> there = plugins_of_folder(all, check.environment());
  for (const auto& [name, plugin] : all.plugins) {
    if (!plugin.path.empty()) continue;
    Check here = check.entry("plugins", name, "plugin");
    if (from.path.empty())
      here.error("",
                 "`path` is missing: the library; or write `plugins_from: { path: … }`, a folder in which "
                 "it lies");
    else if (std::ranges::find(there, name) == there.end())
      here.warning("",
                   fmt::format("there is no {0}.so or lib{0}.so in {1}; what stands here is for the one that "
                               "may come",
                               name, from.path));
  }
  for (const auto& [name, tool] : all.tools)
    if (tool.type == "plugin" && tool.plugin.empty() && from.path.empty())
      check.entry("tools", name, "tool")
          .error("",
                 "`plugin` is missing: which plugin has it; or write `plugins_from: { path: … }`, a folder "
                 "of which it gives all");
  if (from.path.empty()) return;
  const auto allowed = allowed_by(from, check);
  if (!allowed) return;
  for (const std::string& path : check.environment().glob(from.path + "/*.so"))
    if (const std::string why = why_not(all, path, *allowed, check.environment()); !why.empty())
      check.warning("plugins_from.path", fmt::format("{} is not loaded: {}", path, why));
}

}  // namespace troupe::app
