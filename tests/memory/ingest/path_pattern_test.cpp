#include "memory/knowledge/ingest/path_pattern.h"

#include "memory/knowledge/ingest/limits.h"

#include <algorithm>
#include <chrono>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::memory;

namespace {

/// Whether any pattern that `text` stands for matches a whole path.
bool matches(std::string_view text, std::string_view path) {
  const auto patterns = PathPattern::parse(text);
  REQUIRE(patterns.has_value());
  return std::ranges::any_of(*patterns, [&](const PathPattern& pattern) {
    const std::string inside = pattern.folder() == "/" ? "/" : pattern.folder() + "/";
    if (!path.starts_with(inside)) return false;
    auto state = pattern.start();
    for (std::string_view rest = path.substr(inside.size()); !rest.empty();) {
      const std::size_t end = std::min(rest.find('/'), rest.size());
      state = pattern.enter(state, rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return pattern.matches(state);
  });
}

}  // namespace

TEST_CASE("wildcards within a name match as in a shell") {
  struct Row {
    const char* part;
    const char* name;
    bool fits;
  };
  for (const Row& row : {Row{"*.md", "a.md", true},
                         {"*.md", ".md", true},
                         {"*.md", "a.mdx", false},
                         {"a*b*c", "a__b__b_c", true},
                         {"a*b*c", "a__b__b_", false},
                         {"*", "", true},
                         {"?", "", false},
                         {"?", "한", true},
                         {"??", "한", false},
                         {"[a-c]x", "bx", true},
                         {"[a-c]x", "dx", false},
                         {"[!a-c]x", "dx", true},
                         {"[^a-c]x", "ax", false},
                         {"[]]", "]", true},
                         {"[a-]", "-", true},
                         {"[가-힣]*", "한글.md", true},
                         {"[가-힣]*", "hangul.md", false},
                         {"[abc", "[abc", true},
                         {"[abc", "a", false},
                         {"\\*", "*", true},
                         {"\\*", "x", false},
                         {"\\[a]", "[a]", true},
                         {"", "", true},
                         {"", "a", false},
                         {"a", "", false},
                         {"\xff*", "\xff\xfe", true}}) {
    INFO(row.part << " and " << row.name);
    CHECK(name_matches(row.part, row.name) == row.fits);
  }
}

TEST_CASE("folders are matched name by name, and ** is any number of them") {
  struct Row {
    const char* pattern;
    const char* path;
    bool fits;
  };
  for (const Row& row : {Row{"/d/*.md", "/d/a.md", true},
                         {"/d/*.md", "/d/e/a.md", false},
                         {"/d/**/*.md", "/d/a.md", true},
                         {"/d/**/*.md", "/d/e/f/a.md", true},
                         {"/d/**", "/d/e/f/a.bin", true},
                         {"/d/**", "/e/a", false},
                         {"/d/**/x/**/y", "/d/x/1/x/y", true},
                         {"/d/**/x/**/y", "/d/1/y", false},
                         {"/**/**/a", "/a", true},
                         {"/*/x", "/a/x", true},
                         {"/d/{a,b}.md", "/d/b.md", true},
                         {"/d/{a,b}.md", "/d/c.md", false},
                         {"/{d,e}/{1,2}/*", "/e/2/x", true},
                         {"/d/{a,{b,c}x}", "/d/cx", true},
                         {"/d/{a}", "/d/a", true},
                         {"/d/\\{a,b\\}*", "/d/{a,b}.md", true},
                         {"/d//e/./*", "/d/e/x", true}}) {
    INFO(row.pattern << " and " << row.path);
    CHECK(matches(row.pattern, row.path) == row.fits);
  }
}

TEST_CASE("what begins with a dot is matched only by what begins with a dot") {
  CHECK_FALSE(matches("/d/*", "/d/.env"));
  CHECK_FALSE(matches("/d/?env", "/d/.env"));
  CHECK_FALSE(matches("/d/**", "/d/.git/config"));
  CHECK_FALSE(matches("/d/**/config", "/d/.git/config"));
  CHECK(matches("/d/.*", "/d/.env"));
  CHECK(matches("/d/**/.git/*", "/d/e/.git/config"));
}

TEST_CASE("a folder that cannot hold a match is known at its name") {
  const auto pattern = PathPattern::parse("/d/a*/b/*.md")->at(0);
  CHECK(pattern.folder() == "/d");
  const auto in = pattern.enter(pattern.start(), "ax");
  CHECK(in != 0);
  CHECK(pattern.enter(pattern.start(), "bx") == 0);
  CHECK(pattern.enter(in, "c") == 0);
  CHECK_FALSE(pattern.matches(in));
}

TEST_CASE("a pattern that says no kind of file is known") {
  CHECK(PathPattern::parse("/d/**")->at(0).any_name());
  CHECK(PathPattern::parse("/d/*")->at(0).any_name());
  CHECK_FALSE(PathPattern::parse("/d/*.*")->at(0).any_name());
  CHECK_FALSE(PathPattern::parse("/d/{a,b}")->at(0).any_name());
}

TEST_CASE("no pattern takes long, whatever it is") {
  std::string part, name(4'000, 'a');
  for (int i = 0; i < 1'000; ++i) part += "*a?";
  const auto begun = std::chrono::steady_clock::now();
  CHECK_FALSE(name_matches(part + "b", name));
  std::string deep = "/";
  for (std::size_t i = 0; i < limits::kPatternParts / 2; ++i) deep += "**/a/";
  CHECK_FALSE(matches(deep + "b", [] {
    std::string path;
    for (int i = 0; i < 2'000; ++i) path += "/a";
    return path;
  }()));
  CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds(20));
}

TEST_CASE("patterns that cannot be used are refused with the reason") {
  CHECK_FALSE(PathPattern::parse("d/*.md"));
  CHECK_FALSE(PathPattern::parse("/"));
  CHECK(PathPattern::parse("/d/{a,b").error().message.contains("a `{` without its `}`"));
  CHECK_FALSE(PathPattern::parse("/{1,2,3,4,5}{1,2,3,4,5}{1,2,3,4,5}"));
  CHECK_FALSE(PathPattern::parse("/" + std::string(limits::kPatternBytes, '*')));
  std::string parts;
  for (std::size_t i = 0; i <= limits::kPatternParts; ++i) parts += "/*";
  CHECK_FALSE(PathPattern::parse(parts));
  CHECK(PathPattern::parse("/a/{b,b}")->size() == 1);
}
