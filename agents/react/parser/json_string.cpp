#include "agents/react/parser/json_string.h"

#include "agents/react/parser/bytes.h"

#include <algorithm>

namespace troupe::agents {

namespace {

constexpr std::string_view kSmartDouble[] = {"\u201C", "\u201D", "\u201E"};
constexpr std::string_view kSmartSingle[] = {"\u2018", "\u2019", "\u201A"};

bool smart(std::string_view all, std::size_t at, bool is_double) {
  for (std::string_view mark : is_double ? kSmartDouble : kSmartSingle)
    if (all.substr(at, mark.size()) == mark) return true;
  return false;
}

constexpr bool special(char c) {
  return c == '\\' || c == '"' || c == '\'' || c == '`' || c == '{' || c == '[' || c == '}' || c == ']' ||
         static_cast<unsigned char>(c) < 0x20 || c == '\xE2';
}

}  // namespace

JsonString::JsonString(std::string_view mark, QuotePlace place) : place_(place) {
  if (mark.size() == 1) {
    mark_ = mark[0];
    return;
  }
  marks_ = Marks::smart;
  mark_ = smart(mark, 0, true) ? '"' : '\'';
}

std::size_t JsonString::opening(std::string_view all, std::size_t at) {
  if (is_quote(all[at]) || all[at] == '`') return 1;
  return smart(all, at, true) || smart(all, at, false) ? 3 : 0;
}

std::size_t JsonString::mark_at(std::string_view all, std::size_t at) const {
  std::size_t wanted = marks_ == Marks::doubled ? 2 : marks_ == Marks::tripled ? 3 : 1;
  if (all[at] == mark_) {
    for (std::size_t i = 1; i < wanted; ++i)
      if (at + i >= all.size() || all[at + i] != mark_) return 0;
    return wanted;
  }
  return marks_ == Marks::smart && smart(all, at, mark_ == '"') ? 3 : 0;
}

// The text ends where more bytes decide whether this is a mark of several bytes.
bool JsonString::mark_is_cut(std::string_view all, std::size_t at) const {
  if (marks_ == Marks::plain || all.size() - at >= 3) return false;
  if (marks_ == Marks::smart) return all[at] == '\xE2';
  for (std::size_t i = at; i < all.size(); ++i)
    if (all[i] != mark_) return false;
  return all.size() - at < (marks_ == Marks::doubled ? 2u : 3u);
}

JsonString::Outcome JsonString::read(std::string_view all, std::size_t& position, bool at_end,
                                     std::vector<std::string>& repairs) {
  while (position < all.size()) {
    char c = all[position];
    if (!looking_ && (text_.takes(c, repairs) || c == '\\')) {
      text_.byte(c, repairs);
      ++position;
      openers_ = 0;
      settled_ = text_.text().size();
      continue;
    }
    if (looking_ || (mark_bytes_ = mark_at(all, position)) != 0) {
      Outcome outcome = candidate(all, position, at_end, repairs);
      if (outcome != Outcome::reading || looking_) return outcome;
      continue;
    }
    if (!at_end && mark_is_cut(all, position)) return Outcome::reading;
    std::size_t end = position + 1;
    if (!special(c))
      while (end < all.size() && !special(all[end])) ++end;
    append(all.substr(position, end - position), repairs);
    position = end;
  }
  if (!at_end) return Outcome::reading;
  text_.end(repairs);
  note_repair(repairs, "missing closing quote");
  return Outcome::closed;
}

JsonString::Outcome JsonString::candidate(std::string_view all, std::size_t& position, bool at_end,
                                          std::vector<std::string>& repairs) {
  if (marks_ == Marks::doubled || marks_ == Marks::tripled) {
    position += mark_bytes_;
    text_.end(repairs);
    return Outcome::closed;
  }
  if (braces_ > 0) {
    pasted(all[position]);
    append(all.substr(position, mark_bytes_), repairs);
    position += mark_bytes_;
    return Outcome::reading;
  }
  if (!looking_) {
    place_.empty = text_.text().empty();
    look_ = QuoteLook(position + mark_bytes_, mark_, place_);
    looking_ = true;
  }
  auto verdict = look_.look(all, at_end);
  if (verdict == QuoteLook::Verdict::undecided) return Outcome::reading;
  looking_ = false;
  work_ += look_.work();
  return apply(verdict, all, position, repairs);
}

JsonString::Outcome JsonString::apply(QuoteLook::Verdict verdict, std::string_view all, std::size_t& position,
                                      std::vector<std::string>& repairs) {
  using Verdict = QuoteLook::Verdict;
  if (verdict == Verdict::opens_key) {
    std::string_view loose = std::string_view(text()).substr(settled_);
    if (loose.find_first_of(",\n") != std::string_view::npos) {
      note_repair(repairs, "missing closing quote");
      text().resize(settled_);
      return Outcome::opens_key;
    }
    verdict = Verdict::inner;
  }
  switch (verdict) {
    case Verdict::joins:
      note_repair(repairs, "adjacent strings");
      mark_ = all[look_.joined_at() - 1];
      marks_ = Marks::plain;
      position = look_.joined_at();
      return Outcome::reading;
    case Verdict::doubled:
      note_repair(repairs, "doubled quotes");
      marks_ = Marks::doubled;
      position += mark_bytes_;
      return Outcome::reading;
    case Verdict::tripled:
      note_repair(repairs, "triple quotes");
      marks_ = Marks::tripled;
      position += 2;
      return Outcome::reading;
    case Verdict::inner:
      if (place_.role == QuotePlace::Role::key && !place_.dirty && takes_colon()) {
        note_repair(repairs, "missing closing quote");
        return Outcome::opens_value;
      }
      note_repair(repairs, "unescaped quote");
      place_.dirty = true;
      if (openers_ > 0) {  // {"key": … written inside a string
        braces_ = openers_;
        quoted_ = true;
      }
      append(all.substr(position, mark_bytes_), repairs);
      position += mark_bytes_;
      return Outcome::reading;
    default:
      position += mark_bytes_;
      text_.end(repairs);
      return Outcome::closed;
  }
}

// {"key: "value"}: takes the colon off the key.
bool JsonString::takes_colon() {
  std::string& key = text();
  std::size_t end = key.find_last_not_of(" \t");
  if (end == std::string::npos || end == 0 || key[end] != ':' || key.find_first_of(":{[ ") < end)
    return false;
  key.resize(end);
  return true;
}

void JsonString::append(std::string_view bytes, std::vector<std::string>& repairs) {
  char c = bytes[0];
  if (c == '\n') note_repair(repairs, "raw line break in a string");
  if (braces_ > 0 && !is_quote(c))
    for (char byte : bytes) pasted(byte);
  if (c == '{' || c == '[') {
    ++openers_;
  } else if (!std::ranges::all_of(bytes, is_blank)) {
    openers_ = 0;
  }
  text_.run(bytes);
  // A comma and blanks may turn out to stand behind the missing end of the string.
  for (std::size_t i = bytes.size(); i-- > 0;) {
    if (bytes[i] == ',' || is_blank(bytes[i])) continue;
    settled_ = text().size() - (bytes.size() - 1 - i);
    break;
  }
}

// Follows JSON inside the string, where quotes come in pairs, until its braces are closed or it proves to be
// none.
void JsonString::pasted(char c) {
  if (braces_ == 0) return;
  if (after_quote_ && !is_blank(c)) {
    after_quote_ = false;
    if (c != ':' && c != ',' && c != '}' && c != ']') {
      braces_ = 0;
      return;
    }
  }
  if (c == mark_) {
    quoted_ = !quoted_;
    after_quote_ = !quoted_;
  } else if (!quoted_ && (c == '{' || c == '[')) {
    ++braces_;
  } else if (!quoted_ && (c == '}' || c == ']')) {
    --braces_;
  }
}

}  // namespace troupe::agents
