#include "agents/react/observation_note.h"

#include "tools/observation.h"

#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace troupe::agents {

namespace {

// How the rest of a long output is read. It stands beside the output, where nothing in that can pose as it.
std::string how_to_read_on(const Observation::More& more) {
  if (more.offset == 0) return fmt::format("this is the end of the {} bytes", more.bytes);
  return fmt::format(
      "only a part, up to byte {} of {}; to read on call {} with {{\"cursor\": \"{}\", \"offset\": {}}}",
      more.offset, more.bytes, kReadMore, more.cursor, more.offset);
}

}  // namespace

std::string note_of(const Observation& observation, std::string_view about_repeats) {
  std::vector<std::string> notes;
  if (observation.edited)
    notes.push_back(fmt::format("a person changed the input to {}", dump(*observation.edited)));
  if (observation.more) notes.push_back(how_to_read_on(*observation.more));
  if (!about_repeats.empty()) notes.emplace_back(about_repeats);
  return fmt::format("{}", fmt::join(notes, "; "));
}

std::size_t said_bytes(const Observation& observation) {
  return observation.ok ? observation.output.size() : observation.error.size();
}

Observation shortened(const Observation& observation, std::size_t bytes, std::string_view about_repeats) {
  const std::size_t whole = said_bytes(observation);
  if (whole <= bytes) return observation;
  Observation made = observation;
  std::string& said = made.ok ? made.output : made.error;
  said = std::string(tools::beginning(said, bytes));
  made.truncated = true;
  if (made.ok && made.more) {
    // The part that was shown ended at `offset`, or at the end of the whole.
    const std::size_t end = made.more->offset > 0 ? made.more->offset : made.more->bytes;
    made.more->offset = end - std::min(end, whole) + said.size();
    made.note = note_of(made, about_repeats);
    return made;
  }
  made.note = note_of(made, about_repeats);
  if (!made.note.empty()) made.note += "; ";
  made.note += fmt::format("left out to make room: all but the first {} of {} bytes", said.size(), whole);
  return made;
}

}  // namespace troupe::agents
