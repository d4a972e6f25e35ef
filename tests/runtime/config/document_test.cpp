#include "runtime/config/document.h"

#include "runtime/base/limits.h"
#include "tests/fakes/test_environment.h"

#include <map>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::config;

namespace {

// Files in memory; a pattern matches what begins and ends like it.
class Files final : public fakes::TestEnvironment {
 public:
  explicit Files(std::map<std::string, std::string> files) : files_(std::move(files)) { folder = "/w"; }
  Result<std::string> read_file(const std::string& path, std::size_t bytes_max) const override {
    auto found = files_.find(path);
    if (found == files_.end()) return fail(ErrorCode::not_found, "no such file");
    if (found->second.size() > bytes_max)
      return fail(ErrorCode::too_large, fmt::format("larger than {} bytes", bytes_max));
    return found->second;
  }
  std::vector<std::string> glob(const std::string& pattern) const override {
    std::string head = pattern.substr(0, pattern.find('*'));
    std::string tail = pattern.substr(pattern.find('*') + 1);
    std::vector<std::string> found;
    for (const auto& [path, text] : files_)
      if (path.starts_with(head) && path.ends_with(tail)) found.push_back(path);
    return found;
  }

 private:
  std::map<std::string, std::string> files_;
};

std::string flat(const Node& node) {
  std::string out;
  if (node.kind == Node::Kind::scalar) return node.text;
  for (const Member& member : node.members)
    out += (out.empty() ? "" : ",") + member.key + ":" + flat(member.value);
  return "{" + out + "}";
}

// The merged tree, or the first problem.
std::string loaded(std::map<std::string, std::string> files, const std::string& path = "t.yaml") {
  Sources sources;
  Problems problems(sources);
  auto tree = load_document(path, sources, Files(std::move(files)), problems);
  auto all = problems.take({});
  if (!all.empty()) return render(all[0]);
  return tree ? flat(*tree) : "nothing";
}

bool contains(const std::string& text, std::string_view phrase) {
  return text.find(phrase) != std::string::npos;
}

}  // namespace

TEST_CASE("sections are merged entry by entry") {
  CHECK(loaded({{"/w/t.yaml", "version: 1\ninclude: [b.yaml, a.yaml]\nm: { x: 1 }\n"},
                {"/w/a.yaml", "m: { y: 2 }\nn: { z: 3 }\n"},
                {"/w/b.yaml", "version: 1\nm: { w: 4 }\n"}}) == "{version:1,m:{x:1,w:4,y:2},n:{z:3}}");
  CHECK(loaded({{"/w/t.yaml", "m:\ninclude: [a.yaml]\n"}, {"/w/a.yaml", "m: { y: 2 }\n"}}) == "{m:{y:2}}");
  CHECK(loaded({{"/w/t.yaml", "include: [a.yaml]\nm: {x: 1}"}, {"/w/a.yaml", "m:\n"}}) == "{m:{x:1}}");
  CHECK(loaded({{"/w/t.yaml", "include: [a.yaml]\nm: {x: 1}"}, {"/w/a.yaml", "# empty\n"}}) == "{m:{x:1}}");
}

TEST_CASE("the same entry twice is an error that names both places") {
  CHECK(loaded({{"/w/t.yaml", "include: [a.yaml]\nm:\n  x: 1\n"}, {"/w/a.yaml", "m: { x: 2 }\n"}}) ==
        "a.yaml:1:6: error: `x` in `m` is defined twice; first at t.yaml:3:3");
  CHECK(loaded({{"/w/t.yaml", "include: [a.yaml]\nd: 1\n"}, {"/w/a.yaml", "d: 1\n"}}) ==
        "a.yaml:1:1: error: `d` is defined twice; first at t.yaml:2:1");
  CHECK(loaded({{"/w/t.yaml", "include: [a.yaml]\nversion: 1\n"}, {"/w/a.yaml", "version: 2\n"}}) ==
        "a.yaml:1:1: error: `version` is defined twice; first at t.yaml:2:1");
  CHECK(loaded({{"/w/t.yaml", "include: [a.yaml]\nd: { x: 1 }\n"}, {"/w/a.yaml", "d: [1]\n"}}) ==
        "a.yaml:1:1: error: `d` is defined twice; first at t.yaml:2:1");
}

TEST_CASE("paths start at the including file, patterns skip it, and a file is read once") {
  CHECK(loaded({{"/w/t.yaml", "include: [sub/a.yaml]\n"},
                {"/w/sub/a.yaml", "include: [b.yaml, ../c.yaml]\na: 1\n"},
                {"/w/sub/b.yaml", "include: [../c.yaml]\nb: 1\n"},
                {"/w/c.yaml", "c: 1\n"}}) == "{c:1,b:1,a:1}");
  CHECK(loaded({{"/w/t.yaml", "include: [\"*.yaml\"]\nx: 1\n"}, {"/w/a.yaml", "a: 1\n"}}) == "{x:1,a:1}");
  CHECK(loaded({{"/w/t.yaml", "include: [\"conf.d/*.yaml\"]\nx: 1\n"}}) ==
        "t.yaml:1:11: warning: `include`: no file matches `conf.d/*.yaml`");
  CHECK(loaded({{"/srv/t.yaml", "include: [a.yaml]\n"}, {"/srv/a.yaml", "a: [\n"}}, "/srv/t.yaml")
            .starts_with("/srv/a.yaml:1:4: error: "));
}

TEST_CASE("cycles, depth, number and size of files are bounded") {
  CHECK(loaded({{"/w/t.yaml", "include: [t.yaml]\n"}}) ==
        "t.yaml:1:11: error: `include`: the files include each other: t.yaml → t.yaml");
  CHECK(contains(loaded({{"/w/t.yaml", "include: [a.yaml]\n"}, {"/w/a.yaml", "include: [\"*.yaml\"]\n"}}),
                 "a.yaml → t.yaml"));

  std::map<std::string, std::string> chain;
  for (int i = 0; i < 20; ++i)
    chain[fmt::format("/w/c{}.yaml", i)] = fmt::format("include: [c{}.yaml]\n", i + 1);
  CHECK(contains(loaded(chain, "c0.yaml"), "nested deeper than 8 files"));

  std::map<std::string, std::string> many{{"/w/t.yaml", "include: [\"p/*.yaml\"]\n"}};
  for (int i = 0; i < 100; ++i) many[fmt::format("/w/p/{}.yaml", i)] = "";
  CHECK(contains(loaded(many), "more than 64 files"));

  CHECK(loaded({{"/w/t.yaml", std::string(limits::kConfigBytes + 1, '#')}}) ==
        "t.yaml:1:1: error: cannot read the file: larger than 4194304 bytes");
}

TEST_CASE("a file that is not there, or not a map, says so") {
  CHECK(loaded({}) == "t.yaml:1:1: error: cannot read the file: no such file");
  CHECK(loaded({{"/w/t.yaml", ""}}).starts_with("t.yaml:1:1: error: the file is empty"));
  CHECK(loaded({{"/w/t.yaml", "- a\n"}}).starts_with("t.yaml:1:1: error: a configuration is a map"));
  CHECK(loaded({{"/w/t.yaml", "include: [a.yaml]\n"}, {"/w/a.yaml", "- a\n"}}) ==
        "a.yaml:1:1: error: an included file is a map of sections");
  CHECK(loaded({{"/w/t.yaml", "include: [[a]]\n"}}) ==
        "t.yaml:1:11: error: `include`: expected a file or a pattern");
  CHECK(contains(loaded({{"/w/t.yaml", "include: a.yaml\n"}}), "expected a list of files"));
  CHECK(contains(loaded({{"/w/t.yaml", "include: [\"~bob/x.yaml\"]\n"}}), "`~user` is not supported"));
}
