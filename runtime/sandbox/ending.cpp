#include "runtime/sandbox/ending.h"

#include <csignal>
#include <cstring>

namespace troupe::sandbox {
namespace {

std::string signal_text(int signal) {
  const char* name = ::sigabbrev_np(signal);
  std::string text = name ? std::string("SIG") + name : "signal " + std::to_string(signal);
  if (signal == SIGXCPU) text += " (its processor time is used up)";
  if (signal == SIGXFSZ) text += " (a file grew over its limit)";
  if (signal == SIGSYS) text += " (a system call it may not make)";
  return text;
}

/// How many bytes of well-formed UTF-8 begin at `at`, 0 when none do.
std::size_t sequence_at(std::string_view text, std::size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  const std::size_t length = lead < 0x80       ? 1
                             : lead >> 5 == 6  ? 2
                             : lead >> 4 == 14 ? 3
                             : lead >> 3 == 30 ? 4
                                               : 0;
  if (length == 0 || at + length > text.size()) return 0;
  unsigned value = length == 1 ? lead : lead & (0x7fu >> length);
  for (std::size_t i = 1; i < length; ++i) {
    const auto next = static_cast<unsigned char>(text[at + i]);
    if (next >> 6 != 2) return 0;
    value = value << 6 | (next & 0x3f);
  }
  constexpr unsigned kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = value >= 0xd800 && value <= 0xdfff;
  return value < kSmallest[length] || surrogate || value > 0x10ffff ? 0 : length;
}

bool control(std::string_view sequence) {
  const auto first = static_cast<unsigned char>(sequence[0]);
  if (sequence.size() == 1) return first < 0x20 || first == 0x7f;
  return first == 0xc2 && static_cast<unsigned char>(sequence[1]) < 0xa0;
}

}  // namespace

std::string Ending::text() const {
  if (!not_begun.empty()) return "could not be started: " + not_begun;
  if (signal != 0) return "was ended by " + signal_text(signal);
  return "exited with code " + std::to_string(exit_code);
}

std::string readable_tail(std::string_view said, std::size_t bytes) {
  while (!said.empty() && (said.back() == '\n' || said.back() == '\0')) said.remove_suffix(1);
  const bool cut = said.size() > bytes;
  if (cut) said.remove_prefix(said.size() - bytes);
  while (cut && !said.empty() && static_cast<unsigned char>(said.front()) >> 6 == 2) said.remove_prefix(1);

  std::string text = cut ? "…" : "";
  for (std::size_t at = 0; at < said.size();) {
    const std::size_t length = sequence_at(said, at);
    if (length == 0) {
      text += '?';
    } else if (control(said.substr(at, length))) {
      text += said[at] == '\n' ? " | " : " ";
    } else {
      text += said.substr(at, length);
    }
    at += length == 0 ? 1 : length;
  }
  return text;
}

}  // namespace troupe::sandbox
