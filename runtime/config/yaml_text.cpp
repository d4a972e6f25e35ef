#include "runtime/config/yaml_text.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace troupe::config {

namespace {

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// Words that YAML 1.1 or 1.2 reads as something else.
bool is_literal(std::string_view text) {
  std::string low(text);
  std::ranges::transform(low, low.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  constexpr std::string_view kWords[] = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"};
  return std::ranges::find(kWords, low) != std::end(kWords);
}

// Letters, then what means nothing to YAML wherever it stands.
bool is_plain(std::string_view text) {
  if (text.empty() || !is_letter(text.front()) || text.back() == ' ' || is_literal(text)) return false;
  return std::ranges::all_of(text, [](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || std::string_view(" _-./").contains(c);
  });
}

// A literal block keeps what it has, but not blanks at the ends of lines where people edit, nor tabs and
// control characters; and its first line says how far all are indented.
bool is_block(std::string_view text) {
  if (!text.contains('\n') || text.front() == ' ' || text.front() == '\n' || text.contains(" \n"))
    return false;
  return std::ranges::none_of(
      text, [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7f; });
}

class Writer {
 public:
  std::string take() { return std::move(out_); }

  /// What follows "key:" or "-", with the blank or line break before it.
  void value(const Json& value, std::size_t indent) {
    if (value.is_object() && !value.empty()) {
      out_ += '\n';
      map(value, indent, false);
    } else if (value.is_array() && !value.empty()) {
      out_ += '\n';
      list(value, indent);
    } else if (value.is_string() && is_block(value.get_ref<const std::string&>())) {
      block(value.get_ref<const std::string&>(), indent);
    } else {
      out_ += ' ';
      scalar(value);
      out_ += '\n';
    }
  }

  void map(const Json& object, std::size_t indent, bool begun) {
    for (const auto& [key, member] : object.items()) {
      if (!std::exchange(begun, false)) out_.append(indent, ' ');
      scalar(Json(key));
      out_ += ':';
      value(member, indent + 2);
    }
  }

 private:
  void list(const Json& array, std::size_t indent) {
    for (const Json& element : array) {
      out_.append(indent, ' ');
      out_ += '-';
      if (element.is_object() && !element.empty()) {
        out_ += ' ';
        map(element, indent + 2, true);
      } else {
        value(element, indent + 2);
      }
    }
  }

  void block(std::string_view text, std::size_t indent) {
    const std::size_t breaks = text.size() - (text.find_last_not_of('\n') + 1);
    out_ += breaks == 0 ? " |-\n" : breaks == 1 ? " |\n" : " |+\n";
    if (breaks > 0) text.remove_suffix(1);
    while (true) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      if (end > 0) out_.append(indent, ' ').append(text.substr(0, end));
      out_ += '\n';
      if (end == text.size()) return;
      text.remove_prefix(end + 1);
    }
  }

  void scalar(const Json& value) {
    if (value.is_string() && is_plain(value.get_ref<const std::string&>()))
      out_ += value.get_ref<const std::string&>();
    else
      out_ += dump(value);
  }

  std::string out_;
};

}  // namespace

std::string yaml_text(const Json& value) {
  Writer writer;
  if (value.is_object() && !value.empty()) {
    writer.map(value, 0, false);
    return writer.take();
  }
  writer.value(value, 0);
  std::string text = writer.take();
  return text.substr(1);  // the blank or line break that would follow a key
}

}  // namespace troupe::config
