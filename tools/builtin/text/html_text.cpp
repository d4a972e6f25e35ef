#include "tools/builtin/text/html_text.h"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <utility>

namespace troupe::tools {

namespace {

constexpr std::size_t kEntityLength = 12;

void append_utf8(std::string& out, std::uint32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | (c >> 6));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | (c >> 12));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (c >> 18));
    out += static_cast<char>(0x80 | ((c >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

// "#039" or "#x2013": false when it names no character.
bool append_numeric(std::string& out, std::string_view digits) {
  const bool hex = digits.size() > 1 && (digits[1] | 0x20) == 'x';
  digits.remove_prefix(hex ? 2 : 1);
  if (digits.empty() || digits.size() > 7) return false;
  std::uint32_t value = 0;
  for (char c : digits) {
    const auto byte = static_cast<unsigned char>(c);
    if (hex ? !std::isxdigit(byte) : !std::isdigit(byte)) return false;
    value = value * (hex ? 16 : 10) +
            static_cast<std::uint32_t>(std::isdigit(byte) ? c - '0' : (c | 0x20) - 'a' + 10);
  }
  if (value == 0 || value > 0x10FFFF || (value >= 0xD800 && value < 0xE000)) return false;
  append_utf8(out, value == 0xA0 ? ' ' : value);
  return true;
}

bool append_entity(std::string& out, std::string_view name) {
  // The ones that appear in text; the other two thousand are letters that pages write as letters.
  static constexpr std::pair<std::string_view, std::string_view> kNamed[] = {
      {"amp", "&"},    {"lt", "<"},     {"gt", ">"},     {"quot", "\""},  {"apos", "'"},   {"nbsp", " "},
      {"ndash", "–"},  {"mdash", "—"},  {"hellip", "…"}, {"lsquo", "‘"},  {"rsquo", "’"},  {"ldquo", "“"},
      {"rdquo", "”"},  {"laquo", "«"},  {"raquo", "»"},  {"bull", "•"},   {"middot", "·"}, {"deg", "°"},
      {"times", "×"},  {"minus", "−"},  {"plusmn", "±"}, {"frac12", "½"}, {"copy", "©"},   {"reg", "®"},
      {"trade", "™"},  {"euro", "€"},   {"pound", "£"},  {"thinsp", " "}, {"ensp", " "},   {"emsp", " "},
      {"eacute", "é"}, {"egrave", "è"}, {"agrave", "à"}, {"aacute", "á"}, {"ccedil", "ç"}, {"ntilde", "ñ"},
      {"ouml", "ö"},   {"uuml", "ü"},   {"auml", "ä"},   {"szlig", "ß"},  {"shy", ""},     {"zwnj", ""}};
  if (!name.empty() && name[0] == '#') return append_numeric(out, name);
  const auto* found =
      std::find_if(std::begin(kNamed), std::end(kNamed), [&](const auto& e) { return e.first == name; });
  if (found == std::end(kNamed)) return false;
  out += found->second;
  return true;
}

/// "<h2 class=…>" or "</h2>".
struct Tag {
  std::string name;
  bool closing = false;
  std::size_t end = 0;  // behind the '>'
};

Tag read_tag(std::string_view html, std::size_t at) {
  Tag tag;
  std::size_t i = at + 1;
  if (i < html.size() && html[i] == '/') {
    tag.closing = true;
    ++i;
  }
  for (; i < html.size() && std::isalnum(static_cast<unsigned char>(html[i])); ++i)
    tag.name += static_cast<char>(std::tolower(static_cast<unsigned char>(html[i])));
  char quote = 0;  // a '>' inside a quoted attribute does not end the tag
  for (; i < html.size(); ++i) {
    if (quote) {
      if (html[i] == quote) quote = 0;
    } else if (html[i] == '"' || html[i] == '\'') {
      quote = html[i];
    } else if (html[i] == '>') {
      break;
    }
  }
  tag.end = std::min(i + 1, html.size());
  return tag;
}

bool breaks_line(const std::string& name) {
  static constexpr std::string_view kBlocks[] = {"p",       "div",     "br", "li", "ul", "ol",
                                                 "tr",      "table",   "dd", "dt", "dl", "blockquote",
                                                 "section", "article", "hr", "pre"};
  return std::find(std::begin(kBlocks), std::end(kBlocks), name) != std::end(kBlocks);
}

bool is_heading(const std::string& name) {
  return name.size() == 2 && name[0] == 'h' && name[1] >= '1' && name[1] <= '6';
}

bool hides_content(const std::string& name) {
  return name == "script" || name == "style";
}

std::size_t find_closing(std::string_view html, std::size_t from, const std::string& name) {
  for (std::size_t at = html.find("</", from); at != std::string_view::npos; at = html.find("</", at + 2)) {
    const Tag tag = read_tag(html, at);
    if (tag.name == name) return tag.end;
  }
  return html.size();
}

}  // namespace

std::string decode_entities(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '&') {
      const auto end = text.substr(i, kEntityLength).find(';');
      if (end != std::string_view::npos && append_entity(out, text.substr(i + 1, end - 1))) {
        i += end;
        continue;
      }
    }
    out += text[i];
  }
  return out;
}

std::string fold_blanks(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  int newlines = 0;
  bool blank = false;
  for (char c : text) {
    if (c == '\n') {
      ++newlines;
      blank = false;
    } else if (c == ' ' || c == '\t' || c == '\r') {
      blank = true;
    } else {
      if (newlines > 0 && !out.empty()) out.append(static_cast<std::size_t>(std::min(newlines, 2)), '\n');
      if (blank && newlines == 0 && !out.empty()) out += ' ';
      newlines = 0;
      blank = false;
      out += c;
    }
  }
  return out;
}

std::string html_to_text(std::string_view html) {
  std::string raw;
  raw.reserve(html.size());
  for (std::size_t i = 0; i < html.size();) {
    const char next = i + 1 < html.size() ? html[i + 1] : '\0';
    const bool is_tag =
        html[i] == '<' && (std::isalpha(static_cast<unsigned char>(next)) || next == '/' || next == '!');
    if (!is_tag) {
      // In HTML a line break is a blank.
      raw += html[i] == '\n' ? ' ' : html[i];
      ++i;
      continue;
    }
    if (html.substr(i, 4) == "<!--") {
      const auto end = html.find("-->", i);
      i = end == std::string_view::npos ? html.size() : end + 3;
      continue;
    }
    const Tag tag = read_tag(html, i);
    i = tag.end;
    if (is_heading(tag.name)) {
      const std::string marks(static_cast<std::size_t>(tag.name[1] - '0'), '=');
      raw += tag.closing ? " " + marks + "\n" : "\n\n" + marks + " ";
    } else if (breaks_line(tag.name)) {
      raw += '\n';
    } else if (hides_content(tag.name) && !tag.closing) {
      i = find_closing(html, i, tag.name);
    }
  }
  return fold_blanks(decode_entities(raw));
}

}  // namespace troupe::tools
