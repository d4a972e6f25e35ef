#include "runtime/base/json.h"
#include "tests/e2e/daemon.h"
#include "tests/fakes/http_peer.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::e2e;
using fakes::HttpPeer;
using fakes::PeerReply;
using fakes::PeerRequest;

namespace {

constexpr const char* kKey = "sk-canary-key-that-must-not-be-seen";

// A server with OpenAI's API: chat with tools and schemas, embeddings, a list of models.
PeerReply answer(const PeerRequest& request) {
  if (request.path == "/v1/models") return PeerReply::json(R"({"data":[{"id":"big"},{"id":"small"}]})");
  if (request.header("authorization") != std::string("Bearer ") + kKey)
    return PeerReply::json(R"({"error":{"message":"Incorrect API key provided"}})", 401);
  const Json body = Json::parse(request.body);
  if (request.path == "/v1/embeddings")
    return PeerReply::json(
        R"({"data":[{"index":0,"embedding":[1,2,3]},{"index":1,"embedding":[2,1,0]}],"usage":{"prompt_tokens":9}})");
  if (find(body, "tools"))
    return PeerReply::json(
        R"({"choices":[{"message":{"tool_calls":[{"id":"c","function":{"name":"report_number","arguments":"{\"number\":7}"}}]},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":9,"completion_tokens":2}})");
  return PeerReply::sse({R"({"choices":[{"delta":{"content":"{\"wet\":true}"},"finish_reason":"stop"}]})",
                         R"({"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2}})", "[DONE]"});
}

std::string entries(const HttpPeer& peer, const std::string& key = kKey) {
  return fmt::format(R"(
models:
  main: {{ provider: openai, model: big, api_key: "{1}", base_url: "{0}", price: {{ input: 1, output: 2 }} }}
  rules: {{ provider: builtin }}
embeddings:
  default: {{ provider: builtin }}
  far: {{ provider: openai, model: e, api_key: "{1}", base_url: "{0}" }}
)",
                     peer.url("/v1"), key);
}

fakes::Outcome models(Daemon& daemon, std::vector<std::string> options) {
  std::vector<std::string> arguments = {"models", options.at(0), "-c", daemon.config()};
  arguments.insert(arguments.end(), options.begin() + 1, options.end());
  auto outcome = daemon.run(arguments);
  CHECK_FALSE(outcome.out.contains("canary"));
  CHECK_FALSE(outcome.err.contains("canary"));
  return outcome;
}

}  // namespace

TEST_CASE("models list shows what is configured, without a call") {
  HttpPeer peer(answer);
  Daemon daemon(entries(peer));
  auto listed = models(daemon, {"list"});
  CHECK(listed.exit_code == 0);
  CHECK(listed.out.contains("main   openai    big"));
  CHECK(listed.out.contains(peer.url("/v1")));
  CHECK(listed.out.contains("default   builtin   -     512"));
  CHECK(peer.requests().empty());

  auto json = models(daemon, {"list", "--json"});
  CHECK(json.exit_code == 0);
  CHECK(Json::parse(json.out)["models"][0]["price"]["output"] == 2);
}

TEST_CASE("models list --remote asks each server once which models it has") {
  HttpPeer peer(answer);
  Daemon daemon(entries(peer));
  auto listed = models(daemon, {"list", "--remote"});
  CHECK(listed.exit_code == 0);
  CHECK(listed.out.contains("models.main, embeddings.far: " + peer.url("/v1/models") +
                            " has 2 models\n  big\n"));
  CHECK(peer.requests().size() == 1);

  auto json = models(daemon, {"list", "--remote", "--json"});
  CHECK(Json::parse(json.out)["remote"][0]["models"] == Json::array({"big", "small"}));

  peer.down();
  auto down = models(daemon, {"list", "--remote"});
  CHECK(down.exit_code == 1);
  CHECK(down.out.contains("refused"));
}

TEST_CASE("models test tries every entry and says what works") {
  HttpPeer peer(answer);
  Daemon daemon(entries(peer));
  auto tested = models(daemon, {"test"});
  CAPTURE(tested.out);
  CHECK(tested.exit_code == 0);
  CHECK(tested.out.contains("models.main (openai big at " + peer.url("/v1") + ")"));
  for (const char* works :
       {"✓ connection", "✓ answer", "✓ stream", "✓ tools", "✓ usage", "✓ schema", "✓ embeddings"})
    CHECK(tested.out.contains(works));
  CHECK(tested.out.contains("no language model"));
  CHECK(tested.out.contains("512 dimensions"));
  CHECK_FALSE(tested.out.contains("✗"));
  CHECK(peer.requests().size() == 4);

  auto one = models(daemon, {"test", "far", "--json"});
  CHECK(one.exit_code == 0);
  const Json report = Json::parse(one.out);
  REQUIRE(report.size() == 1);
  CHECK(report[0]["section"] == "embeddings");
  CHECK(report[0]["ok"] == true);
  CHECK(report[0]["findings"][1]["note"] == "3 dimensions");
}

TEST_CASE("models test fails when something asked for fails, and names what to do") {
  HttpPeer peer(answer);
  Daemon daemon(entries(peer, "sk-canary-of-another"));
  auto refused = models(daemon, {"test"});
  CHECK(refused.exit_code == 1);
  CHECK(refused.out.contains("✓ connection"));
  CHECK(refused.out.contains("✗ answer"));
  CHECK(refused.out.contains("✗ embeddings"));
  CHECK(refused.out.contains("check this entry's `api_key`"));

  CHECK(models(daemon, {"test", "rules"}).exit_code == 0);
  CHECK(models(daemon, {"test", "default"}).exit_code == 0);

  auto unknown = models(daemon, {"test", "mian"});
  CHECK(unknown.exit_code == 2);
  CHECK(unknown.err.contains("did you mean `main`?"));
}

TEST_CASE("models explains itself, and works without any configuration") {
  auto help = fakes::run_program({program(), "models", "--help"});
  CHECK(help.exit_code == 0);
  CHECK(help.out.contains("list"));
  CHECK(help.out.contains("test"));
  CHECK(fakes::run_program({program(), "models"}).exit_code == 2);
  CHECK(fakes::run_program({program(), "models", "test", "-c", "/no/such/file.yaml"}).exit_code == 2);
  CHECK(fakes::run_program({program(), "completion", "bash"}).out.contains("\"models test\""));

  fakes::TempDir folder;
  const std::vector<std::string> nowhere = {"HOME=" + folder.path().string(),
                                            "XDG_CONFIG_HOME=" + folder.path().string()};
  auto demo = fakes::run_program({program(), "models", "list"}, nowhere, "", folder.path().string());
  CHECK(demo.exit_code == 0);
  CHECK(demo.out.contains("builtin"));
}
