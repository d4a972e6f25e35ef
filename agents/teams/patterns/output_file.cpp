#include "agents/teams/patterns/output_file.h"

#include "agents/agent.h"
#include "agents/chains/placeholders.h"
#include "agents/teams/limits.h"
#include "models/builtin/utf8.h"

#include <fmt/format.h>

namespace troupe::agents {

namespace {

constexpr char32_t kNoCharacter = 0xFFFD;

// Beside the separators of either kind of system: what terminals and file managers act on, not show.
bool stays(char32_t c) {
  if (c == '/' || c == '\\' || c == kNoCharacter) return false;
  if (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) return false;  // surrogates are no UTF-8
  if (c < 0x20 || (c >= 0x7F && c < 0xA0)) return false;
  return !(c >= 0x200B && c <= 0x200F) && !(c >= 0x2028 && c <= 0x202E) && !(c >= 0x2060 && c <= 0x2069) &&
         c != 0xFEFF;
}

Result<std::string> filled_part(std::string_view written, const Json& texts, std::string_view where) {
  if (written.empty() || written == "." || written == "..")
    return fail(ErrorCode::invalid,
                fmt::format("{}: a path below the artifacts has no part `{}`; write names "
                            "and folders only",
                            where, written));
  auto part = fill_placeholders(written, texts, where);
  if (!part) return part;
  // Nothing that was filled in makes a hidden file, or one of the two special names.
  if ((part->starts_with('.') && !written.starts_with('.')) || *part == "." || *part == "..")
    part->insert(0, "_");
  if (part->empty()) *part = "_";
  if (part->size() > limits::kPathPartBytes)
    return fail(ErrorCode::too_large,
                fmt::format("{}: a name of the path has {} bytes; at most {} are possible", where,
                            part->size(), limits::kPathPartBytes));
  return part;
}

}  // namespace

std::string path_text(std::string_view value) {
  std::string text;
  for (std::size_t at = 0; at < value.size() && text.size() < limits::kPathValueBytes;) {
    const auto [character, bytes] = models::builtin::code_point_at(value, at);
    if (!stays(character) || (character == '.' && text.find_first_not_of('_') == text.npos))
      text += '_';
    else
      text += value.substr(at, bytes);
    at += bytes;
  }
  return std::string(models::builtin::clip(text, limits::kPathValueBytes));
}

Result<std::string> output_path(std::string_view written, const Json& values, std::string_view where) {
  Json texts = Json::object();
  for (const std::string& name : placeholders_of(written)) {
    const Json* value = find(values, name);
    if (value) texts[name] = path_text(value->is_string() ? value->get<std::string>() : dump(*value));
  }
  std::string path;
  for (;;) {
    const auto slash = written.find('/');
    auto part = filled_part(written.substr(0, slash), texts, where);
    if (!part) return part;
    path += *part;
    if (slash == written.npos) break;
    path += '/';
    written.remove_prefix(slash + 1);
  }
  if (path.size() > limits::kPathBytes)
    return fail(ErrorCode::too_large, fmt::format("{}: the path has {} bytes; at most {} are written to",
                                                  where, path.size(), limits::kPathBytes));
  return path;
}

}  // namespace troupe::agents
