#include "memory/knowledge/loaders/html/tokens.h"

#include "models/builtin/utf8.h"
#include "runtime/base/ascii.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace troupe::memory::loaders::html {

namespace {

using models::builtin::is_letter;
constexpr auto kEnd = std::string_view::npos;

/// In the order of Attribute.
constexpr std::string_view kAttributes[] = {"alt",      "aria-hidden", "charset", "class",      "content",
                                            "datetime", "hidden",      "href",    "http-equiv", "id",
                                            "itemprop", "lang",        "name",    "property",   "rel",
                                            "role",     "start",       "style",   "type"};
static_assert(std::size(kAttributes) == static_cast<std::size_t>(Attribute::count));
constexpr std::size_t kLongestAttribute = 11;

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

bool starts_with_name(std::string_view text, std::string_view name) {
  return text.size() >= name.size() &&
         std::equal(name.begin(), name.end(), text.begin(), [](char a, char b) { return a == lower(b); });
}

/// `name` stands at the beginning of `text`, as the whole name of a tag.
bool is_tag_name(std::string_view text, std::string_view name) {
  if (!starts_with_name(text, name) || text.size() == name.size()) return false;
  const char c = text[name.size()];
  return is_space(c) || c == '/' || c == '>';
}

bool is_raw(std::string_view name) {
  constexpr std::string_view kRaw[] = {"script", "style",   "title",    "textarea", "xmp",
                                       "iframe", "noembed", "noframes", "plaintext"};
  return std::ranges::find(kRaw, name) != std::end(kRaw);
}

std::size_t raw_end(std::string_view page, std::size_t from, std::string_view name) {
  for (auto at = page.find("</", from); at != kEnd; at = page.find("</", at + 2))
    if (is_tag_name(page.substr(at + 2), name)) return at;
  return kEnd;
}

/// A script that holds <!-- may hold <script> … </script> too (script data double escaped state).
std::size_t script_end(std::string_view page, std::size_t from) {
  enum { plain, escaped, twice } state = plain;
  for (auto at = page.find_first_of("<>", from); at != kEnd; at = page.find_first_of("<>", at + 1)) {
    const std::string_view rest = page.substr(at);
    if (rest[0] == '>') {
      if (at >= from + 2 && page.substr(at - 2, 2) == "--") state = plain;
    } else if (rest.starts_with("<!--")) {
      if (state == plain) state = escaped;
    } else if (rest.starts_with("</") && is_tag_name(rest.substr(2), "script")) {
      if (state != twice) return at;
      state = escaped;
    } else if (state == escaped && is_tag_name(rest.substr(1), "script")) {
      state = twice;
    }
  }
  return kEnd;
}

}  // namespace

bool Tokens::next(Token& token) {
  if (!raw_.empty()) return raw_text(token);
  while (at_ < page_.size()) {
    if (at() != '<') {
      // Up to what begins a tag: a < before anything else is text.
      std::size_t end = at_;
      do {
        end = page_.find('<', end + 1);
      } while (end != kEnd && end + 1 < page_.size() && !is_letter(page_[end + 1]) && page_[end + 1] != '/' &&
               page_[end + 1] != '!' && page_[end + 1] != '?');
      return text_until(end, true, token);
    }
    if (is_letter(at(1)) || (at(1) == '/' && is_letter(at(2)))) {
      if (tag(token)) return true;
    } else if (at(1) == '!') {
      markup_declaration();
    } else if (at(1) == '?' || (at(1) == '/' && at_ + 2 < page_.size())) {
      skip_past(">", at_ + 2);
    } else {
      std::size_t end = at_ + 1;
      while (end < page_.size() && page_[end] == '<' && end + 1 < page_.size() && page_[end + 1] == '<')
        ++end;
      return text_until(end, true, token);
    }
  }
  return false;
}

bool Tokens::text_until(std::size_t end, bool references, Token& token) {
  end = std::min(end, page_.size());
  token.kind = Token::Kind::text;
  token.text = page_.substr(at_, end - at_);
  token.references = references;
  at_ = end;
  return true;
}

bool Tokens::raw_text(Token& token) {
  const std::string name = std::exchange(raw_, {});
  const std::size_t end = name == "script"      ? script_end(page_, at_)
                          : name == "plaintext" ? kEnd
                                                : raw_end(page_, at_, name);
  if (end == kEnd) unfinished_ = true;
  return text_until(end, name == "title" || name == "textarea", token);
}

bool Tokens::tag(Token& token) {
  const bool end_tag = at(1) == '/';
  at_ += end_tag ? 2 : 1;
  token.kind = end_tag ? Token::Kind::end_tag : Token::Kind::start_tag;
  token.name.clear();
  for (char c; at_ < page_.size() && !is_space(c = at()) && c != '/' && c != '>'; ++at_)
    if (token.name.size() < Token::kNameBytes) token.name += lower(c);
  token.has_.fill(false);
  token.values_.fill({});
  attributes(token);
  if (at_ >= page_.size()) {  // without its > there is no tag
    unfinished_ = true;
    return false;
  }
  ++at_;
  if (!end_tag && is_raw(token.name)) raw_ = token.name;
  return true;
}

/// Up to the > of the tag, or the end of the page.
void Tokens::attributes(Token& token) {
  while (at_ < page_.size() && at() != '>') {
    if (is_space(at()) || at() == '/')
      ++at_;
    else
      attribute(token);
  }
}

void Tokens::attribute(Token& token) {
  const std::size_t begin = at_++;  // a = in front is part of the name
  for (char c; at_ < page_.size() && !is_space(c = at()) && c != '/' && c != '>' && c != '=';) ++at_;
  const std::string_view name = page_.substr(begin, at_ - begin);
  while (at_ < page_.size() && is_space(at())) ++at_;
  std::string_view value;
  if (at_ < page_.size() && at() == '=') {
    ++at_;
    value = attribute_value();
  }
  if (name.size() > kLongestAttribute) return;
  for (std::size_t i = 0; i < std::size(kAttributes); ++i) {
    if (name.size() != kAttributes[i].size() || !starts_with_name(name, kAttributes[i])) continue;
    if (!token.has_[i]) token.values_[i] = value;  // the first of a name counts
    token.has_[i] = true;
  }
}

std::string_view Tokens::attribute_value() {
  while (at_ < page_.size() && is_space(at())) ++at_;
  if (at() == '"' || at() == '\'') {
    const char quote = at();
    const std::size_t begin = ++at_;
    at_ = std::min(page_.find(quote, begin), page_.size());
    const std::string_view value = page_.substr(begin, at_ - begin);
    if (at_ < page_.size()) ++at_;
    return value;
  }
  const std::size_t begin = at_;
  while (at_ < page_.size() && !is_space(at()) && at() != '>') ++at_;
  return page_.substr(begin, at_ - begin);
}

void Tokens::markup_declaration() {
  if (!page_.substr(at_).starts_with("<!--")) return skip_past(">", at_ + 2);
  const std::string_view rest = page_.substr(at_ + 4);
  if (rest.starts_with(">") || rest.starts_with("->")) return skip_past(">", at_ + 4);
  for (auto end = page_.find("--", at_ + 4); end != kEnd; end = page_.find("--", end + 1)) {
    const std::string_view after = page_.substr(end + 2);
    if (!after.starts_with(">") && !after.starts_with("!>")) continue;
    at_ = end + (after[0] == '>' ? 3 : 4);
    return;
  }
  at_ = page_.size();
  unfinished_ = true;
}

void Tokens::skip_past(std::string_view closer, std::size_t from) {
  const auto end = page_.find(closer, from);
  unfinished_ |= end == kEnd;
  at_ = end == kEnd ? page_.size() : end + closer.size();
}

}  // namespace troupe::memory::loaders::html
