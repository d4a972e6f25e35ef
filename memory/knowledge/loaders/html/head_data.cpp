#include "memory/knowledge/loaders/html/head_data.h"

#include "memory/knowledge/loaders/html/entities.h"
#include "models/builtin/utf8.h"
#include "runtime/base/ascii.h"

#include <array>

namespace troupe::memory::loaders::html {

using models::builtin::clip;
using models::builtin::trim;

void HeadData::found(Field field, int rank, std::string_view value) {
  value = trim(value);
  if (value.empty() || rank >= values_[field].rank) return;
  values_[field] = {unescaped_attribute(clip(value, kValueBytes)), rank};
}

void HeadData::title(std::string_view text) {
  text = trim(text);
  if (!text.empty() && values_[kTitle].rank > 2) values_[kTitle] = {std::string(clip(text, kValueBytes)), 2};
}

void HeadData::see(const Token& tag) {
  if (tag.name == "html") {
    found(kLanguage, 0, tag[Attribute::lang]);
  } else if (tag.name == "meta") {
    see_meta(tag);
  } else if (tag.name == "link" && lower(trim(clip(tag[Attribute::rel], 64))) == "canonical") {
    found(kUrl, 0, tag[Attribute::href]);
  }
}

void HeadData::see_meta(const Token& tag) {
  struct Known {
    std::string_view name;
    Field field;
    int rank;
  };
  static constexpr Known kKnown[] = {
      {"og:title", kTitle, 1},
      {"twitter:title", kTitle, 3},
      {"content-language", kLanguage, 1},
      {"og:locale", kLanguage, 2},
      {"description", kDescription, 0},
      {"og:description", kDescription, 1},
      {"twitter:description", kDescription, 2},
      {"author", kAuthor, 0},
      {"article:author", kAuthor, 1},
      {"dc.creator", kAuthor, 2},
      {"article:published_time", kDate, 0},
      {"datepublished", kDate, 1},
      {"date", kDate, 2},
      {"dc.date", kDate, 3},
      {"dc.date.issued", kDate, 4},
      {"pubdate", kDate, 5},
      {"og:url", kUrl, 1},
      {"og:site_name", kSite, 0},
      {"application-name", kSite, 1},
  };
  for (const Attribute attribute :
       {Attribute::property, Attribute::name, Attribute::itemprop, Attribute::http_equiv}) {
    const std::string name = lower(trim(clip(tag[attribute], 64)));
    if (name.empty()) continue;
    for (const Known& known : kKnown)
      if (known.name == name) found(known.field, known.rank, tag[Attribute::content]);
  }
}

void HeadData::store(Page& page) const {
  static constexpr std::array<std::string_view, kFields> kKeys = {"",     "language", "description", "author",
                                                                  "date", "url",      "site"};
  page.title = values_[kTitle].text;
  for (int field = kLanguage; field < kFields; ++field) {
    const auto at = static_cast<std::size_t>(field);
    if (!values_[at].text.empty()) page.metadata.emplace_back(kKeys[at], values_[at].text);
  }
}

}  // namespace troupe::memory::loaders::html
