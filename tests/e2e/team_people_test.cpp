#include "tests/e2e/team_shapes.h"
#include "tests/e2e/team_stage.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::e2e;

namespace {

/// A call that a person must allow, or that is a question to one, before a step of a shape.
struct Asking {
  const char* tool;
  Json input;
  Json decision;  ///< fields of `approve` or `deny` beside `call` and `run`
  bool ok;
};

const std::vector<Asking>& askings() {
  static const std::vector<Asking> all = {
      {"calculator", {{"expression", "1+1"}}, {{"type", "approve"}}, true},
      {"calculator", {{"expression", "1+1"}}, {{"type", "deny"}, {"reason", "not now"}}, false},
      {"boss", {{"question", "Shall I?"}}, {{"type", "approve"}, {"input", {{"answer", "yes"}}}}, true},
  };
  return all;
}

std::string yaml_of(const TeamModels& models) {
  // Nodes call a calculator of their own, which nobody need allow.
  return team_yaml(models, "", ", tools: [calculator, boss], approve: [calculator]",
                   ", boss: { type: ask_human }");
}

TeamShape with_call(const TeamShape& shape, const TeamStep& step, const Asking& asking) {
  TeamShape other = shape;
  auto& lines = other.script[step.member];
  Said call = calls(asking.tool, asking.input);
  call.when = lines[step.nth].when;
  lines.insert(lines.begin() + static_cast<long>(step.nth), std::move(call));
  return other;
}

Trace expected(const TeamShape& shape, const TeamStep& step, const Asking& asking) {
  const std::string agent = address_of(shape, step) + " ";
  const std::string decided = asking.ok ? "approval.given" : "approval.denied";
  return with_lines_before(
      shape, step,
      {agent + "thought", agent + "action " + asking.tool, agent + "approval.required", agent + "usage",
       agent + decided, agent + "observation " + asking.tool + (asking.ok ? " ok" : " failed")});
}

Json decision_of(const Asking& asking, const Json& required) {
  Json decision = asking.decision;
  decision["call"] = required["call"];
  decision["run"] = required["run"];
  return decision;
}

bool requires_person(const Json& frame) {
  return string_or(frame, "type") == "approval.required" && find(frame, "seq");
}

void check(const std::vector<Json>& frames, const TeamShape& shape, const TeamStep& step,
           const Asking& asking) {
  check_whole(frames);
  CHECK(told(trace_of(frames)) == told(expected(shape, step, asking)));
  CHECK(answer_in(frames) == shape.answer);
}

}  // namespace

TEST_CASE("in every pattern a member at any of its steps asks a person, who allows, denies or answers") {
  TeamModels models;
  Daemon daemon(yaml_of(models));
  daemon.start();
  REQUIRE_FALSE(daemon.url().empty());
  for (const TeamShape& shape : team_shapes())
    for (std::size_t which = 0; which < shape.steps.size(); ++which) {
      const TeamStep& step = shape.steps[which];
      if (!step.has_tools) continue;
      const Asking& asking = askings()[which % askings().size()];
      CAPTURE(shape.name);
      CAPTURE(which);
      const auto played = play(models, with_call(shape, step, asking));
      TeamTalk talk(daemon, shape.name);
      talk.say(question_for(shape));
      auto frames = talk.until(requires_person);
      CHECK(string_or(frames.back(), "agent") == address_of(shape, step));
      CHECK(string_or(frames.back(), "question") == (asking.input.contains("question") ? "Shall I?" : ""));
      talk.send(dump(decision_of(asking, frames.back())));
      std::ranges::move(talk.rest(), std::back_inserter(frames));
      check(frames, shape, step, asking);
      CHECK(played->left() == 0);
    }
  CHECK(daemon.stop().exit_code == 0);
}

TEST_CASE("teams of every pattern wait for a person through kill -9, and whoever comes then decides") {
  TeamModels models;
  Daemon daemon(yaml_of(models));
  daemon.start();
  struct Waiting {
    TeamShape shape;
    TeamStep step;
    const Asking& asking;
    std::unique_ptr<TeamTalk> talk;
    std::vector<Json> frames;
  };
  std::vector<Waiting> all;
  for (const TeamShape& shape : team_shapes()) {
    const auto step = std::ranges::find_if(shape.steps, &TeamStep::has_tools);
    REQUIRE(step != shape.steps.end());
    const Asking& asking = askings()[all.size() % askings().size()];
    play(models, with_call(shape, *step, asking));
    all.push_back({shape, *step, asking, std::make_unique<TeamTalk>(daemon, shape.name), {}});
    all.back().talk->say(question_for(shape));
  }
  for (Waiting& one : all) one.frames = one.talk->until(requires_person);
  daemon.kill();
  for (Waiting& one : all) std::ranges::move(one.talk->until_gone(), std::back_inserter(one.frames));
  daemon.start();
  for (Waiting& one : all) {
    CAPTURE(one.shape.name);
    const auto required = std::ranges::find_if(one.frames, requires_person);
    REQUIRE(required != one.frames.end());
    const Json decision = decision_of(one.asking, *required);
    one.talk->connect();
    // What is decided before the run is taken up is refused, and decided again.
    for (bool taken = false; !taken;) {
      Json sent = decision;
      sent["id"] = "d";
      one.talk->send(dump(sent));
      auto more = one.talk->until([&](const Json& frame) {
        const std::string type = string_or(frame, "type");
        taken = type == "ack" || string_or(frame, "type").starts_with("approval.given") ||
                type.starts_with("approval.denied");
        return taken || type == "error";
      });
      std::ranges::move(more, std::back_inserter(one.frames));
    }
    std::ranges::move(one.talk->rest(), std::back_inserter(one.frames));
    check(one.frames, one.shape, one.step, one.asking);
  }
  CHECK(daemon.stop().exit_code == 0);
}
