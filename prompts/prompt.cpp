#include "prompts/prompt.h"

#include "prompts/embedded.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include <fmt/format.h>
#include <kainjow/mustache.hpp>

namespace troupe::prompts {

namespace {

constexpr std::size_t kPromptBytes = 256u << 10;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front()))) text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) text.remove_suffix(1);
  return text;
}

struct FrontMatter {
  std::string description;
  std::vector<std::string> variables;
  std::size_t body = 0;  // offset of the template
};

std::vector<std::string> parse_list(std::string_view text) {
  std::vector<std::string> items;
  if (text.starts_with('[')) text.remove_prefix(1);
  if (text.ends_with(']')) text.remove_suffix(1);
  while (!text.empty()) {
    auto comma = std::min(text.find(','), text.size());
    if (auto item = trimmed(text.substr(0, comma)); !item.empty()) items.emplace_back(item);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return items;
}

// Three keys do not need YAML; anything else in there is a mistake worth telling.
Result<FrontMatter> parse_front_matter(std::string_view text, const std::string& source) {
  FrontMatter matter;
  if (!text.starts_with("---\n"))
    return fail(ErrorCode::invalid,
                fmt::format("{}:1: a prompt file starts with front matter between two lines of ---", source));
  std::size_t at = 4;
  for (int line = 2; at < text.size(); ++line) {
    auto end = std::min(text.find('\n', at), text.size());
    std::string_view row = text.substr(at, end - at);
    at = std::min(end + 1, text.size());
    if (row == "---") {
      matter.body = at;
      return matter;
    }
    if (trimmed(row).empty()) continue;
    auto colon = row.find(':');
    std::string_view key = trimmed(row.substr(0, std::min(colon, row.size())));
    std::string_view value = colon == row.npos ? "" : trimmed(row.substr(colon + 1));
    if (key == "description")
      matter.description = value;
    else if (key == "variables")
      matter.variables = parse_list(value);
    else if (key != "name")
      return fail(ErrorCode::invalid,
                  fmt::format("{}:{}: unknown front-matter key `{}`; known: name, description, variables",
                              source, line, key));
  }
  return fail(ErrorCode::invalid, fmt::format("{}: the front matter is not closed by a line of ---", source));
}

struct Tag {
  char kind;  // '#', '^', '/', or 0 for a variable
  std::string name;
  int line;
};

// The tags outside of any section over a list: inside one, names belong to its items.
std::vector<Tag> top_level_tags(std::string_view body, int first_line) {
  std::vector<Tag> tags;
  int depth = 0;
  int line = first_line;
  for (std::size_t at = 0; at + 1 < body.size(); ++at) {
    if (body[at] == '\n') ++line;
    if (body.compare(at, 2, "{{") != 0) continue;
    auto close = body.find("}}", at);
    if (close == body.npos) break;
    std::string_view inner = trimmed(body.substr(at + 2, close - at - 2));
    char kind = 0;
    if (!inner.empty() && std::string_view("#^/&{!>").contains(inner.front())) {
      kind = inner.front();
      inner = trimmed(inner.substr(1));
    }
    if (kind == '/') --depth;
    if (depth == 0 && kind != '/' && kind != '!') tags.push_back({kind, std::string(inner), line});
    if (kind == '#' || kind == '^') ++depth;
    at = close + 1;
  }
  return tags;
}

// An absent section leaves its line break behind.
std::string single_blank_lines(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (char c : text)
    if (c != '\n' || (!out.empty() && !out.ends_with("\n\n"))) out += c;
  return out;
}

kainjow::mustache::data to_data(const Json& value) {
  using kainjow::mustache::data;
  if (value.is_object()) {
    data object(data::type::object);
    for (auto& [key, member] : value.items()) object.set(key, to_data(member));
    return object;
  }
  if (value.is_array()) {
    data list(data::type::list);
    for (auto& item : value) list.push_back(to_data(item));
    return list;
  }
  if (value.is_boolean()) return data(value.get<bool>());
  if (value.is_null()) return data(false);
  std::string text = value.is_string() ? value.get<std::string>() : dump(value);
  if (text.empty()) return data(false);  // so that {{#role}}…{{/role}} leaves an empty role out
  return data(text);
}

// Those that this program brings are held against the rules by a test, on copies of them, not at every start:
// the template parser takes 0.1 ms for each.
bool is_built_in(std::string_view text) {
  return std::ranges::any_of(embedded_prompts(), [&](const EmbeddedPrompt& embedded) {
    return std::string_view(embedded.text).data() == text.data();
  });
}

}  // namespace

Result<Prompt> Prompt::parse(std::string_view text, std::string source) {
  if (text.size() > kPromptBytes)
    return fail(ErrorCode::too_large,
                fmt::format("{}: {} bytes; a prompt file may have {}", source, text.size(), kPromptBytes));
  auto matter = parse_front_matter(text, source);
  if (!matter) return std::unexpected(matter.error());

  Prompt prompt;
  prompt.description_ = std::move(matter->description);
  prompt.variables_ = std::move(matter->variables);
  prompt.template_ = text.substr(matter->body);
  prompt.source_ = std::move(source);

  if (is_built_in(text)) return prompt;
  kainjow::mustache::mustache checked(prompt.template_);
  if (!checked.is_valid())
    return fail(ErrorCode::invalid, fmt::format("{}: {}", prompt.source_, checked.error_message()));
  int first_line = 1 + static_cast<int>(std::count(
                           text.begin(), text.begin() + static_cast<std::ptrdiff_t>(matter->body), '\n'));
  for (const Tag& tag : top_level_tags(prompt.template_, first_line))
    if (!prompt.declares(tag.name))
      return fail(ErrorCode::invalid, fmt::format("{}:{}: uses `{}`, which its front matter does not declare",
                                                  prompt.source_, tag.line, tag.name));
  return prompt;
}

bool Prompt::declares(std::string_view variable) const {
  return std::ranges::find(variables_, variable) != variables_.end();
}

Result<std::string> Prompt::render(const Json& values) const {
  for (auto& [name, value] : values.items())
    if (!declares(name))
      return fail(ErrorCode::invalid,
                  fmt::format("prompt {}: `{}` is not among its variables", source_, name));
  kainjow::mustache::mustache compiled(template_);
  compiled.set_custom_escape([](const std::string& text) { return text; });
  return single_blank_lines(compiled.render(to_data(values)));
}

Result<PromptSet> PromptSet::load(const std::string& folder) {
  PromptSet set;
  for (const EmbeddedPrompt& embedded : embedded_prompts()) {
    auto prompt = Prompt::parse(embedded.text, fmt::format("built-in prompt {}", embedded.name));
    if (!prompt) return std::unexpected(prompt.error());
    set.prompts_.emplace(embedded.name, std::move(*prompt));
  }
  if (folder.empty()) return set;

  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.path().extension() != ".md") continue;
    std::string name = entry.path().stem().string();
    auto prompt = set.read(entry.path().string(), name);
    if (!prompt) return std::unexpected(prompt.error());
    set.prompts_.insert_or_assign(std::move(name), std::move(*prompt));
  }
  if (error)
    return fail(ErrorCode::store,
                fmt::format("cannot read the prompts folder {}: {}", folder, error.message()));
  return set;
}

Result<Prompt> PromptSet::read(const std::string& path, std::string_view name) const {
  std::ifstream file(path, std::ios::binary);
  std::string text(kPromptBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file && !file.eof()) return fail(ErrorCode::store, fmt::format("cannot read prompt file {}", path));
  text.resize(static_cast<std::size_t>(file.gcount()));
  auto prompt = Prompt::parse(text, path);
  if (!prompt) return prompt;
  if (auto known = only_known_variables(*prompt, name); !known) return std::unexpected(known.error());
  return prompt;
}

Result<> PromptSet::only_known_variables(const Prompt& prompt, std::string_view name) const {
  auto known = prompts_.find(name);
  if (known == prompts_.end()) return {};
  for (const std::string& variable : prompt.variables())
    if (!known->second.declares(variable))
      return fail(ErrorCode::invalid,
                  fmt::format("{}: declares `{}`, which nobody fills; prompt `{}` is given: {}",
                              prompt.source(), variable, name, fmt::join(known->second.variables(), ", ")));
  return {};
}

const Prompt* PromptSet::find(std::string_view name) const {
  auto it = prompts_.find(name);
  return it == prompts_.end() ? nullptr : &it->second;
}

std::vector<std::string> PromptSet::names() const {
  std::vector<std::string> names;
  for (auto& [name, prompt] : prompts_) names.push_back(name);
  return names;
}

}  // namespace troupe::prompts
