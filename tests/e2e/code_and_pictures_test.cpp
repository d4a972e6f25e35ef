// The two tools that make something, in the real daemon: a model writes a program and asks for a picture.
#include "runtime/base/json.h"
#include "runtime/sandbox/support.h"
#include "tests/e2e/daemon.h"
#include "tests/fakes/http_peer.h"
#include "tests/fakes/process.h"
#include "tools/builtin/code/interpreter.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::e2e;
using fakes::HttpPeer;
using fakes::Outcome;
using fakes::PeerReply;
using fakes::PeerRequest;

namespace {

constexpr const char* kPicture = R"({"data":[{"b64_json":"iVBORw0KGgoAAAANSUhEUgAABAAAAAMACAYAAAByZXN0"}]})";
constexpr const char* kNoPrograms = "PATH=/no/such/folder";

// Whether code can be run here; where it cannot, the test says so.
bool code_runs_here() {
  const char* search = std::getenv("PATH");
  const auto found = tools::find_interpreter("", search ? search : "/usr/bin:/bin");
  const auto support = sandbox::probe();
  if (found && sandbox::level(support) >= sandbox::Level::no_namespaces) return true;
  MESSAGE("NOT TRIED: ", found ? sandbox::describe(support) : found.error().message);
  return false;
}

PeerReply replies_with(const Json& step) {
  const Json chunk = {{"model", "m"}, {"choices", {{{"index", 0}, {"delta", {{"content", dump(step)}}}}}}};
  return PeerReply::sse(
      {dump(chunk), R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})", "[DONE]"});
}

/// A model that asks for each tool once and answers with what came back, and the service of the pictures.
PeerReply answer(const PeerRequest& request) {
  if (request.path == "/v1/images/generations") return PeerReply::json(kPicture);
  if (request.body.find("1024x768") != std::string::npos)
    return replies_with({{"thought", "done"}, {"final_answer", "Counted and drawn."}});
  if (request.body.find("exit status 0") != std::string::npos)
    return replies_with(
        {{"thought", "draw"}, {"action", "painter"}, {"action_input", {{"prompt", "a fox"}}}});
  return replies_with({{"thought", "count"},
                       {"action", "python"},
                       {"action_input", {{"code", "open('f', 'w').write('x')\nsum(range(1000))"}}}});
}

std::string configuration(const HttpPeer& peer, const std::filesystem::path& out) {
  return fmt::format(R"(
artifacts: {1}
network: {{ allow_private: [127.0.0.1] }}
models: {{ m: {{ provider: openai, model: m, base_url: "{0}" }} }}
tools:
  python: {{ type: code }}
  painter: {{ type: image, base_url: "{0}" }}
agents: {{ a: {{ model: m, tools: [python, painter] }} }}
default: a
)",
                     peer.url("/v1"), out.string());
}

}  // namespace

TEST_CASE("an agent runs code and makes a picture; a replay does neither, and needs no interpreter") {
  if (!code_runs_here()) return;
  HttpPeer peer(answer);
  const fakes::TempDir folder;
  Daemon daemon(configuration(peer, folder.path() / "out"));
  const Outcome asked =
      daemon.run({"ask", "-c", daemon.config(), "--json", "How much, and what does it look like?"});
  CAPTURE(asked.out);
  CAPTURE(asked.err);
  REQUIRE(asked.exit_code == 0);
  CHECK(asked.out.contains("[exit status 0]\\n499500"));
  CHECK(asked.out.contains("(PNG, 1024x768, 33 bytes)"));
  CHECK(asked.out.contains("Counted and drawn."));
  const std::size_t requests = peer.requests().size();
  std::filesystem::remove_all(folder.path() / "out");

  std::vector<std::string> replay = {program(), "runs", "replay", "--all", "-c", daemon.config()};
  const Outcome replayed = fakes::run_program(replay, {kNoPrograms});
  CAPTURE(replayed.out);
  CAPTURE(replayed.err);
  CHECK(replayed.exit_code == 0);
  CHECK(replayed.out.contains("1 the same, 0 differ, 0 skipped"));
  CHECK(peer.requests().size() == requests);
  CHECK_FALSE(std::filesystem::exists(folder.path() / "out"));

  // Who would run code is told what is missing.
  const Outcome without =
      fakes::run_program({program(), "tools", "list", "-c", daemon.config()}, {kNoPrograms});
  CHECK(without.exit_code == 2);
  CHECK(without.err.contains("tool `python`: there is no python3 in the folders of PATH (/no/such/folder)"));
}

TEST_CASE("the example with code is checked without an interpreter, shown and called by hand with one") {
  const std::string example = std::string(TROUPE_SOURCE_DIR) + "/examples/code.yaml";
  const Outcome checked = fakes::run_program({program(), "check", example}, {kNoPrograms});
  CAPTURE(checked.out);
  CHECK(checked.exit_code == 0);
  if (!code_runs_here()) return;
  const Outcome shown = fakes::run_program({program(), "tools", "show", "-c", example, "python"});
  CHECK(shown.exit_code == 0);
  CHECK(shown.out.contains("\"effect\": \"pure\""));
  CHECK(shown.out.contains("256 MiB of memory"));
  const Outcome called =
      fakes::run_program({program(), "tools", "call", "-c", example, "python",
                          R"({"code": "import sys\nprint(sys.stdin.read())\n6 * 7", "stdin": "in"})"});
  CAPTURE(called.err);
  CHECK(called.exit_code == 0);
  CHECK(called.out == "[exit status 0]\nin\n42\n");
  CHECK(fakes::run_program({program(), "tools", "call", "-c", example, "python", "{}"}).exit_code == 2);
}
