#include "agents/teams/patterns/output_file.h"

#include "agents/teams/limits.h"

#include <algorithm>
#include <filesystem>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::agents;

namespace {

std::string path(std::string_view written, const Json& values = Json::object()) {
  auto result = output_path(written, values, "here");
  return result ? *result : "error: " + std::string(word(result.error().code));
}

}  // namespace

TEST_CASE("a path is what is written, with values in it") {
  CHECK(path("report.md") == "report.md");
  CHECK(path("a/{topic}/b-{n}.md", {{"topic", "green tea"}, {"n", 3}}) == "a/green tea/b-3.md");
  CHECK(path(".hidden/{x}", {{"x", "é"}}) == ".hidden/é");
}

TEST_CASE("a value is a part of one name, whatever is in it") {
  CHECK(path("{x}", {{"x", "a/b\\c"}}) == "a_b_c");
  CHECK(path("{x}", {{"x", "/etc/passwd"}}) == "_etc_passwd");
  CHECK(path("{x}", {{"x", ".."}}) == "__");
  CHECK(path("{x}.md", {{"x", ".ssh"}}) == "_ssh.md");
  CHECK(path("{x}", {{"x", std::string("a\0b\n\x7f", 5)}}) == "a_b__");
  CHECK(path("{x}", {{"x", "a\xff\xc0\xaf"}}) == "a___");
  CHECK(path("{x}", {{"x", "a\xe0\x80\xaf\xed\xa0\x80"}}) == "a__");
  CHECK(path("{x}", {{"x",
                      "\xe2\x80\xae"
                      "dm.exe"}}) == "_dm.exe");
  CHECK(path("{x}/y", {{"x", ""}}) == "_/y");
}

TEST_CASE("values and what is written do not become a special name together") {
  CHECK(path(".{x}", {{"x", "."}}) == "._");
  CHECK(path("{x}{y}", {{"x", "."}, {"y", "."}}) == "__");
  CHECK(path("{x}.{y}", {{"x", ""}, {"y", "."}}) == "_._");
  CHECK(path("{x}..", {{"x", ""}}) == "_..");
  CHECK(path(".{x}.", {{"x", ""}}) == "_..");
}

TEST_CASE("a path that leads out as it is written is refused, with its place") {
  for (const char* written : {"", "/a", "a//b", "a/", "../a", "a/../b", "./a", ".."})
    CHECK(path(written) == "error: invalid");
  const auto error = output_path("../a", Json::object(), "teams.t, task `x`, output_file").error();
  CHECK(error.message.starts_with("teams.t, task `x`, output_file: "));
  CHECK(path("{nobody}.md") == "error: invalid");
}

TEST_CASE("long values are cut between characters, long names and paths refused") {
  std::string snow;
  for (int i = 0; i < 100; ++i) snow += "雪";
  const std::string cut = path("{x}", {{"x", snow}});
  CHECK(cut.size() <= limits::kPathValueBytes);
  CHECK(snow.starts_with(cut));
  CHECK(path(std::string(300, 'a')) == "error: too_large");
  std::string deep = "a";
  for (int i = 0; i < 600; ++i) deep += "/a";
  CHECK(path(deep) == "error: too_large");
}

TEST_CASE("no value of two bytes leads out") {
  for (int high = 0; high < 256; ++high)
    for (const char low : {'.', '/', '\\', '\0', 'a'}) {
      const std::string value = {static_cast<char>(high), low};
      const std::string filled = path("out/{x}/f{x}", {{"x", value}});
      const std::filesystem::path plain = filled;
      CHECK(std::ranges::count(filled, '/') == 2);
      CHECK(plain.lexically_normal() == plain);
      CHECK(filled.find('\0') == filled.npos);
    }
}
