#include "models/builtin/builtin.h"
#include "tests/agents/teams/team_world.h"

using namespace troupe;
using namespace troupe::agents;
using namespace troupe::agents::testing;

namespace {

/// What a handbook says, as a retriever tells it.
class Handbook final : public tools::Tool {
 public:
  const tools::ToolSpec& spec() const override { return spec_; }
  Task<Result<tools::ToolOutput>> call(tools::ToolInput input, CallContext&) override {
    queries.push_back(string_or(input.arguments, "query"));
    co_return tools::ToolOutput{.text =
                                    "[1] Remote work — handbook/remote.md\nRemote work is allowed on three "
                                    "days a week. The rules for "
                                    "remote work are agreed with the team.\n\n[2] Travel — "
                                    "handbook/travel.md\nTrains are booked by the "
                                    "office."};
  }
  std::vector<std::string> queries;

 private:
  tools::ToolSpec spec_{
      .declaration =
          {.name = "lookup",
           .description = "Finds passages of the handbook.",
           .schema = R"({"type":"object","properties":{"query":{"type":"string"}},"required":["query"]})"},
      .effect = tools::Effect::pure};
};

/// A person who is asked and says what the test wants.
class Person final : public tools::Tool {
 public:
  explicit Person(std::string says) : says_(std::move(says)) {}
  const tools::ToolSpec& spec() const override { return spec_; }
  Task<Result<tools::ToolOutput>> call(tools::ToolInput, CallContext&) override {
    ++asked;
    co_return tools::ToolOutput{.text = says_};
  }
  int asked = 0;

 private:
  std::string says_;
  tools::ToolSpec spec_{
      .declaration =
          {.name = "approve_refund",
           .description = "Asks a person.",
           .schema =
               R"({"type":"object","properties":{"question":{"type":"string"}},"required":["question"]})"},
      .effect = tools::Effect::pure};
};

/// A world in which every agent is the rules.
struct Rules {
  Rules(std::string agents, std::string teams, tools::ToolTable tools = {})
      : world(std::move(agents), std::move(teams), {},
              std::make_shared<models::builtin::Builtin>(models::ModelSettings{.name = "m"}),
              std::move(tools)) {
    world.resume();
  }
  Json ask(const std::string& team, const std::string& text, Json inputs = Json::object()) {
    const Json end = world.ask(team, text, std::move(inputs));
    run = end.at("run");
    return end;
  }
  std::string answer() const { return string_or(world.find(run, "answer"), "text"); }

  TeamWorld world;
  std::string run;
};

constexpr const char* kNewsroom = R"(
editor: { role: Editor in chief, goal: Get pieces written that are right, model: m }
researcher: { description: finds what is known about a subject and cites it, role: Researcher, model: m, tools: [lookup] }
writer: { description: writes a piece from material it is given, role: Writer, model: m }
)";

}  // namespace

TEST_CASE("a newsroom on rules: the researcher is asked first, the writer gets what was found") {
  auto handbook = std::make_shared<Handbook>();
  Rules rules(kNewsroom, "newsroom: { pattern: supervisor, manager: editor, members: [researcher, writer] }",
              {{"lookup", handbook}});
  const Json end = rules.ask("newsroom", "A short piece on the rules for remote work");
  CHECK(end.at("status") == "done");
  INFO(rules.answer());
  REQUIRE(handbook->queries.size() == 1);
  CHECK(handbook->queries[0] == "rules remote work");
  CHECK(rules.answer().contains("agreed with the team"));
  CHECK(rules.answer().contains("three days a week"));
  CHECK(rules.answer().contains("- Remote work"));
  CHECK(rules.answer().contains("a language model would write it better"));
}

TEST_CASE("tasks in sequence on rules: what was found is written up in the form that is expected") {
  auto handbook = std::make_shared<Handbook>();
  Rules rules(kNewsroom, R"(
report:
  pattern: sequential
  tasks:
    - { name: research, agent: researcher, description: "Research {topic}", expected_output: "bullet list with sources" }
    - { name: write, agent: writer, context: [research], description: "Write a report on {topic}", expected_output: "a report with a heading and its sources" }
)",
              {{"lookup", handbook}});
  const Json end = rules.ask("report", "Make the report", {{"topic", "remote work"}});
  CHECK(end.at("status") == "done");
  INFO(rules.answer());
  CHECK(rules.answer().starts_with("# Remote work\n"));
  CHECK(rules.answer().contains("three days a week"));
  CHECK(rules.answer().contains("Sources:\n- "));
}

TEST_CASE("a debate on rules: positions are stated, nothing is argued, and a rule decides and says so") {
  Rules rules(R"(
office: { role: Defender of the office, model: m }
remote: { role: Defender of remote work, model: m }
)",
              R"(
debate:
  pattern: debate
  members: [office, remote]
  positions:
    office: People should work in the office, because questions are answered at once there.
    remote: Employees should choose where they work, because quiet and time are worth 2 hours a day.
  rounds: 2
  model: m
)");
  const Json end = rules.ask("debate", "Should employees choose where they work from?");
  CHECK(end.at("status") == "done");
  INFO(rules.answer());
  CHECK(rules.answer().starts_with("For remote. This is a rule of `builtin` and not a judgement"));
  CHECK(rules.answer().contains("worth 2 hours a day"));
}

TEST_CASE("a support desk on rules: the clerk hands over to whom the words fit, who asks a person") {
  const std::string agents = R"(
triage: { description: "greets, and finds out who can help", role: Clerk at the front desk, instructions: Find out what it is about and hand the conversation over to the colleague who can help., model: m }
billing: { description: "prices, sums, invoices, how much something costs", role: Billing specialist, model: m }
refunds: { description: "refunds, returns, money back for an order", role: Refund specialist, instructions: "Before you promise a refund, ask a person to confirm it with `approve_refund`.", model: m, tools: [approve_refund] }
)";
  const std::string teams = R"(
support:
  pattern: handoff
  members: [triage, billing, refunds]
  start: triage
  handoffs: { triage: [billing, refunds], billing: [triage], refunds: [triage] }
  history: all
)";
  auto person = std::make_shared<Person>("Yes, go ahead.");
  Rules rules(agents, teams, {{"approve_refund", person}});
  Json end = rules.ask("support", "I want a refund for my order");
  CHECK(end.at("status") == "done");
  CHECK(person->asked == 1);
  CHECK(rules.answer() == "A person was asked and said: “Yes, go ahead.”");

  end = rules.ask("support", "How much is 3 times 19.90?");
  CHECK(end.at("status") == "done");
  INFO(rules.answer());
  CHECK(string_or(rules.world.events("handoff").back(), "to").contains("billing"));
  CHECK(rules.answer().contains("takes a calculator tool"));
}

TEST_CASE(
    "a graph with a review on rules: data fits the schema, what nobody called well goes back, and it ends") {
  Rules rules(R"(
author: { role: Author of the change, model: m }
reviewer:
  role: Reviewer
  model: m
  output:
    schema:
      type: object
      properties: { approved: { type: boolean }, reason: { type: string } }
      required: [approved, reason]
scribe: { role: Scribe, model: m }
)",
              R"(
review:
  pattern: graph
  start: draft
  nodes:
    draft: { run: author, text: "Describe this change so that it can be reviewed: {input}" }
    review: { run: reviewer, text: "May this change go in?\n\n{draft}" }
    mend: { run: author, text: "The reviewer said: {review}\n\nMend the change:\n\n{draft}" }
    summary: { run: scribe, text: "Sum up what became of the change.\n\nChange: {draft}\n\nReview: {review}" }
  edges:
    - { from: draft, to: review }
    - { from: review, to: summary, when: { at: /approved, equals: true } }
    - { from: review, to: mend, when: { at: /approved, equals: false }, most: 2 }
    - { from: review, to: summary, otherwise: true }
    - { from: mend, to: review }
    - { from: summary, to: end }
)");
  Json end = rules.ask("review", "Change: rename the function total() to sum()");
  INFO(dump(end));
  CHECK(end.at("status") == "done");
  INFO(rules.answer());
  CHECK(rules.answer().contains("rename the function"));
  CHECK(rules.answer().contains("lets nothing through"));

  end = rules.ask("review",
                  "Change: rename the function total() to sum(). All tests passed, no problems were found.");
  CHECK(end.at("status") == "done");
  CHECK(rules.answer().contains("rename the function"));
  CHECK_FALSE(rules.answer().contains("lets nothing through"));
}

TEST_CASE("conversations on rules end: without tools or material everybody says honestly where it stands") {
  const std::string agents = R"(
planner: { role: Planner, description: plans trips, model: m }
critic: { role: Critic, description: finds what is wrong, model: m }
)";
  Rules rules(agents, R"(
round: { pattern: round_robin, members: [planner, critic], rounds: 2 }
pick: { pattern: selector, members: [critic, planner], model: m, until: { messages: 2 } }
)");
  Json end = rules.ask("round", "Plan a trip to the sea");
  CHECK(end.at("status") == "done");
  CHECK(rules.answer().contains("In the place of critic (Critic) sits `builtin`"));

  end = rules.ask("pick", "Plan a trip to the sea");
  CHECK(end.at("status") == "done");
  const auto messages = rules.world.events("message");
  std::vector<std::string> spoke;
  for (const Json& message : messages)
    if (string_or(message, "from").starts_with("pick/") && !string_or(message, "from").ends_with("selector"))
      spoke.push_back(string_or(message, "from"));
  CHECK(spoke == std::vector<std::string>{"pick/planner", "pick/critic"});
}

TEST_CASE("a Korean team on rules works by the same rules") {
  auto handbook = std::make_shared<Handbook>();
  Rules rules(R"(
researcher: { description: 주제에 대한 자료를 찾는다, role: 조사원, model: m }
writer: { description: 자료로 글을 작성한다, role: 작가, model: m }
lead: { role: 팀장, model: m }
)",
              R"(
report:
  pattern: sequential
  tasks:
    - { name: notes, agent: researcher, description: "다음을 정리하세요: {input}" }
    - { name: write, agent: writer, description: "김치에 대한 보고서를 작성하세요", expected_output: "글머리 목록" }
)");
  const Json end =
      rules.ask("report", "김치는 배추를 소금에 절여 만든다. 김장은 2013년에 유네스코 무형유산이 되었다.");
  CHECK(end.at("status") == "done");
  INFO(rules.answer());
  CHECK(rules.answer().starts_with("# 김치\n"));
  CHECK(rules.answer().contains("- 김치는 배추를 소금에 절여 만든다."));
  CHECK(rules.answer().contains("언어 모델이면 더 잘 씁니다"));
}
