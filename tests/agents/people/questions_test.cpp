#include "tests/agents/people/people_world.h"

using namespace troupe;
using namespace troupe::agents;
using namespace troupe::agents::testing;

namespace {

using Line = ScriptedModel::Line;

constexpr const char* kClerk = "clerk: { role: clerk, model: m, tools: [boss] }";
const Json kQuestion = {{"question", "Refund 20 EUR?"}, {"options", {"yes", "no"}}};

/// Asks once and answers with what it heard.
struct Clerk : People {
  explicit Clerk(Json input = kQuestion, const std::string& yaml = kClerk, std::string default_answer = "")
      : People(
            yaml, "{}",
            [this, input](const std::string&, const std::string& said) -> Line {
              heard.push_back(said);
              return heard.size() == 1 ? says_action("boss", input) : says_final(said);
            },
            asking_tool("boss", std::move(default_answer))) {
    begin("clerk");
  }

  std::vector<std::string> heard;
};

}  // namespace

TEST_CASE("a question waits for a person, and the answer is what the agent reads") {
  Clerk clerk;
  clerk.waits();
  const PendingApproval waiting = clerk.pending()[0];
  CHECK(waiting.question == "Refund 20 EUR?");
  CHECK(waiting.input == kQuestion);
  CHECK(clerk.world.find(clerk.run, "approval.required").at("question") == "Refund 20 EUR?");

  REQUIRE(clerk.answer("yes"));
  CHECK(clerk.end().at("status") == "done");
  const Json given = clerk.world.find(clerk.run, "approval.given");
  CHECK(given.at("input") ==
        Json{{"question", "Refund 20 EUR?"}, {"options", {"yes", "no"}}, {"answer", "yes"}});
  CHECK(given.at("by") == "p");
  const Json seen = clerk.world.find(clerk.run, "observation");
  CHECK(seen.at("ok") == true);
  CHECK(seen.at("output") == "yes");
  CHECK_FALSE(clerk.heard.back().contains("changed the input"));
}

TEST_CASE("what is no answer is refused with what to send, and the question goes on waiting") {
  Clerk clerk;
  clerk.waits();
  struct Case {
    std::optional<Json> input;
    std::string told;
  };
  const std::vector<Case> cases = {
      {std::nullopt, R"("input": {"answer": "…"})"},
      {Json::object(), R"("input": {"answer": "…"})"},
      {Json{{"answer", "maybe"}}, R"("maybe" is none of the options: "yes", "no")"},
      {Json{{"answer", " "}}, "is empty"},
      {Json{{"answer", 7}}, "must be a text"},
      {Json{{"answer", "yes"}, {"question", "Refund 2000 EUR?"}}, "`question` is not as it was asked"},
      {Json{{"answer", "maybe"}, {"options", {"maybe"}}}, "`options` is not as it was asked"},
      {Json{{"answer", "yes"}, {"note", "x"}}, "`note` is not as it was asked"},
      {Json("yes"), "must be an object"},
  };
  for (const Case& one : cases) {
    auto refused = clerk.decide({.call = "c_1", .approve = true, .input = one.input});
    INFO(one.told);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::invalid);
    CHECK(refused.error().message.contains("goes on waiting"));
    CHECK_MESSAGE(refused.error().message.contains(one.told), refused.error().message);
  }
  CHECK(clerk.pending().size() == 1);
  Json whole = kQuestion;
  whole["answer"] = "no";  // it may be repeated as it was
  REQUIRE(clerk.decide({.call = "c_1", .approve = true, .input = whole}));
  CHECK(clerk.end().at("status") == "done");
  CHECK(clerk.world.find(clerk.run, "observation").at("output") == "no");
}

TEST_CASE("any text answers a question without options, and the first answer counts") {
  Clerk clerk(Json{{"question", "How much?"}});
  clerk.waits();
  REQUIRE(clerk.answer("20 EUR, not more"));
  CHECK(clerk.answer("30").error().code == ErrorCode::conflict);
  clerk.end();
  CHECK(clerk.answer("40").error().code == ErrorCode::conflict);
  CHECK(clerk.world.find(clerk.run, "answer").at("text").get<std::string>().contains("20 EUR, not more"));
}

TEST_CASE("an answer that the model gives itself is left out, and a person is asked") {
  Clerk clerk(Json{{"question", "Refund?"}, {"answer", "yes, of course"}});
  clerk.waits();
  CHECK(clerk.pending()[0].input == Json{{"question", "Refund?"}});
  CHECK(clerk.decide({.call = "c_1", .approve = true}).error().code == ErrorCode::invalid);
  CHECK(clerk.world.find(clerk.run, "warning")
            .at("text")
            .get<std::string>()
            .contains("for the person to give"));
  REQUIRE(clerk.answer("no"));
  clerk.end();
  CHECK(clerk.world.find(clerk.run, "observation").at("output") == "no");
}

TEST_CASE("who declines to answer tells the agent why") {
  Clerk clerk;
  clerk.waits();
  REQUIRE(clerk.decide({.call = "c_1", .reason = "ask the boss"}));
  CHECK(clerk.end().at("status") == "done");
  CHECK(clerk.world.find(clerk.run, "observation").at("error") ==
        "a person declined to answer: ask the boss");
  CHECK(clerk.heard.back().contains("ask the boss"));
}

TEST_CASE("a question without text is refused before anybody is asked") {
  Clerk clerk(Json{{"question", ""}});
  CHECK(clerk.end().at("status") == "done");
  CHECK(clerk.world.events("approval.required").empty());
}

TEST_CASE("a question waits on through a restart, and is asked once in the journal") {
  Clerk clerk;
  clerk.waits();
  clerk.restart();
  clerk.waits();
  const auto again = clerk.world.events("approval.required");
  REQUIRE(again.size() == 1);  // for who is there now
  CHECK_FALSE(again[0].contains("seq"));
  CHECK(again[0].at("question") == "Refund 20 EUR?");
  REQUIRE(clerk.answer("yes"));
  CHECK(clerk.end().at("status") == "done");
  CHECK(clerk.heard.size() == 2);
}

TEST_CASE("on_deny: stop ends the run when a person declines to answer") {
  Clerk clerk(kQuestion, "clerk: { role: clerk, model: m, tools: [boss], on_deny: stop }");
  clerk.waits();
  REQUIRE(clerk.decide({.call = "c_1"}));
  CHECK(clerk.end().at("status") == "denied");
  CHECK(clerk.end().at("reason") == "denied");
}

TEST_CASE("nobody answers while the daemon is down: the time counts, and the agent is told") {
  Clerk clerk(kQuestion, "clerk: { role: clerk, model: m, tools: [boss], approvals: { timeout: 1h } }");
  clerk.waits();
  clerk.restart(59min);
  clerk.waits();
  CHECK(clerk.world.events("approval.denied").empty());
  clerk.restart(2min);
  CHECK(clerk.end().at("status") == "done");
  const Json denied = clerk.world.find(clerk.run, "approval.denied");
  CHECK(denied.at("by") == "timeout");
  CHECK(denied.at("reason") == "nobody answered within 1h");
  CHECK(clerk.world.find(clerk.run, "observation")
            .at("error")
            .get<std::string>()
            .contains("nobody answered within 1h"));
  CHECK(clerk.answer("yes").error().code == ErrorCode::conflict);
}

TEST_CASE("a wall clock that was set back makes nobody wait longer than the whole time") {
  Clerk clerk(kQuestion, "clerk: { role: clerk, model: m, tools: [boss], approvals: { timeout: 100ms } }");
  clerk.restart(-24h);
  CHECK(clerk.end().at("status") == "done");
  CHECK(clerk.world.find(clerk.run, "approval.denied").at("by") == "timeout");
}

TEST_CASE("a wall clock that jumps while somebody is waited for ends nothing early and nothing twice") {
  Clerk clerk(kQuestion, "clerk: { role: clerk, model: m, tools: [boss], approvals: { timeout: 30m } }");
  clerk.waits();
  for (const Milliseconds jump : {Milliseconds(1h), Milliseconds(-2h), Milliseconds(2h)}) {
    clerk.world.clock.set_ahead(jump);  // deadlines are on the steady clock
    clerk.waits();
    CHECK(clerk.world.events("approval.denied").empty());
    CHECK(clerk.world.events("run.finished").empty());
  }
  clerk.restart(Milliseconds(0));  // since when it waits is wall time: an hour ago, as it seems now
  CHECK(clerk.end().at("status") == "done");
  CHECK(clerk.world.events("approval.denied").size() == 1);
  clerk.world.clock.set_ahead(-1h);
  CHECK(clerk.world.events("approval.denied").size() == 1);
  CHECK(clerk.world.events("run.finished").size() == 1);
}

TEST_CASE("on_timeout: stop ends the run as unanswered, also when a crash comes between") {
  Clerk clerk(
      kQuestion,
      "clerk: { role: clerk, model: m, tools: [boss], approvals: { timeout: 1h, on_timeout: stop } }");
  clerk.waits();
  clerk.restart(2h);
  const Json end = clerk.end();
  CHECK(end.at("status") == "denied");
  CHECK(end.at("reason") == "unanswered");
  CHECK(end.at("error").get<std::string>().contains("nobody answered within 1h"));
}

TEST_CASE("a default answer counts when nobody gave one in time, and is told as such") {
  Clerk clerk(kQuestion,
              "clerk: { role: clerk, model: m, tools: [boss], approvals: { timeout: 1h, on_timeout: stop } }",
              "no");
  clerk.waits();
  clerk.restart(2h);
  CHECK(clerk.end().at("status") == "done");
  const Json given = clerk.world.find(clerk.run, "approval.given");
  CHECK(given.at("by") == "timeout");
  CHECK(given.at("input").at("answer") == "no");
  CHECK(clerk.world.find(clerk.run, "observation").at("output") == "no");
}

TEST_CASE("a default answer that is none of the options is none") {
  Clerk clerk(kQuestion, "clerk: { role: clerk, model: m, tools: [boss], approvals: { timeout: 1h } }",
              "perhaps");
  clerk.waits();
  clerk.restart(2h);
  clerk.end();
  CHECK(clerk.world.find(clerk.run, "approval.denied").at("by") == "timeout");
}
