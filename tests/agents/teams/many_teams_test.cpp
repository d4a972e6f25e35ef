#include "tests/agents/teams/team_world.h"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

using namespace troupe;
using namespace troupe::agents;
using namespace troupe::agents::testing;

namespace {

using Line = ScriptedModel::Line;

constexpr std::size_t kTeams = 100;  // the most of one tenant at once
constexpr std::size_t kMembers = 5;
constexpr std::string_view kSecret = "secret-";
constexpr std::size_t kDigits = 3;

constexpr const char* kAgents = R"(
a: { role: a, model: m }
b: { role: b, model: m }
c: { role: c, model: m }
d: { role: d, model: m }
e: { role: e, model: m }
manager: { role: manager, model: m }
)";

// Fifty agents below one run: five teams of ten.
std::string tree_of_fifty() {
  const std::vector<std::string> ten(10, "{ agent: a, description: Wait }");
  std::string teams = "tree: { pattern: parallel, members: [t0, t1, t2, t3, t4] }\n";
  for (int team = 0; team < 5; ++team)
    teams += fmt::format("t{}: {{ pattern: parallel, limits: {{ parallel: 10 }}, tasks: [{}] }}\n", team,
                         fmt::join(ten, ", "));
  return teams;
}

// What was said reaches the next in another way in each of them.
constexpr const char* kTeamsOfFive = R"(
line:
  pattern: sequential
  tasks:
    - { name: one, agent: a, description: "{input}" }
    - { name: two, agent: b, description: "Go on with {one}", context: [] }
    - { name: three, agent: c, description: "Go on", context: [two] }
    - { name: four, agent: d, description: "Go on", context: [three] }
    - { name: five, agent: e, description: "Go on", context: [four] }
panel: { pattern: parallel, members: [a, b, c, d, e] }
circle: { pattern: round_robin, members: [a, b, c, d, e], rounds: 1 }
desk: { pattern: supervisor, manager: manager, members: [a, b, c, d] }
)";

struct Kind {
  const char* name;
  std::size_t calls;  // of the model
  std::size_t there;  // members that have ended while `c` is at work
};
constexpr std::array<Kind, 4> kKinds = {{{"line", 5, 2}, {"panel", 5, 4}, {"circle", 5, 2}, {"desk", 9, 2}}};
const Kind& kind_of(std::size_t team) {
  return kKinds[team % kKinds.size()];
}
std::size_t of_all(std::size_t Kind::* figure) {
  std::size_t sum = 0;
  for (std::size_t team = 0; team < kTeams; ++team) sum += kind_of(team).*figure;
  return sum;
}

std::string secret_of(std::size_t team) {
  return fmt::format("{}{:0{}}", kSecret, team, kDigits);
}

std::set<std::string> secrets_in(std::string_view text) {
  std::set<std::string> found;
  for (auto at = text.find(kSecret); at != text.npos; at = text.find(kSecret, at + 1))
    found.emplace(text.substr(at, kSecret.size() + kDigits));
  return found;
}

// Every member says who it is and all secrets that it heard; a manager passes what it heard from one to the
// next.
Line pass_on(const std::string& role, const std::string& heard) {
  std::string told = "member " + role;
  for (const std::string& secret : secrets_in(heard)) told += " " + secret;
  if (role == "manager" && !heard.contains("member d")) {
    const char* next = heard.contains("member c")   ? "d"
                       : heard.contains("member b") ? "c"
                       : heard.contains("member a") ? "b"
                                                    : "a";
    return dump({{"thought", "the next"},
                 {"action", "delegate"},
                 {"action_input", {{"to", next}, {"task", "Pass on" + told.substr(told.find(' ', 7))}}}});
  }
  return dump({{"thought", "I pass it on"}, {"final_answer", told}});
}

struct Told {
  std::string session;
  std::string run;
};

/// Counts the ends of runs.
class Ends final : public store::Subscriber {
 public:
  void watch(store::Journal& journal, const std::string& session) {
    subscriptions_.push_back(journal.subscribe(session, *this));
  }
  void stop() { subscriptions_.clear(); }
  std::size_t count = 0;

 private:
  void on_frame(const Frame& frame) override {
    if (frame.type == "run.finished") ++count;
  }
  std::vector<std::unique_ptr<store::Journal::Subscription>> subscriptions_;
};

std::vector<Told> ask_all(TeamWorld& world, Ends& ends) {
  std::vector<Told> told;
  for (std::size_t team = 0; team < kTeams; ++team) {
    const std::string session = world.session(kind_of(team).name);
    ends.watch(*world.journal, session);
    auto accepted = world.submit(session, "Pass on " + secret_of(team));
    REQUIRE_MESSAGE(accepted, accepted.error().message);
    told.push_back({session, accepted->run});
  }
  return told;
}

void wait_for_all(TeamWorld& world) {
  world.until([&] {
    const auto status = world.desk->status();
    return status.running + status.queued == 0;
  });
}

// Each of the team's runs ended well, and bears its team's secret and no other.
void check_rows(TeamWorld& world, std::size_t team, const Told& told) {
  const std::set<std::string> own = {secret_of(team)};
  auto rows = fakes::run(world.loop, world.journal->list_runs("acme", told.session, 100));
  REQUIRE(rows);
  CHECK(rows->size() == kMembers + 1);
  for (const store::RunRow& row : *rows) {
    CAPTURE(row.agent);
    CHECK(row.status == "done");
    CHECK(secrets_in(row.input) == own);
    CHECK(secrets_in(row.answer) == own);
    CHECK(row.parent == (row.agent == kind_of(team).name ? "" : told.run));
    if (row.parent.empty())
      CHECK(row.input_tokens + row.output_tokens == std::int64_t(12 * kind_of(team).calls));
  }
}

}  // namespace

TEST_CASE("many teams at once all finish, and nobody hears of another team's matter") {
  TeamWorld world(kAgents, kTeamsOfFive, pass_on);
  world.resume();
  world.model->usage = {.input_tokens = 10, .output_tokens = 2};
  Ends ends;
  const std::vector<Told> all = ask_all(world, ends);
  wait_for_all(world);
  CHECK(ends.count == kTeams * (kMembers + 1));
  CHECK(world.asked.size() == of_all(&Kind::calls));
  for (std::size_t team = 0; team < kTeams; ++team) {
    CAPTURE(team);
    check_rows(world, team, all[team]);
    auto frames = fakes::run(world.loop, world.journal->read_events(all[team].session, 0, 1000));
    REQUIRE(frames);
    for (const Frame& frame : *frames)
      CHECK(std::ranges::includes(std::set{secret_of(team)}, secrets_in(*frame.text)));
    CHECK(std::ranges::count(*frames, "message", &Frame::type) == 2 * kMembers);
  }
  auto dead = fakes::run(world.loop, world.journal->dead_letters("", 10));
  REQUIRE(dead);
  CHECK(dead->empty());
}

TEST_CASE("many teams that a crash stopped go on beside one another, each with its own matter") {
  bool hangs = true;
  TeamWorld world(kAgents, kTeamsOfFive, [&](const std::string& role, const std::string& heard) -> Line {
    if (role == "c" && hangs) return ScriptedModel::Hang{};
    return pass_on(role, heard);
  });
  world.resume();
  world.model->usage = {.input_tokens = 10, .output_tokens = 2};
  Ends ends;
  const std::vector<Told> all = ask_all(world, ends);
  world.until(
      [&] { return ends.count == of_all(&Kind::there) && std::ranges::count(world.asked, "c") == kTeams; });
  ends.stop();
  world.close();
  hangs = false;
  world.asked.clear();
  world.open();
  world.resume();
  wait_for_all(world);
  for (const char* once : {"a", "b"}) CHECK(std::ranges::count(world.asked, once) == 0);
  CHECK(std::ranges::count(world.asked, "c") == kTeams);
  for (std::size_t team = 0; team < kTeams; ++team) {
    CAPTURE(team);
    check_rows(world, team, all[team]);
  }
}

TEST_CASE("a tree of fifty agents that is cancelled has ended with its run, and leaves nothing") {
  TeamWorld world(kAgents, tree_of_fifty(),
                  [](const std::string&, const std::string&) -> Line { return ScriptedModel::Hang{}; });
  world.resume();
  Ends ends;
  for (int round = 1; round <= 3; ++round) {
    CAPTURE(round);
    ends.count = 0;
    world.asked.clear();
    const std::string session = world.session("tree");
    ends.watch(*world.journal, session);
    auto accepted = world.submit(session, "Wait");
    REQUIRE(accepted);
    world.until([&] { return world.asked.size() == 50; });
    REQUIRE(fakes::run(world.loop, world.desk->cancel({"p", "acme"}, accepted->run, CancelMode::now)));
    CHECK(world.finished(accepted->run).at("status") == "cancelled");
    CHECK(ends.count == 1 + 5 + 50);  // its own is the last
    auto rows = fakes::run(world.loop, world.journal->list_runs("acme", session, 100));
    REQUIRE(rows);
    CHECK(std::ranges::count(*rows, "cancelled", &store::RunRow::status) == 1 + 5 + 50);
    world.until([&] { return world.desk->status().running == 0; });
    CHECK(world.loop.alarms() == 0);
  }
  CHECK(world.asked.size() == 50);
}
