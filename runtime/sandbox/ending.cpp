#include "runtime/sandbox/ending.h"

#include "runtime/base/utf8.h"

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
    const std::size_t length = utf8_character(said, at);
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
