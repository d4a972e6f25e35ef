#include "models/builtin/research_notes.h"

#include "models/builtin/shared_words.h"
#include "models/builtin/team_phrases.h"
#include "models/builtin/topic.h"
#include "models/builtin/utf8.h"
#include "models/builtin/write_up.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::models::builtin {

namespace {

constexpr std::size_t kNotes = 6;
constexpr std::size_t kRanked = 40;  // of which those about the topic are kept

std::string source_of(const Passage& passage) {
  if (passage.title.empty() || passage.url.empty()) return passage.title + passage.url;
  return fmt::format("{} — {}", passage.title, passage.url);
}

}  // namespace

std::string research_notes(const Subject& topic, const std::vector<Passage>& passages) {
  std::vector<Material> material;
  for (const Passage& passage : passages)
    material.push_back({.of = passage.title, .by = {}, .text = passage.text});
  std::vector<std::string> sources;
  std::string notes;
  std::size_t count = 0;
  for (const Telling& one : most_telling(material, topic.query, kRanked)) {
    const std::string& title = material[one.material].of;
    const std::size_t in_text = shared(topic.terms, content_stems(one.text));
    const std::size_t in_both = shared(topic.terms, content_stems(fmt::format("{} {}", title, one.text)));
    if (2 * in_text < topic.terms.size() && 3 * in_both < 2 * topic.terms.size()) continue;
    if (++count > kNotes) break;
    notes += fmt::format("- {}\n", one.text);
    std::string source = source_of(passages[one.material]);
    if (!source.empty() && std::ranges::find(sources, source) == sources.end())
      sources.push_back(std::move(source));
  }
  if (count < 2) return {};
  if (!sources.empty()) notes += "\n" + phrases::sources_label(language_of(topic.query));
  for (const std::string& source : sources) notes += "\n- " + source;
  return std::string(trim(notes));
}

}  // namespace troupe::models::builtin
