#include "agents/react/parser/json_reader.h"

#include "agents/react/parser/bytes.h"
#include "agents/react/parser/delta_writer.h"
#include "agents/react/parser/json_word.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

bool opener(char c) {
  return c == '{' || c == '[' || c == '(';
}
bool closer(char c) {
  return c == '}' || c == ']' || c == ')';
}

// A longer word behind a fence names no language.
constexpr std::size_t kLanguageBytes = 32;

// Bytes that are no characters are replaced, lest two keys become one when they are written.
std::string characters(std::string text) {
  bool ascii = std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  return ascii ? text : valid_utf8(text);
}

std::string_view trim_end(std::string_view text) {
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace

JsonReader::Status JsonReader::read(std::string_view all, bool at_end) {
  while (status_ == Status::reading && !interrupted_ && position_ < all.size()) {
    std::size_t before = position_;
    bool moved = step(all, at_end);
    work_ += position_ - before + 1;
    if (!moved) break;
  }
  if (at_end && status_ == Status::reading && !interrupted_) {
    cut_ = true;
    if (state_ == State::string) string(all, true);
    if (state_ == State::bare_value) end_bare_value(all);
    if (!frames_.empty()) note(fmt::format("missing `{}`", frames_.back().closer));
    close_here();
  }
  return status_;
}

void JsonReader::close_here() {
  if (frames_.empty()) return fail("there is no value");
  if (state_ == State::bare_key || (state_ == State::after_key && tentative())) return fail("no object");
  while (!frames_.empty()) close();
}

void JsonReader::reopen(std::size_t position) {
  note("object closed too early");
  push(std::move(root_), '}');
  for (const auto& [key, value] : frames_[0].value.items()) frames_[0].seen.insert(key);
  status_ = Status::reading;
  state_ = State::before_key;
  position_ = position;
  comma_ = true;
}

// One step; false when more bytes must come first.
bool JsonReader::step(std::string_view all, bool at_end) {
  switch (state_) {
    case State::before_value:
      return before_value(all, at_end);
    case State::before_key:
      return before_key(all, at_end);
    case State::after_key:
      return after_key(all, at_end);
    case State::after_value:
      return after_value(all, at_end);
    case State::string:
      return string(all, at_end);
    case State::bare_key:
      return bare_key(all);
    case State::bare_value:
      return bare_value(all);
    case State::line_comment:
    case State::block_comment:
      return in_comment(all);
  }
  return false;
}

bool JsonReader::before_value(std::string_view all, bool at_end) {
  char c = all[position_];
  if (is_blank(c)) return ++position_, true;
  if (opener(c)) return open(c), true;
  if (c == '/' || c == '#') return comment(all, at_end);
  if (is_quote(c) || c == '\xE2') {
    bool member = !frames_.empty() && in_object();
    return open_string(all, at_end, member ? QuotePlace::Role::member : QuotePlace::Role::element);
  }
  if (c == ',' || closer(c)) {
    if (in_object()) {
      note("missing value");
      put(nullptr);
      return true;
    }
    if (c == ',') return skip("extra comma");
    if (comma_) note("trailing comma");
    return close_with(c);
  }
  if (c == '`') return backtick(all, at_end);
  if (c == ':' || c == ';') return skip("unexpected character");
  begin_word();
  return true;
}

bool JsonReader::before_key(std::string_view all, bool at_end) {
  char c = all[position_];
  if (is_blank(c)) return ++position_, true;
  if (c == '}') {
    if (comma_) note("trailing comma");
    return close_with(c);
  }
  if (c == '/' || c == '#') return comment(all, at_end);
  if (is_quote(c) || c == '\xE2') return open_string(all, at_end, QuotePlace::Role::key);
  if (is_word(c)) {
    word_ = position_;
    state_ = State::bare_key;
    return true;
  }
  if (tentative()) return fail(fmt::format("no key after the brace at byte {}", begin_)), true;
  if (c == ',') return skip("extra comma");
  if (c == '`') return fence(all, at_end);
  if (closer(c)) return close_with(c);
  if (opener(c)) return stray_value(c), true;
  return skip("unexpected character");
}

// A value where a key should be: more of the list before it, which was closed too early, or a value without a
// key.
void JsonReader::stray_value(char opener) {
  Frame& frame = frames_.back();
  auto& members = frame.value.get_ref<Json::object_t&>();
  if (opener == '[' && !members.empty() && members.back().second.is_array()) {
    note("list closed too early");
    Json list = std::move(members.back().second);
    frame.key = members.back().first;
    members.pop_back();
    frame.seen.erase(frame.key);
    push(std::move(list), ']');
    state_ = State::before_value;
    return;
  }
  note("value without a key");
  frame.key.clear();
  open(opener);
}

bool JsonReader::after_key(std::string_view all, bool at_end) {
  char c = all[position_];
  if (is_blank(c)) return ++position_, true;
  if (c == ':') return ++position_, begin_member(), true;
  if (tentative() && !bare_ && (c == ',' || c == '}')) return open_set(), true;
  if (tentative()) return fail(fmt::format("no colon after the key at byte {}", begin_)), true;
  if (c == '=') {  // a=1, Ruby's a => 1
    if (position_ + 1 == all.size() && !at_end) return false;
    note("`=` for `:`");
    position_ += all.substr(position_ + 1).starts_with('>') ? 2 : 1;
    return begin_member(), true;
  }
  if (c == '/' || c == '#') return comment(all, at_end);
  if (bare_) {
    note("unexpected text");
    state_ = State::before_key;
    return true;
  }
  note(c == ',' || closer(c) ? "missing value" : "missing `:`");
  begin_member();
  return true;
}

// {'a', 'b'}: Python's set is a list.
void JsonReader::open_set() {
  note("set");
  Frame& frame = frames_.back();
  frame.value = Json::array({std::move(frame.key)});
  frame.closer = '}';
  frame.key.clear();
  state_ = State::after_value;
}

// ["key": "value"]: the braces of an object are missing.
void JsonReader::open_member() {
  if (is_full()) return;
  note("missing `{`");
  Json& list = frames_.back().value;
  std::string key = std::move(list.back().get_ref<std::string&>());
  list.erase(list.size() - 1);
  push(Json::object(), '}');
  take_key(std::move(key), false);
}

void JsonReader::begin_member() {
  state_ = State::before_value;
  const Frame& frame = frames_.back();
  if (muted_ == 0 && frame.seen.contains(frame.key)) muted_ = depth();
  if (listener()) listener()->on_key(depth(), frame.key);
}

bool JsonReader::after_value(std::string_view all, bool at_end) {
  char c = all[position_];
  if (is_blank(c)) return ++position_, true;
  if (c == ',') {
    ++position_;
    comma_ = true;
    state_ = in_object() ? State::before_key : State::before_value;
    return true;
  }
  if (closer(c)) return close_with(c);
  return other_than_comma(all, at_end);
}

bool JsonReader::other_than_comma(std::string_view all, bool at_end) {
  char c = all[position_];
  if (c == '/' || c == '#') return comment(all, at_end);
  if (c == '`') return fence(all, at_end);
  if (c == ':' && !in_object() && !frames_.back().value.empty() && frames_.back().value.back().is_string())
    return open_member(), true;
  bool follows =
      in_object() ? is_quote(c) || is_word(c) || c == '\xE2' : is_quote(c) || is_word(c) || opener(c);
  if (!follows) return skip("unexpected character");
  note("missing comma");
  state_ = in_object() ? State::before_key : State::before_value;
  return true;
}

// `//`, `#` and /* */; a slash alone is an unexpected character.
bool JsonReader::comment(std::string_view all, bool at_end) {
  bool line = all[position_] == '#';
  if (!line) {
    if (position_ + 1 == all.size() && !at_end) return false;
    char next = position_ + 1 < all.size() ? all[position_ + 1] : ' ';
    if (next != '/' && next != '*') return skip("unexpected character");
    line = next == '/';
    ++position_;
  }
  ++position_;
  note("comment");
  resume_ = state_;
  slash_ = false;
  state_ = line ? State::line_comment : State::block_comment;
  return true;
}

bool JsonReader::in_comment(std::string_view all) {
  char c = all[position_++];
  bool ends = state_ == State::line_comment ? c == '\n' : slash_ && c == '/';
  slash_ = c == '*';
  if (ends) state_ = resume_;
  return true;
}

// The code fence around the value ends: so does the value.
bool JsonReader::fence(std::string_view all, bool at_end) {
  if (all.size() - position_ < 3 && !at_end) return false;
  if (all.substr(position_, 3) != "```") return skip("unexpected character");
  if (fences_ > 0) {
    --fences_;
    position_ += 3;
    return true;
  }
  note(fmt::format("missing `{}`", frames_.back().closer));
  close_here();
  return true;
}

// A fence around one value, or a string in JavaScript's backticks.
bool JsonReader::backtick(std::string_view all, bool at_end) {
  if (all.size() - position_ < 3 && !at_end) return false;
  if (all.substr(position_, 3) != "```") return open_string(all, at_end, QuotePlace::Role::member);
  std::size_t line = position_ + 3;
  while (line < all.size() && line < position_ + kLanguageBytes && is_word(all[line])) ++line;
  if (line == all.size() && !at_end) return false;
  note("code fence");
  ++fences_;
  position_ = line;
  return true;
}

bool JsonReader::open_string(std::string_view all, bool at_end, QuotePlace::Role role) {
  if (all[position_] == '\xE2' && all.size() - position_ < 3 && !at_end) return false;
  std::size_t bytes = JsonString::opening(all, position_);
  if (bytes == 0) {
    begin_word();
    if (role == QuotePlace::Role::key) state_ = State::bare_key;
    return true;
  }
  if (all[position_] != '"') note(bytes == 1 ? "single quotes" : "typographic quotes");
  role_ = frames_.empty() ? QuotePlace::Role::alone : role;
  QuotePlace place{.role = role_,
                   .in_array = encloses(']'),
                   .in_object = encloses('}'),
                   .in_parentheses = encloses(')'),
                   .keywords = lenient_};
  string_ = JsonString(all.substr(position_, bytes), place);
  position_ += bytes;
  heard_ = 0;
  state_ = State::string;
  return true;
}

bool JsonReader::string(std::string_view all, bool at_end) {
  std::size_t work = string_.work();
  auto outcome = string_.read(all, position_, at_end, repairs_);
  work_ += string_.work() - work;
  if (outcome == JsonString::Outcome::reading) return hear(string_.settled()), false;
  if (role_ == QuotePlace::Role::key) {
    take_key(std::move(string_.text()), false);
    if (outcome == JsonString::Outcome::opens_value) begin_member();
    return true;
  }
  hear(string_.text().size());
  put(characters(std::move(string_.text())));
  if (outcome == JsonString::Outcome::opens_key && status_ == Status::reading) state_ = State::before_key;
  return true;
}

void JsonReader::hear(std::size_t until) {
  if (role_ == QuotePlace::Role::key || until <= heard_) return;
  if (listener())
    listener()->on_text(depth(), std::string_view(string_.text()).substr(heard_, until - heard_));
  heard_ = until;
}

bool JsonReader::bare_key(std::string_view all) {
  while (position_ < all.size() && is_word(all[position_])) ++position_;
  if (position_ == all.size()) return false;
  char c = all[position_];
  if (tentative() && c != ':' && !is_blank(c))
    return fail(fmt::format("no key after the brace at byte {}", begin_)), true;
  std::string key(all.substr(word_, position_ - word_));
  if (is_quote(c)) ++position_;
  note("unquoted key");
  take_key(std::move(key), true);
  return true;
}

void JsonReader::begin_word() {
  word_ = position_;
  word_spaced_ = false;
  braces_ = 0;
  state_ = State::bare_value;
}

bool JsonReader::bare_value(std::string_view all) {
  for (; position_ < all.size(); ++position_) {
    char c = all[position_];
    if (c == '{') ++braces_;
    if (c == '}' && braces_ > 0) {
      --braces_;
      continue;
    }
    if (c == ',' || closer(c) || c == '\n') return end_bare_value(all), true;
    std::string_view word = all.substr(word_, position_ - word_);
    // After a blank only plain words go on: `New York`, but not `1 // one` or `yes "next": 2`.
    if (c == ' ' && !word_spaced_) {
      if (is_json_word(word)) return end_bare_value(all), true;
      word_spaced_ = true;
    }
    if ((c == '/' || is_quote(c)) && word.ends_with(' ')) return end_bare_value(all), true;
    if (is_quote(c) && word.size() <= 2) {
      note("string prefix");  // r"…", f'…'
      state_ = State::before_value;
      return true;
    }
  }
  return false;
}

void JsonReader::end_bare_value(std::string_view all) {
  std::string_view word = trim_end(all.substr(word_, position_ - word_));
  if (word == "..." && !frames_.empty() && !in_object()) {
    note("ellipsis");
    state_ = State::after_value;
    return;
  }
  put(json_word(characters(std::string(word)), repairs_));
}

void JsonReader::push(Json value, char closer) {
  ++open_[kind(closer)];
  frames_.push_back({std::move(value), closer, {}, {}});
}

// No container may be opened any more; then the reading has failed.
bool JsonReader::is_full() {
  if (frames_.size() < limits::kJsonDepth) return false;
  too_deep_ = true;
  fail(fmt::format("the JSON that starts at byte {} is nested deeper than {} levels", begin_,
                   limits::kJsonDepth));
  return true;
}

void JsonReader::open(char opener) {
  if (is_full()) return;
  ++position_;
  comma_ = false;
  bool object = opener == '{';
  if (opener == '(') note("tuple");
  push(object ? Json::object() : Json::array(), object ? '}' : opener == '[' ? ']' : ')');
  state_ = object ? State::before_key : State::before_value;
}

// Closes up to the container that `closer` belongs to; one that belongs to none is dropped.
bool JsonReader::close_with(char closer) {
  if (!encloses(closer)) return skip(fmt::format("stray `{}`", closer));
  ++position_;
  while (frames_.back().closer != closer) {
    note(fmt::format("missing `{}`", frames_.back().closer));
    close();
  }
  close();
  return true;
}

void JsonReader::close() {
  Frame frame = std::move(frames_.back());
  frames_.pop_back();
  --open_[kind(frame.closer)];
  bool parentheses = frame.closer == ')' && frame.value.size() == 1 && !comma_;  // ("a"), but not ("a",)
  comma_ = false;
  put(parentheses ? std::move(frame.value[0]) : std::move(frame.value));
}

void JsonReader::take_key(std::string key, bool bare) {
  while (!key.empty() && is_blank(key.back())) key.pop_back();
  frames_.back().key = characters(std::move(key));
  bare_ = bare;
  comma_ = false;
  state_ = State::after_key;
}

void JsonReader::put(Json value) {
  state_ = State::after_value;
  comma_ = false;
  if (frames_.empty()) {
    root_ = std::move(value);
    status_ = Status::complete;
    return;
  }
  Frame& frame = frames_.back();
  if (listener()) listener()->on_value(depth(), value);
  if (muted_ == depth()) muted_ = 0;
  if (!in_object()) {
    frame.value.push_back(std::move(value));
  } else if (frame.seen.insert(frame.key).second) {
    frame.value.get_ref<Json::object_t&>().emplace_back(frame.key, std::move(value));
  } else {
    note("duplicate key");
  }
}

bool JsonReader::skip(std::string_view what) {
  note(what);
  ++position_;
  return true;
}

void JsonReader::fail(std::string problem) {
  status_ = Status::failed;
  problem_ = std::move(problem);
}

}  // namespace troupe::agents
