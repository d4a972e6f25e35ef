#include "runtime/store/sqlite.h"
#include "tests/crash/crash_stage.h"
#include "tests/fakes/chat_client.h"
#include "tests/fakes/run_loop.h"
#include "tests/fakes/terminal.h"

#include <memory>
#include <set>
#include <string>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::crash;
using fakes::ChatClient;

namespace {

constexpr const char* kReturned = "tool.returned:1:exit137";  // the ledger has it, the journal does not know
constexpr const char* kLeaving = "journal.committed/tool.dispatched:1:exit137";  // it never arrived

/// A run whose first call pays, of an agent that asks a person about what nobody knows, up to the crash that
/// makes it unknown. One client, which comes back to each start.
struct Payment {
  explicit Payment(const std::string& fault) {
    stage.model.add({.name = "case-payment", .agent = "unsure", .steps = {{{kPay, 1}}}});
    stage.start(fault);
    connect(R"(,"target":"unsure")");
    send({{"type", "message"}, {"id", "m1"}, {"text", "case-payment please"}});
    run = string_or(until("ack"), "run");
    ended();
  }
  /// The next start, with its client.
  void start(const std::string& fault = "") {
    stage.start(fault);
    connect(fmt::format(R"(,"session":"{}","after":0)", session));
  }
  void ended() { CHECK(stage.daemon.process().wait().exit_code == 137); }
  void kill() {
    stage.daemon.process().signal(SIGKILL);
    CHECK(stage.daemon.process().wait().exit_code == 128 + SIGKILL);
  }
  void connect(const std::string& fields) {
    chat = std::make_unique<ChatClient>(loop);
    fakes::run(loop, chat->connect(stage.daemon.url()));
    opened = fakes::run(loop, chat->open(fields));
    session = string_or(opened, "session");
  }
  void send(const Json& frame) { fakes::run(loop, chat->send(dump(frame))); }
  Json until(std::string type) { return fakes::run(loop, chat->until(std::move(type))).back(); }
  /// A person is asked by this start, who is told so: when they come, or later. What an earlier one asked is
  /// in the journal, too, and of no interest.
  void asked() {
    Json required = until("approval.required");
    while (find(required, "seq") && !asked_at.insert(required["seq"].get<std::int64_t>()).second) {
      if (find(opened, "waiting")) break;
      required = until("approval.required");
    }
    CHECK(required["tool"] == kPay);
    CHECK(string_or(required, "reason").contains("outcome of an earlier attempt is unknown"));
    if (const Json* waiting = find(opened, "waiting")) CHECK((*waiting)[0]["reason"] == required["reason"]);
  }
  void decide(const char* type, const std::string& reason = "") {
    send({{"type", type}, {"id", "d"}, {"call", "c_1"}, {"run", run}, {"reason", reason}});
    until("ack");
  }
  /// The daemon ends as asked, and its store is whole and replays.
  void leaves(std::int64_t dispatched) {
    CHECK(stage.daemon.stop().exit_code == 0);
    auto database = store::Database::open(stage.daemon.store() + "/journal.db", store::Database::Mode::read);
    REQUIRE(database);
    auto count = database->integer("SELECT count(*) FROM facts WHERE kind = 'tool.dispatched'");
    CHECK((count && *count == dispatched));
    auto seen = database->integer("SELECT count(*) FROM events WHERE type = 'observation'");
    CHECK((seen && *seen == 1));
    const auto checked = stage.daemon.run({"store", "check", "-c", stage.daemon.config(), "--deep"});
    CHECK_MESSAGE(checked.exit_code == 0, checked.out);
    const auto replayed = stage.daemon.run({"runs", "replay", run, "-c", stage.daemon.config()});
    CHECK_MESSAGE(replayed.exit_code == 0, replayed.out, replayed.err);
  }
  /// How often the payment was made, by the ledger; under one key.
  std::size_t paid() {
    const auto effects = stage.ledger.effects("case-payment", kPay);
    CHECK(effects.size() <= 1);
    return effects.empty() ? 0 : effects.begin()->second;
  }

  CrashStage stage;
  SystemClock clock;
  Loop loop{clock};
  std::unique_ptr<ChatClient> chat;
  std::string session;
  std::string run;
  Json opened;
  std::set<std::int64_t> asked_at;  // seq
};

}  // namespace

TEST_CASE("a payment that never arrived is made once, when a person says so, through a second kill -9") {
  Payment payment(kLeaving);
  CHECK(payment.paid() == 0);
  payment.start();
  payment.asked();
  payment.kill();
  payment.start();
  payment.asked();
  payment.send({{"type", "approve"}, {"id", "a"}, {"call", "c_1"}, {"run", payment.run}});
  const Json observed = payment.until("observation");
  CHECK(observed["ok"] == true);
  CHECK(payment.until("run.finished")["status"] == "done");
  CHECK(payment.paid() == 1);
  payment.leaves(2);
}

TEST_CASE("a payment that arrived is not made again where a person denies it, and the agent goes on") {
  Payment payment(kReturned);
  CHECK(payment.paid() == 1);
  payment.start();
  payment.asked();
  payment.decide("deny", "the bank has it");
  const Json observed = payment.until("observation");
  CHECK(string_or(observed, "error").starts_with("outcome unknown"));
  CHECK(string_or(observed, "error").contains("the bank has it"));
  CHECK(payment.until("run.finished")["status"] == "done");
  CHECK(payment.paid() == 1);
  payment.leaves(1);
}

TEST_CASE("each time it is cut off again a person is asked again: the ledger has what was allowed, no more") {
  Payment payment(kReturned);
  payment.start(kReturned);
  payment.asked();
  payment.send({{"type", "approve"}, {"id", "a"}, {"call", "c_1"}, {"run", payment.run}});
  payment.ended();
  CHECK(payment.paid() == 2);
  payment.start();
  payment.asked();
  CHECK(payment.paid() == 2);
  payment.decide("deny");
  CHECK(payment.until("run.finished")["status"] == "done");
  CHECK(payment.paid() == 2);
  payment.leaves(2);
}

TEST_CASE("at a terminal it is asked as what it is, without the choice of another input") {
  Payment payment(kReturned);
  payment.start();
  payment.asked();
  const auto shown =
      payment.stage.daemon.run({"runs", "show", payment.run, "-c", payment.stage.daemon.config()});
  CHECK(shown.out.contains("a person must say whether it is made again: pay"));
  fakes::Terminal chat(
      {e2e::program(), "chat", "-c", payment.stage.daemon.config(), "--session", payment.session});
  chat.until("pay was called");
  chat.until("outcome of an earlier attempt is unknown");
  chat.until("Call it again? [y]es, [n]o:");
  chat.type("e");
  chat.until("Call it again?");
  chat.type("y");
  chat.until("all done");
  chat.type("/quit");
  CHECK(chat.wait() == 0);
  CHECK(payment.paid() == 2);
  payment.leaves(2);
}
