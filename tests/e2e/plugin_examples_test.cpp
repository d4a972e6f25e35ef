// The examples of plugins as their first lines say they are compiled, held against `troupe plugin check`; and
// what that finds with AddressSanitizer.
#include "runtime/base/sanitized.h"
#include "tests/e2e/daemon.h"
#include "tests/e2e/libraries.h"

#include <filesystem>
#include <fstream>
#include <iterator>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::e2e;

namespace fs = std::filesystem;

namespace {

/// A copy of the sources of plugins, with the example's folder where it stands, to compile in.
class Bench {
 public:
  Bench() {
    fs::copy(TROUPE_SOURCE_DIR "/plugins/troupe_plugin.h", root() / "troupe_plugin.h");
    fs::copy(TROUPE_SOURCE_DIR "/plugins/sdk", root() / "sdk");
    fs::copy(TROUPE_SOURCE_DIR "/plugins/examples", root() / "examples");
    fs::copy(TROUPE_SOURCE_DIR "/tests/plugins/careless_plugin.c", root() / "examples" / "careless_plugin.c");
    fs::permissions(root(), fs::perms(0755));
    fs::permissions(root() / "examples", fs::perms(0755));
  }
  fs::path root() const { return folder_.path(); }
  fs::path examples() const { return folder_.path() / "examples"; }

  fakes::Outcome run(const std::string& command) const {
    return fakes::run_program({"/bin/sh", "-c", command}, {}, "", examples().string());
  }
  fakes::Outcome check(const std::string& library, std::vector<std::string> more = {}) const {
    std::vector<std::string> command{program(), "plugin", "check", (examples() / library).string()};
    command.insert(command.end(), more.begin(), more.end());
    return fakes::run_program(std::move(command));
  }

 private:
  fakes::TempDir folder_;
};

bool there(const std::string& program) {
  return fakes::run_program({"/bin/sh", "-c", "command -v " + program}).exit_code == 0;
}

/// The command in the comment at the beginning of an example.
std::string command_of(const std::string& example) {
  std::ifstream in(TROUPE_SOURCE_DIR "/plugins/examples/" + example);
  for (std::string line; std::getline(in, line);)
    if (line.ends_with(".so")) return line.substr(line.find_first_not_of("/ "));
  return "";
}

/// With the compiler that the project is built with.
std::string with_clang(std::string command) {
  for (const auto& [from, to] : {std::pair("c++ ", "clang++-19 "), std::pair("cc ", "clang-19 ")})
    if (command.starts_with(from)) return to + command.substr(std::string_view(from).size());
  return command;
}

}  // namespace

TEST_CASE(
    "the examples in C and C++ compile as they say, without a warning, and nothing is found against them") {
  for (const auto& [example, library, more] :
       {std::tuple("greet.cpp", "libgreet.so", ""),
        std::tuple("timer.c", "libtimer.so", " -Wall -Wextra -Werror")}) {
    CAPTURE(example);
    const Bench bench;
    const std::string command = command_of(example);
    REQUIRE_FALSE(command.empty());
    const auto compiled = bench.run(with_clang(command) + more);
    REQUIRE_MESSAGE(compiled.exit_code == 0, compiled.err);
    const auto checked = bench.check(library, {"--repeats", "50"});
    CHECK_MESSAGE(checked.exit_code == 0, checked.out, checked.err);
    CHECK(checked.out.contains("no problems found"));
    CHECK_FALSE(checked.out.contains("WARNING"));
  }
}

TEST_CASE(
    "the example in Rust compiles as it says and nothing is found against it, where there is a compiler") {
  if (!there("rustc")) {
    MESSAGE("skipped: there is no rustc on this machine, so plugins/examples/roman.rs was not tried");
    return;
  }
  const Bench bench;
  const std::string command = command_of("roman.rs");
  REQUIRE(command.starts_with("rustc "));
  const auto compiled = bench.run(command);
  REQUIRE_MESSAGE(compiled.exit_code == 0, compiled.err);
  const auto checked = bench.check("libroman.so", {"--repeats", "50"});
  CHECK_MESSAGE(checked.exit_code == 0, checked.out, checked.err);
  CHECK(checked.out.contains("tool `roman` answers “MCMXCIX”"));
}

TEST_CASE("leaks and overflows of a library with AddressSanitizer are found, and not where there are none") {
  if (!there("clang-19")) {
    MESSAGE("skipped: there is no clang-19 on this machine, so AddressSanitizer was not tried");
    return;
  }
  const Bench bench;
  const auto compiled = bench.run(
      "clang-19 -g -fsanitize=address -shared -fPIC -fvisibility=hidden -I.. careless_plugin.c "
      "-o libcareless.so");
  REQUIRE_MESSAGE(compiled.exit_code == 0, compiled.err);

  if (!kSanitized) {  // a troupe with AddressSanitizer of its own can use the library as it is
    const auto confined = bench.check("libcareless.so");
    CHECK(confined.exit_code == 1);
    CHECK(confined.err.contains("--unconfined"));
  }

  const auto tidy = bench.check("libcareless.so", {"--unconfined", "--repeats", "20"});
  CHECK_MESSAGE(tidy.exit_code == 0, tidy.out, tidy.err);
  CHECK(tidy.out.contains("ok       AddressSanitizer found nothing"));

  const auto leaks = bench.check("libcareless.so", {"--unconfined", "--repeats", "20", "--call", "leak={}"});
  CHECK(leaks.exit_code == 1);
  CHECK_MESSAGE(leaks.out.contains("PROBLEM  AddressSanitizer: "), leaks.out, leaks.err);
  CHECK_MESSAGE(leaks.out.contains(" pieces were never freed; the first was allocated in "), leaks.out);
  CHECK(leaks.out.contains("libcareless.so"));

  const auto overflow =
      bench.check("libcareless.so", {"--unconfined", "--repeats", "20", "--call", "overflow={}"});
  CHECK(overflow.exit_code == 1);
  CHECK_MESSAGE(overflow.out.contains("tool `overflow`: call 1 ended its worker"), overflow.out,
                overflow.err);
  CHECK_MESSAGE(overflow.out.contains("PROBLEM  AddressSanitizer: heap-buffer-overflow "), overflow.out);
}

TEST_CASE(
    "a library with ThreadSanitizer is refused with what to do, and so is a runtime that is not there") {
  if (!there("clang-19")) return;
  const Bench bench;
  for (const char* sanitizer : {"thread", "address"}) {
    const auto compiled = bench.run(fmt::format(
        "clang-19 -fsanitize={0} -shared -fPIC -fvisibility=hidden -I.. careless_plugin.c -o lib{0}.so",
        sanitizer));
    REQUIRE_MESSAGE(compiled.exit_code == 0, compiled.err);
  }
  const auto thread = bench.check("libthread.so", {"--unconfined"});
  CHECK(thread.exit_code == 1);
  CHECK(thread.err.contains("ThreadSanitizer"));
  const auto missing =
      bench.check("libaddress.so", {"--unconfined", "--asan-runtime", "/nowhere/libasan.so"});
  CHECK(missing.exit_code == 1);
}

TEST_CASE("a library may be checked without confinement when that is said") {
  Libraries libraries;
  const std::string greet = libraries.put(TROUPE_GREET_PLUGIN, "libgreet.so");
  const auto checked =
      fakes::run_program({program(), "plugin", "check", greet, "--unconfined", "--repeats", "20"});
  CHECK_MESSAGE(checked.exit_code == 0, checked.out, checked.err);
  CHECK(checked.out.contains("in a worker process, not confined"));
}
