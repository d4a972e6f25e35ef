#include "tests/e2e/daemon.h"
#include "tests/fakes/http_peer.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::e2e;

namespace {

constexpr const char* kChains = R"(
models: { local: { provider: builtin } }
tools: { calculator: { type: calculator } }
agents: { hello: { model: local, tools: [calculator] } }
chains:
  greet:
    description: says what it can do
    model: local
    steps: [ { prompt: "Hello {name}" }, { model: } ]
  poem:
    steps: [ { prompt: "Write a poem about {topic}" }, { model: local }, { parse: lines } ]
default: hello
)";

}  // namespace

TEST_CASE("ask --target runs a chain, in the process and on a daemon, and says what an input is missing") {
  Daemon daemon(kChains);

  const auto here = daemon.run({"ask", "-c", daemon.config(), "--target", "greet", "Ada"});
  CHECK(here.exit_code == 0);
  CHECK_FALSE(here.out.empty());

  const auto json = daemon.run(
      {"ask", "-c", daemon.config(), "--target", "poem", "--json", "--input", "topic=autumn", "please"});
  CHECK(json.exit_code == 0);
  CHECK(json.out.contains("\"data\":["));
  CHECK(json.out.contains("language model"));

  daemon.start();
  const auto there = daemon.run({"ask", "-c", daemon.config(), "--target", "greet", "Ada"});
  CHECK(there.out == here.out);
  const auto unknown = daemon.run({"ask", "-c", daemon.config(), "--target", "gret", "Ada"});
  CHECK(unknown.exit_code == 2);
  CHECK(unknown.err.contains("did you mean `greet`"));
  daemon.stop();
}

TEST_CASE("chains are listed, and one that is exported can be included again") {
  Daemon daemon(kChains);
  const auto list = daemon.run({"chains", "list", "-c", daemon.config()});
  CHECK(list.exit_code == 0);
  CHECK(list.out.contains("greet"));
  CHECK(list.out.contains("(topic)"));

  const auto shown = daemon.run({"chains", "show", "greet", "-c", daemon.config()});
  CHECK(shown.exit_code == 0);
  Daemon again(std::string("models: { local: { provider: builtin } }\n") + shown.out);
  const auto second = again.run({"chains", "show", "greet", "-c", again.config()});
  CHECK(second.out == shown.out);
  CHECK(again.run({"ask", "-c", again.config(), "Ada"}).exit_code == 0);  // the only target

  const auto unknown = daemon.run({"chains", "show", "greeet", "-c", daemon.config()});
  CHECK(unknown.exit_code == 2);
  CHECK(unknown.err.contains("did you mean `greet`"));
}

TEST_CASE("check finds what is wrong with chains, and nothing in the examples") {
  Daemon daemon(
      "models: { local: { provider: builtin } }\nchains:\n  c:\n    steps:\n      - { parse: json }\n"
      "      - { model: lokal }\n  local: { steps: [ { retrieve: handbok }, { combine: stuff, model: local } "
      "] "
      "}\nagents: { c: { model: local } }\n");
  const auto checked = daemon.run({"check", daemon.config()});
  CHECK(checked.exit_code == 2);
  CHECK(checked.out.contains("the first step cannot be a parser"));
  CHECK(checked.out.contains("did you mean `local`"));
  CHECK(checked.out.contains("no knowledge base is named `handbok`"));

  const std::string folder = std::string(TROUPE_SOURCE_DIR) + "/examples/";
  for (const char* name : {"president-chain.yaml", "blog-writer.yaml"})
    CHECK(daemon.run({"check", folder + name}).exit_code == 0);
}
