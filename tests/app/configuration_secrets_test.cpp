#include "app/configuration.h"
#include "tests/fakes/test_environment.h"

#include <filesystem>
#include <fstream>
#include <unistd.h>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;

namespace {

constexpr std::string_view kCanary = "C4n4ry-7f3a-value";

// A folder that is gone when the test ends.
class Folder {
 public:
  Folder() : path_(std::filesystem::temp_directory_path() / fmt::format("troupe-secrets-{}", ::getpid())) {
    std::filesystem::create_directories(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string write(const std::string& name, std::string_view text) const {
    std::ofstream(path_ / name) << text;
    return (path_ / name).string();
  }

 private:
  std::filesystem::path path_;
};

// Everything a person or a log may see of one reading.
std::string seen(std::string_view text) {
  Folder folder;
  std::string secret = folder.write("secret", fmt::format("{}\n", kCanary));
  fakes::TestEnvironment environment(
      {{"HOME", "/h"}, {"CANARY", std::string(kCanary)}, {"SECRET_FILE", secret}});
  std::string body(text);
  for (std::size_t at; (at = body.find("@FILE@")) != std::string::npos;) body.replace(at, 6, secret);
  for (std::size_t at; (at = body.find("@CANARY@")) != std::string::npos;) body.replace(at, 8, kCanary);
  app::Checked checked = app::load_configuration_text("t.yaml", body, environment);
  std::string all;
  for (const auto& problem : checked.problems) all += config::render(problem) + "\n";
  if (checked.configuration) all += checked.configuration->canonical;
  REQUIRE_FALSE(all.empty());
  return all;
}

}  // namespace

TEST_CASE("a secret is in no message and no snapshot, however it gets into the file") {
  const char* texts[] = {
      // written down, from the environment, as its default, from a file
      "version: 1\nmodels: { a: { provider: openai, model: m, api_key: \"@CANARY@\" } }\n",
      "version: 1\nmodels: { a: { provider: openai, model: m, api_key: \"${CANARY}\" } }\n",
      "version: 1\nembeddings: { a: { provider: openai, model: m, api_key: \"@CANARY@\" } }\n",
      "version: 1\nmodels: { a: { provider: openai, model: m, api_key: \"${NONE:-@CANARY@}\" } }\n",
      "version: 1\nmodels: { a: { provider: openai, model: m, api_key: \"${CANARY:-x}\" } }\n",
      "version: 1\nmodels: { a: { provider: openai, model: m, api_key: \"${file:@FILE@}\" } }\n",
      "version: 1\nmodels: { a: { provider: openai, model: m, api_key: \"Bearer ${CANARY}\" } }\n",
      // in a field that is no secret, where every check would quote it
      "version: 1\ndefault: \"${file:@FILE@}\"\n",
      "version: 1\nserver: { listen: \"${file:@FILE@}\" }\n",
      "version: 1\nserver: { limits: { runs: \"${file:@FILE@}\" } }\n",
      "version: 1\nlog: { level: \"${file:@FILE@}\" }\n",
      "version: 1\nmodels: { a: { provider: \"${file:@FILE@}\" } }\n",
      "version: 1\nmodels: { a: { provider: builtin } }\nagents: { x: { model: a, role: \"it is "
      "${file:@FILE@}!\" } }\n",
      "version: 1\nartifacts: \"${file:@FILE@}/x\"\n",
      "version: 1\nprompts: \"${file:@FILE@}\"\n",
      "version: 1\ntools: { c: { type: clock, timezone: \"${file:@FILE@}\" } }\n",
      // the same value once where it is secret and once where it is quoted
      "version: 1\nmodels: { a: { provider: openai, model: m, api_key: &k \"@CANARY@\" } }\ndefault: *k\n",
      "version: 1\nmodels: { a: { provider: openai, model: m, api_key: \"${CANARY}\" } }\ndefault: "
      "\"${CANARY}\"\n",
      // wrong in itself
      "version: 1\nmodels: { a: { provider: openai, model: m, api_key: \"@CANARY@\\n\" } }\n",
      "version: 1\nmodels: { a: { provider: openai, model: m, extra_headers: { X-Key: \"@CANARY@\\r\" } } "
      "}\n",
      "version: 1\nnetwork: { proxy: \"ftp://me:@CANARY@@proxy\" }\n",
      "version: 1\nnetwork: { proxy: \"http://me:@CANARY@@proxy:1\" }\n",
      // a misspelled key, a key in the wrong place, a key of a kind that takes none
      "version: 1\nmodels: { a: { provider: openai, model: m, api_kee: \"@CANARY@\" } }\n",
      "version: 1\napi_key: \"@CANARY@\"\n",
      "version: 1\nmodels: { a: { provider: builtin, api_key: \"@CANARY@\" } }\n",
      "version: 1\nmodels: { a: \"@CANARY@\" }\n",
      "version: 1\nserver: { auth: { tokens: [ { name: x, token: \"@CANARY@\" } ] } }\n",
      // what a tool sends: headers, parameters, bodies, behind the host of a URL, keys of a document's
      // schemes
      "version: 1\ntools: { t: { type: http, url: \"https://h/\", headers: { Authorization: \"@CANARY@\" } } "
      "}\n",
      "version: 1\ntools: { t: { type: http, url: \"https://h/\", headers: { X-Any: \"${CANARY}\" } } }\n",
      "version: 1\ntools: { t: { type: http, url: \"https://h/\", headers: { X-Any: \"${CANARY} {oops\" } } "
      "}\n",
      "version: 1\ntools: { t: { type: http, url: \"https://h/\", headers: { X-Any: \"{${CANARY}}\" }, "
      "input: { "
      "type: object } } }\n",
      "version: 1\ntools: { t: { type: http, url: \"https://h/bot${CANARY}/send\" } }\n",
      "version: 1\ntools: { t: { type: http, url: \"https://h/?k=${CANARY}\", query: { api_key: \"@CANARY@\" "
      "} } }\n",
      "version: 1\ntools: { t: { type: http, method: POST, url: \"https://h/\", body: { a: [ \"${CANARY}\" ] "
      "} } }\n",
      "version: 1\ntools: { t: { type: http, method: POST, url: \"https://h/\", form: { password: "
      "\"@CANARY@\" } } "
      "}\n",
      "version: 1\ntools: { t: { type: openapi, document: tests/fixtures/openapi/pets.yaml, security: { key: "
      "\"@CANARY@\" } } }\n",
      "version: 1\ntools: { t: { type: openapi, document: tests/fixtures/openapi/pets.yaml, security: { kei: "
      "\"${CANARY}\" } } }\n",
      // a file that is not YAML
      "version: 1\nmodels: { a: { api_key: \"@CANARY@\" \n",
      "version: 1\napi_key: @CANARY@: x\n",
      // in an include
      "version: 1\ninclude: [ \"${file:@FILE@}\" ]\n",
  };
  for (const char* text : texts) {
    INFO(text);
    std::string all = seen(text);
    INFO(all);
    CHECK(all.find(kCanary) == std::string::npos);
  }
}

TEST_CASE("the configuration hands out its secrets for masking, in every form") {
  fakes::TestEnvironment environment({{"HOME", "/h"}, {"KEY", "sk-a/b \"c\""}});
  app::Checked checked = app::load_configuration_text("t.yaml",
                                                      "version: 1\nmodels: { a: { provider: openai, model: "
                                                      "m, base_url: \"https://h\", api_key: \"${KEY}\" } }\n",
                                                      environment);
  REQUIRE(checked.configuration);
  const Secrets& secrets = checked.configuration->secrets;

  CHECK(redact("Authorization: Bearer sk-a/b \"c\"", secrets) == "Authorization: Bearer ***");
  CHECK(redact(R"({"key":"sk-a/b \"c\""})", secrets) == R"({"key":"***"})");
  CHECK(redact("GET /?k=sk-a%2Fb%20%22c%22&x=1", secrets) == "GET /?k=***&x=1");
}
