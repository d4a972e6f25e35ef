#include "app/import/project.h"

#include "runtime/base/limits.h"
#include "runtime/config/yaml.h"

#include <filesystem>

#include <fmt/format.h>

namespace troupe::app {

std::string without_comments(std::string text) {
  enum class In { text, string, line, block } in = In::text;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    switch (in) {
      case In::text:
        if (text[i] == '"') in = In::string;
        if (text[i] == '\t') text[i] = ' ';  // which YAML does not take for indentation
        if (text[i] == '/' && (next == '/' || next == '*')) {
          in = next == '/' ? In::line : In::block;
          text[i] = text[i + 1] = ' ';
          ++i;
        }
        break;
      case In::string:
        if (text[i] == '\\')
          ++i;
        else if (text[i] == '"')
          in = In::text;
        break;
      case In::line:
        if (text[i] == '\n')
          in = In::text;
        else
          text[i] = ' ';
        break;
      case In::block:
        if (text[i] == '*' && next == '/') {
          in = In::text;
          text[i + 1] = ' ';
        }
        if (text[i] != '\n') text[i] = ' ';
        break;
    }
  }
  return text;
}

Result<config::Node> Project::read(const std::string& path) {
  if (sources_.size() >= limits::kConfigFiles)
    return fail(ErrorCode::too_large,
                fmt::format("{}: the project has more than {} files", path, limits::kConfigFiles));
  auto text = environment_.read_file(path, limits::kConfigBytes);
  if (!text) return fail(text.error().code, fmt::format("{}: {}", path, text.error().message));
  const int file = sources_.add(path, std::filesystem::path(path).parent_path().string());
  if (path.ends_with(".jsonc") || path.ends_with(".json")) *text = without_comments(std::move(*text));
  config::Problems problems(sources_);
  auto node = config::parse_yaml(*text, file, sources_, problems);
  if (node && problems.errors() == 0) return std::move(*node);
  std::string all;
  for (const config::Problem& problem : problems.take({}))
    all += (all.empty() ? "" : "\n") + config::render(problem);
  return fail(ErrorCode::invalid, all);
}

std::string beside(const std::string& path, const std::string& name) {
  return (std::filesystem::path(path).parent_path() / name).string();
}

std::string text_of(const config::Node* node) {
  return node && node->kind == config::Node::Kind::scalar ? node->text : "";
}

const config::Node* value_of(const config::Node& map, std::string_view key) {
  const config::Member* member = map.find(key);
  return member ? &member->value : nullptr;
}

bool is_true(const config::Node& node) {
  return node.kind == config::Node::Kind::scalar &&
         (node.text == "true" || node.text == "True" || node.text == "yes" || node.text == "1");
}

std::vector<std::string> texts_of(const config::Node& node) {
  std::vector<std::string> texts;
  if (node.kind == config::Node::Kind::scalar) texts.push_back(node.text);
  for (const config::Node& item : node.items)
    if (item.kind == config::Node::Kind::scalar) texts.push_back(item.text);
  return texts;
}

}  // namespace troupe::app
