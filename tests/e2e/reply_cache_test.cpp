#include "runtime/base/sha256.h"
#include "tests/e2e/daemon.h"
#include "tests/fakes/chat_client.h"
#include "tests/fakes/http_peer.h"
#include "tests/fakes/run_loop.h"

#include <sys/stat.h>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::e2e;
using fakes::ChatClient;
using fakes::frame_of;
using fakes::PeerReply;
using fakes::run;

namespace {

const std::string kReply = R"({"thought":"six times seven","final_answer":"It is 42."})";

PeerReply answer(const fakes::PeerRequest&) {
  const Json chunk = {{"model", "m"},
                      {"choices", {{{"index", 0}, {"delta", {{"content", kReply}}}}}},
                      {"usage", {{"prompt_tokens", 1000}, {"completion_tokens", 100}}}};
  return PeerReply::sse({dump(chunk), "[DONE]"});
}

std::string configuration(const fakes::HttpPeer& peer, std::string_view cache) {
  return fmt::format(R"(
models:
  m: {{ provider: openai, model: m, base_url: "{}", price: {{ input: 1, output: 2 }}, cache: {} }}
agents: {{ a: {{ model: m }} }}
)",
                     peer.url("/v1"), cache);
}

struct Turn {
  Json usage;
  Json answer;
  Json finished;
  std::size_t deltas = 0;
};

// In a session of its own.
Turn ask(const Daemon& daemon, const std::string& question, const std::string& token = "") {
  SystemClock clock;
  Loop loop(clock);
  ChatClient client(loop);
  std::vector<std::pair<std::string, std::string>> headers;
  if (!token.empty()) headers.emplace_back("authorization", "Bearer " + token);
  run(loop, client.connect(daemon.url(), headers));
  run(loop, client.open());
  auto frames = run(loop, client.ask("m1", question));
  Turn turn{frame_of(frames, "usage"), frame_of(frames, "answer"), frames.back()};
  for (const Json& frame : frames)
    if (string_or(frame, "type") == "answer.delta") ++turn.deltas;
  return turn;
}

void check_hit(const Turn& turn) {
  CHECK(turn.answer["text"] == "It is 42.");
  CHECK(turn.deltas > 0);
  REQUIRE(turn.usage.contains("cache_hit"));
  CHECK(turn.usage["cache_hit"] == true);
  CHECK(turn.usage["cost"] == 0);
  CHECK(turn.usage["input_tokens"] == 1000);
  CHECK(turn.usage["output_tokens"] == 100);
  CHECK(turn.finished["status"] == "done");
  CHECK(turn.finished["cost"] == 0);
  CHECK(turn.finished["input_tokens"] == 1000);
}

}  // namespace

TEST_CASE("a question that was answered lately is answered from memory, for nothing, also after a reload") {
  fakes::HttpPeer peer(answer);
  Daemon daemon(configuration(peer, "memory"));
  daemon.start();

  const Turn first = ask(daemon, "What is 6*7?");
  CHECK(first.answer["text"] == "It is 42.");
  CHECK_FALSE(first.usage.contains("cache_hit"));
  CHECK(first.usage["cost"] == doctest::Approx(0.0012));
  check_hit(ask(daemon, "What is 6*7?"));
  daemon.process().signal(SIGHUP);
  check_hit(ask(daemon, "What is 6*7?"));
  CHECK(peer.requests().size() == 1);
  CHECK_FALSE(ask(daemon, "And 6*8?").usage.contains("cache_hit"));
  CHECK(peer.requests().size() == 2);
  CHECK(daemon.stop().exit_code == 0);
  CHECK_FALSE(std::filesystem::exists(daemon.store() + "/cache.db"));
}

TEST_CASE("replies in the store's file outlive a crash of the daemon, and a command finds them, too") {
  fakes::HttpPeer peer(answer);
  Daemon daemon(configuration(peer, "{ type: sqlite, ttl: 1h, size: 1MiB }"));
  daemon.start();
  CHECK_FALSE(ask(daemon, "What is 6*7?").usage.contains("cache_hit"));
  check_hit(ask(daemon, "What is 6*7?"));
  struct stat info{};
  REQUIRE(::stat((daemon.store() + "/cache.db").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
  daemon.kill();

  daemon.start();
  check_hit(ask(daemon, "What is 6*7?"));
  CHECK(daemon.stop().exit_code == 0);

  const auto command = daemon.run({"ask", "-c", daemon.config(), "--json", "What is 6*7?"});
  CHECK(command.exit_code == 0);
  CHECK(command.out.find("\"cache_hit\":true") != std::string::npos);
  CHECK(peer.requests().size() == 1);
}

TEST_CASE("a cache file that is damaged costs a question, not a run") {
  fakes::HttpPeer peer(answer);
  Daemon daemon(configuration(peer, "sqlite"));
  daemon.start();
  ask(daemon, "What is 6*7?");
  check_hit(ask(daemon, "What is 6*7?"));
  CHECK(daemon.stop().exit_code == 0);
  std::ofstream(daemon.store() + "/cache.db", std::ios::trunc) << std::string(9000, '?');

  daemon.start();
  CHECK_FALSE(ask(daemon, "What is 6*7?").usage.contains("cache_hit"));
  check_hit(ask(daemon, "What is 6*7?"));
  CHECK(daemon.stop().exit_code == 0);
  CHECK(std::filesystem::exists(daemon.store() + "/cache.db.set-aside"));
  CHECK(peer.requests().size() == 2);
}

TEST_CASE("a tenant is not answered from another's replies") {
  fakes::HttpPeer peer(answer);
  Daemon daemon(configuration(peer, "sqlite"),
                fmt::format("  auth:\n    tokens:\n      - {{ name: a, sha256: \"{}\", tenant: acme }}\n"
                            "      - {{ name: b, sha256: \"{}\", tenant: bolt }}\n",
                            sha256_hex("token-of-acme"), sha256_hex("token-of-bolt")));
  daemon.start();
  CHECK_FALSE(ask(daemon, "What is 6*7?", "token-of-acme").usage.contains("cache_hit"));
  CHECK_FALSE(ask(daemon, "What is 6*7?", "token-of-bolt").usage.contains("cache_hit"));
  check_hit(ask(daemon, "What is 6*7?", "token-of-acme"));
  check_hit(ask(daemon, "What is 6*7?", "token-of-bolt"));
  CHECK(peer.requests().size() == 2);
  CHECK(daemon.stop().exit_code == 0);
}
