#include "agents/strategies/untrusted.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

// What chat templates give a meaning to, in lower case; each begins with the byte that is escaped. A
// tokenizer that reads them inside of messages would let a web page open a turn of its own.
constexpr std::string_view kControlTokens[] = {
    "<|",          "<｜",          "<s>",        "</s>",        "<bos>",        "<eos>",         "<pad>",
    "<unk>",       "<<sys>>",      "<</sys>>",   "[inst]",      "[/inst]",      "[system_",      "[/system_",
    "[available_", "[/available_", "[tool_",     "[/tool_",     "<tool_",       "</tool_",       "<start_of_",
    "<end_of_",    "<think>",      "</think>",   "<system>",    "</system>",    "<user>",        "</user>",
    "<assistant>", "</assistant>", "<function_", "</function_", "<observation", "</observation",
};

bool begins_token(std::string_view text) {
  if (text[0] != '<' && text[0] != '[') return false;
  return std::ranges::any_of(kControlTokens, [text](std::string_view token) {
    if (text.size() < token.size()) return false;
    return std::ranges::equal(text.substr(0, token.size()), token, [](char a, char b) {
      return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
    });
  });
}

// Bytes of the line break at the beginning of `text`; 0 when there is none.
std::size_t line_break(std::string_view text) {
  if (text.starts_with("\r\n")) return 2;
  if (std::string_view("\n\r\v\f").contains(text[0])) return 1;
  if (text.starts_with("\xC2\x85")) return 2;                                          // NEL
  if (text.starts_with("\xE2\x80\xA8") || text.starts_with("\xE2\x80\xA9")) return 3;  // U+2028, U+2029
  return 0;
}

std::string_view without_last_breaks(std::string_view text) {
  while (!text.empty() && std::string_view(" \t\r\n").contains(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace

std::string untrusted_json(const Json& value) {
  const std::string plain = dump(value);
  std::string safe;
  safe.reserve(plain.size());
  for (std::size_t i = 0; i < plain.size(); ++i) {
    // Outside of strings JSON has no `<`, and no letter or `/` after a `[`.
    if (begins_token(std::string_view(plain).substr(i)))
      safe += plain[i] == '<' ? "\\u003c" : "\\u005b";
    else
      safe += plain[i];
  }
  return safe;
}

Json observation_json(const Observation& observation) {
  Json json = {{"call", observation.call}, {"tool", observation.tool}, {"ok", observation.ok}};
  if (observation.ok)
    json["output"] = observation.output;
  else
    json["error"] = observation.error;
  if (observation.truncated) json["truncated"] = true;
  if (!observation.note.empty()) json["note"] = observation.note;
  return json;
}

std::string untrusted_lines(std::string_view text) {
  text = without_last_breaks(text);
  if (text.empty()) return "(empty)";
  std::string lines;
  bool several = false;
  for (std::size_t i = 0; i < text.size();) {
    if (std::size_t bytes = line_break(text.substr(i))) {
      lines += "\n> ";
      several = true;
      i += bytes;
      continue;
    }
    lines += text[i];
    if (begins_token(text.substr(i))) lines += ' ';
    ++i;
  }
  return several ? "\n> " + lines : lines;
}

std::string observation_lines(std::string_view label, const std::vector<Observation>& observations) {
  std::string told;
  for (std::size_t i = 0; i < observations.size(); ++i) {
    const Observation& seen = observations[i];
    if (i) told += '\n';
    told += label;
    if (observations.size() > 1)
      told += fmt::format(" {} ({}{})", i + 1, untrusted_lines(seen.tool), seen.ok ? "" : ", failed");
    else if (!seen.ok)
      told += " (failed)";
    std::string text = untrusted_lines(seen.ok ? seen.output : seen.error);
    told += text.starts_with('\n') ? ":" : ": ";
    told += text;
    if (!seen.note.empty()) told += "\nNote: " + untrusted_lines(seen.note);
  }
  return told;
}

}  // namespace troupe::agents
