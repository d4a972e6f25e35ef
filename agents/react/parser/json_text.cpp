#include "agents/react/parser/json_text.h"

#include <algorithm>
#include <charconv>

namespace troupe::agents {

void note_repair(std::vector<std::string>& repairs, std::string_view what) {
  if (std::ranges::find(repairs, what) == repairs.end()) repairs.emplace_back(what);
}

void append_utf8(std::string& out, std::uint32_t point) {
  if (point > 0x10FFFF || (point >= 0xD800 && point < 0xE000)) point = 0xFFFD;
  if (point < 0x80) {
    out += static_cast<char>(point);
  } else if (point < 0x800) {
    out += static_cast<char>(0xC0 | (point >> 6));
    out += static_cast<char>(0x80 | (point & 0x3F));
  } else if (point < 0x10000) {
    out += static_cast<char>(0xE0 | (point >> 12));
    out += static_cast<char>(0x80 | ((point >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (point & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (point >> 18));
    out += static_cast<char>(0x80 | ((point >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((point >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (point & 0x3F));
  }
}

namespace {
bool hex_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
}  // namespace

void JsonText::clear() {
  text_.clear();
  state_ = State::plain;
  digits_.clear();
  high_ = 0;
}

bool JsonText::takes(char c, std::vector<std::string>& repairs) {
  switch (state_) {
    case State::plain:
      return false;
    case State::backslash:
    case State::after_high_backslash:
      return true;
    case State::hex:
      if (hex_digit(c)) return true;
      break;
    case State::after_high:
      if (c == '\\') return true;
      break;
  }
  settle(repairs);
  return false;
}

void JsonText::byte(char c, std::vector<std::string>& repairs) {
  switch (state_) {
    case State::plain:
      if (c == '\\') {
        state_ = State::backslash;
      } else {
        text_ += c;
      }
      return;
    case State::backslash:
      return escape(c, repairs);
    case State::hex:
      return hex(c, repairs);
    case State::after_high:
      state_ = State::after_high_backslash;
      return;
    case State::after_high_backslash:
      if (c != 'u') lone_surrogate(repairs);
      return escape(c, repairs);
  }
}

void JsonText::escape(char c, std::vector<std::string>& repairs) {
  state_ = State::plain;
  switch (c) {
    case '"':
    case '\\':
    case '/':
      text_ += c;
      return;
    case 'b':
      text_ += '\b';
      return;
    case 'f':
      text_ += '\f';
      return;
    case 'n':
      text_ += '\n';
      return;
    case 'r':
      text_ += '\r';
      return;
    case 't':
      text_ += '\t';
      return;
    case 'u':
    case 'x':
      state_ = State::hex;
      digits_.clear();
      digits_max_ = c == 'u' ? 4 : 2;
      if (c == 'x') note_repair(repairs, "invalid escape");
      return;
    case '\'':
    case '`':
    case '\n':
      note_repair(repairs, "invalid escape");
      text_ += c;
      return;
    default:  // \d of a pattern, \( of a formula: the writer meant both characters
      note_repair(repairs, "invalid escape");
      text_ += '\\';
      text_ += c;
  }
}

void JsonText::hex(char c, std::vector<std::string>& repairs) {
  digits_ += c;
  if (digits_.size() < digits_max_) return;
  std::uint32_t value = 0;
  std::from_chars(digits_.data(), digits_.data() + digits_.size(), value, 16);
  state_ = State::plain;
  unit(value, repairs);
}

void JsonText::unit(std::uint32_t value, std::vector<std::string>& repairs) {
  bool low = value >= 0xDC00 && value < 0xE000;
  if (high_ && low) {
    append_utf8(text_, 0x10000 + ((high_ - 0xD800) << 10) + (value - 0xDC00));
    high_ = 0;
    return;
  }
  if (high_) lone_surrogate(repairs);
  if (value >= 0xD800 && value < 0xDC00) {
    high_ = value;
    state_ = State::after_high;
    return;
  }
  if (low) note_repair(repairs, "half a surrogate pair");
  append_utf8(text_, value);
}

void JsonText::lone_surrogate(std::vector<std::string>& repairs) {
  note_repair(repairs, "half a surrogate pair");
  append_utf8(text_, 0xFFFD);
  high_ = 0;
  state_ = State::plain;
}

void JsonText::settle(std::vector<std::string>& repairs) {
  if (high_) lone_surrogate(repairs);
  if (state_ == State::plain) return;
  note_repair(repairs, "invalid escape");
  if (state_ == State::hex) {
    text_ += digits_max_ == 4 ? "\\u" : "\\x";
    text_ += digits_;
  }
  state_ = State::plain;
}

void JsonText::end(std::vector<std::string>& repairs) {
  settle(repairs);
}

}  // namespace troupe::agents
