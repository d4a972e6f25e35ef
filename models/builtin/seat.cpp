#include "models/builtin/seat.h"

#include "models/builtin/utf8.h"

namespace troupe::models::builtin {

namespace {

constexpr std::string_view kTeam = "You work in the team \"";
constexpr std::string_view kCalled = "where you are called \"";
constexpr std::string_view kSchema = "The answer must be JSON that fits this JSON Schema";

std::string_view schema_in(std::string_view text) {
  const std::size_t at = text.rfind(kSchema);
  if (at == text.npos) return {};
  const std::size_t begin = text.find('\n', at);
  if (begin == text.npos) return {};
  const std::size_t end = text.find("\n\n", begin);
  return trim(text.substr(begin, end == text.npos ? end : end - begin));
}

}  // namespace

Seat read_seat(const Transcript& transcript) {
  Seat seat;
  for (const Message& message : transcript.messages()) {
    if (message.role != Role::system) continue;
    const std::string_view text = message.content;
    if (const std::string_view schema = schema_in(text); !schema.empty()) seat.schema = schema;
    const std::size_t at = text.find(kTeam);
    if (seat.role.empty()) seat.role = trim(text.substr(0, at));
    if (at == text.npos) continue;
    seat.member = true;
    if (const std::size_t called = text.find(kCalled, at); called != text.npos) {
      const std::string_view rest = text.substr(called + kCalled.size());
      seat.name = rest.substr(0, rest.find('"'));
    }
    break;
  }
  return seat;
}

}  // namespace troupe::models::builtin
