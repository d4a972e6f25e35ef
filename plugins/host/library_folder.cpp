#include "plugins/host/library_folder.h"

#include "plugins/host/plugin_file.h"
#include "runtime/base/ascii.h"
#include "runtime/base/sha256.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

namespace troupe::plugins {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kHashDigits = 64;
constexpr std::string_view kEnding = ".so";

Result<Hashes> allowed_by(const LibraryFolderSettings& folder) {
  Hashes allowed(folder.allow.begin(), folder.allow.end());
  if (folder.allow_file.empty()) return allowed;
  const std::string around = fs::path(folder.allow_file).parent_path().string();
  if (auto safe = check_trusted_folder(around); !safe) return fail(std::move(safe.error()));
  auto text = read_trusted_file(folder.allow_file, kAllowFileBytes);
  if (!text) return fail(std::move(text.error()));
  auto hashes = read_hashes(*text);
  if (!hashes) return within(folder.allow_file, std::move(hashes.error()));
  allowed.merge(*hashes);
  return allowed;
}

/// Files that look like libraries, sorted. What is being written there goes by another name until it is
/// whole.
Result<std::vector<fs::path>> files_of(const std::string& folder) {
  std::vector<fs::path> files;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(folder, failed)) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with(kEnding) && !name.starts_with('.')) files.push_back(entry.path());
  }
  if (failed) return fail(ErrorCode::store, fmt::format("{}: {}", folder, failed.message()));
  if (files.size() > kFolderLibraries)
    return fail(ErrorCode::too_large, fmt::format("{} has {} libraries, at most {} are looked at", folder,
                                                  files.size(), kFolderLibraries));
  std::ranges::sort(files);
  return files;
}

/// What one library is loaded with, or why it is not.
Result<PluginSettings> settings_of(const std::string& name, const std::string& path, const Hashes& allowed,
                                   const config::Entries<PluginSettings>& plugins) {
  const auto entry = plugins.find(name);
  PluginSettings settings = entry == plugins.end() ? PluginSettings{} : entry->second;
  if (!settings.path.empty())
    return fail(ErrorCode::conflict,
                fmt::format("`plugins.{}` has a `path` of its own, which is used instead", name));
  auto bytes = read_trusted_file(path, kLibraryBytes);
  if (!bytes) return fail(std::move(bytes.error()));
  const std::string sha256 = sha256_hex(*bytes);
  if (!allowed.contains(sha256))
    return fail(ErrorCode::denied,
                fmt::format("its SHA-256 {} is not among those that `plugins_from` allows", sha256));
  if (!settings.sha256.empty() && settings.sha256 != sha256)
    return fail(ErrorCode::denied,
                fmt::format("its SHA-256 is {}, `plugins.{}` says {}", sha256, name, settings.sha256));
  settings.name = name;
  settings.path = path;
  settings.sha256 = sha256;
  settings.from_folder = true;
  return settings;
}

}  // namespace

std::string plugin_of_file(std::string_view file) {
  if (!file.ends_with(kEnding)) return "";
  file.remove_suffix(kEnding.size());
  if (file.starts_with("lib")) file.remove_prefix(3);
  return config::valid_name(file) ? std::string(file) : "";
}

Result<Hashes> read_hashes(std::string_view text) {
  Hashes hashes;
  for (std::size_t number = 1; !text.empty(); ++number) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.starts_with('\\')) line.remove_prefix(1);  // so sha256sum marks a name that it had to quote
    while (!line.empty() && std::isspace(static_cast<unsigned char>(line.back()))) line.remove_suffix(1);
    if (line.empty() || line.starts_with('#')) continue;
    const std::string_view digits = line.substr(0, kHashDigits);
    const bool hex = std::ranges::all_of(digits, [](unsigned char c) { return std::isxdigit(c) != 0; });
    if (!hex || digits.size() < kHashDigits || (line.size() > kHashDigits && line[kHashDigits] != ' '))
      return fail(ErrorCode::invalid,
                  fmt::format("line {} does not begin with the 64 hexadecimal digits that "
                              "`sha256sum` writes",
                              number));
    hashes.insert(lower(digits));
  }
  return hashes;
}

Result<FolderScan> scan_folder(const LibraryFolderSettings& folder,
                               const config::Entries<PluginSettings>& plugins) {
  FolderScan scan;
  if (folder.path.empty()) return scan;
  if (auto safe = check_trusted_folder(folder.path); !safe) return fail(std::move(safe.error()));
  auto allowed = allowed_by(folder);
  if (!allowed) return fail(std::move(allowed.error()));
  scan.allowed = std::move(*allowed);
  auto files = files_of(folder.path);
  if (!files) return fail(std::move(files.error()));
  std::map<std::string, std::string> taken;
  for (const fs::path& file : *files) {
    const std::string name = plugin_of_file(file.filename().string());
    if (name.empty()) {
      scan.left_out.push_back({file.filename(), file,
                               "its name cannot be a plugin's: a letter, then letters, "
                               "digits, `_` and `-`, at most 64"});
      continue;
    }
    if (const auto [other, fresh] = taken.emplace(name, file.filename().string()); !fresh) {
      scan.left_out.push_back({name, file, fmt::format("{} is plugin `{}` already", other->second, name)});
      continue;
    }
    auto settings = settings_of(name, file.string(), scan.allowed, plugins);
    if (settings)
      scan.plugins.push_back(std::move(*settings));
    else
      scan.left_out.push_back({name, file, std::move(settings.error().message)});
  }
  return scan;
}

}  // namespace troupe::plugins
