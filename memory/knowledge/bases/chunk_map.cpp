#include "memory/knowledge/bases/chunk_map.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace troupe::memory {

namespace {

constexpr std::size_t kNode = 64;  // of a map or of an object: its links, and what the allocator adds

// What a value takes beside its own place, about.
std::size_t bytes_of(const Json& value) {
  std::size_t bytes = 0;
  if (const auto* text = value.get_ptr<const std::string*>()) bytes = sizeof(std::string) + text->size();
  if (value.is_structured()) bytes = kNode;
  for (const auto& [key, member] : value.items())
    if (value.is_structured()) bytes += kNode + key.size() + sizeof(Json) + bytes_of(member);
  return bytes;
}

}  // namespace

void ChunkMap::add(DocumentFields document) {
  document.fields["document"] = document.id;  // as filter_fields() has it
  if (auto title = document.fields.find("title"); title != document.fields.end() && *title == "")
    document.fields.erase(title);
  const std::string source = string_or(document.fields, "source");
  by_source_.insert_or_assign(source, document.id);
  // The source is there twice.
  const std::size_t bytes = sizeof(Entry) + bytes_of(document.fields) + 2 * kNode + source.size();
  const auto [entry, fresh] = documents_.try_emplace(document.id);
  if (!fresh) bytes_ -= entry->second.bytes;
  entry->second.fields = std::move(document.fields);
  entry->second.at_ms = document.at_ms;
  entry->second.bytes = bytes;
  bytes_ += bytes;
}

std::uint32_t ChunkMap::heading_number(const std::string& heading) {
  const auto next = static_cast<std::uint32_t>(headings_.size());
  const auto [known, fresh] = heading_numbers_.try_emplace(heading, next);
  if (fresh) {
    headings_.push_back(heading);
    bytes_ += 2 * (kNode + heading.size());
  }
  return known->second;
}

std::size_t ChunkMap::add(std::span<const ChunkPage::Place> places) {
  std::size_t taken = 0;
  for (const ChunkPage::Place& place : places) {
    const auto document = documents_.find(place.document);
    if (document == documents_.end()) break;
    ++taken;
    const std::uint32_t heading = heading_number(place.heading);
    std::vector<Run>& runs = document->second.runs;
    const bool goes_on = !runs.empty() && runs.back().first + runs.back().count == place.chunk &&
                         runs.back().page == place.page && runs.back().heading == heading;
    if (goes_on) {
      ++runs.back().count;
    } else {
      runs.push_back({place.chunk, 1, place.page, heading});
      bytes_ += sizeof(Run);
    }
    if (chunks_++ == 0 && last_ < first_) first_ = place.chunk;
    last_ = std::max(last_, place.chunk);
  }
  return taken;
}

std::vector<std::int64_t> ChunkMap::take_chunks(Entry& entry) {
  std::vector<std::int64_t> gone;
  for (const Run& run : entry.runs)
    for (std::uint32_t i = 0; i < run.count; ++i) gone.push_back(run.first + i);
  chunks_ -= gone.size();
  bytes_ -= entry.runs.size() * sizeof(Run);
  entry.runs = {};
  return gone;
}

std::vector<std::int64_t> ChunkMap::remove_chunks(std::int64_t document) {
  const auto entry = documents_.find(document);
  return entry == documents_.end() ? std::vector<std::int64_t>() : take_chunks(entry->second);
}

std::vector<std::int64_t> ChunkMap::remove(std::int64_t document) {
  const auto entry = documents_.find(document);
  if (entry == documents_.end()) return {};
  auto gone = take_chunks(entry->second);
  bytes_ -= entry->second.bytes;
  const auto source = by_source_.find(string_or(entry->second.fields, "source"));
  if (source != by_source_.end() && source->second == document) by_source_.erase(source);
  documents_.erase(entry);
  return gone;
}

std::int64_t ChunkMap::find(std::string_view document) const {
  if (const auto named = by_source_.find(std::string(document)); named != by_source_.end())
    return named->second;
  std::int64_t id = 0;
  const auto [end, error] = std::from_chars(document.data(), document.data() + document.size(), id);
  const bool whole = error == std::errc() && end == document.data() + document.size();
  if (whole && documents_.contains(id)) return id;
  std::int64_t found = 0;
  if (document.empty()) return found;
  for (const auto& [source, one] : by_source_) {
    const bool ends = source.size() > document.size() && source.ends_with(document) &&
                      source[source.size() - document.size() - 1] == '/';
    if (ends && found != 0) return 0;
    if (ends) found = one;
  }
  return found;
}

std::vector<std::int64_t> ChunkMap::documents() const {
  std::vector<std::int64_t> ids;
  ids.reserve(documents_.size());
  for (const auto& [id, entry] : documents_) ids.push_back(id);
  return ids;
}

bool ChunkMap::looks_at_places(const Filter& filter) {
  const auto keys = filter.keys();
  return std::ranges::any_of(keys, [](const std::string& key) { return key == "page" || key == "heading"; });
}

void ChunkMap::add_all(const Entry& entry, ChunkSet& set) {
  for (const Run& run : entry.runs)
    for (std::uint32_t i = 0; i < run.count; ++i) set.add(run.first + i);
}

void ChunkMap::add_matching(const Entry& entry, const Filter& filter, ChunkSet& set) const {
  Json fields = entry.fields;
  // Metadata of these names stays where a chunk has none of its own, as in filter_fields().
  const Json page = fields.value("page", Json());
  const Json heading = fields.value("heading", Json());
  for (const Run& run : entry.runs) {
    fields["page"] = run.page > 0 ? Json(run.page) : page;
    fields["heading"] = run.heading > 0 ? Json(headings_[run.heading]) : heading;
    if (!filter.matches(fields)) continue;
    for (std::uint32_t i = 0; i < run.count; ++i) set.add(run.first + i);
  }
}

ChunkSet ChunkMap::allowed(const Filter& filter, std::int64_t document) const {
  ChunkSet set(first_, last_);
  const bool places = looks_at_places(filter);
  for (const auto& [id, entry] : documents_) {
    if (document != 0 && id != document) continue;
    if (places)
      add_matching(entry, filter, set);
    else if (filter.matches(entry.fields))
      add_all(entry, set);
  }
  return set;
}

std::vector<std::int64_t> ChunkMap::allowed_documents(const Filter& filter) const {
  std::vector<std::int64_t> ids;
  for (const auto& [id, entry] : documents_)
    if (filter.matches(entry.fields)) ids.push_back(id);
  return ids;
}

std::uint64_t ChunkMap::stamp() const {
  std::uint64_t sum = documents_.size();
  for (const auto& [id, entry] : documents_) {
    // The finaliser of splitmix64 (Steele, Lea, Flood, 2014) over both numbers.
    std::uint64_t mixed =
        static_cast<std::uint64_t>(id) * 0x9E3779B97F4A7C15u + static_cast<std::uint64_t>(entry.at_ms);
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBu;
    sum += mixed ^ (mixed >> 31);
  }
  return sum;
}

}  // namespace troupe::memory
