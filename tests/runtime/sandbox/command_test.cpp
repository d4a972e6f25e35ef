#include "runtime/sandbox/command.h"

#include "runtime/sandbox/byte_channel.h"
#include "runtime/sandbox/child.h"
#include "tests/fakes/run_loop.h"
#include "tests/fakes/temp_dir.h"

#include <array>
#include <csignal>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::sandbox;

namespace {

struct Shell {
  /// What the script printed, and how it ended.
  std::pair<std::string, Ending> run(std::string script, std::vector<std::string> environment = {},
                                     std::string directory = "/") {
    auto output = std::move(*make_pipe());
    Streams streams{.output = output.second.get()};
    auto started =
        start_command({"/bin/sh", {"-c", std::move(script)}, std::move(environment), directory}, streams);
    REQUIRE(started);
    output.second.reset();
    Child child = Child::adopt(loop, std::move(*started));
    ByteChannel channel(loop, std::move(output.first));
    std::pair<std::string, Ending> seen;
    fakes::run(loop, [](Child& process, ByteChannel& from, std::pair<std::string, Ending>& into) -> Task<> {
      std::array<char, 4096> bytes;
      while (const auto n = co_await from.read_some(bytes)) into.first.append(bytes.data(), n);
      into.second = co_await process.wait();
    }(child, channel, seen));
    return seen;
  }

  SystemClock clock;
  Loop loop{clock};
};

}  // namespace

TEST_CASE("a command has the environment and the folder that are named, and nothing else") {
  Shell shell;
  fakes::TempDir folder;

  const auto [said, ending] =
      shell.run("env | grep -v -E '^(PWD|SHLVL|_|OLDPWD)=' ; pwd; exit 3", {"COLOUR=green"}, folder.path());

  CHECK(said == "COLOUR=green\n" + std::string(folder.path()) + "\n");
  CHECK(ending.exit_code == 3);
}

TEST_CASE("a command keeps the user it was started by, so that it reaches what the operator meant it to") {
  Shell shell;
  CHECK(shell.run("id -u", {"PATH=/usr/bin:/bin"}).first == std::to_string(::getuid()) + "\n");
}

TEST_CASE("a command in a folder that is not there, and one that cannot be executed, say why") {
  Shell shell;
  CHECK(shell.run("true", {}, "/nowhere").second.not_begun.find("changing to its folder") !=
        std::string::npos);

  auto started = start_command({"/etc/passwd", {}, {}, "/"}, {});
  REQUIRE(started);
  Child child = Child::adopt(shell.loop, std::move(*started));
  const Ending ending = fakes::run(shell.loop, child.wait());
  CHECK(ending.not_begun.find("executing it") != std::string::npos);
}

TEST_CASE("terminate() reaches the whole group, and a program may act on it") {
  Shell shell;
  auto input = std::move(*make_pipe());
  auto output = std::move(*make_pipe());
  auto started =
      start_command({"/bin/sh", {"-c", "trap 'exit 7' TERM; echo ready; read line; exit 1"}, {}, "/"},
                    {.input = input.first.get(), .output = output.second.get()});
  REQUIRE(started);
  output.second.reset();
  Child child = Child::adopt(shell.loop, std::move(*started));
  ByteChannel channel(shell.loop, std::move(output.first));
  std::array<char, 16> bytes;
  CHECK(fakes::run(shell.loop, channel.read_some(bytes)) > 0);  // its trap is set

  child.terminate();

  CHECK(fakes::run(shell.loop, child.wait()).exit_code == 7);
}

TEST_CASE("a program is found by its name in the folders of PATH, by its path otherwise") {
  CHECK(find_program("sh", "/nowhere:/bin", "/").value() == "/bin/sh");
  CHECK(find_program("/bin/sh", "", "/").value() == "/bin/sh");
  CHECK(find_program("./sh", "", "/bin").has_value());

  const auto missing = find_program("no-such-program", "/usr/bin:/bin", "/");
  REQUIRE(!missing);
  CHECK(missing.error().code == ErrorCode::not_found);
  CHECK(missing.error().message.find("`no-such-program`") != std::string::npos);
  CHECK(!find_program("sh", "bin", "/"));  // a relative folder of PATH would be anybody's
}
