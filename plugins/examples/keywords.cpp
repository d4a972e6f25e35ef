// A memory: recalls the earlier turns that share words with the message, and the last two; and keeps notes of
// what the user began with "remember". To build it by hand:
//   c++ -std=c++20 -O2 -shared -fPIC -fvisibility=hidden -I.. -I../sdk keywords.cpp -o libkeywords.so
#include "troupe_plugin.hpp"

#include <algorithm>
#include <set>

namespace {

constexpr std::size_t kLast = 2;          // turns that "it" and "that" refer to
constexpr std::size_t kWordLeast = 4;     // bytes: shorter words are in everything
constexpr std::size_t kNotesMost = 8192;  // bytes; then nothing is added

std::string lower(std::string_view text) {
  std::string made(text);
  for (char& c : made)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return made;
}

/// Bytes beyond ASCII are letters of other scripts.
bool in_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80;
}

std::set<std::string> words_of(std::string_view text) {
  const std::string small = lower(text);
  std::set<std::string> words;
  for (std::size_t from = 0, to = 0; from < small.size(); from = to + 1) {
    for (to = from; to < small.size() && in_word(small[to]);) ++to;
    if (to - from >= kWordLeast) words.insert(small.substr(from, to - from));
  }
  return words;
}

/// The places of the last turns, then of those that share words with the message, the most words first.
std::vector<std::size_t> choice(const troupe::Past& past, std::size_t most) {
  const std::set<std::string> asked = words_of(past.message());
  std::vector<std::size_t> places;
  std::vector<std::pair<std::size_t, std::size_t>> shared;  // words, place
  for (std::size_t at = past.turns().size(); at-- > 0;) {
    if (places.size() < kLast) {
      places.push_back(at);
      continue;
    }
    const troupe::PastTurn& turn = past.turns()[at];
    const std::set<std::string> said = words_of(turn.user + " " + turn.assistant);
    const auto count = std::count_if(asked.begin(), asked.end(),
                                     [&said](const std::string& word) { return said.count(word) > 0; });
    if (count > 0) shared.emplace_back(static_cast<std::size_t>(count), at);
  }
  std::sort(shared.rbegin(), shared.rend());  // of as many words the newest
  for (std::size_t i = 0; i < shared.size() && i < most; ++i) places.push_back(shared[i].second);
  return places;
}

/// The notes with a line for each sentence that begins with "remember" and is not in them.
std::string noted(const troupe::Past& past) {
  std::string notes = past.notes();
  for (const troupe::PastTurn& turn : past.turns())
    for (std::size_t from = 0, to = 0; from < turn.user.size(); from = to + 1) {
      to = std::min(turn.user.find_first_of(".!?\n", from), turn.user.size());
      from = std::min(turn.user.find_first_not_of(" \t\r", from), to);
      const std::string sentence = turn.user.substr(from, to - from);
      if (lower(sentence).rfind("remember", 0) == 0 && notes.find(sentence) == std::string::npos &&
          notes.size() + sentence.size() < kNotesMost)
        notes += "- " + sentence + "\n";
    }
  return notes;
}

}  // namespace

TROUPE_MEMORY(keywords, "Recalls turns that share words with the message, and what it was told to remember",
              R"({"type": "object", "additionalProperties": false, "properties": {
                  "most": {"type": "integer", "minimum": 0, "maximum": 1000,
                           "description": "turns beside the last two; without it 4"}}})") {
  if (!past.settles())
    return troupe::recall(choice(past, static_cast<std::size_t>(past.option_number("most", 4))));
  const std::string notes = noted(past);
  // The turns themselves are still to be found by their words: none of them goes into the notes.
  return notes == past.notes() ? troupe::nothing_to_note() : troupe::note(notes, 0);
}

TROUPE_PLUGIN("keywords", "1.0", "A memory by words")
