#include "runtime/config/interpolate.h"

#include "tests/fakes/test_environment.h"

#include <doctest/doctest.h>

using namespace troupe;
using config::interpolate;

namespace {

class Machine final : public fakes::TestEnvironment {
 public:
  Machine()
      : TestEnvironment(
            {{"A", "one"}, {"B", "two"}, {"EMPTY", ""}, {"TRICKY", "${A} $${B} {x: [1]}"}, {"HOME", "/h"}}) {}
  Result<std::string> read_file(const std::string& path, std::size_t) const override {
    if (path == "/etc/troupe/key") return std::string("secret\n");
    if (path == "/h/key") return std::string("home\r\n");
    if (path == "/etc/troupe/two") return std::string("a\nb\n\n");
    if (path == "/etc/troupe/none") return std::string("\n");
    return fail(ErrorCode::not_found, "no such file");
  }
};

std::string put(std::string_view source) {
  auto value = interpolate(source, "/etc/troupe", Machine(), {});
  return value ? value->text : "error: " + value.error();
}

bool says(std::string_view source, std::string_view phrase) {
  return put(source).find(phrase) != std::string::npos;
}

}  // namespace

TEST_CASE("variables are put in, with defaults for unset and empty ones") {
  CHECK(put("${A}") == "one");
  CHECK(put("<${A}-${B}>") == "<one-two>");
  CHECK(put("${EMPTY}") == "");
  CHECK(put("${EMPTY:-x}") == "x");
  CHECK(put("${NONE:-x y:-z}") == "x y:-z");
  CHECK(put("${NONE:-}") == "");
  CHECK(put("${A:-x}") == "one");
}

TEST_CASE("a dollar is a dollar, and $${ is a literal ${") {
  CHECK(put("$5 a$b $$ $") == "$5 a$b $$ $");
  CHECK(put("$${A}") == "${A}");
  CHECK(put("") == "");
  for (const char* text : {"${A}", "$${A}", "$$${", "a ${ b", "$", "$$", "$$$", "plain", "$${$${"})
    CHECK_MESSAGE(put(config::escape_interpolation(text)) == text, text);
}

TEST_CASE("what was put in is not looked at again") {
  CHECK(put("${TRICKY}") == "${A} $${B} {x: [1]}");
}

TEST_CASE("what cannot be put in is an error that names it") {
  CHECK(put("${NONE}") ==
        "error: the environment variable `NONE` is not set; set it, or give a default: `${NONE:-…}`");
  CHECK(says("${A", "is not closed"));
  CHECK(says("${}", "is not `${NAME}`"));
  CHECK(says("${1A}", "is not `${NAME}`"));
  CHECK(says("${A-x}", "is not `${NAME}`"));
  CHECK(says("${A B}", "is not `${NAME}`"));
  CHECK(says("${secret:models.a.api_key}", "is not `${NAME}`"));
  CHECK(says("${A:-${B}}", "cannot stand inside another"));
}

TEST_CASE("files are secrets, relative to the file that names them, without their last line break") {
  auto value = interpolate("${file:key}", "/etc/troupe", Machine(), {});
  REQUIRE(value);
  CHECK(value->text == "secret");
  CHECK(value->secret);
  CHECK(value->whole);
  CHECK(value->reference == "${file:/etc/troupe/key}");
  CHECK(put("${file:/etc/troupe/key}") == "secret");
  CHECK(put("${file:~/key}") == "home");
  CHECK(put("${file:two}") == "a\nb\n");
  CHECK(put("${file:nope}") == "error: `${file:nope}`: cannot read /etc/troupe/nope: no such file");
  CHECK(says("${file:none}", "is empty"));
  CHECK(says("${file:}", "the path is empty"));
}

TEST_CASE("the machine's files: limits, folders and absence are reasons") {
  config::ProcessEnvironment machine;
  CHECK(machine.read_file("/no/such", 10).error().message == "no such file");
  CHECK(machine.read_file("/", 10).error().message == "is a directory");
  CHECK(machine.read_file("/dev/zero", 1000).error().message == "larger than 1000 bytes");
  CHECK(machine.read_file("/dev/null", 10).value() == "");
}
