#include "tests/e2e/replayed.h"
#include "tests/e2e/team_shapes.h"
#include "tests/e2e/team_stage.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <memory>
#include <set>
#include <utility>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::e2e;

namespace {

constexpr std::size_t kReplayed = 24;  // runs that each store is tried with

/// A team at work, and what a client has seen of it.
class Work {
 public:
  Work(TeamModels& models, const Daemon& daemon, TeamShape of)
      : shape(std::move(of)), played(play(models, shape)), talk_(daemon, shape.name) {}

  void begin() { talk_.say(question_for(shape)); }
  void see(std::size_t events) {
    std::size_t seen = 0;
    keep(talk_.until([&](const Json& frame) { return find(frame, "seq") && ++seen >= events; }));
  }
  /// The connection ends; then the rest is seen over another.
  void see_until_gone() { keep(talk_.until_gone()); }
  void see_rest() {
    if (!frames.empty() && string_or(frames.back(), "type") == "run.finished" &&
        !find(frames.back(), "parent"))
      return;
    talk_.connect();
    // Whether it came is not known; nothing begins twice by it, and what there was is shown again.
    asked_twice_ = frames.empty();
    if (asked_twice_) talk_.say_again(question_for(shape));
    keep(talk_.rest());
  }

  const TeamShape shape;
  const std::shared_ptr<Play> played;
  std::vector<Json> frames;  ///< the journaled ones

 private:
  void keep(const std::vector<Json>& more) {
    for (const Json& frame : more)
      if (const Json* seq = find(frame, "seq"))
        if (!asked_twice_ || seen_.insert(seq->get<std::int64_t>()).second) frames.push_back(frame);
  }

  TeamTalk talk_;
  std::set<std::int64_t> seen_;
  bool asked_twice_ = false;
};

}  // namespace

TEST_CASE("wherever a daemon ends, by kill -9 or asked to, its teams come to the same, event for event") {
  TeamModels models;
  Daemon daemon(team_yaml(models));
  daemon.start();
  constexpr std::size_t kRounds = 8;
  for (std::size_t round = 0; round < kRounds; ++round) {
    std::vector<std::unique_ptr<Work>> all;
    for (TeamShape& shape : team_shapes())
      all.push_back(std::make_unique<Work>(models, daemon, std::move(shape)));
    for (const auto& one : all) one->begin();
    // One of them is at a certain place; the others wherever they have come to.
    Work& marked = *all[round % all.size()];
    marked.see(1 + (round * 7) % marked.shape.order.size());
    const bool asked = round % 4 == 3;
    daemon.process().signal(asked ? SIGTERM : SIGKILL);
    for (const auto& one : all) one->see_until_gone();
    CHECK((daemon.process().wait().exit_code == 0) == asked);
    daemon.start();
    for (const auto& one : all) {
      CAPTURE(one->shape.name);
      CAPTURE(round);
      one->see_rest();
      check_whole(one->frames);
      CHECK(told(trace_of(one->frames)) == told(one->shape.order));
      CHECK(answer_in(one->frames) == one->shape.answer);
      CHECK(one->played->left() == 0);
    }
  }
  CHECK(daemon.stop().exit_code == 0);
  CHECK(check_all_replay(daemon, kReplayed) > 0);
}

TEST_CASE("a team that is cancelled anywhere ends once, with all of its runs, and leaves nobody asking") {
  TeamModels models;
  Daemon daemon(team_yaml(models));
  daemon.start();
  for (const TeamShape& shape : team_shapes())
    for (std::size_t events = 1; events < shape.order.size(); events += 4)
      for (const char* mode : {"now", "after_step"}) {
        CAPTURE(shape.name);
        CAPTURE(events);
        play(models, shape);
        TeamTalk talk(daemon, shape.name);
        talk.say(question_for(shape));
        std::size_t seen = 0;
        auto frames = talk.until([&](const Json& frame) { return find(frame, "seq") && ++seen >= events; });
        const std::string run = string_or(fakes::frame_of(frames, "run.started"), "run");
        talk.send(dump(Json{{"type", "cancel"}, {"run", run}, {"mode", mode}}));
        std::ranges::move(talk.rest(), std::back_inserter(frames));
        check_whole(frames);
        const std::string end = string_or(frames.back(), "status");
        CHECK((end == "cancelled" || end == "done"));  // done: before the cancel came
        CHECK(models.wait_for_quiet());
      }
  CHECK(daemon.stop().exit_code == 0);
  check_left_behind(daemon, kReplayed);
}
