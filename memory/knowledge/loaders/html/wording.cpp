#include "memory/knowledge/loaders/html/wording.h"

#include "models/builtin/utf8.h"
#include "runtime/base/ascii.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace troupe::memory::loaders::html {

namespace {

using models::builtin::is_letter;
using models::builtin::trim;

constexpr std::size_t kReadBytes = 256;  // of a class or an id
constexpr std::size_t kStyleBytes = 512;

constexpr auto kFrameWords = std::to_array<std::string_view>({
    "ad",          "ads",         "advert",    "advertisement", "adverts",     "agegate",  "banner",
    "breadcrumb",  "breadcrumbs", "byline",    "captcha",       "catlinks",    "comment",  "comments",
    "consent",     "cookie",      "cookies",   "disqus",        "editsection", "footer",   "gdpr",
    "hatnote",     "jump",        "login",     "masthead",      "menu",        "metadata", "modal",
    "nav",         "navbar",      "navbox",    "navigation",    "newsletter",  "noprint",  "outbrain",
    "pager",       "pagination",  "paywall",   "popup",         "printfooter", "promo",    "rail",
    "recommended", "related",     "rss",       "searchform",    "share",       "sharing",  "shoutbox",
    "sidebar",     "signin",      "signup",    "sitenotice",    "skip",        "social",   "sponsor",
    "sponsored",   "sr",          "subscribe", "taboola",       "tags",        "toc",      "toolbar",
    "tooltip",     "widget",
});
static_assert(std::ranges::is_sorted(kFrameWords));

constexpr auto kTextWords = std::to_array<std::string_view>({
    "article",
    "body",
    "column",
    "content",
    "entry",
    "layout",
    "main",
    "page",
    "post",
    "story",
    "text",
    "wrapper",
});
static_assert(std::ranges::is_sorted(kTextWords));

constexpr auto kFrameRoles = std::to_array<std::string_view>({
    "alert",
    "alertdialog",
    "banner",
    "complementary",
    "contentinfo",
    "dialog",
    "menu",
    "menubar",
    "navigation",
    "search",
    "toolbar",
});

/// Calls `use` with each word: letters, divided also where a capital begins ("siteFooter").
template <class Use>
void for_each_word(std::string_view text, Use use) {
  std::string word;
  for (char c : text.substr(0, kReadBytes)) {
    const bool capital = c >= 'A' && c <= 'Z';
    if ((capital || !is_letter(c)) && !word.empty()) use(word), word.clear();
    if (is_letter(c)) word += static_cast<char>(c | 0x20);
  }
  if (!word.empty()) use(word);
}

}  // namespace

bool says_hidden(const Token& tag) {
  if (tag.has(Attribute::hidden) && tag[Attribute::hidden] != "until-found") return true;
  if (tag[Attribute::aria_hidden] == "true") return true;
  if (!tag.has(Attribute::style)) return false;
  std::string style = lower(tag[Attribute::style].substr(0, kStyleBytes));
  std::erase_if(style, [](char c) { return c == ' ' || c == '\t' || c == '\n'; });
  return style.find("display:none") != std::string::npos ||
         style.find("visibility:hidden") != std::string::npos;
}

bool says_boilerplate(const Token& tag) {
  if (std::ranges::find(kFrameRoles, lower(trim(tag[Attribute::role].substr(0, kReadBytes)))) !=
      kFrameRoles.end())
    return true;
  bool frame = false, text = false;
  for (const Attribute attribute : {Attribute::class_, Attribute::id}) {
    for_each_word(tag[attribute], [&](const std::string& word) {
      frame |= std::ranges::binary_search(kFrameWords, word);
      text |= std::ranges::binary_search(kTextWords, word);
    });
  }
  return frame && !text;
}

bool says_main(const Token& tag) {
  return lower(trim(tag[Attribute::role].substr(0, kReadBytes))) == "main";
}

}  // namespace troupe::memory::loaders::html
