#include "memory/knowledge/ingest/folder_walk.h"

#include "memory/knowledge/ingest/limits.h"
#include "memory/knowledge/loaders/format.h"
#include "memory/knowledge/loaders/utf8.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

namespace troupe::memory {

namespace {

namespace fs = std::filesystem;

bool is_utf8(std::string_view name) {
  for (std::size_t at = 0; at < name.size();) {
    const auto character = loaders::character_at(name, at);
    if (character.bytes == 0) return false;
    at += character.bytes;
  }
  return true;
}

/// Names in a folder, in order; an error when it cannot be read to its end.
std::error_code read_names(const std::string& folder, std::vector<std::string>& names) {
  std::error_code failed;
  for (fs::directory_iterator it(folder, failed), end; !failed && it != end; it.increment(failed)) {
    names.push_back(it->path().filename().string());
    if (names.size() > limits::kListedEntries) break;
  }
  std::ranges::sort(names);
  return failed;
}

}  // namespace

bool SourceFilter::wants(std::string_view path) const {
  if (loader.empty()) return loaders::format_of_path(path) || (loaders && loaders->by_path(path));
  const auto named = loaders ? loaders->named(loader) : fail(ErrorCode::not_found, "no loaders");
  // Of one that is not there everything is listed, so that somebody is told.
  if (!named || (*named)->formats().endings.empty()) return true;
  return (*named)->formats().read_path(path);
}

FolderWalk::FolderWalk(const std::string& folder, const PathPattern* pattern, const SourceFilter& filter,
                       ListDraft& list)
    : folder_(folder), pattern_(pattern), filter_(filter), list_(list) {}

bool FolderWalk::run() {
  std::error_code failed;
  root_ = fs::canonical(folder_, failed).string();
  if (failed) {
    unseen(folder_, failed.message());
    return true;
  }
  if (!walk({folder_, pattern_ ? pattern_->start() : 1, 0})) return false;
  // Last, so that what they lead to keeps its own name where it has been found already. More may be found.
  for (std::size_t i = 0; i < links_.size(); ++i) {
    const Entry link = links_[i];
    if (!follow(link)) return false;
  }
  return true;
}

bool FolderWalk::walk(const Entry& folder) {
  struct stat status{};
  if (folder.depth > limits::kFolderDepth) {
    unseen(folder.path, fmt::format("it lies more than {} folders deep", limits::kFolderDepth));
    return true;
  }
  if (::stat(folder.path.c_str(), &status) != 0) {
    unseen(folder.path, std::generic_category().message(errno));
    return true;
  }
  if (!folders_.insert({status.st_dev, status.st_ino}).second) return true;
  std::vector<std::string> names;
  if (const auto failed = read_names(folder.path, names)) unseen(folder.path, failed.message());
  const std::string before = folder.path == "/" ? "/" : folder.path + "/";
  for (const std::string& name : names) {
    if (list_.spent()) return false;
    const PathPattern::State state = pattern_ ? pattern_->enter(folder.state, name) : !name.starts_with('.');
    if (state != 0 && !visit({before + name, state, folder.depth + 1}, name)) return false;
  }
  return true;
}

bool FolderWalk::visit(Entry entry, std::string_view name) {
  if (!is_utf8(name)) {
    list_.remark(fmt::format("A file in {} was passed over: its name is no UTF-8.", folder_));
    return true;
  }
  struct stat status{};
  if (::lstat(entry.path.c_str(), &status) != 0) {
    // Gone since the folder was read is gone.
    if (errno != ENOENT) unseen(entry.path, std::generic_category().message(errno));
    return true;
  }
  if (S_ISLNK(status.st_mode)) {
    links_.push_back(std::move(entry));
    return true;
  }
  if (S_ISDIR(status.st_mode)) return walk(entry);
  if (!S_ISREG(status.st_mode) || !wanted(entry)) return true;
  files_.insert({status.st_dev, status.st_ino});
  return take(entry, status);
}

bool FolderWalk::follow(const Entry& link) {
  std::error_code failed;
  const std::string real = fs::canonical(link.path, failed).string();
  struct stat status{};
  if (failed || !inside(real) || ::stat(link.path.c_str(), &status) != 0) return true;
  if (S_ISDIR(status.st_mode)) return walk(link);
  if (!S_ISREG(status.st_mode) || !wanted(link)) return true;
  return !files_.insert({status.st_dev, status.st_ino}).second || take(link, status);
}

bool FolderWalk::wanted(const Entry& file) const {
  if (pattern_ && !pattern_->matches(file.state)) return false;
  return (pattern_ && !pattern_->any_name()) || filter_.wants(file.path);
}

bool FolderWalk::take(const Entry& file, const struct stat& status) {
  SourceItem item = file_item(file.path, status, root_);
  item.loader = filter_.loader;
  return list_.take(std::move(item));
}

bool FolderWalk::inside(const std::string& path) const {
  return path == root_ || root_ == "/" || path.starts_with(root_ + "/");
}

void FolderWalk::unseen(const std::string& path, std::string why) {
  list_.remark(fmt::format("{} could not be looked at: {}.", path, why));
  list_.unseen(path);
}

}  // namespace troupe::memory
