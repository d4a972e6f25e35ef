#include "tests/floors/source_tree.h"

#include <algorithm>
#include <cctype>
#include <sstream>

#include <doctest/doctest.h>

using namespace troupe::floors;

namespace {

constexpr int kLinesNoted = 500;  // one idea may be this long; longer ones are listed
constexpr int kLinesMax = 900;

const SourceTree& tree() {
  static const SourceTree kTree = SourceTree::read(TROUPE_SOURCE_DIR);
  return kTree;
}

bool is_word_char(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
}

bool has_word(const std::string& line, const std::string& word) {
  for (auto at = line.find(word); at != std::string::npos; at = line.find(word, at + 1)) {
    const bool begins = at == 0 || !is_word_char(line[at - 1]);
    const auto after = at + word.size();
    const bool ends = after >= line.size() || !is_word_char(line[after]);
    if (begins && ends) return true;
  }
  return false;
}

/// Calls `rule` with every line of every source but this folder's own, which must spell what it forbids.
template <class Rule>
std::vector<std::string> complaints_about_lines(Rule rule) {
  std::vector<std::string> complaints;
  for (const auto& [path, file] : tree().files()) {
    if (path.starts_with("tests/floors/")) continue;
    std::istringstream in(file.text);
    std::string line;
    for (int number = 1; std::getline(in, line); ++number) {
      const std::string complaint = rule(file, line);
      if (!complaint.empty()) complaints.push_back(path + ":" + std::to_string(number) + ": " + complaint);
    }
  }
  return complaints;
}

bool in_daemon(const SourceFile& file) {
  const auto names = floor_names();
  return std::find(names.begin(), names.end(), file.folder()) != names.end();
}

/// The identifier after "class " or "struct " at the start of a line, or "".
std::string type_name(const std::string& line) {
  for (const std::string keyword : {"class ", "struct "}) {
    if (!line.starts_with(keyword)) continue;
    auto end = keyword.size();
    while (end < line.size() && is_word_char(line[end])) ++end;
    return line.substr(keyword.size(), end - keyword.size());
  }
  return "";
}

}  // namespace

TEST_CASE("nothing is left to be done later") {
  const auto complaints =
      complaints_about_lines([](const SourceFile&, const std::string& line) -> std::string {
        for (const char* word : {"TODO", "FIXME", "XXX", "HACK"}) {
          if (has_word(line, word)) return std::string("says ") + word;
        }
        return "";
      });

  CHECK_MESSAGE(complaints.empty(), lines(complaints));
}

TEST_CASE("no type is named for not knowing what it decides") {
  const auto complaints =
      complaints_about_lines([](const SourceFile&, const std::string& line) -> std::string {
        const auto name = type_name(line);
        for (const char* suffix : {"Manager", "Helper", "Helpers", "Utils", "Util"}) {
          if (name.ends_with(suffix)) return name + ": name it for what it decides";
        }
        return "";
      });

  CHECK_MESSAGE(complaints.empty(), lines(complaints));
}

TEST_CASE("nothing registers itself before main") {
  const auto complaints =
      complaints_about_lines([](const SourceFile& file, const std::string& line) -> std::string {
        if (!in_daemon(file)) return "";
        if (line.find("__attribute__((constructor") != std::string::npos ||
            line.find("gnu::constructor") != std::string::npos) {
          return "runs before main";
        }
        // A definition at namespace scope whose only use is its initializer's side effect.
        const bool at_scope = !line.empty() && !std::isspace(static_cast<unsigned char>(line[0]));
        if (at_scope && line.find("regist") != std::string::npos && line.find('=') != std::string::npos &&
            (line.starts_with("static ") || line.starts_with("const ") || line.starts_with("inline "))) {
          return "static-initializer registration; name it in the folder's table";
        }
        return "";
      });

  CHECK_MESSAGE(complaints.empty(), lines(complaints));
}

TEST_CASE("coroutines are spawned through a nursery only") {
  const auto complaints =
      complaints_about_lines([](const SourceFile& file, const std::string& line) -> std::string {
        if (!in_daemon(file) || file.path.starts_with("runtime/async/")) return "";
        if (has_word(line, "co_spawn") && !line.starts_with("#include"))
          return "co_spawn outside of runtime/async";
        return "";
      });

  CHECK_MESSAGE(complaints.empty(), lines(complaints));
}

TEST_CASE("a header begins with #pragma once, perhaps after a comment") {
  std::vector<std::string> complaints;
  for (const auto& [path, file] : tree().files()) {
    // What plugins in C include, the released ones too, has guards as C has them.
    if (!file.is_header() || path.ends_with("/troupe_plugin.h")) continue;
    std::istringstream in(file.text);
    std::string line;
    while (std::getline(in, line) && (line.starts_with("//") || line.empty())) {
    }
    if (line != "#pragma once") complaints.push_back(path);
  }

  CHECK_MESSAGE(complaints.empty(), lines(complaints));
}

TEST_CASE("files stay within one idea's length") {
  std::vector<std::string> complaints;
  for (const auto& [path, file] : tree().files()) {
    const auto count = std::count(file.text.begin(), file.text.end(), '\n');
    const auto said = path + ": " + std::to_string(count) + " lines; look for the second noun in it";
    if (count > kLinesNoted && in_daemon(file)) MESSAGE(said);
    if (count > kLinesMax) complaints.push_back(said);
  }

  CHECK_MESSAGE(complaints.empty(), lines(complaints));
}

TEST_CASE("text files are UTF-8 without carriage returns, tabs or trailing blanks") {
  const auto complaints =
      complaints_about_lines([](const SourceFile&, const std::string& line) -> std::string {
        if (line.find('\t') != std::string::npos) return "a tab";
        if (line.ends_with('\r')) return "a carriage return";
        if (line.ends_with(' ')) return "a trailing blank";
        return "";
      });

  CHECK_MESSAGE(complaints.empty(), lines(complaints));
}
