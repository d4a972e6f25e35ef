#include "tools/builtin/retriever/passages_text.h"

#include "memory/knowledge/search/citations.h"
#include "memory/knowledge/source_name.h"

#include <fmt/format.h>

namespace troupe::tools {

namespace {

constexpr std::size_t kMarkerBytes = 64;  // no marker is longer, and lines may be

std::string one_line(std::string_view text) {
  std::string out;
  for (char c : text) {
    const bool blank = c == ' ' || (static_cast<unsigned char>(c) < 0x20) || c == 0x7f;
    if (!blank)
      out += c;
    else if (!out.empty() && out.back() != ' ')
      out += ' ';
  }
  return out;
}

std::string heading_of(const memory::Hit& hit) {
  const std::string source = one_line(memory::shown_name(hit.source));
  std::string line = one_line(hit.title.empty() ? source : hit.title);
  if (!hit.title.empty() && hit.title != source) line += " — " + source;
  if (hit.page > 0) line += fmt::format(", page {}", hit.page);
  if (!hit.heading.empty() && hit.heading != hit.title) line += " — " + one_line(hit.heading);
  return line;
}

// Whatever reads as a number to cite by at the beginning of a line.
bool looks_like_heading(std::string_view line) {
  const std::size_t begin = line.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return false;
  const auto markers = memory::citation_markers(line.substr(begin, kMarkerBytes));
  return !markers.empty() && markers.front().begin == 0;
}

void append_text(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    if (looks_like_heading(line)) out += "> ";
    out += line;
    out += '\n';
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
}

}  // namespace

std::string passages_text(std::span<const memory::Hit> hits, std::size_t first,
                          const std::vector<std::string>& remarks) {
  std::string out;
  for (std::size_t i = 0; i < hits.size(); ++i) {
    if (i > 0) out += '\n';
    out += fmt::format("[{}] {}\n", first + i, heading_of(hits[i]));
    append_text(out, hits[i].text);
  }
  if (hits.empty()) out = "Nothing was found. Ask with other words, or say that the documents do not tell.\n";
  for (const std::string& remark : remarks) out += fmt::format("({})\n", remark);
  out.pop_back();
  return out;
}

std::vector<Source> sources_of(std::span<const memory::Hit> hits, std::size_t first) {
  std::vector<Source> sources;
  for (std::size_t i = 0; i < hits.size(); ++i) {
    const memory::Hit& hit = hits[i];
    const memory::Citation citation{.index = first + i,
                                    .chunk = hit.chunk,
                                    .document = hit.document,
                                    .source = hit.source,
                                    .title = hit.title,
                                    .page = hit.page,
                                    .heading = hit.heading,
                                    .begin = hit.begin,
                                    .end = hit.end,
                                    .score = hit.score,
                                    .score_kind = hit.score_kind,
                                    .quote = ""};
    sources.push_back({.title = hit.title,
                       .url = memory::is_url(hit.source) ? memory::shown_address(hit.source) : "",
                       .passage = to_json(citation)});
  }
  return sources;
}

}  // namespace troupe::tools
