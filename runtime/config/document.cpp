#include "runtime/config/document.h"

#include "runtime/base/limits.h"
#include "runtime/config/interpolate.h"
#include "runtime/config/paths.h"
#include "runtime/config/text_check.h"
#include "runtime/config/yaml.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <vector>

#include <fmt/format.h>

namespace troupe::config {

namespace {

std::string folder_of(const std::string& path) {
  return std::filesystem::path(path).parent_path().string();
}

// A folder's own name must not act as a pattern.
std::string escape_glob(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '*' || c == '?' || c == '[' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

class Loader {
 public:
  Loader(Sources& sources, const Environment& environment, Problems& problems)
      : sources_(sources), environment_(environment), problems_(problems) {}

  std::optional<Node> load_root(const std::string& path) {
    relative_names_ = !path.starts_with('/');
    auto absolute = resolve_path(path.starts_with('~') ? "./" + path : path, environment_.working_directory(),
                                 environment_);
    // The name as typed is the name people recognise.
    int file = sources_.add(path, absolute ? folder_of(*absolute) : "/");
    if (!absolute) return problems_.error({file, 1, 1}, absolute.error()), std::nullopt;
    auto bytes = environment_.read_file(*absolute, limits::kConfigBytes);
    if (!bytes)
      return problems_.error({file, 1, 1}, "cannot read the file: " + bytes.error().message), std::nullopt;
    seen_.insert(*absolute);
    open_.push_back(*absolute);
    return root_of(parse_yaml(*bytes, file, sources_, problems_), file);
  }

  std::optional<Node> load_root_text(const std::string& name, const std::string& folder,
                                     std::string_view text) {
    int file = sources_.add(name, folder);
    if (text.size() > limits::kConfigBytes)
      return problems_.error({file, 1, 1}, fmt::format("larger than {} bytes", limits::kConfigBytes)),
             std::nullopt;
    open_.push_back(folder + "/" + name);
    return root_of(parse_yaml(text, file, sources_, problems_), file);
  }

 private:
  std::optional<Node> root_of(std::optional<Node> root, int file) {
    if (!root) return std::nullopt;
    if (root->kind == Node::Kind::null)
      return problems_.error({file, 1, 1}, "the file is empty; a configuration begins with `version: 1`"),
             std::nullopt;
    if (root->kind != Node::Kind::map)
      return problems_.error(root->place, "a configuration is a map that begins with `version: 1`"),
             std::nullopt;
    root->place = Place{file, 1, 1};
    include_into(*root, *root);
    return root;
  }

  // Reads what `file` includes and merges it into `whole`; takes the key away.
  void include_into(Node& whole, Node& file) {
    auto at = std::find_if(file.members.begin(), file.members.end(),
                           [](const Member& m) { return m.key == "include"; });
    if (at == file.members.end()) return;
    Member include = std::move(*at);
    file.members.erase(at);
    if (include.value.kind == Node::Kind::null) return;
    if (include.value.kind != Node::Kind::sequence) {
      problems_.error(include.value.place,
                      "`include`: expected a list of files or patterns: `[ \"agents/*.yaml\" ]`");
      return;
    }
    for (const Node& pattern : include.value.items) include_pattern(whole, pattern);
  }

  void include_pattern(Node& whole, const Node& node) {
    const std::string& folder = sources_.folder(node.place.file);
    if (node.kind != Node::Kind::scalar)
      return problems_.error(node.place, "`include`: expected a file or a pattern");
    auto written = interpolate(node.text, folder, environment_, {});
    if (!written) return problems_.error(node.place, "`include`: " + written.error());
    // File names are shown in messages, and the value of `${file:…}` never is.
    if (written->secret) return problems_.error(node.place, "`include`: `${file:…}` cannot name a file");
    bool wild = written->text.find_first_of("*?[") != std::string::npos;
    auto pattern = resolve_path(written->text, wild ? escape_glob(folder) : folder, environment_);
    if (!pattern) return problems_.error(node.place, "`include`: " + pattern.error());
    if (!wild) return include_file(whole, *pattern, node.place);
    std::vector<std::string> matches = environment_.glob(*pattern);
    std::erase(matches, open_.back());
    if (matches.empty())
      problems_.warning(node.place, fmt::format("`include`: no file matches `{}`", clip(node.text)));
    for (const std::string& match : matches) include_file(whole, match, node.place);
  }

  void include_file(Node& whole, const std::string& path, Place from) {
    if (std::find(open_.begin(), open_.end(), path) != open_.end()) {
      std::string chain;
      for (const std::string& open : open_) chain += shown(open) + " → ";
      return problems_.error(from, "`include`: the files include each other: " + chain + shown(path));
    }
    if (seen_.contains(path)) return;
    if (open_.size() >= limits::kConfigIncludeDepth)
      return problems_.error(
          from, fmt::format("`include`: nested deeper than {} files", limits::kConfigIncludeDepth));
    if (sources_.size() >= limits::kConfigFiles)
      return problems_.error(from, fmt::format("`include`: more than {} files", limits::kConfigFiles));
    auto bytes = environment_.read_file(path, limits::kConfigBytes);
    if (!bytes)
      return problems_.error(
          from, fmt::format("`include`: cannot read {}: {}", shown(path), bytes.error().message));
    seen_.insert(path);
    int file = sources_.add(shown(path), folder_of(path));
    auto root = parse_yaml(*bytes, file, sources_, problems_);
    if (!root || root->kind == Node::Kind::null) return;
    if (root->kind != Node::Kind::map)
      return problems_.error(root->place, "an included file is a map of sections");
    open_.push_back(path);
    Node rest = *root;
    include_into(whole, rest);
    merge(whole, std::move(rest));
    open_.pop_back();
  }

  void merge(Node& whole, Node part) {
    for (Member& member : part.members) {
      auto at = std::find_if(whole.members.begin(), whole.members.end(),
                             [&](const Member& m) { return m.key == member.key; });
      if (at == whole.members.end())
        whole.members.push_back(std::move(member));
      else if (at->value.kind == Node::Kind::map && member.value.kind == Node::Kind::map)
        merge_section(*at, std::move(member));
      else if (at->value.kind == Node::Kind::null)
        at->value = std::move(member.value);
      else if (member.value.kind != Node::Kind::null && !same_version(*at, member))
        twice(fmt::format("`{}`", clip(member.key)), member.place, at->place);
    }
  }

  void merge_section(Member& section, Member part) {
    for (Member& entry : part.value.members) {
      if (const Member* first = section.value.find(entry.key))
        twice(fmt::format("`{}` in `{}`", clip(entry.key), clip(section.key)), entry.place, first->place);
      else
        section.value.members.push_back(std::move(entry));
    }
  }

  bool same_version(const Member& a, const Member& b) const {
    return a.key == "version" && a.value.kind == Node::Kind::scalar && b.value.kind == Node::Kind::scalar &&
           a.value.text == b.value.text;
  }

  void twice(const std::string& what, Place second, Place first) {
    problems_.error(second, fmt::format("{} is defined twice; first at {}", what, sources_.point(first)));
  }

  std::string shown(const std::string& path) const {
    std::string folder = environment_.working_directory() + "/";
    return relative_names_ && path.starts_with(folder) ? path.substr(folder.size()) : path;
  }

  Sources& sources_;
  const Environment& environment_;
  Problems& problems_;
  std::vector<std::string> open_;  // the chain of files being read, absolute
  std::set<std::string> seen_;
  bool relative_names_ = true;
};

}  // namespace

std::optional<Node> load_document(const std::string& path, Sources& sources, const Environment& environment,
                                  Problems& problems) {
  return Loader(sources, environment, problems).load_root(path);
}

std::optional<Node> load_text(const std::string& name, const std::string& folder, std::string_view text,
                              Sources& sources, const Environment& environment, Problems& problems) {
  return Loader(sources, environment, problems).load_root_text(name, folder, text);
}

}  // namespace troupe::config
