#include "tests/floors/source_tree.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>

namespace troupe::floors {

namespace fs = std::filesystem;

namespace {

std::vector<Include> includes_of(const std::string& text) {
  std::vector<Include> found;
  std::istringstream in(text);
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    if (!line.starts_with("#include ")) continue;
    const char close = line.size() > 9 && line[9] == '<' ? '>' : '"';
    const auto end = line.find(close, 10);
    if (end == std::string::npos) continue;
    found.push_back({line.substr(10, end - 10), close == '>', number});
  }
  return found;
}

}  // namespace

std::string SourceFile::part() const {
  const auto first = path.find('/');
  const auto second = path.find('/', first + 1);
  return second == std::string::npos ? "" : path.substr(first + 1, second - first - 1);
}

SourceTree SourceTree::read(const std::string& root) {
  SourceTree tree;
  auto folders = floor_names();
  folders.insert(folders.end(), {"tests", "bench"});
  for (const auto& folder : folders) {
    if (!fs::is_directory(fs::path(root) / folder)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(root) / folder)) {
      const auto extension = entry.path().extension();
      if (!entry.is_regular_file() || (extension != ".h" && extension != ".cpp")) continue;
      SourceFile file;
      file.path = fs::relative(entry.path(), root).string();
      file.text = read_text(entry.path().string());
      file.includes = includes_of(file.text);
      tree.files_.emplace(file.path, std::move(file));
    }
  }
  if (!tree.find("runtime/base/result.h")) throw std::runtime_error(root + " is not the top of the project");
  return tree;
}

const SourceFile* SourceTree::find(const std::string& path) const {
  const auto it = files_.find(path);
  return it == files_.end() ? nullptr : &it->second;
}

std::set<std::string> SourceTree::closure(const std::string& path) const {
  std::set<std::string> seen;
  std::vector<std::string> open{path};
  while (!open.empty()) {
    const auto next = open.back();
    open.pop_back();
    const auto* file = find(next);
    if (!file || !seen.insert(next).second) continue;
    for (const auto& include : file->includes) {
      if (!include.angled) open.push_back(include.path);
    }
  }
  return seen;
}

std::vector<std::string> floor_names() {
  std::istringstream in(TROUPE_FLOORS);
  return {std::istream_iterator<std::string>(in), {}};
}

std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string lines(const std::vector<std::string>& complaints) {
  std::string text;
  for (const auto& complaint : complaints) text += "\n  " + complaint;
  return text;
}

}  // namespace troupe::floors
