#include "agents/react/parser/action_text.h"

#include "agents/react/parser/bytes.h"
#include "agents/react/parser/json_reader.h"
#include "agents/react/parser/step_names.h"

namespace troupe::agents {

namespace {

bool packs(char c) {
  return is_blank(c) || c == '`' || c == '*' || is_quote(c);
}

std::string_view unpacked(std::string_view text) {
  while (!text.empty() && packs(text.front())) text.remove_prefix(1);
  while (!text.empty() && (packs(text.back()) || text.back() == '.' || text.back() == ','))
    text.remove_suffix(1);
  return text;
}

// The inside of one fence around all of the text; the text where there is none.
std::string_view unfenced(std::string_view text) {
  if (!text.starts_with("```") || !text.ends_with("```") || text.size() < 6) return text;
  std::string_view inside = text.substr(3, text.size() - 6);
  if (inside.find("```") != std::string_view::npos) return text;
  std::size_t language = 0;
  while (language < inside.size() && is_word(inside[language])) ++language;
  if (language < inside.size() && inside[language] == '\n') inside.remove_prefix(language + 1);
  while (!inside.empty() && is_blank(inside.back())) inside.remove_suffix(1);
  return inside;
}

std::optional<Json> read_all(std::string_view text, bool lenient, std::vector<std::string>& repairs) {
  JsonReader reader(0, nullptr, lenient);
  if (reader.read(text, true) != JsonReader::Status::complete) return std::nullopt;
  if (text.find_first_not_of(" \t\r\n", reader.position()) != std::string_view::npos) return std::nullopt;
  for (const std::string& repair : reader.repairs()) note_repair(repairs, repair);
  return reader.value();
}

// a=1, but not a==1.
bool keyword_first(std::string_view arguments) {
  std::size_t at = 0;
  while (at < arguments.size() && is_blank(arguments[at])) ++at;
  std::size_t word = at;
  while (at < arguments.size() && is_word(arguments[at])) ++at;
  if (at == word || is_digit(arguments[word])) return false;
  while (at < arguments.size() && is_blank(arguments[at])) ++at;
  return at + 1 < arguments.size() && arguments[at] == '=' && arguments[at + 1] != '=';
}

}  // namespace

std::string clean_tool_name(std::string_view text) {
  text = unpacked(text);
  if (text.starts_with("[") && text.ends_with("]")) text = unpacked(text.substr(1, text.size() - 2));
  std::size_t remark = text.find(" (");
  if (remark != std::string_view::npos && text.ends_with(')')) text = unpacked(text.substr(0, remark));
  return std::string(text);
}

Json input_of_brackets(std::string_view text, std::vector<std::string>& repairs) {
  std::string inside = trimmed(text);
  if (inside.starts_with('{'))
    if (auto object = read_all(inside, false, repairs); object && object->is_object()) return *object;
  return inside;
}

Json input_of_text(std::string_view text, std::vector<std::string>& repairs) {
  std::string trimmed_text = trimmed(text);
  std::string_view inside = unfenced(trimmed_text);
  if (inside.starts_with('{'))
    if (auto object = read_all(inside, false, repairs); object && object->is_object()) return *object;
  if (inside.size() >= 2 && inside.front() == '"' && inside.back() == '"') {
    Json value = Json::parse(inside.begin(), inside.end(), nullptr, false);
    if (value.is_string()) return value;
    std::string_view unquoted = inside.substr(1, inside.size() - 2);
    if (unquoted.starts_with('{'))
      if (auto object = read_all(unquoted, false, repairs); object && object->is_object()) return *object;
    if (unquoted.find('"') == std::string_view::npos) return std::string(unquoted);
  }
  return std::string(inside);
}

std::optional<Json> call_arguments(std::string_view arguments, std::vector<std::string>& repairs) {
  std::string text = trimmed(arguments);
  if (text.empty()) return Json::object();
  if (keyword_first(text)) return read_all("{" + text + "}", true, repairs);
  std::vector<std::string> mended;
  auto list = read_all("[" + text + "]", true, mended);
  if (!list || !list->is_array()) return std::nullopt;
  if (list->size() != 1) return list;
  return (*list)[0];
}

FinalStep final_of_text(std::string text) {
  std::string_view inside = unfenced(text);
  if (!inside.starts_with('{') && !inside.starts_with('[')) return {std::move(text), nullptr};
  auto data = parse_json(inside);
  if (!data || !data->is_structured()) return {std::move(text), nullptr};
  return {std::string(inside), std::move(*data)};
}

}  // namespace troupe::agents
