#include "tools/builtin/wikipedia/article.h"

#include "runtime/base/ascii.h"
#include "tools/builtin/text/html_text.h"
#include "tools/builtin/text/sentences.h"

#include <algorithm>

namespace troupe::tools {

namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\n')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\n')) text.remove_suffix(1);
  return text;
}

// "== History ==" → 2 and the title; 0 for other lines.
int heading_level(std::string_view line, std::string_view& title) {
  line = trimmed(line);
  const auto begin = std::min(line.find_first_not_of('='), line.size());
  if (begin < 2 || begin > 6 || line.size() < 2 * begin + 1) return 0;
  if (line.substr(line.size() - begin) != std::string(begin, '=')) return 0;
  title = trimmed(line.substr(begin, line.size() - 2 * begin));
  return title.empty() ? 0 : static_cast<int>(begin);
}

// What is left where a pronunciation or a listen link was dropped: "Kazuo Ishiguro  (; born 1954)", "Seoul (
// )".
std::string without_gaps(std::string text) {
  for (const auto& [gap, mended] : {std::pair{"(; ", "("}, std::pair{"( ; ", "("}, std::pair{"( , ", "("},
                                    std::pair{"(, ", "("}, std::pair{" ()", ""}, std::pair{" ( )", ""}}) {
    for (auto at = text.find(gap); at != std::string::npos; at = text.find(gap, at))
      text.replace(at, std::string_view(gap).size(), mended);
  }
  return text;
}

bool has_matter(std::string_view title) {
  static constexpr std::string_view kWithout[] = {"see also",        "references", "external links",
                                                  "further reading", "notes",      "bibliography",
                                                  "citations",       "sources",    "footnotes"};
  return std::find(std::begin(kWithout), std::end(kWithout), lower(title)) == std::end(kWithout);
}

}  // namespace

Article::Article(std::string_view text) {
  sections_.emplace_back();
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    at = end + 1;
    std::string_view title;
    if (const int level = heading_level(line, title)) {
      sections_.push_back({std::string(title), level, ""});
    } else {
      sections_.back().text += line;
      sections_.back().text += '\n';
    }
  }
  for (Section& section : sections_) section.text = without_gaps(fold_blanks(section.text));
}

std::string Article::summary(int sentences) const {
  // Some pages begin with a heading.
  const auto first =
      std::find_if(sections_.begin(), sections_.end(), [](const Section& s) { return !s.text.empty(); });
  if (first == sections_.end()) return "";
  const auto all = split_sentences(first->text);
  const std::size_t count = std::min(all.size(), static_cast<std::size_t>(std::max(sentences, 1)));
  const char* begin = all.front().data();
  const char* end = all[count - 1].data() + all[count - 1].size();
  return std::string(begin, end);
}

std::vector<std::string> Article::outline() const {
  std::vector<std::string> titles;
  for (const Section& section : sections_)
    if (section.level == 2 && has_matter(section.title)) titles.push_back(section.title);
  return titles;
}

std::optional<std::string> Article::section(std::string_view title) const {
  const std::string wanted = lower(trimmed(title));
  const auto found = std::find_if(sections_.begin(), sections_.end(),
                                  [&](const Section& s) { return lower(s.title) == wanted; });
  if (found == sections_.end()) return std::nullopt;
  std::string text = found->text;
  for (auto next = found + 1; next != sections_.end() && next->level > found->level && found->level > 1;
       ++next) {
    if (!text.empty()) text += "\n\n";
    text += std::string(static_cast<std::size_t>(next->level), '=') + " " + next->title + " " +
            std::string(static_cast<std::size_t>(next->level), '=') + "\n" + next->text;
  }
  return text;
}

std::vector<Article::Match> Article::lookup(std::string_view words) const {
  std::vector<Match> matches;
  const std::string wanted = lower(trimmed(words));
  if (wanted.empty()) return matches;
  for (const Section& section : sections_) {
    const auto sentences = split_sentences(section.text);
    for (std::size_t i = 0; i < sentences.size(); ++i) {
      if (lower(sentences[i]).find(wanted) == std::string::npos) continue;
      std::string text(sentences[i]);
      // The next sentence of the same paragraph often holds what was looked for.
      if (i + 1 < sentences.size()) {
        const std::string_view between(sentences[i].data() + sentences[i].size(), sentences[i + 1].data());
        if (between.find('\n') == std::string_view::npos) text += " " + std::string(sentences[i + 1]);
      }
      matches.push_back({section.title, std::move(text)});
    }
  }
  return matches;
}

std::vector<std::string> choices_in(const Article& article, std::size_t count_max) {
  std::vector<std::string> choices;
  for (const Section& section : article.sections()) {
    if (!has_matter(section.title)) continue;
    std::string_view text = section.text;
    while (!text.empty() && choices.size() < count_max) {
      const auto end = std::min(text.find('\n'), text.size());
      const std::string_view line = trimmed(text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
      if (!line.empty() && line.back() != ':') choices.emplace_back(line);  // "Mercury may refer to:" is none
    }
  }
  return choices;
}

}  // namespace troupe::tools
