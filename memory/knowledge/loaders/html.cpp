#include "memory/knowledge/loaders/html.h"

#include "memory/knowledge/loaders/draft.h"
#include "memory/knowledge/loaders/html/article.h"
#include "memory/knowledge/loaders/html/page.h"
#include "memory/knowledge/loaders/html/tokens.h"
#include "models/builtin/utf8.h"
#include "runtime/base/ascii.h"

namespace troupe::memory::loaders {

namespace {

using html::Block;

constexpr std::size_t kDeclarationWithin = 1'024;

/// Items of a list and rows of a table stand together, everything else apart.
bool apart(const Block& before, const Block& after) {
  const bool grouped = after.kind == Block::Kind::item || after.kind == Block::Kind::row;
  return !grouped || before.kind != after.kind || before.group != after.group;
}

std::string charset_in(std::string_view content) {
  const std::string lowered = lower(content);
  const auto at = lowered.find("charset=");
  if (at == std::string::npos) return "";
  std::string_view value = std::string_view(lowered).substr(at + 8);
  if (value.starts_with('"') || value.starts_with('\'')) value.remove_prefix(1);
  return std::string(models::builtin::trim(value.substr(0, value.find_first_of("\"'; \t\n"))));
}

}  // namespace

Document load_html(std::string_view text, const LoadLimits& limits, bool links) {
  const html::Page page = html::read_page(
      text, {.links = links, .depth_max = limits.html_depth, .blocks_max = limits.html_blocks});
  Draft draft(Format::html, limits);
  draft.title(page.title);
  for (const auto& [key, value] : page.metadata) draft.metadata(key, value);
  if (page.unfinished)
    draft.remark("The page ends inside of a tag, a comment or a script; text may be missing at its end.");
  if (page.cut) draft.remark("The page has more paragraphs than are read; its end is missing.");

  const Block* before = nullptr;
  for (const std::size_t i : html::article_of(page)) {
    const Block& block = page.blocks[i];
    if (before && apart(*before, block)) draft.add("\n");
    if (block.kind == Block::Kind::heading) {
      if (block.level == 1) draft.title(page.text_of(block));
      draft.heading(block.level, page.text_of(block));
    }
    if (!draft.add(page.text_of(block))) break;
    before = &block;
  }
  return std::move(draft).finish();
}

std::string charset_of_page(std::string_view bytes) {
  html::Tokens tokens(bytes.substr(0, kDeclarationWithin));
  html::Token token;
  while (tokens.next(token)) {
    if (token.kind != html::Token::Kind::start_tag || token.name != "meta") continue;
    if (token.has(html::Attribute::charset))
      return std::string(models::builtin::trim(token[html::Attribute::charset]));
    if (lower(token[html::Attribute::http_equiv]) == "content-type")
      if (std::string charset = charset_in(token[html::Attribute::content]); !charset.empty()) return charset;
  }
  return "";
}

}  // namespace troupe::memory::loaders
