#include "app/knowledge_text.h"

#include "app/progress_bar.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace troupe::app {

namespace {

std::string size_text(std::uint64_t bytes) {
  const auto value = static_cast<double>(bytes);
  if (bytes < 1'000) return fmt::format("{} B", bytes);
  if (bytes < 1'000'000) return fmt::format("{:.1f} kB", value / 1e3);
  if (bytes < 1'000'000'000) return fmt::format("{:.1f} MB", value / 1e6);
  return fmt::format("{:.2f} GB", value / 1e9);
}

std::string_view file_name(std::string_view source) {
  while (source.ends_with('/')) source.remove_suffix(1);
  const std::size_t slash = source.rfind('/');
  return slash == std::string_view::npos ? source : source.substr(slash + 1);
}

// Characters rather than bytes; none is cut in two.
std::string_view first_characters(std::string_view text, std::size_t count) {
  std::size_t end = 0;
  while (end < text.size()) {
    const bool begins = (static_cast<unsigned char>(text[end]) & 0xC0) != 0x80;
    if (begins && count-- == 0) break;
    ++end;
  }
  return text.substr(0, end);
}

std::string day_of(std::int64_t ms) {
  return fmt::format("{:%Y-%m-%d %H:%M}", fmt::gmtime(static_cast<std::time_t>(ms / 1000)));
}

template <std::size_t N>
std::string table(const std::vector<std::array<std::string, N>>& rows, std::size_t left) {
  std::array<std::size_t, N> widths{};
  for (const auto& row : rows)
    for (std::size_t i = 0; i < N; ++i) widths[i] = std::max(widths[i], row[i].size());
  std::string out;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < N; ++i) {
      const bool last = i + 1 == N;
      if (i < left || last)
        out += last ? row[i] : fmt::format("{:<{}}  ", row[i], widths[i]);
      else
        out += fmt::format("{:>{}}  ", row[i], widths[i]);
    }
    out += '\n';
  }
  return out;
}

}  // namespace

std::string progress_line(const memory::IngestProgress& progress, std::size_t columns) {
  if (progress.phase == memory::IngestProgress::Phase::listing) return "listing the sources";
  std::string line = fmt::format("{} {}/{} documents, {}, {} chunks", bar_text(progress.done, progress.total),
                                 progress.done, progress.total, size_text(progress.bytes), progress.chunks);
  if (line.size() + 8 < columns && !progress.current.empty())
    line += "  " + std::string(first_characters(file_name(progress.current), columns - line.size() - 3));
  return std::string(first_characters(line, columns));
}

std::string report_line(std::string_view base, const memory::IngestReport& report) {
  std::string line = fmt::format("{}: {} added, {} changed, {} unchanged, {} removed", base, report.added,
                                 report.changed, report.unchanged, report.removed);
  if (report.failed > 0) line += fmt::format(", {} failed", report.failed);
  line +=
      fmt::format("; {} chunks of {} in {:.1f} s", report.chunks, size_text(report.bytes), report.seconds);
  if (report.usage.input_tokens > 0) line += fmt::format(", {} tokens embedded", report.usage.input_tokens);
  return line;
}

Json to_json(std::string_view base, const memory::IngestReport& report) {
  Json json = {{"knowledge", base},
               {"added", report.added},
               {"changed", report.changed},
               {"unchanged", report.unchanged},
               {"removed", report.removed},
               {"failed", report.failed},
               {"bytes", report.bytes},
               {"chunks", report.chunks},
               {"tokens", report.usage.input_tokens},
               {"seconds", report.seconds}};
  if (!report.warnings.empty()) json["warnings"] = report.warnings;
  if (report.more_warnings > 0) json["more_warnings"] = report.more_warnings;
  return json;
}

Json to_json(std::string_view base, const memory::IngestEvent& event) {
  using What = memory::IngestEvent::What;
  Json json = event.report ? to_json(base, *event.report) : Json{{"knowledge", base}};
  json["event"] = memory::word(event.what);
  if (!event.source.empty()) json["source"] = event.source;
  if (event.what == What::started) json["documents"] = event.total;
  if (event.what == What::added || event.what == What::changed) json["chunks"] = event.chunks;
  if (!event.why.empty()) json["error"] = event.why;
  return json;
}

std::string preview_text(std::string_view base, const memory::IngestPreview& preview) {
  std::string text =
      fmt::format("{}: {} would be added, {} changed, {} removed; {} unchanged", base, preview.added.size(),
                  preview.changed.size(), preview.removed.size(), preview.unchanged);
  if (!preview.asked.empty()) text += fmt::format(", {} to be asked for", preview.asked.size());
  if (preview.failed > 0) text += fmt::format(", {} failed", preview.failed);
  text += '\n';
  const std::pair<char, const std::vector<std::string>*> lists[] = {
      {'+', &preview.added}, {'~', &preview.changed}, {'-', &preview.removed}, {'?', &preview.asked}};
  for (const auto& [sign, sources] : lists)
    for (const std::string& source : *sources) text += fmt::format("{} {}\n", sign, source);
  return text;
}

Json to_json(std::string_view base, const memory::IngestPreview& preview) {
  Json json = {{"knowledge", base},
               {"dry_run", true},
               {"added", preview.added},
               {"changed", preview.changed},
               {"removed", preview.removed},
               {"asked", preview.asked},
               {"unchanged", preview.unchanged},
               {"failed", preview.failed}};
  if (!preview.warnings.empty()) json["warnings"] = preview.warnings;
  if (preview.more_warnings > 0) json["more_warnings"] = preview.more_warnings;
  return json;
}

Json page_json(const memory::BaseRow& base, const std::vector<memory::DocumentRow>& documents, bool more) {
  Json json = to_json(base);
  json["items"] = Json::array();
  for (const memory::DocumentRow& document : documents) json["items"].push_back(to_json(document));
  if (more && !documents.empty()) json["next"] = documents.back().source;
  return json;
}

bool concerns(std::string_view problem, const memory::BaseKey& key) {
  if (!problem.contains('`')) return true;
  return problem.contains(fmt::format("`{}`", key.tenant.empty() ? key.name : key.tenant + "/" + key.name));
}

std::string check_text(const std::vector<std::string>& problems, const std::optional<memory::BaseKey>& key) {
  const std::string name = key ? key->name : "NAME";
  if (problems.empty())
    return key ? fmt::format("`{}` is whole: its rows, terms and vectors agree\n", name)
               : "all bases are whole: their rows, terms and vectors agree\n";
  std::string text;
  bool damaged = false;
  for (const std::string& problem : problems) {
    text += problem + '\n';
    damaged = damaged || !problem.contains('`');
  }
  const std::string tenant = key && !key->tenant.empty() ? " --tenant " + key->tenant : "";
  if (damaged)
    return text +
           "the file is damaged: put a copy of it back, or move knowledge.db away and take the sources in "
           "again\n";
  return text + fmt::format(
                    "to mend it, begin the base anew: `troupe knowledge delete {0} --all{1}`, then "
                    "`troupe knowledge add {0}`, and what was added by hand{1}\n",
                    name, tenant);
}

std::string bases_table(const std::vector<memory::BaseRow>& bases) {
  std::vector<std::array<std::string, 5>> rows{{"knowledge", "tenant", "documents", "chunks", "embedding"}};
  for (const memory::BaseRow& base : bases)
    rows.push_back({base.key.name, base.key.tenant.empty() ? "(all)" : base.key.tenant,
                    std::to_string(base.documents), std::to_string(base.chunks), base.embedding});
  return table(rows, 2);
}

std::string documents_table(const std::vector<memory::DocumentRow>& documents) {
  std::vector<std::array<std::string, 6>> rows{{"taken in", "format", "from", "chunks", "text", "source"}};
  for (const memory::DocumentRow& document : documents)
    rows.push_back({day_of(document.at_ms), document.format, std::string(word(document.origin)),
                    std::to_string(document.chunks),
                    size_text(static_cast<std::uint64_t>(document.text_bytes)), document.source});
  return table(rows, 3);
}

Json to_json(const memory::BaseRow& base) {
  return {{"knowledge", base.key.name},   {"tenant", base.key.tenant},   {"documents", base.documents},
          {"chunks", base.chunks},        {"embedding", base.embedding}, {"dimensions", base.dimensions},
          {"generation", base.generation}};
}

Json to_json(const memory::DocumentRow& document) {
  Json json = {{"id", document.id},
               {"source", document.source},
               {"title", document.title},
               {"format", document.format},
               {"origin", word(document.origin)},
               {"chunks", document.chunks},
               {"text_bytes", document.text_bytes},
               {"at_ms", document.at_ms}};
  if (!document.metadata.empty()) json["metadata"] = document.metadata;
  if (!document.remarks.empty()) json["remarks"] = document.remarks;
  return json;
}

std::string hits_text(const memory::Retrieved& found) {
  std::string out;
  for (std::size_t i = 0; i < found.hits.size(); ++i) {
    const memory::Hit& hit = found.hits[i];
    if (i > 0) out += '\n';
    out += fmt::format("[{}] {:.4f} {}  {}", i + 1, hit.score, word(hit.score_kind),
                       hit.title.empty() ? hit.source : hit.title + " — " + hit.source);
    if (hit.page > 0) out += fmt::format(", page {}", hit.page);
    if (!hit.heading.empty()) out += fmt::format(" — {}", hit.heading);
    out += fmt::format("\n{}\n", hit.text);
  }
  if (found.hits.empty()) out = "nothing was found\n";
  return out;
}

}  // namespace troupe::app
