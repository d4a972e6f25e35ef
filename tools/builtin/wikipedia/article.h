#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::tools {

/// A section of a page: its heading and the text below it, up to the next heading of any level.
struct Section {
  std::string title;  ///< "" for the introduction
  int level = 1;      ///< 2 for `== title ==`
  std::string text;
};

/// The text of a wiki page, cut at its headings. Pure; moves only.
class Article {
 public:
  explicit Article(std::string_view text);

  const std::vector<Section>& sections() const { return sections_; }
  /// The first sentences of the introduction, paragraphs kept apart.
  std::string summary(int sentences) const;
  /// Headings of the top level, for "sections: …"; those without an article's matter (References…) left out.
  std::vector<std::string> outline() const;
  /// A section with its subsections, by title without regard to case; nothing when there is none.
  std::optional<std::string> section(std::string_view title) const;

  /// A place where a word stands.
  struct Match {
    std::string section;
    std::string text;  ///< the sentence and the next one
  };
  /// Every sentence that has `words` in it, without regard to case, in order.
  std::vector<Match> lookup(std::string_view words) const;

 private:
  std::vector<Section> sections_;
};

/// Lines of a disambiguation page that name a choice: "Mercury (planet), the closest planet to the Sun".
std::vector<std::string> choices_in(const Article& article, std::size_t count_max);

}  // namespace troupe::tools
