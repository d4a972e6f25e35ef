#include "memory/knowledge/ingest/list_draft.h"

#include "memory/knowledge/ingest/limits.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::memory {

namespace {

void bound(std::vector<std::string>& sentences) {
  if (sentences.size() <= limits::kListRemarks) return;
  const std::size_t more = sentences.size() - limits::kListRemarks;
  sentences.resize(limits::kListRemarks);
  sentences.push_back(fmt::format("And {} more like these.", more));
}

}  // namespace

std::string file_stamp(const struct stat& status) {
  return fmt::format("{}:{}.{:09}:{}", status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec,
                     status.st_ino);
}

SourceItem file_item(std::string path, const struct stat& status, std::string root) {
  return {.source = std::move(path),
          .size = static_cast<std::uint64_t>(status.st_size),
          .stamp = file_stamp(status),
          .root = std::move(root)};
}

bool ListDraft::take(SourceItem item) {
  ++offered_;
  if (const auto before = taken_.find(item.source); before != taken_.end()) {
    SourceItem& known = list_.items[before->second];
    if (known.loader.empty()) known.loader = std::move(item.loader);
    return true;
  }
  if (list_.items.size() >= options_.files) {
    list_.complete = false;
    problem(fmt::format(
        "The sources hold more than {} documents; the rest is left out. Raise `limits.files`, or name less.",
        options_.files));
    return false;
  }
  taken_.emplace(item.source, list_.items.size());
  list_.items.push_back(std::move(item));
  return true;
}

bool ListDraft::spent() {
  if (options_.cancelled && options_.cancelled->load(std::memory_order_relaxed)) {
    list_.complete = false;
    return true;
  }
  if (++entries_ <= limits::kListedEntries) return false;
  list_.complete = false;
  problem(fmt::format(
      "The folders of the sources hold more than {} names; the rest was not looked at. Name folders further "
      "down.",
      limits::kListedEntries));
  return true;
}

void ListDraft::unseen(const std::string& path) {
  list_.unseen.push_back(path);
  if (list_.unseen.size() > limits::kUnseen) list_.complete = false;
}

SourceList ListDraft::finish() && {
  std::ranges::sort(list_.items, {}, &SourceItem::source);
  bound(list_.problems);
  bound(list_.remarks);
  return std::move(list_);
}

}  // namespace troupe::memory
