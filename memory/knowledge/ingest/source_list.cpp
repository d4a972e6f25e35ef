#include "memory/knowledge/ingest/source_list.h"

#include "memory/knowledge/ingest/folder_walk.h"
#include "memory/knowledge/ingest/limits.h"
#include "memory/knowledge/source_name.h"
#include "runtime/net/url.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

namespace troupe::memory {

namespace {

/// Goes through the sources one after the other; false: a limit ended it.
class Listing {
 public:
  explicit Listing(const ListOptions& options) : options_(options), draft_(options) {}

  bool add(const Source& wanted) {
    const std::string& source = wanted.path;
    filter_ = {options_.loaders.get(), wanted.reader()};
    if (is_url(source)) return add_url(source);
    if (!source.starts_with('/')) {
      draft_.problem(fmt::format("The source `{}` is neither an absolute path nor a URL.", source));
      return true;
    }
    std::string path = std::filesystem::path(source).lexically_normal().string();
    if (path.size() > 1 && path.ends_with('/')) path.pop_back();
    struct stat status{};
    if (::stat(path.c_str(), &status) == 0) return add_path(path, status);
    const int why = errno;
    if (is_path_pattern(source)) return add_pattern(source);
    draft_.problem(
        fmt::format("The source {} cannot be read: {}.", path, std::generic_category().message(why)));
    draft_.unseen(path);
    return true;
  }

  SourceList finish() && { return std::move(draft_).finish(); }

 private:
  bool add_path(const std::string& path, const struct stat& status) {
    if (S_ISDIR(status.st_mode)) return FolderWalk(path, nullptr, filter_, draft_).run();
    if (!S_ISREG(status.st_mode)) {
      draft_.problem(fmt::format("The source {} is neither a file nor a folder.", path));
      return true;
    }
    SourceItem item = file_item(path, status);
    item.loader = filter_.loader;
    return draft_.take(std::move(item));
  }

  bool add_pattern(const std::string& source) {
    auto patterns = PathPattern::parse(source);
    if (!patterns) {
      draft_.problem(fmt::format("The source `{}` cannot be used: {}.", source, patterns.error().message));
      return true;
    }
    const std::size_t before = draft_.offered();
    for (const PathPattern& pattern : *patterns)
      if (!FolderWalk(pattern.folder(), &pattern, filter_, draft_).run()) return false;
    if (draft_.offered() == before) draft_.remark(fmt::format("The source `{}` matches no file.", source));
    return true;
  }

  bool add_url(const std::string& source) {
    const auto url = net::Url::parse(source);
    const auto authority = source.substr(0, source.find_first_of("/?#", source.find("://") + 3));
    if (!url || authority.contains('@')) {
      draft_.problem(fmt::format(
          "The source {} cannot be used: {}.", net::redacted_url(source),
          url ? "a user's name in a URL would be shown with what is found there" : url.error().message));
      return true;
    }
    return draft_.take({.source = source, .is_url = true, .loader = filter_.loader});
  }

  const ListOptions& options_;
  SourceFilter filter_;
  ListDraft draft_;
};

}  // namespace

bool SourceList::is_unseen(std::string_view source) const {
  if (!complete) return true;
  return std::ranges::any_of(unseen, [source](const std::string& path) {
    return source.starts_with(path) &&
           (source.size() == path.size() || path == "/" || source[path.size()] == '/');
  });
}

SourceList list_sources(const std::vector<Source>& sources, const ListOptions& options) {
  Listing listing(options);
  for (const Source& source : sources)
    if (!listing.add(source)) break;
  return std::move(listing).finish();
}

}  // namespace troupe::memory
