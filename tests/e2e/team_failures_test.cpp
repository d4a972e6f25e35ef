#include "tests/e2e/replayed.h"
#include "tests/e2e/team_shapes.h"
#include "tests/e2e/team_stage.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <memory>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::e2e;

namespace {

constexpr std::size_t kReplayed = 24;  // runs that each store is tried with

/// What comes of a team where everybody who is at work at this step ends so.
Trace ended(const TeamShape& shape, const TeamStep& step, const std::string& end) {
  const Trace cut = until_steps(shape, made_with(shape, step));
  return cut + ends_of_open(cut, end) + Trace{shape.name + " finished " + end};
}

/// At a limit of the team those who talk to each other end with what was said last.
Trace ended_at_limit(const TeamShape& shape, const TeamStep& step, const std::string& reason) {
  Trace trace = ended(shape, step, "limit " + reason);
  if (!shape.said_after.empty() && std::ranges::find(trace, shape.said_after) != trace.end())
    trace.insert(trace.end() - 1, shape.name + " answer");
  return trace;
}

/// Which step comes next, after all those that are made with this one.
std::size_t after(const TeamShape& shape, std::size_t which) {
  const int at_once = shape.steps[which].at_once;
  std::size_t next = which + 1;
  while (next < shape.steps.size() && at_once != 0 && shape.steps[next].at_once == at_once) ++next;
  return next;
}

/// Of several at work the first that comes to the limit stops the others, which may have come to it, too.
Trace as_if_alone(Trace trace) {
  for (std::string& line : trace) {
    if (line.ends_with(" finished cancelled cancelled"))
      line.replace(line.rfind("cancelled cancelled"), line.npos, "limit max_tokens");
    if (line.ends_with(" reply cancelled")) line.replace(line.rfind("cancelled"), line.npos, "limit");
  }
  return trace;
}

/// One pattern at work, of which one step does not come to what it should.
class Failing {
 public:
  /// All that are at work when the step is made are asked, and nothing comes of them; of it itself comes what
  /// `fault` says.
  Failing(TeamModels& models, const Daemon& daemon, TeamShape of, std::size_t which, Fault fault)
      : shape(std::move(of)),
        step(shape.steps[which]),
        with(made_with(shape, step)),
        played(play(models, shape)),
        talk(std::make_unique<TeamTalk>(daemon, shape.name)) {
    for (const TeamStep& other : with) played->fail(other.member, other.nth, Fault::silent);
    played->fail(step.member, step.nth, fault);
  }

  void wait_until_asked() const {
    for (const TeamStep& one : with) {
      const auto requests = std::ranges::count_if(shape.steps, [&](const TeamStep& other) {
        return other.member == one.member &&
               (other.nth <= one.nth || (one.at_once != 0 && other.at_once == one.at_once));
      });
      REQUIRE(played->wait_for(one.member, static_cast<std::size_t>(requests)));
    }
  }
  std::vector<Json> until_end() {
    std::ranges::move(talk->rest(), std::back_inserter(frames));
    check_whole(frames);
    return frames;
  }
  void cancel() {
    frames = talk->until([](const Json& frame) { return string_or(frame, "type") == "run.started"; });
    talk->send(dump(Json{{"type", "cancel"}, {"run", frames.back()["run"]}}));
  }
  void cancel_after_step() {
    frames = talk->until([](const Json& frame) { return string_or(frame, "type") == "run.started"; });
    const Json run = frames.back()["run"];
    talk->send(dump(Json{{"type", "cancel"}, {"id", "c"}, {"run", run}, {"mode", "after_step"}}));
    std::ranges::move(talk->until([](const Json& frame) { return string_or(frame, "id") == "c"; }),
                      std::back_inserter(frames));
  }

  /// What comes of it where the run that makes the step ends so, and the policy is `fail`.
  Trace failed(const std::string& end) const {
    const std::string agent = address_of(shape, step);
    Trace trace = until_steps(shape, with);
    Trace ends{agent + " finished " + end};
    if (!step.asked_by_member) {
      if (!step.team.empty())
        ends = ends + Trace{agent + " > " + step.team + " reply failed",
                            shape.name + "/" + step.team + " finished failed member_failed",
                            shape.name + "/" + step.team + " > " + shape.name + " reply failed"};
      else
        ends.push_back(agent + " > " + shape.name + " reply failed");
      return trace + ends + ends_of_open(trace + ends, "cancelled cancelled") +
             Trace{shape.name + " finished failed member_failed"};
    }
    return trace + ends + told_to_colleague();
  }

  const TeamShape shape;
  const TeamStep step;
  const std::vector<TeamStep> with;  ///< steps that are made at the same time, itself among them
  const std::shared_ptr<Play> played;
  const std::unique_ptr<TeamTalk> talk;
  std::vector<Json> frames;

 private:
  // Who reads of the failure, and goes on as if it had not been one.
  Trace told_to_colleague() const {
    const std::string reply = address_of(shape, step) + " > ";
    auto at =
        std::ranges::find_if(shape.order, [&](const std::string& line) { return line.starts_with(reply); });
    REQUIRE(at != shape.order.end());
    Trace rest(at, shape.order.end());
    for (std::string& line : std::span(rest).first(2)) line.replace(line.rfind(' '), line.npos, " failed");
    return rest;
  }
};

void each_step(TeamModels& models, const Daemon& daemon, Fault fault,
               const std::function<void(Failing&)>& check) {
  for (const TeamShape& shape : team_shapes())
    for (std::size_t which = 0; which < shape.steps.size(); ++which) {
      CAPTURE(shape.name);
      CAPTURE(which);
      Failing failing(models, daemon, shape, which, fault);
      failing.talk->say(question_for(shape));
      check(failing);
    }
}

/// The first step of every pattern at once, then the second of each, and so on.
void each_round(TeamModels& models, const Daemon& daemon, const std::function<void()>& between,
                const std::function<void(Failing&)>& check) {
  const auto shapes = team_shapes();
  std::size_t most = 0;
  for (const TeamShape& shape : shapes) most = std::max(most, shape.steps.size());
  for (std::size_t which = 0; which < most; ++which) {
    std::vector<std::unique_ptr<Failing>> round;
    for (const TeamShape& shape : shapes)
      if (which < shape.steps.size())
        round.push_back(std::make_unique<Failing>(models, daemon, shape, which, Fault::silent));
    for (const auto& failing : round) failing->talk->say(question_for(failing->shape));
    for (const auto& failing : round) failing->wait_until_asked();
    between();
    for (const auto& failing : round) {
      CAPTURE(failing->shape.name);
      CAPTURE(which);
      check(*failing);
    }
  }
}

}  // namespace

TEST_CASE("a team that is cancelled while any of its members works ends with all of its runs, each once") {
  TeamModels models;
  Daemon daemon(team_yaml(models));
  daemon.start();
  each_step(models, daemon, Fault::silent, [&](Failing& failing) {
    failing.wait_until_asked();
    failing.cancel();
    CHECK(told(trace_of(failing.until_end())) ==
          told(ended(failing.shape, failing.step, "cancelled cancelled")));
    CHECK(models.wait_for_quiet());
  });
  CHECK(daemon.stop().exit_code == 0);
  check_left_behind(daemon, kReplayed);
}

TEST_CASE("a team that is cancelled after its step keeps what this step brings, and begins no other") {
  TeamModels models;
  Daemon daemon(team_yaml(models));
  daemon.start();
  for (const TeamShape& shape : team_shapes())
    for (std::size_t which = 0; which < shape.steps.size(); ++which) {
      CAPTURE(shape.name);
      CAPTURE(which);
      Failing held(models, daemon, shape, which, Fault::held);
      for (const TeamStep& other : held.with) held.played->fail(other.member, other.nth, Fault::held);
      held.talk->say(question_for(shape));
      held.wait_until_asked();
      held.cancel_after_step();
      models.let_go(held.with.size());
      const auto frames = held.until_end();
      const std::size_t next = after(shape, which);
      CHECK(string_or(frames.back(), "status") == (next == shape.steps.size() ? "done" : "cancelled"));
      CHECK(held.played->asked().size() == next);
    }
  CHECK(daemon.stop().exit_code == 0);
  check_left_behind(daemon, kReplayed);
}

TEST_CASE("a model that refuses ends the team with who failed, unless a colleague had asked for it") {
  TeamModels models;
  Daemon daemon(team_yaml(models));
  daemon.start();
  each_step(models, daemon, Fault::refused, [&](Failing& failing) {
    failing.wait_until_asked();
    models.let_go();
    const auto frames = failing.until_end();
    CHECK(told(trace_of(frames)) == told(failing.failed("failed model_error")));
    const std::string error = string_or(frames.back(), "error");
    CHECK((failing.step.asked_by_member || error.contains("no such thing")));
    CHECK((failing.step.asked_by_member || error.contains("`" + failing.step.address) ||
           error.contains("`" + failing.step.member + "`")));
    CHECK(models.wait_for_quiet());
  });
  CHECK(daemon.stop().exit_code == 0);
  check_left_behind(daemon, kReplayed);
}

TEST_CASE("where the time of a team is over, its members at work end for that, and nobody else begins") {
  TeamModels models;
  Daemon daemon(team_yaml(models, "limits: { time: 2s }"));
  daemon.start();
  each_round(
      models, daemon, [] {},
      [&](Failing& failing) {
        CHECK(told(trace_of(failing.until_end())) ==
              told(ended_at_limit(failing.shape, failing.step, "max_time")));
      });
  CHECK(models.wait_for_quiet());
  CHECK(daemon.stop().exit_code == 0);
  check_left_behind(daemon, kReplayed);
}

TEST_CASE("kill -9 while any member works: the team goes on, nobody who had answered is asked again") {
  TeamModels models;
  Daemon daemon(team_yaml(models));
  daemon.start();
  const auto restart = [&] {
    daemon.kill();
    daemon.start();
  };
  each_round(models, daemon, restart, [&](Failing& failing) {
    failing.frames = failing.talk->until_gone();
    failing.talk->connect();
    const auto frames = failing.until_end();
    CHECK(told(trace_of(frames)) == told(failing.shape.order));
    CHECK(answer_in(frames) == failing.shape.answer);
    CHECK(failing.played->left() == 0);
    CHECK(failing.played->asked().size() == failing.shape.steps.size() + failing.with.size());
  });
  CHECK(daemon.stop().exit_code == 0);
  check_left_behind(daemon, kReplayed);
}

TEST_CASE("a tool that fails is told to the member that called it, who goes on") {
  TeamModels models;
  Daemon daemon(team_yaml(models));
  daemon.start();
  for (TeamShape shape : team_shapes())
    for (const TeamStep& step : shape.steps) {
      if (!step.has_tools) continue;
      CAPTURE(shape.name);
      CAPTURE(step.member);
      CAPTURE(step.nth);
      TeamShape other = shape;
      auto& lines = other.script[step.member];
      Said call = calls("calculator", {{"expression", "1/0"}});
      call.when = lines[step.nth].when;
      lines.insert(lines.begin() + static_cast<long>(step.nth), std::move(call));
      const auto played = play(models, other);
      TeamTalk talk(daemon, shape.name);
      const auto frames = talk.ask(question_for(shape));
      check_whole(frames);
      const std::string agent = address_of(shape, step);
      const Trace call_lines{agent + " thought", agent + " action calculator", agent + " usage",
                             agent + " observation calculator failed"};
      CHECK(told(trace_of(frames)) == told(with_lines_before(shape, step, call_lines)));
      CHECK(answer_in(frames) == shape.answer);
      CHECK(played->left() == 0);
    }
  CHECK(daemon.stop().exit_code == 0);
  check_left_behind(daemon, kReplayed);
}

TEST_CASE("where the tokens of a team are over, nobody's model is asked any more") {
  TeamModels models;
  Daemon daemon(team_yaml(models, "limits: { tokens: 50000 }"));
  daemon.start();
  for (const TeamShape& shape : team_shapes())
    for (std::size_t which = 0; which < shape.steps.size(); ++which) {
      CAPTURE(shape.name);
      CAPTURE(which);
      TeamShape dear = shape;
      const TeamStep& step = shape.steps[which];
      dear.script[step.member][step.nth].input_tokens = 60'000;
      const auto played = play(models, dear);
      TeamTalk talk(daemon, shape.name);
      const auto frames = talk.ask(question_for(shape));
      check_whole(frames);
      const std::size_t next = after(shape, which);
      CHECK(played->asked().size() == next);
      if (next == shape.steps.size()) {
        CHECK(told(trace_of(frames)) == told(shape.order));
        continue;
      }
      CHECK(told(as_if_alone(trace_of(frames))) ==
            told(ended_at_limit(shape, shape.steps[next], "max_tokens")));
      CHECK(string_or(frames.back(), "error").contains("teams." + shape.name + ".limits.tokens: 50000"));
    }
  CHECK(daemon.stop().exit_code == 0);
  check_left_behind(daemon, kReplayed);
}
