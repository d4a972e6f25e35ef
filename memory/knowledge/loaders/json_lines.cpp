#include "memory/knowledge/loaders/json_lines.h"

#include "memory/knowledge/loaders/clean.h"
#include "models/builtin/utf8.h"
#include "runtime/base/json.h"

#include <algorithm>

namespace troupe::memory::loaders {

namespace {

using Kind = JsonToken::Kind;

bool is_plain_key(std::string_view key) {
  return !key.empty() && std::ranges::all_of(key, [](char c) {
    return models::builtin::is_letter(c) || models::builtin::is_digit(c) || c == '_' || c == '-' ||
           c == ' ' || c == '/' || c == '@' || c == '$' || c < 0;
  });
}

}  // namespace

void append_key(std::string& path, std::string_view key) {
  if (is_plain_key(key)) {
    if (!path.empty()) path += '.';
    path += key;
    return;
  }
  path += '[';
  append_quoted(path, key);
  path += ']';
}

void append_indented(std::string& out, std::string_view text) {
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    out.append(text, at, end - at);
    if (end < text.size()) out += "\n  ";
    at = end + 1;
  }
}

std::string scalar_text(const JsonToken& token) {
  return token.kind == Kind::string ? unescaped_json(token.raw) : std::string(token.raw);
}

bool JsonLines::write(const JsonToken& first, const std::string& path, std::string& out) {
  path_ = path;
  out_ = &out;
  return value(first, 0);
}

bool JsonLines::value(const JsonToken& first, std::size_t depth) {
  if (first.is_scalar()) return line(scalar_text(first));
  if (!first.is_container()) return broken(first, "a value");
  if (depth >= depth_max_) return raw(first);
  return first.kind == Kind::begin_object ? object(depth + 1) : array(depth + 1);
}

bool JsonLines::object(std::size_t depth) {
  JsonToken token = tokens_.next();
  if (token.kind == Kind::end_object) return line("{}");
  for (;; token = tokens_.next()) {
    if (token.kind != Kind::string) return broken(token, "the name of a member");
    if (!member(token, depth)) return false;
    const JsonToken after = tokens_.next();
    if (after.kind == Kind::end_object) return true;
    if (after.kind != Kind::comma) return broken(after, "a comma or }");
  }
}

bool JsonLines::member(const JsonToken& key, std::size_t depth) {
  if (const JsonToken colon = tokens_.next(); colon.kind != Kind::colon) return broken(colon, "a colon");
  const std::size_t parent = path_.size();
  append_key(path_, unescaped_json(key.raw));
  const bool ok = value(tokens_.next(), depth);
  path_.resize(parent);
  return ok;
}

bool JsonLines::array(std::size_t depth) {
  JsonToken token = tokens_.next();
  if (token.kind == Kind::end_array) return line("[]");
  const std::size_t parent = path_.size();
  std::string scalars;  // one line, as long as nothing else comes
  bool only_scalars = true;
  for (std::size_t index = 0;; ++index, token = tokens_.next()) {
    if (only_scalars && token.is_scalar()) {
      if (index) scalars += ", ";
      scalars += scalar_text(token);
    } else {
      if (only_scalars && index > 0 && !line(scalars)) return false;
      only_scalars = false;
      path_ += '[' + std::to_string(index) + ']';
      if (!value(token, depth)) return false;
      path_.resize(parent);
    }
    const JsonToken after = tokens_.next();
    if (after.kind == Kind::end_array) return !only_scalars || line(scalars);
    if (after.kind != Kind::comma) return broken(after, "a comma or ]");
  }
}

bool JsonLines::raw(const JsonToken& first) {
  too_deep_ = true;
  if (!tokens_.skip(first)) return broken(tokens_.next(), "the rest of a value");
  return line(tokens_.text().substr(first.begin, tokens_.at() - first.begin));
}

bool JsonLines::line(std::string_view text) {
  if (out_->size() + path_.size() + text.size() > bytes_max_) return full_ = true, false;
  *out_ += path_;
  if (!path_.empty()) *out_ += ": ";
  append_indented(*out_, text);
  *out_ += '\n';
  return true;
}

bool JsonLines::broken(const JsonToken& token, const char* expected) {
  broken_at_ = token.begin;
  expected_ = expected;
  return false;
}

}  // namespace troupe::memory::loaders
