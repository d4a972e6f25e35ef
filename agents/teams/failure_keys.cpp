#include "agents/teams/failure_keys.h"

namespace troupe::agents {

namespace {

constexpr int kRetriesMax = 10;

}  // namespace

config::ShapePtr<FailurePolicy> on_failure_shape() {
  return part_of(&FailurePolicy::on_failure,
                 config::one_of<OnFailure>(
                     {{{"fail", "the team's run fails, too"},
                       {"skip", "the team goes on without its result"},
                       {"retry", "it is asked again, `retries` times, before the team's run fails"},
                       {"substitute", "another member is asked instead, before the team's run fails"}},
                      {}},
                     {OnFailure::fail, OnFailure::skip, OnFailure::retry, OnFailure::substitute}));
}

config::ShapePtr<FailurePolicy> retries_shape() {
  return part_of<FailurePolicy, int>(
      &FailurePolicy::retries, config::integer<int>(1, kRetriesMax),
      [](const FailurePolicy& policy) { return policy.on_failure == OnFailure::retry; });
}

config::ShapePtr<FailurePolicy> substitute_shape() {
  return part_of(&FailurePolicy::substitute, target_name());
}

void check_failure_keys(const FailurePolicy& policy, config::Check& check) {
  if (check.given("retries") && policy.on_failure != OnFailure::retry)
    check.error("retries", "is for `on_failure: retry`");
  if (check.given("substitute") && policy.on_failure != OnFailure::substitute)
    check.error("substitute", "is for `on_failure: substitute`");
  if (policy.on_failure == OnFailure::substitute && policy.substitute.empty())
    check.error("on_failure", "`substitute` needs a `substitute` beside it: who is asked instead");
}

void add_failure_keys(config::Record<TeamSettings>& record) {
  record.field("on_failure", &TeamSettings::failure, on_failure_shape(),
               "what happens when a member's run fails");
  record
      .field("retries", &TeamSettings::failure, retries_shape(),
             "of `retry`: how often the member is asked again")
      .without_default();
  record.field("substitute", &TeamSettings::failure, substitute_shape(),
               "of `substitute`: who is asked instead");
  record.check(
      [](const TeamSettings& team, config::Check& check) { check_failure_keys(team.failure, check); });
}

}  // namespace troupe::agents
