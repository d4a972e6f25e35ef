#pragma once

#include "memory/knowledge/loaders/html/page.h"
#include "memory/knowledge/loaders/html/tokens.h"

#include <string>
#include <string_view>

namespace troupe::memory::loaders::html {

/// Collects what a page says of itself in its head: title, language, description, author, date, canonical
/// URL, site. Of several sources the first of the best kind counts (Open Graph before the old meta names).
class HeadData {
 public:
  /// Looks at a start tag: <html>, <meta>, <link>.
  void see(const Token& tag);
  /// The text of <title>, references replaced.
  void title(std::string_view text);

  /// Puts what was found into the page.
  void store(Page& page) const;

 private:
  enum Field { kTitle, kLanguage, kDescription, kAuthor, kDate, kUrl, kSite, kFields };
  static constexpr std::size_t kValueBytes = 4u << 10;

  void found(Field field, int rank, std::string_view value);
  void see_meta(const Token& tag);

  struct Value {
    std::string text;
    int rank = 1'000;
  };
  Value values_[kFields];
};

}  // namespace troupe::memory::loaders::html
