#include "agents/react/parser/json_repair.h"

#include "agents/react/parser/bytes.h"
#include "agents/react/parser/json_reader.h"
#include "agents/react/parser/json_text.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

// `{"a": 1}, "b": 2}`: where the object goes on, or npos.
std::size_t goes_on(std::string_view text, const JsonReader& reader) {
  std::size_t at = reader.position();
  while (at < text.size() && is_blank(text[at])) ++at;
  if (!reader.value().is_object() || at == text.size() || text[at] != ',') return std::string_view::npos;
  ++at;
  while (at < text.size() && is_blank(text[at])) ++at;
  return at < text.size() && is_quote(text[at]) ? at : std::string_view::npos;
}

// {\"key\": \"value\"}: an object escaped as if it stood in a string.
bool is_escaped(std::string_view text) {
  std::size_t brace = text.find('{');
  if (brace == std::string_view::npos) return false;
  std::size_t next = text.find_first_not_of(" \t\r\n", brace + 1);
  return next != std::string_view::npos && text.substr(next, 2) == "\\\"";
}

std::string unescaped(std::string_view text) {
  JsonText plain;
  std::vector<std::string> ignored;
  for (char c : text) plain.takes(c, ignored), plain.byte(c, ignored);
  plain.end(ignored);
  return plain.text();
}

}  // namespace

Result<RepairedJson> repair_json(std::string_view text) {
  if (text.size() > limits::kJsonBytes)
    return fail(ErrorCode::too_large,
                fmt::format("JSON of {} bytes; at most {} are read", text.size(), limits::kJsonBytes));
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  if (auto valid = parse_json(trim(text))) return RepairedJson{std::move(*valid), {}};

  if (is_escaped(text)) {
    std::string plain = unescaped(text);
    if (!is_escaped(plain)) {
      auto repaired = repair_json(plain);
      if (repaired) note_repair(repaired->repairs, "escaped quotes around keys");
      return repaired;
    }
  }

  std::size_t begin = 0;
  while ((begin = text.find_first_of("{[(", begin)) != std::string_view::npos) {
    JsonReader reader(begin);
    reader.read(text, true);
    if (reader.too_deep()) return fail(ErrorCode::too_large, reader.problem());
    if (reader.status() == JsonReader::Status::failed) {
      begin = std::max(begin + 1, reader.position());
      continue;
    }
    for (int again = 0; again < JsonReader::kReopenings && !reader.cut(); ++again) {
      std::size_t next = goes_on(text, reader);
      if (next == std::string_view::npos) break;
      reader.reopen(next);
      reader.read(text, true);
    }
    RepairedJson repaired{reader.value(), reader.repairs()};
    bool alone = trim(text.substr(0, begin)).empty() && trim(text.substr(reader.position())).empty();
    if (!alone) note_repair(repaired.repairs, "text around the value");
    return repaired;
  }
  return fail(ErrorCode::invalid, "there is no JSON object or list in the text");
}

}  // namespace troupe::agents
