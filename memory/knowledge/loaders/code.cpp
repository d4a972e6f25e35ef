#include "memory/knowledge/loaders/code.h"

#include "memory/knowledge/loaders/draft.h"
#include "memory/knowledge/loaders/outline.h"
#include "models/builtin/utf8.h"

#include <algorithm>

namespace troupe::memory::loaders {

namespace {

constexpr auto kNone = std::string_view::npos;

bool has_odd_count(std::string_view line, std::string_view part) {
  bool odd = false;
  for (auto at = line.find(part); at != kNone; at = line.find(part, at + part.size())) odd = !odd;
  return odd;
}

/// Whether lines are within a comment or a text, as far as it takes to read no definitions out of these.
class Prose {
 public:
  explicit Prose(bool python) : python_(python) {}

  /// True: the line is, or begins or ends such a thing.
  bool holds(std::string_view line) {
    const bool inside = inside_;
    if (python_) {
      if (has_odd_count(line, "\"\"\"") || has_odd_count(line, "'''")) inside_ = !inside_;
    } else if (inside_) {
      inside_ = line.find("*/") == kNone;
    } else {
      // Only at the beginning of a line: "/*" is part of many texts.
      const std::string_view content = models::builtin::trim(line);
      inside_ = content.starts_with("/*") && content.find("*/", 2) == kNone;
    }
    return inside || inside_;
  }

 private:
  const bool python_;
  bool inside_ = false;
};

}  // namespace

Document load_code(std::string_view text, std::string_view language, const LoadLimits& limits) {
  Draft draft(Format::code, limits);
  draft.metadata("language", language);
  Prose prose(language == "python");
  for (std::size_t at = 0; at < text.size() && !draft.full();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    at = end + 1;
    if (!prose.holds(line))
      if (const auto definition = definition_in(line, language))
        draft.heading(definition->level, definition->text);
    draft.add(line.empty() ? "\n" : line);
  }
  return std::move(draft).finish();
}

}  // namespace troupe::memory::loaders
