#include "runtime/base/secret.h"

#include "runtime/base/json.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe {

namespace {

// Lines shorter than this occur in ordinary text too often to be masked.
constexpr std::size_t kLineMin = 8;

bool unreserved(unsigned char c) {  // RFC 3986 2.3
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

std::string percent_encoded(std::string_view value) {
  std::string out;
  for (char c : value) {
    auto byte = static_cast<unsigned char>(c);
    if (unreserved(byte))
      out += c;
    else
      out += fmt::format("%{:02X}", byte);
  }
  return out;
}

std::string json_escaped(std::string_view value) {
  std::string quoted;
  append_quoted(quoted, value);
  return quoted.substr(1, quoted.size() - 2);
}

}  // namespace

void Secrets::insert(std::string form) {
  if (form.size() < kBytesMin || std::find(forms_.begin(), forms_.end(), form) != forms_.end()) return;
  auto longer = [](const std::string& a, const std::string& b) { return a.size() > b.size(); };
  forms_.insert(std::upper_bound(forms_.begin(), forms_.end(), form, longer), std::move(form));
}

void Secrets::add(std::string_view value) {
  if (value.size() < kBytesMin) return;
  insert(std::string(value));
  insert(json_escaped(value));
  insert(percent_encoded(value));
  if (value.find('\n') == std::string_view::npos) return;
  while (!value.empty()) {
    std::string_view line = value.substr(0, value.find('\n'));
    value.remove_prefix(std::min(value.size(), line.size() + 1));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.size() >= kLineMin) insert(std::string(line));
  }
}

void Secrets::add(const Secrets& other) {
  for (const std::string& form : other.forms_) insert(form);
}

std::string redact(std::string_view text, const Secrets& secrets) {
  std::string out(text);
  for (const std::string& form : secrets.forms()) {
    for (std::size_t at = out.find(form); at != std::string::npos; at = out.find(form, at + 3))
      out.replace(at, form.size(), "***");
  }
  return out;
}

}  // namespace troupe
