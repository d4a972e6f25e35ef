#include "memory/knowledge/loaders/draft.h"

#include "memory/knowledge/loaders/clean.h"
#include "models/builtin/utf8.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace troupe::memory::loaders {

Draft::Draft(Format format, const LoadLimits& limits) : limits_(limits) {
  document_.format = word(format);
}

bool Draft::add(std::string_view lines) {
  if (full_) return false;
  if (lines.empty()) return true;
  std::string& text = document_.text;
  const std::size_t room = limits_.text_bytes - text.size();
  // More than this is cut anyway: cleaning leaves out little.
  const bool cut = lines.size() > room * 2 + 64;
  left_out_ += append_clean(text, cut ? models::builtin::clip(lines, room * 2 + 64) : lines);
  if (!text.empty() && text.back() != '\n') text += '\n';
  if (text.size() <= limits_.text_bytes && !cut) return true;

  full_ = true;
  if (text.size() > limits_.text_bytes) {
    text.resize(models::builtin::clip(text, limits_.text_bytes).size());
    // At the end of a line, unless that would take half of the text away.
    const auto line = text.rfind('\n');
    if (line != std::string::npos && line >= text.size() / 2) text.resize(line + 1);
  }
  return false;
}

void Draft::page(int number) {
  document_.pages.push_back({end(), number});
}

void Draft::heading(int level, std::string_view text, std::size_t begin) {
  if (document_.headings.size() >= limits_.headings) {
    remark(fmt::format("Only the first {} headings are known as such.", limits_.headings));
    return;
  }
  std::string line = clean_line(text, limits_.heading_bytes);
  if (!line.empty()) document_.headings.push_back({begin, level, std::move(line)});
}

bool Draft::record() {
  if (full_ || records_full_) return false;
  if (document_.records.size() >= limits_.records) {
    records_full_ = true;
    remark(fmt::format("Only the first {} records were read.", limits_.records));
    return false;
  }
  document_.records.push_back(end());
  return true;
}

void Draft::title(std::string_view text) {
  if (document_.title.empty()) document_.title = clean_line(text, limits_.heading_bytes);
}

bool Draft::has_metadata_room(std::string_view key) const {
  return !key.empty() && document_.metadata.size() < limits_.metadata_entries &&
         !document_.metadata.contains(key);
}

void Draft::metadata(std::string_view key, std::string_view value) {
  metadata_value(key, Json(clean_line(value, limits_.metadata_bytes)));
}

void Draft::metadata_value(std::string_view key, Json value) {
  const std::string name = clean_line(key, limits_.heading_bytes);
  if (!has_metadata_room(name) || (value.is_string() && value.get_ref<const std::string&>().empty())) return;
  document_.metadata[name] = std::move(value);
}

void Draft::remark(std::string sentence) {
  auto& remarks = document_.remarks;
  if (std::ranges::find(remarks, sentence) != remarks.end()) return;
  if (remarks.size() >= limits_.remarks)
    ++more_remarks_;
  else
    remarks.push_back(std::move(sentence));
}

Document Draft::finish() && {
  std::string& text = document_.text;
  const auto last = text.find_last_not_of('\n');
  text.resize(last == std::string::npos ? 0 : std::min(text.size(), last + 2));
  std::erase_if(document_.headings, [&](const auto& heading) { return heading.begin >= text.size(); });
  std::erase_if(document_.records, [&](std::size_t begin) { return begin >= text.size(); });
  for (auto& page : document_.pages) page.begin = std::min(page.begin, text.size());
  auto& remarks = document_.remarks;
  if (more_remarks_) remarks.push_back(fmt::format("There are {} more remarks of this kind.", more_remarks_));
  if (left_out_) remarks.push_back(fmt::format("{} control characters were left out.", left_out_));
  if (full_)
    remarks.push_back(fmt::format("The text was cut off after {} bytes, the most that is kept of a document.",
                                  text.size()));
  return std::move(document_);
}

}  // namespace troupe::memory::loaders
