#include "agents/people/section.h"

#include "runtime/config/scalars.h"

#include <string>

namespace troupe::agents {

namespace {

using config::Record;
using namespace std::chrono_literals;

constexpr auto kTimeoutLeast = 100ms;
constexpr auto kTimeoutMost = 24h * 366;

Record<PeopleSettings> waiting(std::string about) {
  Record<PeopleSettings> people(std::move(about));
  people
      .field("timeout", &PeopleSettings::timeout, config::duration(kTimeoutLeast, kTimeoutMost),
             "wall time that a call waits, also over restarts; without it as long as it takes")
      .without_default();
  people.field(
      "on_timeout", &PeopleSettings::on_timeout,
      config::one_of<OnTimeout>(
          {{{"deny", "as if a person had denied the call"}, {"stop", "the run ends as `denied`"}}, {}},
          {OnTimeout::deny, OnTimeout::stop}),
      "what happens when nobody has decided in that time");
  people.check([](const PeopleSettings& settings, config::Check& check) {
    if (settings.timeout.count() > 0) return;
    if (settings.on_timeout != OnTimeout::deny)
      check.error("on_timeout", "there is no `timeout` that could be over; add one, such as `timeout: 1h`");
    if (!settings.default_answer.empty())
      check.error("default_answer",
                  "there is no `timeout` that could be over; add one, such as `timeout: 1h`");
  });
  return people;
}

}  // namespace

Record<PeopleSettings> approvals_section() {
  return waiting("How long calls wait for a person");
}

Record<PeopleSettings> people_section() {
  Record<PeopleSettings> people =
      waiting("How long questions and calls of the team itself wait for a person");
  people.field("default_answer", &PeopleSettings::default_answer, config::text({.expected = "an answer"}),
               "what counts as the answer to a question of a node when that time is over");
  return people;
}

}  // namespace troupe::agents
