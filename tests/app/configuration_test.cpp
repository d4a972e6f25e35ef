#include "app/configuration.h"

#include "tests/fakes/fixtures.h"
#include "tests/fakes/test_environment.h"

#include <chrono>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

std::string all_of(const std::vector<config::Problem>& problems) {
  std::string all;
  for (const auto& problem : problems) all += config::render(problem) + "\n";
  return all;
}

app::Configuration load_good(const std::string& name, const config::Environment& environment) {
  app::Checked checked = app::load_configuration(fakes::fixture_path("config/good/" + name), environment);
  REQUIRE_MESSAGE(checked.configuration.has_value(), all_of(checked.problems));
  return *checked.configuration;
}

fakes::TestEnvironment machine() {
  return fakes::TestEnvironment({{"HOME", "/home/tester"}, {"OPENAI_API_KEY", "sk-canary-key-0"}});
}

std::string folder() {
  return fakes::fixture_path("config/good");
}

}  // namespace

TEST_CASE("the built-in demo is a configuration without problems") {
  app::Checked demo = app::default_configuration(machine());

  REQUIRE_MESSAGE(demo.configuration.has_value(), all_of(demo.problems));
  CHECK(demo.problems.empty());
  CHECK(demo.configuration->default_target == "hello");
  CHECK(demo.configuration->models.at("builtin").provider == "builtin");
  CHECK(demo.configuration->agents.at("hello").tools ==
        std::vector<std::string>{"calculator", "clock", "wikipedia"});
  CHECK(demo.configuration->store.path == "/home/tester/.local/state/troupe");
}

TEST_CASE("a minimal file gets the defaults of the specification") {
  app::Configuration all = load_good("minimal.yaml", machine());

  CHECK(all.server.listen == "127.0.0.1:7420");
  CHECK(all.server.message_max == 1u << 20);
  CHECK(all.server.when_busy == "queue");
  CHECK(all.log.level == log::Level::info);
  CHECK(all.store.sync == store::Sync::normal);
  const auto& hello = all.agents.at("hello");
  CHECK(hello.name == "hello");
  CHECK(hello.limits.steps == 15);
  CHECK(hello.limits.tokens == 200'000);
  CHECK(hello.limits.cost == 0);
  CHECK(hello.limits.time == 5min);
  CHECK(hello.limits.tool_time == 30s);
  CHECK(hello.limits.repeats == 3);
  CHECK(hello.limits.observation == 8u << 10);
  CHECK(hello.memory.type == "buffer");
  CHECK(all.default_target == "hello");  // the only one there is
}

TEST_CASE("every key reaches its setting") {
  app::Configuration all = load_good("everything.yaml", machine());

  CHECK(all.server.listen == "0.0.0.0:7421");
  REQUIRE(all.server.tokens.size() == 2);
  CHECK(all.server.tokens[0].name == "web");
  CHECK(all.server.tokens[0].tenant == "acme");
  CHECK(all.server.tokens[1].tenant == "default");
  CHECK(all.server.origins == std::vector<std::string>{"https://chat.example", "http://localhost:3000"});
  CHECK(all.server.hosts == std::vector<std::string>{"chat.example", "chat.example:8443"});
  CHECK(all.server.connections_max == 50);
  CHECK(all.server.message_max == 64u << 10);
  CHECK(all.server.runs_max == 5);
  CHECK(all.server.runs_per_tenant_max == 2);
  CHECK(all.server.calls_per_tenant_max == 9);
  CHECK(all.server.queue_max == 0);
  CHECK(all.server.when_busy == "reject");
  CHECK(all.store.path == folder() + "/state");
  CHECK(all.store.sync == store::Sync::barriers);
  CHECK(all.log.level == log::Level::debug);
  CHECK(all.log.format == log::Format::json);
  CHECK(all.network.proxy == "http://me:proxy-password-1@proxy.example:3128");
  CHECK(all.network.ca_file == folder() + "/ca.pem");
  CHECK(all.network.allow_private.size() == 4);
  CHECK(all.artifacts == fakes::fixture_path("config/out"));
  CHECK(all.prompts == folder() + "/prompts");
  CHECK(all.knowledge_memory == 256u << 20);

  const auto& model = all.models.at("main");
  CHECK(model.provider == "openai");
  CHECK(model.model == "gpt-4o-mini");
  CHECK(model.base_url == "https://api.openai.com/v1");
  CHECK(model.api_key == "sk-canary-key-0");
  CHECK(model.extra_headers.at("X-Team") == "team-secret-value");
  CHECK(model.temperature == 0.5);
  CHECK(model.top_p == 1.0);
  CHECK(model.seed == -7);
  CHECK(model.max_output_tokens == 1024);
  CHECK(model.context == 128000);
  CHECK_FALSE(model.stream);
  CHECK(model.timeout == 90s);
  CHECK(model.retries == 0);
  CHECK(model.concurrency == 12);
  CHECK(model.requests_per_minute == 500);
  CHECK(model.tokens_per_minute == 30'000);
  CHECK(all.models.at("tape").fallback == std::vector<std::string>{"main", "free"});
  REQUIRE(model.price);
  CHECK(model.price->input == 0.15);
  CHECK(model.price->output == 0.60);
  CHECK(model.price->cached == 0.075);
  CHECK(model.price->cache_write == 0.2);
  CHECK(all.models.at("tape").file == folder() + "/tapes/main.jsonl");
  CHECK(all.models.at("tape").tapes == "main");
  CHECK(all.models.at("tape").mode == "replay");
  CHECK(model.cache.type == "sqlite");
  CHECK(model.cache.ttl == 48h);
  CHECK(model.cache.size == 1u << 30);
  CHECK(all.models.at("free").cache.type == "memory");
  CHECK(all.models.at("tape").cache.type == "none");
  CHECK(all.models.at("tape").price->cached == -1);

  const auto& web = all.tools.at("web");
  CHECK(web.type == "tavily");
  CHECK(web.api_key == "tvly-canary-value-3");
  CHECK(web.base_url == "http://127.0.0.1:9000");
  CHECK(web.max_results == 3);
  CHECK(web.search_depth == "advanced");
  CHECK(web.topic == "news");
  CHECK(web.include_answer);
  CHECK(web.include_domains == std::vector<std::string>{"example.org", "*.example.com"});
  CHECK(web.exclude_domains == std::vector<std::string>{"spam.example"});
  CHECK(all.tools.at("wiki").language == "ko");
  CHECK(all.tools.at("wiki").sentences == 2);
  CHECK(all.tools.at("now").timezone == "UTC");

  const auto& agent = all.agents.at("researcher");
  CHECK(agent.backstory.find("A literal ${NAME} and a lone $ and a price of 5$.") != std::string::npos);
  CHECK(agent.instructions == "연구 동향을 조사한다");
  CHECK(agent.memory.type == "window");
  CHECK(agent.memory.turns == 4);
  CHECK(agent.limits.cost == 0.25);
  CHECK(agent.limits.observation == 4u << 10);
  REQUIRE(agent.guardrails.input.size() == 2);
  REQUIRE(agent.guardrails.output.size() == 3);
  CHECK(agent.guardrails.input[0].max_length == 4'000);
  CHECK(agent.guardrails.input[0].mode == agents::RuleMode::blocking);
  CHECK(agent.guardrails.input[1].name == "on-topic");
  CHECK(agent.guardrails.input[1].mode == agents::RuleMode::parallel);
  CHECK(agent.guardrails.output[0].deny == R"((?i)project\s+bluebird)");
  CHECK(agent.guardrails.output[0].on_fail == agents::OnRefusal::stop);
  CHECK(agent.guardrails.output[1].retries == 1);
  CHECK(agent.guardrails.output[2].schema["required"][0] == "sources");
  CHECK(all.agents.at("quiet").memory.type == "none");
  CHECK(all.agents.at("copy").memory.type == "none");
  CHECK(all.budgets.session == agents::BudgetLimit{.tokens = 100'000});
  CHECK(all.budgets.tenant == agents::BudgetLimit{.tokens = 1'000'000'000, .cost = 1'000});
  CHECK(all.budgets.tenant_day == agents::BudgetLimit{.cost = 12.5});
  CHECK(all.budgets.day == agents::BudgetLimit{.cost = 50});
  CHECK(all.default_target == "researcher");
}

TEST_CASE("who writes no price gets that of the program, which is no part of what is kept of the file") {
  const auto load = [](std::string_view text) {
    return app::load_configuration_text("here", text, machine());
  };
  app::Checked checked = load(R"(version: 1
models:
  gpt: { provider: openai, model: gpt-4o-mini-2024-07-18, api_key: k }
  own: { provider: openai, model: gpt-4o-mini, api_key: k, price: { input: 1, output: 2 } }
  local: { provider: ollama, model: llama3.1 }
agents:
  a: { model: gpt, limits: { cost: 1 } }
  b: { model: local, limits: { cost: 1 }, guardrails: { output: [ { model: gpt, prompt: be kind } ] } }
budgets: { day: { cost: 5 }, tenant: { cost: 50 } }
)");
  REQUIRE_MESSAGE(checked.configuration, all_of(checked.problems));
  const app::Configuration& all = *checked.configuration;
  REQUIRE(all.models.at("gpt").price);
  CHECK(all.models.at("gpt").price->output == 0.60);
  CHECK(all.models.at("gpt").context == 128'000);
  CHECK(all.models.at("own").price->output == 2);
  CHECK_FALSE(all.models.at("local").price);
  CHECK_FALSE(all.canonical.contains("0.6"));
  CHECK_FALSE(all.canonical.contains("128000"));
}

TEST_CASE("the canonical text loads to the same configuration and holds no secret") {
  fakes::TestEnvironment environment = machine();
  app::Configuration all = load_good("everything.yaml", environment);

  for (const char* canary :
       {"sk-canary-key-0", "org-canary-2", "team-secret-value", "tvly-canary-value-3", "proxy-password-1"})
    CHECK(all.canonical.find(canary) == std::string::npos);
  CHECK(all.canonical.find("\"${OPENAI_API_KEY}\"") != std::string::npos);
  CHECK(all.canonical.find("\"${file:" + folder() + "/secrets/tavily}\"") != std::string::npos);
  CHECK(all.canonical.find("\"${secret:network.proxy}\"") != std::string::npos);
  CHECK(all.hash.size() == 64);

  app::Checked again = app::restore_configuration(all.canonical, all, environment);
  REQUIRE_MESSAGE(again.configuration.has_value(), all_of(again.problems));
  CHECK(again.configuration->canonical == all.canonical);
  CHECK(again.configuration->hash == all.hash);
  CHECK(again.configuration->network.proxy == all.network.proxy);
  CHECK(again.configuration->models.at("main").extra_headers == all.models.at("main").extra_headers);
  CHECK(again.configuration->agents.at("researcher").backstory == all.agents.at("researcher").backstory);
}

TEST_CASE("a changed key is no changed configuration, a changed setting is one") {
  fakes::TestEnvironment environment = machine();
  std::string before = load_good("everything.yaml", environment).hash;

  environment.set("OPENAI_API_KEY", "sk-another-key");
  CHECK(load_good("everything.yaml", environment).hash == before);
  environment.set("HOME", "/home/other");
  CHECK(load_good("everything.yaml", environment).hash == before);  // it names its own store
  CHECK(load_good("minimal.yaml", environment).hash != load_good("minimal.yaml", machine()).hash);
}

TEST_CASE("a stored configuration whose secret is gone says which") {
  app::Configuration all = load_good("everything.yaml", machine());
  app::Configuration other = load_good("minimal.yaml", machine());
  other.secret_values["something.else"] = "value";

  app::Checked again = app::restore_configuration(all.canonical, other, machine());

  CHECK_FALSE(again.configuration.has_value());
  CHECK(all_of(again.problems).find("the secret `network.proxy` is not in the configuration any more") !=
        std::string::npos);
}

TEST_CASE("anchors, aliases and merge keys work") {
  app::Configuration all = load_good("anchors.yaml", machine());

  CHECK(all.models.at("large").model == "large");
  CHECK(all.models.at("large").retries == 2);
  CHECK(all.models.at("both").retries == 1);
  CHECK(all.models.at("both").model == "small");
  CHECK(all.agents.at("b").tools == std::vector<std::string>{"calc"});
  CHECK(all.default_target == "");  // several could answer
}

TEST_CASE("included files are merged, each once, and know their own folder") {
  app::Configuration all = load_good("includes.yaml", machine());

  CHECK(all.agents.size() == 2);
  CHECK(all.models.at("taped").file == folder() + "/agents/taped.jsonl");
  CHECK(all.tools.contains("calc"));
  CHECK(all.files.size() == 4);
}

TEST_CASE("variables fill text, numbers, choices and durations") {
  fakes::TestEnvironment environment(
      {{"HOME", "/h"}, {"RUNS", "7"}, {"KIB", "128"}, {"ROLE", "a: {not: [yaml]} # \"nor\" !this ${HOME}"}});
  app::Configuration all = load_good("variables.yaml", environment);

  CHECK(all.server.runs_max == 7);
  CHECK(all.server.message_max == 128u << 10);
  CHECK(all.agents.at("hello").role == "a: {not: [yaml]} # \"nor\" !this ${HOME}");
  CHECK(all.agents.at("hello").limits.time == 3min);
}

TEST_CASE("sections whose keys are all commented out are empty, not wrong") {
  app::Configuration all = load_good("empty_sections.yaml", machine());
  CHECK(all.agents.at("hello").tools.empty());
  CHECK(all.agents.at("hello").memory.type == "buffer");
}

TEST_CASE("the store's place follows XDG, HOME, then systemd") {
  auto place = [](fakes::TestEnvironment::Variables variables) {
    return app::default_store_path(fakes::TestEnvironment(std::move(variables)));
  };
  CHECK(place({{"XDG_STATE_HOME", "/x"}, {"HOME", "/h"}, {"STATE_DIRECTORY", "/s"}}) == "/x/troupe");
  CHECK(place({{"XDG_STATE_HOME", "relative"}, {"HOME", "/h"}}) == "/h/.local/state/troupe");
  CHECK(place({{"HOME", "/h"}, {"STATE_DIRECTORY", "/s"}}) == "/h/.local/state/troupe");
  CHECK(place({{"STATE_DIRECTORY", "/var/lib/troupe:/var/lib/other"}}) == "/var/lib/troupe");
  CHECK(place({}) == "");

  app::Checked checked =
      app::load_configuration_text("t.yaml", "version: 1\n", fakes::TestEnvironment({{"PATH", "/bin"}}));
  CHECK_FALSE(checked.configuration.has_value());
  CHECK(all_of(checked.problems).find("there is no place for the store") != std::string::npos);
}

TEST_CASE("a configuration is looked for here, then in the user's and the system's folder") {
  class Files final : public fakes::TestEnvironment {
   public:
    explicit Files(Variables variables, std::string there)
        : TestEnvironment(std::move(variables)), there_(std::move(there)) {}
    bool exists(const std::string& path) const override {
      return there_.find("," + path + ",") != std::string::npos;
    }

   private:
    std::string there_;
  };
  const fakes::TestEnvironment::Variables kHome{{"HOME", "/h"}};
  CHECK(app::find_configuration(Files(kHome, ",troupe.yaml,/etc/troupe/troupe.yaml,")) == "troupe.yaml");
  CHECK(app::find_configuration(Files(kHome, ",/h/.config/troupe/troupe.yaml,/etc/troupe/troupe.yaml,")) ==
        "/h/.config/troupe/troupe.yaml");
  CHECK(app::find_configuration(Files({{"XDG_CONFIG_HOME", "/x"}, {"HOME", "/h"}},
                                      ",/x/troupe/troupe.yaml,/h/.config/troupe/troupe.yaml,")) ==
        "/x/troupe/troupe.yaml");
  CHECK(app::find_configuration(Files(kHome, ",/etc/troupe/troupe.yaml,")) == "/etc/troupe/troupe.yaml");
  CHECK_FALSE(app::find_configuration(Files(kHome, "")));
}

TEST_CASE("all problems are said at once, in the order of the file") {
  app::Checked checked = app::load_configuration_text("t.yaml", R"(version: 1
agent: {}
models:
  a: { provider: openai }
  b: { provider: opnai }
  c: { provider: builtin, temperature: 1 }
default: x
)",
                                                      machine());
  std::string all = all_of(checked.problems);
  CHECK(all ==
        "t.yaml:2:1: error: unknown key `agent`; did you mean `agents`?\n"
        "t.yaml:4:6: error: model `a`: `model` is missing\n"
        "t.yaml:5:18: error: `provider` of model `b`: expected one of `openai`, `anthropic`, `gemini`, "
        "`ollama`, "
        "`huggingface`, `builtin`, `cassette` and `plugin/NAME`, got `opnai`; did you mean `openai`?\n"
        "t.yaml:6:27: error: unknown key `temperature` in model `c`; it belongs to `provider: openai`\n"
        "t.yaml:7:10: error: `default`: no agent is named `x`; no agent is defined\n");
}

TEST_CASE("a key over an unencrypted connection to another machine is a warning") {
  app::Checked checked = app::load_configuration_text("t.yaml", R"(version: 1
models:
  far: { provider: openai, model: m, base_url: "http://10.0.0.5:8000/v1", api_key: k-12345678 }
  near: { provider: openai, model: m, base_url: "http://127.0.0.1:8000/v1", api_key: k-12345678 }
agents: { a: { model: far } }
)",
                                                      machine());
  CHECK(checked.configuration.has_value());
  REQUIRE(checked.problems.size() == 1);
  CHECK(config::render(checked.problems[0]) ==
        "t.yaml:3:48: warning: `base_url` of model `far`: the key travels unencrypted; use https where the "
        "server "
        "has it");
}

TEST_CASE("a prompt that is larger than its model's context is a warning") {
  auto load = [](int context) {
    return app::load_configuration_text("t.yaml",
                                        fmt::format(R"(version: 1
models: {{ m: {{ provider: openai, model: m, base_url: "http://127.0.0.1:8000/v1", context: {} }} }}
agents: {{ a: {{ model: m, instructions: "{}" }} }}
)",
                                                    context, std::string(4'000, 'i')),
                                        machine());
  };
  CHECK(load(8'000).problems.empty());
  const app::Checked small = load(1'500);
  CHECK(small.configuration.has_value());
  REQUIRE(small.problems.size() == 1);
  const std::string text = config::render(small.problems[0]);
  CHECK(text.starts_with("t.yaml:3:"));
  CHECK(text.contains("warning: `model` of agent `a`: the prompt alone has about"));
  CHECK(text.contains("a context of 1500"));
}

TEST_CASE("check says what is wrong with each of several files") {
  std::vector<config::Problem> problems =
      app::check_files({fakes::fixture_path("config/good/minimal.yaml"), "/no/such/file.yaml"}, machine());
  REQUIRE(problems.size() == 1);
  CHECK(config::render(problems[0]) == "/no/such/file.yaml:1:1: error: cannot read the file: no such file");
  CHECK(app::has_errors(problems));
}
