#include "runtime/bus/dead_letter_row.h"
#include "runtime/store/journal.h"
#include "tests/e2e/daemon.h"
#include "tests/fakes/http_peer.h"
#include "tests/fakes/run_loop.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::e2e;
using fakes::PeerReply;

namespace {

PeerReply answer() {
  const Json body = {
      {"model", "m"},
      {"choices",
       {{{"index", 0},
         {"message", {{"role", "assistant"}, {"content", R"({"thought":"t","final_answer":"It is 42."})"}}},
         {"finish_reason", "stop"}}}},
      {"usage", {{"prompt_tokens", 10}, {"completion_tokens", 1}}}};
  return PeerReply::json(dump(body));
}

std::string yaml(const fakes::HttpPeer& model) {
  return fmt::format(R"(
models: {{ m: {{ provider: openai, model: m, base_url: "{}", stream: false }} }}
agents: {{ a: {{ model: m }}, b: {{ model: m }} }}
default: b
)",
                     model.url("/v1"));
}

/// A conversation with two messages in it that could not be delivered, one of them to a topic.
void bury(const Daemon& daemon) {
  SystemClock clock;
  Loop loop(clock);
  auto journal = store::open_sqlite_journal(loop, {.path = daemon.store()});
  REQUIRE_MESSAGE(journal.has_value(), journal.error().message);
  bus::DeadLetter letter{{.id = "m1",
                          .room = {"default", "s_1", "r_1"},
                          .from = "b",
                          .to = "a",
                          .kind = bus::Kind::task,
                          .text = "What is 6*7?"},
                         bus::DeadReason::expired,
                         "its deadline passed",
                         1'795'915'249'464};
  store::Append append;
  append.session =
      store::SessionRow{.id = "s_1", .tenant = "default", .target = "b", .created_ms = 1, .updated_ms = 1};
  append.dead.push_back(bus::row_of(letter));
  letter.message.id = "m2";
  letter.message.to.clear();
  letter.message.topic.type = "news";
  letter.reason = bus::DeadReason::no_subscriber;
  letter.at_ms += 1;
  append.dead.push_back(bus::row_of(letter));
  REQUIRE(fakes::run(loop, (*journal)->commit(std::move(append))).has_value());
  fakes::run(loop, (*journal)->close());
}

fakes::Outcome dead_letters(Daemon& daemon, std::vector<std::string> options = {}) {
  options.insert(options.begin(), {"bus", "dead-letters", "-c", daemon.config()});
  return daemon.run(std::move(options));
}

}  // namespace

TEST_CASE("dead letters are listed, and sent again once, with a daemon or without") {
  fakes::HttpPeer model([](const fakes::PeerRequest&) { return answer(); });
  Daemon daemon(yaml(model));
  bury(daemon);
  bool serving = false;
  SUBCASE("without a daemon") {}
  SUBCASE("with one") {
    serving = true;
    daemon.start();
    REQUIRE_FALSE(daemon.url().empty());
  }

  auto listed = dead_letters(daemon);
  CHECK(listed.exit_code == 0);
  CHECK(listed.out.find("m2") < listed.out.find("m1"));
  CHECK(listed.out.contains("m1  expired\n    b -> a: its deadline passed\n    What is 6*7?\n"));
  CHECK(listed.out.contains("b -> news"));
  auto newest = dead_letters(daemon, {"--json", "--limit", "1"});
  auto json = parse_json(newest.out);
  REQUIRE_MESSAGE(json.has_value(), newest.out);
  CHECK((*json)["id"] == "m2");
  CHECK((*json)["topic"]["type"] == "news");
  CHECK((*json)["reason"] == "no_subscriber");
  CHECK_FALSE(json->contains("resent"));

  auto sent = dead_letters(daemon, {"--resend", "m1"});
  CHECK_MESSAGE(sent.exit_code == 0, sent.err);
  CHECK(sent.out == "It is 42.\n");
  auto again = dead_letters(daemon, {"--resend", "m1"});
  CHECK(again.exit_code == 0);
  CHECK(again.err.contains("was sent again at"));
  CHECK(model.requests().size() == 1);
  CHECK(dead_letters(daemon).out.contains("m1  expired, sent again 20"));
  auto runs = parse_json(daemon.run({"runs", "list", "-c", daemon.config(), "--json"}).out);
  REQUIRE(runs.has_value());
  CHECK((*runs)["target"] == "a");  // not whom the conversation is with
  CHECK((*runs)["session"] == "s_1");

  auto nobody = dead_letters(daemon, {"--resend", "m2"});
  CHECK(nobody.exit_code == 1);
  CHECK(nobody.err.contains("nobody to send it to"));
  auto unknown = dead_letters(daemon, {"--resend", "m3"});
  CHECK(unknown.exit_code == 1);
  CHECK(unknown.err.contains("there is no dead letter `m3`"));
  if (serving) CHECK(daemon.stop().exit_code == 0);
}
