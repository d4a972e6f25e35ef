#include "agents/teams/topics.h"

#include "tests/agents/teams/team_text.h"

using namespace troupe;
using namespace troupe::agents;
using namespace troupe::agents::testing;

namespace {

using Names = std::vector<std::string>;

std::string circle(const std::string& keys) {
  return "pattern: round_robin, members: [a, b, c], " + keys;
}

}  // namespace

TEST_CASE(
    "a topic is read by who subscribes to it, by type or by what it begins with, but for who writes it") {
  const TeamSettings settings =
      team(circle("publish: { a: [news, { prefix: alert. }], b: [{ prefix: \"\" }] }, "
                  "subscriptions: { a: [news], b: [{ prefix: alert. }], c: [{ prefix: \"\" }] }"));
  CHECK(readers_of(settings, "news", "b") == Names{"a", "c"});
  CHECK(readers_of(settings, "news", "a") == Names{"c"});
  CHECK(readers_of(settings, "alert.fire", "a") == Names{"b", "c"});
  CHECK(readers_of(settings, "alert", "a") == Names{"c"});
  CHECK(readers_of(settings, "news.more", "b") == Names{"c"});
}

TEST_CASE("everybody reads `everybody`, where somebody may publish it") {
  CHECK(readers_of(team(circle("publish: { a: [everybody] }")), kEverybody, "a") == Names{"b", "c"});
  CHECK(readers_of(team(circle("publish: { a: [{ prefix: every }] }")), kEverybody, "b") == Names{"a", "c"});
  CHECK(topics_read(team(circle("publish: { a: [news] }, subscriptions: { b: [news] }"))).size() == 1);
}

TEST_CASE("topics of nobody, none, listed twice or of other characters are told where they stand") {
  CHECK(problem(circle("publish: { d: [news] }")) ==
        "`publish.d` of team `t`: `d` is no member of this team; there is `a`, `b` and `c`");
  CHECK(problem(circle("subscriptions: { a: [] }")) ==
        "`subscriptions.a` of team `t`: names no topic; write at least one, or leave the member out");
  CHECK(problem(circle("publish: { a: [x, { prefix: x }, x] }, subscriptions: { b: [{ prefix: x }] }")) ==
        "`publish.a[2]` of team `t`: `x` is listed twice");
  CHECK(problem(circle("publish: { a: [everybody] }, subscriptions: { b: [everybody] }")) ==
        "`subscriptions.b[0]` of team `t`: `everybody` is read by all members as it is; take it out");
  CHECK(problem(circle("tell: { a: [a] }")) == "`tell.a[0]` of team `t`: `a` stands there for itself");
  CHECK(problem(circle("publish: { a: [\"two words\"] }")).contains("a topic is letters, digits and any of"));
  CHECK(problem(circle("publish: { a: [\"\"] }")).contains("publish.a[0]"));
  CHECK(problem(circle("publish: { a: [{ prefix: \"a b\" }] }")).contains("publish.a[0].prefix"));
  CHECK(problem(circle("publish: { a: [{ preffix: a }] }")).contains("prefix"));
  CHECK(problem(circle("publish: { a: news }")).contains("a list of topics"));
  CHECK(problem(circle("publish: { a: [" + std::string(257, 'x') + "] }")).contains("256"));
  std::string many;
  for (std::size_t i = 0; i <= limits::kMemberTopics; ++i) many += "t" + std::to_string(i) + ", ";
  CHECK(problem(circle("publish: { a: [" + many + "] }")).contains("at most 32"));
  CHECK(team(circle("publish: { a: [소식, a-b_c.d:e=f] }, subscriptions: { b: [{ prefix: \"\" }] }"))
            .publish.at("a")
            .size() == 2);
}

TEST_CASE("a topic that nobody reads, and one that nobody writes, are warned of") {
  CHECK(problem(circle("publish: { a: [news] }")) ==
        "`publish.a[0]` of team `t`: nobody else subscribes to `news`, so nobody will read it");
  CHECK(problem(circle("publish: { a: [news] }, subscriptions: { a: [{ prefix: n }], b: [news] }")) ==
        "`subscriptions.a[0]` of team `t`: nobody else may publish whatever begins with `n`; `publish` says "
        "who "
        "may");
  CHECK(problem(circle("subscriptions: { b: [news] }")) ==
        "`subscriptions.b[0]` of team `t`: nobody else may publish `news`; `publish` says who may");
  CHECK(problem(circle("publish: { a: [{ prefix: al }] }, subscriptions: { b: [{ prefix: alert. }] }"))
            .empty());
  CHECK(problem(circle("publish: { a: [alert.fire] }, subscriptions: { b: [{ prefix: alert. }] }")).empty());
  CHECK(problem(circle("publish: { a: [everybody] }")).empty());
}
