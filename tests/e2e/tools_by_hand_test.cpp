// `troupe tools`: what a tool says, as a person gets to see it.
#include "tests/e2e/daemon.h"
#include "tests/fakes/http_peer.h"
#include "tests/fakes/temp_dir.h"
#include "tests/fakes/terminal.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::e2e;
using fakes::PeerReply;
using fakes::Terminal;

namespace {

constexpr const char* kRed =
    "a \x1b[31mred\x07 \xc2\x9b"
    "2J word\tand\r\n\xed\x95\x9c";

/// A folder whose one file would steer a terminal, and a service that says so in its errors.
struct Hostile {
  Hostile()
      : service([](const fakes::PeerRequest&) {
          PeerReply reply(500, "broken \xff \x1b[31mred");
          return reply;
        }),
        daemon(fmt::format("network: {{ allow_private: [127.0.0.1] }}\n"
                           "tools:\n"
                           "  desk: {{ type: files, root: {}, description: \"on \\x1b[31mred paper\" }}\n"
                           "  once: {{ type: http, method: POST, url: \"{}\" }}\n"
                           "models: {{ m: {{ provider: builtin }} }}\n"
                           "agents: {{ a: {{ model: m, tools: [desk, once] }} }}\n",
                           folder.path().string(), service.url("/x"))) {
    std::ofstream(folder.path() / "a.txt", std::ios::binary) << kRed;
  }
  std::vector<std::string> command(std::vector<std::string> rest) const {
    rest.insert(rest.begin() + 1, {"-c", daemon.config()});
    rest.insert(rest.begin(), {program(), "tools"});
    return rest;
  }

  fakes::TempDir folder;
  fakes::HttpPeer service;
  Daemon daemon;
};

}  // namespace

TEST_CASE("what a tool says cannot steer the terminal that shows it") {
  const Hostile hostile;
  for (const auto& [command, seen] :
       {std::pair{std::vector<std::string>{"call", "desk/read", R"({"path": "a.txt"})"},
                  "a \\x1b[31mred\\x07 \\u009b2J word\tand\\x0d\r\n\xed\x95\x9c"},
        std::pair{std::vector<std::string>{"call", "once", "{}"}, "broken \xEF\xBF\xBD \\x1b[31mred"},
        std::pair{std::vector<std::string>{"list"}, "on \\x1b[31mred paper"},
        std::pair{std::vector<std::string>{"show", "desk/read"}, "on \\u001b[31mred paper"}}) {
    CAPTURE(command.front());
    Terminal terminal(hostile.command(command));
    terminal.until(seen);
    terminal.wait();
    for (const char* raw : {"\x1b", "\x07", "\xc2\x9b", "\xff"}) CHECK_FALSE(terminal.shown().contains(raw));
  }
}

TEST_CASE("into a pipe a tool's text goes as a model reads it") {
  const Hostile hostile;
  const auto read = fakes::run_program(hostile.command({"call", "desk/read", R"({"path": "a.txt"})"}));
  CHECK(read.exit_code == 0);
  CHECK(read.out == std::string(kRed) + "\n");
  const auto failed = fakes::run_program(hostile.command({"call", "once", "{}"}));
  CHECK(failed.exit_code == 1);
  CHECK(failed.err.contains("broken \xEF\xBF\xBD \x1b[31mred"));
}
