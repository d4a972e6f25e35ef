#include "app/import/notes.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::app {

void ImportNotes::add(std::string place, std::string key, std::string text) {
  const bool told = std::ranges::any_of(notes_, [&](const ImportNote& note) {
    return note.place == place && note.key == key && note.text == text;
  });
  if (!told) notes_.push_back({std::move(place), std::move(key), std::move(text)});
}

std::string render(const ImportNote& note) {
  return fmt::format("{}: `{}`: {}", note.place, note.key, note.text);
}

Json to_json(const ImportNote& note) {
  return {{"place", note.place}, {"key", note.key}, {"text", note.text}};
}

}  // namespace troupe::app
