#include "tests/e2e/team_shapes.h"
#include "tests/e2e/team_stage.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::e2e;

TEST_CASE("each pattern asks its members in its order, and every event of it is journaled once") {
  TeamModels models;
  Daemon daemon(team_yaml(models));
  daemon.start();
  REQUIRE_MESSAGE(!daemon.url().empty(), daemon.stop().err);
  for (const TeamShape& shape : team_shapes()) {
    CAPTURE(shape.name);
    const auto played = play(models, shape);
    TeamTalk talk(daemon, shape.name);
    const auto frames = talk.ask(question_for(shape));
    check_whole(frames);
    CHECK(told(trace_of(frames)) == told(shape.order));
    CHECK(answer_in(frames) == shape.answer);
    CHECK(played->left() == 0);
    CHECK(played->asked().size() == shape.steps.size());
  }
  CHECK(daemon.stop().exit_code == 0);
}
