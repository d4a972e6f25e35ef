#include "runtime/base/sha256.h"
#include "tests/e2e/daemon.h"
#include "tests/fakes/chat_client.h"
#include "tests/fakes/http_peer.h"
#include "tests/fakes/run_loop.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::e2e;
using fakes::ChatClient;
using fakes::PeerReply;
using fakes::run;

namespace {

PeerReply answer() {
  const Json body = {
      {"model", "m"},
      {"choices",
       {{{"index", 0},
         {"message", {{"role", "assistant"}, {"content", R"({"thought":"t","final_answer":"It is 42."})"}}},
         {"finish_reason", "stop"}}}},
      {"usage", {{"prompt_tokens", 1'000}, {"completion_tokens", 100}}}};
  return PeerReply::json(dump(body));
}

std::string auth() {
  std::string tokens;
  for (const char* name : {"acme", "other"})
    tokens += fmt::format("{}{{ name: {}, sha256: \"{}\", tenant: {} }}", tokens.empty() ? "" : ", ", name,
                          sha256_hex(name), name);
  return fmt::format("  auth: {{ tokens: [ {} ] }}\n", tokens);
}

std::string yaml(const fakes::HttpPeer& model) {
  return fmt::format(R"(
models:
  m: {{ provider: openai, model: m, base_url: "{}", stream: false, price: {{ input: 100, output: 1000 }} }}
agents: {{ a: {{ model: m }} }}
budgets: {{ tenant_day: {{ cost: 0.2 }} }}
)",
                     model.url("/v1"));
}

/// A client of one tenant, in a session of its own.
struct Tenant {
  Tenant(Loop& loop, const Daemon& daemon, std::string name) : loop(loop), client(loop) {
    run(loop, client.connect(daemon.url(), {{"Authorization", "Bearer " + name}}));
    run(loop, client.open());
  }
  Json ask() { return run(loop, client.ask(fmt::format("m{}", ++messages), "What is 6*7?")).back(); }

  Loop& loop;
  ChatClient client;
  int messages = 0;
};

std::vector<Json> usage(Daemon& daemon, std::vector<std::string> options) {
  options.insert(options.begin(), {"runs", "usage", "-c", daemon.config(), "--json"});
  auto said = daemon.run(std::move(options));
  CHECK(said.exit_code == 0);
  std::vector<Json> rows;
  for (std::size_t at = 0; at < said.out.size();) {
    const std::size_t end = said.out.find('\n', at);
    rows.push_back(*parse_json(said.out.substr(at, end - at)));
    at = end + 1;
  }
  return rows;
}

}  // namespace

TEST_CASE(
    "what a tenant may spend a day is spent: also after kill -9, and for the next message; others go on") {
  fakes::HttpPeer model([](const fakes::PeerRequest&) { return answer(); });
  Daemon daemon(yaml(model), auth());
  daemon.start();
  SystemClock clock;
  Loop loop(clock);
  {
    Tenant acme(loop, daemon, "acme");
    CHECK(acme.ask()["status"] == "done");
    CHECK(acme.ask()["status"] == "limit");
  }

  for (int i = 0; i < 2; ++i) {
    daemon.kill();
    daemon.start();
    Tenant acme(loop, daemon, "acme");
    for (int message = 0; message < 2; ++message) {
      const Json end = acme.ask();
      CHECK(end["status"] == "limit");
      CHECK(end["reason"] == "max_cost");
      CHECK(end["error"].get<std::string>().contains("budgets.tenant_day.cost: 0.2"));
      CHECK(end["steps"] == 0);
    }
  }
  CHECK(model.requests().size() == 1);

  Tenant other(loop, daemon, "other");
  CHECK(other.ask()["status"] == "done");
  CHECK(other.ask()["status"] == "limit");
  CHECK(model.requests().size() == 2);

  const auto tenants = usage(daemon, {"--by", "tenant"});
  REQUIRE(tenants.size() == 2);
  for (const Json& row : tenants) {
    CHECK(row["calls"] == 1);
    CHECK(row["input_tokens"] == 1'000);
    CHECK(row["cost"].get<double>() == doctest::Approx(0.2));
  }
  CHECK(usage(daemon, {"--by", "model"})[0]["model"] == "m");
  CHECK(usage(daemon, {"--by", "agent", "--tenant", "acme"})[0]["calls"] == 1);
  CHECK(usage(daemon, {"--by", "day", "--since", "2999-01-01"}).empty());
  auto table = daemon.run({"runs", "usage", "-c", daemon.config(), "--by", "tenant"});
  CHECK(table.out.contains("TENANT"));
  CHECK(table.out.contains("2,000"));
  CHECK(daemon.run({"runs", "list", "-c", daemon.config()}).out.contains("0.200000"));
  CHECK(daemon.run({"runs", "usage", "-c", daemon.config(), "--since", "yesterday"}).exit_code == 2);
  CHECK(daemon.run({"runs", "usage", "-c", daemon.config(), "--by", "colour"}).exit_code == 2);
}

TEST_CASE("a reload raises a budget, and messages are answered again") {
  fakes::HttpPeer model([](const fakes::PeerRequest&) { return answer(); });
  Daemon daemon(yaml(model), auth());
  daemon.start();
  SystemClock clock;
  Loop loop(clock);
  Tenant acme(loop, daemon, "acme");
  CHECK(acme.ask()["status"] == "done");
  CHECK(acme.ask()["status"] == "limit");

  std::string raised = yaml(model);
  raised.replace(raised.find("cost: 0.2"), 9, "cost: 500");
  daemon.rewrite(raised, auth());
  daemon.process().signal(SIGHUP);
  Json end;
  for (int i = 0; i < 5'000 && string_or(end, "status") != "done"; ++i) end = acme.ask();
  CHECK(end["status"] == "done");
}
