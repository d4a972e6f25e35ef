#include "memory/knowledge/ingest/path_pattern.h"

#include "memory/knowledge/ingest/limits.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

namespace troupe::memory {

namespace {

constexpr std::string_view kAnyFolders = "**";

/// Bytes of the character that begins at `at`; a byte that begins none counts by itself.
std::size_t character_bytes(std::string_view text, std::size_t at) {
  std::size_t end = at + 1;
  if (static_cast<unsigned char>(text[at]) >= 0xC0)
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) ++end;
  return end - at;
}

/// One element of a part that stands for one character.
struct Element {
  std::size_t bytes = 1;  ///< of the part
  bool fits = false;      ///< the character
};

/// `[…]` at `at`; nothing when it is not closed, and so a bracket like any other character.
std::optional<Element> bracket(std::string_view part, std::size_t at, std::string_view character) {
  std::size_t i = at + 1;
  const bool other = i < part.size() && (part[i] == '!' || part[i] == '^');
  i += other ? 1 : 0;
  bool found = false;
  for (bool first = true; i < part.size(); first = false) {
    if (part[i] == ']' && !first) return Element{i + 1 - at, found != other};
    const std::string_view low = part.substr(i, character_bytes(part, i));
    i += low.size();
    std::string_view high = low;
    if (i + 1 < part.size() && part[i] == '-' && part[i + 1] != ']') {
      high = part.substr(i + 1, character_bytes(part, i + 1));
      i += 1 + high.size();
    }
    // The order of UTF-8 as bytes is that of code points.
    found = found || (low <= character && character <= high);
  }
  return std::nullopt;
}

Element element(std::string_view part, std::size_t at, std::string_view character) {
  if (part[at] == '?') return {1, true};
  if (part[at] == '[')
    if (const auto set = bracket(part, at, character)) return *set;
  const std::size_t skip = part[at] == '\\' && at + 1 < part.size() ? 1 : 0;
  const std::size_t bytes = character_bytes(part, at + skip);
  return {skip + bytes, part.substr(at + skip, bytes) == character};
}

bool has_wildcard(std::string_view part) {
  return part.find_first_of("*?[\\") != std::string_view::npos;
}

/// Where the `}` of the `{` at `open` stands, and the commas between.
struct Braces {
  std::size_t close = 0;
  std::vector<std::size_t> commas;
};
std::optional<Braces> braces_at(std::string_view text, std::size_t open) {
  Braces found;
  std::size_t depth = 0;
  for (std::size_t i = open; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '{') {
      ++depth;
    } else if (text[i] == ',' && depth == 1) {
      found.commas.push_back(i);
    } else if (text[i] == '}' && --depth == 0) {
      found.close = i;
      return found;
    }
  }
  return std::nullopt;
}

std::size_t find_brace(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '{') return i;
    if (text[i] == '\\') ++i;
  }
  return std::string_view::npos;
}

/// The texts that `text` stands for, its outermost braces first; nothing: one is not closed, or there are too
/// many.
std::optional<std::vector<std::string>> without_braces(std::string_view text) {
  std::vector<std::string> waiting{std::string(text)}, done;
  while (!waiting.empty()) {
    const std::string next = std::move(waiting.back());
    waiting.pop_back();
    const std::size_t open = find_brace(next);
    if (open == std::string::npos) {
      done.push_back(next);
      continue;
    }
    auto braces = braces_at(next, open);
    if (!braces || done.size() + waiting.size() + braces->commas.size() + 1 > limits::kPatternAlternatives)
      return std::nullopt;
    std::size_t begin = open + 1;
    braces->commas.push_back(braces->close);
    for (const std::size_t end : braces->commas) {
      waiting.push_back(next.substr(0, open) + next.substr(begin, end - begin) +
                        next.substr(braces->close + 1));
      begin = end + 1;
    }
  }
  std::ranges::sort(done);
  done.erase(std::ranges::unique(done).begin(), done.end());
  return done;
}

}  // namespace

bool is_path_pattern(std::string_view source) {
  return source.find_first_of("*?[{") != std::string_view::npos;
}

bool name_matches(std::string_view part, std::string_view name) {
  // After a mismatch only the last `*` need take one character more: what earlier ones took is then as good
  // as anything.
  std::size_t p = 0, n = 0, star = std::string_view::npos, taken = 0;
  while (n < name.size()) {
    const std::string_view character = name.substr(n, character_bytes(name, n));
    if (p < part.size() && part[p] == '*') {
      star = ++p;
      taken = n;
      continue;
    }
    const Element next = p < part.size() ? element(part, p, character) : Element{};
    if (next.fits) {
      p += next.bytes;
      n += character.size();
    } else if (star != std::string_view::npos) {
      p = star;
      taken += character_bytes(name, taken);
      n = taken;
    } else {
      return false;
    }
  }
  while (p < part.size() && part[p] == '*') ++p;
  return p == part.size();
}

bool PathPattern::any_name() const {
  return parts_.back() == kAnyFolders || parts_.back() == "*";
}

PathPattern::State PathPattern::with_empty(State state) const {
  for (std::size_t i = 0; i < parts_.size(); ++i)
    if ((state >> i & 1) != 0 && parts_[i] == kAnyFolders) state |= State{1} << (i + 1);
  return state;
}

PathPattern::State PathPattern::enter(State state, std::string_view name) const {
  const bool hidden = name.starts_with('.');
  State next = 0;
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    if ((state >> i & 1) == 0) continue;
    if (parts_[i] == kAnyFolders) {
      if (!hidden) next |= State{1} << i;
    } else if ((!hidden || parts_[i].starts_with('.')) && name_matches(parts_[i], name)) {
      next |= State{1} << (i + 1);
    }
  }
  return with_empty(next);
}

Result<PathPattern> PathPattern::parse_one(std::string_view text) {
  PathPattern pattern;
  bool fixed = true;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('/'), text.size());
    const std::string_view part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (part.empty() || part == ".") continue;
    // What the pattern ends with is matched, not walked, also without a wildcard.
    fixed = fixed && !has_wildcard(part) && !text.empty();
    if (fixed)
      pattern.folder_ += fmt::format("/{}", part);
    else if (part != kAnyFolders || pattern.parts_.empty() || pattern.parts_.back() != kAnyFolders)
      pattern.parts_.emplace_back(part);
  }
  if (pattern.folder_.empty()) pattern.folder_ = "/";
  if (pattern.parts_.empty()) return fail(ErrorCode::invalid, "a pattern that names no file");
  if (pattern.parts_.size() > limits::kPatternParts)
    return fail(ErrorCode::invalid, fmt::format("a pattern of more than {} names behind its first wildcard",
                                                limits::kPatternParts));
  return pattern;
}

Result<std::vector<PathPattern>> PathPattern::parse(std::string_view text) {
  if (!text.starts_with('/'))
    return fail(ErrorCode::invalid, fmt::format("the pattern {} is no absolute path", text));
  if (text.size() > limits::kPatternBytes)
    return fail(ErrorCode::invalid, fmt::format("a pattern of {} bytes; at most {} are taken", text.size(),
                                                limits::kPatternBytes));
  const auto texts = without_braces(text);
  if (!texts)
    return fail(
        ErrorCode::invalid,
        fmt::format("the pattern {} has a `{{` without its `}}`, or stands for more than {} patterns; "
                    "write a `{{` of a name as `\\{{`",
                    text, limits::kPatternAlternatives));
  std::vector<PathPattern> patterns;
  for (const std::string& one : *texts) {
    auto pattern = parse_one(one);
    if (!pattern) return within(text, std::move(pattern.error()));
    patterns.push_back(std::move(*pattern));
  }
  return patterns;
}

}  // namespace troupe::memory
